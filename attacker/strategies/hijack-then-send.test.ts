import { describe, expect, test } from "vitest";
import { latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { applyEdits } from "../edit.ts";
import { continued } from "./hijack-then-send.ts";

const context = { packet: () => undefined, ownKey: () => undefined };
const next = (...seen: readonly Uint8Array[]): Uint8Array =>
  applyEdits(seen.at(-1) as Uint8Array, continued(seen), context);
const nextText = (...seen: readonly string[]): string => latin1(next(...seen.map(utf8)));
const base64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");

describe("the predicted next packet", () => {
  test("in text: every number that grew goes on as it did", () => {
    expect(nextText("ack 1 of 5", "ack 2 of 5")).toBe("ack 3 of 5");
    expect(nextText("9,09,x", "10,10,x")).toBe("11,11,x");
    expect(nextText("a 1 b 3", "a 2 b 5", "a 3 b 7")).toBe("a 4 b 9");
    expect(nextText("999", "1000")).toBe("1001");
  });
  test("in documents and encodings: inside them", () => {
    expect(nextText('{"no":7,"to":"bob"}', '{"no":8,"to":"bob"}')).toBe('{"no":9,"to":"bob"}');
    expect(nextText(base64("message 1!"), base64("message 2!"))).toBe(base64("message 3!"));
  });
  test("in bytes: those that grew by little each time", () => {
    const at = (...bytes: readonly number[]) => Uint8Array.of(0x80, ...bytes);
    expect(next(at(1, 7), at(2, 7))).toEqual(at(3, 7));
    expect(next(at(1, 9), at(2, 11), at(4, 250))).toEqual(at(6, 250));
  });
  test("none, without a counter", () => {
    expect(nextText("hello", "world")).toBe("world");
    expect(nextText("3", "2")).toBe("2");
    expect(nextText("1700000000000", "1700000000001")).toBe("1700000000001");
    const over = [Uint8Array.of(0x80, 0xfe), Uint8Array.of(0x80, 0xff)];
    expect(next(...over)).toEqual(over[1]);
    expect(continued([])).toEqual([]);
  });
});
