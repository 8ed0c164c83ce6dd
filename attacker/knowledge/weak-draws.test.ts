/** What was drawn from few bits is guessed, at a stated cost, with all that follows from it. */
import { expect, test } from "vitest";
import { latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { computeCost } from "./compute-cost.ts";
import { Knowledge } from "./knowledge.ts";

const text = utf8("a text that is secret");

function afterSealing(bits: number) {
  const log: OpRecord[] = [];
  const crypto = new CryptoRecorder(log, new Random("weak"), "somebody");
  const key = crypto.hash("sha256", crypto.weakRandom(16, bits));
  const sealed = crypto.seal("chacha20-poly1305", key, new Uint8Array(12), text);
  const knowledge = new Knowledge([text]);
  for (const op of log) knowledge.learnOperation(op);
  return { knowledge, sealed };
}

test.each([1, 20, 63])("%i bits can be tried", (bits) => {
  const { knowledge, sealed } = afterSealing(bits);
  expect(knowledge.derivable(text)).toBe(false);
  knowledge.observe(sealed);
  expect(knowledge.derivable(text)).toBe(true);
  const cost = `2^${bits} guesses: 16 bytes from a seed of ${bits} bits`;
  expect(computeCost(knowledge, latin1(text))).toBe(cost);
});

test.each([64, 128])("%i bits cannot", (bits) => {
  const { knowledge, sealed } = afterSealing(bits);
  knowledge.observe(sealed);
  expect(knowledge.derivable(text)).toBe(false);
});
