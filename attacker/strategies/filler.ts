/**
 * A message that its receiver takes and forgets still counts, where both ends count. So one that is
 * put in makes room for one that is taken away: the numbers agree again after that, and nobody
 * misses it (prefix truncation; Bäumer, Brinkmann, Schwenk 2024, “Terrapin”).
 */
import { concat, hex, readUint, uintBytes } from "../../protocol/kit/bytes.ts";
import { type FormByte, formBytes } from "../learnt-fields.ts";
import type { Edit, Moment, Move, PacketRef } from "../move.ts";
import {
  attack,
  directions,
  type Reaction,
  type Scene,
  type SeenPacket,
  type Strategy,
} from "./strategy.ts";
import { constantStart } from "./templates.ts";

/** Limits, for each direction. */
const mostTypePlaces = 2;
const mostFillers = 2;
const mostPlaces = 4;
const mostDropped = 6;
const mostMissed = 2;
const mostHeadBytes = 8;
/** So many are put in, and as many that follow each other are taken away. */
const mostTimes = 2;

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
    const head = constantStart(packet);
    for (const [at, value] of packet.bytes.subarray(0, head).entries()) {
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
const isSilent = ({ atOnce }: Reaction): boolean => atOnce === "";

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

const bodyBytes = [2, 1, 4];

/** Where all packets say how many bytes follow; `undefined` if they do not, or not in this way. */
function lengthPlace(packets: readonly SeenPacket[]) {
  for (const width of [4, 2, 1]) {
    for (let at = 0; at <= mostHeadBytes; at++) {
      const end = at + width;
      const isLength = packets.every(
        ({ bytes }) => end <= bytes.length && readUint(bytes, at, width) === bytes.length - end,
      );
      if (isLength) return { at, width };
    }
  }
  return undefined;
}

/** Packets to put another type into: short ones, of several lengths where these are understood. */
function models(packets: readonly SeenPacket[], types: readonly number[]): readonly Uint8Array[] {
  const known = packets.filter((p) => formOf(p).length > 0);
  const [shortest] = [...known].sort((a, b) => a.bytes.length - b.bytes.length);
  if (shortest === undefined) return [];
  const found = [shortest, ...known.slice(0, 1)].map(plain);
  const length = lengthPlace(packets);
  if (length === undefined) return found;
  const { at, width } = length;
  const [type = 0] = types;
  const head = plain(shortest).slice(0, Math.max(at + width, type + 1));
  const others = bodyBytes.map((n) => {
    const bytes = concat(head, new Uint8Array(n));
    bytes.set(uintBytes(bytes.length - at - width, width), at);
    return bytes;
  });
  return [...found, ...others];
}

/** Messages that the receiver of these packets takes and forgets, though it counts them. */
function fillers(packets: readonly SeenPacket[], scene: Scene): readonly Uint8Array[] {
  const places = typePlaces(packets);
  const seen = new Set<string>();
  for (const model of models(packets, places)) {
    if (seen.has(hex(model))) continue;
    seen.add(hex(model));
    const all = places
      .filter((at) => at < model.length)
      .flatMap((at) => allBytes.map((type) => withByte(model, at, type)));
    for (const next of packets.slice(0, 2)) {
      const counted = forgotten(all, next, scene);
      if (counted.length > 0) return counted;
    }
  }
  return [];
}

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const out = bytes.slice();
  out[at] = value;
  return out;
}

/** Those that are forgotten if they come before a packet, and make a difference later. */
function forgotten(
  all: readonly Uint8Array[],
  next: SeenPacket,
  scene: Scene,
): readonly Uint8Array[] {
  const variants = all.map((bytes): readonly Edit[] => [{ edit: "replace", hex: hex(bytes) }]);
  const reactions = scene.reactions(next.ref, variants);
  const harmless = all.flatMap((bytes, i) => {
    const reaction = reactions[i];
    return reaction !== undefined && isHarmless(reaction) ? [{ bytes, reaction }] : [];
  });
  harmless.sort((a, b) => Number(isSilent(b.reaction)) - Number(isSilent(a.reaction)));
  const counted = new Map<string, Uint8Array>();
  for (const { bytes, reaction } of harmless) {
    const then = changedLater(bytes, reaction, next, scene);
    if (then !== undefined && !counted.has(then)) counted.set(then, bytes);
    if (counted.size === mostFillers) break;
  }
  return [...counted.values()];
}

/** @returns what comes later, if the next packet is taken as ever, and only the later changes. */
function changedLater(
  filler: Uint8Array,
  { atOnce }: Reaction,
  next: SeenPacket,
  scene: Scene,
): string | undefined {
  const edits: readonly Edit[] = [{ edit: "replace", hex: hex(filler) }];
  const [after] = scene.reactions(next.ref, [edits], "before");
  const [honest] = scene.reactions(next.ref, [[]]);
  if (after === undefined || honest === undefined || after.later === honest.later) return undefined;
  const expected = [atOnce, honest.atOnce].filter((each) => each !== "").join();
  return after.atOnce === expected ? after.later : undefined;
}

/** Right before a packet, in the name of its sender, so many times. */
function inserted(
  filler: Uint8Array,
  packet: SeenPacket,
  times: number,
  scene: Scene,
): readonly Move[] {
  const { ref, session } = packet;
  if (!scene.transport.keepsMessages) {
    const edit: Edit = { edit: "insert", at: 0, hex: hex(filler).repeat(times) };
    return [{ move: "modify", packet: ref, edits: [edit] }];
  }
  const before = scene.packets.slice(0, scene.packets.indexOf(packet));
  const last = before.findLast((p) => p.session === session);
  const when: Moment = last === undefined ? "start" : { after: last.ref };
  const move: Move = { move: "inject", hex: hex(filler), to: ref.to, from: ref.from, when };
  return Array.from({ length: times }, () => move);
}

const drop = (packet: PacketRef): Move => ({ move: "drop", packet });

export const insertingFiller: Strategy = {
  id: "filler",
  title: "a message that its receiver forgets is put in, and a later one is taken away",
  capability: "on-path",
  *attacks(scene) {
    for (const packets of directions(scene).values()) {
      const found = isCounted(packets, scene) ? fillers(packets, scene) : [];
      for (const filler of found) {
        for (const [i, packet] of packets.slice(0, mostPlaces).entries()) {
          yield attack(...inserted(filler, packet, 1, scene));
          const later = packets.slice(i + 1, i + 1 + mostDropped);
          for (let times = 1; times <= mostTimes; times++) {
            const moves = inserted(filler, packet, times, scene);
            for (let from = 0; from + times <= later.length; from++) {
              const missing = later.slice(from, from + times);
              yield attack(...moves, ...missing.map(({ ref }) => drop(ref)));
            }
          }
        }
      }
    }
  },
};
