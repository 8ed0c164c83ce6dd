import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MessageSequence, SequenceStep } from "../harness/verdict.ts";
import { mermaidSequence } from "./mermaid.ts";
import { lifelinesOf, pathWords, shortened, timeWords } from "./sequence-layout.ts";
import { sequenceSvg } from "./sequence-svg.ts";
import { readMarkup } from "./testing/markup.ts";
import { hostile, sampleReport } from "./testing/sample-report.ts";

const storyOf = (protocol: number, verdict: number): MessageSequence => {
  const finding = sampleReport.protocols[protocol]?.verdicts[verdict]?.finding;
  if (finding === undefined) throw new Error("the fixture has no such finding");
  return finding.story;
};
const replayStory = storyOf(0, 2);
const changeStory = storyOf(0, 1);

const name = fc.constantFrom("client#0", "server#0", "mallory", "end", hostile, "");
const kind = fc.constantFrom<SequenceStep["kind"]>(
  "packet",
  "attack-packet",
  "lost",
  "changed",
  "note",
  "violation",
);
const stories: fc.Arbitrary<MessageSequence> = fc.record({
  lifelines: fc.uniqueArray(name),
  steps: fc.array(
    fc.record({
      t: fc.nat(10_000),
      from: name,
      to: name,
      kind,
      label: fc.oneof(fc.string({ unit: "binary" }), fc.constant(hostile)),
      hex: fc.constantFrom("00ff", ""),
    }),
    { maxLength: 80 },
  ),
});

describe("SVG", () => {
  test("is well formed, whatever the network said", () => {
    fc.assert(
      fc.property(stories, (story) => {
        const svg = sequenceSvg(story, { id: "d", title: hostile });
        const markup = readMarkup(svg);
        expect(markup.problems).toEqual([]);
        expect(markup.tags.toSorted()).toEqual(expect.arrayContaining(["svg", "title"].toSorted()));
        expect(markup.attributes.filter((a) => a.startsWith("on") || a === "href")).toEqual([]);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        // The lab's own line feeds separate label and bytes; nothing else may act.
        expect(svg.replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029]/u);
      }),
      { numRuns: 60 },
    );
  });

  test("puppets are drawn as the attacker, honest parties are not", () => {
    const step = { t: 1, from: "client#0", to: "puppet-a", kind: "packet", label: "", hex: "" };
    const story = { lifelines: ["client#0", "puppet-a"], steps: [step] } as MessageSequence;
    const heads = [
      ...sequenceSvg(story, { id: "d", title: "t" }).matchAll(/class="(seq-head[^"]*)"/g),
    ];
    expect(heads.map((m) => m[1])).toEqual(["seq-head", "seq-head seq-attack-box"]);
  });

  test("can be read aloud", () => {
    const svg = sequenceSvg(replayStory, { id: "d1", title: "An attack" });
    expect(svg).toContain('role="img" aria-labelledby="d1-title"');
    expect(svg).toContain('<title id="d1-title">An attack</title>');
  });

  test("shortens long labels and keeps the whole text with the bytes as a title", () => {
    const svg = sequenceSvg(replayStory, { id: "d", title: "t" });
    expect(svg).toMatch(/>server#0 again, 60 bytes, .*…<\/text>/);
    expect(svg).toContain(
      "<title>36 ms, mallory → server#0: the 2nd packet of client#0 to server#0 again, 60 bytes," +
        ` source client:40001\n${"17fe0a".repeat(20)}</title>`,
    );
  });

  test("each kind of step looks different", () => {
    const svg = sequenceSvg(changeStory, { id: "d", title: "t" });
    for (const part of ["seq-changed", "seq-attack", "seq-faint", "seq-violation", "seq-note"]) {
      expect(sequenceSvg(replayStory, { id: "d", title: "t" }) + svg).toContain(part);
    }
    expect(svg).toContain('class="seq-attack-line"');
  });

  test("an empty message sequence is a drawing, too", () => {
    const svg = sequenceSvg({ lifelines: [], steps: [] }, { id: "d", title: "t" });
    expect(readMarkup(svg).problems).toEqual([]);
  });
});

describe("long message sequences", () => {
  const step = (label: string, kindOf: SequenceStep["kind"] = "packet"): SequenceStep => ({
    t: 1,
    from: "a",
    to: "b",
    kind: kindOf,
    label,
  });
  test("short ones stay as they are", () => {
    expect(shortened(replayStory.steps, 8)).toBe(replayStory.steps);
  });
  test("keep the attack and the violation, and say what is missing", () => {
    const steps = Array.from({ length: 50 }, (_, i) => step(`${i}`));
    steps[30] = step("attack", "attack-packet");
    steps[49] = step("bad", "violation");
    const drawn = shortened(steps, 6);
    expect(drawn.map((s) => (s.kind === "gap" ? -s.count : s.label))).toEqual([
      "0",
      "1",
      -27,
      "29",
      "attack",
      -17,
      "48",
      "bad",
    ]);
  });
  test("nothing is lost or counted twice", () => {
    fc.assert(
      fc.property(stories, fc.integer({ min: 1, max: 30 }), ({ steps }, limit) => {
        const drawn = shortened(steps, limit);
        const shown = drawn.filter((s) => s.kind !== "gap").length;
        const missing = drawn.reduce((sum, s) => sum + (s.kind === "gap" ? s.count : 0), 0);
        expect(shown + missing).toBe(steps.length);
        expect(shown).toBeLessThanOrEqual(limit);
      }),
    );
  });
  test("words for time and path", () => {
    expect(timeWords(12)).toBe("12 ms");
    expect(timeWords(12.34)).toBe("12.3 ms");
    expect(pathWords(step("x", "lost"))).toBe("a ⇥ b");
    expect(lifelinesOf({ lifelines: ["a"], steps: [step("x")] })).toEqual(["a", "b"]);
  });
});

describe("Mermaid", () => {
  test("draws the replay", () => {
    expect(mermaidSequence(replayStory).split("\n")).toEqual([
      "sequenceDiagram",
      "    participant p0 as client#35;0",
      "    actor p1 as mallory",
      "    participant p2 as server#35;0",
      "    p0->>p2: nonce",
      "    p2->>p0: nonce, signature",
      "    Note over p0: handshake done",
      "    p0->>p2: record #8220;transfer 100 to carol#8221;",
      "    Note over p2: delivers the message",
      "    p1->>p2: attacker#58; the 2nd packet of client#35;0 to server#35;0 again, 60 bytes, " +
        "source client#58;40001",
      "    p2--xp0: lost#58; acknowledgement",
      "    rect rgba(220, 40, 40, 0.25)",
      "    Note over p2: VIOLATION#58; delivers #8220;transfer 100 to carol#8221; a second time",
      "    end",
    ]);
  });
  test("every line is the lab's own, whatever the network said", () => {
    const ours = [
      "(participant|actor) p\\d+ as",
      "p\\d+--?(>>|x)p\\d+:",
      "Note over p\\d+(,p\\d+)?:",
    ];
    const line = new RegExp(`^ {4}(${ours.join("|")}) [^;:%{}<>\`]*$`);
    const fixed = new Set(["sequenceDiagram", "    rect rgba(220, 40, 40, 0.25)", "    end"]);
    fc.assert(
      fc.property(stories, (story) => {
        for (const drawn of mermaidSequence(story, 10).split("\n")) {
          if (!fixed.has(drawn)) expect(drawn.replace(/#\d+;/g, "")).toMatch(line);
        }
      }),
    );
  });
});
