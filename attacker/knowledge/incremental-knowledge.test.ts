/** Memoised answers equal deduced ones. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, fromLatin1, type Latin1, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { withoutMemo } from "../../protocol/kit/memo.ts";
import type { OpName, OpRecord } from "../../protocol/kit/operations.ts";
import { Lab } from "../testing/lab.ts";
import { IncrementalKnowledge } from "./incremental-knowledge.ts";
import { Knowledge } from "./knowledge.ts";

const record = (op: OpName, inputs: readonly Latin1[], output: Latin1): OpRecord => ({
  op,
  algorithm: "of some kind",
  inputs,
  output,
  by: "alice",
  backwards: false,
});
const lab = new Lab();
const secret = utf8("the plaintext of the day");
const name = utf8("alice of town");
const key = lab.crypto.random(32);
const other = lab.crypto.random(32);
const box = lab.crypto.seal("chacha20-poly1305", key, new Uint8Array(12), secret);
const wrapped = lab.crypto.seal("chacha20-poly1305", other, new Uint8Array(12), key);
const digest = lab.crypto.hash("sha256", concat(key, other));

const seen = [box, wrapped, other, digest, concat(name, box), utf8("hello")].map(latin1);
const asked = [secret, key, other, box, wrapped, digest, concat(digest, key), name].map(latin1);

/** Observations, queries and operations in any order, also in orders that no run has. */
const step = fc.record({
  what: fc.constantFrom("see", "ask", "compute"),
  nth: fc.nat({ max: asked.length - 1 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function answers(to: IncrementalKnowledge | Knowledge, steps: readonly Step[]): readonly unknown[] {
  return steps.flatMap(({ what, nth }) => {
    const value = asked[nth] as Latin1;
    if (what === "ask") return [to.has(value), to.knows(value), to.occurs(value), to.size];
    const op = lab.log[nth % lab.log.length];
    if (what === "compute" && op !== undefined) to.learnOperation(op);
    else to.observe(seen[nth % seen.length] as Latin1);
    return [];
  });
}

test("for any facts and queries, the answers are those of Knowledge", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const expected = answers(new Knowledge([secret], [name]), steps);
      // The first time it is deduced, unless an earlier sequence was equal; then it is looked up.
      expect(answers(new IncrementalKnowledge([secret], [name]), steps)).toEqual(expected);
      expect(answers(new IncrementalKnowledge([secret], [name]), steps)).toEqual(expected);
      expect(withoutMemo(() => answers(new IncrementalKnowledge([secret], [name]), steps))).toEqual(
        expected,
      );
    }),
    { numRuns: 500 },
  );
});

test("the shared whole does not change when more facts are added", () => {
  const learning = new IncrementalKnowledge([secret]);
  for (const op of lab.log) learning.learnOperation(op);
  learning.observe(box);
  const before = learning.whole();
  learning.observe(key);
  expect(learning.has(latin1(secret))).toBe(true);
  expect(before.has(latin1(secret))).toBe(false);
  expect(learning.whole()).not.toBe(before);
});

describe("two records with one output are not taken for each other, if they differ in", () => {
  const [a, b, c, output] = ["a", "b", "c", "d"].map((seed) =>
    latin1(new Lab(seed).crypto.random(32)),
  ) as [Latin1, Latin1, Latin1, Latin1];
  const text = latin1(utf8("a text like any constant"));
  const drawn = [a, b, c].map((value) => record("random", [], value));
  const base = record("cipher", [a, "", b], output);
  const cut = output.slice(0, -16);
  test.each<[string, OpRecord, OpRecord, seen: readonly Latin1[], asked: Latin1]>([
    ["kind", base, { ...base, op: "hash" }, [output, a], b],
    [
      "algorithm",
      { ...record("aead", [a, "", "", b], output), algorithm: "aes-ccm" },
      { ...record("aead", [a, "", "", b], output), algorithm: "aes-ccm-8" },
      [cut, a],
      b,
    ],
    [
      "direction",
      record("cipher", [a, "", text], output),
      { ...record("cipher", [a, "", text], output), backwards: true },
      [],
      text,
    ],
    ["an input", base, record("cipher", [a, "", c], output), [output, a], b],
    ["all inputs", base, record("cipher", [b, "a", c], output), [output, a], b],
    ["an input more", record("hash", [a], output), record("hash", [a, b], output), [a], output],
  ])("%s", (_, one, other, seen, asked) => {
    const told = (knowledge: IncrementalKnowledge | Knowledge, op: OpRecord): boolean => {
      for (const value of drawn) knowledge.learnOperation(value);
      knowledge.learnOperation(op);
      for (const value of seen) knowledge.observe(value);
      return knowledge.derivable(fromLatin1(asked));
    };
    const expected = [one, other].map((op) => told(new Knowledge([]), op));
    expect(expected).toEqual([true, false]);
    for (const op of [one, other, one, other]) {
      // A copy, as each run makes its records anew.
      const again = told(new IncrementalKnowledge([]), { ...op, inputs: [...op.inputs] });
      expect(again).toBe(expected[[one, other].indexOf(op)]);
    }
  });
});

test("public keys are found, and other values have none", () => {
  const own = new Lab();
  const { privateKey, publicKey } = own.crypto.keyPair("x25519");
  const learning = new IncrementalKnowledge([]);
  for (const op of own.log) learning.learnOperation(op);
  expect(learning.publicKeyOf(latin1(privateKey))).toBe(latin1(publicKey));
  expect(learning.publicKeyOf(latin1(publicKey))).toBeUndefined();
});
