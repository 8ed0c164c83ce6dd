/** The packets of a run as a table: who sends what to whom, and what its bytes are. */
import { hex } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { annotate } from "./annotate.ts";
import type { ByteRange, WireLine, WireRow } from "./byte-range.ts";

const most = { rows: 24, lines: 12, head: 12 } as const;

/** @returns the first 24 packets, with at most 12 lines each. */
export function wireTable(trace: Trace): readonly WireRow[] {
  return annotate(trace, most.rows).map(({ packet, ranges }): WireRow => {
    const { from, to, sentMs, bytes } = trace.packets[packet] as Trace["packets"][number];
    const lines = flat(ranges, 0);
    return {
      n: packet + 1,
      t: sentMs,
      from,
      to,
      length: bytes.length,
      head: hex(bytes.slice(0, most.head)) + (bytes.length > most.head ? "…" : ""),
      lines: lines.slice(0, most.lines),
      more: Math.max(0, lines.length - most.lines),
    };
  });
}

const flat = (ranges: readonly ByteRange[], depth: number): readonly WireLine[] =>
  ranges.flatMap(({ parts, ...range }) => [{ depth, ...range }, ...flat(parts, depth + 1)]);
