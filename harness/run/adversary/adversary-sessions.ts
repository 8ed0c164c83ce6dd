import type { Move } from "../../../attacker/move.ts";
import { packetKey } from "../../../attacker/move.ts";
import type { Address, Input, Millis, Output } from "../../../protocol/endpoint.ts";
import { ownInput } from "../../../protocol/kit/copy-input.ts";
import { canSend, connect, reconnect } from "../network/connections.ts";
import { forge } from "../network/egress.ts";
import type { Process } from "../processes.ts";
import { noteShown, waitsForOther } from "../showing.ts";
import type { World } from "../world.ts";
import type { AdversarySession } from "./adversary-session.ts";
import { nextWords, waitOf } from "./words.ts";

type Show = Extract<Output, { kind: "show" }>;
type HijackMove = Extract<Move, { move: "hijack" }>;

/** Puppets at work: what they are fed, and what they send. */
export class AdversarySessions {
  readonly #world: World;
  /** How much the attacker had been told when they last were woken; -1 if one acted since. */
  #wokenAt = -1;

  constructor(world: World) {
    this.#world = world;
  }

  /** A puppet takes its place, and begins. */
  take(move: Extract<Move, { move: "puppet" }>, index: number): void {
    const { run, adversary, integrity } = this.#world;
    const session = adversary.openSession(move, index);
    if (session === undefined) return;
    integrity.tookPart();
    integrity.moved(index, move.facing, undefined);
    this.feed(session, { kind: "start" });
    const asks = run.book.role(move.role)?.peer !== undefined;
    if (run.transport.connected && asks) connect(this.#world, session.address, session.facing);
  }

  /** A puppet goes on from where an honest process is now, or was. */
  hijack(move: HijackMove, index: number): void {
    const { run, adversary, integrity } = this.#world;
    const process = run.processes.find((p) => p.id === move.process);
    if (process === undefined) return;
    if (move.again !== undefined) {
      this.#repeat(move, index, process, move.again);
      return;
    }
    if (process.end !== "alive") return;
    if (process.secrets === 0) integrity.tookPart();
    const session = adversary.fork(move, index, process);
    integrity.moved(index, process.id, undefined);
    this.say(session);
  }

  /** A puppet repeats an honest process from some input on; only who asks has an address to ask. */
  #repeat(move: HijackMove, index: number, process: Process, again: number): void {
    const { run, adversary, integrity } = this.#world;
    const input = process.history[again - 1]?.input;
    if (input === undefined || process.peerAddress === undefined) return;
    integrity.tookPart();
    const session = adversary.fork(move, index, process);
    integrity.moved(index, process.id, undefined);
    if (run.transport.connected) connect(this.#world, session.address, session.facing);
    else this.feed(session, input);
  }

  feed(session: AdversarySession, input: Input): void {
    if (waitsForOther(this.#world.adversary.sessions, session)) {
      session.held.push(ownInput(input));
      return;
    }
    this.#world.adversary.knowledge();
    this.#wokenAt = -1;
    const again = input.kind === "connected" ? session.takesAgain : undefined;
    if (again !== undefined) session.takesAgain = undefined;
    this.#outputs(session, session.puppet.feed(again ?? input, this.#world.run.now));
  }

  say(session: AdversarySession): void {
    const input = nextWords(session);
    if (input !== undefined) this.feed(session, input);
  }

  /** It was planned for now that the puppet says something, unless that was moved. */
  speak(session: AdversarySession, t: Millis): void {
    if (session.saysAt !== t) return;
    session.saysAt = undefined;
    this.say(session);
  }

  timeout(session: AdversarySession, t: Millis): void {
    if (session.timer !== t) return;
    session.timer = undefined;
    this.feed(session, { kind: "timeout" });
  }

  /** Knowledge may have grown: whatever stalled is tried again. */
  wake(): void {
    const { run, adversary } = this.#world;
    if (adversary.sessions.length === 0) return;
    const { told } = adversary.knowledge();
    if (told === this.#wokenAt) return;
    this.#wokenAt = told;
    const { now, queue } = run;
    for (const session of adversary.sessions) {
      this.#outputs(session, session.puppet.advance(now));
      const due = session.puppet.deadline;
      if (due !== undefined && Number.isFinite(due) && session.timer !== Math.max(due, now)) {
        session.timer = Math.max(due, now);
        queue.at(session.timer, { kind: "adversary-timer", session, t: session.timer });
      }
    }
  }

  #outputs(session: AdversarySession, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.kind === "transmit") this.#transmit(session, output.bytes, output.to);
      else if (output.kind === "connect") this.#connect(session, output.to);
      else if (output.kind === "show") this.#show(session, output);
      else this.#world.adversary.absorb(session, output);
    }
    this.#tell(session);
    this.#planWords();
  }

  /** Its own user sees what it shows, and whoever waits for that goes on. */
  #show(session: AdversarySession, { value, to }: Show): void {
    const { adversary } = this.#world;
    const isFirst = session.shown === undefined;
    noteShown(this.#world, session, value);
    if (!isFirst) return;
    this.feed(session, { kind: "shown", value: value.slice(), from: to });
    for (const other of adversary.sessions) {
      if (other.matches !== session.puppet.id) continue;
      for (const input of other.held.splice(0)) this.feed(other, input);
    }
  }

  /** Tells a puppet the next of what it is told, if its code waits for it and it can be known. */
  #tell(session: AdversarySession): void {
    const { adversary, run } = this.#world;
    const [next] = session.told;
    if (next === undefined || session.puppet.wanted < next.after) return;
    if (!adversary.knowledge().derivable(next.bytes)) return;
    session.told.shift();
    const kind = run.transport.connected ? "chunk" : "datagram";
    this.feed(session, { kind, bytes: next.bytes.slice(), from: session.facing });
  }

  /** Schedules the next message of every session that has one. */
  #planWords(): void {
    const { run, adversary } = this.#world;
    const { now, queue } = run;
    for (const session of adversary.sessions) {
      const wait = waitOf(session);
      if (wait === undefined || (session.saysAt ?? Number.POSITIVE_INFINITY) <= now + wait)
        continue;
      session.saysAt = now + wait;
      queue.at(session.saysAt, { kind: "say", session, t: session.saysAt });
    }
  }

  #connect({ address, facing }: AdversarySession, to: Address | undefined): void {
    if (this.#world.run.transport.connected) reconnect(this.#world, address, to ?? facing);
  }

  #transmit(session: AdversarySession, bytes: Uint8Array, asked: Address | undefined): void {
    if (session.left <= 0) return;
    const { run, adversary } = this.#world;
    adversary.sent(session);
    const to = asked ?? session.facing;
    const source = session.address;
    const packet = forge(this.#world, {
      from: session.puppet.id,
      source,
      destination: to,
      bytes,
      byAttacker: "puppet",
    });
    const key = packetKey(packet);
    run.named.set(key, packet);
    if (!canSend(run, source, to)) return;
    run.enqueue(1, {
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
