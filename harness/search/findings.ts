/** From a hit to a finding: shrunk, confirmed on plain cryptography, retold. */
import { describeMove } from "../../attacker/describe.ts";
import {
  type Attack,
  type Capability,
  capabilities,
  capabilitiesOf,
  capabilityRank,
  withoutRegistration,
} from "../../attacker/move.ts";
import { InvariantError } from "../../protocol/endpoint.ts";
import { transportOf } from "../../protocol/transport.ts";
import type { Guarantee } from "../guarantees/guarantee.ts";
import type { Conversations } from "../run/conversations.ts";
import { networkWords } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import { secretsIn } from "../trace/long-term-secrets.ts";
import { messageSequenceOf } from "../trace/message-sequence.ts";
import type { Trace } from "../trace/trace.ts";
import type { Finding, SavedAttack } from "../verdict.ts";
import { baseWorkload } from "../workload.ts";
import {
  type Baselines,
  capabilityFor,
  capabilityShown,
  judge,
  simulatePlainly,
  watches,
} from "./judge-run.ts";
import { shrink } from "./shrink.ts";
import type { Hit } from "./tally.ts";
import { violatedAfter } from "./violation-moment.ts";

/** The attack of a run, as it is saved. */
export function savedAttack(
  { options, source }: Subject,
  { id }: Guarantee,
  { digest, plan }: Trace,
): SavedAttack {
  const { workloadName: workload, seed, network, attack: moves } = plan;
  return {
    schema: "mallory/attack@1",
    protocol: source,
    options,
    workload,
    seed,
    network,
    moves,
    guarantee: id,
    digest,
  };
}

export class Findings {
  readonly #subject: Subject;
  readonly #profiles: Baselines;
  readonly #beat: () => void;
  /** One attack often breaks several guarantees: run it on plain cryptography once. */
  readonly #plain = new Map<string, Trace>();

  readonly #conversations: Conversations | undefined;

  /** @param conversations for runs while shrinking; findings are confirmed without. */
  constructor(
    subject: Subject,
    profiles: Baselines,
    beat: () => void,
    conversations?: Conversations,
  ) {
    this.#subject = subject;
    this.#profiles = profiles;
    this.#beat = beat;
    this.#conversations = conversations;
  }

  /** @throws InvariantError if the violation does not happen on plain cryptography. */
  from(hit: Hit, guarantee: Guarantee, inLayer: boolean): Finding {
    const attack = shrink(
      hit.choice.attack,
      (a) => this.#violates(hit, guarantee, inLayer, a),
      (principal) => secretsIn(this.#profiles.of(baseWorkload).honest, principal).length,
    );
    const choice = { ...hit.choice, attack };
    const trace = this.#confirm(choice);
    const { violation } = judge(guarantee, trace, this.#profiles);
    if (violation === undefined) {
      throw new InvariantError(
        `${guarantee.id} of ${this.#subject.source}: a violation vanished on plain cryptography`,
      );
    }
    const { protocol } = this.#subject;
    const needs = capabilitiesOf(attack, protocol.transport);
    const acting = capabilityFor(guarantee, attack, protocol.transport);
    const capability = capabilityShown(guarantee, acting, trace, this.#profiles);
    const network = networkWords(choice.network, transportOf(protocol));
    const also: Capability[] = [];
    if (watches(guarantee) && capability !== "off-path") also.push("passive");
    if (capability === "insider") also.push("insider");
    return {
      capability,
      needs: capabilities.filter((c) => needs.includes(c) || also.includes(c)),
      compute: violation.compute ?? null,
      because: violation.because,
      steps: attack.map(describeMove),
      ...(network === undefined ? {} : { network }),
      attack: savedAttack(this.#subject, guarantee, trace),
      digest: trace.digest,
      strategy: hit.strategy,
      story: messageSequenceOf(
        trace,
        violation.because,
        violatedAfter(guarantee, trace, this.#profiles),
      ),
    };
  }

  #violates(hit: Hit, guarantee: Guarantee, inLayer: boolean, attack: Attack): boolean {
    this.#beat();
    const { transport } = this.#subject.protocol;
    const needed = capabilityFor(guarantee, withoutRegistration(attack), transport);
    if (capabilityRank(needed) > capabilityRank(hit.capability)) return false;
    const trace = simulate(planOf(this.#subject, { ...hit.choice, attack }), this.#conversations);
    if (inLayer && !trace.handshakeUntouched) return false;
    if (judge(guarantee, trace, this.#profiles).violation === undefined) return false;
    const shown = capabilityShown(guarantee, needed, trace, this.#profiles);
    return capabilityRank(shown) <= capabilityRank(hit.capability);
  }

  #confirm(choice: Hit["choice"]): Trace {
    const key = JSON.stringify(choice);
    let trace = this.#plain.get(key);
    if (trace === undefined) {
      this.#beat();
      trace = simulatePlainly(planOf(this.#subject, choice));
      this.#plain.set(key, trace);
    }
    return trace;
  }
}
