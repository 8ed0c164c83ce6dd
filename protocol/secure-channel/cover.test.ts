/** Cover traffic: what is said changes neither when records go out nor how many. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Millis } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import { Playbook } from "../testing/playbook.ts";
import { CoverSchedule } from "./cover.ts";
import { encodeFrames, type Frame } from "./frames.ts";
import { serverAddress, settings } from "./playbook-settings.ts";

const room = 45;
const beatMs = 500;
const data = (id: number, length = 10): Frame => ({
  kind: "data",
  id,
  body: new Uint8Array(length),
});
const ack = (largest: number): Frame => ({ kind: "ack", largest, bitmap: 0 });

describe("a schedule", () => {
  test("sends one record at every beat, full or empty", () => {
    const cover = new CoverSchedule(beatMs, room, 0);
    expect([cover.deadline(), cover.due(beatMs - 1)]).toEqual([beatMs, undefined]);
    expect(cover.due(beatMs)).toEqual([]);
    cover.offer([data(1)]);
    expect([cover.due(beatMs), cover.deadline()]).toEqual([undefined, 2 * beatMs]);
    expect(cover.due(2 * beatMs)).toEqual([data(1)]);
    expect(cover.due(3 * beatMs)).toEqual([]);
  });

  test("puts what fits into one record, and the rest into the next", () => {
    const cover = new CoverSchedule(beatMs, room, 0);
    cover.offer([data(1, 20), data(2, 30), ack(1)]);
    expect(cover.due(beatMs)).toEqual([data(1, 20), ack(1)]);
    expect(cover.due(2 * beatMs)).toEqual([data(2, 30)]);
    expect(cover.waiting).toBe(0);
  });

  test("does not make up for beats that were missed, nor lose its rhythm", () => {
    const cover = new CoverSchedule(beatMs, room, 0);
    expect(cover.due(10 * beatMs + 7)).toEqual([]);
    expect([cover.due(10 * beatMs + 8), cover.deadline()]).toEqual([undefined, 11 * beatMs]);
  });

  test("keeps one of each frame, and of acknowledgements the newest", () => {
    const cover = new CoverSchedule(beatMs, room, 0);
    const again = data(1);
    for (let i = 1; i <= 100; i++) cover.offer([again, ack(i)]);
    expect(cover.waiting).toBe(2);
    expect(cover.due(beatMs)).toEqual([again, ack(100)]);
  });

  test("shows the same whatever is said", () => {
    const offers = fc.array(fc.tuple(fc.nat(10_000), fc.nat(41)), { maxLength: 60, size: "max" });
    const shown = (list: readonly (readonly [Millis, number])[]): readonly string[] => {
      const cover = new CoverSchedule(beatMs, room, 0);
      const records: string[] = [];
      const rest = list.toSorted((a, b) => a[0] - b[0]);
      for (let now = cover.deadline(); now <= 12_000; now = cover.deadline()) {
        while ((rest[0]?.[0] ?? now) < now) {
          const [, length] = rest.shift() ?? [0, 0];
          cover.offer([{ kind: "data", id: 1, body: utf8("x".repeat(length)) }]);
        }
        const frames = cover.due(now) ?? [];
        records.push(`${now}: ${encodeFrames(frames, room).length} bytes`);
      }
      return records;
    };
    const silence = shown([]);
    expect(silence.length).toBe(24);
    fc.assert(
      fc.property(offers, (list) => {
        expect(shown(list)).toEqual(silence);
      }),
    );
  });

  test("says everything in the end", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(41), { maxLength: 40 }), (lengths) => {
        const cover = new CoverSchedule(beatMs, room, 0);
        const frames = lengths.map((length, i) => data(i + 1, length));
        cover.offer(frames);
        const said: Frame[] = [];
        for (let i = 0; i < lengths.length; i++) said.push(...(cover.due(cover.deadline()) ?? []));
        expect(new Set(said)).toEqual(new Set(frames));
      }),
    );
  });
});

describe("a session with cover traffic", () => {
  const alice = "alice:40000";
  function session(says: readonly string[], answers: readonly string[], lost = -1) {
    const sent: string[] = [];
    const play = new Playbook({
      ...settings,
      options: { cover: "on" },
      network: ({ now, from, bytes, index }) => {
        sent.push(`${now} ${from} ${bytes.length}`);
        return index === lost ? [] : [10];
      },
    });
    play.open(serverAddress).converse(alice, says, answers).run();
    const of = (at: string, kind: "deliver" | "confirm") => play.texts(at, kind).length;
    const arrived = [of(serverAddress, "deliver"), of(alice, "deliver")];
    const confirmed = [of(alice, "confirm"), of(serverAddress, "confirm")];
    return { sent, arrived, confirmed, end: play.events.at(-1) };
  }
  const talk = session(["a", "b", "a rather long message for one record"], ["yes", "no"]);

  test("delivers and confirms everything, and ends", () => {
    const { arrived, confirmed, end } = talk;
    expect({ arrived, confirmed, end }).toEqual({
      arrived: [3, 2],
      confirmed: [3, 2],
      end: `${alice} << exit ok`,
    });
  });

  test("sends the same at the same times, whatever is said", () => {
    expect(session([], []).sent).toEqual(talk.sent);
    expect(session(["z"], Array(9).fill("much to say")).sent).toEqual(talk.sent);
    expect(talk.sent.length).toBeGreaterThan(200);
  });

  test("and whichever record gets lost", () => {
    for (let lost = 6; lost < 40; lost++) {
      const { sent, arrived, confirmed } = session(["a", "b"], ["c"], lost);
      expect([arrived, confirmed]).toEqual([
        [2, 1],
        [2, 1],
      ]);
      expect(sent).toEqual(talk.sent);
    }
  });
});
