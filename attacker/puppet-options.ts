/** What a puppet is made of, and what it can be asked to do. */
import type { Endpoint, Input, Millis, Output } from "../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import { ownInput } from "../protocol/kit/copy-input.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import type { Gate } from "../protocol/kit/gate.ts";

/** An input that its code was given. */
export interface Fed {
  readonly input: Input;
  readonly now: Millis;
  /** Its code threw; the puppet went on all the same. */
  readonly threw?: boolean;
  /** What came of it; absent for what a hijacked process was given. */
  readonly outputs?: readonly Output[];
}

/**
 * Builds the endpoint around a gate of its own. `isPast` says, at every draw, whether it is one of
 * the hijacked process's draws before the fork, or one of the adversary's.
 */
export type OpenPuppet = (
  gate: Gate,
  isPast: () => boolean,
  /** Wraps the cryptography that its code gets. */
  seenAs?: (kit: CryptoKit) => CryptoKit,
  /** The attacker tries other draws for the nth time; those of the past stay as they are. */
  again?: number,
) => Endpoint;

export interface Carrying {
  /** So many plaintexts of its own come first. */
  readonly after: number;
  /** The nth distinct plaintext that another puppet has opened, from 0. */
  readonly nth: (n: number) => Latin1 | undefined;
}

export interface PuppetOptions {
  readonly past?: readonly Fed[];
  readonly carrying?: Carrying;
  /** It goes on with zeros for plaintexts that it cannot open. */
  readonly blind?: boolean;
  /** It guesses the beginning of what it cannot know, or so many symbols, and makes up the rest. */
  readonly guesses?: boolean | number;
  /** In what it seals or signs, the first is replaced by the second. */
  readonly renamed?: readonly [own: Latin1, other: Latin1] | undefined;
  /** The nth time that it is asked to say something, all that it seals or encrypts is the nth. */
  readonly seals?: readonly Uint8Array[] | undefined;
  /** A packet that it cannot make it leaves out as soon as there is another one to send. */
  readonly leavesOut?: boolean;
}

/** Gives code once more what it was given before; where it threw then, it has no outputs. */
export function handledAgain(endpoint: Endpoint, { input, now, threw }: Fed): readonly Output[] {
  if (threw !== true) return endpoint.handle(ownInput(input), now);
  try {
    endpoint.handle(ownInput(input), now);
  } catch {
    // As it did the first time.
  }
  return [];
}

/** The content with one name in the place of another. */
export const reworded = (
  content: Uint8Array,
  names: readonly [own: Latin1, other: Latin1],
): Uint8Array => fromLatin1(latin1(content).replaceAll(...names));

/** Of what was thrown, for reports. */
export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] as string;
