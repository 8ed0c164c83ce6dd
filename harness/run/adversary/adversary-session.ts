import type { Puppet } from "../../../attacker/puppet.ts";
import type { Address, Input, Millis, Output, PlannedMessage } from "../../../protocol/endpoint.ts";
import { addressed } from "../application-session.ts";

export interface Talk {
  credits: number;
  label: string | undefined;
}

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
  /** Set for one that talks: how often its code still lets it, and the label of its session. */
  readonly talk: Talk | undefined;
  /** How many forged messages it has sent. */
  forged: number;
  /** How many packets it still sends before it leaves. */
  left: number;
  timer: Millis | undefined;
  /** When it sends the next message. */
  saysAt: Millis | undefined;
}

/** It plays a service, which sends in a session by its label: by default, the peer's address. */
export function labelled({ talk, facing }: AdversarySession): void {
  if (talk !== undefined) talk.label = facing;
}

/** Its code lets it say something. */
export function mayTalk(
  session: AdversarySession,
  { messages, session: label }: Extract<Output, { kind: "ready" }>,
): void {
  const { talk } = session;
  session.ready = true;
  if (talk === undefined) return;
  talk.credits = messages ?? Number.POSITIVE_INFINITY;
  if (talk.label !== undefined && label !== undefined) talk.label = label;
}

/** What it is fed when it says something. */
export function sendInput({ to, talk }: AdversarySession, message: Uint8Array): Input {
  if (talk !== undefined) talk.credits--;
  return {
    kind: "send",
    message: message.slice(),
    ...addressed(to),
    ...(talk?.label === undefined ? {} : { session: talk.label }),
  };
}
