/** Packets on their way, and what else is due, in virtual time. */
import type { Address, Input, Millis } from "../endpoint.ts";

export interface Packet {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}
/** What an end has put on the wire. */
export interface Sent extends Packet {
  readonly now: Millis;
  /** How many were sent before. */
  readonly index: number;
  /** Counts, from 1, what one end sends to one other. */
  readonly nth: number;
}
/** A packet that arrives in the place of one that was sent, so much later than it would have. */
export interface Arrival extends Packet {
  readonly later?: Millis;
}
/**
 * What becomes of a packet: everything that arrives instead. A number stands for the packet itself,
 * so many milliseconds after it was sent; nothing at all means that it is lost.
 */
export type Network = (packet: Sent) => readonly (Millis | Arrival)[];

/** Loses, changes or repeats one packet; the others pass. */
export const instead =
  (isMeant: (packet: Sent) => boolean, of: Network): Network =>
  (packet) =>
    isMeant(packet) ? of(packet) : [packet];

/** Something that happens to an end at a certain time. */
export interface Due {
  readonly at: Millis;
  readonly end: Address;
  readonly what: Input | Packet;
}

export class Wire {
  network: Network;
  readonly sent: Sent[] = [];
  readonly #latencyMs: Millis;
  readonly #due: Due[] = [];
  readonly #counts = new Map<string, number>();

  constructor(latencyMs: Millis, network: Network) {
    this.#latencyMs = latencyMs;
    this.network = network;
  }

  transmit(from: Address, to: Address, bytes: Uint8Array, now: Millis): void {
    const pair = `${from}>${to}`;
    const nth = (this.#counts.get(pair) ?? 0) + 1;
    this.#counts.set(pair, nth);
    const packet = { from, to, bytes, now, index: this.sent.length, nth };
    this.sent.push(packet);
    for (const arrival of this.network(packet)) {
      const [what, delay] =
        typeof arrival === "number"
          ? [packet, arrival]
          : [arrival, this.#latencyMs + (arrival.later ?? 0)];
      this.plan({ at: now + delay, end: what.to, what });
    }
  }

  /** After everything that is due by then. */
  plan(due: Due): void {
    let place = this.#due.length;
    while (place > 0 && (this.#due[place - 1] as Due).at > due.at) place--;
    this.#due.splice(place, 0, due);
  }

  get next(): Due | undefined {
    return this.#due[0];
  }

  take(): Due | undefined {
    return this.#due.shift();
  }
}
