import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { hex, latin1 } from "../../protocol/kit/bytes.ts";
import { encodeSuitesError } from "../../protocol/secure-channel/edhoc/messages.ts";
import { secureChannel } from "../../protocol/secure-channel/secure-channel.ts";
import { judgedGuarantees } from "../guarantees/catalog.ts";
import { calmNetwork, lossyNetwork } from "../network.ts";
import { judge, Profiles } from "../search/judge-run.ts";
import { simulate } from "../simulate.ts";
import { planOf } from "../subject.ts";
import { subjectFor } from "../testing/tiny.ts";
import type { NetworkConditions, Trace } from "../trace.ts";

const claimed = judgedGuarantees.filter((g) =>
  secureChannel.claims.some((c) => c.guarantee === g.id),
);

/** Which of the guarantees claimed are broken in this run. */
function broken(trace: Trace, profiles: Profiles): readonly string[] {
  return claimed
    .filter((g) => judge(g, trace, profiles).violation !== undefined)
    .map((g) => `${g.id}: ${judge(g, trace, profiles).violation?.because}`);
}

/** One lab run, and what it breaks. */
function attacked(options: Record<string, string>, attack: Attack): readonly string[] {
  const subject = subjectFor(secureChannel, options);
  const trace = simulate(planOf(subject, { attack }));
  return broken(trace, new Profiles(subject, trace.plan.seed)).map((b) => b.split(":")[0] ?? "");
}

const networks: readonly (readonly [string, Partial<NetworkConditions>])[] = [
  ["calm", {}],
  ["lossy, for twenty seconds", lossyNetwork],
  ["losing every fifth datagram", { loss: 0.2, faultsEndMs: 60_000 }],
  ["doubling and reordering", { duplication: 0.5, reordering: 0.5, faultsEndMs: 60_000 }],
  ["jittery", { jitterMs: 200, reordering: 0.3, faultsEndMs: 60_000 }],
  ["slow", { latencyMs: 400, jitterMs: 300, loss: 0.1, faultsEndMs: 60_000 }],
];
const seeds = Array.from({ length: 12 }, (_, i) => `bad network ${i}`);

describe.each(networks)("on a network that is %s", (_, network) => {
  const traces = seeds.map((seed) => {
    const subject = subjectFor(secureChannel);
    const about = { seed, workload: "within-limits", network: { ...calmNetwork, ...network } };
    return [simulate(planOf(subject, about)), new Profiles(subject, seed)] as const;
  });

  test("everything is delivered once, in order, and confirmed", () => {
    expect(traces.flatMap(([trace, profiles]) => broken(trace, profiles))).toEqual([]);
  });

  test("nothing is given up, and nobody crashes", () => {
    const ends = traces.flatMap(([{ events }]) => events.map((e) => e.kind));
    expect(ends.filter((kind) => kind === "give-up" || kind === "crashed")).toEqual([]);
  });
});

test("nothing is confirmed that was not delivered, even where the network never recovers", () => {
  for (const seed of seeds) {
    const network = { ...calmNetwork, loss: 0.6, duplication: 0.2, faultsEndMs: 10_000_000 };
    const { events } = simulate(planOf(subjectFor(secureChannel), { seed, network }));
    const of = (kind: "deliver" | "confirm"): string[] =>
      events.flatMap((e) => (e.kind === kind ? [latin1(e.message)] : []));
    const delivered = of("deliver");
    for (const message of of("confirm")) {
      expect(delivered).toContain(message);
      delivered.splice(delivered.indexOf(message), 1);
    }
  }
});

describe("an error that asks for a worse suite", () => {
  const retry = { from: "server#0", to: "client#0", nth: 1 };
  /** RETRY becomes an ERROR with SUITES_R of 6 alone, under the same mac1. */
  const attack: Attack = [
    {
      move: "modify",
      packet: retry,
      edits: [
        { edit: "set", at: 0, hex: "85" },
        { edit: "truncate", length: 9 },
        { edit: "extend", hex: hex(encodeSuitesError([6])) },
      ],
    },
  ];
  test("is of no use to whoever forged it", () => expect(attacked({}, attack)).toEqual([]));
  test("is, where nothing binds the list", () => {
    expect(attacked({ "suite-list": "off" }, attack)).toEqual(["downgrade"]);
  });
});
