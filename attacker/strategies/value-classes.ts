/**
 * Which values of a place in a packet does its receiver take, and which of them alike? Its code is
 * asked: a few values first, and all where that shows a difference, or where no key protects it.
 */
import { hex, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { inField } from "../fields.ts";
import { type FormByte, formBytes, type WrittenNumber, writtenNumbers } from "../learnt-fields.ts";
import { lengthEdits } from "../learnt-lengths.ts";
import type { Edit } from "../move.ts";
import type { Reaction, Scene, SeenPacket } from "./strategy.ts";
import { sumEdits } from "./sums-made-right.ts";

/** A place in a packet, what is there, and how another value is written there. */
export interface Place {
  readonly packet: SeenPacket;
  readonly value: number;
  readonly width: "byte" | "two bytes" | "digits";
  readonly write: (value: number) => readonly Edit[];
  /** A few values that show whether it matters, and all. */
  readonly few: readonly number[];
  readonly all: readonly number[];
}

/** A value that is tried in a run, since it stands for others. */
export interface Told {
  readonly place: Place;
  readonly value: number;
  readonly reaction: Reaction;
}

const allBytes = Array.from({ length: 256 }, (_, i) => i);
const powers = Array.from({ length: 16 }, (_, i) => 2 ** i);
/** What numbers of two bytes, or in digits, may be at their borders. */
const someNumbers = [...new Set([...allBytes.slice(0, 33), ...powers, 40, 56, 255, 65_535])];
const unique = (values: readonly number[], most: number): readonly number[] =>
  [...new Set(values)].filter((v) => v >= 0 && v <= most).sort((a, b) => a - b);

const bytePlace = (packet: SeenPacket, { path, at, value }: FormByte): Place => ({
  packet,
  value,
  width: "byte",
  write: (v) => [{ edit: "set", at, hex: hex(Uint8Array.of(v)), ...inField(path) }],
  few: unique([0, value - 1, value ^ 1, value ^ 2, value ^ 0x20, value ^ 0x80, 0xff], 0xff),
  all: allBytes,
});

/** With the less significant byte first. */
const swapped = (v: number): number => ((v & 255) << 8) | (v >> 8);

/** Two bytes that follow each other: a number with either of them first. */
function pairPlace(packet: SeenPacket, high: FormByte, low: FormByte): Place {
  const value = high.value * 256 + low.value;
  const { path, at } = high;
  const turned = swapped(value);
  const less = [1, 2, 3, 4].flatMap((n) => [value >> n, swapped(turned >> n)]);
  const near = [value - 1, value + 1, ...less, ...someNumbers.map(swapped)];
  const both = (v: number): boolean => v >> 8 !== high.value && (v & 255) !== low.value;
  return {
    packet,
    value,
    width: "two bytes",
    write: (v) => [{ edit: "set", at, hex: hex(uintBytes(v, 2)), ...inField(path) }],
    few: [],
    all: unique([...someNumbers, ...near], 0xffff).filter(both),
  };
}

const numberPlace = (packet: SeenPacket, { path, value }: WrittenNumber): Place => ({
  packet,
  value,
  width: "digits",
  write: (v) => {
    const edit: Edit = { edit: "replace", hex: hex(utf8(String(v))), ...inField(path) };
    const [, start, end] = /^bytes:(\d+)-(\d+)$/.exec(path.length === 1 ? `${path[0]}` : "") ?? [];
    if (start === undefined) return [edit];
    const more = String(v).length - String(value).length;
    return [edit, ...lengthEdits(packet.bytes, [Number(start), Number(end)], more)];
  },
  few: unique([0, value - 1, value + 1, 65_535], 65_535),
  all: unique([...someNumbers, value - 1, value + 1, value >> 1], 65_535),
});

/** Limits for one scene. A refused packet costs a call; one that is taken, a process anew. */
const mostEffort = 8_000;
const effortForPairs = 2_000;
const costOfRefused = 1;
const costOfTaken = 30;
const mostPlaces = 32;
/** A packet shows so many different reactions at most, and of each of them so many values. */
const mostPerReaction = 2;
const mostPerPacket = 6;

const isRefusedByKey = ({ idle, signature }: Reaction): boolean =>
  idle && /rejects bad-(tag|signature)/.test(signature);

interface Asked {
  readonly place: Place;
  readonly reactions: Map<number, Reaction>;
}

/** Asks receivers about the places of some packets of a scene. */
export class ValueClasses {
  readonly #scene: Scene;
  #left = mostEffort;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** @returns values that stand for all that are taken in one way, packet by packet. */
  of(packets: readonly SeenPacket[]): readonly Told[] {
    const known = packets.flatMap((packet) => {
      const [honest] = this.#ask(packet, [[]]);
      return honest === undefined ? [] : [{ packet, honest, asked: this.#few(packet) }];
    });
    const all = known.flatMap(({ honest, asked }) =>
      asked.map((each) => ({ each, order: orderOf(each, honest) })),
    );
    for (const { each } of all.sort((a, b) => a.order - b.order)) this.#all(each);
    this.#left = Math.max(this.#left, effortForPairs);
    for (const { packet, honest, asked } of known)
      asked.push(...this.#pairs(packet, asked, honest));
    return known.flatMap(({ honest, asked }) => representatives(asked, honest));
  }

  #ask(packet: SeenPacket, variants: readonly (readonly Edit[])[]): readonly Reaction[] {
    if (this.#left <= 0) return [];
    const reactions = this.#scene.reactions(packet.ref, variants);
    for (const { idle } of reactions) this.#left -= idle ? costOfRefused : costOfTaken;
    return reactions;
  }

  #try({ place, reactions }: Asked, values: readonly number[]): void {
    const others = values.filter((v) => v !== place.value && !reactions.has(v));
    const sums = sumEdits(this.#scene, place.packet.ref);
    const variants = others.map((v) => [...place.write(v), ...sums]);
    for (const [i, each] of this.#ask(place.packet, variants).entries()) {
      reactions.set(others[i] as number, each);
    }
  }

  #few(packet: SeenPacket): Asked[] {
    const { bytes, elsewhere } = packet;
    if (elsewhere === undefined) return [];
    const form = formBytes(bytes, elsewhere).slice(0, mostPlaces);
    const places = [
      ...form.map((each) => bytePlace(packet, each)),
      ...writtenNumbers(bytes, elsewhere).map((each) => numberPlace(packet, each)),
    ];
    return places.map((place) => {
      const asked: Asked = { place, reactions: new Map() };
      this.#try(asked, place.few);
      return asked;
    });
  }

  #all(asked: Asked): void {
    const reactions = [...asked.reactions.values()];
    if (reactions.some(isRefusedByKey) && reactions.every(({ idle }) => idle)) return;
    this.#try(asked, asked.place.all);
  }

  /** Where a byte matters that no key protects, it may be half of a number. */
  #pairs(packet: SeenPacket, asked: readonly Asked[], honest: Reaction): readonly Asked[] {
    const { bytes, elsewhere } = packet;
    if (elsewhere === undefined) return [];
    const form = formBytes(bytes, elsewhere).slice(0, mostPlaces);
    const looked = (i: number): boolean => {
      const reactions = [...(asked[i]?.reactions.values() ?? [])];
      if (reactions.some(isRefusedByKey)) return false;
      return reactions.some(({ signature }) => signature !== honest.signature);
    };
    return form.slice(1).flatMap((low, i) => {
      const high = form[i] as FormByte;
      const adjacent = low.at === high.at + 1 && low.path === high.path;
      if (!adjacent || (!looked(i) && !looked(i + 1))) return [];
      const pair: Asked = { place: pairPlace(packet, high, low), reactions: new Map() };
      this.#try(pair, pair.place.all);
      return [pair];
    });
  }
}

/** First what leads on in several ways; then what is refused; last what nobody seems to look at. */
function orderOf({ reactions }: Asked, honest: Reaction): number {
  const all = [...reactions.values()];
  if (all.every(({ signature }) => signature === honest.signature)) return 2;
  return all.every(({ idle }) => idle) ? 1 : 0;
}

/**
 * Of what leads on otherwise than the packet as it was sent, a few values for the whole packet; of
 * what leads on in the same way, the smallest and the largest value at each place that matters.
 */
function representatives(asked: readonly Asked[], honest: Reaction): readonly Told[] {
  const others = new Map<string, number>();
  const alike: Told[] = [];
  const otherwise: Told[] = [];
  for (const { place, reactions } of asked) {
    const told = [...reactions].map(([value, reaction]): Told => ({ place, value, reaction }));
    const same = told.filter(({ reaction }) => reaction.signature === honest.signature);
    if (same.length < told.length) alike.push(...ends(same));
    const bySignature = new Map<string, Told[]>();
    for (const each of told) {
      const { signature } = each.reaction;
      bySignature.set(signature, [...(bySignature.get(signature) ?? []), each]);
    }
    for (const [signature, list] of bySignature) {
      const before = others.get(signature) ?? 0;
      const isNews = list[0]?.reaction.idle === false && signature !== honest.signature;
      if (!isNews || before >= mostPerReaction) continue;
      const some = ends(list).slice(0, mostPerReaction - before);
      others.set(signature, before + some.length);
      otherwise.push(...some);
    }
  }
  otherwise.sort((a, b) => a.value - b.value);
  return [...spread(alike, mostPerPacket), ...spread(otherwise, mostPerPacket)];
}

const ends = (list: readonly Told[]): readonly Told[] => [
  ...new Set([...list.slice(0, 1), ...list.slice(-1)]),
];

/** Some of many: the first, the last, and some between. */
export function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list;
  const step = (list.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => list[Math.round(i * step)] as T);
}
