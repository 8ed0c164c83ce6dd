/**
 * How the datagrams of inner channels travel: in RELAY frames, two pieces each, for a record has
 * no room for 64 bytes. Pieces are sent once. Where one is lost, so is the datagram, and the inner
 * channel repeats it, as on any network.
 *
 *     peer 2 ‖ port 1 ‖ id 1 ‖ index/last 1 ‖ length 1 ‖ inner
 *
 * `peer` is the kid of the receiver, which the relay replaces by that of the sender. `port` says
 * which of the two channels between the same two users is meant. Nothing of it is protected from
 * the relay: what is put together wrongly is discarded by the inner channel.
 */
import type { Principal } from "../../endpoint.ts";
import type { RelayFrame } from "../frames.ts";
import { cut, Pieces } from "../pieces.ts";

/** To the end that answers, to the end that asked, to and from the relay's directory. */
export const ports = { answering: 0, asking: 1, directory: 2 } as const;
const pieceBytes = 32;
const ids = 256;
/** Datagrams of one sender, to one port, of which something is missing. The oldest goes. */
const mostUnfinished = 4;

/** A datagram of an inner channel, and whom it is for, or said to be from. */
export interface Letter {
  readonly peer: Principal;
  readonly port: number;
  readonly bytes: Uint8Array;
}

/** The kids that all users know each other by; the relay's is among them. */
export class AddressBook {
  readonly #names: readonly Principal[];

  /** @param names in the order of their kids, from 0. */
  constructor(names: readonly Principal[]) {
    this.#names = names;
  }

  get names(): readonly Principal[] {
    return this.#names;
  }

  nameOf(kid: number): Principal | undefined {
    return this.#names[kid];
  }

  kidOf(name: Principal): number | undefined {
    const kid = this.#names.indexOf(name);
    return kid < 0 ? undefined : kid;
  }
}

/** Numbers datagrams and cuts them up. */
export class Cutter {
  #nextId = 0;

  cut(peer: number, port: number, bytes: Uint8Array): readonly RelayFrame[] {
    const id = this.#nextId;
    this.#nextId = (id + 1) % ids;
    return cut(bytes, pieceBytes).map(({ body: inner, ...place }) => {
      return { kind: "relay", peer, port, id, ...place, inner };
    });
  }
}

/** Joins pieces. It keeps a few for each sender that the caller lets through, and no more. */
export class Joiner {
  /** By sender and port, then by number; the oldest comes first. */
  readonly #unfinished = new Map<string, Map<number, Pieces>>();

  get size(): number {
    return [...this.#unfinished.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** @returns the datagram, if this was all that it missed. */
  accept(frame: RelayFrame): Uint8Array | undefined {
    const { peer, port, id, inner } = frame;
    const key = `${peer}/${port}`;
    const begun = this.#unfinished.get(key) ?? new Map<number, Pieces>();
    const pieces = begun.get(id) ?? new Pieces();
    pieces.add(frame, inner);
    const { whole } = pieces;
    if (whole === undefined) begun.set(id, pieces);
    else begun.delete(id);
    const [oldest] = begun.keys();
    if (oldest !== undefined && begun.size > mostUnfinished) begun.delete(oldest);
    if (begun.size > 0) this.#unfinished.set(key, begun);
    else this.#unfinished.delete(key);
    return whole;
  }
}
