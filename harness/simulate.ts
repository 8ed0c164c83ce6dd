/**
 * Runs a plan. A run is a pure function of its plan: virtual time, one event queue, randomness
 * forked by label, nothing asynchronous. The same plan gives the same trace, byte for byte.
 *
 * The parts of a run are in `run/`, one file each. A part calls only parts further down:
 *
 *     sessions · arrivals · intrusion      who begins, who receives, what the attacker begins
 *     endpoints · seats                    code at work: honest, and in the attacker's hands
 *     applications · wire                  users who send messages; the way out for packets
 *     tampering · connections              what happens to packets there; streams
 *     footprint · enemy                    what the attack has touched; what the attacker knows
 *     run-state                            what all of them share
 *
 * What is to happen later goes into the queue, and comes back through the loop in here.
 */
import type { Millis } from "../protocol/endpoint.ts";
import { Applications } from "./run/applications.ts";
import { Arrivals } from "./run/arrivals.ts";
import { Connections } from "./run/connections.ts";
import { Endpoints } from "./run/endpoints.ts";
import { Enemy } from "./run/enemy.ts";
import { Footprint } from "./run/footprint.ts";
import { Intrusion } from "./run/intrusion.ts";
import { type Arrival, type Item, itemOwner } from "./run/item.ts";
import { RunState } from "./run/run-state.ts";
import { Seats } from "./run/seats.ts";
import { Sessions } from "./run/sessions.ts";
import { Tampering } from "./run/tampering.ts";
import { traceOf } from "./run/trace-of.ts";
import { Wire } from "./run/wire.ts";
import type { RunPlan, Trace } from "./trace.ts";

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
  readonly #enemy: Enemy;
  readonly #footprint: Footprint;
  readonly #applications: Applications;
  readonly #endpoints: Endpoints;
  readonly #sessions: Sessions;
  readonly #seats: Seats;
  readonly #arrivals: Arrivals;
  readonly #intrusion: Intrusion;

  constructor(plan: RunPlan) {
    const run = new RunState(plan);
    const enemy = new Enemy(run);
    const footprint = new Footprint(run);
    const tampering = new Tampering(run, enemy, footprint);
    const connections = new Connections(run, enemy);
    const wire = new Wire(run, footprint, tampering, connections);
    const applications = new Applications(run);
    const endpoints = new Endpoints(run, wire, connections, applications);
    const seats = new Seats(run, enemy, footprint, wire, connections);
    this.#run = run;
    this.#enemy = enemy;
    this.#footprint = footprint;
    this.#applications = applications;
    this.#endpoints = endpoints;
    this.#sessions = new Sessions(run, endpoints, connections, limits.sessionMs);
    this.#seats = seats;
    this.#arrivals = new Arrivals(run, enemy, endpoints, seats);
    this.#intrusion = new Intrusion(run, enemy, footprint, tampering, wire, connections, seats);
  }

  run(): Trace {
    const { plan, attack, queue } = this.#run;
    this.#sessions.startServices();
    for (const entry of attack.atStart) this.#intrusion.act(entry);
    for (const { t, ...entry } of attack.atTime) queue.at(t, { kind: "move", entry });
    plan.workload.sessions.forEach(({ start }, index) => {
      if (start !== "after-previous") queue.at(start, { kind: "session", index });
    });
    this.#loop();
    for (const entry of attack.atEnd) this.#intrusion.act(entry);
    return traceOf(this.#run, this.#enemy, this.#footprint);
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
      const { t, item } = run.queue.next() as { t: Millis; item: Item };
      atOnce = t === run.now ? atOnce + 1 : 0;
      run.now = t;
      steps++;
      const because = exceeded(atOnce, steps, run.sentBytes);
      if (because !== undefined) {
        run.events.push({ kind: "stopped", t, at: itemOwner(item), because });
        return;
      }
      this.#step(item);
      this.#seats.wake();
    }
  }

  #step(item: Item): void {
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
        this.#arrivals.flush(item.pipe);
        return;
      case "connected":
      case "closed":
        run.inFlight--;
        this.#arrivals.connection(item);
        return;
      case "timer":
        this.#endpoints.timeout(item.process, item.t);
        return;
      case "send": {
        run.inFlight--;
        const { desk } = item;
        const input = this.#applications.next(desk);
        if (input === undefined) return;
        this.#endpoints.handle(desk.process, input, undefined);
        this.#applications.proceed(desk);
        return;
      }
      case "move":
        this.#intrusion.act(item.entry);
        return;
      case "seat-timer":
        this.#seats.timeout(item.seat, item.t);
        return;
      case "say":
        this.#seats.speak(item.seat, item.t);
        return;
    }
  }

  #arrive(item: Arrival): void {
    this.#arrivals.packet(item);
    if (!item.first || item.key === undefined) return;
    for (const entry of this.#run.attack.after(item.key)) this.#intrusion.act(entry);
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
