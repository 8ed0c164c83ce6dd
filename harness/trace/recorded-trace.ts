import type { IncrementalKnowledge } from "../../attacker/knowledge/incremental-knowledge.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import type { Trace } from "./trace.ts";
import { digestOf } from "./trace-lines.ts";

type Content = Omit<Trace, "digest">;

/**
 * A trace whose digest is computed on demand. A class, not a literal with a getter: V8 keeps a
 * hidden class for each such literal, and with it the whole run, until its next full collection; a
 * third of all time went there.
 */
export class RecordedTrace implements Trace {
  readonly plan: Content["plan"];
  readonly events: Content["events"];
  readonly packets: Content["packets"];
  readonly processes: Content["processes"];
  readonly outcomes: Content["outcomes"];
  readonly crypto: Content["crypto"];
  readonly disclosed: Content["disclosed"];
  readonly attackerKnows: Content["attackerKnows"];
  readonly puppets: Content["puppets"];
  readonly deployment: Content["deployment"];
  readonly handshakeUntouched: boolean;
  readonly endMs: number;
  readonly cameToRest: boolean;
  #digest: string | undefined;
  readonly #derived = new Map<Derive<unknown>, unknown>();
  readonly #enemy: IncrementalKnowledge | undefined;

  /** @param enemy the adversary's knowledge at the end, if it was deduced during the run. */
  constructor(run: Content, enemy?: IncrementalKnowledge) {
    this.#enemy = enemy;
    this.plan = run.plan;
    this.events = run.events;
    this.packets = run.packets;
    this.processes = run.processes;
    this.outcomes = run.outcomes;
    this.crypto = run.crypto;
    this.disclosed = run.disclosed;
    this.attackerKnows = run.attackerKnows;
    this.puppets = run.puppets;
    this.deployment = run.deployment;
    this.handshakeUntouched = run.handshakeUntouched;
    this.endMs = run.endMs;
    this.cameToRest = run.cameToRest;
  }

  get digest(): string {
    this.#digest ??= digestOf(this);
    return this.#digest;
  }

  /** The adversary's knowledge, if it was deduced during the run. */
  static workedOut(trace: Trace): Knowledge | undefined {
    return #enemy in trace ? trace.#enemy?.whole() : undefined;
  }

  /** @returns `derive(trace)`, computed once. */
  static derived<T>(trace: Trace, derive: Derive<T>): T {
    const derived = #derived in trace ? trace.#derived : derivedOf(trace);
    let value = derived.get(derive) as T | undefined;
    if (value === undefined) {
      value = derive(trace);
      derived.set(derive, value);
    }
    return value;
  }
}

type Derive<T> = (trace: Trace) => T;

/** Traces built by hand are plain objects: their derived values are kept here. */
const others = new WeakMap<Trace, Map<Derive<unknown>, unknown>>();
function derivedOf(trace: Trace): Map<Derive<unknown>, unknown> {
  let derived = others.get(trace);
  if (derived === undefined) {
    derived = new Map();
    others.set(trace, derived);
  }
  return derived;
}

/**
 * Memoises `derive` for the lifetime of a trace: several judges ask for the same. The value is kept
 * in the trace, since entries of weak maps outlive their keys until the next full collection, and
 * the whole run with them.
 */
export const memoPerTrace =
  <T>(derive: Derive<T>): Derive<T> =>
  (trace) =>
    RecordedTrace.derived(trace, derive);
