/** Offline guessing: what tells a right password from a wrong one, and what does not. */
import { describe, expect, test } from "vitest";
import { concat, fromHex, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { Lab } from "../testing/lab.ts";
import { offlineTest } from "./guess.ts";

const password = utf8("correct horse");
const iv = new Uint8Array(12);
/** A scalar that the password decides, as SPAKE2+ has it. */
const scalarOf = (c: CryptoKit): Uint8Array => {
  const wide = c.passwordHash({ ...pbkdf, length: 40 }, password, utf8("a public salt"));
  return c.reduceScalar("p256", wide);
};
/** Points of unknown discrete logarithm (RFC 9383 §4). */
const [base, otherBase] = [
  "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f",
  "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49",
].map((point) => fromHex(point) ?? iv) as [Uint8Array, Uint8Array];
const pbkdf = { kind: "pbkdf2", hash: "sha256", iterations: 2, length: 32 } as const;
const key32 = (c: CryptoKit, secret: Uint8Array) =>
  c.hkdf({ hash: "sha256", key: secret, info: utf8("login"), length: 32 });

const iv16 = new Uint8Array(16);
const padded = concat(password, new Uint8Array(32 - password.length));
/** Without a tag, under a key that the password decides. */
const ctr = (c: CryptoKit, content: Uint8Array, count = 0): Uint8Array =>
  c.encrypt("aes-ctr", key32(c, password), iv16.fill(count), content);

/** Does cryptography with the password and returns what is transmitted. */
type Exchange = (c: CryptoKit) => readonly Uint8Array[];

const testable: Record<string, readonly [Exchange, op: string, operations: number]> = {
  "a bare hash": [(c) => [c.hash("sha256", password)], "hash", 1],
  "a hash with a nonce in the clear": [
    (c) => {
      const nonce = c.random(16);
      return [nonce, c.hash("sha256", concat(password, nonce))];
    },
    "hash",
    1,
  ],
  "a truncated hash": [
    (c) => {
      const short = c.hash("sha256", password).slice(0, 12);
      // A party compares it, so a right guess can be distinguished.
      c.equal(short, short);
      return [short];
    },
    "hash",
    1,
  ],
  "a MAC keyed with it": [(c) => [c.hmac("sha256", password, utf8("hello"))], "hmac", 1],
  "a MAC over a challenge": [
    (c) => {
      const challenge = c.random(16);
      return [challenge, c.hmac("sha256", password, challenge)];
    },
    "hmac",
    1,
  ],
  "a stored verifier that leaks": [
    (c) => {
      const salt = c.random(16);
      return [concat(salt, c.passwordHash(pbkdf, password, salt))];
    },
    "password-hash",
    1,
  ],
  "a MAC under a derived key": [
    (c) => [c.hmac("sha256", key32(c, password), utf8("a constant"))],
    "hmac",
    2,
  ],
  "the tag of a ciphertext under a derived key": [
    (c) => [c.seal("chacha20-poly1305", key32(c, password), iv, utf8("whatever it says"))],
    "aead",
    2,
  ],
  "a ciphertext whose plaintext is secret": [
    (c) => [c.seal("chacha20-poly1305", key32(c, password), iv, c.random(40))],
    "aead",
    2,
  ],
  "a mask on a point that is known": [
    (c) => {
      const { publicKey } = c.keyPair("p256");
      return [publicKey, c.addToPoint("p256", publicKey, scalarOf(c), base) ?? iv];
    },
    "point-sum",
    3,
  ],
  "a mask on a point whose logarithm leaks": [
    (c) => {
      const { privateKey, publicKey } = c.keyPair("p256");
      const masked = c.addToPoint("p256", publicKey, scalarOf(c), base) ?? iv;
      return [privateKey, masked];
    },
    "point-sum",
    3,
  ],
  "one point under two masks": [
    (c) => {
      const { publicKey } = c.keyPair("p256");
      const scalar = scalarOf(c);
      return [base, otherBase].map((b) => c.addToPoint("p256", publicKey, scalar, b) ?? iv);
    },
    "point-sum",
    3,
  ],
  "a ciphertext under it whose associated data is unknown": [
    (c) => [c.seal("chacha20-poly1305", key32(c, password), iv, utf8("to bob"), c.random(16))],
    "aead",
    2,
  ],
  "the tag of a ciphertext under the password itself": [
    (c) => [c.seal("chacha20-poly1305", padded, iv, c.random(20), c.random(9))],
    "aead",
    1,
  ],
  "words under the password itself": [
    (c) => [c.encrypt("chacha20", padded, iv, utf8("open the door"))],
    "cipher",
    1,
  ],
  "a name before random bytes": [(c) => [ctr(c, concat(utf8("al"), c.random(32)))], "cipher", 2],
  "the padding after random bytes": [
    (c) => [c.encrypt("aes-cbc", key32(c, password), iv16, c.random(16))],
    "cipher",
    2,
  ],
  "a public key whose first byte says how it is written": [
    (c) => [ctr(c, c.keyPair("p256").publicKey)],
    "cipher",
    2,
  ],
  "random bytes that are sent in the clear as well": [
    (c) => {
      const nonce = c.random(16);
      return [ctr(c, nonce), nonce];
    },
    "cipher",
    2,
  ],
  "the same random bytes, encrypted twice": [
    (c) => {
      const nonce = c.random(16);
      return [ctr(c, nonce), ctr(c, nonce, 7)];
    },
    "cipher",
    2,
  ],
  "random bytes, and a MAC under them": [
    (c) => {
      const key = c.random(16);
      return [ctr(c, key), c.hmac("sha256", key, utf8("hello"))];
    },
    "hmac",
    3,
  ],
  "a pad on the password, and a MAC under the pad": [
    (c) => {
      const pad = c.random(password.length);
      return [c.xor(password, pad), c.hmac("sha256", pad, utf8("hello"))];
    },
    "hmac",
    2,
  ],
  "letters under a mask that it decides": [
    (c) => [c.xor(c.hash("sha256", password), c.randomText(32, "abcdefgh"))],
    "xor",
    2,
  ],
  "a part of a ciphertext under it": [
    (c) => {
      const cipher = ctr(c, utf8("forty bytes of text, more or less of it."));
      const part = cipher.slice(0, 20);
      c.equal(part, part);
      return [part];
    },
    "cipher",
    2,
  ],
  "a pad that it masks, and a hash of the pad": [
    (c) => {
      const [pad, masking] = [c.random(32), c.hash("sha256", password)];
      return [c.xor(masking, pad), c.hash("sha256", pad)];
    },
    "hash",
    3,
  ],
  "a mask on a pad that it decides as well": [
    (c) => [c.xor(c.hash("sha256", password), key32(c, password))],
    "xor",
    3,
  ],
  "a base64 text of its hash": [(c) => [c.encode("base64", c.hash("sha256", password))], "hash", 1],
};

const safe: Record<string, Exchange> = {
  "random bytes that it encrypts": (c) => [ctr(c, c.random(40))],
  "random bytes that it encrypts, decrypted elsewhere": (c) => {
    const sealed = ctr(c, c.random(40));
    c.decrypt("aes-ctr", key32(c, password), iv16, sealed);
    return [sealed];
  },
  "random bytes under the password itself": (c) => [c.encrypt("chacha20", padded, iv, c.random(9))],
  "what consists of random bytes, in a part of a ciphertext": (c) => {
    const sealed = ctr(c, concat(c.random(16), c.hash("sha256", c.random(8)).slice(0, 9)));
    c.equal(sealed.slice(0, 20), sealed.slice(0, 20));
    return [sealed.slice(0, 20)];
  },
  "an encrypted key exchange": (c) => {
    const [a, b] = [c.keyPair("x25519"), c.keyPair("x25519")];
    const shared = c.sharedSecret("x25519", a.privateKey, b.publicKey) ?? iv;
    const nonce = c.random(16);
    const confirmed = c.seal("chacha20-poly1305", key32(c, shared), iv, nonce);
    return [ctr(c, a.publicKey), ctr(c, concat(b.publicKey, c.random(16)), 7), confirmed];
  },
  "nothing transmitted": (c) => {
    c.hash("sha256", password);
    return [];
  },
  "a hash with a secret beside it": (c) => [c.hash("sha256", concat(password, c.random(16)))],
  "a MAC of it under a strong key": (c) => [c.hmac("sha256", c.random(32), password)],
  "a MAC under it over a secret of full strength": (c) => [
    c.hmac("sha256", key32(c, password), c.random(32)),
  ],
  "a hash that is not transmitted, beside what others sealed": (c) => {
    c.hash("sha256", password);
    const known = utf8("a key of exactly thirty-two byte");
    return [c.random(32), known].map((key) =>
      c.seal("chacha20-poly1305", key, iv, c.random(20), c.random(20)),
    );
  },
  "sealed under a strong key": (c) => [c.seal("chacha20-poly1305", c.random(32), iv, password)],
  "encrypted to a public key": (c) => {
    const { publicKey } = c.rsaKeyPair(2048, 2);
    return [publicKey, c.rsaEncrypt("sha256", publicKey, password) ?? iv];
  },
  "a key exchange that it does not touch": (c) => {
    const [a, b] = [c.keyPair("x25519"), c.keyPair("x25519")];
    const shared = c.sharedSecret("x25519", a.privateKey, b.publicKey) ?? iv;
    const key = key32(c, shared);
    return [a.publicKey, b.publicKey, c.seal("chacha20-poly1305", key, iv, password)];
  },
  "under a one-time pad": (c) => [c.xor(password, c.random(password.length))],
  "under a one-time pad, its hash computed beside it": (c) => {
    c.hash("sha256", password);
    return [c.xor(password, c.random(password.length))];
  },
  "hashed, under a one-time pad that is taken off elsewhere": (c) => {
    const [hashed, pad] = [c.hash("sha256", password), c.random(32)];
    const masked = c.xor(hashed, pad);
    c.xor(pad, masked);
    return [masked];
  },
  "a truncated hash that is compared, and not transmitted": (c) => {
    const short = c.hash("sha256", password).slice(0, 12);
    c.equal(short, short);
    return [];
  },
  "as a mask on a fresh point": (c) => [
    c.addToPoint("p256", c.keyPair("p256").publicKey, scalarOf(c), base) ?? iv,
  ],
  "as a mask on a fresh point that is taken off elsewhere": (c) => {
    const scalar = scalarOf(c);
    const masked = c.addToPoint("p256", c.keyPair("p256").publicKey, scalar, base) ?? iv;
    c.subtractFromPoint("p256", masked, scalar, base);
    return [masked];
  },
  "mixed with a secret of full strength": (c) => [
    c.hmac("sha256", c.hkdfExtract("sha256", c.random(32), password), utf8("confirm")),
  ],
};

describe("a guess can be tested against", () => {
  test.each(Object.entries(testable))("%s", (_, [exchange, op, operations]) => {
    const lab = new Lab();
    const wire = exchange(lab.crypto);
    const found = offlineTest(lab.seeing(wire, [password]), password);
    expect(found?.check.op).toBe(op);
    expect(found?.operationsPerGuess).toBe(operations);
  });
});

describe("a guess cannot be tested against", () => {
  test.each(Object.entries(safe))("%s", (_, exchange) => {
    const lab = new Lab();
    const wire = exchange(lab.crypto);
    expect(offlineTest(lab.seeing(wire, [password]), password)).toBeUndefined();
  });

  test("a password that is known needs no guessing", () => {
    const lab = new Lab();
    const digest = lab.crypto.hash("sha256", password);
    const knowledge = lab.seeing([digest, password], [password]);
    expect(offlineTest(knowledge, password)).toBeUndefined();
  });
});

describe("what a guess is tested against may be cut", () => {
  const bytes = 32;
  test.each([
    // Shorter values count as guessable: the lab does not look for them.
    [7, false],
    [8, true],
    [bytes - 1, true],
    [bytes, true],
  ])("to %s bytes", (length, isTestable) => {
    const lab = new Lab();
    const tag = lab.crypto.hmac("sha256", password, utf8("hello")).slice(0, length);
    lab.crypto.equal(tag, tag);
    const found = offlineTest(lab.seeing([tag], [password]), password);
    expect(found?.check.op).toBe(isTestable ? "hmac" : undefined);
  });
});

describe("a guess at the signer of a signature", () => {
  const lab = new Lab();
  const { privateKey, publicKey } = lab.crypto.signingKeyPair();
  const name = utf8("carol of the lake");
  const message = lab.crypto.random(20);
  const signature = lab.crypto.sign(privateKey, message);
  lab.crypto.verify(publicKey, message, signature);
  const tested = (seen: readonly Uint8Array[], ...guess: readonly Uint8Array[]) =>
    offlineTest(lab.seeing(seen), ...guess);

  test("is tested with the message and the signature", () => {
    const found = tested([message, signature], publicKey);
    expect(found?.check.op).toBe("verify");
    expect(found?.operationsPerGuess).toBe(1);
    expect(tested([message], publicKey)).toBeUndefined();
    expect(tested([signature], publicKey)).toBeUndefined();
  });

  test("may hold more than the key; a value known already is no guess", () => {
    expect(tested([message, signature, name], publicKey, name)?.check.op).toBe("verify");
    expect(tested([message, signature, publicKey], publicKey, name)).toBeUndefined();
    expect(tested([message, signature, publicKey], publicKey)).toBeUndefined();
  });
});
