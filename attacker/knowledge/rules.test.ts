/** One row per primitive: what suffices to compute it, what it gives away, and what does not. */
import { describe, expect, test } from "vitest";
import { bigintBytes, fromLatin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { Lab } from "../testing/lab.ts";

const iv12 = new Uint8Array(12);
const iv16 = new Uint8Array(16);
const text = utf8("attack at dawn, quietly");

/** Cryptography that this lab has not recorded. */
const elsewhere = () => new Lab("elsewhere").crypto;

/** A prime that is neither broken nor listed as weak: only the rule applies. */
const large = { modulus: 2n ** 521n - 1n, generator: 3n };
const withPeer = (c: CryptoKit, peer: bigint) => {
  const own = c.keyPair(large);
  const secret = c.sharedSecret(large, own.privateKey, bigintBytes(peer)) ?? utf8("");
  return { private: own.privateKey, own: own.publicKey, secret };
};

interface Case {
  /** @returns named values: what `see` and the expectations speak about. */
  readonly make: (crypto: CryptoKit, record: readonly OpRecord[]) => Record<string, Uint8Array>;
  /** Values seen together, and what they give or do not give. */
  readonly gives: readonly (readonly [seen: string, value: string])[];
  readonly keeps: readonly (readonly [seen: string, value: string])[];
}

const pair = (crypto: CryptoKit, group: Parameters<CryptoKit["keyPair"]>[0]) => {
  const [a, b] = [crypto.keyPair(group), crypto.keyPair(group)];
  const secret = crypto.sharedSecret(group, a.privateKey, b.publicKey) ?? utf8("");
  return {
    a: a.privateKey,
    A: a.publicKey,
    b: b.privateKey,
    B: b.publicKey,
    secret,
  };
};

/** What has to be known to mask a point; the base is a point of unknown private key. */
const maskable = (c: CryptoKit) => ({
  point: c.keyPair("p256").publicKey,
  scalar: c.reduceScalar("p256", c.random(40)),
  base: c.keyPair("p256").publicKey,
});

const encapsulated = (crypto: CryptoKit) => {
  const { privateKey, publicKey } = crypto.kemKeyPair("ml-kem-768");
  const made = crypto.encapsulate("ml-kem-768", publicKey);
  return {
    private: privateKey,
    public: publicKey,
    cipher: made?.ciphertext ?? utf8(""),
    secret: made?.sharedSecret ?? utf8(""),
  };
};

const kemCoins = (record: readonly OpRecord[]): Uint8Array =>
  fromLatin1(record.find((op) => op.op === "kem-secret")?.inputs[1] ?? "");

const cases: Record<string, Case> = {
  random: {
    make: (c) => ({ value: c.random(16), other: c.random(16) }),
    gives: [["value", "value"]],
    keeps: [["other", "value"]],
  },
  hash: {
    make: (c) => {
      const data = c.random(16);
      return { data, digest: c.hash("sha256", data) };
    },
    gives: [["data", "digest"]],
    keeps: [["digest", "data"]],
  },
  hmac: {
    make: (c) => {
      const [key, data] = [c.random(16), c.random(16)];
      return { key, data, tag: c.hmac("sha256", key, data) };
    },
    gives: [["key data", "tag"]],
    keeps: [
      ["key", "tag"],
      ["data", "tag"],
      ["tag data", "key"],
    ],
  },
  kdf: {
    make: (c) => {
      const [key, salt] = [c.random(32), c.random(16)];
      const derived = c.hkdf({ hash: "sha256", key, salt, info: utf8("use"), length: 32 });
      const extracted = c.hkdfExtract("sha256", key, salt);
      const expanded = c.hkdfExpand("sha256", extracted, utf8("more"), 16);
      return { key, salt, derived, extracted, expanded };
    },
    gives: [
      ["key salt", "derived"],
      ["key salt", "expanded"],
      ["extracted", "expanded"],
    ],
    keeps: [
      ["key", "derived"],
      ["salt derived", "key"],
      ["expanded salt", "extracted"],
    ],
  },
  "public-key": {
    make: (c) => {
      const { privateKey, publicKey } = c.keyPair("x25519");
      return { private: privateKey, public: publicKey };
    },
    gives: [["private", "public"]],
    keeps: [["public", "private"]],
  },
  "shared-secret": {
    make: (c) => pair(c, "x25519"),
    gives: [
      ["a B", "secret"],
      ["b A", "secret"],
    ],
    keeps: [
      ["A B", "secret"],
      ["a", "secret"],
      ["b", "secret"],
    ],
  },
  "shared-secret with a key that was not made here": {
    make: (c) => {
      const own = c.keyPair("x25519");
      const peer = elsewhere().keyPair("x25519").publicKey;
      const secret = c.sharedSecret("x25519", own.privateKey, peer) ?? utf8("");
      return { a: own.privateKey, A: own.publicKey, secret };
    },
    gives: [["a", "secret"]],
    keeps: [["A", "secret"]],
  },
  "shared-secret, whose own public key was never made": {
    make: (c) => {
      const [own, peer] = [c.random(32), c.keyPair("x25519")];
      const secret = c.sharedSecret("x25519", own, peer.publicKey) ?? utf8("");
      return { a: own, b: peer.privateKey, B: peer.publicKey, secret };
    },
    gives: [["a B", "secret"]],
    keeps: [["b B", "secret"]],
  },
  "shared-secret, where each end computes it": {
    make: (c) => {
      const made = pair(c, "p256");
      c.sharedSecret("p256", made.b, made.A);
      return made;
    },
    gives: [
      ["a A B", "secret"],
      ["b A B", "secret"],
    ],
    keeps: [["A B", "secret"]],
  },
  ...Object.fromEntries(
    [0n, 1n, large.modulus - 1n, large.modulus, large.modulus + 1n].map(
      (peer, nth): [string, Case] => [
        `shared-secret with a trivial element of a field, no. ${nth}`,
        { make: (c) => withPeer(c, peer), gives: [["own", "secret"]], keeps: [] },
      ],
    ),
  ),
  ...Object.fromEntries(
    [5n, large.modulus - 5n].map((peer, nth): [string, Case] => [
      `shared-secret with an element of a field that is not trivial, no. ${nth}`,
      {
        make: (c) => withPeer(c, peer),
        gives: [["private", "secret"]],
        keeps: [["own", "secret"]],
      },
    ]),
  ),
  "shared-secret as a whole point": {
    make: (c) => {
      const [a, b] = [c.keyPair("p256"), c.keyPair("p256")];
      const secret = c.sharedPoint("p256", a.privateKey, b.publicKey) ?? utf8("");
      const whole = c.wholePoint("p256", secret) ?? utf8("");
      return { a: a.privateKey, A: a.publicKey, b: b.privateKey, B: b.publicKey, secret, whole };
    },
    gives: [
      ["a B", "whole"],
      ["b A", "whole"],
      ["whole", "secret"],
      ["secret", "whole"],
    ],
    keeps: [
      ["A B", "secret"],
      ["A B", "whole"],
    ],
  },
  "point-sum, where a mask is put on": {
    make: (c) => {
      const { point, scalar, base } = maskable(c);
      return { point, scalar, base, masked: c.addToPoint("p256", point, scalar, base) ?? base };
    },
    gives: [
      ["point scalar base", "masked"],
      ["masked scalar base", "point"],
    ],
    keeps: [
      ["point base", "masked"],
      ["masked base", "point"],
      ["scalar base", "masked"],
      ["point masked base", "scalar"],
    ],
  },
  "point-sum, where a mask is taken off": {
    make: (c) => {
      const { point: masked, scalar, base } = maskable(c);
      const point = c.subtractFromPoint("p256", masked, scalar, base) ?? base;
      return { point, scalar, base, masked };
    },
    gives: [
      ["masked scalar base", "point"],
      ["point scalar base", "masked"],
    ],
    keeps: [
      ["masked base", "point"],
      ["point base", "masked"],
      ["point masked base", "scalar"],
    ],
  },
  reduce: {
    make: (c) => {
      const wide = c.random(40);
      return { wide, scalar: c.reduceScalar("p256", wide) };
    },
    gives: [["wide", "scalar"]],
    keeps: [["scalar", "wide"]],
  },
  sign: {
    make: (c) => {
      const { privateKey, publicKey } = c.signingKeyPair();
      const signature = c.sign(privateKey, text);
      c.verify(publicKey, text, signature);
      return { private: privateKey, public: publicKey, signature };
    },
    gives: [
      ["private", "signature"],
      ["private", "public"],
    ],
    keeps: [
      ["public", "signature"],
      ["public signature", "private"],
    ],
  },
  aead: {
    make: (c) => {
      const [key, plain] = [c.random(32), c.random(20)];
      return { key, plain, sealed: c.seal("aes-gcm", key, iv12, plain) };
    },
    gives: [
      ["sealed key", "plain"],
      ["key plain", "sealed"],
    ],
    keeps: [
      ["sealed", "plain"],
      ["sealed plain", "key"],
      ["key", "plain"],
      ["plain", "sealed"],
    ],
  },
  "aead with associated data that is secret": {
    make: (c) => {
      const [key, data, plain] = [c.random(32), c.random(20), c.random(20)];
      return { key, data, plain, sealed: c.seal("aes-gcm", key, iv12, plain, data) };
    },
    gives: [
      ["key data plain", "sealed"],
      // Decryption without looking at the tag.
      ["sealed key", "plain"],
    ],
    keeps: [
      ["key plain", "sealed"],
      ["data plain", "sealed"],
      ["key data", "sealed"],
      ["sealed key", "data"],
      ["sealed data", "plain"],
    ],
  },
  "aead, recorded by the receiver": {
    make: (c) => {
      const [key, plain] = [c.random(32), c.random(20)];
      const sealed = c.seal("chacha20-poly1305", key, iv12, plain, utf8("header"));
      c.open("chacha20-poly1305", key, iv12, sealed, utf8("header"));
      return { key, plain, sealed };
    },
    gives: [["sealed key", "plain"]],
    keeps: [["sealed", "plain"]],
  },
  cipher: {
    make: (c) => {
      const [key, plain] = [c.random(32), c.random(20)];
      return { key, plain, cipher: c.encrypt("aes-cfb8", key, iv16, plain) };
    },
    gives: [
      ["cipher key", "plain"],
      ["plain key", "cipher"],
    ],
    keeps: [
      ["cipher", "plain"],
      ["cipher plain", "key"],
      ["key", "cipher"],
      ["plain", "cipher"],
      ["key", "plain"],
    ],
  },
  "cipher, recorded only where it is decrypted": {
    make: (c) => {
      const [key, cipher] = [c.random(32), elsewhere().random(20)];
      return { key, cipher, plain: c.decrypt("aes-cfb8", key, iv16, cipher) ?? utf8("") };
    },
    gives: [
      ["cipher key", "plain"],
      ["plain key", "cipher"],
    ],
    keeps: [
      ["cipher", "plain"],
      ["key", "plain"],
      ["plain", "cipher"],
    ],
  },
  "pk-encrypt": {
    make: (c, record) => {
      const { privateKey, publicKey } = c.rsaKeyPair(2048, 0);
      const plain = c.random(20);
      const cipher = c.rsaEncrypt("sha256", publicKey, plain) ?? utf8("");
      const coins = fromLatin1(record.at(-1)?.inputs[2] ?? "");
      return { private: privateKey, public: publicKey, plain, cipher, coins };
    },
    gives: [
      ["cipher private", "plain"],
      ["public plain coins", "cipher"],
    ],
    keeps: [
      ["cipher public", "plain"],
      ["cipher coins public", "plain"],
      ["private", "plain"],
      ["plain public", "cipher"],
      ["plain coins", "cipher"],
      ["public coins", "cipher"],
    ],
  },
  "pk-encrypt to a key that was not made here": {
    make: (c) => {
      const plain = c.random(20);
      const { publicKey } = elsewhere().rsaKeyPair(2048, 6);
      return { plain, cipher: c.rsaEncrypt("sha256", publicKey, plain) ?? utf8("") };
    },
    gives: [],
    keeps: [["cipher", "plain"]],
  },
  "pk-encrypt, recorded only where it is decrypted": {
    make: (c) => {
      const { privateKey, publicKey } = c.rsaKeyPair(2048, 3);
      const cipher = elsewhere().rsaEncrypt("sha256", publicKey, elsewhere().random(20));
      const plain = c.rsaDecrypt("sha256", privateKey, cipher ?? utf8("")) ?? utf8("");
      return { private: privateKey, public: publicKey, plain, cipher: cipher ?? utf8("") };
    },
    gives: [["cipher private", "plain"]],
    keeps: [
      ["cipher public", "plain"],
      // The randomness of the encryption is not in the record.
      ["private plain", "cipher"],
    ],
  },
  "pk-encrypt, recorded by the receiver": {
    make: (c) => {
      const { privateKey, publicKey } = c.rsaKeyPair(2048, 1);
      const plain = c.random(20);
      const cipher = c.rsaEncrypt("sha1", publicKey, plain) ?? utf8("");
      c.rsaDecrypt("sha1", privateKey, cipher);
      return { private: privateKey, public: publicKey, plain, cipher };
    },
    gives: [["cipher private", "plain"]],
    keeps: [["cipher public", "plain"]],
  },
  mac: {
    make: (c) => {
      const [key, data] = [c.random(16), c.random(20)];
      return { key, data, tag: c.cmac(key, data) };
    },
    gives: [["key data", "tag"]],
    keeps: [
      ["key", "tag"],
      ["data", "tag"],
      ["tag data", "key"],
      ["tag key", "data"],
    ],
  },
  "kem-ciphertext": {
    make: (c, record) => ({ ...encapsulated(c), coins: kemCoins(record) }),
    gives: [
      ["public coins", "cipher"],
      ["public coins", "secret"],
    ],
    keeps: [
      ["public", "cipher"],
      ["coins", "cipher"],
      ["coins", "secret"],
      ["cipher public", "secret"],
      ["secret public", "cipher"],
    ],
  },
  "kem-secret for a key that is not recorded": {
    make: (c) => {
      const { publicKey } = elsewhere().kemKeyPair("ml-kem-768");
      const made = c.encapsulate("ml-kem-768", publicKey);
      return { cipher: made?.ciphertext ?? utf8(""), secret: made?.sharedSecret ?? utf8("") };
    },
    gives: [],
    keeps: [["cipher", "secret"]],
  },
  "kem-secret": {
    make: (c) => encapsulated(c),
    gives: [["cipher private", "secret"]],
    keeps: [
      ["cipher", "secret"],
      ["private", "secret"],
      ["cipher secret public", "private"],
    ],
  },
  "kem-secret, recorded by the receiver": {
    make: (c) => {
      const made = encapsulated(c);
      c.decapsulate("ml-kem-768", made.private, made.cipher);
      return made;
    },
    gives: [["cipher private", "secret"]],
    keeps: [
      ["cipher", "secret"],
      ["private", "secret"],
    ],
  },
  "kem-secret, of a forged ciphertext": {
    make: (c) => {
      const made = encapsulated(c);
      const forged = made.cipher.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      const secret = c.decapsulate("ml-kem-768", made.private, forged) ?? utf8("");
      return { private: made.private, forged, secret };
    },
    gives: [["forged private", "secret"]],
    keeps: [["forged", "secret"]],
  },
  "aead with the tag in front": {
    make: (c) => {
      const [key, nonce, plain] = [c.random(32), c.random(24), c.random(20)];
      const sealed = c.seal("xsalsa20-poly1305", key, nonce, plain);
      return { key, plain, sealed, withoutTag: sealed.slice(16), onlyTag: sealed.slice(0, 16) };
    },
    gives: [
      ["sealed key", "plain"],
      ["withoutTag key", "plain"],
      ["key plain", "sealed"],
    ],
    keeps: [
      ["onlyTag key", "plain"],
      ["withoutTag plain", "sealed"],
    ],
  },
  "sign with coins": {
    make: (c) => {
      const { privateKey, publicKey } = c.rsaKeyPair(2048, 2);
      const message = c.random(20);
      return {
        private: privateKey,
        public: publicKey,
        message,
        signature: c.sign(privateKey, message, "rsa-pss-sha256"),
      };
    },
    gives: [],
    keeps: [
      ["public message", "signature"],
      ["signature public", "private"],
    ],
  },
  "password-hash": {
    make: (c) => {
      const [password, salt] = [c.random(12), c.random(16)];
      const how = { kind: "pbkdf2", hash: "sha256", iterations: 2, length: 32 } as const;
      return { password, salt, hashed: c.passwordHash(how, password, salt) };
    },
    gives: [["password salt", "hashed"]],
    keeps: [
      ["hashed salt", "password"],
      ["password", "hashed"],
    ],
  },
  xor: {
    make: (c) => {
      const [one, other] = [c.random(16), c.random(16)];
      return { one, other, both: c.xor(one, other) };
    },
    gives: [
      ["one other", "both"],
      ["both one", "other"],
      ["both other", "one"],
    ],
    keeps: [
      ["both", "one"],
      ["both", "other"],
      ["one", "other"],
      ["one", "both"],
      ["other", "both"],
    ],
  },
  encode: {
    make: (c) => {
      const data = c.random(16);
      return {
        data,
        base64: c.encode("base64", data),
        hex: c.encode("hex", data),
        decimal: c.encode("decimal", data),
        other: c.random(16),
      };
    },
    gives: [
      ["data", "base64"],
      ["base64", "data"],
      ["hex", "data"],
      ["decimal", "data"],
      ["hex", "base64"],
    ],
    keeps: [["other", "hex"]],
  },
  verify: {
    make: (c) => {
      const { privateKey, publicKey } = c.signingKeyPair();
      const message = c.random(20);
      const signature = c.sign(privateKey, message);
      c.verify(publicKey, message, signature);
      return { public: publicKey, message, signature };
    },
    gives: [],
    keeps: [["public signature", "message"]],
  },
  compare: {
    make: (c) => {
      const [secret, shown] = [c.random(16), c.random(16)];
      c.equal(secret, secret);
      return { secret, shown };
    },
    gives: [],
    keeps: [["shown", "secret"]],
  },
};

const lookedUp = (values: Record<string, Uint8Array>, name: string): Uint8Array => {
  const value = values[name];
  if (value === undefined) throw new Error(`the case makes no ${name}`);
  return value;
};

const rows = (kind: "gives" | "keeps") =>
  Object.entries(cases).flatMap(([name, c]) => c[kind].map((row) => [name, ...row] as const));

describe("every kind of operation", () => {
  test("has a case", () => {
    const named = new Set(Object.keys(cases).map((name) => name.replace(/[, ].*/, "")));
    expect([...named].sort()).toEqual(Object.keys(operations).sort());
  });

  const derivable = (name: string, seen: string, value: string): boolean => {
    const lab = new Lab();
    const values = cases[name]?.make(lab.crypto, lab.log) ?? {};
    const knowledge = lab.seeing(seen.split(" ").map((s) => lookedUp(values, s)));
    return knowledge.derivable(lookedUp(values, value));
  };
  test.each(rows("gives"))("%s: who has %s has %s", (name, seen, value) => {
    expect(derivable(name, seen, value)).toBe(true);
  });
  test.each(rows("keeps"))("%s: who has %s does not have %s", (name, seen, value) => {
    expect(derivable(name, seen, value)).toBe(false);
  });
});
