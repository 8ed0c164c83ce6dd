/**
 * Runs a plan. A run is a pure function of its plan: virtual time, one event queue, randomness
 * forked by label, nothing asynchronous. The same plan gives the same trace, byte for byte.
 *
 * Each part of a run is one file beside this one. A part calls only parts further down:
 *
 *     sessions · ingress · own-moves       who begins, who receives, what the adversary begins
 *     endpoints · adversary-sessions       code at work: honest, and in puppets
 *     applications · egress                users who send messages; the way out for packets
 *     packet-moves · connections           what happens to packets on the way; streams
 *     handshake-integrity · adversary      what the attack has touched; what the adversary knows
 *     run-state                            what all of them share
 *
 * What is to happen later goes into the queue, and comes back through the loop in here.
 */
import type { Millis } from "../../protocol/endpoint.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";
import { Adversary } from "./adversary/adversary.ts";
import { AdversarySessions } from "./adversary/adversary-sessions.ts";
import { Applications } from "./applications.ts";
import { Endpoints } from "./endpoints.ts";
import { HandshakeIntegrity } from "./handshake-integrity.ts";
import { Connections } from "./network/connections.ts";
import { Egress } from "./network/egress.ts";
import { Ingress } from "./network/ingress.ts";
import { OwnMoves } from "./own-moves.ts";
import { PacketMoves } from "./packet-moves.ts";
import { RunState } from "./run-state.ts";
import { type Arrival, eventOwner, type ScheduledEvent } from "./scheduled-event.ts";
import { Sessions } from "./sessions.ts";
import { traceOf } from "./trace-of.ts";

/** Bounds of a run: far above what any honest run needs, so that only endless loops meet them. */
export const limits = {
  steps: 100_000,
  stepsAtOnce: 5_000,
  /** Two ends that answer each other with ever longer packets fill memory before time. */
  bytes: 4_000_000,

  runMs: 600_000,
  /** A session that has not come to rest by then is left alone, and the next one starts. */
  sessionMs: 120_000,
} as const;

export function simulate(plan: RunPlan): Trace {
  return new Simulation(plan).run();
}

class Simulation {
  readonly #run: RunState;
  readonly #adversary: Adversary;
  readonly #integrity: HandshakeIntegrity;
  readonly #applications: Applications;
  readonly #endpoints: Endpoints;
  readonly #sessions: Sessions;
  readonly #adversarySessions: AdversarySessions;
  readonly #ingress: Ingress;
  readonly #ownMoves: OwnMoves;

  constructor(plan: RunPlan) {
    const run = new RunState(plan);
    const adversary = new Adversary(run);
    const integrity = new HandshakeIntegrity(run);
    const packetMoves = new PacketMoves(run, adversary, integrity);
    const connections = new Connections(run, adversary);
    const egress = new Egress(run, integrity, packetMoves, connections);
    const applications = new Applications(run);
    const endpoints = new Endpoints(run, egress, connections, applications);
    const played = new AdversarySessions(run, adversary, integrity, egress, connections);
    this.#run = run;
    this.#adversary = adversary;
    this.#integrity = integrity;
    this.#applications = applications;
    this.#endpoints = endpoints;
    this.#sessions = new Sessions(run, endpoints, connections, limits.sessionMs);
    this.#adversarySessions = played;
    this.#ingress = new Ingress(run, adversary, endpoints, played);
    this.#ownMoves = new OwnMoves(
      run,
      adversary,
      integrity,
      packetMoves,
      egress,
      connections,
      played,
    );
  }

  run(): Trace {
    const { plan, attack, queue } = this.#run;
    this.#sessions.startServices();
    for (const entry of attack.atStart) this.#ownMoves.act(entry);
    for (const { t, ...entry } of attack.atTime) queue.at(t, { kind: "move", entry });
    plan.workload.sessions.forEach(({ start }, index) => {
      if (start !== "after-previous") queue.at(start, { kind: "session", index });
    });
    this.#loop();
    for (const entry of attack.atEnd) this.#ownMoves.act(entry);
    return traceOf(this.#run, this.#adversary, this.#integrity);
  }

  #loop(): void {
    const run = this.#run;
    let steps = 0;
    let atOnce = 0;
    const sessions = run.plan.workload.sessions.length;
    const limitMs = (run.plan.protocol.runLimitMs ?? limits.runMs) + limits.sessionMs * sessions;
    for (;;) {
      const due = run.queue.nextTime;
      const waiting = this.#sessions.nextWaiting(due);
      if (waiting !== undefined) {
        this.#sessions.start(waiting);
        continue;
      }
      run.atRest = due === undefined;
      if (due === undefined || due > limitMs) return;
      const { t, item } = run.queue.next() as { t: Millis; item: ScheduledEvent };
      atOnce = t === run.now ? atOnce + 1 : 0;
      run.now = t;
      steps++;
      const because = exceeded(atOnce, steps, run.sentBytes);
      if (because !== undefined) {
        run.events.push({ kind: "stopped", t, at: eventOwner(item), because });
        return;
      }
      this.#step(item);
      this.#adversarySessions.wake();
    }
  }

  #step(item: ScheduledEvent): void {
    const run = this.#run;
    switch (item.kind) {
      case "session":
        this.#sessions.start(item.index);
        return;
      case "arrive":
        run.inFlight--;
        this.#arrive(item);
        return;
      case "flush":
        run.inFlight--;
        this.#ingress.flush(item.pipe);
        return;
      case "connected":
      case "closed":
        run.inFlight--;
        this.#ingress.connection(item);
        return;
      case "timer":
        this.#endpoints.timeout(item.process, item.t);
        return;
      case "send": {
        run.inFlight--;
        const { application } = item;
        const input = this.#applications.next(application);
        if (input === undefined) return;
        this.#endpoints.handle(application.process, input, undefined);
        this.#applications.proceed(application);
        return;
      }
      case "move":
        this.#ownMoves.act(item.entry);
        return;
      case "adversary-timer":
        this.#adversarySessions.timeout(item.session, item.t);
        return;
      case "say":
        this.#adversarySessions.speak(item.session, item.t);
        return;
    }
  }

  #arrive(item: Arrival): void {
    this.#ingress.packet(item);
    if (!item.first || item.key === undefined) return;
    for (const entry of this.#run.attack.after(item.key)) this.#ownMoves.act(entry);
  }
}

/** @returns why a run must be cut off; `undefined` if it may go on. */
function exceeded(atOnce: number, steps: number, sentBytes: number): string | undefined {
  if (atOnce > limits.stepsAtOnce) {
    return `more than ${limits.stepsAtOnce} steps without time passing`;
  }
  if (steps > limits.steps) return `more than ${limits.steps} steps`;
  return sentBytes > limits.bytes ? `more than ${limits.bytes} bytes sent` : undefined;
}
