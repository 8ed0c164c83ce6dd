/** The experiments, from the weakest attacker to the strongest. */
import type { Attack, Move } from "../../attacker/move.ts";
import { disclosed } from "../../attacker/strategies/disclosing.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeOf } from "../trace/trace-knowledge.ts";
import { meddlings, posings, takings } from "./attacks.ts";
import { knowledgeAfter, type Means, meansOf } from "./evidence.ts";
import type { Laboratory } from "./laboratory.ts";
import { aspects } from "./message-grade.ts";
import { partiesOf } from "./places.ts";
import type { Standing } from "./standing.ts";

/** Everybody whose long-term secrets can become known, those that messages are for first. */
export const everybody = ({ processes }: Trace): readonly Principal[] => [
  ...new Set(processes.map((p) => p.principal)),
];

const atStart = (principals: readonly Principal[]): readonly Move[] =>
  principals.map((p) => disclosed(p, "start"));

export class Experiments {
  readonly #laboratory: Laboratory;
  readonly #standings: readonly Standing[];
  readonly #everybody: readonly Principal[];

  constructor(laboratory: Laboratory, standings: readonly Standing[]) {
    this.#laboratory = laboratory;
    this.#standings = standings;
    this.#everybody = everybody(laboratory.honest);
  }

  run(): void {
    const scene = this.#laboratory.scene();
    this.#look([], this.#laboratory.honest);
    const parties = partiesOf(this.#standings.map((s) => s.message));
    const taking = takings(scene);
    const asInsider = (attack: Attack): Attack => this.#laboratory.asInsider(attack);
    this.#try("without any secrets", [...posings(scene), ...meddlings(scene)].map(asInsider));
    for (const party of parties) {
      const before = atStart([party]);
      const attacks = taking.map((attack) => asInsider([...before, ...attack]));
      this.#try(`with the secrets of ${party}`, attacks);
    }
    // Where no attacker can do anything, that none could proves nothing.
    const all = atStart(this.#everybody);
    this.#try(
      "with all secrets",
      taking.map((attack) => asInsider([...all, ...attack])),
    );
  }

  #try(title: string, attacks: readonly Attack[]): void {
    for (const [i, attack] of attacks.entries()) {
      if (i % 20 === 0) this.#laboratory.step(title, i, attacks.length);
      const means = meansOf(attack);
      if (!this.#isWanted(means) && !this.#isWanted(afterwards(means, this.#everybody))) return;
      const trace = this.#laboratory.run(attack, title);
      if (trace === undefined) return;
      this.#look(attack, trace);
    }
  }

  #isWanted(means: Means): boolean {
    return this.#standings.some((s) => aspects.some((aspect) => s.wants(aspect, means)));
  }

  #look(attack: Attack, trace: Trace): void {
    const means = meansOf(attack);
    const knowledge = knowledgeOf(trace);
    const left: Standing[] = [];
    for (const standing of this.#standings) {
      standing.take("source", { trace, attack, means, knowledge });
      const isRead = standing.take("destination", { trace, attack, means, knowledge });
      if (!isRead) left.push(standing);
    }
    const later = afterwards(means, this.#everybody);
    if (!left.some((s) => s.wants("destination", later))) return;
    const afterAll = knowledgeAfter(trace, this.#everybody);
    for (const standing of left) {
      const { to, from } = standing.message;
      const ends = [to, ...this.#everybody.filter((p) => p !== to && p !== from), from];
      const whole = [...attack, ...ends.map((p) => disclosed(p, "end"))];
      standing.take("destination", { trace, attack: whole, means: later, knowledge: afterAll });
    }
  }
}

const afterwards = ({ before, active }: Means, after: readonly Principal[]): Means => ({
  before,
  active,
  after,
});
