/** Two ends of an established channel, on a network of ten milliseconds that loses what it is told. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Millis, OutputBody } from "../endpoint.ts";
import { concat, equalBytes, lossyText, utf8 } from "../kit/bytes.ts";
import type { OpRecord } from "../kit/operations.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { Channel } from "./channel.ts";
import { encodeItem } from "./edhoc/cbor.ts";
import { kidCredential, type OwnCredential } from "./edhoc/credential.ts";
import { sharePair } from "./edhoc/shares.ts";
import { Epochs, updateAfterForgeries, updateAfterMs } from "./epochs.ts";
import { readRecord, type SealedRecord } from "./records.ts";
import { rekeyAfterMs } from "./rekey.ts";
import { allDefences } from "./settings.ts";
import { bestSuite } from "./suites.ts";

type Fate = readonly Millis[];

class Pair {
  now: Millis = 0;
  readonly log: OpRecord[] = [];
  readonly events: string[] = [];
  readonly records: Uint8Array[] = [];
  readonly ends: readonly [Channel, Channel];
  /** PRK_out. */
  readonly out: Uint8Array;
  fate: (index: number) => Fate = () => [10];
  #underWay: { at: Millis; to: number; bytes: Uint8Array }[] = [];

  constructor(suite = 4) {
    const crypto = new CryptoRecorder(this.log, new Random("pair"), "both");
    const common = { crypto, defences: allDefences, suite: bestSuite([suite]) };
    const out = crypto.random(32);
    this.out = out;
    const credentials = [1, 2].map((kid): OwnCredential => {
      const { privateKey, publicKey } = sharePair(crypto, common.suite.curve);
      const id = kidCredential(Uint8Array.of(kid));
      return { id, credential: encodeItem(["certificate", kid, publicKey]), publicKey, privateKey };
    });
    const end = (index: number, [ownId, peerId]: [number, number], peer: string): Channel => {
      const own = credentials[index] as OwnCredential;
      const other = credentials[1 - index] as OwnCredential;
      const find = (id: Uint8Array) => (equalBytes(id, other.id) ? other : undefined);
      const setup = () => ({ crypto, own, find, defences: allDefences });
      const about = { ...common, ownId, peerId, peer, out, setup, initiates: index === 0 };
      return new Channel(about, 0);
    };
    this.ends = [end(0, [7, 8], "bob"), end(1, [8, 7], "alice")];
  }

  /** Carries out what an end wants. */
  do(from: 0 | 1, outputs: readonly OutputBody[] | string): void {
    const name = from === 0 ? "alice" : "bob";
    if (typeof outputs === "string") return void this.events.push(`${name} << reject ${outputs}`);
    for (const o of outputs) {
      if (o.kind === "transmit") {
        const index = this.records.push(o.bytes) - 1;
        for (const ms of this.fate(index)) {
          this.#underWay.push({ at: this.now + ms, to: 1 - from, bytes: o.bytes });
        }
      } else if (o.kind === "log") this.events.push(`${name} << log ${o.line}`);
      else if ("message" in o) this.events.push(`${name} << ${o.kind} ${lossyText(o.message)}`);
    }
  }

  send(from: 0 | 1, text: string): void {
    this.do(from, this.ends[from].send(utf8(text), this.now));
  }

  arrive(to: 0 | 1, bytes: Uint8Array): void {
    const record = readRecord(bytes, allDefences) as SealedRecord;
    this.do(to, this.ends[to].receive(record, this.now));
  }

  run(limitMs: Millis = Infinity): this {
    for (;;) {
      this.#underWay.sort((a, b) => a.at - b.at);
      const [first] = this.#underWay;
      const timers = this.ends.map((e) => e.deadline() ?? Infinity);
      const next = Math.min(first?.at ?? Infinity, ...timers);
      if (next === Infinity || next > limitMs) return this;
      this.now = Math.max(this.now, next);
      if (first !== undefined && first.at <= this.now) {
        this.#underWay.shift();
        this.arrive(first.to as 0 | 1, first.bytes);
      } else {
        const at = timers[0] === next ? 0 : 1;
        this.do(at, this.ends[at].expire(this.now));
      }
    }
  }
}

const common = {
  crypto: new CryptoRecorder([], new Random("beside"), "test"),
  defences: allDefences,
  suite: bestSuite([4]),
};
const delivered = (pair: Pair): string[] => pair.events.filter((e) => e.includes("deliver"));

describe("an update of the keys", () => {
  /** One message before, one after, and the update between them. */
  function updated(by: readonly (0 | 1)[], fate: (index: number) => Fate = () => [10]): Pair {
    const pair = new Pair();
    pair.send(0, "before");
    pair.run();
    pair.fate = (index) => fate(index - 2);
    for (const end of by) pair.do(end, pair.ends[end].update(pair.now));
    pair.send(0, "meanwhile");
    pair.send(1, "likewise");
    pair.run();
    pair.send(0, "after");
    pair.send(1, "as well");
    return pair.run();
  }
  const all = ["alice << deliver as well", "alice << deliver likewise"].concat(
    ["after", "before", "meanwhile"].map((m) => `bob << deliver ${m}`),
  );

  test.each([[[0]], [[1]], [[0, 1]]] as const)("asked for by %j, loses nothing", (by) => {
    expect(delivered(updated(by)).toSorted()).toEqual(all);
  });

  test.each([[[0]], [[0, 1]]] as const)(
    "asked for by %j, survives every loss, delay and duplication of two records",
    (by) => {
      const fates: readonly Fate[] = [[], [10, 12], [1_200], [5_000]];
      for (let a = 0; a < 8; a++) {
        for (let b = a; b < 8; b++) {
          for (const f of fates) {
            const pair = updated(by, (i) => (i === a || i === b ? f : [10]));
            expect(delivered(pair).toSorted()).toEqual(all);
          }
        }
      }
    },
  );

  test("seals what follows under keys that were never used before", () => {
    const pair = updated([0]);
    const keys = pair.log
      .filter((op) => op.op === "aead" && !op.backwards)
      .map((op) => op.inputs[0]);
    expect(new Set(keys).size).toBe(4);
  });

  test("refuses records of the old epoch once both ends have moved", () => {
    const pair = new Pair();
    pair.fate = (index) => (index === 0 ? [] : [10]);
    pair.send(0, "late");
    pair.do(0, pair.ends[0].update(pair.now));
    pair.run();
    pair.now += 100_000;
    pair.events.length = 0;
    pair.arrive(1, pair.records[0] as Uint8Array);
    expect(pair.events).toEqual(["bob << reject replayed"]);
    pair.arrive(1, concat(Uint8Array.of(9, 30), (pair.records[0] as Uint8Array).slice(2)));
    expect(pair.events.at(-1)).toBe("bob << reject bad-tag");
  });

  test("comes by itself after ten minutes, and after many forgeries", () => {
    const updates = (pair: Pair): readonly number[] => pair.ends.map((e) => e.epoch);
    const old = new Pair();
    old.now = updateAfterMs;
    old.send(0, "good morning");
    expect(updates(old.run())).toEqual([1, 1]);

    const attacked = new Pair();
    attacked.send(0, "hello");
    attacked.run();
    const forged = Uint8Array.from(attacked.records[0] as Uint8Array);
    for (let i = 0; i < updateAfterForgeries; i++) {
      forged[1] = 20 + (i % 40);
      attacked.arrive(1, forged);
    }
    expect(updates(attacked)).toEqual([0, 0]);
    // It does not wait for the next message.
    expect(updates(attacked.run())).toEqual([1, 1]);
    attacked.send(1, "still here");
    attacked.run();
    expect(delivered(attacked)).toEqual(["bob << deliver hello", "alice << deliver still here"]);
  });

  test("that is never answered ends the channel", () => {
    const pair = new Pair();
    pair.fate = () => [];
    pair.send(0, "hello");
    pair.do(0, pair.ends[0].update(0));
    expect(pair.run().events).toEqual(["alice << give-up hello"]);
    expect(pair.ends[0].over).toBe(true);
  });
});

describe("new keys from a new handshake", () => {
  type Course = (pair: Pair) => void;
  const rekey: Course = (pair) => pair.do(0, pair.ends[0].rekey(pair.now));
  const update =
    (end: 0 | 1): Course =>
    (pair) =>
      pair.do(end, pair.ends[end].update(pair.now));

  function renewed(courses: readonly Course[], fate: (index: number) => Fate = () => [10]): Pair {
    const pair = new Pair();
    pair.send(0, "before");
    pair.run();
    pair.fate = (index) => fate(index - 2);
    for (const course of courses) course(pair);
    pair.send(0, "meanwhile");
    pair.send(1, "likewise");
    pair.run();
    pair.send(0, "after");
    pair.send(1, "as well");
    return pair.run();
  }
  const all = ["alice << deliver as well", "alice << deliver likewise"].concat(
    ["after", "before", "meanwhile"].map((m) => `bob << deliver ${m}`),
  );
  const outcome = (pair: Pair) => [
    delivered(pair).toSorted(),
    new Set(pair.ends.map((e) => e.epoch)).size,
  ];

  test("change the epoch, and nothing is lost", () => {
    const pair = renewed([rekey]);
    expect(outcome(pair)).toEqual([all, 1]);
    expect(pair.ends[0].epoch).toBe(1);
  });

  test("are made from secrets that the channel never had", () => {
    const pair = renewed([rekey]);
    // Both ends have two static secrets and an ephemeral one to compute.
    const secrets = pair.log.filter((op) => op.op === "shared-secret");
    expect(new Set(secrets.map((op) => op.output)).size).toBe(3);
    const updates = pair.log.filter((op) => op.op === "kdf" && op.inputs[2]?.startsWith("\u000b"));
    expect(updates.length).toBe(2);
    expect(new Set(updates.map((op) => op.output)).size).toBe(1);
    expect(updates[0]?.inputs[2]?.length).toBe(1 + 2 + 1 + 32 + 2);
  });

  test.each([
    ["alone", [rekey]],
    ["while the responder updates its keys", [rekey, update(1)]],
    ["while the responder has begun to", [update(1), rekey]],
  ] as const)("%s, survive every loss, delay and duplication of two records", (_, courses) => {
    const fates: readonly Fate[] = [[], [10, 12], [1_200], [5_000]];
    for (let a = 0; a < 10; a++) {
      for (let b = a; b < 10; b++) {
        for (const f of fates) {
          const pair = renewed(courses, (i) => (i === a || i === b ? f : [10]));
          expect([a, b, f, ...outcome(pair)]).toEqual([a, b, f, all, 1]);
        }
      }
    }
  });

  test("come by themselves after an hour", () => {
    const pair = new Pair();
    pair.now = rekeyAfterMs;
    pair.send(0, "good morning");
    pair.run();
    expect(pair.ends.map((e) => e.epoch)).toEqual([1, 1]);
    expect(pair.log.some((op) => op.op === "shared-secret")).toBe(true);
  });

  test("are begun by the initiator only", () => {
    const pair = new Pair();
    expect(pair.ends[1].rekey(0)).toEqual([]);
  });

  test("need a proof: what is no message of a handshake is passed over", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 42 }), { maxLength: 6 }), (bodies) => {
        const pair = new Pair();
        const keys = new Epochs({ ...common, ownId: 7, peerId: 8 }, pair.out, 0);
        for (const body of bodies) pair.arrive(1, keys.seal([{ kind: "rekey", body }]));
        expect(pair.events).toEqual([]);
        expect(pair.ends[1].epoch).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe("the end", () => {
  test("is confirmed, and repeated while it is not", () => {
    for (const lost of [[], [0], [1], [0, 1, 2]]) {
      const pair = new Pair();
      pair.fate = (index) => (lost.includes(index) ? [] : [10]);
      pair.do(0, pair.ends[0].close(0));
      pair.run();
      expect(pair.ends.map((e) => e.over)).toEqual([true, true]);
      expect(pair.events).toEqual([]);
    }
  });

  test("shows that messages are missing", () => {
    const pair = new Pair();
    pair.fate = (index) => (index === 0 ? [] : [10]);
    pair.send(0, "lost");
    pair.do(0, pair.ends[0].close(0));
    pair.run(20);
    expect(pair.events).toEqual([
      "bob << log the last 1 messages did not arrive",
      "alice << give-up lost",
    ]);
  });

  test("leaves nothing to be said", () => {
    const pair = new Pair();
    pair.do(0, pair.ends[0].close(0));
    pair.send(0, "one more thing");
    pair.run();
    pair.send(1, "wait");
    expect(pair.events).toEqual(["alice << give-up one more thing", "bob << give-up wait"]);
  });
});

describe("hostile records", () => {
  test("with any bit flipped are refused, and those that follow are as good as before", () => {
    for (const suite of [0, 2, 4, 6]) {
      const pair = new Pair(suite);
      pair.fate = () => [];
      pair.send(0, "hello");
      const [honest = new Uint8Array(0)] = pair.records;
      for (let bit = 0; bit < 8 * honest.length; bit++) {
        const other = honest.map((b, at) => (at === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
        const record = readRecord(other, allDefences);
        // The kid finds the session; the one that is there has another.
        if (typeof record === "string" || record.kid !== 7) continue;
        expect(pair.ends[1].receive(record, 0)).toBe("bad-tag");
      }
      pair.arrive(1, honest);
      expect(delivered(pair)).toEqual(["bob << deliver hello"]);
    }
  });

  test("that come back to their sender are refused", () => {
    const pair = new Pair();
    pair.fate = () => [];
    pair.send(0, "hello");
    pair.arrive(0, pair.records[0] as Uint8Array);
    expect(pair.events).toEqual(["alice << reject bad-tag"]);
  });

  test("that were accepted once are refused from then on, in any order", () => {
    const pair = new Pair();
    pair.fate = () => [];
    for (let i = 0; i < 16; i++) pair.send(0, `message ${i}`);
    const order = fc.shuffledSubarray([...pair.records.keys()], { minLength: 16 });
    fc.assert(
      fc.property(order, (list) => {
        const other = new Pair();
        for (const i of [...list, ...list]) other.arrive(1, pair.records[i] as Uint8Array);
        expect(delivered(other)).toEqual(
          Array.from({ length: 16 }, (_, i) => `bob << deliver message ${i}`),
        );
      }),
      { numRuns: 20 },
    );
  });
});

test("all records have 64 bytes, and one frame each, whatever they carry", () => {
  for (const suite of [0, 2, 4, 6]) {
    const counts = [0, 1, 20, 40].map((length) => {
      const pair = new Pair(suite);
      for (let i = 0; i < 5; i++) pair.send(0, "x".repeat(length));
      pair.run();
      expect(pair.records.every((r) => r.length === 64)).toBe(true);
      return pair.records.length;
    });
    expect(new Set(counts).size).toBe(1);
  }
});
