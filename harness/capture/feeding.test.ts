import { describe, expect, test } from "vitest";
import { preshared } from "../../protocol/textbook/preshared/preshared.ts";
import { fillOptions } from "../input/protocol-reference.ts";
import { simulatePlainly } from "../search/judge-run.ts";
import { planOf, type Subject } from "../subject.ts";
import type { CapturedPayload } from "./captured.ts";
import { feed } from "./feeding.ts";
import { portInCapture } from "./ports.ts";

const subject: Subject = {
  protocol: preshared,
  options: fillOptions("preshared", preshared.options, {}),
  source: "preshared",
};
const seed = "a capture";
const run = simulatePlainly(planOf(subject, { seed }));

/** The packets of the run, as a capture without names has them. */
function captured(isNamed: boolean): readonly CapturedPayload[] {
  const conversations: string[] = [];
  return run.packets.map(({ source, destination, bytes, sentMs }) => {
    const key = [source, destination].toSorted().join(" ");
    if (!conversations.includes(key)) conversations.push(key);
    const end = (address: string) => {
      const [host, port] = address.split(":");
      return { host: isNamed ? host : undefined, port: portInCapture(Number(port)) };
    };
    const fromOpener = source.includes(":4000");
    const ends = { from: end(source), to: end(destination) };
    return { conversation: conversations.indexOf(key), ...ends, fromOpener, t: sentMs + 10, bytes };
  });
}

describe("packets of a capture, handed to endpoints", () => {
  test.each([true, false])("are taken as they were in the run; named: %s", (isNamed) => {
    const { fed, moves, left } = feed(subject, { payloads: captured(isNamed), seed });
    expect(left).toBe(0);
    expect(moves.length).toBe(run.packets.length + 1);
    expect(fed.map((f) => f.to)).toEqual(run.packets.map((p) => p.to));
    expect(new Set(fed.map((f) => f.verdict))).toEqual(new Set(["accepted", "silent"]));
    const accepted = fed.filter((f) => f.says.includes("accepts “")).length;
    expect(accepted).toBe(run.events.filter((e) => e.kind === "deliver").length);
  });

  test("are rejected, with the reason, when they come again or are changed", () => {
    const all = captured(true);
    const said = feed(subject, { payloads: all, seed }).fed.findIndex((f) =>
      /accepts “/.test(f.says),
    );
    const one = all[said];
    if (one === undefined) throw new Error("nothing was accepted");
    const flipped = one.bytes.slice();
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const before = all.slice(0, said);
    const end = [
      { ...one, bytes: flipped },
      { ...one, t: one.t + 1 },
      { ...one, t: one.t + 2 },
    ];
    const { fed } = feed(subject, { payloads: [...before, ...end], seed });
    expect(fed.slice(-3).map((f) => f.verdict)).toEqual(["rejected", "accepted", "rejected"]);
    expect(fed.slice(-3).map((f) => f.says)).toEqual([
      "bad-tag",
      expect.stringContaining("accepts “"),
      "replayed",
    ]);
  });

  test("of strangers go to the one they are for, and what goes to them goes to nobody", () => {
    const [first] = captured(true);
    if (first === undefined) throw new Error("there is no packet");
    const stranger = { host: "somebody", port: 9 };
    const to = first.to;
    const more = { ...first, conversation: 1, from: stranger, t: 30 };
    const back = { ...more, fromOpener: false, from: to, to: stranger };
    const { fed, left, moves } = feed(subject, { payloads: [first, more, back], seed });
    expect([fed.map((f) => f.to), left]).toEqual([["server#0", "server#0"], 1]);
    expect(moves[2]).not.toHaveProperty("from");
  });
});
