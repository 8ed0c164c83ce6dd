/**
 * Streams: reliable, in order, and without message boundaries. What one side writes arrives at
 * the other in chunks of the network's choosing, some split and some run together.
 */
import type { Address, Millis } from "../../../protocol/endpoint.ts";
import { concat } from "../../../protocol/kit/bytes.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import type { NetworkConditions } from "../../trace/trace.ts";

/** One direction of one connection. */
export interface Pipe {
  readonly from: Address;
  readonly to: Address;
  pending: Uint8Array;
  /** No write may overtake an earlier one. */
  lastArrival: Millis;
  /** When the adversary's last write arrived. */
  lastInjected: Millis;
  flushScheduled: boolean;
  open: boolean;
  /** The receiving end has been told that the connection is closed. */
  ended: boolean;
  /** The receiving end has forgotten the connection: nothing arrives any more. */
  broken: boolean;
}

const nothing = new Uint8Array(0);

export class Pipes {
  /** By sender, and then by receiver. */
  readonly #pipes = new Map<Address, Map<Address, Pipe>>();

  open(a: Address, b: Address): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      let own = this.#pipes.get(from);
      if (own === undefined) {
        own = new Map();
        this.#pipes.set(from, own);
      }
      own.set(to, {
        from,
        to,
        pending: nothing,
        lastArrival: 0,
        lastInjected: -1,
        flushScheduled: false,
        open: true,
        ended: false,
        broken: false,
      });
    }
  }

  get(from: Address, to: Address): Pipe | undefined {
    return this.#pipes.get(from)?.get(to);
  }

  /** Ends a connection; returns the pipes that were open. */
  close(a: Address, b: Address): readonly Pipe[] {
    const ends = [this.get(a, b), this.get(b, a)].filter((p) => p?.open === true) as Pipe[];
    for (const pipe of ends) pipe.open = false;
    return ends;
  }

  /** What is on its way to `address` does not reach what is there from now on. */
  breakAll(address: Address): void {
    for (const own of this.#pipes.values()) {
      const pipe = own.get(address);
      if (pipe !== undefined) pipe.broken = true;
    }
  }

  /** The peers that `address` has an open connection with. */
  peersOf(address: Address): readonly Address[] {
    const own = [...(this.#pipes.get(address)?.values() ?? [])];
    return own.filter((p) => p.open).map((p) => p.to);
  }
}

/** How the next bytes of a pipe are cut; what is left over stays pending. */
export function takeChunk(
  pipe: Pipe,
  chunking: NetworkConditions["chunking"],
  random: () => Random,
): Uint8Array {
  const size = pipe.pending.length;
  let take = size;
  if (chunking === "bytes") take = 1;
  else if (chunking === "random" && size > 1) {
    const r = random();
    take = r.below(3) === 0 ? size : 1 + r.below(size);
  }
  const { pending } = pipe;
  if (take === size) {
    pipe.pending = nothing;
    return pending;
  }
  pipe.pending = pending.slice(take);
  return pending.slice(0, take);
}

export function append(pipe: Pipe, bytes: Uint8Array): void {
  pipe.pending = concat(pipe.pending, bytes);
}
