/** Laws about runs of every bundled protocol. */
import { describe, expect, test } from "vitest";
import { untracked } from "../attacker/knowledge/provenance.ts";
import { protocols } from "../protocol/catalog.ts";
import { guarantees } from "./guarantees/catalog.ts";
import { simulate } from "./run/simulate.ts";
import { Baselines, judge } from "./search/judge-run.ts";
import { planOf } from "./subject.ts";
import { subjectFor } from "./testing/tiny.ts";
import { eventsOf } from "./trace/trace-index.ts";
import { baseWorkload, lengthVariants } from "./workload.ts";

const workloads = ["default", baseWorkload, "other-content", ...lengthVariants];

describe.each(protocols.map((p) => [p.name, p] as const))("%s", (_, protocol) => {
  const subject = subjectFor(protocol);
  const runs = new Map(
    workloads.map((workload) => [workload, simulate(planOf(subject, { workload }))]),
  );

  test.each(workloads)("an undisturbed run comes to rest by itself (%s)", (workload) => {
    const trace = runs.get(workload);
    if (trace === undefined) throw new Error(workload);
    expect(eventsOf(trace, "stopped")).toEqual([]);
    expect(trace.packets.length).toBeGreaterThan(0);
    expect(trace.outcomes.length).toBe(trace.plan.workload.sessions.length);
    expect(trace.handshakeUntouched).toBe(true);
    const times = trace.events.map((e) => e.t);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  test("messages within the limits arrive, each at its time and once", () => {
    const trace = runs.get(baseWorkload);
    if (trace === undefined) throw new Error(baseWorkload);
    expect(eventsOf(trace, "crashed")).toEqual([]);
    const said = eventsOf(trace, "submit").filter((e) => e.purpose === "message");
    const heard = eventsOf(trace, "deliver").filter((e) => e.purpose === "message");
    const wanted = trace.outcomes.flatMap((o) => o.wanted).filter((w) => w.isCopy !== true);
    expect(said.length).toBe(wanted.length);
    if (said.length > 0) expect(heard.length).toBeGreaterThan(0);
  });

  test("every byte can be explained", () => {
    const evidence = (seed: string, workload: string) => {
      const trace = simulate(planOf(subject, { seed, workload }));
      const { credentials, identities, publicValues } = trace.deployment;
      const words = trace.outcomes.flatMap((o) => o.wanted.map((w) => w.message));
      return {
        operations: trace.crypto,
        declared: [
          ...words,
          ...credentials.flatMap((c) => [c.user, c.password]),
          ...(identities ?? []),
          ...(publicValues ?? []),
        ],
        packets: trace.packets.map((p) => ({ name: `${p.from} ${p.nth}`, bytes: p.bytes })),
      };
    };
    expect(untracked(evidence("a", baseWorkload), evidence("b", "other-content"))).toEqual([]);
  });

  test("what is claimed holds at least without an attack, within the limits", () => {
    const trace = runs.get(baseWorkload);
    if (trace === undefined) throw new Error(baseWorkload);
    const baselines = new Baselines(subject, trace.plan.seed);
    const excused = Object.keys(protocol.notApplicable ?? {});
    const honest = guarantees.filter(
      (g) => g.safety && !excused.includes(g.id) && g.distinguish === undefined,
    );
    const broken = honest.filter((g) => judge(g, trace, baselines).violation !== undefined);
    const basics = ["integrity", "origin", "replay", "replay-across-sessions", "ordering"];
    const ids = broken.map((g) => g.id);
    for (const id of [...basics, "key-agreement"]) expect(ids).not.toContain(id);
  });
});

describe("names agree", () => {
  const ids = new Set(guarantees.map((g) => g.id));
  test("claims, excuses and weaknesses are about guarantees that exist", () => {
    const named = protocols.flatMap((p) => [
      ...p.claims.map((c) => c.guarantee),
      ...Object.keys(p.notApplicable ?? {}),
      ...Object.values(p.options ?? {}).flatMap((o) => Object.values(o.weakens ?? {}).flat()),
    ]);
    expect([...new Set(named)].filter((id) => !ids.has(id))).toEqual([]);
  });
});
