import { createDiffieHellmanGroup } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesBigint, hex } from "../bytes.ts";
import { MisuseError } from "../errors.ts";
import { fieldPublicKey, fieldSharedSecret, powMod } from "./finite-field.ts";

describe("powMod", () => {
  test("is repeated multiplication, for any modulus", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -1000n, max: 1000n }),
        fc.integer({ min: 0, max: 300 }),
        fc.bigInt({ min: 1n, max: 1000n }),
        (base, exponent, modulus) => {
          let expected = 1n % modulus;
          for (let i = 0; i < exponent; i++) expected = (expected * base) % modulus;
          expected = (expected + modulus) % modulus;
          expect(powMod(base, BigInt(exponent), modulus)).toBe(expected);
        },
      ),
    );
  });

  test("adds exponents up, for numbers of 600 bits", () => {
    const big = fc.bigInt({ min: 0n, max: 2n ** 600n });
    fc.assert(
      fc.property(big, big, big, big, (base, a, b, modulusLess1) => {
        const modulus = modulusLess1 + 1n;
        const product = powMod(base, a, modulus) * powMod(base, b, modulus);
        expect(powMod(base, a + b, modulus)).toBe(product % modulus);
      }),
    );
  });

  test("a modulus below 1 or a negative exponent is misuse", () => {
    expect(() => powMod(2n, 3n, 0n)).toThrow(MisuseError);
    expect(() => powMod(2n, 3n, -5n)).toThrow(MisuseError);
    expect(() => powMod(2n, -1n, 5n)).toThrow(MisuseError);
  });
});

describe("Diffie–Hellman", () => {
  test.each(["modp5", "modp14"])("agrees with OpenSSL in the group %s", (name) => {
    const peer = createDiffieHellmanGroup(name);
    const own = createDiffieHellmanGroup(name);
    peer.generateKeys();
    own.generateKeys();
    const modulus = bytesBigint(own.getPrime());
    const generator = bytesBigint(own.getGenerator());
    const size = own.getPrime().length;
    const publicKey = fieldPublicKey(modulus, generator, own.getPrivateKey());
    expect(publicKey).toHaveLength(size);
    expect(bytesBigint(publicKey)).toBe(bytesBigint(own.getPublicKey()));
    const secret = fieldSharedSecret(modulus, own.getPrivateKey(), peer.getPublicKey());
    expect(secret).toHaveLength(size);
    expect(bytesBigint(secret)).toBe(bytesBigint(own.computeSecret(peer.getPublicKey())));
  });

  test("results are as long as the modulus, though their value be small", () => {
    expect(hex(fieldPublicKey(0x10001n, 2n, Uint8Array.of(3)))).toBe("000008");
    expect(hex(fieldPublicKey(1n, 2n, Uint8Array.of(3)))).toBe("00");
  });

  test("keys may have any length, and the empty one counts as 0", () => {
    expect(hex(fieldPublicKey(23n, 5n, new Uint8Array()))).toBe("01");
    expect(hex(fieldSharedSecret(23n, new Uint8Array([0, 0, 6]), new Uint8Array()))).toBe("00");
  });

  test("nothing a peer sends is refused: 0, 1, -1 and numbers beyond the modulus", () => {
    const odd = Uint8Array.of(15);
    const send = (peer: number) => hex(fieldSharedSecret(23n, odd, Uint8Array.of(peer)));
    expect([0, 1, 22, 23, 24].map(send)).toEqual(["00", "01", "16", "00", "01"]);
  });
});
