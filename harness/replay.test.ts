import { describe, expect, test } from "vitest";
import { guarantees } from "./guarantees/catalog.ts";
import { bundledSubject } from "./input/bundled-protocols.ts";
import { parseProtocolName } from "./input/protocol-reference.ts";
import { UserError } from "./input/user-error.ts";
import { parseReplayFile, type ReplayFile, type ReplayResult, runAgain } from "./replay.ts";
import { calmNetwork, lossyNetwork } from "./run/network/conditions.ts";
import { Baselines, judge, simulatePlainly } from "./search/judge-run.ts";
import { planOf } from "./subject.ts";
import { traceFile } from "./trace/trace-lines.ts";
import type { SavedAttack } from "./verdict.ts";

const subject = bundledSubject(parseProtocolName("object-security"));
/** The password once more, in the place of the message. */
const moves: SavedAttack["moves"] = [5, 6].map((nth) => ({
  move: "replay",
  packet: { from: "client#0", to: "server#0", nth },
  to: "server#0",
  when: { after: { from: "server#0", to: "client#0", nth: 3 } },
}));
const trace = simulatePlainly(planOf(subject, { attack: moves }));
const saved: SavedAttack = {
  schema: "mallory/attack@1",
  protocol: "object-security",
  options: subject.options,
  workload: trace.plan.workloadName,
  seed: trace.plan.seed,
  network: trace.plan.network,
  moves,
  guarantee: "replay",
  digest: trace.digest,
};
const attackText = JSON.stringify(saved, null, 2);
const traceText = traceFile(trace);

const again = (file: string, text: string): ReplayResult => {
  const replay: ReplayFile = parseReplayFile(file, text);
  return runAgain(file, replay, bundledSubject(replay.run.name));
};

function complaint(file: string, text: string): string {
  try {
    again(file, text);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an attack", () => {
  test("gives the same run and the same verdict", () => {
    const result = again("a.json", attackText);
    expect(result).toMatchObject({ same: true, digest: saved.digest, ineffective: [] });
    const guarantee = guarantees.find((g) => g.id === "replay");
    const expected = guarantee && judge(guarantee, trace, new Baselines(subject, saved.seed));
    expect(result.judged).toEqual([{ guarantee: "replay", because: expected?.violation?.because }]);
    expect(result.steps).toHaveLength(2);
    expect(result.trace).toBe(traceText);
  });

  test("tells what the network did at random", () => {
    const onNetwork = (network: SavedAttack["network"]) =>
      again("a.json", JSON.stringify({ ...saved, network, moves: [] })).network;
    expect(onNetwork(calmNetwork)).toBeUndefined();
    expect(onNetwork(lossyNetwork)).toMatch(/^the network lost, .* at random$/);
  });

  test("that was edited gives another run", () => {
    const result = again("a.json", attackText.replace('"nth": 6', '"nth": 4'));
    expect(result.same).toBe(false);
    expect(result.recordedDigest).toBe(saved.digest);
  });

  test("names moves that do nothing", () => {
    const text = attackText.replaceAll('"client#0"', '"client#9"');
    expect(again("a.json", text).ineffective.map((m) => m.index)).toEqual([0, 1]);
  });

  test.each<[string, string, string]>([
    ["cut off", attackText.slice(0, 200), "the file is cut off"],
    [
      "of another program",
      "{}",
      'a.json:1:1: this is neither an attack nor a trace of Mallory: "schema"',
    ],
    ["a matrix", '{"schema": "mallory/matrix@1"}', "name one of the attack files in it"],
    ["of the future", attackText.replace("attack@1", "attack@2"), 'a.json:2:3: "schema" must be'],
    ["with an unknown guarantee", attackText.replace('"replay",\n', '"reply",\n'), "did you mean"],
    [
      "with an unknown move",
      attackText.replace('"replay"', '"reply"'),
      '"reply"; did you mean "replay"?',
    ],
    ["with a wrong number", attackText.replace('"nth": 5', '"nth": 0'), "nth must be at least 1"],
    ["with a wrong digest", attackText.replace(saved.digest, "beef"), "must be a SHA-256 digest"],
    ["without a seed", attackText.replace(/"seed.*\n/, ""), "seed is missing"],
    [
      "with an unknown workload",
      attackText.replace(saved.workload, "mornings"),
      'no workload "mornings"',
    ],
    [
      "with options in the name",
      attackText.replace('"object-security"', '"object-security?a=b"'),
      "must be without options",
    ],
  ])("%s is refused", (_, text, says) => {
    const told = complaint("a.json", text);
    expect(told).toContain(says);
    expect(told).toMatch(/^a\.json:/);
    expect(told).not.toContain("\n");
  });
});

describe("a trace", () => {
  const lines = traceText.trimEnd().split("\n");
  const withLine = (index: number, line: string): string =>
    `${lines.with(index, line).join("\n")}\n`;

  test("gives the same run, with whatever line ends", () => {
    expect(again("t.jsonl", traceText).same).toBe(true);
    expect(again("t.txt", traceText.replaceAll("\n", "\r\n")).same).toBe(true);
    expect(again("t.jsonl", traceText).judged.map((j) => j.guarantee)).toContain("replay");
  });

  test("that was edited says where", () => {
    const edited = lines[20]?.replace(/"hex":"../, '"hex":"ff') ?? "";
    expect(edited).not.toBe(lines[20]);
    expect(again("t.jsonl", withLine(20, edited))).toMatchObject({
      same: false,
      difference: { line: 21, recorded: edited, found: lines[20], edited: true },
    });
  });

  test("whose digest was edited says so", () => {
    const last = lines.length - 1;
    const text = withLine(last, (lines[last] ?? "").replace(trace.digest, "0".repeat(64)));
    expect(again("t.jsonl", text)).toMatchObject({
      same: false,
      difference: { line: lines.length, edited: true },
    });
  });

  test.each<[string, string, string]>([
    [
      "cut off between lines",
      `${lines.slice(0, 9).join("\n")}\n`,
      "t.jsonl:9:1: the trace is cut off",
    ],
    ["cut off in a line", traceText.slice(0, 3_000), "the trace is cut off"],
    ["of one line", `${lines[0] ?? ""}\n`, "t.jsonl:1:1: the trace is cut off"],
    ["empty", "", "t.jsonl:1:1: the file is empty"],
    [
      "with a foreign line",
      withLine(4, '{"foo": 1}'),
      "t.jsonl:5:1: neither a packet nor an event",
    ],
    ["with a broken line", withLine(4, '{"kind": nought}'), "t.jsonl:5:10: this is not JSON"],
    ["of the future", traceText.replace("trace@1", "trace@2"), 'schema must be "mallory/trace@1"'],
  ])("%s is refused", (_, text, says) => {
    expect(complaint("t.jsonl", text)).toContain(says);
  });
});
