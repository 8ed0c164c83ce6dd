/** The same plan gives the same trace: here, in another process, in a thread. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { protocols } from "../protocol/catalog.ts";
import { withoutMemo } from "../protocol/kit/memo.ts";
import { simulate } from "./run/simulate.ts";
import { planOf } from "./subject.ts";
import { digestOfDigests, digests } from "./testing/digests.ts";
import { bare, planFor, run, subjectFor } from "./testing/tiny.ts";
import { bodyLines, traceFile } from "./trace/trace-lines.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const module = fileURLToPath(new URL("./testing/digests.ts", import.meta.url));
/** Many runs where they are cheap, fewer where a key agreement costs milliseconds. */
const runsOf: Readonly<Record<string, number>> = { preshared: 1_000, "object-security": 24 };
const fewRuns = 12;
const plan = protocols.map(({ name }) => [name, runsOf[name] ?? fewRuns] as const);

/** One line per protocol: its name, and a digest over the digests of its runs. */
const script = `import(${JSON.stringify(module)}).then((m) =>
  ${JSON.stringify(plan)}.map(([n, runs]) => n + " " + m.digestOfDigests(n, runs)).join("\\n"))`;

function inProcess(): string {
  const args = ["--import", "tsx", "--input-type=module", "-e", `console.log(await ${script})`];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function inThread(): Promise<string> {
  const code = `
    const { parentPort } = require("node:worker_threads");
    import("tsx/esm/api").then(({ register }) => {
      register();
      return ${script};
    }).then((lines) => parentPort.postMessage(lines));
  `;
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true });
    worker.once("message", (lines: string) => {
      resolve(lines);
      worker.terminate();
    });
    worker.once("error", reject);
  });
}

test("the same traces here, in another process and in a thread", async () => {
  const thread = inThread();
  const here = plan.map(([name, runs]) => `${name} ${digestOfDigests(name, runs)}`);
  expect(inProcess().split("\n")).toEqual(here);
  expect((await thread).split("\n")).toEqual(here);
});

describe.each(plan)("%s", (name, runs) => {
  test("twice the same", () => {
    const some = Math.min(runs, 100);
    expect(digests(name, some)).toEqual(digests(name, some));
  });

  test("different seeds differ", () => {
    const all = digests(name, Math.min(runs, 100));
    expect(new Set(all).size).toBe(all.length);
  });

  test("memo tables change nothing", () => {
    const [one] = digests(name, 1);
    expect(withoutMemo(() => digests(name, 1))[0]).toBe(one);
  });

  test("a lost packet changes no keys", () => {
    const protocol = protocols.find((p) => p.name === name);
    if (protocol === undefined) throw new Error(name);
    const subject = subjectFor(protocol);
    const honest = simulate(planOf(subject));
    const drawnIn = (trace: typeof honest) => {
      const draws = new Map<string, { what: string; value: string }[]>();
      for (const { by, algorithm, output } of trace.crypto.filter((o) => o.op === "random")) {
        draws.set(by, [...(draws.get(by) ?? []), { what: algorithm, value: output }]);
      }
      return draws;
    };
    const usual = drawnIn(honest);
    for (const { from, to, nth } of honest.packets.slice(0, 12)) {
      const attack = [{ move: "drop", packet: { from, to, nth } } as const];
      for (const [by, draws] of drawnIn(simulate(planOf(subject, { attack })))) {
        const before = usual.get(by) ?? [];
        // Once two runs diverge at a draw, that draw has another purpose.
        const fork = draws.findIndex((d, i) => d.what !== before[i]?.what);
        const common = fork < 0 ? draws.length : fork;
        expect(draws.slice(0, common)).toEqual(before.slice(0, common));
      }
    }
  });
});

describe("the digest", () => {
  test("covers exactly the lines before it", () => {
    const trace = run(bare("one", "two"));
    const lines = traceFile(trace).trimEnd().split("\n");
    const last = JSON.parse(lines.pop() ?? "") as { digest: string };
    const body = `${lines.join("\n")}\n`;
    expect(createHash("sha256").update(body).digest("hex")).toBe(last.digest);
    expect(last.digest).toBe(trace.digest);
    expect(lines).toEqual(bodyLines(trace));
  });

  test("does not depend on where the protocol's file lies, nor on how a move was written", () => {
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const plan = planFor(bare("one"), { attack: [{ move: "hold", packet, delayMs: 3 }] });
    const moved = { ...plan, source: "./elsewhere/tiny.ts" };
    expect(simulate(moved).digest).toBe(simulate(plan).digest);
    const reversed = { delayMs: 3, packet: { nth: 1, to: "server#0", from: "client#0" } };
    const attack = [{ ...reversed, move: "hold" } as const];
    expect(simulate({ ...plan, attack }).digest).toBe(simulate(plan).digest);
  });

  test("changes with seed, network, moves and workload", () => {
    const plan = planFor(bare("one", "two"));
    const attack = [
      { move: "drop", packet: { from: "client#0", to: "server#0", nth: 9 } } as const,
    ];
    const all = [
      plan,
      { ...plan, seed: "other" },
      { ...plan, network: { ...plan.network, latencyMs: 11 } },
      { ...plan, attack },
      { ...plan, workloadName: "within-limits" },
    ];
    expect(new Set(all.map((p) => simulate(p).digest)).size).toBe(all.length);
  });

  test("any seed and any loss: twice the same", () => {
    const protocol = bare("one", "two", "three");
    fc.assert(
      fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, loss) => {
        const network = {
          loss,
          duplication: loss,
          reordering: loss,
          jitterMs: 3,
          faultsEndMs: 999,
        };
        expect(run(protocol, { seed, network }).digest).toBe(
          run(protocol, { seed, network }).digest,
        );
      }),
      { numRuns: 50 },
    );
  });
});
