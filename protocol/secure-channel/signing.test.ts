/** Signed messages: what a recipient and a third party accept, and what they do not. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import {
  evidenceFrom,
  type Statement,
  signedBytes,
  signMessage,
  verifyEvidence,
} from "./signing.ts";

const crypto = new CryptoRecorder([], new Random("signing"), "alice");
const [alice, bob] = [crypto.signingKeyPair(), crypto.signingKeyPair()];
const message = utf8("I owe you ten euros");
const stated: Statement = {
  sender: utf8("alice"),
  recipient: utf8("bob"),
  id: 258,
  timeMs: 1_700_000_000_123,
};
const signed = signMessage(crypto, alice.privateKey, stated, message);
const evidence = evidenceFrom(crypto, alice.publicKey, stated, message, signed) ?? utf8("");
const keyOf = (sender: Uint8Array): Uint8Array | undefined =>
  ({ alice: alice.publicKey, bob: bob.publicKey })[new TextDecoder().decode(sender)];

describe("the recipient", () => {
  test("takes a signature of 70 bytes, the time first", () => {
    expect(signed.length).toBe(signedBytes);
    expect(signed.slice(0, 6)).toEqual(Uint8Array.of(0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b));
    expect(evidence.length).toBe(6 + 4 + 2 + 6 + 32 + 64);
  });

  test.each([
    ["another sender", { ...stated, sender: utf8("carol") }, message, signed],
    ["another recipient", { ...stated, recipient: utf8("carol") }, message, signed],
    [
      "names cut elsewhere",
      { ...stated, sender: utf8("alic"), recipient: utf8("ebob") },
      message,
      signed,
    ],
    ["another number", { ...stated, id: 259 }, message, signed],
    ["another message", stated, utf8("I owe you ten cents"), signed],
    ["another time", stated, message, signed.map((b, i) => (i === 5 ? b ^ 1 : b))],
    ["a changed signature", stated, message, signed.map((b, i) => (i === 69 ? b ^ 1 : b))],
    ["a signature that is cut", stated, message, signed.slice(0, -1)],
    ["a longer one", stated, message, concat(signed, utf8("x"))],
    ["nothing", stated, message, utf8("")],
  ])("refuses %s", (_, about, text, bytes) => {
    expect(evidenceFrom(crypto, alice.publicKey, about, text, bytes)).toBeUndefined();
  });

  test("refuses another signer's key, and a signature for another purpose", () => {
    expect(evidenceFrom(crypto, bob.publicKey, stated, message, signed)).toBeUndefined();
    const bare = crypto.sign(alice.privateKey, evidence.slice(0, -64));
    const forged = concat(signed.slice(0, 6), bare);
    expect(evidenceFrom(crypto, alice.publicKey, stated, message, forged)).toBeUndefined();
  });
});

describe("a third party", () => {
  test("learns from the evidence who told what to whom, and when", () => {
    expect(verifyEvidence(crypto, evidence, message, keyOf)).toEqual(stated);
  });

  test("believes nothing that was changed in any bit, cut, or lengthened", () => {
    for (let at = 0; at < evidence.length; at++) {
      for (const mask of [1, 128]) {
        const changed = evidence.map((byte, i) => (i === at ? byte ^ mask : byte));
        expect(verifyEvidence(crypto, changed, message, keyOf)).toBeUndefined();
      }
      expect(verifyEvidence(crypto, evidence.slice(0, at), message, keyOf)).toBeUndefined();
    }
    expect(verifyEvidence(crypto, concat(evidence, utf8("x")), message, keyOf)).toBeUndefined();
  });

  test("accepts it for no other message, and for no unknown signer", () => {
    expect(verifyEvidence(crypto, evidence, utf8("I owe you nothing"), keyOf)).toBeUndefined();
    expect(verifyEvidence(crypto, evidence, message, () => undefined)).toBeUndefined();
    expect(verifyEvidence(crypto, evidence, message, () => bob.publicKey)).toBeUndefined();
  });

  test("is not made to throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(verifyEvidence(crypto, bytes, message, () => alice.publicKey)).toBeUndefined();
      }),
    );
  });
});
