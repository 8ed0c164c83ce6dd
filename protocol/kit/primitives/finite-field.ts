/**
 * Diffie–Hellman in the integers modulo any number. Nothing is validated here, neither the
 * modulus nor what the peer sends: the case studies that use it validate nothing either, and what
 * follows from that is the lab's to find out.
 */

import { bigintBytes, bytesBigint } from "../bytes.ts";
import { MisuseError } from "../errors.ts";

/**
 * @param privateKey the exponent, big-endian, any length.
 * @returns generator^privateKey, big-endian, padded to the length of the modulus.
 * @throws MisuseError if the modulus is below 1.
 * @see RFC 2631 §2.1.1
 */
export const fieldPublicKey = (
  modulus: bigint,
  generator: bigint,
  privateKey: Uint8Array,
): Uint8Array => encode(modulus, powMod(generator, bytesBigint(privateKey), modulus));

/**
 * @param peer the peer's public number, big-endian, any length; taken modulo the modulus.
 * @returns peer^privateKey, big-endian, padded to the length of the modulus.
 * @throws MisuseError if the modulus is below 1.
 * @see RFC 2631 §2.1.2
 */
export const fieldSharedSecret = (
  modulus: bigint,
  privateKey: Uint8Array,
  peer: Uint8Array,
): Uint8Array => encode(modulus, powMod(bytesBigint(peer), bytesBigint(privateKey), modulus));

const encode = (modulus: bigint, value: bigint): Uint8Array =>
  bigintBytes(value, bigintBytes(modulus).length);

/**
 * base^exponent modulo any `modulus` from 1, composite ones too.
 * @throws MisuseError if the exponent is negative or the modulus below 1.
 */
export function powMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus < 1n) throw new MisuseError("a modulus is at least 1");
  if (exponent < 0n) throw new MisuseError("an exponent is at least 0");
  const start = ((base % modulus) + modulus) % modulus;
  // One multiplication for four bits of the exponent, out of a table of the 16 smallest powers.
  const powers = [1n];
  for (let i = 1, power = 1n; i < 16; i++) {
    power = (power * start) % modulus;
    powers.push(power);
  }
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus;
    const power = powers[Number.parseInt(digit, 16)] ?? 1n;
    result = (result * power) % modulus;
  }
  return result;
}
