/** Deduction: parsing, decoding, building, slices, short values, weak groups, and its laws. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bigintBytes, bytesBigint, concat, hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { Lab } from "../testing/lab.ts";
import { computeCost } from "./compute-cost.ts";
import { discreteLog } from "./discrete-log.ts";
import { Knowledge } from "./knowledge.ts";

const iv = new Uint8Array(12);
const iv16 = new Uint8Array(16);
const seal = (lab: Lab, key: Uint8Array, plain: Uint8Array) =>
  lab.crypto.seal("chacha20-poly1305", key, iv, plain);

describe("parsing", () => {
  test("a recorded value is found anywhere in a message", () => {
    const lab = new Lab();
    const [key, other] = [lab.crypto.random(32), lab.crypto.random(32)];
    const packet = concat(utf8("key="), key, utf8(";end"));
    expect(lab.seeing([packet]).derivable(key)).toBe(true);
    expect(lab.seeing([packet]).derivable(other)).toBe(false);
    expect(lab.seeing([packet.slice(0, -5)]).derivable(key)).toBe(false);
  });

  test("also when it is recorded only after it was seen", () => {
    const lab = new Lab();
    const knowledge = new Knowledge([]);
    const key = lab.crypto.random(16);
    knowledge.observe(concat(utf8("x"), key));
    const digest = lab.crypto.hash("sha256", key);
    for (const op of lab.log) knowledge.learnOperation(op);
    expect(knowledge.derivable(digest)).toBe(true);
  });

  test("values that begin alike are distinguished", () => {
    const lab = new Lab();
    const seen = [];
    for (let i = 0; i < 30; i++) {
      const value = lab.crypto.encode("hex", concat(utf8("same"), lab.crypto.random(8)));
      if (i % 2 === 0) seen.push(value);
    }
    const knowledge = lab.seeing([concat(...seen)]);
    const encodings = lab.log.filter((op) => op.op === "encode");
    expect(encodings.map((op) => knowledge.has(op.output))).toEqual(
      encodings.map((_, i) => i % 2 === 0),
    );
  });
});

describe("slices", () => {
  const lab = new Lab();
  const mac = lab.crypto.hmac("sha256", lab.crypto.random(32), utf8("cookie"));
  const cut = mac.slice(0, 12);
  const built = concat(utf8("header"), cut, utf8("trailer"));

  test("a truncated value that was seen can be sent on, in whatever it is put", () => {
    const knowledge = lab.seeing([concat(utf8("81"), cut)]);
    expect(knowledge.derivable(cut)).toBe(true);
    expect(knowledge.derivable(built)).toBe(true);
    expect(knowledge.derivable(mac)).toBe(false);
  });

  test("one that was not seen cannot, and neither can another slice", () => {
    expect(lab.seeing([]).derivable(built)).toBe(false);
    expect(lab.seeing([mac.slice(16)]).derivable(built)).toBe(false);
    expect(lab.seeing([cut.slice(0, 8)]).derivable(built)).toBe(false);
  });

  test("a value seen in pieces is reassembled, if no piece is missing", () => {
    const key = lab.crypto.random(32);
    const digest = lab.crypto.hash("sha256", key);
    const [one, two, three] = [key.slice(0, 10), key.slice(10, 21), key.slice(21)];
    const framed = (piece: Uint8Array): Uint8Array => concat(utf8("R1:"), piece, new Uint8Array(6));
    expect(lab.seeing([one, two, three].map(framed)).derivable(digest)).toBe(true);
    expect(lab.seeing([three, one, two].map(framed)).derivable(digest)).toBe(true);
    expect(lab.seeing([one, three].map(framed)).derivable(digest)).toBe(false);
    expect(lab.seeing([two, three].map(framed)).derivable(digest)).toBe(false);
  });

  test.each([
    ["a last piece of four bytes", [10, 28], true],
    ["a last piece of three bytes", [10, 29], false],
    ["a piece of eight bytes in between", [12, 20], true],
    ["a piece of seven bytes in between", [12, 19], false],
    ["a first piece of eight bytes", [8, 20], true],
    ["a first piece of seven bytes", [7, 20], false],
  ])("%s", (_, [first = 0, second = 0], isJoined) => {
    const own = new Lab();
    const key = own.crypto.random(32);
    const digest = own.crypto.hash("sha256", key);
    const pieces = [key.slice(0, first), key.slice(first, second), key.slice(second)];
    const framed = pieces.map((piece, i) => concat(utf8(`packet ${i}:`), piece, new Uint8Array(6)));
    expect(own.seeing(framed).derivable(digest)).toBe(isJoined);
    expect(own.seeing(pieces).derivable(digest)).toBe(isJoined);
    // A shorter beginning, or the same one again, takes nothing away.
    expect(own.seeing([...framed, key.slice(0, 8)]).derivable(digest)).toBe(isJoined || first < 8);
    expect(own.seeing([key.slice(0, 8), ...framed]).derivable(digest)).toBe(isJoined || first < 8);
  });

  test("what is asked about has not been seen for that", () => {
    const key = lab.crypto.random(32);
    const knowledge = lab.seeing([key.slice(16)]);
    expect(knowledge.derivable(concat(key.slice(0, 16), utf8("!")))).toBe(false);
    knowledge.observe(utf8("something else that comes later"));
    expect(knowledge.derivable(key)).toBe(false);
  });

  test("the last eight bytes of a secret are a slice like any other", () => {
    expect(lab.seeing([]).derivable(mac.slice(-8))).toBe(false);
    expect(lab.seeing([mac.slice(-8)]).derivable(mac.slice(-8))).toBe(true);
    expect(lab.seeing([]).derivable(mac.slice(-7))).toBe(true);
  });

  test("asking too early does not matter", () => {
    const knowledge = lab.seeing([]);
    expect(knowledge.derivable(built)).toBe(false);
    knowledge.observe(cut);
    expect(knowledge.derivable(built)).toBe(true);
  });

  test("markers are found, and are not secret", () => {
    const name = utf8("alice of the lake");
    const knowledge = new Knowledge([], [name]);
    const digest = lab.crypto.hash("sha256", concat(utf8("hello "), name));
    for (const op of lab.log) knowledge.learnOperation(op);
    expect(knowledge.derivable(digest)).toBe(true);
    expect(knowledge.knows(latin1(name))).toBe(false);
    knowledge.observe(concat(utf8("from "), name));
    expect(knowledge.knows(latin1(name))).toBe(true);
  });

  test("a marker that the attacker wrote itself is not read, until others send it", () => {
    const name = utf8("alice of the lake");
    const own = new Lab();
    const token = own.crypto.encode("base64url", concat(utf8('{"iss":"'), name, utf8('"}')));
    const request = concat(utf8("token "), token);
    const knowledge = new Knowledge([], [name]);
    for (const op of own.log) knowledge.learnOperation(op);
    expect(knowledge.knows(latin1(token))).toBe(true);
    expect(knowledge.knows(latin1(name))).toBe(false);
    knowledge.observe(request);
    expect(knowledge.knows(latin1(name))).toBe(true);
  });
});

describe("names", () => {
  const name = utf8("alice of the lake");
  const told = (markers: readonly Uint8Array[], seen: readonly Uint8Array[], lab = new Lab()) => {
    const knowledge = new Knowledge([], markers);
    for (const op of lab.log) knowledge.learnOperation(op);
    for (const bytes of seen) knowledge.observe(bytes);
    return (value: Uint8Array) => knowledge.knows(latin1(value));
  };

  test("are looked for from four bytes on", () => {
    expect(told([utf8("carl")], [utf8("hello carl")])(utf8("carl"))).toBe(true);
    expect(told([utf8("bob")], [utf8("hello bob")])(utf8("bob"))).toBe(false);
  });

  test("are read in what was encrypted by others, and not in what the attacker can encrypt", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const sealed = seal(lab, key, concat(utf8("from "), name));
    expect(told([name], [sealed], lab)(name)).toBe(false);
    expect(told([name], [sealed, key], lab)(name)).toBe(true);
    expect(told([name], [key], lab)(name)).toBe(false);
    expect(told([name], [key], lab)(sealed)).toBe(true);
  });

  test("are read in what the attacker could compute, once it comes from others as it is", () => {
    const lab = new Lab();
    const claim = concat(utf8('"iss":"'), name, utf8('"'));
    // It is recorded, so that it is a value of its own within the token.
    lab.crypto.hash("sha256", claim);
    const token = lab.crypto.encode("base64url", concat(utf8("{"), claim, utf8("}")));
    expect(told([name], [], lab)(token)).toBe(true);
    expect(told([name], [], lab)(name)).toBe(false);
    const knowledge = new Knowledge([], [name]);
    for (const op of lab.log) knowledge.learnOperation(op);
    expect(knowledge.knows(latin1(token))).toBe(true);
    expect(knowledge.knows(latin1(name))).toBe(false);
    knowledge.observe(token);
    expect(knowledge.knows(latin1(name))).toBe(true);
  });

  test("are read in text within text", () => {
    const written = (bytes: Uint8Array) => utf8(JSON.stringify({ a: hex(bytes) }));
    expect(told([name], [written(written(name))])(name)).toBe(true);
    expect(told([name], [written(written(utf8("bobby of the lake")))])(name)).toBe(false);
  });
});

describe("decoding", () => {
  const lab = new Lab();
  const key = lab.crypto.random(24);
  test.each([
    ["base64", Buffer.from(key).toString("base64")],
    ["base64url", Buffer.from(key).toString("base64url")],
    ["hex", hex(key)],
    ["upper-case hex", hex(key).toUpperCase()],
    ["decimal", bytesBigint(key).toString()],
    ["a JSON string", JSON.stringify({ a: [{ k: hex(key) }] })],
    ["a separated field", `login,${hex(key)},now`],
    ["base64 in JSON in base64", Buffer.from(`{"k":"${hex(key)}"}`).toString("base64")],
  ])("%s", (_, written) => {
    expect(lab.seeing([utf8(written)]).derivable(key)).toBe(true);
    const wrong = written.replace(/[1-9a-f](?=[^1-9a-f]*$)/i, "0");
    expect(lab.seeing([utf8(wrong)]).derivable(key)).toBe(false);
  });
});

describe("building", () => {
  test("a concatenation is derivable when its secret parts are; the rest is constant", () => {
    const lab = new Lab();
    const [a, b] = [lab.crypto.random(16), lab.crypto.random(16)];
    const built = concat(utf8("label one"), a, utf8("/"), b);
    const tag = lab.crypto.hash("sha256", built);
    expect(lab.seeing([a, b]).derivable(tag)).toBe(true);
    expect(lab.seeing([a]).derivable(tag)).toBe(false);
    expect(lab.seeing([b]).derivable(built)).toBe(false);
    expect(lab.seeing([]).derivable(utf8("label one, a constant of the protocol"))).toBe(true);
  });

  test("a slice of key material takes the whole of it", () => {
    const lab = new Lab();
    const master = lab.crypto.random(32);
    const material = lab.crypto.hkdf({ hash: "sha256", key: master, length: 64 });
    const [one, two] = [material.slice(0, 32), material.slice(32)];
    const sealed = seal(lab, two, utf8("a secret text"));
    expect(lab.seeing([sealed]).derivable(two)).toBe(false);
    expect(lab.seeing([sealed, one]).derivable(two)).toBe(false);
    expect(lab.seeing([sealed, master]).derivable(two)).toBe(true);
    expect(lab.seeing([sealed, two]).derivable(utf8("a secret text"))).toBe(true);
  });

  test("a key made of something known and a slice of something secret is secret", () => {
    const lab = new Lab();
    const nonce = lab.crypto.random(16);
    const digest = lab.crypto.hash("sha256", lab.crypto.random(32));
    const key = concat(nonce, digest.slice(8, 24));
    const plain = utf8("hidden well");
    const sealed = seal(lab, key, plain);
    expect(lab.seeing([nonce, sealed], [plain]).derivable(key)).toBe(false);
    expect(lab.seeing([nonce, sealed], [plain]).derivable(plain)).toBe(false);
    expect(lab.seeing([nonce, digest, sealed], [plain]).derivable(plain)).toBe(true);
    const three = concat(digest.slice(0, 12), nonce, utf8("!"), digest.slice(20));
    lab.crypto.hmac("sha256", three, nonce);
    expect(lab.seeing([nonce]).derivable(three)).toBe(false);
    expect(lab.seeing([nonce, digest]).derivable(three)).toBe(true);
  });

  test("slices of two secrets need both", () => {
    const lab = new Lab();
    const [a, b] = [lab.crypto.random(32), lab.crypto.random(32)];
    const key = concat(a.slice(0, 16), b.slice(0, 16));
    lab.crypto.hmac("sha256", key, iv);
    expect(lab.seeing([a]).derivable(key)).toBe(false);
    expect(lab.seeing([b]).derivable(key)).toBe(false);
    expect(lab.seeing([a, b]).derivable(key)).toBe(true);
  });

  test("what is written in another alphabet is no constant for that", () => {
    const lab = new Lab();
    const mac = lab.crypto.hmac("sha256", lab.crypto.random(32), utf8("cookie"));
    // Written by the protocol's own code, which is not recorded.
    const written = (bytes: Uint8Array): Uint8Array =>
      utf8(
        JSON.stringify({ id: 7, mac: hex(bytes), again: Buffer.from(bytes).toString("base64") }),
      );
    for (const part of [mac, mac.slice(0, 16)]) {
      expect(lab.seeing([]).derivable(written(part))).toBe(false);
      expect(lab.seeing([concat(utf8("mac="), part)]).derivable(written(part))).toBe(true);
      expect(lab.seeing([written(part)]).derivable(utf8(hex(part)))).toBe(true);
    }
  });

  test("padding is not secret", () => {
    const lab = new Lab();
    lab.crypto.xor(lab.crypto.random(32), new Uint8Array(32));
    expect(lab.seeing([]).derivable(new Uint8Array(40))).toBe(true);
  });
});

describe("short values", () => {
  test("below eight bytes they can be guessed", () => {
    const lab = new Lab();
    const [short, long] = [lab.crypto.random(7), lab.crypto.random(8)];
    lab.crypto.hash("sha256", short);
    lab.crypto.hash("sha256", long);
    expect(lab.seeing([]).derivable(short)).toBe(true);
    expect(lab.seeing([]).derivable(long)).toBe(false);
  });

  test("declared secrets are looked for from four bytes on", () => {
    const pin = utf8("4711");
    const lab = new Lab();
    const sealed = seal(lab, lab.crypto.random(32), pin);
    expect(lab.seeing([sealed], [pin]).derivable(pin)).toBe(false);
    expect(lab.seeing([sealed], [pin]).derivable(utf8("x4711y"))).toBe(false);
    expect(lab.seeing([utf8("the pin is 4711.")], [pin]).derivable(pin)).toBe(true);
    expect(lab.seeing([utf8("the pin is 4712.")], [pin]).derivable(pin)).toBe(false);
    expect(lab.seeing([], [utf8("abc")]).derivable(utf8("abc"))).toBe(true);
  });
});

describe("short values: what is made of a declared secret", () => {
  test.each([
    ["three bytes are guessed all the same", "abc", true],
    ["four bytes are no guess", "abcd", false],
    ["nor are seven", "abcdefg", false],
    ["nor eight", "abcdefgh", false],
  ])("%s", (_, content, isDerivable) => {
    const lab = new Lab();
    const cipher = lab.crypto.encrypt("aes-ctr", lab.crypto.random(32), iv16, utf8(content));
    expect(lab.seeing([], [utf8(content)]).derivable(cipher)).toBe(isDerivable);
    // Of what is no secret, less than eight bytes can be guessed.
    expect(lab.seeing([], []).derivable(cipher)).toBe(content.length < 8);
    expect(lab.seeing([cipher], [utf8(content)]).derivable(cipher)).toBe(true);
  });

  test("a pin is found at the very end, and as all there is", () => {
    const pin = utf8("4711");
    const lab = new Lab();
    lab.crypto.hash("sha256", pin);
    for (const seen of ["pin:4711", "4711", "4711!"]) {
      expect(lab.seeing([utf8(seen)], [pin]).knows(latin1(pin))).toBe(true);
    }
    expect(lab.seeing([utf8("471")], [pin]).knows(latin1(pin))).toBe(false);
  });
});

describe("decrypting what no honest party encrypted", () => {
  test("makes a value as secret as the key, and not a constant", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const nonce = new Uint8Array(16);
    const plain = utf8("move ten units to store four");
    const cipher = lab.crypto.encrypt("aes-ctr", key, nonce, plain);
    const tampered = cipher.slice();
    tampered[5] = (tampered[5] ?? 0) ^ 1;
    const opened = lab.crypto.decrypt("aes-ctr", key, nonce, tampered);
    if (opened === undefined) throw new Error("a stream cipher opens everything");
    lab.crypto.hash("sha256", opened);
    expect(lab.seeing([cipher, tampered], [plain]).derivable(opened)).toBe(false);
    expect(lab.seeing([cipher, tampered], [plain]).derivable(plain)).toBe(false);
    expect(lab.seeing([tampered, key], [plain]).derivable(opened)).toBe(true);
  });

  /** What goes in, and how honest code comes to a plaintext that looks like a constant. */
  type Opening = (c: CryptoKit) => readonly [key: Uint8Array, cipher: Uint8Array, open: () => void];
  const openings: Record<string, (plain: Uint8Array, by: CryptoKit) => Opening> = {
    cipher: (plain, by) => (c) => {
      const key = c.random(32);
      const cipher = by.encrypt("aes-ctr", key, new Uint8Array(16), plain);
      return [key, cipher, () => c.decrypt("aes-ctr", key, new Uint8Array(16), cipher)];
    },
    aead: (plain, by) => (c) => {
      const key = c.random(32);
      const cipher = by.seal("aes-gcm", key, iv, plain);
      return [key, cipher, () => c.open("aes-gcm", key, iv, cipher)];
    },
    "pk-encrypt": (plain, by) => (c) => {
      const { privateKey, publicKey } = c.rsaKeyPair(2048, 4);
      const cipher = by.rsaEncrypt("sha256", publicKey, plain) ?? iv;
      return [privateKey, cipher, () => c.rsaDecrypt("sha256", privateKey, cipher)];
    },
  };
  test.each(Object.entries(openings))("%s: a text is as secret as the key", (_, opening) => {
    const text = utf8("a text like any other");
    const lab = new Lab();
    const [secretKey, cipher, open] = opening(text, new Lab("elsewhere").crypto)(lab.crypto);
    lab.crypto.hash("sha256", secretKey);
    expect(lab.seeing([cipher]).derivable(text)).toBe(true);
    open();
    expect(lab.seeing([cipher]).derivable(text)).toBe(false);
    expect(lab.seeing([cipher, secretKey]).derivable(text)).toBe(true);
  });
  test.each(Object.entries(openings))("%s: but not if that is what went in", (_, opening) => {
    const text = utf8("a text like any other");
    const lab = new Lab();
    const [, cipher, open] = opening(text, lab.crypto)(lab.crypto);
    open();
    expect(lab.seeing([cipher]).derivable(text)).toBe(true);
  });
  test.each(Object.entries(openings))("%s: nor if it is short", (_, opening) => {
    for (const [text, isSecret] of [
      ["1234567", false],
      ["12345678", true],
    ] as const) {
      const lab = new Lab();
      opening(utf8(text), new Lab("elsewhere").crypto)(lab.crypto)[2]();
      expect(lab.seeing([]).derivable(utf8(text))).toBe(!isSecret);
    }
  });

  test("even if it was taken for a constant before", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const nonce = new Uint8Array(16);
    const garbage = utf8("not a constant at all");
    const cipher = lab.crypto.encrypt("aes-ctr", key, nonce, garbage);
    const knowledge = new Knowledge([]);
    const [random, encrypt] = lab.log;
    if (random === undefined || encrypt === undefined) throw new Error("two operations");
    knowledge.learnOperation(random);
    expect(knowledge.derivable(garbage)).toBe(true);
    knowledge.learnOperation({ ...encrypt, backwards: true });
    expect(knowledge.derivable(garbage)).toBe(false);
    expect(latin1(cipher)).toBe(encrypt.output);
  });
});

describe("a ciphertext without its tag", () => {
  const names = [
    ["aes-gcm", 16],
    ["chacha20-poly1305", 16],
    ["aes-ccm", 16],
    ["aes-ccm-8", 8],
  ] as const;
  test.each(names)("of %s is opened by the key, as no tag has to be looked at", (name, tag) => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const nonce = new Uint8Array(name.startsWith("aes-ccm") ? 13 : 12);
    const plain = utf8("read without a tag");
    const sealed = lab.crypto.seal(name, key, nonce, plain);
    const opens = (...seen: readonly Uint8Array[]) => lab.seeing(seen, [plain]).derivable(plain);
    const body = sealed.slice(0, -tag);
    expect(opens(concat(utf8("h"), body, utf8("x")), key)).toBe(true);
    expect(opens(body)).toBe(false);
    expect(opens(sealed.slice(0, -tag - 1), key)).toBe(false);
    expect(lab.seeing([body], [plain]).derivable(sealed)).toBe(false);
    expect(lab.seeing([body, key], [plain]).derivable(sealed)).toBe(true);
  });
});

const weak = { modulus: 2n ** 127n - 1n, generator: 3n };

describe("weak groups", () => {
  const agree = (modulus: bigint, generator: bigint, seed = "dh") => {
    const lab = new Lab(seed);
    const group = { modulus, generator };
    const [a, b] = [lab.crypto.keyPair(group), lab.crypto.keyPair(group)];
    const shared = lab.crypto.sharedSecret(group, a.privateKey, b.publicKey) ?? iv;
    const key = lab.crypto.hkdf({ hash: "sha256", key: shared, length: 32 });
    const plain = utf8("under a key from a weak group");
    const sealed = seal(lab, key, plain);
    return { knowledge: lab.seeing([a.publicKey, b.publicKey, sealed], [plain]), plain, key };
  };

  test("a discrete logarithm modulo 105341 is computed, and its cost is reported", () => {
    const { knowledge, plain, key } = agree(105_341n, 17n);
    expect(knowledge.derivable(plain)).toBe(true);
    expect(knowledge.derivable(key)).toBe(true);
    const cost = /^discrete logarithm mod 105341 base 17 \((\d+) steps\)/;
    const steps = Number(cost.exec(computeCost(knowledge, latin1(plain)) ?? "")?.[1]);
    expect(steps).toBeGreaterThan(10);
    expect(steps).toBeLessThan(1_000);
  });

  test("a prime of 127 bits is broken during the run if p − 1 has small factors only", () => {
    const { knowledge, plain } = agree(2n ** 127n - 1n, 3n);
    expect(knowledge.derivable(plain)).toBe(true);
    const cost = computeCost(knowledge, latin1(plain));
    expect(cost).toMatch(/^discrete logarithm modulo a number of 127 bits \(\d+ steps\)/);
  });

  test("what is weak, but takes longer, comes at a recorded cost", () => {
    const { knowledge, plain } = agree(300550256033183052285910330031672229779n, 2n);
    expect(knowledge.derivable(plain)).toBe(true);
    expect(computeCost(knowledge, latin1(plain))).toMatch(/128 bits \(about 35 CPU-seconds/);
  });

  /** An own exponent beyond the order of the generator: the logarithm is another number. */
  const beyond = { modulus: 2n ** 127n - 1n, generator: 3n ** 18n };
  const exponentOf = (publicKey: Uint8Array) =>
    discreteLog(beyond.modulus, beyond.generator, bytesBigint(publicKey))?.exponent ?? 0n;

  test("what becomes known is the exponent that was found, and the key that it stands for", () => {
    const lab = new Lab();
    const [own, other] = [lab.crypto.keyPair(beyond), lab.crypto.keyPair(beyond)];
    const exponent = bigintBytes(exponentOf(own.publicKey));
    expect(hex(exponent)).not.toBe(hex(own.privateKey));
    const knowledge = lab.seeing([own.publicKey]);
    expect(knowledge.knows(latin1(exponent))).toBe(true);
    expect(knowledge.knows(latin1(own.privateKey))).toBe(true);
    expect(knowledge.originOf(latin1(own.privateKey))?.kind).toBe("logarithm");
    expect(knowledge.knows(latin1(other.privateKey))).toBe(false);
    expect(knowledge.size).toBe(3);
  });

  test("no logarithm is taken of a public key that was not seen", () => {
    const lab = new Lab();
    const own = lab.crypto.keyPair(beyond);
    const digest = lab.crypto.hash("sha256", own.publicKey);
    const knowledge = lab.seeing([digest]);
    expect(knowledge.knows(latin1(own.privateKey))).toBe(false);
    expect(knowledge.size).toBe(1);
  });

  test("nor of a shared secret, which is no power of the generator that tells a key", () => {
    const lab = new Lab();
    const [own, other] = [lab.crypto.keyPair(beyond), lab.crypto.keyPair(beyond)];
    const shared = lab.crypto.sharedSecret(beyond, own.privateKey, other.publicKey) ?? iv;
    const knowledge = lab.seeing([shared]);
    expect(knowledge.knows(latin1(own.privateKey))).toBe(false);
    expect(knowledge.size).toBe(1);
  });

  test("nor does a disclosed key count as computed", () => {
    const lab = new Lab();
    const own = lab.crypto.keyPair(beyond);
    const knowledge = lab.seeing([own.publicKey, own.privateKey]);
    expect(knowledge.originOf(latin1(own.privateKey))?.kind).toBe("seen");
    expect(computeCost(knowledge, latin1(own.privateKey))).toBeNull();
    expect(knowledge.size).toBe(2);
  });

  test("a recorded cost gives the key, and no other number", () => {
    const hard = { modulus: 300550256033183052285910330031672229779n, generator: 2n };
    const lab = new Lab();
    const own = lab.crypto.keyPair(hard);
    const knowledge = lab.seeing([own.publicKey]);
    expect(knowledge.size).toBe(2);
    expect(knowledge.originOf(latin1(own.privateKey))?.kind).toBe("logarithm");
  });

  test("large groups are left alone", () => {
    const big = agree(2n ** 255n - 19n, 2n);
    expect(big.knowledge.derivable(big.plain)).toBe(false);
    expect(computeCost(big.knowledge, latin1(big.plain))).toBeNull();
  });
});

describe("what it took", () => {
  test("the origin of a value", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const plain = utf8("told by its origin");
    const sealed = seal(lab, key, plain);
    const knowledge = lab.seeing([sealed, concat(utf8("k:"), key)], [plain]);
    expect(knowledge.derivable(plain)).toBe(true);
    expect(knowledge.originOf(latin1(sealed))?.kind).toBe("seen");
    expect(knowledge.originOf(latin1(key))?.kind).toBe("part");
    expect(knowledge.originOf(latin1(plain))?.kind).toBe("opened");
    expect(knowledge.originOf(latin1(utf8("unheard of")))).toBeUndefined();
    expect(computeCost(knowledge, latin1(plain))).toBeNull();
  });

  test("the cost of what is built of several things is the cost of all of them", () => {
    const lab = new Lab();
    const groups = [
      { modulus: 2n ** 61n - 1n, generator: 37n },
      { modulus: 2n ** 127n - 1n, generator: 3n },
    ];
    const secrets = groups.map((group) => {
      const [a, b] = [lab.crypto.keyPair(group), lab.crypto.keyPair(group)];
      return { ...a, shared: lab.crypto.sharedSecret(group, b.privateKey, a.publicKey) ?? iv, b };
    });
    const shared = secrets.map((s) => s.shared);
    const key = lab.crypto.hash("sha256", concat(...shared, utf8("both")));
    const plain = utf8("under a key from both groups");
    const sealed = seal(lab, key, plain);
    const seen = secrets.flatMap((s) => [s.publicKey, s.b.publicKey]);
    const knowledge = lab.seeing([...seen, sealed], [plain]);
    expect(knowledge.derivable(plain)).toBe(true);
    // What was not seen in one piece has no origin of its own: its parts have.
    for (const value of [plain, concat(...shared, utf8("!"))]) {
      const costs = computeCost(knowledge, latin1(value))?.split("), ") ?? [];
      expect([...new Set(costs.map((cost) => cost.replace(/ \(.*/, "")))]).toEqual([
        "discrete logarithm mod 2305843009213693951 base 37",
        "discrete logarithm modulo a number of 127 bits",
      ]);
    }
    expect(computeCost(lab.seeing([...seen, ...shared]), latin1(concat(...shared)))).toBeNull();
  });

  test.each([
    ["64", 2n ** 64n - 59n, /^discrete logarithm mod 18446744073709551557 base 3 \(/],
    ["65", 2n ** 65n - 49n, /^discrete logarithm modulo a number of 65 bits \(/],
  ])("a group of %s bits is called by its numbers, or by its length", (_, modulus, words) => {
    const lab = new Lab();
    const own = lab.crypto.keyPair({ modulus, generator: 3n });
    const knowledge = lab.seeing([own.publicKey]);
    expect(knowledge.derivable(own.privateKey)).toBe(true);
    expect(computeCost(knowledge, latin1(own.privateKey))).toMatch(words);
  });

  test("what lies within something that took work took that work, too", () => {
    const lab = new Lab();
    const [a, b] = [lab.crypto.keyPair(weak), lab.crypto.keyPair(weak)];
    const shared = lab.crypto.sharedSecret(weak, a.privateKey, b.publicKey) ?? iv;
    const [known, token] = [lab.crypto.random(32), utf8("a token of honest parties")];
    const inner = seal(lab, known, token);
    const text = utf8(JSON.stringify({ token: Buffer.from(token).toString("base64") }));
    const outer = [concat(utf8("x"), inner), text].map((content) =>
      lab.seeing(
        [a.publicKey, b.publicKey, known, seal(lab, lab.crypto.hash("sha256", shared), content)],
        [token],
      ),
    );
    for (const knowledge of outer) {
      for (const op of lab.log) knowledge.learnOperation(op);
      expect(knowledge.derivable(token)).toBe(true);
      expect(computeCost(knowledge, latin1(token))).toMatch(/^discrete logarithm/);
      expect(computeCost(knowledge, latin1(known))).toBeNull();
    }
  });

  test("what is supposed may leave operations out", () => {
    const lab = new Lab();
    const [key, name] = [lab.crypto.random(32), utf8("carol of the lake")];
    const plain = utf8("only with the operation");
    const sealed = seal(lab, key, plain);
    const knowledge = new Knowledge([plain], [name]);
    for (const op of lab.log) knowledge.learnOperation(op);
    knowledge.observe(sealed);
    expect(knowledge.suppose([key]).derivable(plain)).toBe(true);
    expect(knowledge.suppose([key], (op) => op.op !== "aead").derivable(plain)).toBe(false);
    expect(knowledge.suppose([concat(name, key)]).knows(latin1(name))).toBe(true);
    expect(knowledge.suppose([utf8("carol of the sea")]).knows(latin1(name))).toBe(false);
  });

  test("supposing more leaves the original as it was", () => {
    const lab = new Lab();
    const key = lab.crypto.random(32);
    const plain = utf8("only if the key is guessed");
    const sealed = seal(lab, key, plain);
    const knowledge = lab.seeing([sealed], [plain]);
    expect(knowledge.suppose([key]).derivable(plain)).toBe(true);
    expect(knowledge.suppose([]).derivable(plain)).toBe(false);
    expect(knowledge.derivable(plain)).toBe(false);
    expect(knowledge.derivable(key)).toBe(false);
  });
});

/** Some cryptography of every sort, chosen by numbers; returns every value that came up. */
function jumble(lab: Lab, choices: readonly number[]): Uint8Array[] {
  const values: Uint8Array[] = [lab.crypto.random(16), lab.crypto.random(32)];
  const pick = (n: number) => values[n % values.length] ?? iv;
  const key = (n: number) => concat(pick(n), pick(n + 1), new Uint8Array(32)).slice(0, 32);
  for (const n of choices) {
    const { crypto } = lab;
    switch (n % 8) {
      case 0:
        values.push(crypto.random(8 + (n % 20)));
        break;
      case 1:
        values.push(crypto.hash("sha256", pick(n >> 3)));
        break;
      case 2:
        values.push(crypto.hmac("sha256", pick(n >> 3), pick(n >> 4)));
        break;
      case 3:
        values.push(crypto.seal("chacha20-poly1305", key(n >> 3), iv, pick(n >> 4)));
        break;
      case 4:
        values.push(crypto.encode(n & 8 ? "hex" : "base64", pick(n >> 4)));
        break;
      case 5:
        values.push(concat(utf8("tag:"), pick(n >> 3), pick(n >> 5)));
        break;
      case 6:
        values.push(pick(n >> 3).slice(0, 9));
        break;
      default:
        values.push(crypto.encrypt("aes-cfb8", key(n >> 3), new Uint8Array(16), pick(n >> 5)));
    }
  }
  return values;
}

describe("laws", () => {
  const choices = fc.array(fc.nat(4_095), { minLength: 3, maxLength: 25 });
  const derived = (knowledge: Knowledge, values: readonly Uint8Array[]) =>
    values.map((v) => knowledge.derivable(v));

  test("seeing more never takes anything away, whenever it is asked for", () => {
    fc.assert(
      fc.property(choices, fc.array(fc.nat(40), { maxLength: 8 }), (ops, seen) => {
        const lab = new Lab();
        const values = jumble(lab, ops);
        const knowledge = lab.seeing([]);
        let before = derived(knowledge, values);
        for (const n of seen) {
          knowledge.observe(values[n % values.length] ?? iv);
          const now = derived(knowledge, values);
          expect(before.filter((had, i) => had && now[i] !== true)).toEqual([]);
          before = now;
        }
      }),
      { numRuns: 150 },
    );
  });

  test("the order of seeing does not matter", () => {
    fc.assert(
      fc.property(choices, fc.array(fc.nat(40), { maxLength: 8 }), (ops, seen) => {
        const lab = new Lab();
        const values = jumble(lab, ops);
        const bytes = seen.map((n) => values[n % values.length] ?? iv);
        const forwards = derived(lab.seeing(bytes), values);
        expect(derived(lab.seeing([...bytes].reverse()), values)).toEqual(forwards);
        // Nor does it matter whether what was computed is known before or after what was seen.
        const late = new Knowledge([]);
        for (const b of bytes) late.observe(b);
        for (const op of lab.log) late.learnOperation(op);
        expect(derived(late, values)).toEqual(forwards);
        const asked = new Knowledge([]);
        for (const op of lab.log) {
          asked.learnOperation(op);
          asked.derivable(values[0] ?? iv);
        }
        for (const b of bytes) asked.observe(b);
        expect(derived(asked, values)).toEqual(forwards);
      }),
      { numRuns: 150 },
    );
  });

  test("what was seen is known, and an unseen fresh secret is not", () => {
    fc.assert(
      fc.property(choices, (ops) => {
        const lab = new Lab();
        const values = jumble(lab, ops);
        for (const v of values) expect(lab.seeing([v]).derivable(v)).toBe(true);
        const fresh = lab.log.filter((op) => op.op === "random" && op.output.length >= 8);
        for (const op of fresh) expect(lab.seeing([]).has(op.output)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test("any bytes can be seen", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (seen) => {
        const lab = new Lab();
        const secret = lab.crypto.random(16);
        expect(lab.seeing(seen).derivable(secret)).toBe(false);
        for (const bytes of seen) expect(lab.seeing(seen).derivable(bytes)).toBe(true);
      }),
    );
  });
});

test("numbers of a field are what they are written as", () => {
  expect(hex(bigintBytes(105_341n))).toBe("019b7d");
});
