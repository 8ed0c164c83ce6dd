/** The login: salts, hashes of hashes, and the number both ends start counting from. */
import {
  bigintBytes,
  bytesBigint,
  concat,
  fromLatin1,
  type Latin1,
  latin1,
} from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { mostSecretNumber, type Settings, toyGroup } from "./settings.ts";
import { pythonInt } from "./wire.ts";

const uuidBytes = 16;
const toyBytes = 3;
const realBytes = 32;
const realSequenceBytes = 16;

/** A version-4 UUID as 32 hex digits: 122 random bits (RFC 9562 §5.4). */
export function newSalt(crypto: CryptoKit): Latin1 {
  const random = crypto.random(uuidBytes);
  const mask = new Uint8Array(uuidBytes);
  const [version = 0, variant = 0] = [random[6], random[8]];
  mask[6] = version ^ ((version & 0x0f) | 0x40);
  mask[8] = variant ^ ((variant & 0x3f) | 0x80);
  return latin1(crypto.encode("hex", crypto.xor(random, mask)));
}

const hexHash = (crypto: CryptoKit, data: Uint8Array): Latin1 =>
  latin1(crypto.encode("hex", crypto.hash("sha256", data)));

/** What the database holds: the hex SHA-256 of the password, 64 bytes, unsalted. */
export const passwordRow = (crypto: CryptoKit, password: Uint8Array): Latin1 =>
  hexHash(crypto, password);

/** SHA-256 of the row and a salt: 64 hex digits. Both challenges are answered in this way. */
export const saltedHash = (crypto: CryptoKit, row: Latin1, salt: Latin1): Latin1 =>
  hexHash(crypto, fromLatin1(row + salt));

/** With `binding=all-fields`, what a hash covers besides the salt. */
export const covering = (bound: boolean, who: "client" | "device", ...fields: Latin1[]): Latin1 =>
  bound ? `,${who},${fields.join(",")}` : "";

/** One half of the exchange of numbers. */
export interface DhHalf {
  readonly secret: Uint8Array;
  /** Decimal digits: at most 6 of them, or 78 with `dh=x25519`. */
  readonly shown: Latin1;
}

export function newHalf(crypto: CryptoKit, { realGroup }: Settings): DhHalf {
  if (realGroup) {
    const pair = crypto.keyPair("x25519");
    return { secret: pair.privateKey, shown: decimal(crypto, pair.publicKey) };
  }
  const secret = bigintBytes(BigInt(crypto.randomInt(mostSecretNumber + 1)), toyBytes);
  return { secret, shown: decimal(crypto, crypto.publicKey(toyGroup, secret)) };
}

/** The power is taken before the remainder: from this many bits on it takes hours. */
const hangsFromBits = 2n ** 30n;

/** `hangs`: the process computes and does not come back. `undefined`: not a number. */
export function firstNumber(
  crypto: CryptoKit,
  { realGroup }: Settings,
  half: DhHalf,
  shown: Latin1,
): Uint8Array | "hangs" | undefined {
  const theirs = pythonInt(shown);
  if (theirs === undefined) return undefined;
  if (realGroup) {
    if (theirs < 0n || theirs >= 1n << 256n) return undefined;
    const shared = crypto.sharedSecret("x25519", half.secret, bigintBytes(theirs, realBytes));
    return shared && crypto.hash("sha256", shared).slice(0, realSequenceBytes);
  }
  const bits = BigInt(theirs.toString(2).length) * bytesBigint(half.secret);
  if (bits > hangsFromBits) return "hangs";
  const { modulus } = toyGroup;
  const residue = ((theirs % modulus) + modulus) % modulus;
  return crypto.sharedSecret(toyGroup, half.secret, bigintBytes(residue, toyBytes));
}

/** The counter of a session; its text is made by the kit, so that the lab can follow it. */
export class Sequence {
  readonly #crypto: CryptoKit;
  readonly #size: number;
  value: bigint;

  constructor(crypto: CryptoKit, first: Uint8Array) {
    this.#crypto = crypto;
    this.#size = first.length;
    this.value = bytesBigint(first);
  }

  /** Decimal digits of the number, or of one that follows it. */
  text(ahead = 0n): Latin1 {
    return decimal(this.#crypto, bigintBytes(this.value + ahead, this.#size));
  }
}

const decimal = (crypto: CryptoKit, bytes: Uint8Array): Latin1 =>
  latin1(crypto.encode("decimal", bytes));

/** What a login is about: the parameters that both ends should see alike. */
export const agreedOn = (...fields: readonly Latin1[]): Uint8Array =>
  concat(fromLatin1(fields.join(",")));
