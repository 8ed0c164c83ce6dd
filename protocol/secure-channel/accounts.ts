/**
 * What the server stores of those who log in with a password, one entry after the other:
 *
 *     user length 1 ‖ user ‖ salt 16 ‖ w0 32 ‖ L 33
 *
 * It holds no password and nothing to log in with; guesses can be tested against it, at the price
 * of a password hash each. A user without an entry gets one that a key of the server makes up: it
 * stays the same, and from outside it cannot be told from a real one.
 */
import { MisuseError } from "../endpoint.ts";
import { concat, equalBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { type PasswordWork, passwordScalars, type Verifier, verifierOf } from "./spake2plus.ts";

export const saltBytes = 16;
/** So that a name fits in a frame. */
export const maxUserBytes = 32;
const scalarBytes = 32;
const pointBytes = 33;
const entryBytes = saltBytes + scalarBytes + pointBytes;
/** RFC 9383 makes a scalar of 40 bytes. */
const wideScalarBytes = 40;

export interface Account {
  readonly salt: Uint8Array;
  readonly verifier: Verifier;
}

/**
 * @param server the name that both ends give the server.
 * @returns an entry, to be appended to the store.
 * @throws MisuseError if the user's name has no bytes, or more than 32.
 */
export function register(
  crypto: CryptoKit,
  work: PasswordWork,
  user: Uint8Array,
  password: Uint8Array,
  server: Uint8Array,
): Uint8Array {
  checkUser(user);
  const salt = crypto.random(saltBytes);
  const names = { prover: user, verifier: server };
  const { w0, pointL } = verifierOf(crypto, passwordScalars(crypto, work, password, salt, names));
  return concat(Uint8Array.of(user.length), user, salt, w0, pointL);
}

/** @throws MisuseError if it has no bytes, or more than 32. */
export function checkUser(user: Uint8Array): void {
  if (user.length < 1 || user.length > maxUserBytes) {
    throw new MisuseError(`a user's name has 1 to ${maxUserBytes} bytes, not ${user.length}`);
  }
}

/** @param stored the server's own. @returns the first entry of that name. */
export function findAccount(stored: Uint8Array, user: Uint8Array): Account | undefined {
  let at = 0;
  while (at < stored.length) {
    const name = stored.slice(at + 1, at + 1 + (stored[at] ?? 0));
    at += 1 + name.length;
    const entry = stored.slice(at, at + entryBytes);
    at += entryBytes;
    if (!equalBytes(name, user) || entry.length < entryBytes) continue;
    const atPoint = saltBytes + scalarBytes;
    return {
      salt: entry.slice(0, saltBytes),
      verifier: { w0: entry.slice(saltBytes, atPoint), pointL: entry.slice(atPoint) },
    };
  }
  return undefined;
}

/** @param key 32 bytes, the server's own and always the same. */
export function fakeAccount(crypto: CryptoKit, key: Uint8Array, user: Uint8Array): Account {
  const info = concat(utf8("an account that does not exist"), user);
  const length = saltBytes + 2 * wideScalarBytes;
  const made = crypto.hkdf({ hash: "sha256", key, info, length });
  const scalar = (from: number): Uint8Array =>
    crypto.reduceScalar("p256", made.slice(from, from + wideScalarBytes));
  const [w0, w1] = [scalar(saltBytes), scalar(saltBytes + wideScalarBytes)];
  return { salt: made.slice(0, saltBytes), verifier: verifierOf(crypto, { w0, w1 }) };
}
