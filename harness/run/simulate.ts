/**
 * Runs a plan. A run is a pure function of its plan: virtual time, one event queue, randomness
 * forked by label, nothing asynchronous. The same plan gives the same trace, byte for byte.
 *
 * Each part of a run is one file beside this one. A part calls only parts further down:
 *
 *     sessions · ingress · own-moves       who begins, who receives, what the adversary begins
 *     endpoints · adversary-sessions       code at work: honest, and in puppets
 *     applications · egress                users who send messages; the way out for packets
 *     packet-moves · connections           what happens to packets on the way; connections
 *     handshake-integrity · adversary      what the attack has touched; what the adversary knows
 *     conversation-memory                  answers of honest code, kept over runs
 *     run-state                            what all of them share
 *
 * Parts that keep something are classes; the others are functions over those (world.ts).
 * What is to happen later goes into the queue, and comes back through the loop in here.
 */
import type { Millis } from "../../protocol/endpoint.ts";
import type { RunPlan, Trace } from "../trace/trace.ts";
import { Adversary } from "./adversary/adversary.ts";
import { AdversarySessions } from "./adversary/adversary-sessions.ts";
import { Applications } from "./applications.ts";
import type { Conversations } from "./conversations.ts";
import { Deliveries } from "./deliveries.ts";
import { Endpoints } from "./endpoints.ts";
import { HandshakeIntegrity } from "./handshake-integrity.ts";
import { reconnect } from "./network/connections.ts";
import { arrive, changeConnection, flush, type Receivers } from "./network/ingress.ts";
import { type Acting, act } from "./own-moves.ts";
import { RunState } from "./run-state.ts";
import { type Arrival, eventOwner, type ScheduledEvent } from "./scheduled-event.ts";
import { seeShown } from "./seeing.ts";
import { Sessions } from "./sessions.ts";
import { Steps } from "./steps.ts";
import { traceOf } from "./trace-of.ts";
import type { World } from "./world.ts";

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

/** @param conversations where answers of honest principals are kept over the runs of a search. */
export function simulate(plan: RunPlan, conversations?: Conversations): Trace {
  if (conversations?.isOff !== false) return new Simulation(plan).run();
  try {
    const trace = new Simulation(plan, conversations).run();
    if (!conversations.isOff) return trace;
  } catch (error) {
    if (!conversations.isOff) throw error;
  }
  // Something answered otherwise than before: what was kept means nothing.
  return new Simulation(plan).run();
}

class Simulation {
  readonly #world: Receivers & Acting;
  readonly #applications: Applications;
  readonly #sessions: Sessions;
  readonly #steps: Steps;

  constructor(plan: RunPlan, conversations?: Conversations) {
    const run = new RunState(plan, conversations);
    const adversary = new Adversary(run, (other) => simulate(other));
    const integrity = new HandshakeIntegrity(run);
    const world: World = { run, adversary, integrity };
    this.#applications = new Applications(run);
    const endpoints = new Endpoints(world, this.#applications);
    this.#sessions = new Sessions(world, endpoints, limits.sessionMs);
    const adversarySessions = new AdversarySessions(world);
    const deliveries = new Deliveries(run, adversary);
    this.#steps = new Steps(run);
    this.#world = { run, adversary, integrity, endpoints, adversarySessions, deliveries };
  }

  run(): Trace {
    const { run, adversary, integrity } = this.#world;
    const { plan, attack, queue } = run;
    this.#sessions.startServices();
    for (const entry of attack.atStart) act(this.#world, entry);
    for (const { t, ...entry } of attack.atTime) queue.at(t, { kind: "move", entry });
    plan.workload.sessions.forEach(({ start }, index) => {
      if (start !== "after-previous") queue.at(start, { kind: "session", index });
    });
    this.#loop();
    for (const entry of attack.atEnd) act(this.#world, entry);
    return traceOf(run, adversary, integrity);
  }

  #loop(): void {
    const { run, adversarySessions } = this.#world;
    let steps = 0;
    let atOnce = 0;
    const sessions = run.plan.workload.sessions.length;
    const limitMs = (run.plan.protocol.runLimitMs ?? limits.runMs) + limits.sessionMs * sessions;
    for (;;) {
      if (run.inFlight === 0 && this.#waitsForRest && !this.#sessions.someAreDue) {
        const step = this.#steps.next();
        if (step === undefined) return;
        act(this.#world, step);
        adversarySessions.wake();
        continue;
      }
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
      adversarySessions.wake();
    }
  }

  /** Is something to happen at rest: the next step, or the end of a run that is looked at? */
  get #waitsForRest(): boolean {
    return !this.#steps.areOver || this.#world.run.plan.probing !== undefined;
  }

  #step(item: ScheduledEvent): void {
    const world = this.#world;
    const { run, endpoints, adversarySessions } = world;
    switch (item.kind) {
      case "session":
        this.#sessions.start(item.index);
        return;
      case "restart":
        run.inFlight--;
        this.#sessions.restart(item.role);
        return;
      case "reconnect":
        run.inFlight--;
        reconnect(world, item.client, item.server);
        return;
      case "arrive":
        run.inFlight--;
        this.#arrive(item);
        return;
      case "flush":
        run.inFlight--;
        flush(world, item.pipe);
        return;
      case "connected":
      case "closed":
        run.inFlight--;
        changeConnection(world, item);
        return;
      case "timer":
        endpoints.timeout(item.process, item.t);
        return;
      case "send": {
        run.inFlight--;
        const { application } = item;
        const input = this.#applications.next(application);
        if (input === undefined) return;
        endpoints.handle(application.process, input, undefined);
        this.#applications.proceed(application);
        return;
      }
      case "shown":
        run.inFlight--;
        seeShown(world, item);
        return;
      case "move":
        act(world, item.entry);
        return;
      case "adversary-timer":
        adversarySessions.timeout(item.session, item.t);
        return;
      case "say":
        adversarySessions.speak(item.session, item.t);
        return;
    }
  }

  #arrive(item: Arrival): void {
    arrive(this.#world, item);
    if (!item.first || item.key === undefined) return;
    for (const entry of this.#world.run.attack.after(item.key)) act(this.#world, entry);
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
