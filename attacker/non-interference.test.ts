/** Output that changes with an unknown value depends on it. */
import { describe, expect, test } from "vitest";
import { concat, hex, utf8 } from "../protocol/kit/bytes.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import { canWrite, masks, shadowOf } from "./non-interference.ts";
import { Lab } from "./testing/lab.ts";

/** Eight digits of a MAC, made by code that is not recorded. */
function digits(mac: Uint8Array): Uint8Array {
  const number = new DataView(mac.buffer, mac.byteOffset).getUint32(0) % 100_000_000;
  return utf8(String(number).padStart(8, "0"));
}

const lab = new Lab();
const { crypto } = lab;
const key = crypto.random(32);
const macOf = (kit: CryptoKit, counter: string) => kit.hmac("sha256", key, utf8(counter));
const codeOf =
  (counter: string) =>
  (kit: CryptoKit): Uint8Array =>
    concat(utf8("code "), digits(macOf(kit, counter)), utf8(" open"));

function judged(seen: readonly Uint8Array[], make: (kit: CryptoKit) => Uint8Array): boolean {
  const packet = make(crypto);
  const knowledge = lab.seeing(seen);
  const others = masks.map((mask) => make(shadowOf(crypto, (v) => knowledge.has(v), mask)));
  return canWrite(knowledge, packet, others);
}

describe("a code of eight digits", () => {
  test("takes the MAC, or has been seen, in any packet", () => {
    expect(judged([], codeOf("1"))).toBe(false);
    expect(judged([codeOf("1")(crypto)], codeOf("1"))).toBe(true);
    expect(judged([codeOf("1")(crypto)], codeOf("2"))).toBe(false);
    expect(judged([macOf(crypto, "1")], codeOf("1"))).toBe(true);
  });

  test("of four digits can be guessed", () => {
    expect(judged([], (kit) => codeOf("1")(kit).slice(0, 9))).toBe(true);
  });

  test("nothing depends on what is computed and not used", () => {
    const idle = (kit: CryptoKit): Uint8Array => {
      macOf(kit, "1");
      return utf8("hello, this is the token of alice");
    };
    expect(judged([], idle)).toBe(true);
  });

  test("texts of other lengths", () => {
    const spelt = (kit: CryptoKit): Uint8Array =>
      utf8(`code ${[...macOf(kit, "1")].join(" ")} open`);
    expect(judged([], spelt)).toBe(false);
    expect(judged([spelt(crypto)], spelt)).toBe(true);
  });
});

test("the substituting kit computes with the real values", () => {
  const [mask] = masks;
  const shadow = shadowOf(crypto, () => false, mask);
  const derive = (kit: CryptoKit): Uint8Array => {
    const first = kit.hkdf({ hash: "sha256", key, info: utf8("one"), length: 32 });
    return kit.hkdf({ hash: "sha256", key: first, info: utf8("two"), length: 32 });
  };
  expect(hex(derive(shadow).map((byte) => byte ^ mask))).toBe(hex(derive(crypto)));
});
