/** Outbox and inbox together, over a network that loses, doubles and reorders. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Millis } from "../endpoint.ts";
import { lossyText, utf8 } from "../kit/bytes.ts";
import {
  type DataFrame,
  decodeFrames,
  encodeFrames,
  type FragmentFrame,
  type Frame,
} from "./frames.ts";
import { Inbox, type InboxOptions } from "./inbox.ts";
import { lastId, maxMessageBytes, Outbox, windowMessages } from "./outbox.ts";

const room = 45;
const data = (id: number, text = `m${id}`): DataFrame => ({ kind: "data", id, body: utf8(text) });
const texts = (list: readonly (Uint8Array | { message: Uint8Array })[]): string[] =>
  list.map((m) => lossyText(m instanceof Uint8Array ? m : m.message));

/** When the copies of a record arrive, in milliseconds after it was sent; none: it is lost. */
type Fate = readonly Millis[];

/** One direction: messages there, acknowledgements back, each frame in a record of its own. */
class Line {
  now: Millis = 0;
  readonly delivered: string[] = [];
  readonly confirmed: string[] = [];
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  records = 0;
  #order = 0;
  readonly #fates: readonly Fate[];
  readonly #under: { at: Millis; order: number; frame: Frame }[] = [];

  constructor(fates: readonly Fate[], jitter = 7, options?: Partial<InboxOptions>) {
    this.#fates = fates;
    this.outbox = new Outbox(room, jitter);
    this.inbox = new Inbox(options);
  }

  #transmit(frame: Frame): void {
    const bytes = encodeFrames([frame], room);
    const [arrived] = decodeFrames(bytes) ?? [];
    if (arrived === undefined) throw new Error("a frame was lost in its own record");
    for (const delay of this.#fates[this.records++] ?? [10]) {
      this.#under.push({ at: this.now + delay, order: this.#order++, frame: arrived });
    }
  }

  /** Until nothing is under way and nothing is waited for. */
  run(messages: readonly string[]): this {
    for (const m of messages) this.outbox.push(utf8(m));
    for (let step = 0; step < 20_000; step++) {
      for (const frame of this.outbox.due(this.now)) this.#transmit(frame);
      this.#under.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#under[0];
      const deadline = this.outbox.deadline();
      if (next === undefined && deadline === undefined) return this;
      this.now = Math.max(this.now, Math.min(next?.at ?? Infinity, deadline ?? Infinity));
      if (next !== undefined && next.at <= this.now) {
        this.#under.shift();
        this.#arrive(next.frame);
      }
      expect(this.inbox.kept).toBeLessThanOrEqual(windowMessages);
    }
    throw new Error("it never comes to rest");
  }

  #arrive(frame: Frame): void {
    if (frame.kind === "ack") {
      this.confirmed.push(...texts(this.outbox.acknowledged(frame)));
    } else if (frame.kind === "data" || frame.kind === "fragment" || frame.kind === "signature") {
      this.delivered.push(...texts(this.inbox.accept(frame)));
      if (this.inbox.ackDue) this.#transmit(this.inbox.ack());
    }
  }
}

const fates = (maxDelay: number, maxLength: number) =>
  fc.array(fc.array(fc.integer({ min: 1, max: maxDelay }), { maxLength: 3 }), {
    maxLength,
    size: "max",
  });
const messagesOf = (lengths: readonly number[]): string[] =>
  lengths.map((length, i) => `${i}:${"x".repeat(length)}`);
const someMessages = fc
  .array(fc.oneof(fc.nat(30), fc.nat(maxMessageBytes(room) - 4)), { maxLength: 30 })
  .map(messagesOf);

describe("whatever the network does", () => {
  test("each message arrives once and in order, and only what was delivered is confirmed", () => {
    fc.assert(
      fc.property(fates(20_000, 80), someMessages, fc.nat(), (list, messages, jitter) => {
        const line = new Line(list, jitter).run(messages);
        expect(messages.slice(0, line.delivered.length)).toEqual(line.delivered);
        expect(line.confirmed.every((m) => line.delivered.includes(m))).toBe(true);
        expect(new Set(line.confirmed).size).toBe(line.confirmed.length);
        // Nothing is dropped silently: what is not confirmed is known to be unknown.
        const lost = texts(line.outbox.abandon());
        expect([...line.confirmed, ...lost].toSorted()).toEqual(messages.toSorted());
        // A sender that has given up may still hear that everything has arrived.
        if (lost.length > 0) expect(line.outbox.gaveUp).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("an acknowledgement that comes after giving up still confirms", () => {
    const lost = (records: number) => Array<Fate>(records).fill([]);
    const never = new Line(lost(100)).run(["a"]);
    expect([never.outbox.gaveUp, never.confirmed]).toEqual([true, []]);
    const late = new Line([...lost(never.records - 1), [10], [60_000]]).run(["a"]);
    expect([late.outbox.gaveUp, late.confirmed]).toEqual([true, ["a"]]);
    expect(late.outbox.abandon()).toEqual([]);
  });

  test("everything arrives and is confirmed if only a few records are lost", () => {
    const isLost = (fate: Fate) => fate.length === 0;
    const mild = fates(900, 80).map((list) => {
      const keep = new Set([...list.keys()].filter((i) => isLost(list[i] ?? [])).slice(0, 5));
      return list.map((fate, i) => (isLost(fate) && !keep.has(i) ? [10] : fate));
    });
    fc.assert(
      fc.property(mild, someMessages, (list, messages) => {
        const line = new Line(list).run(messages);
        expect(line.delivered).toEqual(messages);
        expect(line.confirmed).toEqual(messages);
        expect(line.outbox.idle).toBe(true);
        expect(line.outbox.gaveUp).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  test("without order or without deduplication, this would not hold", () => {
    const doubledAndLate: Fate[] = [[500], [10, 20]];
    const run = (options: Partial<InboxOptions>) =>
      new Line(doubledAndLate, 7, options).run(["a", "b"]);
    expect(run({}).delivered).toEqual(["a", "b"]);
    expect(run({ order: false }).delivered).toEqual(["b", "a"]);
    expect(run({ order: false, deduplication: false }).delivered).toEqual(["b", "b", "a"]);
    const doubled = new Line([[10, 11]], 7, { deduplication: false });
    expect(doubled.run(["a"]).delivered).toEqual(["a", "a"]);
  });

  test("a signed message arrives with its signature, or not at all", () => {
    fc.assert(
      fc.property(fates(5_000, 60), fc.array(fc.nat(80), { maxLength: 10 }), (list, lengths) => {
        const line = new Line(list, 7, { signed: true });
        const accept = line.inbox.accept.bind(line.inbox);
        const signatures: string[] = [];
        line.inbox.accept = (frame) => {
          const delivered = accept(frame);
          signatures.push(...delivered.map((m) => lossyText(m.signature ?? utf8("none"))));
          return delivered;
        };
        const messages = messagesOf(lengths);
        for (const m of messages) line.outbox.push(utf8(m), utf8(`${m} is signed`.padStart(70)));
        line.run([]);
        expect(messages.slice(0, line.delivered.length)).toEqual(line.delivered);
        expect(signatures).toEqual(line.delivered.map((m) => `${m} is signed`.padStart(70)));
        expect(line.confirmed.every((m) => line.delivered.includes(m))).toBe(true);
      }),
    );
  });

  test("many messages pass through the window in order", () => {
    const many = messagesOf(Array.from({ length: 200 }, (_, i) => i % 90));
    const scattered = (i: number): number => Math.imul(i + 1, 0x9e3779b1) >>> 16;
    const list = many.flatMap((_, i): Fate[] => [
      scattered(i) % 5 === 0 ? [] : [scattered(i) % 40],
    ]);
    const line = new Line(list).run(many);
    expect(line.delivered).toEqual(many);
    expect(line.confirmed).toEqual(many);
  });
});

describe("the outbox", () => {
  test("sends at once, seven times in all with growing pauses, and then does not know", () => {
    const outbox = new Outbox(room, 0);
    outbox.push(utf8("m1"));
    expect(outbox.deadline()).toBe(0);
    const times: Millis[] = [];
    for (let now = 0; outbox.deadline() !== undefined; now = outbox.deadline() ?? 0) {
      const frames = outbox.due(now);
      if (frames.length > 0) times.push(now);
      // Every time the same frame: neither the number nor the content changes.
      if (!outbox.gaveUp) expect(frames).toEqual([data(1)]);
    }
    const pauses = times.slice(1).map((t, i) => (t - (times[i] ?? 0)) / (1_000 * 1.5 ** i));
    expect(times.length).toBe(7);
    expect(pauses.every((p) => p >= 0.999 && p < 1.13)).toBe(true);
    expect([outbox.gaveUp, outbox.idle, outbox.push(utf8("late"))]).toEqual([
      true,
      false,
      undefined,
    ]);
    expect(texts(outbox.abandon())).toEqual(["m1"]);
    expect([outbox.idle, outbox.due(1e9)]).toEqual([true, []]);
  });

  test("the jitter differs by session, by message and by try, and repeats exactly", () => {
    const deadlines = (jitter: number): (number | undefined)[] => {
      const outbox = new Outbox(room, jitter);
      outbox.push(utf8("m1"));
      return [0, 2_000, 4_000, 8_000].map((now) => {
        outbox.due(now);
        return (outbox.deadline() ?? 0) - now;
      });
    };
    expect(deadlines(1)).toEqual(deadlines(1));
    expect(deadlines(1)).not.toEqual(deadlines(2));
  });

  test("sends nothing again before its time, nor after it was confirmed", () => {
    const outbox = new Outbox(room, 3);
    outbox.push(utf8("m1"));
    expect(outbox.due(0)).toEqual([data(1)]);
    expect(outbox.due(999)).toEqual([]);
    const ack = { kind: "ack", largest: 1, bitmap: 0 } as const;
    expect(texts(outbox.acknowledged(ack))).toEqual(["m1"]);
    expect(outbox.acknowledged(ack)).toEqual([]);
    expect([outbox.deadline(), outbox.due(1e6), outbox.gaveUp]).toEqual([undefined, [], false]);
  });

  test("has 16 messages under way at most, counted from the oldest", () => {
    const outbox = new Outbox(room, 3);
    for (let i = 1; i <= 40; i++) outbox.push(utf8(`m${i}`));
    expect(outbox.due(0)).toEqual(Array.from({ length: 16 }, (_, i) => data(i + 1)));
    expect(outbox.lastSent).toBe(16);
    // All but the first are delivered: the receiver may still hold back no more.
    outbox.acknowledged({ kind: "ack", largest: 16, bitmap: 0x3fff });
    expect(outbox.due(1)).toEqual([]);
    outbox.acknowledged({ kind: "ack", largest: 1, bitmap: 0 });
    expect(outbox.deadline()).toBe(0);
    expect(outbox.due(2).length).toBe(16);
  });

  test("cuts what is too long for a record, and refuses what eight pieces do not hold", () => {
    const outbox = new Outbox(room, 3);
    const shape = (length: number): string[] => {
      outbox.push(new Uint8Array(length));
      const frames = outbox.due(0) as (DataFrame | FragmentFrame)[];
      for (const f of frames) expect(encodeFrames([f], room).length).toBe(room);
      return frames.map((f) => `${f.kind} ${f.body.length}`);
    };
    expect(shape(0)).toEqual(["data 0"]);
    expect(shape(41)).toEqual(["data 41"]);
    expect(shape(42)).toEqual(["fragment 40", "fragment 2"]);
    expect(shape(80)).toEqual(["fragment 40", "fragment 40"]);
    expect(shape(320)).toEqual(Array.from({ length: 8 }, () => "fragment 40"));
    expect(maxMessageBytes(room)).toBe(320);
    expect(outbox.push(new Uint8Array(321))).toBeUndefined();
    expect(outbox.push(utf8("next"))).toBe(6);
  });

  test("keeps its own copy of a message", () => {
    const outbox = new Outbox(room, 3);
    const message = utf8("m1");
    outbox.push(message);
    message.fill(0);
    expect(outbox.due(0)).toEqual([data(1)]);
  });

  test("has 65535 numbers, and none twice", () => {
    const outbox = new Outbox(room, 3);
    for (let i = 1; i <= lastId; i++) expect(outbox.push(utf8("x"))).toBe(i);
    expect(outbox.push(utf8("x"))).toBeUndefined();
  });

  test("believes no acknowledgement of what was not sent", () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(65_535), (largest, bitmap) => {
        const outbox = new Outbox(room, 3);
        for (let i = 1; i <= 20; i++) outbox.push(utf8(`m${i}`));
        outbox.due(0);
        const confirmed = texts(outbox.acknowledged({ kind: "ack", largest, bitmap }));
        const isTold = (id: number): boolean => {
          const back = largest - 1 - id;
          return id === largest || (back >= 0 && back < 16 && ((bitmap >> back) & 1) === 1);
        };
        const told = Array.from({ length: 16 }, (_, i) => i + 1).filter(isTold);
        expect(confirmed).toEqual(told.map((id) => `m${id}`));
      }),
    );
  });
});

describe("the inbox", () => {
  test("holds back, delivers in order, and acknowledges only what it delivered", () => {
    const inbox = new Inbox();
    expect(inbox.ack()).toEqual({ kind: "ack", largest: 0, bitmap: 0 });
    expect(inbox.accept(data(2))).toEqual([]);
    expect([inbox.ackDue, inbox.ack().largest, inbox.kept]).toEqual([false, 0, 1]);
    expect(inbox.accept(data(1))).toEqual([
      { id: 1, message: utf8("m1") },
      { id: 2, message: utf8("m2") },
    ]);
    expect([inbox.ackDue, inbox.lastDelivered]).toEqual([true, 2]);
    expect(inbox.ack()).toEqual({ kind: "ack", largest: 2, bitmap: 1 });
    expect(inbox.ackDue).toBe(false);
    // It came again, so that the acknowledgement was lost.
    expect(inbox.accept(data(1, "changed"))).toEqual([]);
    expect(inbox.ackDue).toBe(true);
  });

  test("joins pieces in any order, and discards those that contradict the first", () => {
    const inbox = new Inbox();
    const piece = (index: number, body: string, last = 2): FragmentFrame => ({
      kind: "fragment",
      id: 1,
      index,
      last,
      body: utf8(body),
    });
    expect(inbox.accept(piece(2, "c"))).toEqual([]);
    expect(inbox.accept(piece(0, "a"))).toEqual([]);
    expect(inbox.accept(piece(0, "z"))).toEqual([]);
    expect(inbox.accept(piece(1, "y", 1))).toEqual([]);
    expect(inbox.ackDue).toBe(false);
    expect(texts(inbox.accept(piece(1, "b")))).toEqual(["abc"]);
    expect([inbox.ack().largest, inbox.kept]).toEqual([1, 0]);
  });

  test("keeps 16 messages at most, whatever the peer sends, and never throws", () => {
    const pieces = fc.nat(7).chain((last) => fc.tuple(fc.nat(last), fc.constant(last)));
    const ids = fc.oneof(fc.nat(40), fc.nat(65_535));
    const body = fc.uint8Array({ maxLength: 3 });
    const frame = fc.oneof(
      fc.tuple(ids, body).map(([id, b]): DataFrame => ({ kind: "data", id, body: b })),
      fc.tuple(ids, body, pieces, fc.boolean()).map(([id, b, [index, last], signs]) => {
        const kind = signs ? ("signature" as const) : ("fragment" as const);
        return { kind, id, index, last, body: b };
      }),
    );
    const defences = fc.record({
      order: fc.boolean(),
      deduplication: fc.boolean(),
      signed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 200, size: "max" }), defences, (frames, d) => {
        const inbox = new Inbox(d);
        const delivered: number[] = [];
        for (const f of frames) {
          delivered.push(...inbox.accept(f).map((m) => m.id));
          expect(inbox.kept).toBeLessThanOrEqual(d.deduplication ? 16 : 32);
          encodeFrames([inbox.ack()], room);
        }
        if (!(d.order && d.deduplication)) return;
        expect(delivered).toEqual(delivered.map((_, i) => i + 1));
        expect(inbox.ack().largest).toBe(delivered.length);
      }),
    );
  });
});
