/** What is written as JSON is seen through, wherever the JSON stands. */
import { expect, test } from "vitest";
import { concat, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { bytesIn, readJson, writeJson } from "../../protocol/kit/structures.ts";
import { Knowledge } from "./knowledge.ts";

const secret = utf8('he said "open the gate"\nand left');

/** Sealed bytes in JSON in a frame with its length; the other end takes the plaintext out. */
function exchange() {
  const log: OpRecord[] = [];
  const crypto = new CryptoRecorder(log, new Random("structured"), "somebody");
  const key = crypto.random(32);
  const nonce = new Uint8Array(12);
  const inner = writeJson(crypto, { text: 'he said "open the gate"\nand left' });
  const sealed = crypto.seal("chacha20-poly1305", key, nonce, inner);
  const outer = writeJson(crypto, { type: "sealed", body: sealed });
  const frame = concat(uintBytes(outer.length, 4), outer);
  const read = readJson(crypto, frame.slice(4)) as { readonly body: string };
  crypto.open("chacha20-poly1305", key, nonce, bytesIn(crypto, read.body) as Uint8Array);
  const knowledge = new Knowledge([secret]);
  for (const op of log) knowledge.learnOperation(op);
  return { key, frame, knowledge };
}

test("with the key, the sealed text is read out of the frame; without it, it is not", () => {
  const { key, frame, knowledge } = exchange();
  knowledge.observe(frame);
  expect(knowledge.derivable(secret)).toBe(false);
  knowledge.observe(key);
  expect(knowledge.derivable(secret)).toBe(true);
});

test("a key in base64 in JSON is known to all who see it", () => {
  const { key, frame, knowledge } = exchange();
  const crypto = new CryptoRecorder([], new Random("other"), "somebody");
  const value = writeJson(crypto, ["here is a key", key]);
  knowledge.observe(frame);
  knowledge.observe(value);
  expect(knowledge.derivable(secret)).toBe(true);
});
