/** A weak generator is as weak as it says: few seeds, and all bytes follow from the seed. */
import { expect, test } from "vitest";
import { hex } from "./bytes.ts";
import type { OpRecord } from "./operations.ts";
import { operations } from "./operations.ts";
import { Random } from "./random.ts";
import { CryptoRecorder } from "./recorder.ts";

const kit = (log: OpRecord[] = []) => new CryptoRecorder(log, new Random("weak"), "somebody");

test.each([1, 3, 9])("%i bits: no more values than seeds, and in time all of them", (bits) => {
  const crypto = kit();
  const drawn = new Set(
    Array.from({ length: 20 * 2 ** bits }, () => hex(crypto.weakRandom(32, bits))),
  );
  expect(drawn.size).toBe(2 ** bits);
});

test("the same draws every time, others for other processes, of the length asked for", () => {
  const draw = (seed: string) => new CryptoRecorder([], new Random(seed), "x").weakRandom(40, 128);
  expect(draw("a").length).toBe(40);
  expect(draw("a")).toEqual(draw("a"));
  expect(draw("a")).not.toEqual(draw("b"));
});

test("the record says from how many bits it was drawn; other draws say nothing", () => {
  const log: OpRecord[] = [];
  const crypto = kit(log);
  crypto.weakRandom(32, 20);
  crypto.random(32);
  crypto.randomText(20, "from a seed of 20 bits");
  expect(log.map((op) => operations[op.op].seedBits?.(op))).toEqual([20, undefined, undefined]);
});

test.each([
  [32, 0],
  [32, 1.5],
  [2, 17],
  [64, 257],
])("%i bytes from %d bits make no sense", (length, bits) => {
  expect(() => kit().weakRandom(length, bits)).toThrow(`${bits} is no number of bits`);
});
