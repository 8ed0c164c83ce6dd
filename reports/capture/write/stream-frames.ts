/** The packets of a run over a byte stream, as connections of TCP. */
import { sha256 } from "@noble/hashes/sha2.js";
import { isAdversaryAddress } from "../../../attacker/move.ts";
import type { Recording, WireEvent } from "../../../harness/capture/recording.ts";
import { readUint, utf8 } from "../../../protocol/kit/bytes.ts";
import { Connection, type Direction, type Emitted } from "./connection.ts";
import { mostPayload } from "./frames.ts";
import { placeOf, type View } from "./hosts.ts";
import { type Item, pairOf } from "./timeline.ts";

/** A segment, and where it goes. */
export interface Sent {
  readonly segment: Emitted;
  readonly view: View;
  readonly source: string;
  readonly destination: string;
  /** What it carries, and from which byte on; absent where TCP itself speaks. */
  readonly item?: Item;
  readonly from: number;
}

type Closing = Extract<WireEvent, { kind: "closed" }>;

interface Open {
  readonly connection: Connection;
  readonly opener: string;
  readonly other: string;
  readonly view: View;
}

export function streamFrames(recording: Recording, items: readonly Item[]): readonly Sent[] {
  const writer = new StreamWriter(recording);
  const closings = recording.events.filter((e): e is Closing => e.kind === "closed");
  let next = 0;
  for (const item of items) {
    for (; (closings[next]?.t ?? Number.POSITIVE_INFINITY) < item.t; next++) {
      writer.close(closings[next] as Closing);
    }
    writer.carry(item);
  }
  for (const closing of closings.slice(next)) writer.close(closing);
  writer.end();
  return writer.sent;
}

class StreamWriter {
  readonly sent: Sent[] = [];
  readonly #open = new Map<string, Open>();
  /** How many connections the two had by then. */
  readonly #counts = new Map<string, number>();
  readonly #openers: ReadonlySet<string>;
  readonly #addresses: ReadonlyMap<string, string>;

  constructor({ processes, roles }: Recording) {
    const opening = new Set(roles.filter((r) => r.opens).map((r) => r.name));
    this.#openers = new Set(processes.filter((p) => opening.has(p.role)).map((p) => p.address));
    this.#addresses = new Map(processes.map((p) => [p.id, p.address]));
  }

  carry(item: Item): void {
    const { source, destination, view, t, bytes } = item;
    const key = `${view} ${pairOf(source, destination)}`;
    let open = this.#open.get(key);
    if (open === undefined || (open.connection.isOver && !item.isAstray)) {
      if (open !== undefined) this.#push(open, open.connection.close());
      open = this.#begin(key, item);
      this.#push(open, open.connection.open(t));
    }
    const direction: Direction = source === open.opener ? "out" : "back";
    let from = 0;
    do {
      const part = bytes.subarray(from, from + mostPayload);
      this.#push(open, [open.connection.data(direction, t, part)], { item, from });
      from += mostPayload;
    } while (from < bytes.length);
  }

  /** The one at whom this happens is told that its peer has closed. */
  close({ at, peer, t }: Closing): void {
    const own = this.#addresses.get(at);
    if (own === undefined) return;
    for (const view of ["sent", "arrived"] as const) {
      const open = this.#open.get(`${view} ${pairOf(own, peer)}`);
      if (open === undefined) continue;
      this.#push(open, open.connection.finish(peer === open.opener ? "out" : "back", t));
    }
  }

  end(): void {
    for (const open of this.#open.values()) this.#push(open, open.connection.close());
  }

  #begin(key: string, { source, destination, view, isAstray }: Item): Open {
    const nth = this.#counts.get(key) ?? 0;
    this.#counts.set(key, nth + 1);
    const opener = this.#opener(source, destination);
    const other = opener === source ? destination : source;
    const drawn = sha256(utf8(`${key} ${nth}`));
    const initial = { out: readUint(drawn, 0, 4), back: readUint(drawn, 4, 4) };
    const open = { connection: new Connection(initial, !isAstray), opener, other, view };
    this.#open.set(key, open);
    return open;
  }

  #opener(source: string, destination: string): string {
    const [a, b] = [source, destination].map(
      (one) => isAdversaryAddress(one) || this.#openers.has(one),
    );
    if (a !== b) return a === true ? source : destination;
    // The port of whoever opens is drawn, and those come after all others.
    return placeOf(source).port >= placeOf(destination).port ? source : destination;
  }

  #push(
    { opener, other, view }: Open,
    segments: readonly Emitted[],
    what: { readonly item?: Item; readonly from: number } = { from: 0 },
  ): void {
    for (const segment of segments) {
      const [source, destination] = segment.direction === "out" ? [opener, other] : [other, opener];
      this.sent.push({ segment, view, source, destination, ...what });
    }
  }
}
