/**
 * Random search: a portfolio of attacks drawn by fast-check, attacks grown from those that reached
 * something new, and attacks that the adversary composes step by step. Guidance wins where steps
 * have to come in an order and loses where one step suffices: hence draws come first, then what is
 * composed, and then draws and growth in turn. All of them have the same moves.
 */
import fc from "fast-check";
import type { Attack, Move } from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import { randomAttack } from "../../attacker/strategies/random-moves.ts";
import { Random } from "../../protocol/kit/random.ts";
import type { Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import type { ProtocolReport } from "../verdict.ts";
import { Campaign } from "./campaign.ts";
import type { SearchSettings, Watch } from "./campaign-settings.ts";
import { compose } from "./composing/compose.ts";
import { type Composable, Draws } from "./composing/draws.ts";
import { observablyEqual } from "./trace-equivalence.ts";
import { transitionsOf } from "./transitions.ts";

export interface FuzzSettings extends SearchSettings {
  /** How many attacks are drawn or grown; those of the corpus come on top. */
  readonly fuzzRuns: number;
  /** Attacks that were worth keeping last time; they are tried first. */
  readonly corpus?: readonly Attack[];
  /** One of several searches that share what is composed among them; default: the only one. */
  readonly part?: { readonly index: number; readonly of: number };
  /** Only fast-check's own draws, to compare with. */
  readonly unguided?: boolean;
  /** Goes on where a search with the same settings stood; its corpus is not tried again. */
  readonly resume?: Checkpoint;
  /** Attacks that broke something in an earlier sitting; they are tried last, and not kept. */
  readonly known?: readonly Attack[];
}

/**
 * Where a search stands between two rounds: whatever decides which attacks come next, and what
 * has been counted. Plain data. A search that goes on from here draws the same attacks as one
 * that was never interrupted; the best violations and the counts per guarantee are not in it.
 */
export interface Checkpoint {
  /** Rounds done; each draws a batch, and grows as many. */
  readonly round: number;
  /** Runs made, those of the corpus included. */
  readonly runs: number;
  readonly effective: number;
  /** In the order in which they were found. */
  readonly kept: readonly Attack[];
  readonly firstBroken: Readonly<Record<string, number>>;
}

export interface FuzzWatch extends Watch {
  /** Called once the corpus has been tried, and after each whole round. */
  checkpoint?(state: Checkpoint): void;
}

export interface FuzzResult {
  readonly report: ProtocolReport;
  /** Attacks that reached or broke something new, for the next time. */
  readonly corpus: readonly Attack[];
  readonly transitions: number;
  /** The transitions by name. */
  readonly reached: readonly string[];
  /** Attacks that changed the course of the run. */
  readonly effective: number;
  /** Runs after which each guarantee was first seen broken. */
  readonly firstBroken: Readonly<Record<string, number>>;
  /** After the last whole round; absent if the search ended before the first one began. */
  readonly checkpoint?: Checkpoint;
}

const batch = 200;
/** Events and operations of attacks that are composed step by step. */
const composedWork = 240_000;
/** One of so many moves that are added is a composed one. */
const composedOf = 4;
const longestGrown = 8;
/** Only what was kept lately is grown: older attacks have had their chance. */
const mostGrown = 64;
const strategy = "random";

interface Kept {
  readonly attack: Attack;
  readonly trace: Trace;
  /** What can be added to it; worked out when first asked for. */
  moves?: readonly Move[];
  composed?: readonly Composable[];
}

export function fuzz(subject: Subject, settings: FuzzSettings, watch: FuzzWatch = {}): FuzzResult {
  return new Fuzz(subject, settings, watch).run();
}

class Fuzz {
  readonly #campaign: Campaign;
  readonly #settings: FuzzSettings;
  readonly #watch: FuzzWatch;
  readonly #seen: Set<string>;
  readonly #kept: Kept[] = [];
  readonly #random: Random;
  readonly #firstBroken: Record<string, number>;
  #effective: number;
  #drawn = 0;
  /** Runs of earlier sittings, less those that were made again to go on from them. */
  #earlierRuns = 0;
  #breaksMore = false;
  readonly #draws: Draws;
  #arbitrary: fc.Arbitrary<Move[]> | undefined;
  #checkpoint: Checkpoint | undefined;

  constructor(subject: Subject, settings: FuzzSettings, watch: FuzzWatch) {
    const { resume } = settings;
    this.#settings = settings;
    this.#watch = watch;
    this.#firstBroken = { ...resume?.firstBroken };
    this.#effective = resume?.effective ?? 0;
    this.#checkpoint = resume;
    this.#campaign = new Campaign(subject, settings, {
      ...watch,
      progress: (e) => {
        if (e.kind === "cell" && e.verdict.verdict === "broken") this.#broken(e.verdict.guarantee);
        watch.progress?.(e);
      },
    });
    const { honest } = this.#campaign;
    this.#draws = new Draws(subject.protocol, honest, this.#campaign.sameWords);
    this.#seen = new Set(transitionsOf(honest));
    this.#kept.push({ attack: [], trace: honest });
    this.#random = new Random(settings.seed).fork("fuzz");
  }

  get #runs(): number {
    return this.#earlierRuns + this.#campaign.runs;
  }

  run(): FuzzResult {
    const { corpus = [], resume, known = [] } = this.#settings;
    const campaign = this.#campaign;
    if (resume === undefined) {
      for (const attack of corpus) this.#try(attack);
      if (!campaign.over) this.#reach(0);
    } else this.#restore(resume);
    this.#search();
    const runs = this.#runs;
    const firstBroken = { ...this.#firstBroken };
    for (const attack of known) campaign.try(strategy, { moves: attack });
    const report = campaign.finish(null);
    return {
      report: { ...report, runs },
      corpus: this.#corpus,
      transitions: this.#seen.size,
      reached: [...this.#seen],
      effective: this.#effective,
      firstBroken,
      ...(this.#checkpoint === undefined ? {} : { checkpoint: this.#checkpoint }),
    };
  }

  #search(): void {
    const { fuzzRuns, unguided = false, resume } = this.#settings;
    const campaign = this.#campaign;
    // Without packets there is nothing to draw moves about.
    if (campaign.scene().packets.length === 0) return;
    const ofRound = unguided ? batch : 2 * batch;
    const first = resume?.round ?? 0;
    this.#drawn = first * ofRound;
    for (let round = first; this.#drawn < fuzzRuns && !campaign.over; round++) {
      campaign.step("random attacks", this.#drawn, fuzzRuns);
      // Each round has randomness of its own, so that a search can go on with any of them.
      const random = this.#random.fork(`round ${round}`);
      const growsBetween = !unguided && round > 0;
      for (const attack of this.#sample(round)) {
        this.#draw(() => attack);
        if (growsBetween) this.#draw(() => this.#grow(random));
      }
      if (!unguided && round === 0) {
        this.#compose();
        for (let i = 0; i < batch; i++) this.#draw(() => this.#grow(random));
      }
      if (this.#drawn === (round + 1) * ofRound) this.#reach(round + 1);
    }
  }

  #sample(round: number): readonly Attack[] {
    const { honest } = this.#campaign;
    this.#arbitrary ??= randomAttack(this.#campaign.scene(), this.#draws.after(honest));
    const seed = this.#random.fork("draws").below(2 ** 31) + round;
    return fc.sample(this.#arbitrary, { seed, numRuns: batch });
  }

  /** What has come to light by mere drawing need not be composed. */
  #compose(): void {
    const { fuzzRuns, part } = this.#settings;
    if (this.#campaign.over || fuzzRuns < 2 * batch) return;
    const work = composedWork / (part?.of ?? 1);
    compose(this.#campaign, { work, ...(part === undefined ? {} : { part }) });
  }

  /** Runs again what decides how the search goes on. */
  #restore({ kept, runs, round }: Checkpoint): void {
    if (round > 0 && this.#settings.unguided !== true) {
      // What was composed then is no part of what was kept.
      for (const moves of this.#sample(0)) this.#campaign.try(strategy, { moves }, true);
      this.#compose();
    }
    for (const attack of kept) {
      const trace = this.#campaign.try(strategy, { moves: attack }, true);
      if (trace === undefined) break;
      for (const t of transitionsOf(trace)) this.#seen.add(t);
      this.#kept.push({ attack, trace });
    }
    this.#earlierRuns = runs - this.#campaign.runs;
  }

  #reach(round: number): void {
    this.#checkpoint = {
      round,
      runs: this.#runs,
      effective: this.#effective,
      kept: this.#corpus,
      firstBroken: { ...this.#firstBroken },
    };
    this.#watch.checkpoint?.(this.#checkpoint);
  }

  get #corpus(): readonly Attack[] {
    return this.#kept.slice(1).map((k) => k.attack);
  }

  #broken(guarantee: string): void {
    if (this.#firstBroken[guarantee] !== undefined) return;
    this.#firstBroken[guarantee] = this.#runs;
    this.#breaksMore = true;
  }

  #draw(attack: () => Attack): void {
    if (this.#drawn >= this.#settings.fuzzRuns || this.#campaign.over) return;
    if (this.#try(attack())) this.#drawn++;
  }

  /** @returns false if the search is over, and the attack was not run. */
  #try(attack: Attack): boolean {
    this.#breaksMore = false;
    const trace = this.#campaign.try(strategy, { moves: attack }, true);
    if (trace === undefined) return false;
    let fresh = this.#breaksMore;
    for (const t of transitionsOf(trace)) {
      if (this.#seen.has(t)) continue;
      fresh = true;
      this.#seen.add(t);
    }
    if (!observablyEqual(trace, this.#campaign.honest)) this.#effective++;
    if (fresh) this.#kept.push({ attack, trace });
    return true;
  }

  /** One more move on something that led somewhere, or one fewer. */
  #grow(random: Random): Attack {
    const recent = this.#kept.slice(-mostGrown);
    const kept = recent[random.below(recent.length)] as Kept;
    const { attack, trace } = kept;
    if (attack.length > 1 && random.below(5) === 0) {
      const without = random.below(attack.length);
      return attack.filter((_, i) => i !== without);
    }
    if (attack.length >= longestGrown) return attack.slice(1);
    if (random.below(composedOf) === 0) {
      const delivery = this.#composedAfter(kept, random);
      if (delivery !== undefined) return [...attack, delivery];
    }
    kept.moves ??= [...alphabet(this.#campaign.sceneAfter(trace), attack.length)];
    const { moves } = kept;
    const move = moves[random.below(moves.length)];
    return move === undefined ? attack : [...attack, move];
  }

  /** One more message, right after some packet of that run; the likelier ones more often. */
  #composedAfter(kept: Kept, random: Random): Move | undefined {
    kept.composed ??= this.#draws.after(kept.trace);
    const { packets } = kept.trace;
    if (kept.composed.length === 0) return undefined;
    const upTo = 1 + random.below(kept.composed.length);
    const move = kept.composed[random.below(upTo)];
    const packet = packets[packets.length === 0 ? 0 : random.below(packets.length)];
    if (move === undefined || packet === undefined) return undefined;
    const { from, to, nth } = packet;
    return { ...move, when: { after: { from, to, nth } } };
  }
}
