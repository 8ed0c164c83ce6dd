/**
 * What a run looks like from outside, and in what two worlds look different.
 *
 * Contents of ciphertexts cannot be compared, for randomness differs; so a run is taken apart into
 * features: each has a place and a value. What counts is a feature that is the same whatever the
 * randomness, in each of the worlds, and not the same in both: strong secrecy (M. Abadi, A. Gordon:
 * A calculus for cryptographic protocols, 1999), as far as runs can show it.
 */
import type { Latin1 } from "../../protocol/kit/bytes.ts";
import { hex, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, isOpening } from "../../protocol/kit/operations.ts";
import type { Packet, Trace, TraceEvent } from "../trace/trace.ts";
import type { WorldPair, Worlds } from "./guarantee.ts";

/** A feature, by its place. */
export type Features = ReadonlyMap<string, string>;
/** Takes a run apart; the places of all runs are the same ones. */
export type Look = (trace: Trace) => Features;

/** So often the same, with other randomness: a coin would come out so once in a million runs. */
const confirmations = 6;

export interface Difference {
  readonly place: string;
  readonly here: string | undefined;
  readonly there: string | undefined;
}

/**
 * @param counts features that say something; all of them, where it is left out.
 * @returns the first feature that depends on the secret, and on nothing else.
 */
export function differenceSeen(
  worlds: Worlds,
  look: Look,
  counts: (place: string) => boolean = () => true,
): Difference | undefined {
  const first = looked(worlds.pair(0), look);
  let places = [...new Set([...first.here.keys(), ...first.there.keys()])].filter(
    (place) => counts(place) && first.here.get(place) !== first.there.get(place),
  );
  for (let n = 1; n <= confirmations && places.length > 0; n++) {
    const again = looked(worlds.pair(n), look);
    places = places.filter(
      (place) =>
        again.here.get(place) === first.here.get(place) &&
        again.there.get(place) === first.there.get(place),
    );
  }
  const [place] = places;
  if (place === undefined) return undefined;
  return { place, here: first.here.get(place), there: first.there.get(place) };
}

const looked = ({ here, there }: WorldPair, look: Look) => ({
  here: look(here),
  there: look(there),
});

const numbered = (lines: readonly string[]): Features =>
  new Map(lines.map((line, i) => [`${i}`, line]));

/** Two programs that never stop repeating themselves show by then what they show at all. */
const mostPackets = 400;
const mostSteps = 4_000;

/** Whose packets are looked at: everybody's, where `of` is empty. */
export interface Seen {
  readonly of: ReadonlySet<string>;
  /** Only what is sent to these: what they send themselves tells them nothing. */
  readonly answersOnly?: boolean;
}

/** Honest packets, in order. */
const packetsSeen = (trace: Trace, { of, answersOnly = false }: Seen): readonly Packet[] =>
  trace.packets
    .slice(0, mostPackets)
    .filter(
      (p) =>
        p.byAttacker === undefined &&
        (of.size === 0 || of.has(p.to) || (!answersOnly && of.has(p.from))),
    );

/** Who sends how much to whom. */
export const sizesOf = (trace: Trace): Features =>
  numbered(trace.packets.map((p) => `${p.from} to ${p.to}: ${p.bytes.length} bytes`));

/** The same with its time, and when connections close. */
export const shapeOf =
  (seen: Seen): Look =>
  (trace) => {
    const packets = packetsSeen(trace, seen).map((p) => ({
      t: p.sentMs,
      line: `${p.from} to ${p.to}: ${p.bytes.length} bytes`,
    }));
    const closed = trace.events
      .slice(0, mostSteps)
      .flatMap((e) =>
        e.kind === "closed" && (seen.of.size === 0 || seen.of.has(e.at))
          ? [{ t: e.t, line: `the connection of ${e.at} closes` }]
          : [],
      );
    const all = [...packets, ...closed].sort((a, b) => a.t - b.t);
    return numbered(all.map(({ t, line }) => `${line}, at ${t} ms`));
  };

/** So many bytes that come again are hardly the same by chance. */
const repeatedBytes = 4;

/** Which bytes of a packet stand in it, or in an earlier one, already. */
export const repeatsOf =
  (seen: Seen): Look =>
  (trace) => {
    const first = new Map<Latin1, string>();
    const repeats = new Map<string, string>();
    for (const packet of packetsSeen(trace, seen)) {
      const bytes = latin1(packet.bytes);
      const name = nameOf(packet);
      for (let i = 0; i + repeatedBytes <= bytes.length; i++) {
        const part = bytes.slice(i, i + repeatedBytes);
        const before = first.get(part);
        if (before === undefined) first.set(part, `${name}, from byte ${i} on`);
        else repeats.set(`${name}, from byte ${i} on`, before);
      }
    }
    return repeats;
  };

/** Every byte by itself. @param from whose packets; everybody's, where it is left out. */
export const bytesOf =
  (seen: Seen, from?: ReadonlySet<string>): Look =>
  (trace) => {
    const bytes = new Map<string, string>();
    for (const packet of packetsSeen(trace, seen)) {
      if (from !== undefined && !from.has(packet.from)) continue;
      const name = nameOf(packet);
      packet.bytes.forEach((byte, i) => {
        bytes.set(`byte ${i} of ${name}`, byte.toString(16).padStart(2, "0"));
      });
    }
    return bytes;
  };

const nameOf = ({ nth, from, to }: Packet): string => `packet ${nth} from ${from} to ${to}`;

/** What processes show to the attacker that uses them: what they open, and what they say. */
export const shownBy =
  (processes: ReadonlySet<string>): Look =>
  (trace) => {
    const opened = trace.crypto
      .slice(0, mostSteps)
      .filter((op) => processes.has(op.by) && isOpening(op))
      .map((op) => `opens ${hex(bytesIn(contentOf(op)))}`);
    const said = trace.events
      .slice(0, mostSteps)
      .flatMap((e) => (processes.has(e.at) ? wordsOf(e) : []));
    return numbered([...opened, ...said]);
  };

const bytesIn = (value: Latin1): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0));

function wordsOf(event: TraceEvent): readonly string[] {
  switch (event.kind) {
    case "deliver":
      return [`delivers ${hex(event.message)}`];
    case "log":
      return [`logs “${event.line}”`];
    case "alarm":
      return [`warns: “${event.text}”`];
    case "exited":
      return [`ends (${event.because ?? (event.ok ? "all is well" : "it gives up")})`];
    default:
      return [];
  }
}
