/**
 * A generic strategy turns what an undisturbed run shows into attacks. It knows nothing about any
 * protocol: packets, processes and stores are all it sees. One file each, one line in catalog.ts.
 */
import type { Address, Principal } from "../../protocol/endpoint.ts";
import type { Transport } from "../../protocol/transport.ts";
import type { Attack, Capability, Edit, PacketRef } from "../move.ts";

export interface SeenPacket {
  readonly ref: PacketRef;
  readonly bytes: Uint8Array;
  /** In milliseconds since the beginning of the run. */
  readonly sentMs: number;
  readonly destination: Address;
  /** The planned session it belongs to; `undefined` if that cannot be told. */
  readonly session: number | undefined;
  /** The same in every installation: nobody has to see it to know it. */
  readonly constant: boolean;
  /** The same packet in another installation, such as the attacker may have one of. */
  readonly elsewhere: Uint8Array | undefined;
}

export interface SeenProcess {
  readonly id: string;
  readonly role: string;
  readonly principal: Principal;
  readonly service: boolean;
  readonly session: number | undefined;
}

/** A value in a packet whose kind the lab recognises. */
export interface SeenValue {
  readonly packet: PacketRef;
  readonly kind: "public-key" | "random";
  /** The field it is in, and where in it. */
  readonly path: readonly string[];
  readonly start: number;
  readonly length: number;
}

/** What a receiver makes of a changed packet. The attacker has its code, and may try it out. */
export interface Reaction {
  /** The same for packets that it treats alike, then and soon after. */
  readonly signature: string;
  /** What it puts out at once, and with what comes next; empty if that is nothing. */
  readonly atOnce: string;
  readonly later: string;
  /** As if the packet had not come; it may have been refused. */
  readonly idle: boolean;
  /** What it sends at once. */
  readonly replies: readonly Uint8Array[];
}

/** Where a changed packet comes: in the place of the one that was sent, or right before that one. */
export type PlaceOfVariant = "instead" | "before";

/** What the attacker has to work with: the undisturbed run, from outside. */
export interface Scene {
  readonly transport: Transport;
  /** Packets of the sessions that are attacked, in order. */
  readonly packets: readonly SeenPacket[];
  readonly processes: readonly SeenProcess[];
  /** Sessions that repeat an earlier one, and which: later, of the same kind. */
  readonly repeatedSessions: ReadonlyMap<number, number>;
  /** Processes that call the attacker by its own name, as a user like others. */
  readonly callers: readonly string[];
  /** Public keys and random values that go over the wire in the clear or in an encoding. */
  readonly values: readonly SeenValue[];
  readonly principals: readonly Principal[];
  /** How many long-term secrets each of them has. */
  readonly longTermSecrets: ReadonlyMap<Principal, number>;
  /** Do users show each other something beside the network? */
  readonly showsOutOfBand: boolean;
  /** Those to whom messages for several are written. */
  readonly groupMembers: readonly Principal[];
  readonly stores: readonly { readonly principal: Principal; readonly name: string }[];
  /** What whoever runs the code can set otherwise than it is set here, one option at a time. */
  readonly otherSettings: readonly { readonly option: string; readonly value: string }[];
  /** Lines that honest logs contain; open source, as everything but keys. */
  readonly logLines: readonly string[];
  /**
   * What its receiver makes of a packet so changed, one for each; nothing if it cannot be asked.
   */
  reactions(
    packet: PacketRef,
    variants: readonly (readonly Edit[])[],
    place?: PlaceOfVariant,
  ): readonly Reaction[];
  /** The packets of a run with this attack: what others do if something does not reach them. */
  packetsAfter(attack: Attack): readonly SeenPacket[];
}

/** Networks that runs are made on; the harness says what each of them does. */
export type NetworkName = "calm" | "lossy" | SoundNetwork;

/** They lose and change nothing: packets take other times, and streams arrive in other pieces. */
export type SoundNetwork = (typeof soundNetworks)[number];
export const soundNetworks = [
  "latency-0",
  "latency-80",
  "latency-400",
  "chunks-at-random",
  "chunks-of-a-byte",
  "chunks-together",
] as const;

export interface Candidate {
  readonly moves: Attack;
  /** Default: calm. */
  readonly network?: NetworkName;
  /** Default: `within-limits`, which keeps to the lengths that the protocol undertakes to carry. */
  readonly workload?: string;
  /** Appended to the seed, for trying the luck of a lossy network several times. */
  readonly seedSuffix?: string;
}

export interface Strategy {
  readonly id: string;
  /** For people: what it tries. */
  readonly title: string;
  /** The strongest capability that its attacks need, where nothing is reliable or connected. */
  readonly capability: Capability;
  /** Set where it needs sessions that repeat earlier ones; others see only the first of a kind. */
  readonly acrossSessions?: true;
  attacks(scene: Scene): Iterable<Candidate>;
}

/** A compact way to write candidates without further conditions. */
export const attack = (...moves: Attack): Candidate => ({ moves });

/** Does one of them go where the other comes from? */
export const isBack = (a: PacketRef, b: PacketRef): boolean => a.from === b.to && a.to === b.from;

/** Packets that one process sends to another, in order. */
export function directions(scene: Scene): ReadonlyMap<string, readonly SeenPacket[]> {
  const map = new Map<string, SeenPacket[]>();
  for (const packet of scene.packets) {
    const key = `${packet.ref.from}>${packet.ref.to}`;
    const list = map.get(key);
    if (list === undefined) map.set(key, [packet]);
    else list.push(packet);
  }
  return map;
}

/** Runs of `length` packets that follow each other in one direction. */
export function runsOf(scene: Scene, length: number): readonly (readonly SeenPacket[])[] {
  const runs: (readonly SeenPacket[])[] = [];
  for (const list of directions(scene).values()) {
    for (let i = 0; i + length <= list.length; i++) runs.push(list.slice(i, i + length));
  }
  return runs;
}
