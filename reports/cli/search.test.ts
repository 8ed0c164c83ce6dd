/** The longer searches, in process: exhaustive, random, and the comparison of two protocols. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { attackSchema } from "../../attacker/move.ts";
import { guarantees } from "../../harness/guarantees/catalog.ts";
import { oneNote } from "../../harness/runner/fixtures/one-note.ts";
import { fixtures, temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { type FuzzResult, type FuzzSettings, fuzz } from "../../harness/search/fuzz.ts";
import type { Subject } from "../../harness/subject.ts";
import { type Ended, endThreads, run } from "./testing/fake-io.ts";

const folder = temporaryFolder();
afterAll(async () => {
  await endThreads();
  folder.remove();
});
const here = { cwd: folder.path };
const mallory = (...args: readonly string[]): Promise<Ended> => run([...args, "-q"], here);
const one = join(fixtures, "one-note.ts");
const few = ["--guarantee", "integrity,replay"];

interface Json {
  readonly [key: string]: unknown;
}
const json = (text: string): Json => JSON.parse(text);
/** What is composed takes the network into the hands of an attacker on the path. */
const noComposing = ["--capability", "none", "off-path"];
const timeless = ({ out }: Ended): string => out.replace(/"seconds": .*/, "");

describe("explore", () => {
  test("is the same for any number of workers", async () => {
    for (const depth of ["1", "2"]) {
      const args = ["explore", one, "--depth", depth, ...few, "--json", "-q", ...noComposing];
      const own = { ...here, ownThreads: true };
      const [alone, both] = [
        await run([...args, "--workers", "1"], own),
        await run([...args, "--workers", "2"], own),
      ];
      expect(alone).toMatchObject({ code: 1, err: "" });
      expect(timeless(both)).toBe(timeless(alone));
      expect(json(alone.out)).toMatchObject({
        schema: "mallory/explore@1",
        depth: Number(depth),
        complete: true,
        protocols: [
          {
            name: "one-note",
            verdicts: [{ verdict: "broken", exhaustiveDepth: Number(depth) }, {}],
          },
        ],
      });
    }
  });

  test("says how far it went, and saves what it found", async () => {
    const { code, out } = await mallory("explore", one, "--depth", "2", ...few);
    expect(code).toBe(1);
    expect(out).toMatch(/^all attacks of up to 2 moves: [\d,]+ attacks covered/m);
    const attack = join("mallory-out", "attacks", "one-note", "integrity.json");
    expect(out).toContain(`npx mallory replay ${attack} --trust`);
    expect(await mallory("replay", attack, "--trust")).toMatchObject({ code: 0 });
  });

  test("keeps to the first sessions, and what it finds is of those sessions alone", async () => {
    const args = ["--depth", "1", "--sessions", "1", "--guarantee", "integrity,confidentiality"];
    const { code, out } = await mallory("explore", "object-security", ...args);
    expect(code, "that is known of it").toBe(0);
    expect(out).toMatch(/^all attacks of up to 1 move on the first session: /m);
    for (const id of ["integrity", "confidentiality"]) {
      const attack = join("mallory-out", "attacks", "object-security", `${id}.json`);
      const saved = json(readFileSync(join(folder.path, attack), "utf8"));
      expect(saved).toMatchObject({ workload: expect.stringMatching(/^[a-z-]+\/1$/) });
      expect(await mallory("replay", attack, "--trust")).toMatchObject({ code: 0 });
    }
  });

  test("holds back where a budget ended it", async () => {
    const args = ["--depth", "2", "--guarantee", "robustness", "--budget", "20runs"];
    const { code, out } = await mallory("explore", one, ...args, "--json");
    expect(code).toBe(0);
    expect(json(out)).toMatchObject({
      complete: false,
      incomplete: "the budget of 20 runs ended before the search did",
      protocols: [{ verdicts: [{ verdict: "unknown", exhaustiveDepth: null }] }],
    });
  });

  test("Ctrl-C prints what is known, marked incomplete", async () => {
    const name = join(fixtures, "notes.ts#notes");
    const onListening = (press: () => void): void => void setTimeout(press, 2_000);
    const ended = await run(["explore", name, "--depth", "4"], { ...here, onListening });
    expect(ended.code).toBeGreaterThan(0);
    expect(ended.out + ended.err).toContain("stopped by Ctrl-C");
    if (ended.out !== "") expect(ended.out).toContain("NOT all attacks of up to 4 moves");
  });

  test("a protocol that violates the contract is reported once", async () => {
    const ended = await mallory("explore", join(fixtures, "misbehaving.ts#returningText"));
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/^[^\n]*must return an array[^\n]*\n$/);
  });
});

/** Everything that must not depend on how often a search was interrupted. */
const lasting = ({ report, corpus, transitions, effective, firstBroken }: FuzzResult) => ({
  verdicts: report.verdicts.map((v) => `${v.guarantee} ${v.verdict}`),
  runs: report.runs,
  corpus: attackSchema.array().parse(corpus),
  transitions,
  effective,
  firstBroken,
});

interface SearchJson {
  readonly fuzz: Json;
  readonly runs: number;
  readonly protocols: readonly [{ readonly verdicts: readonly Json[] }];
}
const statusOf = ({ guarantee, verdict }: Json): string => `${guarantee} ${verdict}`;

describe("fuzz", () => {
  const subject: Subject = { protocol: oneNote, options: { ink: "black" }, source: "one-note" };
  const settings: FuzzSettings = { seed: "s", fuzzRuns: 1_000 };
  let whole: FuzzResult | undefined;
  const uninterrupted = (): FuzzResult => {
    whole ??= fuzz(subject, settings);
    return whole;
  };

  test.each([1, 399, 401, 805])("goes on after %d runs as if nothing had happened", (stopAt) => {
    let runs = 0;
    const stopped = fuzz(subject, settings, {
      // What is composed beside them is made again as a whole.
      beat: (what) => void (what === "random" && runs++),
      stop: () => runs >= stopAt,
    });
    const { checkpoint } = stopped;
    if (checkpoint === undefined) throw new Error("there is one before the first round");
    expect(checkpoint.round).toBe(Math.floor(stopAt / 400));
    const saved = { ...checkpoint, kept: attackSchema.array().parse(checkpoint.kept) };
    const known = stopped.report.verdicts.flatMap((v) => v.finding?.attack.moves ?? []);
    const resume = JSON.parse(JSON.stringify(saved));
    const resumed = fuzz(subject, { ...settings, resume, known: [known] });
    expect(lasting(resumed)).toEqual(lasting(uninterrupted()));
  });

  test("tries its corpus first", () => {
    const { corpus, firstBroken } = uninterrupted();
    const again = fuzz(subject, { seed: "another", fuzzRuns: 50, corpus });
    expect(again.report.runs).toBe(corpus.length + 50);
    expect(Math.max(...Object.values(again.firstBroken))).toBeLessThanOrEqual(corpus.length);
    expect(Object.keys(again.firstBroken)).toEqual(
      expect.arrayContaining(Object.keys(firstBroken)),
    );
  });

  const state = (name: string): Json =>
    json(readFileSync(join(folder.path, name, "fuzz-state.json"), "utf8"));

  test("an interrupted search on the command line equals one that was not", async () => {
    const args = ["fuzz", one, ...few, "--json"];
    const straight = await mallory(...args, "--runs", "1800", "--corpus", "straight");
    expect(straight).toMatchObject({ code: 1, err: "" });
    const first = await run([...args, "-q", "--runs", "1800", "--corpus", "broken-off"], {
      ...here,
      onListening: (press) => setTimeout(press, 700),
    });
    expect([1, 130]).toContain(first.code);
    const resumed = existsSync(join(folder.path, "broken-off", "fuzz-state.json"));
    const second = await mallory(
      ...args,
      "--corpus",
      "broken-off",
      ...(resumed ? ["--resume"] : []),
    );
    const told = (text: string): unknown => {
      const found = JSON.parse(text) as SearchJson;
      const { corpus: _, resumedAfter: __, ...numbers } = found.fuzz;
      return { numbers, runs: found.runs, verdicts: found.protocols[0].verdicts.map(statusOf) };
    };
    expect(told(second.out)).toEqual(told(straight.out));
    expect(state("broken-off").shards).toEqual(state("straight").shards);
  });

  test("keeps one file for each attack, and leaves others alone", async () => {
    mkdirSync(join(folder.path, "mixed"));
    const put = (name: string, text: string): void =>
      writeFileSync(join(folder.path, "mixed", name), text);
    put(
      "mine.json",
      '[{ "move": "drop", "packet": { "from": "client#0", "to": "server#0", "nth": 1 } }]',
    );
    put("cut.json", '[{ "move": "drop"');
    put("\u001b[2Jother.json", '{ "schema": "mallory/attack@1" }');
    put("notes.txt", "notes");
    const { err, out } = await mallory("fuzz", one, "--runs", "40", "--corpus", "mixed", ...few);
    expect(err.split("\n").slice(0, -1)).toEqual([
      expect.stringMatching(/^mixed.\\x1b\[2Jother\.json:1:1: .*; skipped$/),
      expect.stringMatching(/^mixed.cut\.json:1:\d+: .*cut off.*; skipped$/),
      expect.stringMatching(/^mixed.notes\.txt: is no attack \(\.json\); skipped$/),
    ]);
    expect(out).toMatch(/^go on with {5}npx mallory fuzz .* --corpus mixed --resume --runs \d+ /m);
    const files = readdirSync(join(folder.path, "mixed"));
    expect(files.filter((f) => /^[0-9a-f]{32}\.json$/.test(f)).length).toBeGreaterThan(3);
    expect(files).toEqual(expect.arrayContaining(["mine.json", "cut.json", "fuzz-state.json"]));
  });

  test("does not go on with another search, or with files that were changed", async () => {
    const go = ["--corpus", "mixed", "--resume", ...few];
    const other = await mallory("fuzz", one, ...go, "--seed", "other");
    expect(other).toMatchObject({ code: 2, out: "" });
    expect(other.err).toBe(
      "mixed: the search there is about seed mallory, not other; leave out --resume to begin another\n",
    );
    const [needed] = state("mixed").start as readonly string[];
    writeFileSync(join(folder.path, "mixed", needed ?? ""), "[]");
    expect((await mallory("fuzz", one, ...go)).err).toMatch(
      /^mixed.*\.json: was changed, [^\n]*\n$/,
    );
    writeFileSync(join(folder.path, "mixed", "fuzz-state.json"), '{ "schema": 1 }');
    const broken = await mallory("fuzz", one, ...go);
    expect(broken.code).toBe(2);
    expect(broken.err).toMatch(/^mixed.fuzz-state\.json:1:\d+: [^\n]*\n$/);
  });
});

describe("diff", () => {
  test("without the window the sound protocol is worse", async () => {
    // A packet may arrive twice without an attack.
    const limits = ["--guarantee", "replay,ordering", "--capability", "none"];
    const args = ["diff", "preshared", "preshared?window=off", ...limits];
    const { code, out, err } = await mallory(...args);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(/^replay +holds +→ +BROKEN none +WORSE$/m);
    expect(out).toMatch(/^0 better, 2 worse, 0 the same/m);
    const attack = join("mallory-out", "attacks", "preshared-window-off", "replay.json");
    expect(out).toContain(`  replay  npx mallory replay ${attack}`);
    expect(await mallory("replay", attack)).toMatchObject({ code: 0 });
  });

  test("what no longer crashes is better", async () => {
    const [before, after] = [join(fixtures, "misbehaving.ts#crashing"), one];
    const limits = ["--guarantee", "robustness", "--capability", "off-path", "--json"];
    const { code, out } = await mallory("diff", before, after, ...limits);
    expect(code).toBe(0);
    expect(json(out)).toMatchObject({
      schema: "mallory/diff@1",
      before: { label: before, name: "notes", options: { ink: "black" } },
      after: { label: after },
      guarantees: [
        {
          guarantee: "robustness",
          before: { verdict: "broken" },
          after: { verdict: "holds" },
          change: "better",
          attack: null,
        },
      ],
      better: 1,
      worse: 0,
    });
  });

  test("against itself nothing has changed", async () => {
    const args = ["diff", "object-security", "object-security?seg=8", "--budget", "60runs"];
    const { code, out } = await mallory(...args);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^0 better, 0 worse, ${guarantees.length} the same`, "m"));
  });
});

describe("defences", () => {
  // Ordinary duplicates are enough to show the effect of these three.
  const counted = ["--guarantee", "replay,ordering,nonce-uniqueness", "--capability", "none"];

  test("switches off each defence, and says what breaks", async () => {
    const { code, out } = await mallory("defences", "signed-dh", ...counted);
    expect(code).toBe(0);
    expect(out).toMatch(/^counter=ignored/m);
    expect(out).toMatch(/✓ replay breaks \(none\): delivers the 3rd packet .* twice/);
    expect(out).toMatch(/^3 defences, each as declared/m);
  });

  test("as a table, and as JSON", async () => {
    const table = await mallory("defences", "signed-dh", ...counted, "--markdown");
    expect(table.out).toMatch(/^\| `keys=one` \| .* \| nonce-uniqueness \| none \| none: /m);
    const { out } = await mallory("defences", "signed-dh", ...counted, "--json");
    expect(json(out)).toMatchObject({
      schema: "mallory/defences@1",
      defences: [
        { option: "identities", broken: [], asDeclared: true },
        { option: "keys", broken: [{ guarantee: "nonce-uniqueness" }] },
        { option: "counter", broken: [{ guarantee: "replay" }, { guarantee: "ordering" }] },
      ],
    });
  });

  test("a protocol that declares no defences is reported in one line", async () => {
    const { code, err } = await mallory("defences", one);
    expect(code).toBe(2);
    expect(err).toMatch(/^\S*one-note.*: no option says what it weakens; see "weakens"/);
  });
});

describe("grade-messages", () => {
  test("tells each message's grades, and saves what caps them", async () => {
    const args = ["grade-messages", "noise?pattern=NN", "--sessions", "1"];
    const { code, out, err } = await mallory(...args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^1 {2}alice → bob {2}0 +0 +handshake {2}“alice asks for the ferry times”$/m,
    );
    expect(out).toMatch(/^3 {2}alice → bob {2}0 +1 +“alice takes the one at nine”$/m);
    expect(out).toMatch(/^destination 1 {2}an attacker in the receiver's place reads it$/m);
    const [, saved = ""] = /^destination 1, [\s\S]*?npx mallory replay (\S+)$/m.exec(out) ?? [];
    const again = await mallory("replay", saved);
    expect(again.code).toBe(0);
    expect(again.out).toContain("the attacker can read “bob has ferries at eight and nine”");
    const moves = json(readFileSync(join(folder.path, saved), "utf8"));
    writeFileSync(join(folder.path, "harmless.json"), JSON.stringify({ ...moves, moves: [] }));
    expect((await mallory("replay", "harmless.json")).code).toBe(1);
    const document = json((await mallory(...args, "--json")).out);
    expect(document).toMatchObject({
      schema: "mallory/grades@1",
      protocol: "noise?pattern=NN",
      messages: [
        { from: "alice", to: "bob", nth: 1, source: { grade: 0 }, destination: { grade: 0 } },
        { from: "bob", to: "alice", nth: 1, source: { grade: 0 }, destination: { grade: 1 } },
        {},
        {},
        { destination: { grade: 1, attack: { moves: [{ move: "puppet" }] } } },
      ],
    });
    const table = (await mallory(...args, "--markdown")).out;
    expect(table).toContain("| 2 | bob → alice | 0 | 1 | handshake |");
  });

  test("is a section of reports, unless it is left out or only some guarantees are asked for", async () => {
    const args = ["report", "mac-evidence", "--budget", "10runs", "--format", "md,json", "--out"];
    await mallory(...args, "whole");
    const written = (name: string) => readFileSync(join(folder.path, name), "utf8");
    expect(written("whole/report.md")).toContain("### How well each message is protected");
    expect(json(written("whole/report.json"))).toMatchObject({
      protocols: [{ grades: { messages: [{ from: "alice", to: "bob" }, {}] } }],
    });
    await mallory(...args, "less", "--no-grades");
    await mallory(...args, "few", ...few);
    for (const name of ["less", "few"]) {
      expect(written(`${name}/report.md`)).not.toContain("How well each message");
      expect(written(`${name}/report.json`)).not.toContain('"grades"');
    }
  });

  test("says what it does not know where it is cut short, or nothing is said", async () => {
    const args = ["--sessions", "1", "--budget", "2runs", "--json"];
    const cut = json((await mallory("grade-messages", "signed-dh", ...args)).out);
    expect(cut).toMatchObject({
      incomplete: "the budget ended before the grading did",
      messages: [
        { source: { grade: null, because: expect.stringContaining("the budget") } },
        {},
        {},
        {},
      ],
    });
    const misspelt = await mallory("grade-messages", "signed-dhh");
    expect(misspelt).toMatchObject({ code: 2, err: expect.stringContaining('"signed-dh"?') });
  });
});
