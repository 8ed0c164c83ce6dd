import type { Move } from "../../attacker/move.ts";
import { packetKey } from "../../attacker/move.ts";
import { forgedMessages } from "../../attacker/puppet.ts";
import type { Address, Input, Millis, Output } from "../../protocol/endpoint.ts";
import type { Connections } from "./connections.ts";
import { thinkMs } from "./desk.ts";
import type { Enemy, Seat } from "./enemy.ts";
import type { Footprint } from "./footprint.ts";
import type { RunState } from "./run-state.ts";
import type { Wire } from "./wire.ts";

/** A puppet first hands on what others say; then it says its own. */
const forgeAfterMs = 2_000;

/** Puppets at work: what they are fed, and what they send. */
export class Seats {
  readonly #run: RunState;
  readonly #enemy: Enemy;
  readonly #footprint: Footprint;
  readonly #wire: Wire;
  readonly #connections: Connections;

  constructor(
    run: RunState,
    enemy: Enemy,
    footprint: Footprint,
    wire: Wire,
    connections: Connections,
  ) {
    this.#run = run;
    this.#enemy = enemy;
    this.#footprint = footprint;
    this.#wire = wire;
    this.#connections = connections;
  }

  /** A puppet takes its place, and begins. */
  take(move: Extract<Move, { move: "puppet" }>, index: number): void {
    const seat = this.#enemy.seat(move, index);
    if (seat === undefined) return;
    this.#footprint.tookPart();
    this.#footprint.moved(index, move.facing, undefined);
    this.feed(seat, { kind: "start" });
    const asks = this.#run.book.role(move.role)?.peer !== undefined;
    if (!this.#run.datagram && asks) this.#connections.connect(seat.address, seat.facing);
  }

  /** A puppet goes on from where an honest process is now. */
  hijack(move: Extract<Move, { move: "hijack" }>, index: number): void {
    const process = this.#run.processes.find((p) => p.id === move.process);
    if (process === undefined || process.end !== "alive") return;
    if (process.secrets === 0) this.#footprint.tookPart();
    const seat = this.#enemy.fork(move, index, process);
    this.#footprint.moved(index, process.id, undefined);
    this.say(seat);
  }

  feed(seat: Seat, input: Input): void {
    this.#enemy.knowledge();
    this.#outputs(seat, seat.puppet.feed(input, this.#run.now));
  }

  say(seat: Seat): void {
    const input = this.#enemy.next(seat);
    if (input !== undefined) this.feed(seat, input);
  }

  timeout(seat: Seat, t: Millis): void {
    if (seat.timer !== t) return;
    seat.timer = undefined;
    this.feed(seat, { kind: "timeout" });
  }

  /** Knowledge may have grown: whatever stalled is tried again. */
  wake(): void {
    if (this.#enemy.seats.length === 0) return;
    this.#enemy.knowledge();
    const { now, queue } = this.#run;
    for (const seat of this.#enemy.seats) {
      this.#outputs(seat, seat.puppet.advance(now));
      const due = seat.puppet.deadline;
      if (due !== undefined && Number.isFinite(due) && seat.timer !== Math.max(due, now)) {
        seat.timer = Math.max(due, now);
        queue.at(seat.timer, { kind: "seat-timer", seat, t: seat.timer });
      }
    }
  }

  #outputs(seat: Seat, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.kind === "transmit") this.#transmit(seat, output.bytes, output.to);
      else this.#enemy.absorb(seat, output);
    }
    const { now, queue } = this.#run;
    for (const s of this.#enemy.seats) {
      if (!s.ready) continue;
      if (s.toSay.length > 0) queue.at(now + thinkMs, { kind: "say", seat: s });
      else if (s.forged < forgedMessages.length)
        queue.at(now + forgeAfterMs, { kind: "say", seat: s });
    }
  }

  #transmit(seat: Seat, bytes: Uint8Array, asked: Address | undefined): void {
    if (seat.left <= 0) return;
    this.#enemy.sent(seat);
    const to = asked ?? seat.facing;
    const source = seat.address;
    const packet = this.#wire.forge({
      from: seat.puppet.id,
      source,
      destination: to,
      bytes,
      byAttacker: "puppet",
    });
    const key = packetKey(packet);
    this.#run.named.set(key, packet);
    if (!this.#connections.allow(source, to)) return;
    this.#run.enqueue(1, {
      kind: "arrive",
      packet,
      bytes: packet.bytes,
      to,
      lost: undefined,
      first: true,
      key,
    });
  }
}
