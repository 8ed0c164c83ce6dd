/**
 * How the datagrams of inner channels travel: in RELAY frames, two pieces each, for a record has no
 * room for 64 bytes. Pieces are not repeated. Where one is lost, so is the datagram, and the inner
 * channel repeats it, as on any network.
 *
 *     peer 2 ‖ port 1 ‖ id 1 ‖ index/last 1 ‖ length 1 ‖ inner
 *
 * `peer` is the kid of the receiver, which the relay replaces by that of the sender. `port` says
 * which of the two channels between the same two users is meant. Nothing of it is protected from
 * the relay: what is put together wrongly is discarded by the inner channel.
 *
 * A datagram needs four records to arrive, and so does its answer: where every fifth is lost, one
 * attempt in six succeeds, and what a channel allows for is not enough. So what is repeated goes
 * out in four copies, and says so, with 128 added to its port; and so does what answers it. That
 * costs nothing as long as nothing is lost, and the relay needs to remember nothing.
 */
import type { Principal } from "../../endpoint.ts";
import type { RelayFrame } from "../frames.ts";
import { cut, Pieces } from "../pieces.ts";

/**
 * To the end that answers, and to the end that asked; to and from the relay, for the keys that
 * users have told it, and for their certificates.
 */
export const ports = { answering: 0, asking: 1, directory: 2, certificates: 3 } as const;
/** Added to the port of what is repeated. */
const againFlag = 0x80;
/** With every fifth record lost, 29 of 30 datagrams arrive. */
const copies = 4;
const pieceBytes = 32;
const ids = 256;
/**
 * Datagrams of one sender, to one port, of which something came: as many as a channel has under
 * way. The oldest goes.
 */
const mostKept = 16;

/** A datagram of an inner channel, and whom it is for, or said to be from. */
export interface Letter {
  readonly peer: Principal;
  readonly port: number;
  /** It was sent before and not answered, or it answers what was. */
  readonly again: boolean;
  readonly bytes: Uint8Array;
}

/** @returns what the port of a frame says. */
export const portOf = ({ port }: RelayFrame): Pick<Letter, "port" | "again"> => ({
  port: port & ~againFlag,
  again: (port & againFlag) !== 0,
});

/** The kids that all users know each other by; the relay's is among them. */
export class MailAddresses {
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

  /** @returns the pieces, and all of them again for each further copy. */
  cut(peer: number, { port, again, bytes }: Omit<Letter, "peer">): readonly RelayFrame[] {
    const id = this.#nextId;
    this.#nextId = (id + 1) % ids;
    const marked = again ? port | againFlag : port;
    const frames = cut(bytes, pieceBytes).map(({ body: inner, ...place }): RelayFrame => {
      return { kind: "relay", peer, port: marked, id, ...place, inner };
    });
    return Array.from({ length: again ? copies : 1 }, () => frames).flat();
  }
}

/**
 * Joins pieces. It keeps a few datagrams for each sender that the caller lets through, and no more;
 * also those that are whole, so that their copies are recognised.
 */
export class Joiner {
  /** By sender and port, then by number; the oldest comes first. */
  readonly #kept = new Map<string, Map<number, Pieces>>();

  /** How many datagrams lack something. */
  get size(): number {
    const all = [...this.#kept.values()].flatMap((byId) => [...byId.values()]);
    return all.filter((pieces) => !pieces.isWhole).length;
  }

  /** @returns the datagram, if this was all that it missed. */
  accept(frame: RelayFrame): Uint8Array | undefined {
    const { peer, id, inner } = frame;
    const key = `${peer}/${portOf(frame).port}`;
    const byId = this.#kept.get(key) ?? new Map<number, Pieces>();
    this.#kept.set(key, byId);
    const known = byId.get(id);
    const fits = known?.contradicts(frame, inner) === false;
    if (fits && known.has(frame.index)) return undefined;
    // Numbers come round again: what contradicts the old datagram is the beginning of a new one.
    if (!fits) byId.delete(id);
    const pieces = fits ? known : new Pieces();
    byId.set(id, pieces);
    pieces.add(frame, inner);
    const [oldest] = byId.keys();
    if (oldest !== undefined && byId.size > mostKept) byId.delete(oldest);
    return pieces.whole;
  }
}
