import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MatrixReport } from "../../harness/verdict.ts";
import {
  hostile,
  progressOf,
  sampleReplayCommand,
  sampleReport,
  wideReport,
} from "../testing/sample-report.ts";
import type { Size } from "./layout.ts";
import { type DashboardState, initialState, type Key, reduce } from "./model.ts";
import { bar, frames, shortCount } from "./panels.ts";
import { type Line, lineWidth, safe } from "./styled.ts";

function stateAfter(report: MatrixReport, events: number, keys: readonly Key[] = []) {
  const progress = progressOf(report)
    .slice(0, events)
    .reduce((s, event, i) => reduce(s, { kind: "progress", event, atMs: i * 100 }), initialState);
  return keys.reduce(
    (s, key) => reduce(s, { kind: "key", key, page: 5, maxScroll: 100 }),
    progress,
  );
}
const options = { replayCommand: sampleReplayCommand };
const textOf = (line: Line): string => line.map((s) => s.text).join("");

/** The screen as text, one string per row. */
function screen(state: DashboardState, size: Size): string[] {
  const rows = Array.from({ length: size.height }, () => "");
  const parts = frames(state, size, options).toSorted((a, b) => a.box.left - b.box.left);
  for (const { box, lines } of parts) {
    lines.forEach((line, i) => {
      rows[box.top + i] += textOf(line);
    });
  }
  return rows.map((row) => row.trimEnd());
}

describe("the matrix while it fills", () => {
  test("cells, bars and what is being tried", () => {
    const state = stateAfter(sampleReport, 29);
    expect(screen(state, { width: 80, height: 20 })).toEqual([
      " Mallory  protocol lab",
      "  Matrix",
      "",
      "                         paper-boat      iron-ferry",
      " 1–8 of 9                ██████░░░ 61%   ░░░░░░░░░ 0%",
      " confidentiality        !✗ on-path -     ·",
      " integrity              !✗ on-path +     ·",
      " replay                 !✗ on-path +     ·",
      " server-authentication   ? unknown       ·",
      " ordering                ✓ holds         ·",
      " forward-secrecy         ·               ·",
      " robustness              ·               ·",
      " password-protection     ·",
      "── paper-boat › confidentiality ────────────────────────────────────────────────",
      " ✗ BROKEN on-path  although claimed",
      " mallory shares the key with both ends, since the public keys are not bound",
      " attack    replace the public key in packet 1 of client#0 to server#0 by",
      "           mallory's own; replace the public key in packet 1 of server#0 to",
      "           client#0 by mallory's own",
      " 30%, 6,820 runs, 2.5k/s · 3 claims broken    arrows move · Enter open · q quit",
    ]);
    const waiting = stateAfter(sampleReport, 29, ["page-down"]);
    expect(screen(waiting, { width: 80, height: 24 }).slice(16, 19)).toEqual([
      "── paper-boat › message-budget ─────────────────────────────────────────────────",
      " Not judged yet, now trying replay-each-packet.",
      " 22 of 36 steps, 6,820 runs, 2.5k runs/s",
    ]);
  });

  test("a wide terminal has an explorer with bars and runs per second", () => {
    const rows = screen(stateAfter(sampleReport, 29), { width: 110, height: 24 });
    expect(rows.slice(1, 9).map((row) => row.slice(0, 26).trimEnd())).toEqual([
      "  PROTOCOLS",
      "",
      " ▾ paper-boat",
      "   ██████░░░ 6.8k 2.5k/s",
      "   !✗3 ✓1 ?1",
      " ▸ iron-ferry",
      "   waiting",
      "",
    ]);
  });

  test("more protocols than columns: those around the cursor, and how many there are", () => {
    const state = stateAfter(wideReport(5), 10, ["right", "right", "right", "right"]);
    const rows = screen(state, { width: 80, height: 20 });
    expect(rows[1]).toBe(`  Matrix${" ".repeat(52)}protocols 4–6 of 10`);
    expect(rows[3]).toContain("iron-ferry-2    paper-boat-3    iron-ferry-3");
  });

  test("nothing yet", () => {
    expect(screen(initialState, { width: 60, height: 12 })[3]).toBe("  Nothing has started yet.");
  });
});

describe("an open attack", () => {
  test("because, claim, moves, steps and how to see it again", () => {
    const open = stateAfter(sampleReport, 999, ["down", "down", "enter"]);
    expect(screen(open, { width: 90, height: 34 }).slice(1, 30)).toEqual([
      "  Matrix    paper-boat › replay",
      "",
      "  ✗ BROKEN on-path  although claimed",
      "  server#0 delivered “transfer 100 to carol” twice although it was submitted once",
      "",
      "  claim     “A nonce in each session prevents replay.”",
      "  attacker  passive (sees the traffic) + off-path (sends packets of its own, with any",
      "            source address, but sees nothing)",
      "  layer     broken (on-path) with the handshake left alone: a record is delivered twice",
      "  tried     1,240 runs, 41 strategies, 873 with effect, 5,120 at stake",
      "  held      against none, passive",
      "",
      "  The smallest attack",
      "  1. replay packet 2 of client#0 to server#0, right after it arrived",
      "",
      "  What happens",
      "   0 ms  client#0 → server#0  nonce",
      "  10 ms  server#0 → client#0  nonce, signature",
      "  20 ms  client#0             handshake done",
      "  25 ms  client#0 → server#0  record “transfer 100 to carol”",
      "  35 ms  server#0             delivers the message",
      "  36 ms  mallory → server#0   attacker: the 2nd packet of client#0 to server#0 again, 60",
      "                              bytes, source client:40001",
      "  46 ms  server#0 ⇥ client#0  lost: acknowledgement",
      "  46 ms  server#0             VIOLATION: delivers “transfer 100 to carol” a second time",
      "",
      "  See it again",
      "  mallory replay mallory-out/attacks/paper-boat-replay.json",
      "",
    ]);
  });

  test("scrolls, and says where it is", () => {
    const open = stateAfter(sampleReport, 999, ["enter", "down", "down", "down"]);
    const rows = screen(open, { width: 80, height: 14 });
    expect(rows[1]).toMatch(/lines 4–13 of \d+$/);
    const far = stateAfter(sampleReport, 999, ["enter", "end"]);
    expect(screen(far, { width: 80, height: 14 })[12]).toContain("digest");
  });

  test("what holds says how hard it was tried, and that this is no proof", () => {
    const open = stateAfter(sampleReport, 999, ["right", "enter"]);
    const rows = screen(open, { width: 130, height: 24 }).join("\n");
    expect(rows).toContain("all attacks of up to 2 moves");
    expect(rows).toContain("not a proof");
  });

  test("other attackers are listed", () => {
    const open = stateAfter(sampleReport, 999, ["down", "enter"]);
    const rows = screen(open, { width: 90, height: 60 }).join("\n");
    expect(rows).toContain("insider: server#0 took carol for alice");
    expect(rows).toContain("With the handshake left alone");
    expect(rows).toContain("on-path: one flipped byte of a record is accepted");
  });
});

describe("status bar", () => {
  const last = (state: DashboardState, width: number) => screen(state, { width, height: 12 })[11];
  test("drops words before it drops the key to quit", () => {
    const state = stateAfter(sampleReport, 29);
    expect(last(state, 100)).toMatch(
      /3 claims broken +n next broken · arrows move · Enter open · q/,
    );
    expect(last(state, 52)).toMatch(/^ 30%, 6,820 runs, 2.5k\/s +Enter open · q quit$/);
    expect(last(state, 40)).toMatch(/^ 30% +arrows move · Enter open · q quit$/);
  });
  test("shows a message, and the end", () => {
    const state = stateAfter(sampleReport, 29);
    expect(last(reduce(state, { kind: "message", text: hostile }), 100)).toMatch(/^ \\x1b\[2J/);
    const done = reduce(state, { kind: "report", report: wideReport(1) });
    expect(last(done, 100)).toContain(" incomplete: stopped by the user, 21,080 runs, 3.4 s");
  });
});

test("every region is filled exactly, with nothing that acts, at every size and moment", () => {
  const keys = fc.array(
    fc.constantFrom<Key>("up", "down", "left", "right", "enter", "back", "end", "next"),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(
      fc.nat(160),
      fc.nat(50),
      fc.nat(120),
      keys,
      fc.boolean(),
      (width, height, events, pressed, finished) => {
        const before = stateAfter(sampleReport, events, pressed);
        const state = finished ? reduce(before, { kind: "report", report: sampleReport }) : before;
        for (const { region, box, lines } of frames(state, { width, height }, options)) {
          expect(lines, region).toHaveLength(box.height);
          for (const line of lines) {
            expect(lineWidth(line), textOf(line)).toBe(box.width);
            expect(textOf(line)).not.toMatch(/[\p{C}\u2028\u2029]/u);
          }
        }
      },
    ),
  );
});

test("small words", () => {
  expect([0, 950, 1234, 99_949, 123_456, 999_499, 4_100_000].map(shortCount)).toEqual([
    "0",
    "950",
    "1.2k",
    "100k",
    "123k",
    "999k",
    "4.1M",
  ]);
  expect(bar(0.5, 4).map((s) => s.text)).toEqual(["██", "░░"]);
  expect(bar(7, 2).map((s) => s.text)).toEqual(["██", ""]);
  // Terminals disagree about the width of these.
  expect(safe("a😀e\u0301")).toBe("a\\u{1f600}e\\u{301}");
});
