/** The frames of a record: what they look like, and what is refused. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MisuseError } from "../endpoint.ts";
import { concat, fromHex, hex, utf8 } from "../kit/bytes.ts";
import {
  decodeFrames,
  encodeFrames,
  type Frame,
  type FrameKind,
  frameBytes,
  frameKinds,
} from "./frames.ts";

const room = 45;
const token = fromHex("0102030405060708") as Uint8Array;
const examples: Readonly<Record<FrameKind, readonly [Frame, bytes: string]>> = {
  data: [{ kind: "data", id: 0x1234, body: utf8("hi") }, "01 1234 02 6869"],
  fragment: [{ kind: "fragment", id: 5, index: 1, last: 7, body: utf8("x") }, "02 0005 17 01 78"],
  ack: [{ kind: "ack", largest: 9, bitmap: 0xff }, "03 0009 00ff"],
  receipt: [{ kind: "receipt", id: 7, receipt: 1 }, "04 0007 01"],
  close: [{ kind: "close", lastSent: 3, lastReceived: 258, code: 2 }, "05 0003 0102 02"],
  "close-ack": [{ kind: "close-ack" }, "06"],
  "key-update": [{ kind: "key-update", epoch: 1 }, "07 01"],
  "path-challenge": [{ kind: "path-challenge", token }, "08 0102030405060708"],
  "path-response": [{ kind: "path-response", token }, "09 0102030405060708"],
  login: [{ kind: "login", step: 2, body: utf8("ab") }, "0a 02 02 6162"],
  relay: [
    { kind: "relay", peer: 513, port: 1, id: 9, index: 0, last: 1, inner: utf8("in") },
    "0b 0201 01 09 01 02 696e",
  ],
  rekey: [{ kind: "rekey", body: utf8("") }, "0c 00"],
  signature: [{ kind: "signature", id: 1, index: 0, last: 1, body: utf8("s") }, "0d 0001 01 01 73"],
};

const uint8 = fc.nat(255);
const uint16 = fc.nat(65_535);
const body = fc.uint8Array({ maxLength: 20 });
const tokens = fc.uint8Array({ minLength: 8, maxLength: 8 });
const pieces = fc
  .nat(7)
  .chain((last) => fc.record({ index: fc.nat(last), last: fc.constant(last) }));
const arbitrary: readonly fc.Arbitrary<Frame>[] = [
  fc.record({ kind: fc.constant("data" as const), id: uint16, body }),
  fc.tuple(pieces, uint16, body).map(([p, id, b]) => ({ kind: "fragment", ...p, id, body: b })),
  fc.record({ kind: fc.constant("ack" as const), largest: uint16, bitmap: uint16 }),
  fc.record({ kind: fc.constant("receipt" as const), id: uint16, receipt: uint8 }),
  fc.record({
    kind: fc.constant("close" as const),
    lastSent: uint16,
    lastReceived: uint16,
    code: uint8,
  }),
  fc.record({ kind: fc.constant("close-ack" as const) }),
  fc.record({ kind: fc.constant("key-update" as const), epoch: uint8 }),
  fc.record({ kind: fc.constantFrom("path-challenge", "path-response"), token: tokens }),
  fc.record({ kind: fc.constant("login" as const), step: uint8, body }),
  fc
    .tuple(pieces, uint16, uint8, uint8, body)
    .map(([p, peer, port, id, inner]) => ({ kind: "relay", ...p, peer, port, id, inner })),
  fc.record({ kind: fc.constant("rekey" as const), body }),
  fc.tuple(pieces, uint16, body).map(([p, id, b]) => ({ kind: "signature", ...p, id, body: b })),
];
const someFrames = fc.array(fc.oneof(...arbitrary), { maxLength: 8 });

describe("every frame", () => {
  test.each(Object.entries(examples))("%s has its layout", (_, [frame, bytes]) => {
    const written = bytes.replaceAll(" ", "");
    expect(hex(encodeFrames([frame], written.length / 2))).toBe(written);
    expect(frameBytes(frame)).toBe(written.length / 2);
  });

  test("has a type of its own, in the order of the table", () => {
    const types = Object.values(examples).map(([frame]) => encodeFrames([frame], room)[0]);
    expect(types).toEqual(frameKinds.map((_, i) => i + 1));
  });

  test("comes out as it went in, with others, at any length of padding", () => {
    fc.assert(
      fc.property(someFrames, fc.nat(20), (frames, padding) => {
        const needed = frames.reduce((sum, f) => sum + frameBytes(f), 0);
        const bytes = encodeFrames(frames, needed + padding);
        expect(bytes.length).toBe(needed + padding);
        expect(decodeFrames(bytes)).toEqual(frames);
      }),
    );
  });

  test("has one encoding only, and nothing makes the decoder throw", () => {
    // Bytes as types and lengths would have them, so that many are accepted.
    const bytes = fc
      .array(fc.oneof(fc.nat(14), uint8), { maxLength: 40 })
      .map((b) => Uint8Array.from(b));
    let accepted = 0;
    fc.assert(
      fc.property(bytes, (b) => {
        const frames = decodeFrames(b);
        if (frames === undefined) return;
        accepted++;
        expect(encodeFrames(frames, b.length)).toEqual(b);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });

  test("does not share its bytes with the record", () => {
    const bytes = encodeFrames([examples.data[0]], room);
    const frames = decodeFrames(bytes);
    bytes.fill(0);
    expect(frames).toEqual([examples.data[0]]);
  });
});

describe("a record is refused", () => {
  test.each(Object.entries(examples))("when %s runs over its end", (_, [frame, bytes]) => {
    const whole = encodeFrames([frame], bytes.replaceAll(" ", "").length / 2);
    for (let length = 1; length < whole.length; length++) {
      expect(decodeFrames(whole.slice(0, length))).toBeUndefined();
    }
  });

  test.each([
    ["an unknown type", "0e"],
    ["the type 255", "ff"],
    ["padding that is not zero", "0600000001"],
    ["a frame after the padding", "000600"],
    ["a piece beyond the last", "0200012100"],
    ["more than eight pieces", "0200010800"],
    ["a body longer than the record", "010001ff00"],
  ])("for %s", (_, bytes) => {
    expect(decodeFrames(fromHex(bytes) as Uint8Array)).toBeUndefined();
  });

  test("but not for being empty: that is cover traffic", () => {
    expect(decodeFrames(encodeFrames([], room))).toEqual([]);
    expect(decodeFrames(new Uint8Array(0))).toEqual([]);
  });
});

describe("misuse", () => {
  const misused: readonly (readonly [string, Frame])[] = [
    ["too long for the room", { kind: "data", id: 1, body: new Uint8Array(room - 3) }],
    ["a number of three bytes", { kind: "ack", largest: 65_536, bitmap: 0 }],
    ["a negative number", { kind: "receipt", id: -1, receipt: 0 }],
    ["half a number", { kind: "key-update", epoch: 0.5 }],
    ["a short token", { kind: "path-challenge", token: token.slice(1) }],
    ["a piece beyond the last", { kind: "fragment", id: 1, index: 2, last: 1, body: utf8("") }],
    ["nine pieces", { kind: "signature", id: 1, index: 0, last: 8, body: utf8("") }],
  ];
  test.each(misused)("%s", (_, frame) => {
    expect(() => encodeFrames([frame], room)).toThrow(MisuseError);
  });

  test("a body of 256 bytes has no length", () => {
    const frame: Frame = { kind: "rekey", body: new Uint8Array(256) };
    expect(() => encodeFrames([frame], 1_000)).toThrow(MisuseError);
    const most = concat(new Uint8Array(255));
    expect(decodeFrames(encodeFrames([{ kind: "rekey", body: most }], 300))).toEqual([
      { kind: "rekey", body: most },
    ]);
  });
});
