/**
 * A message that its receiver takes and forgets still counts, where both ends count. So one that is
 * put in makes room for one that is taken away: the numbers agree again after that, and nobody
 * misses it (prefix truncation; Bäumer, Brinkmann, Schwenk 2024, “Terrapin”).
 */
import { hex } from "../../protocol/kit/bytes.ts";
import { type FormByte, formBytes } from "../learnt-fields.ts";
import type { Edit, Moment, Move } from "../move.ts";
import {
  attack,
  directions,
  type Reaction,
  type Scene,
  type SeenPacket,
  type Strategy,
} from "./strategy.ts";

/** Limits, for each direction. */
const mostTypePlaces = 2;
const mostFillers = 2;
const mostPlaces = 4;
const mostDropped = 6;
const mostMissed = 2;

const allBytes = Array.from({ length: 256 }, (_, i) => i);

const formOf = ({ bytes, elsewhere }: SeenPacket): readonly FormByte[] =>
  elsewhere === undefined
    ? []
    : formBytes(bytes, elsewhere).filter(({ path }) => path.length === 0);

/** Where packets of one direction say of which kind they are: what differs, and is no length. */
function typePlaces(packets: readonly SeenPacket[]): readonly number[] {
  const values = new Map<number, Set<number>>();
  const lengths = new Map<number, boolean>();
  for (const packet of packets) {
    for (const { at, value } of formOf(packet)) {
      const seen = values.get(at) ?? new Set();
      values.set(at, seen.add(value));
      const rest = (packet.bytes.length - at - 1) & 0xff;
      lengths.set(at, (lengths.get(at) ?? true) && value === rest);
    }
  }
  const differing = [...values].filter(([at, seen]) => seen.size > 1 && lengths.get(at) !== true);
  return differing
    .map(([at]) => at)
    .sort((a, b) => a - b)
    .slice(0, mostTypePlaces);
}

/** Does the receiver go on, and has nothing happened? It may say that it does not know this. */
const isHarmless = ({ atOnce }: Reaction): boolean =>
  !/throws|close|exits|delivers|claims|ready|negotiated/.test(atOnce);
const isSilent = ({ atOnce }: Reaction): boolean => atOnce === " by ";

/** What was drawn at random in a packet is left out: the rest is no secret. */
function plain(packet: SeenPacket): Uint8Array {
  const out = new Uint8Array(packet.bytes.length);
  for (const { at, value } of formOf(packet)) out[at] = value;
  return out;
}

const isRefusal = /rejects|close|throws|exits/;

/** Is the last packet of theirs refused if one before has not come? Then the two ends count. */
function isCounted(packets: readonly SeenPacket[], scene: Scene): boolean {
  const missed = packets.slice(0, -1).slice(-mostMissed);
  return (
    missed.length === mostMissed &&
    missed.every(({ ref }) => {
      const [honest, missing] = scene.reactions(ref, [[], [{ edit: "replace", hex: "" }]]);
      if (honest === undefined || missing === undefined) return false;
      return isRefusal.test(missing.later) && !isRefusal.test(honest.later);
    })
  );
}

/** Messages that the receiver of these packets takes and forgets, though it counts them. */
function fillers(packets: readonly SeenPacket[], scene: Scene): readonly Uint8Array[] {
  const [first] = packets;
  if (first === undefined) return [];
  const places = typePlaces(packets);
  const known = packets.filter((p) => formOf(p).length > 0);
  const shortest = [...known].sort((a, b) => a.bytes.length - b.bytes.length)[0] ?? first;
  for (const model of new Set([shortest, first])) {
    const all = places.flatMap((at) =>
      allBytes.map((type) => {
        const bytes = plain(model);
        if (at < bytes.length) bytes[at] = type;
        return bytes;
      }),
    );
    const variants = all.map((bytes): readonly Edit[] => [{ edit: "replace", hex: hex(bytes) }]);
    const reactions = scene.reactions(first.ref, variants);
    const harmless = all.flatMap((bytes, i) => {
      const reaction = reactions[i];
      return reaction !== undefined && isHarmless(reaction) ? [{ bytes, reaction }] : [];
    });
    harmless.sort((a, b) => Number(isSilent(b.reaction)) - Number(isSilent(a.reaction)));
    const counted = new Map<string, Uint8Array>();
    for (const { bytes } of harmless) {
      const then = changedLater(bytes, first, scene);
      if (then !== undefined && !counted.has(then)) counted.set(then, bytes);
      if (counted.size === mostFillers) break;
    }
    if (counted.size > 0) return [...counted.values()];
  }
  return [];
}

/** @returns what comes later, if the next packet is taken as ever and it is the later that changes. */
function changedLater(filler: Uint8Array, next: SeenPacket, scene: Scene): string | undefined {
  const edits: readonly Edit[] = [{ edit: "replace", hex: hex(filler) }];
  const [after] = scene.reactions(next.ref, [edits], "before");
  const [honest] = scene.reactions(next.ref, [[]]);
  if (after === undefined || honest === undefined) return undefined;
  const isSame = after.later === honest.later || !after.atOnce.endsWith(honest.atOnce);
  return isSame ? undefined : after.later;
}

/** Right before a packet, in the name of its sender. */
function inserted(filler: Uint8Array, packet: SeenPacket, scene: Scene): Move {
  const { ref, session } = packet;
  if (!scene.transport.keepsMessages) {
    return { move: "modify", packet: ref, edits: [{ edit: "insert", at: 0, hex: hex(filler) }] };
  }
  const before = scene.packets.slice(0, scene.packets.indexOf(packet));
  const last = before.findLast((p) => p.session === session);
  const when: Moment = last === undefined ? "start" : { after: last.ref };
  return { move: "inject", hex: hex(filler), to: ref.to, from: ref.from, when };
}

export const insertingFiller: Strategy = {
  id: "filler",
  title: "a message that its receiver forgets is put in, and a later one is taken away",
  capability: "on-path",
  *attacks(scene) {
    for (const packets of directions(scene).values()) {
      const found = isCounted(packets, scene) ? fillers(packets, scene) : [];
      for (const filler of found) {
        for (const [i, packet] of packets.slice(0, mostPlaces).entries()) {
          const move = inserted(filler, packet, scene);
          yield attack(move);
          for (const later of packets.slice(i + 1, i + 1 + mostDropped)) {
            yield attack(move, { move: "drop", packet: later.ref });
          }
        }
      }
    }
  },
};
