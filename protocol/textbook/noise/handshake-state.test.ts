/** The framework's own vectors, byte for byte, and what is done with bytes that are not right. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MisuseError } from "../../endpoint.ts";
import { hex, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { readVectors, unhex } from "../../kit/vectors/load.ts";
import type { Part } from "../end.ts";
import { HandshakeState, messageBytes, type Step } from "./handshake-state.ts";
import { patternNamed, patternNames } from "./patterns.ts";
import { overheadBytes, Transport } from "./transport.ts";

interface Vector {
  readonly protocol_name: string;
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
  readonly [field: string]: unknown;
}
const vectorsOf = (origin: string) =>
  readVectors<{ vectors: readonly Vector[] }>(`noise/${origin}-25519-chachapoly-sha256.json`)
    .vectors;

/** Draws no ephemeral key, but has one. */
class Rigged extends CryptoRecorder {
  readonly #privateKey: Uint8Array | undefined;

  constructor(seed: string, privateKey?: Uint8Array) {
    super([], new Random(seed), seed);
    this.#privateKey = privateKey;
  }

  override keyPair(group: Parameters<CryptoRecorder["keyPair"]>[0]): KeyPair {
    const privateKey = this.#privateKey;
    if (privateKey === undefined) return super.keyPair(group);
    return { privateKey, publicKey: this.publicKey(group, privateKey) };
  }
}

function endOf(vector: Vector, part: Part) {
  const field = (name: string): string | undefined => {
    const value = vector[`${part === "initiator" ? "init" : "resp"}_${name}`];
    return typeof value === "string" ? value : undefined;
  };
  const bytes = (name: string) =>
    field(name) === undefined ? undefined : unhex(field(name) ?? "");
  const crypto = new Rigged(part, bytes("ephemeral"));
  const pattern = patternNamed(vector.protocol_name.split("_")[1] ?? "");
  if (pattern === undefined) throw new Error(vector.protocol_name);
  const privateKey = bytes("static");
  const own = privateKey && { privateKey, publicKey: crypto.publicKey("x25519", privateKey) };
  const psks = vector[part === "initiator" ? "init_psks" : "resp_psks"] as string[] | undefined;
  const prologue = bytes("prologue") ?? new Uint8Array(0);
  const other = part === "initiator" ? "responder" : "initiator";
  const theirs = pattern.known[other] ? bytes("remote_static") : undefined;
  const psk = (nth: number) => unhex(psks?.[nth] ?? "");
  const about = { crypto, pattern, part, prologue, own, theirs, psk };
  return { crypto, state: HandshakeState.initialize(about) };
}

const done = (step: Step | string): Step => {
  if (typeof step === "string") throw new Error(step);
  return step;
};

describe.each([
  ["cacophony", 38],
  ["snow", 30],
])("vectors of %s", (origin, count) => {
  const vectors = vectorsOf(origin);
  test("are all there", () => expect(vectors).toHaveLength(count));

  test.each(vectors.map((v) => [v.protocol_name, v] as const))("%s", (_, vector) => {
    const ends = { initiator: endOf(vector, "initiator"), responder: endOf(vector, "responder") };
    const messages = [...vector.messages];
    while (!ends.initiator.state.isComplete) {
      const { payload = "", ciphertext } = messages.shift() ?? {};
      const writes: Part = ends.initiator.state.isWriting ? "initiator" : "responder";
      const reads: Part = writes === "initiator" ? "responder" : "initiator";
      const written = ends[writes].state.write(unhex(payload));
      expect(hex(written.bytes)).toBe(ciphertext);
      const read = done(ends[reads].state.read(written.bytes));
      expect(hex(read.bytes)).toBe(payload);
      ends[writes].state = written.state;
      ends[reads].state = read.state;
    }
    expect(ends.responder.state.isComplete).toBe(true);
    const hash = hex(ends.initiator.state.hash);
    expect(hex(ends.responder.state.hash)).toBe(hash);
    if (vector.handshake_hash !== undefined) expect(hash).toBe(vector.handshake_hash);
    expectTransport(vector, messages, ends);
  });
});

function expectTransport(
  vector: Vector,
  messages: Vector["messages"],
  ends: Record<Part, ReturnType<typeof endOf>>,
): void {
  const { oneWay = false, messages: before = [] } =
    patternNamed(vector.protocol_name.split("_")[1] ?? "") ?? {};
  const transport = (part: Part) => {
    const { crypto, state } = ends[part];
    const [first, second] = state.split();
    const [send, receive] = part === "initiator" ? [first, second] : [second, first];
    return new Transport({ crypto, send, receive, checksNonces: true });
  };
  const both = { initiator: transport("initiator"), responder: transport("responder") };
  for (const [i, { payload, ciphertext }] of messages.entries()) {
    const isInitiator = oneWay || (before.length + i) % 2 === 0;
    const [from, to] = isInitiator
      ? (["initiator", "responder"] as const)
      : (["responder", "initiator"] as const);
    const message = both[from].write(unhex(payload));
    expect(hex(message.slice(6))).toBe(ciphertext);
    expect(both[to].read(message)).toEqual(unhex(payload));
  }
}

/** Two ends of a pattern with keys of their own. */
function pair(name: string) {
  const pattern = patternNamed(name);
  if (pattern === undefined) throw new Error(name);
  const cryptos = { initiator: new Rigged("a"), responder: new Rigged("b") };
  const statics = {
    initiator: cryptos.initiator.keyPair("x25519"),
    responder: cryptos.responder.keyPair("x25519"),
  };
  const prologue = utf8("test");
  const end = (part: Part, other: Part) =>
    HandshakeState.initialize({
      crypto: cryptos[part],
      pattern,
      part,
      prologue,
      own: statics[part],
      theirs: pattern.known[other] ? statics[other].publicKey : undefined,
      psk: () => utf8("a pre-shared key of thirty-two b"),
    });
  return { initiator: end("initiator", "responder"), responder: end("responder", "initiator") };
}

describe("what is not right", () => {
  test.each([...patternNames, "XXpsk3"])(
    "%s: no changed byte goes unnoticed in the end",
    (name) => {
      fc.assert(
        fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, mask, which) => {
          let { initiator, responder } = pair(name);
          for (let i = 0; !initiator.isComplete; i++) {
            const [writer, reader] = initiator.isWriting
              ? [initiator, responder]
              : [responder, initiator];
            const written = writer.write(utf8("payload"));
            const bytes = written.bytes.slice();
            const place = at % bytes.length;
            // The top bit of a point does not count, and is in the transcript all the same.
            if (i === which) bytes[place] = (bytes[place] ?? 0) ^ mask;
            const before = hex(reader.hash);
            const read = reader.read(bytes);
            if (typeof read === "string") {
              expect(hex(reader.hash)).toBe(before);
              expect(["bad-tag", "bad-key"]).toContain(read);
              expect(i).toBeGreaterThanOrEqual(which);
              return;
            }
            [initiator, responder] = initiator.isWriting
              ? [written.state, read.state]
              : [read.state, written.state];
            if (i >= which) expect(hex(initiator.hash)).not.toBe(hex(responder.hash));
          }
        }),
        { numRuns: 25 },
      );
    },
  );

  test("is rejected with a reason, and the state is as it was", () => {
    const { initiator, responder } = pair("NK");
    const { bytes, state } = initiator.write(utf8("hello"));
    const low = bytes.slice();
    low.fill(0, 0, 32);
    const reasons = [
      responder.read(bytes.slice(0, 31)),
      responder.read(bytes.slice(0, 47)),
      responder.read(new Uint8Array(messageBytes + 1)),
      responder.read(low),
      responder.read(bytes.slice(0, 48)),
      initiator.read(bytes),
      state.read(utf8("too short")),
    ];
    expect(reasons).toEqual([
      "malformed",
      "malformed",
      "too-long",
      "bad-key",
      "bad-tag",
      "unexpected",
      "malformed",
    ]);
    expect(done(responder.read(bytes)).bytes).toEqual(utf8("hello"));
  });

  test("misuse throws", () => {
    const { initiator, responder } = pair("NN");
    expect(() => responder.write(utf8(""))).toThrow(MisuseError);
    expect(() => initiator.split()).toThrow(MisuseError);
    expect(() => initiator.write(new Uint8Array(messageBytes))).toThrow(MisuseError);
    const pattern = patternNamed("KK");
    if (pattern === undefined) throw new Error("KK");
    const about = { crypto: new Rigged("x"), pattern, prologue: utf8("") };
    expect(() => HandshakeState.initialize({ ...about, part: "initiator" })).toThrow(MisuseError);
  });

  test("patterns that are not there", () => {
    for (const name of ["", "xx", "XXpsk4", "XXfallback", "I1K", "XXpsk"]) {
      expect(patternNamed(name)).toBeUndefined();
    }
  });
});

describe("transport", () => {
  const ends = (checksNonces: boolean) => {
    const crypto = new Rigged("t");
    const [a, b] = [crypto.random(32), crypto.random(32)];
    return [
      new Transport({ crypto, send: a, receive: b, checksNonces }),
      new Transport({ crypto, send: b, receive: a, checksNonces }),
    ] as const;
  };

  test("takes only higher nonces, unless it is told not to look", () => {
    const [from, to] = ends(true);
    const [first, second, third] = [
      from.write(utf8("1")),
      from.write(utf8("2")),
      from.write(utf8("3")),
    ];
    expect(to.read(second)).toEqual(utf8("2"));
    expect(to.read(first)).toBe("replayed");
    expect(to.read(second)).toBe("replayed");
    expect(to.read(third.slice(0, overheadBytes - 1))).toBe("malformed");
    expect(to.read(new Uint8Array(messageBytes + 1))).toBe("too-long");
    expect(to.read(third.map((byte, i) => (i === 6 ? byte ^ 1 : byte)))).toBe("bad-tag");
    expect(to.read(third)).toEqual(utf8("3"));
    const [again, careless] = ends(false);
    const message = again.write(utf8("1"));
    expect([careless.read(message), careless.read(message)]).toEqual([utf8("1"), utf8("1")]);
  });

  test("goes one way only where the pattern does", () => {
    const crypto = new Rigged("t");
    const send = crypto.random(32);
    const sender = new Transport({ crypto, send, receive: undefined, checksNonces: true });
    expect(sender.maySend).toBe(true);
    expect(sender.read(sender.write(utf8("x")))).toBe("unexpected");
  });
});
