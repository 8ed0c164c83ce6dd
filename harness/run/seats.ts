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

/** How long a puppet that has a session waits before it speaks, if it has anything to say. */
function waitOf({ ready, puppet, toSay, forged }: Seat): Millis | undefined {
  if (!ready || puppet.dead || (toSay.length === 0 && forged >= forgedMessages.length))
    return undefined;
  return toSay.length === 0 && forged === 0 ? forgeAfterMs : thinkMs;
}

/** Puppets at work: what they are fed, and what they send. */
export class Seats {
  readonly #run: RunState;
  readonly #enemy: Enemy;
  readonly #footprint: Footprint;
  readonly #wire: Wire;
  readonly #connections: Connections;
  /** How much the attacker had been told when they last were woken; -1 if one acted since. */
  #wokenAt = -1;

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
    this.#wokenAt = -1;
    this.#outputs(seat, seat.puppet.feed(input, this.#run.now));
  }

  say(seat: Seat): void {
    const input = this.#enemy.next(seat);
    if (input !== undefined) this.feed(seat, input);
  }

  /** It was planned for now that the puppet says something, unless that was moved. */
  speak(seat: Seat, t: Millis): void {
    if (seat.saysAt !== t) return;
    seat.saysAt = undefined;
    this.say(seat);
  }

  timeout(seat: Seat, t: Millis): void {
    if (seat.timer !== t) return;
    seat.timer = undefined;
    this.feed(seat, { kind: "timeout" });
  }

  /** Knowledge may have grown: whatever stalled is tried again. */
  wake(): void {
    if (this.#enemy.seats.length === 0) return;
    const { told } = this.#enemy.knowledge();
    if (told === this.#wokenAt) return;
    this.#wokenAt = told;
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
    this.#planWords();
  }

  /** Whoever has a session and something to say says it in a while. */
  #planWords(): void {
    const { now, queue } = this.#run;
    for (const seat of this.#enemy.seats) {
      const wait = waitOf(seat);
      if (wait === undefined || (seat.saysAt ?? Number.POSITIVE_INFINITY) <= now + wait) continue;
      seat.saysAt = now + wait;
      queue.at(seat.saysAt, { kind: "say", seat, t: seat.saysAt });
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
