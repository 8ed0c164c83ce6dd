/**
 * The inner layer of a user: one end of everything that goes from end to end. It does not know how
 * its datagrams travel, and trusts no statement of where they are from.
 */
import type { Millis, OutputBody, Principal } from "../../endpoint.ts";
import type { Letter } from "./mail.ts";

export type InnerOutput =
  | ({ readonly kind: "post" } & Letter)
  | Exclude<OutputBody, { readonly kind: "transmit" }>;

/** Messages to one user that wait. */
export const mostWaiting = 64;

export interface Inner {
  /** The relay can be reached from now on. */
  start(now: Millis): readonly InnerOutput[];
  send(to: Principal, message: Uint8Array, now: Millis): readonly InnerOutput[];
  /** @param letter untrusted, its sender included. */
  receive(letter: Letter, now: Millis): readonly InnerOutput[];
  /** Does what is due. */
  expire(now: Millis): readonly InnerOutput[];
  deadline(): Millis | undefined;
  /** The relay cannot be reached any more: what is not confirmed is given up. */
  abandon(): readonly InnerOutput[];
  /** How many entries are kept for unauthenticated peers. */
  stateSize(): number;
}

/** What is repeated, or answers what was. */
export const repeated = (outputs: readonly InnerOutput[]): readonly InnerOutput[] =>
  outputs.map((output) => (output.kind === "post" ? { ...output, again: true } : output));

export const earliest = (times: readonly (Millis | undefined)[]): Millis | undefined => {
  const set = times.filter((t) => t !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
};

export const givenUp = (messages: readonly Uint8Array[]): readonly InnerOutput[] =>
  messages.map((message) => ({ kind: "give-up", message }));
