/**
 * A signature over concatenated values without their lengths covers "carol" and "10" as well as
 * "carol1" and "0". So the boundary between neighbours moves, and their concatenation stays.
 */
import { hex, latin1, text, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { applyEdits } from "../edit.ts";
import { fieldsOf, inField, innerOf, isWithin } from "../fields.ts";
import { endOfRun, runsToTheEnd } from "../learnt-lengths.ts";
import type { Edit, FieldPath, PacketRef } from "../move.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type SeenPacket, type Strategy } from "./strategy.ts";

/** Limit per packet. Boundaries at the beginning come first. */
const mostShifts = 24;

type Packet = Pick<SeenPacket, "ref" | "bytes">;
type Side = "left" | "right";

/** Where one value ends and the next one begins. */
interface Border {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
  /** The edits that move so many bytes across the boundary; `undefined` if they do not fit. */
  readonly shift: (bytes: number, from: Side) => readonly Edit[] | undefined;
}

/** Placeholder for what is pasted. A digit, so that a number stays one until then. */
const placeholder = "31";

/** Between two fields of a text, each of which may be encoded. */
function fieldBorder(packet: PacketRef, bytes: Uint8Array, paths: readonly FieldPath[]): Border {
  const [before = [], after = []] = paths;
  const [left, right] = [innerOf(bytes, before), innerOf(bytes, after)];
  const filler = (count: number): string => placeholder.repeat(count);
  const paste = (to: FieldPath, place: string, source: FieldPath, start: number, length: number) =>
    ({
      edit: "paste",
      packet,
      source: [...source],
      start,
      length,
      inside: [...to, place],
    }) satisfies Edit;
  // What is taken is copied first: an encoding of nothing can no longer be opened.
  const shift = (count: number, from: Side): readonly Edit[] => {
    if (from === "left") {
      const kept = left.length - count;
      return [
        { edit: "insert", at: 0, hex: filler(count), ...inField(after) },
        paste(after, `bytes:0-${count}`, before, kept, count),
        { edit: "truncate", length: kept, ...inField(before) },
      ];
    }
    const end = `bytes:${left.length}-${left.length + count}`;
    return [
      { edit: "extend", hex: filler(count), ...inField(before) },
      paste(before, end, after, 0, count),
      { edit: "remove", at: 0, length: count, ...inField(after) },
    ];
  };
  return { left, right, shift };
}

const encodings = ["base64", "base64url", "hex"];

/** Members of one document, or parts of one text, that follow each other. */
function neighbours(paths: readonly FieldPath[]): readonly (readonly FieldPath[])[] {
  const siblings = new Map<string, FieldPath[]>();
  for (const path of paths) {
    if (!/^(?:json|split):/.test(path.at(-1) ?? "")) continue;
    const parent = JSON.stringify(path.slice(0, -1));
    const list = siblings.get(parent);
    if (list === undefined) siblings.set(parent, [path]);
    else list.push(path);
  }
  return [...siblings.values()].flatMap((list) =>
    list.slice(1).map((path, i) => [list[i] as FieldPath, path]),
  );
}

function fieldBorders({ ref, bytes }: Packet): readonly Border[] {
  const paths = fieldsOf(bytes);
  /** What is signed may be what an encoding stands for. */
  const decoded = (path: FieldPath): FieldPath => {
    const inner = paths.find((p) => p.length === path.length + 1 && isWithin(p, path));
    return inner !== undefined && encodings.includes(inner.at(-1) ?? "") ? inner : path;
  };
  const written = neighbours(paths);
  const meant = written
    .map((pair) => pair.map(decoded))
    .filter((pair, i) => pair.some((path, k) => path !== written[i]?.[k]));
  return [...written, ...meant].map((pair) => fieldBorder(ref, bytes, pair));
}

/** Sizes, in bytes, of a length field. */
const widths = [1, 2, 4];
const isText = (bytes: Uint8Array): boolean => /^[\t\n\r\x20-\x7e]*$/.test(latin1(bytes));
const isLine = (bytes: Uint8Array): boolean => /^[\x20-\x7e]*[\r\n]*$/.test(latin1(bytes));

/** Between two runs of bytes, each behind its length. */
function runBorder(
  bytes: Uint8Array,
  start: number,
  width: number,
  path: FieldPath,
): Border | undefined {
  const border = endOfRun(bytes, start, width);
  const end = border === undefined ? undefined : endOfRun(bytes, border, width);
  if (border === undefined || end === undefined) return undefined;
  const left = bytes.subarray(start + width, border);
  const right = bytes.subarray(border + width, end);
  const bothText = isText(left) && isText(right) && !isText(bytes);
  if (!bothText && !runsToTheEnd(bytes, end, width)) return undefined;
  // The bytes stay where they are: it is the second length that moves.
  const shift = (count: number, from: Side): readonly Edit[] | undefined => {
    const moved = from === "left" ? -count : count;
    const [first, second] = [left.length + moved, right.length - moved];
    if (Math.max(first, second) >= 256 ** width) return undefined;
    const written = (length: number): string => hex(uintBytes(length, width));
    return [
      { edit: "set", at: start, hex: written(first), ...inField(path) },
      { edit: "remove", at: border, length: width, ...inField(path) },
      { edit: "insert", at: border + moved, hex: written(second), ...inField(path) },
    ];
  };
  return { left, right, shift };
}

function runBorders({ bytes: whole }: Packet): readonly Border[] {
  const found: Border[] = [];
  for (const path of fieldsOf(whole)) {
    const bytes = innerOf(whole, path);
    if (path.includes("decimal") || isLine(bytes)) continue;
    // Letters are small numbers, but in what is text already they are no lengths.
    const inText = new Uint8Array(bytes.length);
    for (let start = 0; start < bytes.length; start++) {
      for (const width of widths) {
        if (found.length >= mostShifts) return found;
        if (inText[start] === 1) continue;
        const border = runBorder(bytes, start, width, path);
        if (border === undefined) continue;
        found.push(border);
        for (const side of [border.left, border.right]) {
          const from = side.byteOffset - bytes.byteOffset;
          if (isText(side)) inText.fill(1, from, from + side.length);
        }
      }
    }
  }
  return found;
}

/** The first or the last character: half of one would no longer be text. */
function lengthOfOne(bytes: Uint8Array, side: Side): number {
  const chars = [...(text(bytes) ?? "")];
  const one = (side === "left" ? chars.at(-1) : chars[0]) ?? "";
  return utf8(one).length || Math.min(1, bytes.length);
}

/** @returns edits that move a boundary in a packet: by one character first, then by all. */
export function shiftsOf(packet: Packet): readonly (readonly Edit[])[] {
  const { bytes } = packet;
  const borders = [...fieldBorders(packet), ...runBorders(packet)];
  // Different edits can give the same packet, for one where the whole field moves.
  const found = new Map<string, readonly Edit[]>();
  for (const all of [false, true]) {
    for (const border of borders) {
      for (const from of ["left", "right"] as const) {
        const count = all ? border[from].length : lengthOfOne(border[from], from);
        const edits = count === 0 ? undefined : border.shift(count, from);
        if (edits === undefined) continue;
        const changed = latin1(applyEdits(bytes, edits, { packet: () => bytes }));
        if (!found.has(changed)) found.set(changed, edits);
        if (found.size === mostShifts) return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

export const shifting: Strategy = {
  id: "shift-border",
  title: "the end of a field becomes the beginning of the next one, or the other way round",
  capability: "on-path",
  *attacks(scene) {
    for (const packet of firstOfTheirKind(scene).packets) {
      for (const edits of shiftsOf(packet)) {
        yield attack({ move: "modify", packet: packet.ref, edits: [...edits] });
      }
    }
  },
};
