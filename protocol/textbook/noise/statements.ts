/**
 * What one end states for the judges. Its peer's commitment rests on its last handshake message,
 * or, where that is sealed before this end is authenticated as well as it will be (the responder of
 * IK gets its proof only afterwards), on its first transport message. Both agree on the transcript
 * as it is then, which depends on all ephemeral keys that were sent (Noise §11.2).
 */
import type { OutputBody, Principal } from "../../endpoint.ts";
import type { Part } from "../end.ts";
import { bestSource, sourceGrade } from "./grades.ts";
import type { HandshakeState } from "./handshake-state.ts";
import { type HandshakePattern, otherPart } from "./parse-pattern.ts";
import type { Peer } from "./peer.ts";

/** The index of the last message that this end sends in the handshake; -1 if there is none. */
const lastOf = ({ messages }: HandshakePattern, part: Part): number =>
  messages.findLastIndex((m) => m.sender === part);

/** Is this end authenticated as well as it will be by its last handshake message? */
const isProvenEarly = (pattern: HandshakePattern, part: Part): boolean =>
  sourceGrade(pattern, part, lastOf(pattern, part)) === bestSource(pattern, part);

const running = (peer: Principal | undefined, agreed: Uint8Array): OutputBody => ({
  kind: "claim",
  claim: { kind: "running", agreed, ...(peer !== undefined && { peer }) },
});

const secret = (peer: Principal, value: Uint8Array): OutputBody => ({
  kind: "claim",
  claim: { kind: "secret", peer, value },
});

export class Statements {
  readonly #pattern: HandshakePattern;
  readonly #part: Part;
  readonly #proves: boolean;
  readonly #learns: boolean;
  #isNamed = false;
  /** What it said that it is running with, when it could not say with whom. */
  #nameless: Uint8Array | undefined;
  /** The transcript that the commitment is about. */
  #agreed: Uint8Array | undefined;

  constructor(pattern: HandshakePattern, part: Part) {
    this.#pattern = pattern;
    this.#part = part;
    this.#proves = bestSource(pattern, part) > 0;
    this.#learns = bestSource(pattern, otherPart(part)) > 0;
  }

  /** Before a handshake message is sent. @param state after it was written. */
  writing(state: HandshakeState, peer: Principal | undefined): readonly OutputBody[] {
    const isLast = state.messages - 1 === lastOf(this.#pattern, this.#part);
    if (!isLast || !this.#proves || !isProvenEarly(this.#pattern, this.#part)) return [];
    if (peer === undefined) this.#nameless = state.hash;
    return [running(peer, state.hash)];
  }

  /** A handshake message was read. */
  reading(state: HandshakeState, peer: Principal | undefined): readonly OutputBody[] {
    this.#agreed = state.hash;
    if (this.#part === "initiator" || this.#isNamed || peer === undefined) return [];
    this.#isNamed = true;
    // Who is spoken to is said before the application speaks.
    if (this.#nameless !== undefined) return [running(peer, this.#nameless)];
    return state.isComplete ? [] : [running(peer, state.hash)];
  }

  /** The handshake is over. @param keys of the session, in the order of their directions. */
  finishing(
    state: HandshakeState,
    keys: readonly Uint8Array[],
    { name, shownName: peer }: Pick<Peer, "name" | "shownName">,
  ): readonly OutputBody[] {
    const provesLate = this.#proves && !isProvenEarly(this.#pattern, this.#part);
    const isProven = isProvenEarly(this.#pattern, otherPart(this.#part));
    if (!isProven) this.#agreed = state.hash;
    return [
      ...(provesLate ? [running(name, state.hash)] : []),
      ...(isProven ? this.proven(name) : []),
      ...keys.map((value) => secret(peer, value)),
    ];
  }

  /** Does this end still wait for the message that its commitment rests on? */
  get isWaiting(): boolean {
    return this.#learns && this.#agreed !== undefined;
  }

  /** The peer has proven itself: once, this end commits. */
  proven(peer: Principal | undefined): readonly OutputBody[] {
    const agreed = this.#agreed;
    if (!this.#learns || agreed === undefined || peer === undefined) return [];
    this.#agreed = undefined;
    return [{ kind: "claim", claim: { kind: "commit", peer, agreed } }];
  }
}
