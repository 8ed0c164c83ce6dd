/**
 * Random search: a portfolio of attacks drawn by fast-check and attacks grown from those that
 * reached something new. Guidance wins where steps have to come in an order and loses where one
 * step suffices; hence both, in turn.
 */
import fc from "fast-check";
import type { Attack, Move } from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import { randomAttack } from "../../attacker/strategies/random-moves.ts";
import { Random } from "../../protocol/kit/random.ts";
import type { Subject } from "../subject.ts";
import type { Trace } from "../trace.ts";
import type { ProtocolReport } from "../verdict.ts";
import { Campaign, type SearchSettings, type Watch } from "./campaign.ts";
import { transitionsOf } from "./transitions.ts";

export interface FuzzSettings extends SearchSettings {
  readonly fuzzRuns: number;
  /** Attacks that were worth keeping last time; they are tried first. */
  readonly corpus?: readonly Attack[];
  /** Only fast-check's own draws, to compare with. */
  readonly unguided?: boolean;
}

export interface FuzzResult {
  readonly report: ProtocolReport;
  /** Attacks that reached something new, for the next time. */
  readonly corpus: readonly Attack[];
  readonly transitions: number;
  readonly effective: number;
  /** Runs after which each guarantee was first seen broken. */
  readonly firstBroken: Readonly<Record<string, number>>;
}

const batch = 200;
const longestGrown = 8;

interface Kept {
  readonly attack: Attack;
  readonly trace: Trace;
}

export function fuzz(subject: Subject, settings: FuzzSettings, watch: Watch = {}): FuzzResult {
  return new Fuzz(subject, settings, watch).run();
}

class Fuzz {
  readonly #campaign: Campaign;
  readonly #settings: FuzzSettings;
  readonly #seen: Set<string>;
  readonly #kept: Kept[] = [];
  readonly #random: Random;
  readonly #firstBroken: Record<string, number> = {};
  #effective = 0;

  constructor(subject: Subject, settings: FuzzSettings, watch: Watch) {
    this.#settings = settings;
    this.#campaign = new Campaign(subject, settings, {
      ...watch,
      progress: (e) => {
        if (e.kind === "cell" && e.verdict.verdict === "broken") {
          this.#firstBroken[e.verdict.guarantee] ??= this.#campaign.runs;
        }
        watch.progress?.(e);
      },
    });
    this.#seen = new Set(transitionsOf(this.#campaign.honest));
    this.#kept.push({ attack: [], trace: this.#campaign.honest });
    this.#random = new Random(settings.seed).fork("fuzz");
  }

  run(): FuzzResult {
    const { fuzzRuns, corpus = [], unguided = false } = this.#settings;
    const campaign = this.#campaign;
    for (const attack of corpus) this.#try(attack);
    const drawn = randomAttack(campaign.scene());
    const seed = this.#random.fork("draws").below(2 ** 31);
    for (let round = 0; campaign.runs < fuzzRuns && !campaign.over; round++) {
      campaign.step("random attacks", campaign.runs, fuzzRuns);
      const attacks = fc.sample(drawn, { seed: seed + round, numRuns: batch });
      for (const attack of attacks) {
        if (campaign.runs >= fuzzRuns || campaign.over) break;
        this.#try(attack);
        if (!unguided && campaign.runs < fuzzRuns) this.#try(this.#grow());
      }
    }
    const report = campaign.finish(null);
    return {
      report,
      corpus: this.#kept.slice(1).map((k) => k.attack),
      transitions: this.#seen.size,
      effective: this.#effective,
      firstBroken: this.#firstBroken,
    };
  }

  #try(attack: Attack): void {
    const trace = this.#campaign.try("random", { moves: attack }, true);
    if (trace === undefined) return;
    const reached = transitionsOf(trace);
    let fresh = false;
    for (const t of reached) {
      if (this.#seen.has(t)) continue;
      fresh = true;
      this.#seen.add(t);
    }
    if (trace.events.some((e) => e.kind === "attack")) this.#effective++;
    if (fresh) this.#kept.push({ attack, trace });
  }

  /** One more move on something that led somewhere, or one fewer. */
  #grow(): Attack {
    const { attack, trace } = this.#kept[this.#random.below(this.#kept.length)] as Kept;
    if (attack.length > 1 && this.#random.below(5) === 0) {
      const without = this.#random.below(attack.length);
      return attack.filter((_, i) => i !== without);
    }
    if (attack.length >= longestGrown) return attack.slice(1);
    const moves: Move[] = [...alphabet(this.#campaign.sceneAfter(trace), attack.length)];
    const move = moves[this.#random.below(moves.length)];
    return move === undefined ? attack : [...attack, move];
  }
}
