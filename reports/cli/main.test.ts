import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fixtures, temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { type Conditions, type Ended, endThreads, fakeTerminal, run } from "./testing/fake-io.ts";

const folder = temporaryFolder();
afterAll(async () => {
  await endThreads();
  folder.remove();
});
const here: Conditions = { cwd: folder.path };

const mallory = (...args: readonly string[]): Promise<Ended> => run(args, here);
const fixture = (name: string): string => join(fixtures, name);
/** Enough to see what the command line makes of it. */
const quick = ["--guarantee", "integrity", "--budget", "400runs", "-q"];

/** Commands that fail with a one-line error. */
function oneLine(ended: Ended, code: number): string {
  expect(ended).toMatchObject({ code, out: "" });
  expect(ended.err).toMatch(/^[^\n]+\n$/);
  return ended.err;
}

interface Json {
  readonly [key: string]: unknown;
}

describe("misuse ends with 2 and one line", () => {
  test.each<[readonly string[], string]>([
    [["matrx"], 'there is no command "matrx"; did you mean "matrix"?'],
    [["matrix", "objct-security"], 'did you mean "object-security"?'],
    [["matrix", "object-security?sge=8"], 'did you mean "seg"?'],
    [["matrix", "--guarantee", "integrty"], 'did you mean "integrity"?'],
    [["matrix", "--guarantee", "integrity", "./x.ts"], "write protocols first"],
    [["matrix", "--capability", "of-path"], 'did you mean "off-path"?'],
    [["matrix", "--budget", "5000"], "5000runs or 30s"],
    [["matrix", "--budget", "0runs"], "5000runs or 30s"],
    [["matrix", "--workers", "many"], "a number from 1 to"],
    [["matrix", "--sed", "x"], "Did you mean --seed?"],
    [["matrix", "--seed"], "argument missing"],
    [["matrix", "./none.ts"], "./none.ts: does not exist"],
    [["matrix", "\u001b[2J"], "\\x1b[2J"],
    [["replay"], "missing required argument"],
    [["replay", "none.json"], "none.json: does not exist"],
    [["replay", "/"], "/: is a folder"],
    [["replay", "/dev/zero"], "/dev/zero: is no regular file"],
    [["matrix", "preshared", "--out", "/dev/null/x"], "x: can be no folder (ENOTDIR); choose"],
    [["run", "object-security-bitflip"], 'did you mean "object-security-bit-flip"?'],
    [["run", "./x.ts"], "npx mallory matrix ./x.ts"],
    [["list", "protocolls"], 'did you mean "protocols"?'],
    [["report", "--format", "pfd"], "there are html, markdown, json, text, junit, sarif"],
    [["dash"], "dash needs a terminal"],
    [["explore"], "missing required argument"],
    [["explore", "presharedd"], 'did you mean "preshared"?'],
    [["explore", "preshared", "--depth", "two"], "a number of moves from 1 to 9"],
    [["fuzz", "preshared", "--runs", "0"], "write a number of runs, such as 5000"],
    [["fuzz", "preshared", "--budget", "9runs"], "write --runs 9"],
    [["fuzz", "preshared", "--resume"], "add --corpus <folder>"],
    [["fuzz", "preshared", "--resume", "--corpus", "none"], "holds no search to go on with"],
    [["diff", "preshared"], "missing required argument"],
    [["diff", "preshared", "./none.ts"], "./none.ts: does not exist"],
    [["new", "protocoll", "x"], 'did you mean "protocol"?'],
    [["new", "protocol", "MyNotes"], "such as my-notes"],
  ])("%j", async (args, says) => {
    const told = oneLine(await mallory(...args), 2);
    expect(told).toContain(says);
    expect(told).not.toContain("\u001b");
  });

  test("an --out that is a file", async () => {
    writeFileSync(join(folder.path, "taken"), "");
    const told = oneLine(await mallory("matrix", "object-security", "--out", "taken"), 2);
    expect(told).toBe("taken: is a file; --out needs a folder\n");
  });
});

describe("help and lists", () => {
  test("help names every command and exit code", async () => {
    const { code, out } = await mallory("--help");
    expect(code).toBe(0);
    const searches = ["matrix", "explore", "fuzz", "diff", "defences", "grade-messages"];
    const words = [...searches, "replay", "run", "list", "new", "report"];
    for (const word of [...words, "dash", "pcap"])
      expect(out).toMatch(new RegExp(`^  ${word} `, "m"));
    expect(out).toContain("Exit codes:");
  });

  test("lists, for people and programs", async () => {
    const text = await mallory("list");
    expect(text.code).toBe(0);
    expect(text.out).toContain("object-security-bit-flip");
    const json: Json = JSON.parse((await mallory("list", "guarantees", "--json")).out);
    expect(json).toMatchObject({ schema: "mallory/list@1" });
    expect(json.guarantees).toContainEqual(expect.objectContaining({ id: "integrity" }));
  });
});

describe("matrix", () => {
  test("a broken claim of a user's own protocol ends with 1, and replays", async () => {
    const ended = await mallory("matrix", fixture("notes.ts#notes"), ...quick);
    expect(ended).toMatchObject({ code: 1, err: "" });
    expect(ended.out).toContain("BROKEN");
    const path = join("mallory-out", "attacks", "notes", "integrity.json");
    expect(ended.out).toContain(`npx mallory replay ${path} --trust\n`);

    const refused = oneLine(await mallory("replay", path), 2);
    expect(refused).toMatch(/^\S+: names code of its own, \S+notes\.ts, .* add --trust\n$/);
    const again = await mallory("replay", path, "--trust", "--trace", "run.jsonl");
    expect(again).toMatchObject({ code: 0, err: "" });
    expect(again.out).toContain("same as recorded");
    expect(await mallory("replay", "run.jsonl", "--trust")).toMatchObject({ code: 0 });

    const trace = readFileSync(join(folder.path, "run.jsonl"), "utf8");
    writeFileSync(join(folder.path, "edited.jsonl"), trace.replace('"t":20', '"t":21'));
    const edited = await mallory("replay", "edited.jsonl", "--trust");
    expect(edited.code).toBe(1);
    expect(edited.out).toMatch(/first difference in line \d+; the file was changed/);

    writeFileSync(join(folder.path, "cut.jsonl"), trace.slice(0, trace.length / 2));
    expect(oneLine(await mallory("replay", "cut.jsonl"), 2)).toContain("the trace is cut off");
  });

  test("a guarantee that is not claimed may be broken", async () => {
    const ended = await mallory("matrix", fixture("notes.ts#modestNotes"), ...quick);
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out).toContain("broken off-path");
  });

  test("one JSON document, as the contract has it", async () => {
    const name = fixture("notes.ts#notes?ink=blue");
    const { code, out, err } = await mallory("matrix", name, ...quick, "--json", "--out", "else");
    expect({ code, err }).toEqual({ code: 1, err: "" });
    const report: Json = JSON.parse(out);
    const file = join("else", "attacks", "notes-ink-blue", "integrity.json");
    expect(report).toMatchObject({
      schema: "mallory/matrix@1",
      seed: "mallory",
      version: expect.stringMatching(/^\d/),
      runs: expect.any(Number),
      seconds: expect.any(Number),
      protocols: [
        {
          name: "notes",
          options: { ink: "blue" },
          source: fixture("notes.ts#notes"),
          verdicts: [
            {
              guarantee: "integrity",
              verdict: "broken",
              claimed: true,
              capability: "off-path",
              compute: null,
              because: expect.any(String),
              attack: { moves: expect.any(Array), file },
              digest: expect.stringMatching(/^[0-9a-f]{64}$/),
              runs: expect.any(Number),
              strategies: expect.any(Number),
              atStake: expect.any(Number),
            },
          ],
          honest: { delivered: 4, submitted: 4, datagrams: 4, largestDatagram: expect.any(Number) },
        },
      ],
    });
    expect(JSON.parse(readFileSync(join(folder.path, file), "utf8"))).toMatchObject({
      schema: "mallory/attack@1",
      guarantee: "integrity",
    });
  });

  test("the same seed gives the same report", async () => {
    const args = ["matrix", "object-security", ...quick.with(3, "60runs"), "--json"];
    const [a, b] = await Promise.all([mallory(...args), mallory(...args)]);
    const timeless = (text: string): string => text.replace(/"seconds": .*/, "");
    expect(timeless(a.out)).toBe(timeless(b.out));
    expect(JSON.parse(a.out)).toMatchObject({
      incomplete: "the budget of 60 runs ended before the catalogue did",
    });
  });

  test("a protocol that throws has crashed, which is a fault and a finding", async () => {
    const name = fixture("misbehaving.ts#crashing");
    const args = ["--guarantee", "robustness", "--budget", "300runs", "-q", "--json"];
    const { code, out } = await mallory("matrix", name, ...args);
    expect(code).toBe(1);
    const crash = expect.stringMatching(/misbehaving\.ts:\d+:\d+: server#0 crashes .*cannot read/);
    expect(JSON.parse(out)).toMatchObject({
      protocols: [{ faults: [crash], verdicts: [{ verdict: "broken" }] }],
    });
  });

  test("an endless loop in virtual time is a verdict", async () => {
    const name = fixture("misbehaving.ts#ringing");
    const args = ["--guarantee", "delivery", "--budget", "3runs", "-q"];
    const { code, out, err } = await mallory("matrix", name, ...args);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toMatch(/^! .*does not come\s+to rest in the undisturbed run/);
    expect(out).toMatch(/steps\s+without\s+time\s+passing/);
  });

  test.each([
    ["returningText", 'server.handle({ kind: "datagram" }) must return an array'],
    ["returningBadClaim", 'a claim "secret" whose value is not a Uint8Array'],
    ["throwingInDeploy", "deploy() throws: TypeError: no keys today"],
    ["badWorkload", 'sessions[0] has a message from "nobody"'],
  ])("%s is told to its author", async (name, says) => {
    const told = oneLine(await mallory("matrix", fixture(`misbehaving.ts#${name}`), ...quick), 2);
    expect(told).toContain("misbehaving.ts");
    expect(told).toContain(says);
  });

  test("an endless loop in real time ends that protocol, and no other", async () => {
    const names = [fixture("misbehaving.ts#stuck"), fixture("notes.ts#modestNotes")];
    const ended = await run(["matrix", ...names, ...quick], {
      ...here,
      env: { MALLORY_STUCK_MS: "2000" },
    });
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(
      /^.*misbehaving\.ts:1[23]:\d+: handle\(\) of server does not return: stuck for 2 s of computing .*\n$/,
    );
    expect(ended.out).toContain("broken off-path");
    expect(ended.out).toContain("Incomplete");
  });

  test("output of a protocol is marked, and escaped", async () => {
    const name = fixture("misbehaving.ts#talkative");
    const args = ["--guarantee", "integrity", "--budget", "9runs", "--json"];
    const { out, err } = await mallory("matrix", name, ...args);
    expect(() => JSON.parse(out)).not.toThrow();
    expect(err).toContain("talkative prints: a line of its own \\x1b[2J");
  });

  test("Ctrl-C prints what is known so far", async () => {
    const names = ["object-security", "preshared", "object-security?loop=true"];
    let press = (): void => {};
    const ended = await run(["matrix", ...names, "--guarantee", "integrity", "replay"], {
      ...here,
      onListening: (given) => {
        press = given;
      },
      // As soon as something is known: what comes after how long depends on the machine.
      onDraw: (text) => {
        if (/ [1-9]\d* runs? /.test(text)) press();
      },
    });
    expect(ended.code).toBe(130);
    // Which of the others had begun depends on the machine; the third has no thread.
    expect(ended.out).toMatch(/stopped by Ctrl-C; not tried: .*object-security\?loop=true/);
  });
});

describe("without a command", () => {
  test("the plain table, where there is no terminal to draw on", async () => {
    const ended = await mallory("--budget", "2runs", "--guarantee", "integrity", "-q");
    expect(ended).toMatchObject({ code: 0, err: "" });
    expect(ended.out).toContain("object-security");
    expect(ended.out).toContain("preshared");
  });
});

describe("dash", () => {
  test("draws, keeps attacks, and leaves at once when asked", async () => {
    const terminal = fakeTerminal();
    const attack = join(folder.path, "dash-out", "attacks", "notes", "integrity.json");
    const pressing = setInterval(() => {
      if (existsSync(attack)) terminal.input.write("q");
    }, 50);
    const name = fixture("notes.ts#notes");
    const ended = await run(["dash", name, ...quick, "--out", "dash-out"], { ...here, terminal });
    clearInterval(pressing);
    expect(ended).toEqual({ code: 0, out: "", err: expect.stringContaining("saved in dash-out") });
    expect(terminal.screen()).toContain("BROKEN");
  });
});

describe("our own errors", () => {
  test("are one line with the seed and the command, and end with 3", async () => {
    const ended = await run(["list", "protocols", "--seed", "s"], {
      ...here,
      onPrint: () => {
        throw new Error("printer on fire\nstack");
      },
    });
    expect(ended.code).toBe(3);
    expect(ended.err).toMatch(
      /^internal error: printer on fire \(seed s\); please .*list protocols --seed s.*\n$/,
    );
  });
});

describe("report", () => {
  test("writes documents and names them", async () => {
    const name = fixture("notes.ts#modestNotes");
    const args = ["--out", "coursework", "--format", "html,md"];
    const { code, out } = await mallory("report", name, ...quick, ...args);
    expect({ code, out }).toEqual({
      code: 0,
      out: `${join("coursework", "report.html")}\n${join("coursework", "report.md")}\n`,
    });
    expect(existsSync(join(folder.path, "coursework", "report.html"))).toBe(true);
  });
});

describe("run", () => {
  test("bundled scenarios with an attack", async () => {
    const names = ["object-security-bit-flip", "object-security-slot-replay"];
    const { code, out } = await mallory("run", ...names);
    expect(code).toBe(0);
    expect(out).toContain("2 of 2 scenarios as expected");
  });

  test("a user's scenario that deviates", async () => {
    const text =
      "name: mine\ntitle: Mine\nattack: []\nexpect: { integrity: broken }\n" +
      `protocol: ${fixture("notes.ts#notes")}\ndelivers: [never sent]\n`;
    writeFileSync(join(folder.path, "mine.yaml"), text);
    const refused = oneLine(await mallory("run", "./mine.yaml"), 2);
    expect(refused).toMatch(/^\S+mine\.yaml:5:1\d: names code from elsewhere, .* add --trust\n$/);
    const ended = await mallory("run", "./mine.yaml", "--trust");
    expect(ended).toMatchObject({ code: 1, err: "" });
    expect(ended.out).toMatch(/✗ integrity +broken +holds/);
    expect(ended.out).toContain("✗ never delivers “never sent”");
    const json: Json = JSON.parse((await mallory("run", "./mine.yaml", "--trust", "--json")).out);
    expect(json).toMatchObject({ schema: "mallory/run@1", scenarios: [{ asExpected: false }] });
  });

  test("a scenario that is wrong", async () => {
    writeFileSync(join(folder.path, "wrong.yaml"), "name: wrong\ntitel: x\n");
    const told = oneLine(await mallory("run", "wrong.yaml"), 2);
    expect(told).toContain('wrong.yaml:2:1: unknown key "titel"; did you mean "title"?');
    const lost = "name: lost\ntitle: L\nprotocol: ./none.ts\nexpect: { integrity: holds }\n";
    writeFileSync(join(folder.path, "lost.yaml"), lost);
    const ended = await mallory("run", "lost.yaml");
    expect(ended.code).toBe(2);
    expect(ended.err).toContain("lost.yaml: ./none.ts: does not exist");
  });
});
