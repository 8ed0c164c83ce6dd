/** Grades every message of a protocol's undisturbed run by what attackers can do about it. */
import { describeMove } from "../../attacker/describe.ts";
import { declaredFromBytes } from "../../attacker/knowledge/lengths.ts";
import { type Attack, capabilityOf } from "../../attacker/move.ts";
import { InvariantError } from "../../protocol/endpoint.ts";
import { quote } from "../guarantees/exchanges.ts";
import { simulate } from "../run/simulate.ts";
import type { Watch } from "../search/campaign-settings.ts";
import { honestRunOf } from "../search/honest-run.ts";
import { simulatePlainly } from "../search/judge-run.ts";
import { shrink } from "../search/shrink.ts";
import type { Subject } from "../subject.ts";
import { secretsIn } from "../trace/long-term-secrets.ts";
import type { Trace } from "../trace/trace.ts";
import { Experiments } from "./experiments.ts";
import { type GradeSettings, Laboratory } from "./laboratory.ts";
import {
  type Aspect,
  bestGrade,
  type Cap,
  type Grade,
  type GradesReport,
  type MessageGrade,
} from "./message-grade.ts";
import { messagesOf, type SeenMessage } from "./places.ts";
import { gradeId, showsIn } from "./shows.ts";
import { Standing } from "./standing.ts";

/**
 * Sessions that go like an earlier one are not graded again.
 * @throws IrreproducibleError, SharedMemoryError
 */
export function gradeMessages(
  subject: Subject,
  settings: GradeSettings,
  watch: Watch = {},
): GradesReport {
  const laboratory = new Laboratory(subject, settings, watch);
  const { repeated, honest } = laboratory;
  const untracked = laboratory.cutShort ?? laboratory.untracked();
  const all = messagesOf(honest);
  const messages = all
    .filter((m) => !repeated.has(m.session))
    .toSorted((a, b) => a.session - b.session);
  const standings = messages.map((m) => new Standing(m));
  if (untracked === undefined) new Experiments(laboratory, standings).run();
  const caps = new Caps(laboratory);
  const graded = standings.map((s): MessageGrade => {
    const { message: _, content: __, arrives: ___, ...place } = s.message;
    return {
      ...place,
      said: quote(s.message.message),
      source: untracked === undefined ? caps.grade("source", s) : unknown(untracked),
      destination: untracked === undefined ? caps.grade("destination", s) : unknown(untracked),
    };
  });
  laboratory.checkAgain();
  const { protocol, options, source } = subject;
  const faults = laboratory.faults();
  const incomplete = untracked === undefined ? laboratory.cutShort : undefined;
  const said = new Set(all.map((m) => m.session));
  return {
    name: protocol.name,
    title: protocol.title,
    options,
    source: source === protocol.name ? "bundled" : source,
    messages: graded,
    alike: [...repeated].filter(([s]) => said.has(s)).map(([session, as]) => ({ session, as })),
    honest: honestRunOf(honest),
    ...(faults.length === 0 ? {} : { faults }),
    runs: laboratory.runs,
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

const unknown = (because: string): Grade => ({ grade: "unknown", because });

/** Why nothing can be said of this message, whatever was tried. */
function doubtOf(aspect: Aspect, { message, of }: Standing): string | undefined {
  if (aspect === "source" && !message.arrives) return "it does not arrive even if nobody attacks";
  if (aspect === "destination" && message.message.length < declaredFromBytes) {
    return `messages under ${declaredFromBytes} bytes are not looked for`;
  }
  if (of[aspect].isPossible) return undefined;
  return aspect === "source"
    ? "not even attackers with all long-term secrets get anything accepted there"
    : "not even attackers with all long-term secrets can read it";
}

/** Attacks behind grades: as few moves as will do, confirmed on plain cryptography. */
class Caps {
  readonly #laboratory: Laboratory;
  readonly #traces = new Map<string, Trace>();
  readonly #plain = new Map<string, Trace>();

  constructor(laboratory: Laboratory) {
    this.#laboratory = laboratory;
  }

  grade(aspect: Aspect, standing: Standing): Grade {
    const { grade, attack } = standing.of[aspect];
    const { cutShort } = this.#laboratory;
    // What was not tried could have made it worse.
    if (cutShort !== undefined && grade > 0) return unknown(`${cutShort}; it is ${grade} at best`);
    const doubt = doubtOf(aspect, standing);
    if (doubt !== undefined) return unknown(doubt);
    if (attack === undefined) return { grade: bestGrade[aspect] };
    return { grade, cap: this.#cap(aspect, standing.message, grade, attack) };
  }

  #cap(aspect: Aspect, message: SeenMessage, grade: number, attack: Attack): Cap {
    const shows = (trace: Trace): string | undefined => showsIn(trace, aspect, message, grade);
    const moves = shrink(
      attack,
      (a) => shows(this.#run(a)) !== undefined,
      (principal) => secretsIn(this.#laboratory.honest, principal).length,
    );
    const trace = this.#confirm(moves);
    const because = shows(trace);
    const { subject, seed } = this.#laboratory;
    const { protocol, options, source } = subject;
    if (because === undefined) {
      throw new InvariantError(`${source}: what caps a grade vanished on plain cryptography`);
    }
    const { session, sender: from, receiver: to, nth } = message;
    return {
      capability: capabilityOf(moves, protocol.transport),
      because,
      steps: moves.map(describeMove),
      attack: {
        schema: "mallory/attack@1",
        protocol: source,
        options,
        workload: trace.plan.workloadName,
        seed,
        network: trace.plan.network,
        moves,
        guarantee: gradeId(aspect),
        message: { session, from, to, nth },
        digest: trace.digest,
      },
    };
  }

  #run(attack: Attack): Trace {
    return this.#made(this.#traces, attack, simulate);
  }

  #confirm(attack: Attack): Trace {
    return this.#made(this.#plain, attack, simulatePlainly);
  }

  #made(traces: Map<string, Trace>, attack: Attack, make: typeof simulate): Trace {
    const key = JSON.stringify(attack);
    let trace = traces.get(key);
    if (trace === undefined) {
      this.#laboratory.beat("what caps the grades");
      trace = make(this.#laboratory.planFor(attack));
      traces.set(key, trace);
    }
    return trace;
  }
}
