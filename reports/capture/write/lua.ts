/** The annotation of a run's bytes, as a dissector for Wireshark. */
import type { AnnotatedPacket, ByteRange } from "../../../harness/annotation/byte-range.ts";
import type { Recording } from "../../../harness/capture/recording.ts";
import { hex } from "../../../protocol/kit/bytes.ts";
import { clipped, visible } from "../../escape.ts";
import type { Carried, Frame } from "./frame.ts";
import { dissectorCode } from "./lua-code.ts";

/** More are left out: Wireshark holds the table in memory. */
const mostRanges = 50_000;
const mostText = 300;
/** So many bytes at the beginning say whether a frame is the one that is meant. */
const headBytes = 16;

/** @param frames in the order of the file. */
export function dissectorFor(recording: Recording, frames: readonly Frame[]): string {
  const budget = { left: mostRanges };
  const ports = new Set<number>();
  const rows = frames.flatMap((frame, i) => {
    const { carries, bytes } = frame;
    if (carries === undefined) return [];
    // Both ports stand before whatever UDP or TCP says besides.
    for (const at of [34, 36]) ports.add(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
    const lines = linesOf(recording, frame, carries, budget);
    const head = hex(carries.bytes.subarray(0, headBytes));
    const about = `${carries.bytes.length},"${head}",${luaString(frame.comment ?? "")}`;
    return [`[${i + 1}]={${about},{\n${lines.join(",\n")}}}`];
  });
  const carrier = recording.transport.keepsMessages ? "udp" : "tcp";
  const own = [...ports].filter((p) => p > 0).sort((a, b) => a - b);
  return dissectorCode({
    protocol: recording.protocol.replace(/[^\w .-]/g, "?"),
    digest: recording.saved.digest,
    carrier,
    ports: own,
    rows,
    isCut: budget.left < 0,
  });
}

/** One line for each range: depth, offset, length, label, text, what is known. */
function linesOf(
  { annotated, packets }: Recording,
  frame: Frame,
  carries: Carried,
  budget: { left: number },
): readonly string[] {
  const annotation = annotated[carries.packet];
  if (annotation === undefined) return [];
  const arrival = frame.view === "arrived" ? arrivalOf(annotation, carries) : undefined;
  const ranges = arrival?.ranges ?? annotation.ranges;
  const before = packets[carries.packet]?.bytes;
  const changes = (arrival?.changed ?? []).map(({ from, to }): ByteRange => {
    const isSameLength = before?.length === carries.whole.length;
    const was = isSameLength
      ? `; sent was ${hex(before?.subarray(from, to) ?? carries.bytes)}`
      : "";
    const what = to > from ? `changed by the attacker${was}` : "bytes are missing here";
    return { from, to, label: "changed", text: clipped(what, mostText), parts: [] };
  });
  return [...changes, ...ranges].flatMap((range) => lineOf(range, 0, carries, budget));
}

/** The one whose bytes these are; of two with the same bytes either will do. */
const arrivalOf = ({ arrivals }: AnnotatedPacket, { whole }: Carried) =>
  arrivals.find((a) => a.bytes === whole) ?? arrivals[0];

function lineOf(
  range: ByteRange,
  depth: number,
  carries: Carried,
  budget: { left: number },
): readonly string[] {
  const { label, text, known, parts } = range;
  const from = Math.max(range.from - carries.from, 0);
  const to = Math.min(range.to - carries.from, carries.bytes.length);
  if (from > to || from > carries.bytes.length || --budget.left < 0) return [];
  const words = [label, text, known ?? ""].map((w) => luaString(clipped(visible(w), mostText)));
  const own = `{${[depth, from, to - from, ...words].join(",")}}`;
  return [own, ...parts.flatMap((part) => lineOf(part, depth + 1, carries, budget))];
}

/** ASCII stands for itself; what could act in Lua, or is no ASCII, is written as its bytes. */
function luaString(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let out = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    out += isPlain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, "0")}`;
  }
  return `"${out}"`;
}
