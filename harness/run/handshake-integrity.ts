import type { Address, Millis } from "../../protocol/endpoint.ts";
import type { Packet, ProcessId } from "../trace/trace.ts";
import { type Fate, keepsOrder } from "./network/conditions.ts";
import { hasKeyWith, type Process } from "./processes.ts";
import type { RunState } from "./run-state.ts";

/**
 * What the attack leaves behind: an event for every move that took effect, and whether any of them,
 * or the network by itself, touched a handshake. To know the latter, every packet is marked when it
 * is put on the wire.
 */
export class HandshakeIntegrity {
  readonly #run: RunState;
  /** By packet: did it belong to a session past its handshake? */
  readonly #inData: boolean[] = [];
  /** Packets to somebody who has no key yet; and those receivers, once touched. */
  readonly #early = new Map<number, Process>();
  readonly #touchedEarly = new Set<Process>();
  #untouched = true;
  /** By source and destination: which packet is due last, and when. Empty if none can overtake. */
  readonly #lastDue = new Map<string, { readonly packet: number; readonly t: Millis }>();
  readonly #inOrder: boolean;

  constructor(run: RunState) {
    this.#run = run;
    this.#inOrder = run.transport.ordered || keepsOrder(run.plan.network);
  }

  /** Marks a packet of an honest process. */
  markHonest(packet: Packet, sender: Process): void {
    this.#inData.push(hasKeyWith(sender, packet.destination));
    const receiver = this.#run.listening.get(packet.destination);
    if (receiver !== undefined && !hasKeyWith(receiver, sender.address)) {
      this.#early.set(packet.index, receiver);
    }
  }

  /** Marks a packet of the attacker's. A copy is as early as what it repeats. */
  markForged(packet: Packet): void {
    const { destination, copyOf, index } = packet;
    this.#inData.push(
      this.#isPastHandshake(destination) && (copyOf === undefined || this.#inData[copyOf] === true),
    );
    const early = copyOf === undefined ? undefined : this.#early.get(copyOf);
    if (early !== undefined) this.#early.set(index, early);
  }

  /** Are all sessions in progress past their handshake, as far as `to` is concerned? */
  #isPastHandshake(to: Address): boolean {
    const target = this.#run.listening.get(to);
    if (target === undefined) return false;
    if (target.spec.process === "session") return target.secrets > 0;
    const alive = this.#run.processes.filter(
      (p) => p.spec.process === "session" && p.end === "alive",
    );
    return alive.length > 0 && alive.every((p) => p.secrets > 0) && target.secretWith.size > 0;
  }

  /**
   * A move took effect.
   * @param touched a packet that the move concerns, or undefined if it only sends its own.
   */
  moved(index: number, at: ProcessId, touched: number | undefined): void {
    this.#run.events.push({ kind: "attack", t: this.#run.now, at, move: index });
    if (touched !== undefined) this.#touch(touched);
  }

  /** The network has a packet in hand: it may lose it, double it, or let it overtake another. */
  carried({ index, source, destination }: Packet, fate: Fate): void {
    if (fate.length !== 1) this.#touch(index);
    const [delay] = fate;
    if (this.#inOrder || delay === undefined) return;
    const way = `${source}>${destination}`;
    const last = this.#lastDue.get(way);
    const t = this.#run.now + delay;
    if (last === undefined || last.t <= t) {
      this.#lastDue.set(way, { packet: index, t });
      return;
    }
    this.#touch(last.packet);
    this.#touch(index);
  }

  #touch(touched: number): void {
    if (this.#inData[touched] !== true) this.#untouched = false;
    const early = this.#early.get(touched);
    if (early !== undefined) this.#touchedEarly.add(early);
  }

  /** The attacker takes part in a handshake itself. */
  tookPart(): void {
    this.#untouched = false;
  }

  get handshakeUntouched(): boolean {
    return this.#untouched && !this.#touchedUnfinished();
  }

  /**
   * Was a packet touched whose receiver had no key yet? Relays do not count: none of them ever has
   * one, nor has anybody one with them.
   */
  #touchedUnfinished(): boolean {
    if (this.#touchedEarly.size === 0) return false;
    const { processes, events } = this.#run;
    const finished = new Set(processes.flatMap((p) => (p.secrets > 0 ? [p.spec.name] : [])));
    const peers = new Set(events.flatMap((e) => (e.kind === "secret" ? [e.peer] : [])));
    return [...this.#touchedEarly].some((p) => finished.has(p.spec.name) || peers.has(p.principal));
  }
}
