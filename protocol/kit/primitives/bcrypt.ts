/**
 * bcrypt: a password hash whose key schedule, that of Blowfish, is run 2^cost times.
 *
 * Two of its properties are known traps. Only the first 72 bytes of a password count, and a zero
 * byte ends it, as it ends a string in C.
 */
import { MisuseError } from "../errors.ts";
import {
  type Blowfish,
  cyclicWords,
  encryptBlock,
  expandKey,
  initialBlowfish,
} from "./blowfish.ts";

/** Both give the same hash here: `2b` was introduced after a bug in one implementation of `2a`. */
export type BcryptVersion = "2a" | "2b";

export const bcryptSaltBytes = 16;
/** The last byte of the three encrypted blocks has always been left out. */
export const bcryptHashBytes = 23;
/** More than 12 would take seconds. */
const [leastCost, mostCost] = [4, 12];

/**
 * @param cost 4 to 12: twice the work for each step. @param password any bytes.
 * @param salt {@link bcryptSaltBytes} bytes.
 * @returns {@link bcryptHashBytes} bytes.
 * @throws MisuseError if cost or the length of the salt is another.
 * @see N. Provos, D. Mazières: A Future-Adaptable Password Scheme, USENIX 1999, §4
 */
export function bcryptHash(cost: number, password: Uint8Array, salt: Uint8Array): Uint8Array {
  if (!(Number.isInteger(cost) && cost >= leastCost && cost <= mostCost)) {
    throw new MisuseError(`bcrypt takes a cost of ${leastCost} to ${mostCost}, not ${cost}`);
  }
  if (salt.length !== bcryptSaltBytes) {
    throw new MisuseError(`a bcrypt salt has ${bcryptSaltBytes} bytes, not ${salt.length}`);
  }
  const key = cyclicWords(asString(password));
  const saltWords = cyclicWords(salt);
  const state = initialBlowfish();
  expandKey(state, key, saltWords);
  for (let round = 0; round < 2 ** cost; round++) {
    expandKey(state, key);
    expandKey(state, saltWords);
  }
  return encryptedText(state).slice(0, bcryptHashBytes);
}

/**
 * What is kept in password files: `$2b$12$`, salt and hash, 60 ASCII characters in all.
 * @param hash of {@link bcryptHash}, for the same cost and salt.
 */
export function bcryptText(
  version: BcryptVersion,
  cost: number,
  salt: Uint8Array,
  hash: Uint8Array,
): string {
  const decimal = String(cost).padStart(2, "0");
  return `$${version}$${decimal}$${ownBase64(salt)}${ownBase64(hash)}`;
}

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Base64 without padding, in an alphabet that no other format has. */
function ownBase64(bytes: Uint8Array): string {
  let out = "";
  for (let bit = 0; bit < 8 * bytes.length; bit += 6) {
    const pair = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    out += alphabet.charAt((pair >> (10 - (bit & 7))) & 63);
  }
  return out;
}

/** Up to the first zero byte, with that byte. */
function asString(password: Uint8Array): Uint8Array {
  const end = password.indexOf(0);
  const out = new Uint8Array((end < 0 ? password.length : end) + 1);
  out.set(password.subarray(0, out.length - 1));
  return out;
}

function encryptedText(state: Blowfish): Uint8Array {
  const text = Buffer.from("OrpheanBeholderScryDoubt", "latin1");
  for (let at = 0; at < text.length; at += 8) {
    const block = Int32Array.of(text.readInt32BE(at), text.readInt32BE(at + 4));
    for (let i = 0; i < 64; i++) encryptBlock(state, block);
    text.writeInt32BE(block[0] as number, at);
    text.writeInt32BE(block[1] as number, at + 4);
  }
  return new Uint8Array(text);
}
