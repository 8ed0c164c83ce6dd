/** Answers from trees are those of live code: every run comes out the same with and without. */
import { describe, expect, test } from "vitest";
import { strategies } from "../../attacker/strategies/catalog.ts";
import type { Candidate } from "../../attacker/strategies/strategy.ts";
import { protocols } from "../../protocol/catalog.ts";
import type { Endpoint, Env, Protocol } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { withoutMemo } from "../../protocol/kit/memo.ts";
import { Campaign } from "../search/campaign.ts";
import { planOf, type Subject } from "../subject.ts";
import { subjectFor } from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { baseWorkload } from "../workload.ts";
import { Conversations } from "./conversations.ts";
import { networks } from "./network/conditions.ts";
import { simulate } from "./simulate.ts";

/** Of all attacks of the catalogue, evenly. */
const sample = 14;

function sampled(subject: Subject): readonly Candidate[] {
  const scene = new Campaign(subject, { seed: "law" }).scene();
  const all = strategies.flatMap((s) => [...s.attacks(scene)]);
  const step = Math.max(1, Math.floor(all.length / sample));
  return all.filter((_, i) => i % step === 0);
}

const planFor = (subject: Subject, { moves, workload, network, seedSuffix }: Candidate) =>
  planOf(subject, {
    attack: moves,
    seed: `law${seedSuffix ?? ""}`,
    workload: workload ?? baseWorkload,
    network: networks[network ?? "calm"],
  });

/** All that judges look at and the digest does not cover. */
const rest = (trace: Trace) => ({
  crypto: trace.crypto,
  disclosed: trace.disclosed,
  knows: trace.attackerKnows,
  processes: trace.processes,
  puppets: trace.puppets,
  shown: [trace.deployment.publicValues, trace.deployment.identities, trace.deployment.credentials],
  untouched: trace.handshakeUntouched,
  secrets: trace.processes.map((p) => trace.deployment.longTermSecrets(p.principal)),
});

describe.each(protocols.map((p) => [p.name, p] as const))("%s", (_, protocol) => {
  test("attacks run the same, the first time and the second", () => {
    const subject = subjectFor(protocol);
    const conversations = new Conversations(protocol);
    const plans = sampled(subject).map((candidate) => planFor(subject, candidate));
    for (const plan of [...plans, ...plans]) {
      const kept = simulate(plan, conversations);
      const live = simulate(plan);
      expect(kept.digest, JSON.stringify(plan.attack)).toBe(live.digest);
      expect(rest(kept)).toEqual(rest(live));
    }
    expect(conversations.isOff).toBe(false);
  }, 120_000);
});

/** Counts how often its code runs; everything else is up to `handle`. */
function counting(handle: (calls: number, env: Env) => Uint8Array) {
  const count = { calls: 0, opened: 0 };
  const opened = (env: Env): Endpoint => {
    count.opened++;
    return {
      handle(input) {
        count.calls++;
        return input.kind === "start" && env.role === "client"
          ? [{ kind: "transmit", bytes: handle(count.calls, env) }]
          : [];
      },
    };
  };
  const protocol: Protocol = {
    name: "counting",
    title: "counting",
    flow: "",
    transport: "datagram",
    roles: [
      { name: "client", principals: ["alice"], process: "session", peer: "server" },
      { name: "server", principals: ["bob"], process: "service", port: 1 },
    ],
    claims: [],
    deploy: () => ({ open: (_, env) => opened(env), longTermSecrets: () => [] }),
    workload: () => ({ sessions: [{ start: 0, messages: [] }] }),
  };
  return { count, protocol };
}

describe("conversations", () => {
  test("code does not run again for what it was told before", () => {
    const { count, protocol } = counting(() => utf8("hello"));
    const conversations = new Conversations(protocol);
    const plan = planOf(subjectFor(protocol));
    simulate(plan, conversations);
    const { calls, opened } = count;
    expect(calls).toBe(3);
    simulate(plan, conversations);
    expect(count).toEqual({ calls, opened });
  });

  test("only the principal that is told something else comes to life", () => {
    const { count, protocol } = counting(() => utf8("hello"));
    const conversations = new Conversations(protocol);
    const subject = subjectFor(protocol);
    simulate(planOf(subject), conversations);
    const { opened } = count;
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const edits = [{ edit: "flip", at: 0, mask: 1 } as const];
    const attack = [{ move: "modify", packet, edits } as const];
    simulate(planOf(subject, { attack }), conversations);
    expect(count.opened).toBe(opened + 1);
  });

  test("findings are confirmed on code that runs", () => {
    const { count, protocol } = counting(() => utf8("hello"));
    const conversations = new Conversations(protocol);
    const plan = planOf(subjectFor(protocol));
    simulate(plan, conversations);
    const { calls } = count;
    withoutMemo(() => simulate(plan, conversations));
    expect(count.calls).toBe(2 * calls);
  });

  test("who answers otherwise than before is not answered for", () => {
    // It draws once more each time that it is opened.
    const draws = (n: number, { crypto }: Env): Uint8Array => {
      for (let i = 0; i < n; i++) crypto.random(8);
      return utf8("hello");
    };
    const { protocol } = counting(draws);
    const conversations = new Conversations(protocol);
    const subject = subjectFor(protocol);
    simulate(planOf(subject), conversations);
    const attack = [{ move: "inject", hex: "00", to: "client#0", when: { atMs: 5 } } as const];
    const trace = simulate(planOf(subject, { attack }), conversations);
    expect(conversations.isOff).toBe(true);
    expect(trace.packets.length).toBe(2);
  });
});
