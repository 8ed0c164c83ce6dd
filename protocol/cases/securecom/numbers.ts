/** Public values as decimal text, and keys out of shared ones. Nothing is checked for range. */
import { bigintBytes, concat, latin1 } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { exponentBytes, type Settings } from "./settings.ts";

const keyBytes = 16;
const rawKeyBytes = 32;

/** A fresh exponent of 128 bits and its power of g; with `modulus=x25519`, a pair on that curve. */
export function drawPair(crypto: CryptoKit, { group }: Settings): KeyPair {
  if (typeof group === "string") return crypto.keyPair(group);
  const privateKey = crypto.random(exponentBytes);
  return { privateKey, publicKey: crypto.publicKey(group, privateKey) };
}

/** What Python's `int(text)` takes: blanks around, a sign, leading zeros, single underscores. */
const pythonInteger = /^[ \t-\r]*([+-]?)([0-9]+(?:_[0-9]+)*)[ \t-\r]*$/;

/**
 * Reads a public value: 76 to 78 digits if it is an honest one, but any number is taken, and the
 * group's arithmetic makes of it what it can.
 * @returns at least `valueBytes` bytes; `undefined` where Python raises `ValueError`.
 */
export function readValue(
  crypto: CryptoKit,
  settings: Settings,
  text: Uint8Array,
): Uint8Array | undefined {
  const { group, valueBytes } = settings;
  const decoded = crypto.decode("decimal", text);
  if (decoded !== undefined) {
    return concat(new Uint8Array(Math.max(0, valueBytes - decoded.length)), decoded);
  }
  const match = pythonInteger.exec(latin1(text));
  if (match === null) return undefined;
  const size = BigInt((match[2] as string).replaceAll("_", ""));
  if (match[1] !== "-" || size === 0n) return bigintBytes(size, valueBytes);
  // A negative number stands for its residue; a curve has none.
  if (typeof group === "string") return undefined;
  const rest = size % group.modulus;
  return bigintBytes(rest === 0n ? 0n : group.modulus - rest, valueBytes);
}

/**
 * The key of two ends.
 * @param value the peer's, as {@link readValue} returns it.
 * @returns 16 bytes, or 32 with `kdf=raw`; `undefined` only where a curve refuses the value.
 */
export function sharedKey(
  crypto: CryptoKit,
  settings: Settings,
  privateKey: Uint8Array,
  value: Uint8Array,
): Uint8Array | undefined {
  const shared = crypto.sharedSecret(settings.group, privateKey, value);
  if (shared === undefined) return undefined;
  if (settings.kdf === "sha256") return crypto.hash("sha256", shared).slice(0, keyBytes);
  return concat(new Uint8Array(rawKeyBytes - shared.length), shared);
}
