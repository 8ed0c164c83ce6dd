/**
 * Arithmetic with points of P-256 and P-384 beyond Diffie–Hellman, as password-authenticated key
 * exchange needs it. Both curves have prime order, so that no cofactor has to be cleared.
 *
 * | curve | scalar   | point given  | point accepted | whole point |
 * |-------|----------|--------------|----------------|-------------|
 * | p256  | 32 bytes | 33 compressed| 33 or 65       | 65          |
 * | p384  | 48 bytes | 49 compressed| 49 or 97       | 97          |
 */
import { p256, p384 } from "@noble/curves/nist.js";
import { bigintBytes, bytesBigint } from "../bytes.ts";
import { MisuseError } from "../errors.ts";

/** The curves whose points can be added. */
export type PointGroup = "p256" | "p384";

const curves = { p256, p384 } as const;
const scalarBytes = { p256: 32, p384: 48 } as const;
type Point = InstanceType<typeof p256.Point>;

/** @returns the point; `undefined` if it is not on the curve, or is the point at infinity. */
function decode(group: PointGroup, bytes: Uint8Array): Point | undefined {
  try {
    return curves[group].Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

const encode = (point: Point): Uint8Array | undefined =>
  point.is0() ? undefined : point.toBytes(true);

/**
 * @param scalar from 0 to the group's order - 1, of the length above.
 * @param base a point that both ends know, such as the M and N of RFC 9383.
 * @returns point + scalar · base, compressed; `undefined` if `point` is not valid (untrusted), or
 *   if the sum is the point at infinity.
 * @throws MisuseError on a bad scalar or base.
 */
export function pointSum(
  group: PointGroup,
  point: Uint8Array,
  scalar: Uint8Array,
  base: Uint8Array,
): Uint8Array | undefined {
  return combine(group, point, scalar, base, false);
}

/** The same with point - scalar · base: undoes {@link pointSum}. */
export function pointDifference(
  group: PointGroup,
  point: Uint8Array,
  scalar: Uint8Array,
  base: Uint8Array,
): Uint8Array | undefined {
  return combine(group, point, scalar, base, true);
}

function combine(
  group: PointGroup,
  point: Uint8Array,
  scalar: Uint8Array,
  base: Uint8Array,
  minus: boolean,
): Uint8Array | undefined {
  const number = bytesBigint(scalar);
  const fixed = decode(group, base);
  if (scalar.length !== scalarBytes[group] || number >= curves[group].Point.Fn.ORDER) {
    throw new MisuseError(`not a ${group} scalar (${scalar.length} bytes)`);
  }
  if (fixed === undefined) throw new MisuseError(`the base is not a point of ${group}`);
  const start = decode(group, point);
  if (start === undefined) return undefined;
  // Multiplication in constant time has no zero.
  const product = number === 0n ? curves[group].Point.ZERO : fixed.multiply(number);
  return encode(minus ? start.subtract(product) : start.add(product));
}

/**
 * Diffie–Hellman that gives the point and not only its x-coordinate.
 * @param peer untrusted.
 * @returns privateKey · peer, compressed; `undefined` if `peer` is not a point of the curve.
 * @throws MisuseError on a bad private key.
 */
export function sharedPoint(
  group: PointGroup,
  privateKey: Uint8Array,
  peer: Uint8Array,
): Uint8Array | undefined {
  const curve = curves[group];
  if (!curve.utils.isValidSecretKey(privateKey)) {
    throw new MisuseError(`not a ${group} private key (${privateKey.length} bytes)`);
  }
  return decode(group, peer)?.multiply(bytesBigint(privateKey)).toBytes(true);
}

/**
 * @returns 0x04, x and y: 65 or 97 bytes; `undefined` if `point` is not valid.
 * @see SEC 1 §2.3.3
 */
export const wholePoint = (group: PointGroup, point: Uint8Array): Uint8Array | undefined =>
  decode(group, point)?.toBytes(false);

/**
 * @param wide big-endian; at least 8 bytes longer than a scalar, so that no bias is left.
 * @returns its remainder modulo the group's order, as a scalar.
 * @throws MisuseError if it is shorter.
 * @see RFC 9383 §3.2
 */
export function reduceScalar(group: PointGroup, wide: Uint8Array): Uint8Array {
  const size = scalarBytes[group];
  if (wide.length < size + 8) {
    throw new MisuseError(`a ${group} scalar is made of ${size + 8} bytes, not ${wide.length}`);
  }
  return bigintBytes(bytesBigint(wide) % curves[group].Point.Fn.ORDER, size);
}
