/** The record: every operation by content, memo or not, forwards or backwards, or refused. */
import { describe, expect, test } from "vitest";
import { concat, hex, latin1, utf8 } from "./bytes.ts";
import { MisuseError } from "./errors.ts";
import type { Gate } from "./gate.ts";
import { withoutMemo } from "./memo.ts";
import type { OpRecord } from "./operations.ts";
import { Random } from "./random.ts";
import { CryptoRecorder } from "./recorder.ts";

const iv12 = new Uint8Array(12);
const iv16 = new Uint8Array(16);

function recorder(seed = "recorder", gate?: Gate) {
  const log: OpRecord[] = [];
  return { log, crypto: new CryptoRecorder(log, new Random(seed), "alice#0", gate) };
}
type Crypto = ReturnType<typeof recorder>["crypto"];

/** Some of everything; returns all that came out, as hex. */
function everything(c: Crypto): readonly string[] {
  const out: (Uint8Array | undefined | boolean)[] = [];
  const key = c.random(32);
  const data = utf8("some data");
  out.push(key, c.randomText(8, "ab"), c.hash("sha256", data), c.hmac("sha256", key, data));
  out.push(c.hkdf({ hash: "sha256", key, length: 40 }), c.hkdfExtract("sha256", key, data));
  out.push(c.hkdfExpand("sha256", key, data, 20));
  for (const group of ["x25519", "p256", { modulus: 105_341n, generator: 17n }] as const) {
    const [a, b] = [c.keyPair(group), c.keyPair(group)];
    out.push(a.publicKey, c.sharedSecret(group, a.privateKey, b.publicKey));
    out.push(c.sharedSecret(group, b.privateKey, a.publicKey));
  }
  const [point, base] = [c.keyPair("p256"), c.keyPair("p256").publicKey];
  const scalar = c.reduceScalar("p256", c.random(40));
  const masked = c.addToPoint("p256", point.publicKey, scalar, base) ?? key;
  out.push(masked, c.subtractFromPoint("p256", masked, scalar, base), c.wholePoint("p256", masked));
  out.push(c.sharedPoint("p256", point.privateKey, masked), c.wholePoint("p256", data));
  out.push(
    c.addToPoint("p256", data, scalar, base),
    c.subtractFromPoint("p256", key, scalar, base),
  );
  const signer = c.signingKeyPair();
  const signature = c.sign(signer.privateKey, data);
  out.push(signature, c.verify(signer.publicKey, data, signature), c.verify(key, data, signature));
  const sealed = c.seal("aes-gcm", key, iv12, data);
  out.push(sealed, c.open("aes-gcm", key, iv12, sealed), c.open("aes-gcm", key, iv12, key));
  const cipher = c.encrypt("aes-cbc", key, iv16, data);
  out.push(cipher, c.decrypt("aes-cbc", key, iv16, cipher), c.decrypt("aes-cbc", key, iv16, data));
  const rsa = c.rsaKeyPair(2048, 0);
  const wrapped = c.rsaEncrypt("sha256", rsa.publicKey, data) ?? key;
  out.push(wrapped, c.rsaDecrypt("sha256", rsa.privateKey, wrapped));
  out.push(c.rsaDecrypt("sha256", rsa.privateKey, data));
  for (const scheme of ["ecdsa-p256", "ecdsa-p256-der"] as const) {
    const own = c.signingKeyPair("p256");
    const signed = c.sign(own.privateKey, data, scheme);
    out.push(signed, c.verify(own.publicKey, data, signed, scheme));
    out.push(c.verify(own.publicKey, key, signed, scheme));
  }
  for (const scheme of ["rsa-pss-sha256", "rsa-pkcs1-sha256"] as const) {
    const signed = c.sign(rsa.privateKey, data, scheme);
    out.push(signed, c.verify(rsa.publicKey, data, signed, scheme));
  }
  const wrappedOld = c.rsaEncrypt("pkcs1", rsa.publicKey, data) ?? key;
  out.push(wrappedOld, c.rsaDecrypt("pkcs1", rsa.privateKey, wrappedOld));
  out.push(c.rsaDecrypt("pkcs1", rsa.privateKey, wrapped), c.cmac(key, data));
  const block = c.encrypt("aes-ecb", key, new Uint8Array(0), data);
  out.push(block, c.decrypt("aes-ecb", key, new Uint8Array(0), block));
  const [ours, theirs] = [c.keyPair("x25519"), c.keyPair("x25519")];
  const box = c.boxKey(ours.privateKey, theirs.publicKey) ?? key;
  const boxed = c.seal("xsalsa20-poly1305", box, c.random(24), data);
  out.push(box, boxed, c.boxKey(ours.privateKey, new Uint8Array(32)));
  for (const name of ["ml-kem-768", "x25519-mlkem768"] as const) {
    const pair = c.kemKeyPair(name);
    const made = c.encapsulate(name, pair.publicKey);
    out.push(made?.ciphertext, made?.sharedSecret);
    out.push(c.decapsulate(name, pair.privateKey, made?.ciphertext ?? key));
  }
  out.push(
    c.passwordHash({ kind: "pbkdf2", hash: "sha256", iterations: 2, length: 20 }, data, key),
  );
  out.push(c.xor(data, data), c.encode("base64", key), c.decode("base64", c.encode("base64", key)));
  out.push(c.decode("hex", utf8("zz")), c.equal(key, key), c.equal(key, data));
  return out.map((o) => (o instanceof Uint8Array ? hex(o) : String(o)));
}

describe("the record", () => {
  test("is the same with and without memo tables, and so are the results", () => {
    const [memo, again, plain] = [recorder(), recorder(), recorder()];
    const first = everything(memo.crypto);
    expect(everything(again.crypto)).toEqual(first);
    expect(withoutMemo(() => everything(plain.crypto))).toEqual(first);
    expect(again.log).toEqual(memo.log);
    expect(plain.log).toEqual(memo.log);
  });

  test("names every operation once, with who did it, and forgets what failed", () => {
    const { log, crypto } = recorder();
    const key = crypto.random(32);
    const sealed = crypto.seal("aes-gcm", key, iv12, utf8("text"), utf8("ad"));
    expect(crypto.open("aes-gcm", key, iv12, sealed)).toBeUndefined();
    expect(crypto.open("aes-gcm", key, iv12, sealed, utf8("ad"))).toEqual(utf8("text"));
    expect(log.map((op) => `${op.by} ${op.op} ${op.backwards}`)).toEqual([
      "alice#0 random false",
      "alice#0 aead false",
      "alice#0 aead true",
    ]);
    const [, forwards, backwards] = log;
    expect(backwards?.inputs).toEqual(forwards?.inputs);
    expect(backwards?.output).toBe(forwards?.output);
    expect(forwards?.inputs).toEqual([latin1(key), latin1(iv12), "ad", "text"]);
  });

  test("cannot be changed through buffers, nor can the memo tables", () => {
    const { log, crypto } = recorder("buffers");
    const data = utf8("to be hashed");
    const digest = crypto.hash("sha256", data);
    const right = hex(digest);
    digest.fill(0);
    data.fill(0);
    expect(latin1(utf8("to be hashed"))).toBe(log[0]?.inputs[0]);
    const again = crypto.hash("sha256", utf8("to be hashed"));
    expect(hex(again)).toBe(right);
    again.fill(0);
    expect(hex(crypto.hash("sha256", utf8("to be hashed")))).toBe(right);
    expect(hex(crypto.rsaKeyPair(2048, 3).publicKey.fill(0))).not.toBe(
      hex(crypto.rsaKeyPair(2048, 3).publicKey),
    );
  });

  test("inputs that are joined differently are different operations", () => {
    const { crypto } = recorder();
    const a = crypto.hmac("sha256", utf8("ab"), utf8("c"));
    expect(hex(crypto.hmac("sha256", utf8("a"), utf8("bc")))).not.toBe(hex(a));
    const salted = crypto.hkdf({ hash: "sha256", key: utf8("k"), salt: utf8("s"), length: 16 });
    const informed = crypto.hkdf({ hash: "sha256", key: utf8("k"), info: utf8("s"), length: 16 });
    expect(hex(salted)).not.toBe(hex(informed));
  });

  test("public keys belong to their private keys, in every group", () => {
    const { log, crypto } = recorder();
    for (const group of ["x25519", "p256", "p384", { modulus: 23n, generator: 5n }] as const) {
      const { privateKey, publicKey } = crypto.keyPair(group);
      const op = log.at(-1);
      expect(op?.op).toBe("public-key");
      expect(op?.inputs).toEqual([latin1(privateKey)]);
      expect(op?.output).toBe(latin1(publicKey));
      expect(op?.field === undefined).toBe(typeof group === "string");
      expect(log.at(-2)?.op).toBe("random");
    }
  });

  test("values that are not in the group give undefined, and no record", () => {
    const { log, crypto } = recorder();
    const { privateKey } = crypto.keyPair("x25519");
    const before = log.length;
    expect(crypto.sharedSecret("x25519", privateKey, new Uint8Array(32))).toBeUndefined();
    expect(crypto.sharedSecret("x25519", privateKey, utf8("short"))).toBeUndefined();
    const { privateKey: own, publicKey: base } = crypto.keyPair("p256");
    const bad = concat(utf8("\u0004"), iv16);
    expect(crypto.sharedSecret("p256", own, bad)).toBeUndefined();
    expect(crypto.sharedPoint("p256", own, bad)).toBeUndefined();
    expect(crypto.addToPoint("p256", bad, own, base)).toBeUndefined();
    expect(crypto.subtractFromPoint("p256", bad, own, base)).toBeUndefined();
    expect(crypto.wholePoint("p256", bad)).toBeUndefined();
    expect(log.filter((op) => op.op === "shared-secret")).toEqual([]);
    expect(log.length).toBe(before + 2);
  });

  test("local mistakes throw", () => {
    const { crypto } = recorder();
    expect(() => crypto.xor(utf8("ab"), utf8("abc"))).toThrow(MisuseError);
    expect(() => crypto.seal("aes-gcm", utf8("short"), iv12, utf8("x"))).toThrow(MisuseError);
    expect(() => crypto.encrypt("aes-cbc", utf8("short"), iv16, utf8("x"))).toThrow(MisuseError);
  });

  test("randomness is the process's own", () => {
    const draw = (seed: string) => hex(recorder(seed).crypto.random(16));
    expect(draw("one")).toBe(draw("one"));
    expect(draw("one")).not.toBe(draw("two"));
    expect(recorder().crypto.randomInt(10)).toBeLessThan(10);
  });
});

test("withoutMemo ends even if its body throws", () => {
  expect(() =>
    withoutMemo(() => {
      throw new Error("inside");
    }),
  ).toThrow("inside");
  const { crypto } = recorder("after");
  expect(hex(crypto.hash("sha256", utf8("x")))).toBe(hex(crypto.hash("sha256", utf8("x"))));
});

test("a gate is told of every operation, in order", () => {
  const seen: string[] = [];
  const gate: Gate = {
    done: (op) => {
      seen.push(op.op);
    },
    failed: () => {
      seen.push("failed");
    },
    compare: (a, b) => {
      seen.push("compare");
      return a === b;
    },
  };
  const { crypto } = recorder("gate", gate);
  const key = crypto.random(32);
  const sealed = crypto.seal("aes-gcm", key, iv12, utf8("x"));
  crypto.open("aes-gcm", key, iv12, sealed);
  crypto.open("aes-gcm", key, iv12, key);
  crypto.equal(key, key);
  expect(seen).toEqual(expect.arrayContaining(["random", "aead", "failed", "compare"]));
});
