/** Laws that every guarantee obeys, and the twin that breaks it. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { lossyNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { assess } from "../search/assess.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf, type Subject } from "../subject.ts";
import type { Trace, TraceEvent } from "../trace/trace.ts";
import { digestOf } from "../trace/trace-lines.ts";
import type { ProtocolReport } from "../verdict.ts";
import { baseWorkload, defaultWorkload } from "../workload.ts";
import { guarantees } from "./catalog.ts";
import type { Guarantee } from "./guarantee.ts";

const seed = "mallory";

test("ids are unique, and every guarantee says what it is and where it comes from", () => {
  const ids = guarantees.map((g) => g.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, statement, source } of guarantees) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(statement).toMatch(/^[A-Z].*\.$/);
    expect(source.length).toBeGreaterThan(5);
  }
});

const found = new Map<string, ProtocolReport>();

/** The twin with less to say: two sessions, and at most three messages in each. */
function twinOf(guarantee: Guarantee): Subject {
  const subject = bundledSubject(parseProtocolName(guarantee.twin));
  const workload = defaultWorkload(subject.protocol, subject.options);
  const sessions = workload.sessions
    .filter((_, i, all) => i === 0 || i === all.length - 1)
    .map((session) => {
      const froms = [...new Set(session.messages.map((m) => m.from))];
      const messages = froms.flatMap((from, k) =>
        session.messages.filter((m) => m.from === from).slice(0, 2 - k),
      );
      return { ...session, messages };
    });
  return { ...subject, protocol: { ...subject.protocol, workload: () => ({ sessions }) } };
}

/** Searches only until the first violation is there; what follows would only make it smaller. */
function brokenBy(guarantee: Guarantee): ProtocolReport {
  let report = found.get(guarantee.id);
  if (report === undefined) {
    let broken = false;
    report = assess(
      twinOf(guarantee),
      { seed, guarantees: [guarantee.id] },
      {
        progress: (e) => {
          broken ||= e.kind === "cell" && e.verdict.verdict === "broken";
        },
        stop: () => broken,
      },
    );
    found.set(guarantee.id, report);
  }
  return report;
}

describe.each(guarantees.map((g) => [g.id, g] as const))("%s", (id, guarantee) => {
  test(`is broken by its twin, ${guarantee.twin}`, () => {
    const [verdict, ...others] = brokenBy(guarantee).verdicts;
    expect(others).toEqual([]);
    expect(verdict?.guarantee).toBe(id);
    expect(verdict?.verdict).toBe("broken");
    expect(verdict?.because).toMatch(/\S/);
    expect(verdict?.finding?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  const violating = () => {
    const subject = twinOf(guarantee);
    const saved = brokenBy(guarantee).verdicts[0]?.finding?.attack;
    if (saved === undefined) throw new Error("the twin does not break it");
    const { workload, network, moves: attack } = saved;
    const trace = simulate(planOf(subject, { workload, network, attack, seed: saved.seed }));
    return { trace, subject, profiles: new Baselines(subject, seed) };
  };

  test("judges are pure: the same trace, the same judgement", () => {
    const { trace, profiles, subject } = violating();
    const digest = digestOf(trace);
    const once = judge(guarantee, trace, profiles);
    expect(once.violation).toBeDefined();
    expect(judge(guarantee, trace, profiles)).toEqual(once);
    const copy = { ...trace };
    expect(judge(guarantee, copy, new Baselines(subject, seed))).toEqual(once);
    expect(digestOf(trace)).toBe(digest);
  });

  test("has something at stake, and nothing to say of an empty trace", () => {
    const { trace, profiles } = violating();
    expect(judge(guarantee, trace, profiles).atStake).toBeGreaterThan(0);
    if (!guarantee.safety || guarantee.distinguish !== undefined) return;
    const empty = { ...prefix(trace, 0), crypto: [] };
    expect(judge(guarantee, empty, profiles).violation).toBeUndefined();
  });

  test.runIf(guarantee.safety && guarantee.distinguish === undefined)(
    "once violated, violated ever after",
    () => {
      const { trace, profiles } = violating();
      expectMonotone(guarantee, trace, profiles);
    },
  );
});

/** The trace as it was when its first `n` events had happened. */
function prefix(trace: Trace, n: number): Trace {
  const events = trace.events.slice(0, n);
  const sent = events.filter((e) => e.kind === "sent").length;
  const started = new Set(events.filter((e) => e.kind === "started").map((e) => e.at));
  return {
    ...trace,
    events,
    packets: trace.packets.slice(0, sent),
    processes: trace.processes.filter((p) => started.has(p.id)),
  };
}

function expectMonotone(guarantee: Guarantee, trace: Trace, profiles: Baselines): void {
  let violated: TraceEvent | "nothing" | undefined;
  for (let n = 0; n <= trace.events.length; n++) {
    const [last, next] = [trace.events[n - 1], trace.events[n]];
    // A run can end between two steps, but not between two outputs of one step.
    if (last !== undefined && last.at === next?.at && last.t === next.t) continue;
    const violation = judge(guarantee, prefix(trace, n), profiles).violation;
    if (violated !== undefined && violation === undefined) {
      throw new Error(
        `${guarantee.id}: violated after ${JSON.stringify(violated)}, no longer after event ${n}`,
      );
    }
    if (violation !== undefined) violated ??= trace.events[n - 1] ?? "nothing";
  }
}

const packet = (nth: number) => ({ from: "client#0", to: "server#0", nth });
const shaken: readonly (readonly [string, Subject, Attack])[] = [
  "hashed-login",
  "preshared",
  "preshared?window=off",
  "preshared?directions=off",
  "preshared?freshness=off",
  "preshared?authentication=off",
  "preshared?confirmation=off",
].flatMap((name) => {
  const subject = bundledSubject(parseProtocolName(name));
  const from = "client#0";
  const to = "server#0";
  return [
    [`${name}, undisturbed`, subject, []],
    [
      `${name}, replayed`,
      subject,
      [{ move: "replay", packet: packet(3), to, from, when: { after: packet(4) } }],
    ],
    [
      `${name}, changed`,
      subject,
      [{ move: "modify", packet: packet(3), edits: [{ edit: "flip", at: -1, mask: 1 }] }],
    ],
    [`${name}, reflected`, subject, [{ move: "reflect", packet: packet(3) }]],
  ] as const;
});

describe("on traces of all sorts, a safety violation stays one", () => {
  test.each(shaken)("%s", (_, subject, attack) => {
    for (const network of [lossyNetwork, { ...lossyNetwork, loss: 0, reordering: 0 }]) {
      const trace = simulate(planOf(subject, { workload: baseWorkload, network, attack, seed }));
      const profiles = new Baselines(subject, seed);
      for (const guarantee of guarantees) {
        // Deduction costs too much to be done anew for every event; its law is tested on its own.
        if (!guarantee.safety || guarantee.secrecy || guarantee.distinguish !== undefined) continue;
        expectMonotone(guarantee, trace, profiles);
      }
    }
  });
});
