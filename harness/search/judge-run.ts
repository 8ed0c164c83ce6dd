/** Holds one guarantee against one run: what counts, what it takes, what is at stake. */
import {
  type Attack,
  type Capability,
  capabilityOf,
  capabilityRank,
  isAdversaryAddress,
  type Move,
  withoutRegistration,
} from "../../attacker/move.ts";
import { withoutMemo } from "../../protocol/kit/memo.ts";
import type {
  Baseline,
  Guarantee,
  Judgement,
  WorldPair,
  WorldRun,
  Worlds,
} from "../guarantees/guarantee.ts";
import { secretOf, withOtherNames } from "../guarantees/worlds.ts";
import { calmNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import type { NetworkConditions, Packet, RunPlan, Trace } from "../trace/trace.ts";
import { isOfContents, isOfUsers } from "../workload.ts";
import { costing, withLuck } from "./luck.ts";
import { usesSessionWithAdversary } from "./sessions-with-adversary.ts";

/** Is it broken by what somebody learns? */
export const watches = (guarantee: Guarantee): boolean =>
  guarantee.secrecy || guarantee.distinguish !== undefined;

/** Is it about what the ends do, under all attacks alike, and not about what becomes known? */
export const isAboutConduct = (guarantee: Guarantee): boolean =>
  guarantee.counts === undefined && !watches(guarantee);

/** Whoever is to learn something must at least see the traffic. */
const whileWatching = (capability: Capability): Capability =>
  capabilityRank(capability) < capabilityRank("passive") ? "passive" : capability;

export function capabilityFor(
  guarantee: Guarantee,
  attack: Attack,
  transport: Subject["protocol"]["transport"],
): Capability {
  const capability = capabilityOf(attack, transport);
  return watches(guarantee) ? whileWatching(capability) : capability;
}

/** The run as somebody knows it who sees only what is sent to the attacker's own addresses. */
function fromOutside(trace: Trace): Trace {
  const own = (p: Packet): boolean =>
    p.byAttacker !== undefined || isAdversaryAddress(p.destination);
  const packets = trace.packets.map((p) => (own(p) ? p : { ...p, bytes: new Uint8Array(0) }));
  return { ...trace, packets, digest: "" };
}

/**
 * What it took to break a guarantee in this run, where its moves take `capability`. An attacker
 * who only sends learns nothing from what others send each other: if that is what gave a secret
 * away, somebody had to watch as well. And one whom an honest principal called by her name is a
 * registered user, whatever her moves.
 */
export function capabilityShown(
  guarantee: Guarantee,
  capability: Capability,
  trace: Trace,
  profiles: Baselines,
): Capability {
  if (capabilityRank(capability) < capabilityRank("insider") && usesSessionWithAdversary(trace)) {
    return "insider";
  }
  if (capability !== "off-path" || !guarantee.secrecy) return capability;
  const { violation } = judge(guarantee, fromOutside(trace), profiles);
  return violation === undefined ? "on-path" : capability;
}

/** An attack as the guarantees see it, worked out once for all of them. */
export interface Weighed {
  /** Without the attacker's registration, which changes nothing by itself. */
  readonly plain: Attack;
  readonly isInsider: boolean;
  /** Is such an attack held against the guarantee? */
  counts(guarantee: Guarantee): boolean;
  capability(guarantee: Guarantee): Capability;
}

export function weigh(attack: Attack, transport: Subject["protocol"]["transport"]): Weighed {
  const plain = withoutRegistration(attack);
  const acting = capabilityOf(plain, transport);
  const watching = whileWatching(acting);
  return {
    plain,
    isInsider: plain.length < attack.length,
    counts(guarantee) {
      return guarantee.counts?.(plain, transport) !== false;
    },
    capability(guarantee) {
      return watches(guarantee) ? watching : acting;
    },
  };
}

/**
 * Is such a run held against the guarantee? Those about pairs of runs are judged by runs that
 * belong to a pair; and where users type what the attacker wants, no other guarantee is.
 */
export function concerns(
  { otherWorld }: Guarantee,
  { workload: workloadName, attack }: Pick<RunChoice, "workload" | "attack">,
): boolean {
  if (otherWorld !== undefined) return otherWorld({ workloadName, attack }) !== undefined;
  return !isOfContents(workloadName) && !isOfUsers(workloadName) && !attack.some(isTyping);
}
const isTyping = ({ move }: Move): boolean => move === "choose" || move === "log-in";

/** What an undisturbed run of the subject shows; each workload has one of its own. */
export class Baselines {
  readonly #subject: Subject;
  readonly #seed: string;
  readonly #byWorkload = new Map<string, Baseline>();
  /** Undisturbed runs with other randomness, and how many runs were made for comparison alone. */
  readonly #undisturbed = new Map<string, Trace>();
  readonly #pairs = new WeakMap<Trace, WorldPair[]>();
  comparisons = 0;

  constructor(subject: Subject, seed: string) {
    this.#subject = subject;
    this.#seed = seed;
  }

  of(workload: string): Baseline {
    let profile = this.#byWorkload.get(workload);
    if (profile === undefined) {
      const honest = simulate(planOf(this.#subject, { seed: this.#seed, workload }));
      profile = {
        protocol: this.#subject.protocol,
        honest,
        confirms: honest.events.some((e) => e.kind === "confirm"),
      };
      this.#byWorkload.set(workload, profile);
    }
    return profile;
  }

  /** The pairs of runs that a run and the same in another world begin. */
  worlds(trace: Trace, other: WorldRun): Worlds {
    const { plan } = trace;
    const of = (run: WorldRun, n: number): Trace => {
      const { workloadName: workload } = run;
      const attack = withOtherNames(run.attack, n);
      const seed = n === 0 ? plan.seed : `${plan.seed}/again-${n}`;
      return this.#run(planOf(this.#subject, { attack, seed, workload, network: plan.network }));
    };
    const pairs = this.#pairs.get(trace) ?? [];
    this.#pairs.set(trace, pairs);
    return {
      secret: secretOf(plan),
      pair(n) {
        pairs[n] ??= { here: n === 0 ? trace : of(plan, n), there: of(other, n) };
        return pairs[n];
      },
    };
  }

  #run(plan: RunPlan): Trace {
    const isPlain = plan.attack.length === 0 && plan.network === calmNetwork;
    if (isPlain && plan.seed === this.#seed) return this.of(plan.workloadName).honest;
    const key = `${plan.workloadName} ${plan.seed}`;
    const before = isPlain ? this.#undisturbed.get(key) : undefined;
    if (before !== undefined) return before;
    this.comparisons++;
    const trace = simulate(plan);
    if (isPlain) this.#undisturbed.set(key, trace);
    return trace;
  }
}

export function judge(guarantee: Guarantee, trace: Trace, profiles: Baselines): Judgement {
  const { attack, protocol } = trace.plan;
  if (!weigh(attack, protocol.transport).counts(guarantee)) return { atStake: 0 };
  return judgeCounting(guarantee, trace, profiles);
}

/** The same where it is known that the attack is held against the guarantee. */
export function judgeCounting(guarantee: Guarantee, trace: Trace, profiles: Baselines): Judgement {
  const judgement = judgeRun(guarantee, trace, profiles);
  if (judgement.violation === undefined) return judgement;
  return withLuck(matched(judgement, trace), trace);
}

/** What the attacker had to try until users who compare a few digits saw the same. */
function matched(judgement: Judgement, { plan, events }: Trace): Judgement {
  const { violation, ...others } = judgement;
  const matches = plan.attack.some((m) => m.move === "puppet" && m.matches !== undefined);
  const match = matches ? events.find((e) => e.kind === "matched") : undefined;
  if (match === undefined || violation === undefined) return judgement;
  const { tries, byLuck } = match;
  if (byLuck) return { ...others, chance: { tries, because: violation.because } };
  const cost = `about ${tries.toLocaleString("en")} tries until both ends show the same`;
  return { ...others, violation: costing(violation, cost) };
}

function judgeRun(guarantee: Guarantee, trace: Trace, profiles: Baselines): Judgement {
  const { plan } = trace;
  if (guarantee.distinguish !== undefined) {
    const other = guarantee.otherWorld?.(plan);
    return other === undefined
      ? { atStake: 0 }
      : guarantee.distinguish(profiles.worlds(trace, other));
  }
  return guarantee.judge(trace, profiles.of(plan.workloadName));
}

export interface RunChoice {
  readonly attack: Attack;
  readonly network: NetworkConditions;
  readonly workload: string;
  readonly seed: string;
}

/** Runs with every primitive computed afresh, as findings are before they are reported. */
export const simulatePlainly = (plan: RunPlan): Trace => withoutMemo(() => simulate(plan));
