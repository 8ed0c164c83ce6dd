import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, equalBytes, fromLatin1, latin1, utf8 } from "./bytes.ts";
import type { CryptoKit } from "./crypto.ts";
import { MisuseError } from "./errors.ts";
import { fernetDecrypt, fernetEncrypt, fernetKey } from "./fernet.ts";
import { cipherDecrypt, cipherEncrypt } from "./primitives/aes-modes.ts";
import { decodeText, encodeText } from "./primitives/encodings.ts";
import { hmac } from "./primitives/hash.ts";
import { readVectors } from "./vectors/load.ts";

/** The operations that Fernet needs, with `drawn` for randomness and a list of what was called. */
function stubKit(drawn: Uint8Array): { readonly kit: CryptoKit; readonly calls: string[] } {
  const calls: string[] = [];
  const log =
    <A extends readonly unknown[], R>(name: string, action: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(name);
      return action(...args);
    };
  const kit: Partial<CryptoKit> = {
    random: log("random", (length: number) => drawn.slice(0, length)),
    hmac: log("hmac", hmac),
    encrypt: log("encrypt", cipherEncrypt),
    decrypt: log("decrypt", cipherDecrypt),
    encode: log("encode", encodeText),
    decode: log("decode", decodeText),
    equal: log("equal", equalBytes),
  };
  return { kit: kit as CryptoKit, calls };
}

interface Vector {
  readonly desc?: string;
  readonly token: string;
  readonly now: string;
  readonly ttl_sec?: number;
  readonly src?: string;
  readonly iv?: readonly number[];
  readonly secret: string;
}
const seconds = (time: string) => Date.parse(time) / 1000;
const { kit } = stubKit(new Uint8Array(32).fill(3));
const key = fernetKey(kit);

describe("the vectors of the specification", () => {
  test("generate", () => {
    const vectors = readVectors<readonly Vector[]>("fernet/generate.json");
    expect(vectors).toHaveLength(1);
    for (const { token, now, src, iv, secret } of vectors) {
      const fixed = stubKit(Uint8Array.from(iv ?? [])).kit;
      const made = fernetEncrypt(fixed, utf8(secret), seconds(now), utf8(src ?? ""));
      expect(latin1(made)).toBe(token);
    }
  });

  test.each([false, true])("verify (pythonBase64: %s)", (pythonBase64) => {
    const vectors = readVectors<readonly Vector[]>("fernet/verify.json");
    expect(vectors).toHaveLength(1);
    for (const { token, now, ttl_sec: ttlSeconds = 0, src, secret } of vectors) {
      const options = { nowSeconds: seconds(now), ttlSeconds, pythonBase64 };
      const content = fernetDecrypt(kit, utf8(secret), utf8(token), options);
      expect(content?.plaintext).toEqual(utf8(src ?? ""));
      expect(content?.timestampSeconds).toBe(Date.UTC(1985, 9, 26, 8, 20) / 1000);
    }
  });

  test.each([false, true])("invalid (pythonBase64: %s)", (pythonBase64) => {
    const vectors = readVectors<readonly Vector[]>("fernet/invalid.json");
    expect(vectors).toHaveLength(8);
    const taken = vectors.filter(({ token, now, ttl_sec: ttlSeconds = 0, secret }) => {
      const options = { nowSeconds: seconds(now), ttlSeconds, pythonBase64 };
      return fernetDecrypt(kit, utf8(secret), utf8(token), options) !== undefined;
    });
    expect(taken.map(({ desc }) => desc)).toEqual([]);
  });
});

describe("fernet", () => {
  test("decrypts what it encrypted", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.maxSafeNat(), (plaintext, time) => {
        const token = fernetEncrypt(kit, key, time, plaintext);
        expect(fernetDecrypt(kit, key, token)).toEqual({ plaintext, timestampSeconds: time });
      }),
    );
  });

  test("looks at the time only with a time to live, and then allows a minute of skew", () => {
    const token = fernetEncrypt(kit, key, 1000, utf8("x"));
    const opens = (nowSeconds: number, ttlSeconds?: number) => {
      const options = ttlSeconds === undefined ? { nowSeconds } : { nowSeconds, ttlSeconds };
      return fernetDecrypt(kit, key, token, options) !== undefined;
    };
    expect([opens(0), opens(10 ** 9)]).toEqual([true, true]);
    expect([opens(1005, 5), opens(1006, 5)]).toEqual([true, false]);
    expect([opens(940, 5), opens(939, 5)]).toEqual([true, false]);
  });

  test("a change of any character spoils a token, and so does a cut", () => {
    const token = fernetEncrypt(kit, key, 1000, utf8("pay alice 10"));
    for (let i = 0; i < token.length; i++) {
      const other = token.slice();
      other[i] = token[i] === 0x41 ? 0x42 : 0x41;
      expect(fernetDecrypt(kit, key, other), `character ${i}`).toBeUndefined();
      expect(fernetDecrypt(kit, key, token.subarray(0, i))).toBeUndefined();
    }
    const otherKey = encodeText("base64url", new Uint8Array(32));
    expect(fernetDecrypt(kit, otherKey, token)).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(fernetDecrypt(kit, key, junk)).toBeUndefined();
        const framed = encodeText("base64url", concat(Uint8Array.of(0x80), junk));
        expect(fernetDecrypt(kit, key, framed, { pythonBase64: true })).toBeUndefined();
      }),
    );
  });

  test("another version is refused, though its HMAC be good", () => {
    const token = fernetEncrypt(kit, key, 1000, utf8("x"));
    const signing = decodeText("base64url", key)?.slice(0, 16) ?? new Uint8Array();
    const resign = (version: number) => {
      const body = decodeText("base64url", token)?.slice(0, -32) ?? new Uint8Array();
      body[0] = version;
      return encodeText("base64url", concat(body, hmac("sha256", signing, body)));
    };
    expect(resign(0x80)).toEqual(token);
    expect(fernetDecrypt(kit, key, resign(0x81))).toBeUndefined();
  });

  test("as Python reads it, a token has other spellings, too", () => {
    const token = fernetEncrypt(kit, key, 1000, utf8("x"));
    const respelled = fromLatin1(`!${latin1(token)}\n`);
    expect(fernetDecrypt(kit, key, respelled)).toBeUndefined();
    const content = fernetDecrypt(kit, key, respelled, { pythonBase64: true });
    expect(content?.plaintext).toEqual(utf8("x"));
  });

  test("every step goes through the kit, and the HMAC is checked before decryption", () => {
    const stub = stubKit(new Uint8Array(32).fill(3));
    const token = fernetEncrypt(stub.kit, fernetKey(stub.kit), 1, utf8("x"));
    expect(stub.calls.splice(0)).toEqual([
      "random",
      "encode",
      "decode",
      "random",
      "encrypt",
      "hmac",
      "encode",
    ]);
    fernetDecrypt(stub.kit, key, token);
    expect(stub.calls.splice(0)).toEqual(["decode", "decode", "hmac", "equal", "decrypt"]);
    const forged = token.slice();
    forged[40] = token[40] === 0x41 ? 0x42 : 0x41;
    fernetDecrypt(stub.kit, key, forged);
    expect(stub.calls).toEqual(["decode", "decode", "hmac", "equal"]);
  });

  test("a bad key, a bad time, or a time to live without the time now is misuse", () => {
    for (const bad of ["", "short", latin1(key).slice(0, -1), `${latin1(key)}\n`]) {
      expect(() => fernetEncrypt(kit, utf8(bad), 0, utf8("x"))).toThrow(MisuseError);
      expect(() => fernetDecrypt(kit, utf8(bad), utf8("x"))).toThrow(MisuseError);
    }
    for (const time of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => fernetEncrypt(kit, key, time, utf8("x"))).toThrow(MisuseError);
    }
    const token = fernetEncrypt(kit, key, 0, utf8("x"));
    expect(() => fernetDecrypt(kit, key, token, { ttlSeconds: 5 })).toThrow(MisuseError);
  });
});
