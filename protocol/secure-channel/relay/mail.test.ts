/** Cutting datagrams up, marking what is repeated, and joining the pieces. */
import { describe, expect, test } from "vitest";
import type { RelayFrame } from "../frames.ts";
import { Cutter, Joiner, portOf, ports } from "./mail.ts";

const port = ports.answering;
const datagram = (fill: number): Uint8Array => new Uint8Array(64).fill(fill);
const joined = (joiner: Joiner, frames: readonly RelayFrame[]): readonly Uint8Array[] =>
  frames.flatMap((frame) => joiner.accept(frame) ?? []);

describe("a datagram", () => {
  test("goes out in two pieces; repeated, in four copies, which are marked", () => {
    const cutter = new Cutter();
    const once = cutter.cut(1, { port, again: false, bytes: datagram(1) });
    expect(once.map((f) => [f.id, f.index, f.last, f.inner.length])).toEqual([
      [0, 0, 1, 32],
      [0, 1, 1, 32],
    ]);
    expect(once.map(portOf)).toEqual([
      { port, again: false },
      { port, again: false },
    ]);
    const more = cutter.cut(1, { port: ports.asking, again: true, bytes: datagram(2) });
    const pieces = ["1 0", "1 1"];
    expect(more.map((f) => `${f.id} ${f.index}`)).toEqual(Array(4).fill(pieces).flat());
    for (const frame of more) expect(portOf(frame)).toEqual({ port: ports.asking, again: true });
  });

  test("is joined once, from whichever copies arrive, in whichever order", () => {
    const frames = new Cutter().cut(1, { port, again: true, bytes: datagram(1) });
    const joiner = new Joiner();
    expect(joined(joiner, frames.toReversed())).toEqual([datagram(1)]);
    expect(joined(joiner, frames)).toEqual([]);
    expect(joiner.size).toBe(0);
    const [first, second] = [frames[2], frames[5]];
    if (first === undefined || second === undefined) throw new Error("no pieces");
    expect(joined(new Joiner(), [first, first, second])).toEqual([datagram(1)]);
  });

  test("is not taken for an older one of the same number, from a sender that begins again", () => {
    const joiner = new Joiner();
    for (let fill = 0; fill < 20; fill++) {
      const frames = new Cutter().cut(1, { port, again: fill % 2 > 0, bytes: datagram(fill) });
      expect(joined(joiner, frames)).toEqual([datagram(fill)]);
    }
  });

  test("can be one of sixteen under way; beyond them, the oldest is forgotten", () => {
    const cutter = new Cutter();
    const all = Array.from({ length: 17 }, (_, i) =>
      cutter.cut(1, { port, again: false, bytes: datagram(i) }),
    );
    const [heads, tails] = [0, 1].map((index) => all.flatMap((frames) => frames[index] ?? []));
    const joiner = new Joiner();
    expect(joined(joiner, heads ?? [])).toEqual([]);
    expect(joiner.size).toBe(16);
    const rest = joined(joiner, tails?.slice(1) ?? []);
    expect(rest.map((bytes) => bytes[0])).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(joiner.size).toBe(0);
  });
});
