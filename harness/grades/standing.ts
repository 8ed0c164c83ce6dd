/** What is known of a message so far: the worst that an attack has shown, and with which moves. */

import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import type { Attack } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import { destinationUnder, forged, type Means, read, sourceUnder } from "./evidence.ts";
import { type Aspect, bestGrade } from "./message-grade.ts";
import type { SeenMessage } from "./places.ts";

interface Worst {
  grade: number;
  /** Absent while the grade is the best one. */
  attack: Attack | undefined;
  /** Has any attacker, whatever it had, done what the grade is about? */
  isPossible: boolean;
}

export class Standing {
  readonly message: SeenMessage;
  readonly of: Readonly<Record<Aspect, Worst>>;

  constructor(message: SeenMessage) {
    this.message = message;
    const best = (aspect: Aspect): Worst => ({
      grade: bestGrade[aspect],
      attack: undefined,
      isPossible: false,
    });
    this.of = { source: best("source"), destination: best("destination") };
  }

  /** Is another run with such means of interest? */
  wants(aspect: Aspect, means: Means): boolean {
    const under = aspect === "source" ? sourceUnder : destinationUnder;
    const worst = this.of[aspect];
    return under(means, this.message) < worst.grade || !worst.isPossible;
  }

  /** @returns whether the run shows it. */
  take(aspect: Aspect, run: Shown): boolean {
    const { trace, attack, means, knowledge } = run;
    const isShown =
      aspect === "source"
        ? forged(trace, this.message) !== undefined
        : read(trace, this.message, knowledge) !== undefined;
    if (!isShown) return false;
    const worst = this.of[aspect];
    worst.isPossible = true;
    const under = aspect === "source" ? sourceUnder : destinationUnder;
    const grade = under(means, this.message);
    if (grade < worst.grade) {
      worst.grade = grade;
      worst.attack = attack;
    }
    return true;
  }
}

export interface Shown {
  readonly trace: Trace;
  readonly attack: Attack;
  readonly means: Means;
  readonly knowledge: Knowledge;
}
