import { describe, expect, test } from "vitest";
import { concat, fromLatin1, hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { canCarryOut, carriedInputs, carryOut } from "../../protocol/kit/carry-out.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { checksum } from "../checksums.ts";
import { cook, type Kitchen, plus } from "./cook.ts";
import { describeRecipe } from "./describe-recipe.ts";
import { type Recipe, recipeKey, recipeSchema, replacedEverywhere, within } from "./recipe.ts";
import { RecordedValues } from "./recorded-values.ts";
import { shapeOf } from "./term-shape.ts";
import { type Term, Terms } from "./terms.ts";

const log: OpRecord[] = [];
const crypto = new CryptoRecorder(log, new Random("test"), "bob#0");
const nonce = crypto.random(16);
const key = crypto.hkdf({ hash: "sha256", key: crypto.random(32), info: utf8("k"), length: 32 });
const iv = crypto.random(12);
const box = crypto.seal("chacha20-poly1305", key, iv, utf8("to alice"), utf8("header"));
const pair = crypto.keyPair("p256");
crypto.sharedSecret("p256", pair.privateKey, crypto.keyPair("p256").publicKey);
const field = { modulus: 105_341n, generator: 4n };
const weak = crypto.keyPair(field);
crypto.sharedSecret(field, weak.privateKey, crypto.keyPair(field).publicKey);
crypto.hash("sha256", nonce);
crypto.hmac("sha256", key, nonce);
crypto.cmac(key.slice(0, 16), nonce);
crypto.hkdfExtract("sha256", key, nonce);
crypto.hkdfExpand("sha256", key, utf8("info"), 16);
crypto.encrypt("aes-cbc", key, nonce, utf8("sixteen bytes or more of it"));
crypto.xor(nonce, nonce.toReversed());
crypto.encode("base64", nonce);
crypto.sign(crypto.signingKeyPair().privateKey, nonce);
crypto.passwordHash(
  { kind: "pbkdf2", hash: "sha256", iterations: 2, length: 16 },
  utf8("pw"),
  nonce,
);

/** As somebody has it to whom everything but `secret` is known. */
const kitchen = (secret?: Uint8Array): Kitchen => {
  const values = new RecordedValues(log);
  return {
    kit: () => new CryptoRecorder([], new Random("coins"), "mallory"),
    value(name) {
      const found = values.find(name);
      return found === undefined ? undefined : fromLatin1(found);
    },
    packet: () => undefined,
    fresh: (id, length) => new Random(`fresh ${id}`).bytes(length),
    own: () => undefined,
    derivable: (bytes) => secret === undefined || hex(bytes) !== hex(secret),
  };
};
const nonceRecipe: Recipe = { value: { by: "bob#0", op: "random", nth: 1 } };
const keyRecipe: Recipe = { value: { by: "bob#0", op: "kdf", nth: 1 } };
const boxRecipe: Recipe = {
  make: "aead",
  algorithm: "chacha20-poly1305",
  from: [
    keyRecipe,
    { value: { by: "bob#0", op: "random", nth: 3 } },
    { hex: hex(utf8("header")) },
    { join: [{ hex: hex(utf8("to ")) }, { name: "alice" }] },
  ],
};

describe("operations are carried out again as they are recorded", () => {
  const again = log.filter(
    (op) => canCarryOut(op.op) && !Number.isFinite(carriedInputs(op.op)) && !op.backwards,
  );
  test.each(again.map((op) => [`${op.op} ${op.algorithm}`, op] as const))("%s", (_, op) => {
    const kit = new CryptoRecorder([], new Random("again"), "mallory");
    const out = carryOut(kit, op, op.inputs.map(fromLatin1));
    expect(out && latin1(out)).toBe(op.output);
  });
  test("kinds that cannot be carried out are those that are drawn or only checked", () => {
    const left = Object.keys(operations).filter((op) => !canCarryOut(op as OpRecord["op"]));
    expect(left.sort()).toEqual([
      "compare",
      "kem-ciphertext",
      "kem-secret",
      "point-sum",
      "random",
      "reduce",
      "verify",
    ]);
  });
});

describe("recipes", () => {
  test("make bytes by meaning", () => {
    expect(cook(boxRecipe, kitchen())).toEqual(box);
    expect(cook({ counted: nonceRecipe, width: 2 }, kitchen())?.slice(0, 2)).toEqual(
      new Uint8Array([0, 16]),
    );
    const low = cook({ counted: nonceRecipe, width: 2, order: "low-first" }, kitchen());
    expect(low?.slice(0, 2)).toEqual(new Uint8Array([16, 0]));
    expect(cook({ part: nonceRecipe, from: 2, to: 5 }, kitchen())).toEqual(nonce.slice(2, 5));
    expect(cook({ part: boxRecipe, from: -16 }, kitchen())).toEqual(box.slice(-16));
    const place = { sum: "crc-32", at: -4, length: 4, over: "before" } as const;
    const summed: Recipe = { summed: { join: [nonceRecipe, { hex: "00000000" }] }, ...place };
    expect(cook(summed, kitchen())).toEqual(concat(nonce, checksum("crc-32", nonce)));
  });
  test("are nothing without every ingredient, or with one that is not known", () => {
    expect(cook({ value: { by: "bob#0", op: "random", nth: 99 } }, kitchen())).toBeUndefined();
    expect(cook(boxRecipe, kitchen(key))).toBeUndefined();
    expect(cook({ ...boxRecipe, algorithm: "no such" }, kitchen())).toBeUndefined();
    const short: Recipe = {
      ...boxRecipe,
      from: [{ hex: "00" }, { hex: "" }, { hex: "" }, { hex: "" }],
    };
    expect(cook(short, kitchen())).toBeUndefined();
  });
  test("count on numbers of any size", () => {
    expect(plus(new Uint8Array([0, 255, 255]), 1)).toEqual(new Uint8Array([1, 0, 0]));
    expect(plus(new Uint8Array([1, 0, 0]), -1)).toEqual(new Uint8Array([0, 255, 255]));
    expect(plus(new Uint8Array([255]), 1)).toEqual(new Uint8Array([0]));
  });
  test("are plain data that can be saved", () => {
    expect(recipeSchema.parse(JSON.parse(JSON.stringify(boxRecipe)))).toEqual(boxRecipe);
    let deep: Recipe = { hex: "" };
    for (let i = 0; i < 40; i++) deep = { join: [deep] };
    expect(recipeSchema.safeParse(deep).success).toBe(false);
  });
  test("are one line for people", () => {
    expect(describeRecipe(boxRecipe)).toBe(
      "a sealed text of (“to ” ‖ the name alice) under the 1st derived key of bob#0",
    );
    expect(describeRecipe({ plus: -1, to: nonceRecipe })).toBe(
      "(the 1st random value of bob#0) − 1",
    );
    const stretch = (from: number, to?: number) =>
      describeRecipe({ part: nonceRecipe, from, ...(to === undefined ? {} : { to }) });
    const rest = "of the 1st random value of bob#0";
    expect([stretch(0, 8), stretch(0, -8), stretch(-8), stretch(2, 5), stretch(2)]).toEqual([
      `the first 8 bytes ${rest}`,
      `all but the last 8 bytes ${rest}`,
      `the last 8 bytes ${rest}`,
      `bytes 2 to 4 ${rest}`,
      `bytes 2 to the end ${rest}`,
    ]);
  });
  test("what stands in two places is one choice", () => {
    const twice: Recipe = { join: [nonceRecipe, { counted: nonceRecipe, width: 1 }] };
    const own: Recipe = { fresh: 1, length: 16 };
    const changed = replacedEverywhere(twice, recipeKey(nonceRecipe), own);
    expect([...within(changed)].filter(({ recipe }) => recipe === own)).toHaveLength(2);
  });
});

describe("bytes are read as terms", () => {
  const terms = new Terms(log, ["alice", "bob"], [utf8("a user's text")]);
  const read = (...parts: readonly (Uint8Array | string)[]): string => {
    const all = parts.map((p) => latin1(typeof p === "string" ? utf8(p) : p)).join("");
    return shown(terms.read(all));
  };
  function shown(term: Term): string {
    switch (term.is) {
      case "constant":
        return hex(fromLatin1(term.bytes));
      case "name":
        return term.filled === undefined ? term.name : `${term.name} in ${term.filled.bytes}`;
      case "said":
        return "said";
      case "value":
        return term.of.record.op;
      case "piece":
        return `${term.of.of.record.op}[${term.of.from}:${term.of.to ?? ""}]`;
      case "near":
        return `${term.of.record.op} ${term.plus > 0 ? "+" : "−"} ${Math.abs(term.plus)}`;
      case "join":
        return term.parts.map(shown).join(" ");
      case "counted":
        return `${term.width}${term.lowFirst ? " low" : ""}:(${shown(term.inner)})`;
      case "summed":
        return `${term.place.sum}(${shown(term.inner)})`;
      case "text":
        return `${term.encoding}(${shown(term.inner)})`;
    }
  }
  const b = (...bytes: readonly number[]) => new Uint8Array(bytes);

  test("recorded values, names and texts, and constants between them", () => {
    expect(read(b(1, 2), nonce, "alice", box)).toBe("0102 random alice aead");
    expect(read("a user's text")).toBe("said");
    expect(read("alice   ")).toBe("alice in 8");
  });
  test("lengths, nested ones that begin with a type as well", () => {
    expect(read(b(0, 16), nonce)).toBe("2:(random)");
    expect(read(b(16, 0), nonce)).toBe("2 low:(random)");
    expect(read(b(9, 0, 19, 7, 0, 16), nonce, b(8))).toBe("09 2:(07 2:(random)) 08");
  });
  test("parts of values: a tag without its ciphertext, the beginning of a MAC, a cut key", () => {
    const mac = crypto.hmac("sha256", key, nonce);
    expect(read(b(1), box.slice(-16), box.slice(0, -16))).toBe("01 aead[-16:] aead[0:-16]");
    expect(read(mac.slice(0, 12), b(7, 7, 7, 7))).toBe("hmac[0:12] 07070707");
    const more = crypto.hkdf({ hash: "sha256", key, info: utf8("two"), length: 64 });
    const half = more.slice(32);
    crypto.seal("chacha20-poly1305", half, iv, nonce);
    expect(new Terms(log, []).pieceOf(latin1(half))).toMatchObject({ from: 32, to: 64 });
    expect(new Terms(log, []).pieceOf(latin1(more))).toBeUndefined();
  });
  test("numbers close to drawn ones", () => {
    expect(read(plus(nonce, -1))).toBe("random − 1");
  });
  test("texts that say something when they are decoded", () => {
    const written = Buffer.from(nonce).toString("hex");
    expect(read('{"n":"', written, '"}')).toBe("7b226e223a22 hex(random) 227d");
    expect(read("just a long enough word in a line")).toBe(
      hex(utf8("just a long enough word in a line")),
    );
  });
  test("messages of one shape differ in values and names only", () => {
    const of = (bytes: Uint8Array) => shapeOf(terms.read(latin1(bytes)), terms);
    expect(of(utf8("alice"))).toBe(of(utf8("bob")));
    expect(of(nonce)).not.toBe(of(iv));
  });
});
