import { createECDH } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigintBytes, bytesBigint, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { type Case, failures, unhex, wycheproof } from "../vectors/load.ts";
import {
  type CurveName,
  curvePrivateKey,
  curvePublicKey,
  curveSeedBytes,
  curveSharedSecret,
} from "./curves.ts";

type EcdhCase = Case<"public" | "private" | "shared">;

const names: readonly CurveName[] = ["x25519", "p256", "p384"];
const openSslName = { p256: "prime256v1", p384: "secp384r1" } as const;
const privateBytes = { x25519: 32, p256: 32, p384: 48 } as const;
const seedOf = (curve: CurveName) => {
  const size = curveSeedBytes(curve);
  return fc.uint8Array({ minLength: size, maxLength: size });
};

describe("Wycheproof", () => {
  test("x25519: the points that make every secret zero are refused, the rest agree", () => {
    const tests = wycheproof<object, EcdhCase>("x25519");
    expect(tests).toHaveLength(518);
    let refused = 0;
    const wrong = failures(tests, (t) => {
      const secret = curveSharedSecret("x25519", unhex(t.private), unhex(t.public));
      if (t.flags.includes("ZeroSharedSecret")) {
        refused++;
        return secret === undefined;
      }
      return secret !== undefined && hex(secret) === t.shared;
    });
    expect(wrong).toEqual([]);
    expect(refused).toBe(31);
  });

  test.each([
    ["p256", "ecdh_secp256r1_ecpoint", 355],
    ["p384", "ecdh_secp384r1_ecpoint", 790],
  ] as const)("%s: %s", { timeout: 300_000 }, (curve, file, count) => {
    const tests = wycheproof<object, EcdhCase>(file);
    expect(tests).toHaveLength(count);
    const wrong = failures(tests, (t) => {
      // The file has private keys as signed numbers of any length.
      const key = bigintBytes(bytesBigint(unhex(t.private)), privateBytes[curve]);
      const secret = curveSharedSecret(curve, key, unhex(t.public));
      if (t.result === "invalid") return secret === undefined;
      return secret !== undefined && hex(secret) === t.shared;
    });
    expect(wrong).toEqual([]);
  });
});

describe.each(names)("%s", (curve) => {
  test("both ends of an exchange get one secret", () => {
    fc.assert(
      fc.property(seedOf(curve), seedOf(curve), (first, second) => {
        const a = curvePrivateKey(curve, first);
        const b = curvePrivateKey(curve, second);
        const secret = curveSharedSecret(curve, a, curvePublicKey(curve, b));
        expect(secret).toHaveLength(privateBytes[curve]);
        expect(curveSharedSecret(curve, b, curvePublicKey(curve, a))).toEqual(secret);
      }),
      { numRuns: 20 },
    );
  });

  test("no peer makes it throw, whatever its length", () => {
    const key = curvePrivateKey(curve, new Uint8Array(curveSeedBytes(curve)).fill(7));
    const good = curvePublicKey(curve, key);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (peer) => {
        if (peer.length === good.length) return;
        const uncompressed = curve !== "x25519" && peer.length === 2 * good.length - 1;
        if (!uncompressed) expect(curveSharedSecret(curve, key, peer)).toBeUndefined();
        else curveSharedSecret(curve, key, peer);
      }),
    );
    for (const peer of [good.subarray(1), new Uint8Array(), Uint8Array.of(0)]) {
      expect(curveSharedSecret(curve, key, peer)).toBeUndefined();
    }
    expect(curveSharedSecret(curve, key, good)).toBeDefined();
  });

  test("a bad private key or seed is misuse", () => {
    const peer = curvePublicKey(
      curve,
      curvePrivateKey(curve, new Uint8Array(curveSeedBytes(curve))),
    );
    const bad = [new Uint8Array(), new Uint8Array(31), new Uint8Array(100)];
    if (curve !== "x25519") {
      bad.push(new Uint8Array(privateBytes[curve]), new Uint8Array(privateBytes[curve]).fill(255));
    }
    for (const key of bad) {
      expect(() => curvePublicKey(curve, key)).toThrow(MisuseError);
      expect(() => curveSharedSecret(curve, key, peer)).toThrow(MisuseError);
    }
    expect(() => curvePrivateKey(curve, new Uint8Array(31))).toThrow(MisuseError);
  });

  test("the seed decides the private key, and stays as it was", () => {
    const seed = new Uint8Array(curveSeedBytes(curve)).fill(9);
    const key = curvePrivateKey(curve, seed);
    key.fill(0);
    expect(seed).toEqual(new Uint8Array(curveSeedBytes(curve)).fill(9));
    expect(curvePrivateKey(curve, seed)).toEqual(curvePrivateKey(curve, seed.slice()));
    const other = curvePrivateKey(
      curve,
      seed.map((byte, i) => (i === 20 ? byte ^ 1 : byte)),
    );
    expect(other).not.toEqual(curvePrivateKey(curve, seed));
  });
});

describe.each(["p256", "p384"] as const)("%s and OpenSSL", (curve) => {
  test("agree on public keys and on secrets, with compressed and uncompressed points", () => {
    fc.assert(
      fc.property(seedOf(curve), (seed) => {
        const key = curvePrivateKey(curve, seed);
        const peer = createECDH(openSslName[curve]);
        peer.generateKeys();
        const own = createECDH(openSslName[curve]);
        own.setPrivateKey(key);
        expect(hex(curvePublicKey(curve, key))).toBe(own.getPublicKey("hex", "compressed"));
        const expected = own.computeSecret(peer.getPublicKey()).toString("hex");
        for (const form of ["compressed", "uncompressed"] as const) {
          const secret = curveSharedSecret(curve, key, peer.getPublicKey(null, form));
          expect(secret && hex(secret)).toBe(expected);
        }
        // The hybrid form says the parity of y twice. It is not needed, and we refuse it.
        const hybrid = peer.getPublicKey(null, "hybrid");
        expect(curveSharedSecret(curve, key, hybrid)).toBeUndefined();
      }),
      { numRuns: 8 },
    );
  });
});
