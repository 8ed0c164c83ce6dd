import { attackerHost } from "../../attacker/move.ts";
import type {
  Address,
  Millis,
  PlannedMessage,
  PlannedSession,
  Principal,
  Role,
  RoleSpec,
} from "../../protocol/endpoint.ts";
import type { PlannedOutcome, ProcessId } from "../trace/trace.ts";
import { principalOf } from "./address-book.ts";
import type { Endpoints } from "./endpoints.ts";
import { connect } from "./network/connections.ts";
import { openProcess } from "./processes.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RunState } from "./run-state.ts";
import type { World } from "./world.ts";

/** Services and planned sessions: which processes there are, and when each of them starts. */
export class Sessions {
  readonly #world: World;
  readonly #run: RunState;
  readonly #endpoints: Endpoints;
  /** A session that has not come to rest by then no longer keeps others waiting. */
  readonly #limitMs: Millis;
  readonly #started = new Set<number>();
  #lastStart: Millis = 0;

  constructor(world: World, endpoints: Endpoints, limitMs: Millis) {
    this.#world = world;
    this.#run = world.run;
    this.#endpoints = endpoints;
    this.#limitMs = limitMs;
  }

  /** Sessions that wait for the earlier ones to come to rest start here, in order. */
  nextWaiting(due: Millis | undefined): number | undefined {
    const run = this.#run;
    const { sessions } = run.plan.workload;
    const index = sessions.findIndex((_, i) => !this.#started.has(i));
    if (index < 0 || sessions[index]?.start !== "after-previous") return undefined;
    const over = this.#lastStart + this.#limitMs;
    if (due === undefined) return index;
    if (due > over) {
      run.now = Math.max(run.now, over);
      return index;
    }
    if (run.inFlight > 0) return undefined;
    const busy = run.processes.some((p) => p.spec.process === "session" && p.end === "alive");
    return busy ? undefined : index;
  }

  /** Are there sessions that begin at a planned time, and have not begun? */
  get someAreDue(): boolean {
    return this.#run.plan.workload.sessions.some(
      ({ start }, i) => start !== "after-previous" && !this.#started.has(i),
    );
  }

  /** Starts whatever service does not run: at first all of them, later those that have ended. */
  startServices(): void {
    const { plan, book, listening, processes } = this.#run;
    for (const spec of plan.protocol.roles) {
      if (spec.process !== "service") continue;
      book.operators(spec).forEach((principal, k, operators) => {
        const address = `${principal}:${spec.port ?? 1}`;
        if (listening.has(address) || principal === attackerHost) return;
        const starts = processes.filter((p) => p.address === address).length;
        const id = `${spec.name}#${k + starts * operators.length}`;
        this.#open(spec, id, principal, address, undefined);
      });
    }
  }

  /** Every service of the role stops and is started again, on a deployment without a past. */
  restart(role: Role): void {
    const { processes } = this.#run;
    for (const process of processes) {
      const { spec, end, principal } = process;
      if (spec.name !== role || spec.process !== "service" || end !== "alive") continue;
      this.#endpoints.stop(process);
      this.#run.forget(principal);
    }
    this.startServices();
  }

  start(index: number): void {
    const { plan, book, outcomes, now } = this.#run;
    const session = plan.workload.sessions[index];
    if (session === undefined || this.#started.has(index)) return;
    this.#started.add(index);
    this.#lastStart = now;
    this.startServices();
    for (const { role, afterMs } of session.restarts ?? []) {
      if (afterMs === 0) this.restart(role);
      else this.#run.enqueue(afterMs, { kind: "restart", role });
    }
    const ids: ProcessId[] = [];
    const wanted = session.messages.flatMap((m) => this.#wanted(m, index, session));
    outcomes.push({ session: index, processes: ids, wanted, startedMs: now });
    // Responders start before initiators.
    const own = plan.protocol.roles.filter((r) => r.process === "session");
    own.sort((a, b) => Number(a.peer !== undefined) - Number(b.peer !== undefined));
    for (const spec of own) {
      const order = [...spec.principals.keys()];
      if (plan.workload.opening === "in-reverse") order.reverse();
      order.forEach((k) => {
        const n = index * spec.principals.length + k;
        const one = spec.principals.length === 1;
        const principal = one ? principalOf(spec, session) : (spec.principals[k] as Principal);
        // The attacker takes part only through its own puppets.
        if (principal === attackerHost) return;
        const address = book.sessionProcess(spec, principal, n);
        ids.push(`${spec.name}#${n}`);
        this.#open(spec, `${spec.name}#${n}`, principal, address, index);
      });
    }
  }

  #wanted(
    { from, to, message }: PlannedMessage,
    index: number,
    session: PlannedSession,
  ): PlannedOutcome["wanted"] {
    const one = { from: this.#speakerOf(from, index, session), message };
    if (to === undefined || typeof to === "string") return [{ ...one, to }];
    return to.map((each, nth) => ({ ...one, to: each, ...(nth === 0 ? {} : { isCopy: true }) }));
  }

  #speakerOf(from: string, index: number, session: PlannedSession): ProcessId {
    const { book, listening } = this.#run;
    const speaker = book.speaker(from);
    if (speaker === undefined) {
      throw new ProtocolError(`the workload names the unknown role "${from}"`);
    }
    const { spec } = speaker;
    const own = `${spec.name}#${index * spec.principals.length + speaker.index}`;
    if (spec.process === "session") return own;
    return listening.get(book.service(spec, session))?.id ?? `${spec.name}#0`;
  }

  #open(
    spec: RoleSpec,
    id: ProcessId,
    principal: Principal,
    address: Address,
    plannedSession: number | undefined,
  ): void {
    const { plan, book, processes, listening, events, now } = this.#run;
    const session =
      plannedSession === undefined ? undefined : plan.workload.sessions[plannedSession];
    const peerSpec = spec.peer === undefined ? undefined : book.role(spec.peer);
    const peer = peerSpec && principalOf(peerSpec, session);
    const peerAddress = peerSpec && this.#addressOfPeer(peerSpec, plannedSession);
    const place = { id, spec, principal, address, peer, peerAddress, plannedSession };
    const process = openProcess(this.#run.deploymentOf(principal), this.#run, place);
    processes.push(process);
    listening.set(address, process);
    events.push({ kind: "started", t: now, at: id, principal, role: spec.name });
    this.#endpoints.handle(process, { kind: "start" }, undefined);
    if (this.#run.transport.connected && peerAddress !== undefined) {
      connect(this.#world, address, peerAddress);
    }
  }

  #addressOfPeer(spec: RoleSpec, plannedSession: number | undefined): Address {
    const { plan, book } = this.#run;
    const session = plan.workload.sessions[plannedSession ?? 0];
    if (spec.process === "service") return book.service(spec, session);
    const n = (plannedSession ?? 0) * spec.principals.length;
    return book.sessionProcess(spec, principalOf(spec, session), n);
  }
}
