import type { Puppet } from "../../../attacker/puppet.ts";
import type { Address, Millis, PlannedMessage } from "../../../protocol/endpoint.ts";

/** A session that the adversary runs: a puppet, and where it is on the network. */
export interface AdversarySession {
  readonly puppet: Puppet;
  readonly move: number;
  /** Its own address, or the one it has taken over. */
  readonly address: Address;
  /** The address it talks to. */
  readonly facing: Address;
  readonly facingId: string;
  readonly handsTo: string | undefined;
  /** The messages it still has to send, and the addressee, where there is more than one. */
  readonly toSay: Uint8Array[];
  readonly to: PlannedMessage["to"];
  ready: boolean;
  /** How many forged messages it has sent. */
  forged: number;
  /** How many packets it still sends before it leaves. */
  left: number;
  timer: Millis | undefined;
  /** When it sends the next message. */
  saysAt: Millis | undefined;
}
