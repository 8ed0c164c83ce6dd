/** Knowledge is deduced once for equal evidence, and not shared with other evidence. */
import { describe, expect, test } from "vitest";
import { concat, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { withoutMemo } from "../../protocol/kit/memo.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { type KnowledgeEvidence, knowledgeFrom } from "./evidence.ts";

const log: OpRecord[] = [];
const crypto = new CryptoRecorder(log, new Random("evidence"), "somebody");
const key = crypto.random(32);
const box = crypto.seal("chacha20-poly1305", key, new Uint8Array(12), utf8("the plaintext"));
const digest = crypto.hash("sha256", key);

const evidence: KnowledgeEvidence = {
  declared: [utf8("the plaintext")],
  identities: [utf8("alice of town")],
  operations: log,
  observed: [box, key],
};
const plaintext = latin1(utf8("the plaintext"));

test("equal evidence, in different objects, is worked out once", () => {
  const copy: KnowledgeEvidence = {
    declared: evidence.declared.map((b) => b.slice()),
    identities: evidence.identities.map((b) => b.slice()),
    operations: log.map((op) => ({ ...op, by: "somebody else" })),
    observed: evidence.observed.map((b) => b.slice()),
  };
  expect(knowledgeFrom(copy)).toBe(knowledgeFrom(evidence));
  expect(knowledgeFrom(evidence).knows(plaintext)).toBe(true);
});

describe("is distinguished from", () => {
  const [drawn, ...rest] = log;
  const last = log.at(-1) as OpRecord;
  const others: Record<string, Partial<KnowledgeEvidence>> = {
    "one with less seen": { observed: [box] },
    "one with more seen": { observed: [box, key, digest] },
    "one cut up otherwise": { observed: [concat(box, key)] },
    "one with nothing declared": { declared: [] },
    "a name that is declared instead": {
      declared: [...evidence.declared, ...evidence.identities],
      identities: [],
    },
    "an operation less": { operations: rest },
    "operations in another order": { operations: [...rest, drawn as OpRecord] },
    "an operation run backwards": {
      operations: [...log.slice(0, -1), { ...last, backwards: true }],
    },
    "another input": { operations: [...log.slice(0, -1), { ...last, inputs: [plaintext] }] },
  };
  test.each(Object.entries(others))("%s", (_, other) => {
    const found = knowledgeFrom({ ...evidence, ...other });
    expect(found).not.toBe(knowledgeFrom(evidence));
    expect(knowledgeFrom({ ...evidence, ...other })).toBe(found);
  });
});

test("it is worked out afresh without memoisation", () => {
  const fresh = withoutMemo(() => knowledgeFrom(evidence));
  expect(fresh).not.toBe(knowledgeFrom(evidence));
  expect(fresh.size).toBe(knowledgeFrom(evidence).size);
});

test("memory is bounded, and what was forgotten comes out the same", () => {
  const before = knowledgeFrom(evidence);
  const { size } = before;
  for (let i = 0; i < 60; i++) {
    const observed = Array.from({ length: 1_000 }, (_, k) => utf8(`packet ${i} ${k}`));
    knowledgeFrom({ ...evidence, operations: [], observed });
  }
  expect(knowledgeFrom(evidence)).not.toBe(before);
  expect(knowledgeFrom(evidence).size).toBe(size);
});
