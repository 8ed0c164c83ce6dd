/**
 * Successive packets often hold counters: of messages, answers, acknowledgements. The adversary
 * goes on counting, and sends the predicted next packet before it is due.
 */
import { hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { fieldsOf, inField, innerOf, isWithin } from "../fields.ts";
import type { Edit } from "../move.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, directions, isBack, type SeenPacket, type Strategy } from "./strategy.ts";

/** Numbers that grow by more are not taken for counters. */
const mostSteps = 9;
const printable = /^[\t\n\r\x20-\x7e]+$/;
const numbers = /\d+/g;
/** Longer numbers are keys, times or sums rather than counters. */
const mostDigits = 9;

/** Packets of one shape seem to differ only in numbers and content. */
function shapeOf({ bytes, session }: SeenPacket): string {
  const fields = fieldsOf(bytes).slice(1);
  if (fields.length > 0) return `${session} ${fields.map((path) => path.join(">")).join()}`;
  const chars = latin1(bytes);
  const shape = printable.test(chars) ? chars.replace(numbers, "#") : `${bytes.length} ${bytes[0]}`;
  return `${session} ${shape}`;
}

const isCounted = (step: number): boolean => step > 0 && step <= mostSteps;

/**
 * @param seen packets of one shape, in order.
 * @returns the edits that turn the last packet into the predicted next; none without counters.
 */
export function continued(seen: readonly Uint8Array[]): Edit[] {
  const last = seen.at(-1) ?? new Uint8Array(0);
  // Numbers are counted as they are written.
  const fields = fieldsOf(last).filter((path) => !path.includes("decimal"));
  return fields.flatMap((path, i, paths) => {
    // A number in an inner field is not changed a second time in the whole.
    if (paths.some((p, k) => k !== i && isWithin(p, path))) return [];
    const inner = seen.map((bytes) => innerOf(bytes, path));
    return nextOf(inner).map((edit): Edit => ({ ...edit, ...inField(path) }));
  });
}

function nextOf(seen: readonly Uint8Array[]): readonly Edit[] {
  const texts = seen.map(latin1);
  return texts.every((t) => printable.test(t)) ? nextText(texts) : nextBytes(seen);
}

/** @returns by how much the last of these numbers grew, if all of them grow like a counter. */
function stepOf(values: readonly (number | undefined)[]): number | undefined {
  const steps = values.slice(1).map((v, i) => (v ?? Number.NaN) - (values[i] ?? Number.NaN));
  return steps.every(isCounted) ? steps.at(-1) : undefined;
}

function nextBytes(seen: readonly Uint8Array[]): readonly Edit[] {
  return [...(seen.at(-1) ?? [])].flatMap((value, at): readonly Edit[] => {
    const step = stepOf(seen.map((bytes) => bytes[at]));
    if (step === undefined || value + step > 0xff) return [];
    return [{ edit: "set", at, hex: hex(Uint8Array.of(value + step)) }];
  });
}

function nextText(seen: readonly string[]): readonly Edit[] {
  const found = seen.map((text) => (text.match(numbers) ?? []).map(Number));
  const edits = [...(seen.at(-1) ?? "").matchAll(numbers)].map((match, i): readonly Edit[] => {
    const [digits] = match;
    const step = stepOf(found.map((list) => list[i]));
    if (digits.length > mostDigits || step === undefined) return [];
    const next = String(Number(digits) + step).padStart(digits.length, "0");
    if (digits === match.input) return [{ edit: "replace", hex: hex(utf8(next)) }];
    return [
      { edit: "remove", at: match.index, length: digits.length },
      { edit: "insert", at: match.index, hex: hex(utf8(next)) },
    ];
  });
  // From the back, so that the positions of earlier changes stay valid.
  return edits.reverse().flat();
}

interface Next {
  readonly last: SeenPacket;
  readonly shape: string;
  readonly edits: Edit[];
}

/** With so many packets, counters are distinguished from numbers that grow by chance. */
const compared = 3;

/** For every packet but the first of its shape: the predicted next one. */
function series(packets: readonly SeenPacket[]): readonly Next[] {
  const byShape = new Map<string, SeenPacket[]>();
  return packets.flatMap((last) => {
    const shape = shapeOf(last);
    const seen = [...(byShape.get(shape) ?? []), last].slice(-compared);
    byShape.set(shape, seen);
    if (seen.length < 2) return [];
    const edits = continued(seen.map((p) => p.bytes));
    return edits.length === 0 ? [] : [{ last, shape, edits }];
  });
}

export const continuing: Strategy = {
  id: "continue",
  title: "the next packet of a series is made up by counting on, and what it answers gets lost",
  capability: "on-path",
  *attacks(whole) {
    const scene = firstOfTheirKind(whole);
    const order = new Map(scene.packets.map((p, i) => [p, i]));
    const place = (p: SeenPacket): number => order.get(p) ?? 0;
    for (const packets of directions(scene).values()) {
      const nexts = series(packets);
      for (const { last, shape, edits } of nexts) {
        const packet = last.ref;
        const { to, from } = packet;
        yield attack({ move: "modify", packet, edits });
        const again = { move: "replay", packet, edits, to, from } as const;
        yield attack({ ...again, when: { after: packet } });
        for (const lost of scene.packets) {
          if (!isBack(packet, lost.ref) || place(lost) < place(last)) continue;
          const latest = nexts.findLast((n) => n.shape === shape && place(n.last) < place(lost));
          if (latest?.last !== last) continue;
          yield attack({ move: "drop", packet: lost.ref }, { ...again, when: { after: lost.ref } });
        }
      }
    }
  },
};
