import type { Move } from "../../../attacker/move.ts";
import { packetKey } from "../../../attacker/move.ts";
import { forgedMessages, mostTalk } from "../../../attacker/puppet.ts";
import type { Address, Input, Millis, Output } from "../../../protocol/endpoint.ts";
import { thinkMs } from "../application-session.ts";
import { canSend, connect, reconnect } from "../network/connections.ts";
import { forge } from "../network/egress.ts";
import type { World } from "../world.ts";
import type { AdversarySession } from "./adversary-session.ts";

/** A puppet first hands on what others say; then it says its own. */
const forgeAfterMs = 2_000;

/** How long a puppet that has a session waits before it speaks, if it has anything to say. */
function waitOf({ ready, puppet, toSay, forged, talk }: AdversarySession): Millis | undefined {
  if (talk !== undefined) {
    const speaks = ready && !puppet.dead && talk.credits > 0;
    return speaks && (toSay.length > 0 || forged < mostTalk) ? thinkMs : undefined;
  }
  if (!ready || puppet.dead || (toSay.length === 0 && forged >= forgedMessages.length))
    return undefined;
  return toSay.length === 0 && forged === 0 ? forgeAfterMs : thinkMs;
}

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

  /** A puppet goes on from where an honest process is now. */
  hijack(move: Extract<Move, { move: "hijack" }>, index: number): void {
    const { run, adversary, integrity } = this.#world;
    const process = run.processes.find((p) => p.id === move.process);
    if (process === undefined || process.end !== "alive") return;
    if (process.secrets === 0) integrity.tookPart();
    const session = adversary.fork(move, index, process);
    integrity.moved(index, process.id, undefined);
    this.say(session);
  }

  feed(session: AdversarySession, input: Input): void {
    this.#world.adversary.knowledge();
    this.#wokenAt = -1;
    this.#outputs(session, session.puppet.feed(input, this.#world.run.now));
  }

  say(session: AdversarySession): void {
    const input = this.#world.adversary.next(session);
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
      else this.#world.adversary.absorb(session, output);
    }
    this.#planWords();
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
