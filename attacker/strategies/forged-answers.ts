/** A lost request is answered by an earlier answer, with the fields that answers echo adapted. */
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { fieldsOf, inField, innerOf, isWithin } from "../fields.ts";
import type { Edit, FieldPath } from "../move.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, isBack, type SeenPacket, type Strategy } from "./strategy.ts";

interface Field {
  readonly path: FieldPath;
  readonly value: Latin1;
}
/** A packet and all its fields; computing them is slow. */
interface Read {
  readonly packet: SeenPacket;
  readonly fields: readonly Field[];
  /** What does not depend on the content: its members, or its separators. */
  readonly outline: string | undefined;
}

function readOf(packet: SeenPacket): Read {
  const paths = fieldsOf(packet.bytes);
  const first = paths[1]?.[0];
  const isDocument = first?.startsWith("json:") === true;
  return {
    packet,
    fields: paths.map((path) => ({ path, value: latin1(innerOf(packet.bytes, path)) })),
    outline: isDocument ? paths.filter((path) => path.length === 1).join(" ") : first,
  };
}

/** Shorter values coincide by chance. */
const repeatedFromBytes = 4;
/** Limit on the answers tried for one request, in order of arrival. */
const mostAnswers = 4;

function alike(a: Read, b: Read): boolean {
  if (a.outline !== b.outline) return false;
  const [one, other] = [a.packet.bytes, b.packet.bytes];
  // Packets without field boundaries begin with their type, or have equal lengths within a type.
  return a.outline !== undefined || one[0] === other[0] || one.length === other.length;
}

const isSame = (a: FieldPath, b: FieldPath): boolean => a.length === b.length && isWithin(a, b);

/** @returns the request field that this one echoes; a short value only at the same path. */
function repeatedIn(asked: Read, { path, value }: Field): FieldPath | undefined {
  const equal = asked.fields.filter((f) => f.value === value).map((f) => f.path);
  const own = equal.find((p) => isSame(p, path));
  return own ?? (value.length < repeatedFromBytes ? undefined : equal[0]);
}

/** The edits that turn the answer to one request into one to another; none if it echoes nothing. */
function retold(asked: Read, answer: Read, other: Read): Edit[] {
  if (answer.fields.length === 1) return stretches(asked.packet, answer.packet, other.packet);
  const taken: FieldPath[] = [];
  const { ref: packet, bytes } = other.packet;
  return answer.fields.flatMap((field): Edit[] => {
    if (taken.some((outer) => isWithin(field.path, outer))) return [];
    const source = repeatedIn(asked, field);
    if (source === undefined) return [];
    taken.push(field.path);
    const now = latin1(innerOf(bytes, source));
    if (now === "" || now === field.value) return [];
    return [{ edit: "paste", packet, source: [...source], ...inField(field.path) }];
  });
}

/** The same without field boundaries: the longest byte strings that request and answer share. */
function stretches(asked: SeenPacket, answer: SeenPacket, other: SeenPacket): Edit[] {
  const from = latin1(asked.bytes);
  const into = latin1(answer.bytes);
  const now = latin1(other.bytes);
  const edits: Edit[] = [];
  for (let i = 0; i + repeatedFromBytes <= into.length; ) {
    let [at, length] = [0, 0];
    for (let n = repeatedFromBytes; i + n <= into.length; n++) {
      const found = from.indexOf(into.slice(i, i + n), at);
      if (found < 0) break;
      [at, length] = [found, n];
    }
    const source = [`bytes:${at}-${at + length}`];
    const told = now.slice(at, at + length);
    if (told.length === length && told !== into.slice(i, i + length)) {
      const inside = [`bytes:${i}-${i + length}`];
      edits.push({ edit: "paste", packet: other.ref, source, inside });
    }
    i += Math.max(1, length);
  }
  return edits;
}

export const forgedAnswers: Strategy = {
  id: "forged-answers",
  title: "a packet gets lost, and is answered by an earlier answer that is made to fit",
  capability: "on-path",
  *attacks(whole) {
    const seen = firstOfTheirKind(whole).packets.map(readOf);
    for (const [i, other] of seen.entries()) {
      const { ref: packet } = other.packet;
      const isAsked = (r: Read): boolean =>
        r.packet.ref.from === packet.from && r.packet.ref.to === packet.to && alike(r, other);
      const before = seen.slice(0, i).findLastIndex(isAsked);
      const asked = seen[before];
      if (asked === undefined) continue;
      const answers = seen.slice(before + 1).filter((r) => isBack(r.packet.ref, packet));
      for (const answer of answers.slice(0, mostAnswers)) {
        const edits = retold(asked, answer, other);
        if (edits.length === 0) continue;
        const old = answer.packet.ref;
        const when = { after: seen.indexOf(answer) < i ? packet : old };
        const { to, from } = old;
        yield attack(
          { move: "drop", packet },
          { move: "replay", packet: old, to, from, edits, when },
        );
        break;
      }
    }
  },
};
