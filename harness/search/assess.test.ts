/** The whole way: search, shrink, confirm, report. Verdicts that were worked out by hand. */
import { describe, expect, test } from "vitest";
import type { Attack, Capability } from "../../attacker/move.ts";
import { say } from "../../protocol/kit/workload.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import { bare, deliver, subjectFor, tiny, transmit, words } from "../testing/tiny.ts";
import type { Finding, GuaranteeVerdict, ProtocolReport } from "../verdict.ts";
import { assess } from "./assess.ts";
import { Baselines, judge } from "./judge-run.ts";

const seed = "mallory";
const subjectOf = (name: string): Subject => bundledSubject(parseProtocolName(name));
const short = (v: GuaranteeVerdict | undefined): string =>
  v === undefined
    ? "missing"
    : [v.verdict, v.capability, v.layer && `layer ${v.layer.verdict}`].filter(Boolean).join(", ");

const findingsOf = (report: ProtocolReport): readonly (readonly [GuaranteeVerdict, Finding])[] =>
  report.verdicts.flatMap((v) =>
    [v.finding, ...v.others, v.layer?.finding].flatMap((f) => (f === undefined ? [] : [[v, f]])),
  ) as readonly (readonly [GuaranteeVerdict, Finding])[];

/** Runs the saved attack again, or another one in its place. */
function violates(subject: Subject, finding: Finding, moves: Attack = finding.attack.moves) {
  const { workload, network, guarantee: id, seed: savedSeed } = finding.attack;
  const trace = simulate(planOf(subject, { workload, network, attack: moves, seed: savedSeed }));
  const guarantee = guarantees.find((g) => g.id === id);
  if (guarantee === undefined) throw new Error(id);
  const { violation } = judge(guarantee, trace, new Baselines(subject, seed));
  return { trace, violation };
}

describe("object-security", () => {
  const subject = subjectOf("object-security");
  let report: ProtocolReport | undefined;
  const assessed = (): ProtocolReport => {
    report ??= assess(subject, { seed });
    return report;
  };
  const verdict = (id: string) => assessed().verdicts.find((v) => v.guarantee === id);

  const expected: Record<string, RegExp> = {
    confidentiality: /^(holds|broken, on-path)/,
    integrity: /^broken.*layer broken/,
    replay: /^broken/,
    "replay-across-sessions": /^holds/,
    ordering: /^broken/,
    "forward-secrecy": /^holds/,
    delivery: /^broken, none/,
    robustness: /^broken/,
    "bounded-state": /^broken/,
    "nonce-uniqueness": /^holds/,
    "message-budget": /^broken/,
    "length-hiding": /^broken/,
    "safe-parsing": /^broken/,
    downgrade: /^not-applicable/,
    "honest-acknowledgement": /^not-applicable/,
    "non-repudiation": /^not-applicable/,
  };
  test.each(Object.entries(expected))("%s: %s", (id, pattern) => {
    expect(short(verdict(id))).toMatch(pattern);
  });

  test("one lost packet is enough for delivery", () => {
    const moves = verdict("delivery")?.finding?.attack.moves;
    expect(moves?.map((m) => m.move)).toEqual(["drop"]);
  });

  test("what holds says what was tried, and was not vacuous", () => {
    for (const v of assessed().verdicts.filter((o) => o.verdict === "holds")) {
      expect(v.runs, v.guarantee).toBeGreaterThan(0);
      expect(v.strategies, v.guarantee).toBeGreaterThan(0);
      expect(v.atStake, v.guarantee).toBeGreaterThan(0);
    }
    expect(verdict("confidentiality")?.claimed).toBe(true);
    expect(verdict("delivery")?.claimed).toBe(false);
  });

  test("findings replay to the same digest, violate, and are minimal", () => {
    const findings = findingsOf(assessed());
    expect(findings.length).toBeGreaterThan(8);
    for (const [v, finding] of findings) {
      const { moves, workload } = finding.attack;
      const { trace, violation } = violates(subject, finding);
      expect(trace.digest, v.guarantee).toBe(finding.digest);
      expect(violation?.because).toBe(finding.because);
      expect(finding.steps.length).toBe(moves.length);
      expect(workload).toMatch(/^[a-z-]+$/);
      for (let i = 0; i < moves.length; i++) {
        const fewer = moves.filter((_, k) => k !== i);
        const still = violates(subject, finding, fewer);
        const inLayer = v.layer?.finding === finding;
        const counts =
          still.violation !== undefined && (!inLayer || still.trace.handshakeUntouched);
        expect(counts, `${v.guarantee}: move ${i} of ${finding.steps.join("; ")}`).toBe(false);
      }
    }
  });

  test("findings in the data layer leave the handshake alone", () => {
    for (const v of assessed().verdicts) {
      const finding = v.layer?.finding;
      if (finding !== undefined) {
        expect(violates(subject, finding).trace.handshakeUntouched, v.guarantee).toBe(true);
      }
    }
  });
});

describe("assess", () => {
  const small = tiny({
    client: () => (input) =>
      input.kind === "start"
        ? [{ kind: "ready" }]
        : input.kind === "send"
          ? [{ kind: "transmit", bytes: input.message }]
          : [],
    server: () => (input) => {
      if (input.kind !== "datagram") return [];
      if (input.bytes.length === 0) throw new Error("empty");
      return [deliver(input.bytes, "alice"), transmit(`got ${words(input.bytes)}`)];
    },
    sessions: [
      { start: 0, messages: say("client", "the first message", "the second message") },
      { start: "after-previous", messages: say("client", "the third message") },
    ],
  });
  const subject = subjectFor(small);
  const only = (ids: readonly string[], more: object = {}) =>
    assess(subject, { seed, guarantees: ids, ...more });

  test("twice the same, to the last byte", () => {
    const some = ["integrity", "confidentiality", "indistinguishability", "robustness"];
    const first = JSON.stringify(only(some));
    expect(JSON.stringify(only(some))).toBe(first);
  });

  test("answers for the guarantees asked for, in the order of the catalogue", () => {
    const ids = ["ordering", "confidentiality", "robustness"];
    const { verdicts } = only(ids);
    expect(verdicts.map((v) => v.guarantee)).toEqual(["confidentiality", "ordering", "robustness"]);
    expect(verdicts.map((v) => v.verdict)).toEqual(["broken", "broken", "broken"]);
    expect(verdicts.map((v) => v.capability)).toEqual(["passive", "none", "off-path"]);
  });

  test("only attackers with the capabilities asked for", () => {
    const capabilities: readonly Capability[] = ["on-path"];
    const report = only(["confidentiality", "integrity"], { capabilities });
    for (const [, finding] of findingsOf(report)) {
      expect(["passive", "on-path", "off-path", "none"]).toContain(finding.capability);
    }
    expect(report.verdicts[1]?.heldAgainst).not.toContain("off-path");
  });

  test("a budget that ends early makes holds an unknown, and broken stays broken", () => {
    const { verdicts, runs } = only(["confidentiality", "nonce-uniqueness", "origin"], {
      budgetRuns: 3,
    });
    expect(runs).toBe(3);
    expect(verdicts.map((v) => v.verdict)).toEqual(["broken", "unknown", "not-applicable"]);
    expect(verdicts[1]?.because).toMatch(/budget/);
  });

  test("being stopped is told", () => {
    const report = assess(subject, { seed, guarantees: ["origin"] }, { stop: () => true });
    expect(report.runs).toBe(0);
    expect(report.verdicts[0]).toMatchObject({ verdict: "unknown", because: "stopped" });
  });

  test("nothing at stake is unknown, never holds", () => {
    const silent = subjectFor(tiny({ client: () => () => [], server: () => () => [] }));
    const { verdicts } = assess(silent, { seed });
    for (const v of verdicts) {
      if (v.verdict === "holds") expect(v.atStake, v.guarantee).toBeGreaterThan(0);
    }
    const integrity = verdicts.find((v) => v.guarantee === "integrity");
    expect(integrity?.verdict).toBe("unknown");
    expect(integrity?.because).toBe(
      "nothing was at stake in any run: nobody accepts anything from honest people",
    );
  });

  test("where no attack counts, that is why nothing was at stake", () => {
    const guarantees = ["forward-secrecy"];
    const { verdicts } = assess(subject, { seed, guarantees, capabilities: ["none"] });
    expect(verdicts[0]?.verdict).toBe("unknown");
    expect(verdicts[0]?.because).toMatch(/^nothing was at stake .*: none that counts was tried$/);
  });

  test("bytes that nobody can follow make secrecy unknown, and name the place", () => {
    const scrambling = tiny({
      client: (env) => (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind !== "send") return [];
        const pad = env.crypto.random(input.message.length);
        return [{ kind: "transmit", bytes: input.message.map((b, i) => b ^ (pad[i] ?? 0)) }];
      },
      server: () => () => [],
      sessions: [{ start: 0, messages: say("client", "this is scrambled by hand") }],
    });
    const ids = ["confidentiality", "message-budget"];
    const [secrecy] = assess(subjectFor(scrambling), { seed, guarantees: ids }).verdicts;
    expect(secrecy?.verdict).toBe("unknown");
    expect(secrecy?.because).toMatch(/^untracked: packet 1 from client#0 to server#0/);
  });

  test("progress is told step by step, and every run has a beat", () => {
    const kinds: string[] = [];
    let beats = 0;
    const report = assess(
      subject,
      { seed, guarantees: ["integrity"] },
      { progress: (e) => kinds.push(e.kind), beat: () => beats++ },
    );
    expect(kinds[0]).toBe("protocol");
    expect(kinds.at(-1)).toBe("finished");
    expect(kinds).toContain("step");
    expect(kinds).toContain("cell");
    expect(beats).toBeGreaterThanOrEqual(report.runs);
  });

  test("a protocol may say what makes no sense for it", () => {
    const excused = { ...bare("one message"), notApplicable: { ordering: "there is only one" } };
    const [v] = assess(subjectFor(excused), { seed, guarantees: ["ordering"] }).verdicts;
    expect(short(v)).toBe("not-applicable");
    expect(v?.because).toBe("there is only one");
  });
});

describe("what honest protocols let follow", () => {
  test.each(["object-security", "preshared", "hashed-login"])("%s can be followed", (name) => {
    const { verdicts } = assess(subjectOf(name), {
      seed,
      budgetRuns: 4,
      guarantees: ["confidentiality", "password-protection", "key-secrecy"],
    });
    for (const v of verdicts) expect(v.because).not.toMatch(/untracked/);
  });
});
