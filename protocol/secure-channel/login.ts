/**
 * Logging in with a password, inside a channel that authenticates the server only. Each step of
 * the client has one answer, and the client repeats a step until it is answered:
 *
 *     step   client → server              server → client
 *      0     user 1–32                    salt 16
 *      1     X 33                         Y 33
 *      2     nothing                      confirmV 32
 *      3     confirmP 32                  (4) verdict 1
 *
 * Instead of any answer the verdict (step 4) may come, which then says no. The upper half of the
 * byte for the step numbers the attempt: a channel has 16 of them, and what is left of one is not
 * taken for the next.
 *
 * The client shows confirmP only to a server that has shown confirmV, and so knows the verifier.
 * The server counts a guess before it shows anything that depends on the password, for confirmV
 * tells a client already whether it guessed right. SPAKE2+ is bound to the channel by a value
 * exported from it: what was relayed from another channel has another context, and fails.
 *
 * The key that comes out goes into the channel's next keys. The password stays out of all of it.
 */
import { concat, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import type { Session } from "./spake2plus.ts";

/** Attempts are numbered from 0. */
export const maxAttempts = 16;
/** The only step that the server has for itself. */
export const verdictStep = 4;
/** `later`: there were too many guesses. */
export const verdicts = ["accepted", "refused", "later"] as const;
export type Verdict = (typeof verdicts)[number];

/** What may be left out, to show what it is for. */
export interface LoginDefences {
  /** Count guesses. */
  readonly throttle: boolean;
  /** Answer for users who do not exist. */
  readonly disguise: boolean;
  /** Bind the login to the channel. */
  readonly binding: boolean;
  /** Mask both shares with the password. */
  readonly masks: boolean;
}
export const allLoginDefences: LoginDefences = {
  throttle: true,
  disguise: true,
  binding: true,
  masks: true,
};

/** What both ends need. */
export interface LoginOptions {
  readonly crypto: CryptoKit;
  /** The server's name, as the channel authenticated it. */
  readonly server: Uint8Array;
  /** A value that only the two ends of this channel have: 32 bytes of its exporter. */
  readonly exported: Uint8Array;
  readonly defences: LoginDefences;
}

export const loginSession = (about: LoginOptions, user: Uint8Array): Session => ({
  context: concat(
    utf8("mallory secure-channel login"),
    about.defences.binding ? about.exported : new Uint8Array(0),
  ),
  prover: user,
  verifier: about.server,
});

/** The upper half of the byte: which attempt. The lower half: which step of it. */
export const stepByte = (attempt: number, step: number): number => (attempt << 4) | step;
export const splitStep = (byte: number): readonly [attempt: number, step: number] => [
  byte >> 4,
  byte & 15,
];
