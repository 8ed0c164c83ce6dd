/**
 * One workload in the adversary's hands: every honest packet arrives only if it is delivered. Many
 * messages are tried in one run; what a process discards changes nothing for it.
 */
import { type Attack, attackerHost, type Move } from "../../../attacker/move.ts";
import type { Address } from "../../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import type { OpRecord } from "../../../protocol/kit/operations.ts";
import { isProgress, Probing } from "../../run/probing.ts";
import type {
  Packet,
  ProcessId,
  ProcessInfo,
  RunPlan,
  Trace,
  TraceEvent,
} from "../../trace/trace.ts";
import { type Delivery, movesOf } from "./delivery.ts";

/** What came of a delivery. */
export interface Outcome {
  readonly delivery: Delivery;
  /** Not tried: its process had taken an earlier one. */
  readonly skipped: boolean;
  /** The process has gone on. */
  readonly accepted: boolean;
  /** It has claimed, delivered or accepted something. */
  readonly tells: boolean;
  readonly bytes: Uint8Array | undefined;
  /** What the process has sent because of it. */
  readonly said: readonly Latin1[];
  /** What the process recorded while handling it, and what failed. */
  readonly operations: readonly OpRecord[];
  readonly failed: readonly OpRecord[];
}

export interface Run {
  readonly trace: Trace;
  readonly outcomes: readonly Outcome[];
}

/** Runs a plan; `undefined` if the search is over. */
export type Simulating = (plan: RunPlan) => Trace | undefined;

export interface WorldSettings {
  readonly plan: RunPlan;
  /** Is the adversary registered? */
  readonly insider: boolean;
  /** What comes before the deliveries, such as disclosures. */
  readonly prologue: Attack;
  readonly budget: Budget;
  /** Where honest processes are. */
  readonly processes: readonly Pick<ProcessInfo, "id" | "address">[];
}

const perRun = 20;

/** What all worlds of a search may cost together, in events and operations. */
export class Budget {
  readonly most: number;
  spent = 0;

  constructor(most: number) {
    this.most = most;
  }

  get isSpent(): boolean {
    return this.spent >= this.most;
  }
}

export class World {
  readonly plan: RunPlan;
  readonly insider: boolean;
  readonly #before: Attack;
  readonly #at = new Map<Address, ProcessId>();
  readonly #simulate: Simulating;
  readonly #budget: Budget;
  /** Who was seen to keep something about sessions that are not over. */
  readonly #keeping = new Set<ProcessId>();
  runs = 0;
  /** No further run is to be had. */
  isOver = false;

  constructor(settings: WorldSettings, simulate: Simulating) {
    const { plan, insider, prologue, processes } = settings;
    this.#budget = settings.budget;
    for (const { id, address } of processes) if (!this.#at.has(address)) this.#at.set(address, id);
    this.plan = plan;
    this.insider = insider;
    const registered: Attack = insider ? [{ move: "participate", as: attackerHost }] : [];
    this.#before = [...registered, ...prologue];
    this.#simulate = simulate;
  }

  /**
   * Does the process answer each question alike, whatever it was asked before? A service that keeps
   * nothing between sessions is none of those.
   */
  keepsNothing(process: ProcessId, { trace }: Run): boolean {
    if (this.#keeping.has(process)) return false;
    return trace.processes.find((p) => p.id === process)?.stateSize === 0;
  }

  /** Without the registration, which the campaign adds, and with processes by their names. */
  attackOf(deliveries: readonly Delivery[]): readonly Move[] {
    const named = deliveries.map((d) => ({ ...d, from: this.#at.get(d.from) ?? d.from }));
    return movesOf(this.insider ? this.#before.slice(1) : this.#before, named);
  }

  /**
   * @param deliveries one after the other, each in its turn.
   * @param probes after those, each for itself.
   * @returns `undefined` if the search is over, or its budget spent.
   */
  run(deliveries: readonly Delivery[], probes: readonly Delivery[] = []): Run | undefined {
    if (this.isOver || this.#budget.isSpent) return undefined;
    const offset = this.#before.length;
    const probing = new Probing(offset + deliveries.length);
    const all = [...deliveries, ...probes];
    const attack = movesOf(this.#before, all);
    const trace = this.#simulate({ ...this.plan, attack, probing });
    if (trace === undefined) {
      this.isOver = true;
      return undefined;
    }
    this.runs++;
    for (const p of trace.processes) if ((p.stateSize ?? 0) > 0) this.#keeping.add(p.id);
    // The same on every machine.
    this.#budget.spent += perRun + trace.events.length + trace.crypto.length;
    const marks = new Map(probing.marks.map((mark, k) => [mark.move - offset, k]));
    const outcomes = all.map((delivery, i) => {
      const k = marks.get(i);
      if (k === undefined) return notTried(delivery);
      return outcomeOf(delivery, trace, probing, k);
    });
    return { trace, outcomes };
  }
}

const notTried = (delivery: Delivery): Outcome => ({
  delivery,
  skipped: true,
  accepted: false,
  tells: false,
  bytes: undefined,
  said: [],
  operations: [],
  failed: [],
});

const telling: ReadonlySet<TraceEvent["kind"]> = new Set([
  "commit",
  "secret",
  "deliver",
  "confirm",
  "negotiated",
  "ended",
  "ran-code",
]);

/** What is believed of mallory, who is there of her own accord, deceives nobody by itself. */
const isAboutMallory = (e: TraceEvent): boolean =>
  ("peer" in e && e.peer === attackerHost) || ("from" in e && e.from === attackerHost);

function outcomeOf(delivery: Delivery, trace: Trace, probing: Probing, k: number): Outcome {
  const mark = probing.marks[k] as Probing["marks"][number];
  const next = probing.marks[k + 1];
  const { to } = delivery;
  const events = trace.events.slice(mark.events, next?.events).filter((e) => e.at === to);
  const received = events.find((e) => e.kind === "received");
  const operations = trace.crypto.slice(mark.log, next?.log).filter((op) => op.by === to);
  const failed = probing.attempts.slice(mark.attempts, next?.attempts).filter((op) => op.by === to);
  const said = events.flatMap((e) =>
    e.kind === "sent" ? [latin1((trace.packets[e.packet] as Packet).bytes)] : [],
  );
  const isRejected = events.some((e) => e.kind === "reject");
  const isIn = received !== undefined;
  return {
    delivery,
    skipped: false,
    accepted: isIn && (events.some(isProgress) || (!isRejected && operations.length > 0)),
    tells: events.some((e) => telling.has(e.kind) && !isAboutMallory(e)),
    bytes: received?.kind === "received" ? received.bytes : undefined,
    said,
    operations,
    failed,
  };
}
