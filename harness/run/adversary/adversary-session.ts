import type { Puppet } from "../../../attacker/puppet.ts";
import type { Address, Input, Millis, PlannedMessage } from "../../../protocol/endpoint.ts";

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
  /** In the name of the one it faces it is told `bytes`, once its code has asked for so many. */
  readonly told: { readonly after: number; readonly bytes: Uint8Array }[];
  /** It says its words even if its code does not say `ready`. */
  readonly unready: boolean;
  /** It first hands on what another puppet hears. */
  readonly handsOn: boolean;
  ready: boolean;
  /** The label of its session, where its code is a service's. */
  label: string | undefined;
  /** How many messages its code takes by now. */
  credits: number;
  /** What it says that nobody else says; and how much of that it has said. */
  readonly words: readonly Uint8Array[];
  forged: number;
  /** How many packets it has sent, and how many it still sends before it leaves. */
  sent: number;
  left: number;
  timer: Millis | undefined;
  /** The input of a forked process that it takes once more, as soon as it can send. */
  takesAgain: Input | undefined;
  /** It does nothing before that other puppet has shown something. */
  readonly matches: string | undefined;
  /** What it was given until then. */
  readonly held: Input[];
  /** What it has shown out of band, and the session whose user sees the same. */
  shown: Uint8Array | undefined;
  matched: AdversarySession | undefined;
  /** When it sends the next message. */
  saysAt: Millis | undefined;
}
