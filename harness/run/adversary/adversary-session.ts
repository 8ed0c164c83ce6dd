import type { Puppet } from "../../../attacker/puppet.ts";
import type { Address, Millis, Principal } from "../../../protocol/endpoint.ts";

/** A session that the adversary runs: a puppet, and where it is on the network. */
export interface AdversarySession {
  readonly puppet: Puppet;
  readonly move: number;
  /** Its own address, or the one it took over. */
  readonly address: Address;
  /** Whom it talks to. */
  readonly facing: Address;
  readonly facingId: string;
  readonly handsTo: string | undefined;
  /** What it still wants to say, and to whom, where there is more than one to talk to. */
  readonly toSay: Uint8Array[];
  readonly to: Principal | undefined;
  ready: boolean;
  /** How many of its own messages it has said. */
  forged: number;
  /** How many packets it still sends before it leaves. */
  left: number;
  timer: Millis | undefined;
  /** When it says the next thing. */
  saysAt: Millis | undefined;
}
