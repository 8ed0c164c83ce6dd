/** Both traces of RFC 9529, value by value, and its messages that have to be refused. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, equalBytes, hex, latin1 } from "../../kit/bytes.ts";
import type { OpRecord } from "../../kit/operations.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { readVectors, unhex } from "../../kit/vectors/load.ts";
import { allDefences } from "../settings.ts";
import { type Suite, suiteOf } from "../suites.ts";
import { type CborItem, encodeId, encodeItem, idOf, readItem, sequence } from "./cbor.ts";
import { kidCredential, type OwnCredential } from "./credential.ts";
import { composeMessage3, initiate, verifyMessage2, verifyMessage4 } from "./initiator.ts";
import { exporter, keyUpdate } from "./key-schedule.ts";
import {
  decodeEad,
  decodeMessage2,
  decodePlaintext,
  decodeSuitesError,
  encodeSuitesError,
  type Method,
  padding,
} from "./messages.ts";
import {
  type Answered,
  type Asked,
  composeMessage2,
  composeMessage4,
  readMessage1,
  type Supported,
  verifyMessage3,
} from "./responder.ts";
import type { Settled, Setup } from "./session.ts";
import { sharePair } from "./shares.ts";

interface Value {
  readonly section: string;
  readonly label: string;
  readonly hex: string;
}
const { traces } = readVectors<{ traces: Record<string, readonly Value[]> }>(
  "edhoc/rfc9529-traces.json",
);
const traceOf = (title: RegExp): readonly Value[] =>
  Object.entries(traces).find(([name]) => title.test(name))?.[1] ?? [];

const suite = (id: number): Suite => suiteOf(id) as Suite;
const ok = <T>(value: T | string): T => {
  if (typeof value === "string") throw new Error(value);
  return value;
};

/** A run of both roles with given keys, and everything that was computed on the way. */
interface Course {
  readonly method: 0 | 3;
  readonly suites: readonly number[];
  readonly supported: readonly number[];
  readonly initiator: OwnCredential;
  readonly responder: OwnCredential;
  readonly cI: Uint8Array;
  readonly cR: Uint8Array;
  readonly x?: Uint8Array;
  readonly y?: Uint8Array;
}

const supported = (suites: readonly number[], method: Method = 3): Supported => ({
  methods: [method],
  suites,
});

function run(course: Course) {
  const log: OpRecord[] = [];
  const { initiator, responder, cI, cR, x, y } = course;
  const crypto = new CryptoRecorder(log, new Random("edhoc"), "both");
  const find = (id: Uint8Array) => [initiator, responder].find((c) => equalBytes(c.id, id));
  const setup = (own: OwnCredential): Setup => ({ crypto, own, find, defences: allDefences });
  const [i, r] = [setup(initiator), setup(responder)];
  const last = suite(course.suites.at(-1) ?? -1);
  const opening = { method: course.method, suites: course.suites, suite: last, cI };
  const initiated = initiate(i, { ...opening, ...(x && { ephemeral: x }) });
  const asked = ok(
    readMessage1(r, supported(course.supported, course.method), initiated.message1),
  ) as Asked;
  const answered: Answered = ok(composeMessage2(r, asked, { cR, ...(y && { ephemeral: y }) }));
  const verified = ok(verifyMessage2(i, initiated, answered.message2));
  const own = composeMessage3(i, verified);
  const theirs: Settled = ok(verifyMessage3(r, answered, own.message3));
  const message4 = composeMessage4(r, theirs);
  expect(verifyMessage4(i, own, message4)).toBeUndefined();
  expect(theirs.out).toEqual(own.out);
  expect([verified.peer, theirs.peer]).toEqual([responder, initiator]);
  const messages = [initiated.message1, answered.message2, own.message3, message4];
  return { crypto, log, i, r, messages, initiated, asked, answered, verified, own };
}

/** The two traces, as the keys that go in. */
function courseOf(trace: readonly Value[]): Course & { readonly update: Uint8Array } {
  const value = (label: RegExp, section = /./): Uint8Array => {
    const found = trace.find((v) => label.test(v.label) && section.test(v.section));
    if (found === undefined) throw new Error(`no ${label}`);
    return unhex(found.hex);
  };
  const isStatic = trace.some((v) => /SALT_3e2m/.test(v.label));
  const credential = (who: "R" | "I"): OwnCredential => ({
    id: value(new RegExp(`^ID_CRED_${who} \\(CBOR`)),
    credential: value(new RegExp(`^CRED_${who} \\(CBOR`)),
    privateKey: value(new RegExp(`SK_${who} \\(Raw`)),
    publicKey: isStatic
      ? value(/'x'-coordinate \| \(Raw/, who === "R" ? /^message_2/ : /^message_3/)
      : value(new RegExp(`PK_${who} \\(Raw`)),
  });
  return {
    method: isStatic ? 3 : 0,
    suites: isStatic ? [6, 2] : [0],
    supported: isStatic ? [2] : [0],
    initiator: credential("I"),
    responder: credential("R"),
    cI: value(/C_I \(Raw/, /^message_1(?! \(first)/),
    cR: value(/C_R \(Raw/i),
    x: value(/X \(Raw/, /^message_1(?! \(first)/),
    y: value(/Y \(Raw/),
    update: value(/context for KeyUpdate \(Raw/),
  };
}

describe.each([
  ["method 0 with suite 0", /Signatures/],
  ["method 3 with suite 2", /Static DH/],
])("RFC 9529, %s", (_, title) => {
  const trace = traceOf(title);
  const course = courseOf(trace);
  const { crypto, log, messages, own } = run(course);
  const empty = new Uint8Array(0);
  const export_ = (out: Uint8Array) => [
    exporter(crypto, out, 0, empty, 16),
    exporter(crypto, out, 1, empty, 8),
  ];
  export_(own.out);
  export_(keyUpdate(crypto, own.out, course.update));

  /** Everything that went into an operation, came out of one, or was sent. */
  const computed = [...log.flatMap((op) => [...op.inputs, op.output]), ...messages.map(latin1)];
  // What only a certificate's text says, or the first attempt with another suite; numbers of
  // algorithms; and points with both coordinates, which are never sent.
  const beside = /Certificate|first time|^error$/;
  const notComputed = /^Application|'y'-coordinate/;
  test.each(
    trace
      .filter((v) => !beside.test(v.section) && !notComputed.test(v.label))
      .map((v) => [`${v.section}: ${v.label}`, v.hex] as const),
  )("%s", (_label, value) => {
    const wanted = latin1(unhex(value));
    expect(computed.some((c) => c.includes(wanted))).toBe(true);
  });

  test("the messages, byte for byte", () => {
    const sent = trace.filter((v) => /^message_\d \(CBOR Sequence/.test(v.label));
    expect(messages.map(hex)).toEqual(sent.slice(-4).map((v) => v.hex));
  });
});

describe("the suite of RFC 9529 that the responder does not have", () => {
  const first = traceOf(/Static DH/).filter((v) => /first time|^error$/.test(v.section));
  const value = (label: RegExp) => unhex(first.find((v) => label.test(v.label))?.hex ?? "");
  test("is answered with the error of the trace", () => {
    const course = courseOf(traceOf(/Static DH/));
    const { r } = run(course);
    const asked = readMessage1(r, supported([2]), value(/^message_1 \(CBOR/));
    expect(asked).toEqual({ suites: [2] });
    expect(encodeSuitesError([2])).toEqual(value(/^error \(CBOR/));
    expect(decodeSuitesError(value(/^error \(CBOR/))).toEqual([2]);
  });
});

describe("RFC 9529, invalid messages", () => {
  const invalid = traceOf(/Invalid/);
  const { r } = run(courseOf(traceOf(/Static DH/)));
  /** Well formed, and refused for the point that they stand for. */
  const points = /elliptic curve (?:representation|point)|low order/;
  const verdict = ({ section, label, hex: value }: Value): unknown => {
    const bytes = unhex(value);
    if (/message_2/.test(label)) return decodeMessage2(bytes);
    if (/PLAINTEXT_2/.test(label)) return decodePlaintext(bytes, true)?.signatureOrMac.length;
    const asked = readMessage1(r, supported([0, 2]), bytes);
    return points.test(section)
      ? composeMessage2(r, asked as Asked, { cR: Uint8Array.of(1) })
      : asked;
  };
  const expected = ({ section, label }: Value): unknown => {
    // A MAC of the wrong length is well formed, but never equal to one of 8 bytes.
    if (/length of MAC/.test(section)) return 4;
    // The suite that asks for a longer key is none of ours.
    if (/length of ephemeral/.test(section)) return { suites: [0, 2] };
    if (points.test(section)) return "bad-key";
    return /message_1/.test(label) ? "malformed" : undefined;
  };
  test.each(invalid.map((v) => [`${v.section}: ${v.label}`, v] as const))("%s", (_label, value) => {
    expect(verdict(value)).toEqual(expected(value));
  });
});

/** Method 3 with a suite of ours, under fresh keys. */
function fresh(id: number, seed = "fresh"): Course {
  const crypto = new CryptoRecorder([], new Random(seed), "keys");
  const credential = (kid: number): OwnCredential => {
    const { privateKey, publicKey } = sharePair(crypto, suite(id).curve);
    const cred = encodeItem(["certificate", kid, publicKey]);
    return { id: kidCredential(Uint8Array.of(kid)), credential: cred, publicKey, privateKey };
  };
  const [initiator, responder] = [credential(1), credential(2)];
  const [cI, cR] = [Uint8Array.of(5), Uint8Array.of(0x99)];
  return { method: 3, suites: [id], supported: [id], initiator, responder, cI, cR };
}

describe("with fresh keys", () => {
  test.each([
    [0, 37, 45, 19, 9],
    [1, 37, 53, 36, 17],
    [2, 37, 45, 19, 9],
    [3, 37, 53, 36, 17],
    [4, 37, 53, 36, 17],
    [5, 37, 53, 36, 17],
    [6, 37, 53, 36, 17],
  ])("suite %d has messages of %d, %d, %d and %d bytes", (id, ...lengths) => {
    const { messages } = run({ ...fresh(id), cR: Uint8Array.of(6) });
    expect(messages.map((m) => m.length)).toEqual(lengths);
  });

  test("method 0 signs, and a forged signature is noticed", () => {
    const keys = new CryptoRecorder([], new Random("sign"), "keys");
    const course = fresh(4);
    const signing = (c: OwnCredential): OwnCredential => ({ ...c, ...keys.signingKeyPair() });
    const both = { initiator: signing(course.initiator), responder: signing(course.responder) };
    const { i, initiated, answered } = run({ ...course, ...both, method: 0 });
    const find = () => ({ ...both.responder, publicKey: keys.signingKeyPair().publicKey });
    expect(verifyMessage2({ ...i, find }, initiated, answered.message2)).toBe("bad-signature");
  });

  test("every changed bit and every cut of every message is noticed", () => {
    const { i, r, initiated, answered, own, messages } = run(fresh(4));
    const [, message2, message3, message4] = messages as [Uint8Array, ...Uint8Array[]];
    const verify = [
      (m: Uint8Array) => verifyMessage2(i, initiated, m),
      (m: Uint8Array) => verifyMessage3(r, answered, m),
      (m: Uint8Array) => verifyMessage4(i, own, m) ?? {},
    ];
    const survived: string[] = [];
    for (const [k, message] of [message2, message3, message4].entries()) {
      const bytes = message ?? new Uint8Array(0);
      const others = [
        ...Array.from(bytes, (_, at) => bytes.slice(0, at)),
        ...Array.from({ length: 8 * bytes.length }, (_, bit) =>
          bytes.map((b, at) => (at === bit >> 3 ? b ^ (1 << (bit & 7)) : b)),
        ),
      ];
      for (const other of others) {
        const result = verify[k]?.(other);
        if (typeof result !== "string") survived.push(`message_${k + 2}: ${hex(other)}`);
      }
    }
    expect(survived).toEqual([]);
  });

  test("any change of message_1 keeps the two from agreeing", () => {
    const course = fresh(4);
    const { i, r, initiated } = run(course);
    const { message1 } = initiated;
    for (let bit = 0; bit < 8 * message1.length; bit++) {
      const other = message1.map((b, at) => (at === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
      const asked = readMessage1(r, supported([4, 6, 0, 2]), other);
      if (typeof asked === "string" || !("message1" in asked)) continue;
      const answered = composeMessage2(r, asked, { cR: course.cR });
      if (typeof answered === "string") continue;
      expect(typeof verifyMessage2(i, initiated, answered.message2)).toBe("string");
    }
  });

  test("random bytes are refused, and nothing throws", () => {
    const { i, r, initiated, answered, own } = run(fresh(4));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(verifyMessage2(i, initiated, bytes)).toEqual(expect.any(String));
        expect(verifyMessage3(r, answered, bytes)).toEqual(expect.any(String));
        expect(verifyMessage4(i, own, bytes)).toEqual(expect.any(String));
        readMessage1(r, supported([4]), bytes);
        decodeSuitesError(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test("lists nested deeper than any stack are refused", () => {
    expect(readItem(new Uint8Array(1_000_000).fill(0x81))).toBeUndefined();
  });

  test("a responder that is the initiator itself is refused, and so is its identifier", () => {
    const course = fresh(4);
    expect(() => run({ ...course, responder: course.initiator })).toThrow("unauthorized");
    expect(() => run({ ...course, cR: course.cI })).toThrow("unauthorized");
  });

  test("an initiator that prefers a suite which the responder has is told so", () => {
    const { r } = run(fresh(6));
    const message1 = run({ ...fresh(0), suites: [4, 6, 0], supported: [0] }).messages[0];
    const answer = (suites: readonly number[]) =>
      readMessage1(r, supported(suites), message1 ?? new Uint8Array(0));
    expect(answer([0, 4])).toEqual({ suites: [0, 4] });
    expect(answer([2])).toEqual({ suites: [2] });
    expect(answer([0, 2])).toMatchObject({ suites: [4, 6, 0], suite: { id: 0 } });
  });

  test("no key is used for a method that it is not for", () => {
    const { r, messages } = run(fresh(4));
    for (const method of [0, 1, 2]) {
      const message1 = concat(Uint8Array.of(method), (messages[0] as Uint8Array).slice(1));
      expect(readMessage1(r, supported([4]), message1)).toBe("unauthorized");
    }
  });

  test("padding has any length, and is passed over", () => {
    for (let length = 0; length < 100; length++) {
      const ead = padding(length);
      expect(ead.length).toBe(length);
      expect(decodeEad(ead)).toEqual(ead);
    }
  });

  test("what is critical and unknown is refused, and what is not critical is passed over", () => {
    const ead = (...items: readonly CborItem[]) => decodeEad(sequence(...items)) !== undefined;
    expect([ead(7), ead(7, Uint8Array.of(1)), ead(0, 7), ead(-7)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([ead(Uint8Array.of(1)), ead(7, Uint8Array.of(1), Uint8Array.of(1)), ead("x")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("identifiers", () => {
  test("are written as integers where they look like one, and in no other way", () => {
    for (let byte = 0; byte < 256; byte++) {
      const id = Uint8Array.of(byte);
      const written = encodeId(id);
      expect(written.length).toBe(byte <= 0x17 || (byte >= 0x20 && byte <= 0x37) ? 1 : 2);
      const read = readItem(written);
      expect(read && idOf(read)).toEqual(id);
      const other = readItem(encodeItem(id));
      if (written.length === 1) expect(other && idOf(other)).toBeUndefined();
    }
  });
});

describe("CBOR", () => {
  test.each([
    ["an integer longer than needed", "1817"],
    ["a length longer than needed", "580100"],
    ["a list without a length", "9f01ff"],
    ["a float", "fb3ff8000000000000"],
    ["an integer written as a float", "f93c00"],
    ["a tag", "c101"],
    ["true", "f5"],
    ["null", "f6"],
    ["text that is not UTF-8", "62ffff"],
    ["keys out of order", "a2046100026100"],
    ["a key twice", "a2016100016100"],
    ["a list that is too short", "8201"],
    ["bytes that are too few", "4201"],
    ["nothing", ""],
  ])("%s is refused", (_what, value) => {
    expect(readItem(unhex(value))).toBeUndefined();
  });
});
