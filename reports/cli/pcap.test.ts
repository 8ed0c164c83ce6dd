/** Captures by the command line: out, in again, and as material. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixtures, temporaryFolder } from "../../harness/runner/testing/folders.ts";
import { type Ended, endThreads, run } from "./testing/fake-io.ts";

const folder = temporaryFolder();
const here = { cwd: folder.path };
const mallory = (...args: readonly string[]): Promise<Ended> => run(args, here);
const pcap = (...args: readonly string[]): Promise<Ended> => mallory("pcap", ...args);
const one = join(fixtures, "one-note.ts");
const attack = join("mallory-out", "attacks", "one-note", "integrity.json");

beforeAll(async () => {
  await mallory("explore", one, "--depth", "1", "--guarantee", "integrity", "-q");
});
afterAll(async () => {
  await endThreads();
  folder.remove();
});

interface Payload {
  readonly verdict: string;
  readonly says: string;
  readonly to: string;
}
interface Json {
  readonly [key: string]: unknown;
  readonly conversations: readonly { readonly payloads: readonly Payload[] }[];
}
const json = ({ out }: Ended): Json => JSON.parse(out);
const payloadsIn = (ended: Ended): readonly Payload[] =>
  json(ended).conversations.flatMap((c) => c.payloads);
const inFolder = (name: string): string => join(folder.path, name);

function oneLine(ended: Ended): string {
  expect(ended).toMatchObject({ code: 2, out: "" });
  expect(ended.err).toMatch(/^[^\n]+\n$/);
  return ended.err;
}

describe("misuse ends with 2 and one line", () => {
  test.each<[readonly string[], string]>([
    [["export", "preshared"], "say where to write it: -o"],
    [["export", "presharde", "-o", "x.pcapng"], 'did you mean "preshared"'],
    [["export", "preshared", "-o", "x.lua"], "ends in .pcapng or .pcap"],
    [["export", "preshared", "-o", "x.pcap", "--format", "pcapg"], 'did you mean "pcapng"?'],
    [["export", "none.json", "-o", "x.pcapng"], "none.json: does not exist"],
    [["import", "none.pcap"], "none.pcap: does not exist"],
    [["import", "."], ".: is a folder"],
    [["import", "x.pcap", "--moves"], "--moves needs --as"],
    [["import", "x.pcap", "--as", "preshared", "--replay"], "choose one"],
    [["import", "x.pcap", "--trust"], "--trust goes with --replay"],
    [["imprt"], "unknown command"],
  ])("pcap %j", async (args, words) => {
    expect(oneLine(await pcap(...args))).toContain(words);
  });
});

describe("an attack, exported", () => {
  test("is replayed from the capture with the same digest, if its code is trusted", async () => {
    const saved = JSON.parse(readFileSync(inFolder(attack), "utf8"));
    expect(oneLine(await pcap("export", attack, "-o", "x.pcapng"))).toMatch(/add --trust\n$/);
    const exported = await pcap("export", attack, "-o", "x.pcapng", "--trust", "--json");
    expect(exported).toMatchObject({ code: 0, err: "" });
    expect(json(exported)).toMatchObject({ lua: "x.lua", digest: saved.digest, same: true });
    expect(oneLine(await pcap("import", "x.pcapng", "--replay"))).toMatch(
      /^x\.pcapng: names code of its own, \S+one-note\.ts, .* add --trust\n$/,
    );
    const again = await pcap("import", "x.pcapng", "--replay", "--trust", "--json");
    expect(again.code).toBe(0);
    expect(json(again)).toMatchObject({ digest: saved.digest, recorded: saved.digest, same: true });
    expect(json(again)).toMatchObject({
      verdicts: [{ guarantee: "integrity", verdict: "broken" }],
    });
  });

  test("and a scenario, and an undisturbed run", async () => {
    for (const what of ["object-security-bit-flip", "preshared?window=off"]) {
      const { digest } = json(await pcap("export", what, "-o", "y.pcapng", "--json"));
      const again = await pcap("import", "y.pcapng", "--replay", "--json");
      expect(again.code).toBe(0);
      expect(json(again)).toMatchObject({ digest, same: true });
    }
  });

  test("that is not what it was says so", async () => {
    const saved = JSON.parse(readFileSync(inFolder(attack), "utf8"));
    writeFileSync(inFolder("old.json"), JSON.stringify({ ...saved, digest: "0".repeat(64) }));
    const ended = await pcap("export", "old.json", "-o", "old.pcapng", "--trust");
    expect(ended.code).toBe(1);
    expect(ended.err).toContain("old.json: the run is not the one that was saved");
  });

  test("classic files have no room for it", async () => {
    await pcap("export", "preshared", "-o", "z.pcap");
    const says = oneLine(await pcap("import", "z.pcap", "--replay"));
    expect(says).toContain(
      "z.pcap: holds no run of Mallory that could be replayed; pcap has no room",
    );
  });

  test("what somebody else wrote into one is checked like a file", async () => {
    const file = readFileSync(inFolder("y.pcapng"));
    const at = file.indexOf('"seed":"mallory"');
    expect(at).toBeGreaterThan(0);
    const changed = Buffer.concat([
      file.subarray(0, at),
      Buffer.from('"sEed":'),
      file.subarray(at + 7),
    ]);
    writeFileSync(inFolder("forged.pcapng"), changed);
    expect(oneLine(await pcap("import", "forged.pcapng", "--replay"))).toMatch(
      /^forged\.pcapng:1:/,
    );
  });
});

describe("a capture as material", () => {
  test("is listed", async () => {
    await pcap("export", "object-security-bit-flip", "-o", "flip.pcapng");
    const { code, out, err } = await pcap("import", "flip.pcapng");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^flip\.pcapng: pcapng, \d+ packets, \d+ conversations\n/);
    expect(out).toMatch(/^1\. alice:40000 ↔ bob:5004, udp, 11 payloads, \d+ bytes, as-sent$/m);
    expect(out).toMatch(/Attacker: changed at byte 10 \(\w\w was sent, \w\w arrives\)\.$/m);
  });

  test("the endpoints take what was sent to them, and refuse it under other keys", async () => {
    await pcap("export", "preshared", "-o", "own.pcapng");
    const as = ["import", "own.pcapng", "--as", "preshared", "--json"];
    const payloads = payloadsIn(await pcap(...as));
    expect(payloads.length).toBeGreaterThan(5);
    // The last word of a session has no effect that could be seen.
    expect(new Set(payloads.map((p) => p.verdict))).toEqual(new Set(["accepted", "silent"]));
    const said = payloads.filter((p) => /^accepts “.*” from \w+; answers$/.test(p.says));
    expect(new Set(said.map((p) => p.to))).toEqual(
      new Set(["server#0", "client#0", "client#1", "client#2"]),
    );
    const verdicts = payloadsIn(await pcap(...as, "--seed", "x")).map((p) => p.verdict);
    expect(verdicts).toContain("rejected");
    expect(verdicts).not.toContain("accepted");
  });

  test("its packets are moves of a scenario", async () => {
    const { out } = await pcap("import", "own.pcapng", "--as", "preshared", "--moves");
    const head = ["name: from-capture", "title: what was captured", "protocol: preshared"];
    const rest = ["expect: { integrity: holds }", "delivers: []"];
    writeFileSync(inFolder("from-capture.yaml"), [...head, out, ...rest].join("\n"));
    const ended = await mallory("run", "./from-capture.yaml", "-q");
    expect(ended.out).toContain("1 of 1 scenarios as expected");
    expect(ended.code).toBe(0);
  });
});
