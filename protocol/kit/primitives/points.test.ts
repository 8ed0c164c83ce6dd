/** Points added and taken away: against the other way of computing them, and invalid ones. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigintBytes, bytesBigint, concat, fromHex, hex, readUint, utf8 } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { readVectors, unhex } from "../vectors/load.ts";
import { curvePrivateKey, curvePublicKey, curveSharedSecret } from "./curves.ts";
import {
  type PointGroup,
  pointDifference,
  pointSum,
  reduceScalar,
  sharedPoint,
  wholePoint,
} from "./points.ts";

const orders = {
  p256: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  p384:
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf" +
    "581a0db248b0a77aecec196accc52973",
} as const;
const groups = ["p256", "p384"] as const;
const sizes = { p256: 32, p384: 48 } as const;
const order = (group: PointGroup): bigint => bytesBigint(fromHex(orders[group]) ?? utf8(""));
const scalar = (group: PointGroup, value: bigint): Uint8Array => bigintBytes(value, sizes[group]);
const keys = (group: PointGroup) => {
  const size = (sizes[group] * 3) / 2;
  return fc
    .uint8Array({ minLength: size, maxLength: size })
    .map((seed) => curvePrivateKey(group, seed));
};

/** The fields of a transcript of RFC 9383: 8 bytes of length, the lowest first, before each. */
function fieldsOf(transcript: Uint8Array): readonly Uint8Array[] {
  const fields: Uint8Array[] = [];
  for (let at = 0; at < transcript.length; ) {
    const start = at + 8;
    at = start + readUint(transcript.slice(at, start).reverse());
    fields.push(transcript.slice(start, at));
  }
  return fields;
}

describe("RFC 9383 appendix C", () => {
  type Vector = Readonly<Record<string, string>>;
  const vectors = readVectors<readonly Vector[]>("pake/spake2plus-rfc9383.json");
  const cases = groups.flatMap((group) =>
    vectors
      .filter((v) => v.Context?.includes(group.toUpperCase()))
      .map((v) => [v.Context, group, v] as const),
  );

  test("has six cases on these curves", () => expect(cases.length).toBe(6));

  test.each(cases)("%s", (_, group, v) => {
    const value = (name: string): Uint8Array => unhex(v[name] ?? "");
    const [, , , m = utf8(""), n = utf8("")] = fieldsOf(value("TT"));
    const [x, y, w0, w1] = [value("x"), value("y"), value("w0"), value("w1")];
    const whole = (point: Uint8Array | undefined): string =>
      hex(wholePoint(group, point ?? utf8("")) ?? utf8(""));
    const bare = pointDifference(group, value("shareV"), w0, n) ?? utf8("");
    expect({
      shareP: whole(pointSum(group, curvePublicKey(group, x), w0, m)),
      shareV: whole(pointSum(group, curvePublicKey(group, y), w0, n)),
      Z: whole(sharedPoint(group, x, bare)),
      V: whole(sharedPoint(group, w1, bare)),
    }).toEqual({ shareP: v.shareP, shareV: v.shareV, Z: v.Z, V: v.V });
    expect(bare).toEqual(curvePublicKey(group, y));
  });
});

describe.each(groups)("%s", (group) => {
  const generator = curvePublicKey(group, scalar(group, 1n));
  const few = { numRuns: 10 };

  test("a·G + b·G is (a + b)·G", () => {
    fc.assert(
      fc.property(keys(group), keys(group), (a, b) => {
        const sum = scalar(group, (bytesBigint(a) + bytesBigint(b)) % order(group));
        const point = curvePublicKey(group, a);
        expect(pointSum(group, point, b, generator)).toEqual(curvePublicKey(group, sum));
      }),
      few,
    );
  });

  test("what is added can be taken away again", () => {
    fc.assert(
      fc.property(keys(group), keys(group), keys(group), (a, b, c) => {
        const [point, base] = [curvePublicKey(group, a), curvePublicKey(group, b)];
        const masked = pointSum(group, point, c, base) ?? utf8("");
        expect(masked).not.toEqual(point);
        expect(pointDifference(group, masked, c, base)).toEqual(point);
      }),
      few,
    );
  });

  test("the shared point has the shared secret as its x-coordinate, and is one at both ends", () => {
    fc.assert(
      fc.property(keys(group), keys(group), (a, b) => {
        const point = sharedPoint(group, a, curvePublicKey(group, b));
        expect(point).toEqual(sharedPoint(group, b, curvePublicKey(group, a)));
        const secret = curveSharedSecret(group, a, curvePublicKey(group, b));
        expect(point?.slice(1)).toEqual(secret);
      }),
      few,
    );
  });

  test("zero adds nothing; the point at infinity is no result", () => {
    const [none, one] = [scalar(group, 0n), scalar(group, 1n)];
    expect(pointSum(group, generator, none, generator)).toEqual(generator);
    expect(pointDifference(group, generator, one, generator)).toBeUndefined();
    const minusOne = scalar(group, order(group) - 1n);
    expect(pointSum(group, generator, minusOne, generator)).toBeUndefined();
    // A double, which formulas for different points get wrong.
    expect(pointSum(group, generator, one, generator)).toEqual(
      curvePublicKey(group, scalar(group, 2n)),
    );
  });

  test("a whole point is the same point", () => {
    const whole = wholePoint(group, generator) ?? utf8("");
    expect([whole[0], whole.length]).toEqual([4, 1 + 2 * sizes[group]]);
    expect(whole.slice(1, 1 + sizes[group])).toEqual(generator.slice(1));
    expect(wholePoint(group, whole)).toEqual(whole);
    const one = scalar(group, 1n);
    expect(pointSum(group, whole, one, generator)).toEqual(
      pointSum(group, generator, one, generator),
    );
  });

  test("invalid points give undefined", () => {
    const whole = wholePoint(group, generator) ?? utf8("");
    const offCurve = whole.map((byte, i) => (i === whole.length - 1 ? byte ^ 1 : byte));
    const infinity = new Uint8Array(1);
    const hybrid = whole.map((byte, i) => (i === 0 ? 6 : byte));
    const tooLarge = generator.map((byte, i) => (i === 0 ? byte : 0xff));
    const one = scalar(group, 1n);
    for (const bad of [
      offCurve,
      infinity,
      hybrid,
      tooLarge,
      utf8(""),
      generator.slice(1),
      concat(generator, infinity),
      new Uint8Array(generator.length),
    ]) {
      expect(pointSum(group, bad, one, generator)).toBeUndefined();
      expect(pointDifference(group, bad, one, generator)).toBeUndefined();
      expect(sharedPoint(group, one, bad)).toBeUndefined();
      expect(wholePoint(group, bad)).toBeUndefined();
    }
  });

  test("local mistakes throw", () => {
    const tooLarge = scalar(group, order(group));
    for (const bad of [tooLarge, utf8("short"), utf8("")]) {
      expect(() => pointSum(group, generator, bad, generator)).toThrow(MisuseError);
      expect(() => sharedPoint(group, bad, generator)).toThrow(MisuseError);
    }
    expect(() => pointSum(group, generator, scalar(group, 1n), utf8("base"))).toThrow(MisuseError);
    expect(() => sharedPoint(group, scalar(group, 0n), generator)).toThrow(MisuseError);
    expect(() => reduceScalar(group, new Uint8Array(sizes[group] + 7))).toThrow(MisuseError);
  });

  test("a wide number is reduced modulo the order, and keeps its length", () => {
    const wide = (value: bigint): string =>
      hex(reduceScalar(group, bigintBytes(value, sizes[group] + 8)));
    expect(wide(0n)).toBe(hex(scalar(group, 0n)));
    expect(wide(order(group) - 1n)).toBe(hex(scalar(group, order(group) - 1n)));
    expect(wide(order(group) + 5n)).toBe(hex(scalar(group, 5n)));
    expect(wide(order(group) * 2n ** 63n + 7n)).toBe(hex(scalar(group, 7n)));
  });
});
