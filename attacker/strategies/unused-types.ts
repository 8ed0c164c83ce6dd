/**
 * Types, versions, lengths and flags that no honest packet has. Code often takes more kinds of
 * packets than it sends: what is not encrypted, what an older version sent, what is for tests.
 */
import { concat, hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { innerOf } from "../fields.ts";
import { forgedMessages } from "../forged-messages.ts";
import type { Move } from "../move.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type SeenPacket, type Strategy } from "./strategy.ts";
import {
  constantStart,
  filled,
  isWord,
  leavesOf,
  strangerNo,
  type Target,
  targetsOf,
  withLengths,
} from "./templates.ts";

const words = forgedMessages[0] ?? utf8("mallory");
/** So many bytes at the beginning of a packet may be types. */
const mostPlaces = 4;
/** So many packets in one run; shrinking leaves the one that did it. */
const mostAtOnce = 128;

const allBytes = Array.from({ length: 256 }, (_, i) => i);
/** Small numbers, and what differs from a type in use by one flag. */
const nearby = (used: ReadonlySet<number>): readonly number[] => {
  const flags = [...used].flatMap((type) => [1, 2, 4, 8, 16, 32, 64, 128].map((f) => type ^ f));
  return [...new Set([...allBytes.slice(0, 8), ...flags])];
};

/**
 * Packets whose type, at one place, no honest packet has there: what is said follows at once, after
 * what follows the type in an honest packet, or after its length.
 */
function otherTypes(packets: readonly SeenPacket[]): readonly Uint8Array[] {
  return Array.from({ length: mostPlaces }, (_, place) => place).flatMap((place) => {
    const known = packets.filter((p) => constantStart(p) > place);
    const [first] = known;
    if (first === undefined) return [];
    const start = first.bytes.slice(0, constantStart(first));
    const rest = start.slice(place + 1);
    const used = new Set(known.map((p) => p.bytes[place] ?? 0));
    const few = nearby(used);
    return (place === 0 ? allBytes : few).flatMap((type) => {
      if (used.has(type)) return [];
      const head = concat(start.slice(0, place), Uint8Array.of(type));
      const isLikely = few.includes(type);
      const bodies = isLikely ? withLengths(words) : [words];
      const whole = isLikely && rest.length > 0 ? [concat(head, rest, words)] : [];
      return [...bodies.map((body) => concat(head, body)), ...whole];
    });
  });
}

/** What types are called, where they are words. */
const typeWords =
  "plain text msg message data raw none null debug test admin cmd command exec login auth ok ready reset 0 1 2 3 4 5 true false"
    .split(" ")
    .map(utf8);

/** Packets with a word in the place of another one; of a text, the first few such places. */
function otherWords(packet: SeenPacket): readonly Uint8Array[] {
  const { bytes, elsewhere } = packet;
  const leaves = leavesOf(bytes).filter((path) => path.length > 0);
  const places = leaves.filter((path) => {
    const inner = innerOf(bytes, path);
    const same = elsewhere !== undefined && latin1(innerOf(elsewhere, path)) === latin1(inner);
    return same && isWord(inner);
  });
  const some = places.slice(0, 2);
  return some.flatMap((path) => typeWords.flatMap((w) => filled(packet, path, w, words) ?? []));
}

const isText = (bytes: Uint8Array): boolean => /^[\t\n\r\x20-\x7e]*$/.test(latin1(bytes));

function* sent({ receiver, packets, when, from }: Target) {
  const written = packets.filter((p) => isText(p.bytes)).flatMap(otherWords);
  const typed = otherTypes(packets.filter((p) => !isText(p.bytes)));
  const all = [...new Set([...typed, ...written].map(hex))];
  for (const source of from) {
    for (let i = 0; i < all.length; i += mostAtOnce) {
      const to = receiver.id;
      yield attack(
        ...all.slice(i, i + mostAtOnce).map(
          (each, n): Move => ({
            move: "inject",
            hex: each,
            to,
            from: source ?? strangerNo(n + 1),
            when,
          }),
        ),
      );
    }
  }
}

export const unusedTypes: Strategy = {
  id: "unused-types",
  title: "plain packets with a type, a version or a flag that no honest packet has",
  capability: "off-path",
  *attacks(whole) {
    for (const target of targetsOf(firstOfTheirKind(whole))) yield* sent(target);
  },
};
