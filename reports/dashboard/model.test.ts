import { describe, expect, test } from "vitest";
import { progressOf, sampleReport, wideReport } from "../testing/sample-report.ts";
import {
  type DashboardState,
  fraction,
  initialState,
  type Key,
  reduce,
  runsPerSecond,
  selectedGuarantee,
  selectedProtocol,
  selectedVerdict,
} from "./model.ts";

const press = (state: DashboardState, ...keys: Key[]): DashboardState =>
  keys.reduce((s, key) => reduce(s, { kind: "key", key, page: 5, maxScroll: 12 }), state);

function stateAfter(events: number): DashboardState {
  return progressOf(sampleReport)
    .slice(0, events)
    .reduce((s, event, i) => reduce(s, { kind: "progress", event, atMs: i * 100 }), initialState);
}
const full = stateAfter(1_000);
const at = (state: DashboardState): string =>
  `${selectedProtocol(state)?.name} ${selectedGuarantee(state)}`;

describe("progress", () => {
  test("protocols and guarantees are known before anything is judged", () => {
    const state = stateAfter(2);
    expect(state.protocols.map((p) => p.name)).toEqual(["paper-boat", "iron-ferry"]);
    expect(state.guarantees).toHaveLength(9);
    expect(selectedVerdict(state)).toBeUndefined();
  });

  test("cells fill one by one, and runs per second are counted from the first step", () => {
    const state = stateAfter(7);
    const [boat] = state.protocols;
    expect(boat?.cells.size).toBe(1);
    expect(selectedVerdict(state)?.verdict).toBe("broken");
    expect(boat).toMatchObject({ done: 4, total: 36, strategy: "splice", runs: 1240 });
    // 930 runs in 300 ms.
    expect(boat === undefined ? 0 : Math.round(runsPerSecond(boat))).toBe(3100);
    expect(boat === undefined ? 0 : fraction(boat)).toBeCloseTo(4 / 36);
  });

  test("a finished protocol is complete", () => {
    expect(full.protocols.every((p) => p.finished && fraction(p) === 1)).toBe(true);
    expect(full.protocols[0]?.cells.size).toBe(9);
  });

  test("events in another order, or for unknown protocols, are no error", () => {
    const [cell] = sampleReport.protocols[0]?.verdicts ?? [];
    if (cell === undefined) throw new Error("the fixture is empty");
    const event = { kind: "cell", name: "late", verdict: cell } as const;
    const state = reduce(initialState, { kind: "progress", event, atMs: 0 });
    expect(at(state)).toBe("late confidentiality");
  });

  test("the report replaces what was pieced together, and the cursor stays in it", () => {
    const wide = wideReport(3);
    const state = press(reduce(full, { kind: "report", report: wide }), "end", "page-down");
    expect(at(state)).toBe("iron-ferry-3 message-budget");
    const small = reduce(state, { kind: "report", report: sampleReport });
    expect(small.cursor.protocol).toBe(1);
    expect(small.protocols).toHaveLength(2);
    expect(small.protocols[0]?.finished).toBe(true);
  });
});

describe("keys", () => {
  test("arrows move and stop at the edges", () => {
    expect(at(press(full, "right", "down", "down"))).toBe("iron-ferry replay");
    expect(at(press(full, "up", "left"))).toBe("paper-boat confidentiality");
    expect(at(press(full, "end", "right", "page-down", "down"))).toBe("iron-ferry message-budget");
    expect(at(press(full, "end", "home"))).toBe("paper-boat confidentiality");
  });

  test("enter opens, and enter or escape closes", () => {
    const open = press(full, "enter");
    expect(open.open).toBe(true);
    expect(press(open, "back").open).toBe(false);
    expect(press(open, "enter").open).toBe(false);
    expect(press(initialState, "enter").open).toBe(false);
  });

  test("an open attack scrolls, within its length", () => {
    const open = press(full, "enter");
    expect(press(open, "down", "down", "up").scroll).toBe(1);
    expect(press(open, "page-down", "page-down", "page-down").scroll).toBe(12);
    expect(press(open, "end", "page-up").scroll).toBe(7);
    expect(press(open, "end", "home", "up").scroll).toBe(0);
    expect(press(open, "down", "right").scroll).toBe(0);
    expect(at(press(open, "right"))).toBe("iron-ferry confidentiality");
  });

  test("n goes from one broken claim to the next, round and round", () => {
    const places = ["integrity", "replay"].map((g) => `paper-boat ${g}`);
    expect(at(press(full, "next"))).toBe(places[0]);
    expect(at(press(full, "next", "next"))).toBe(places[1]);
    expect(at(press(full, "next", "next", "next"))).toBe("iron-ferry robustness");
    expect(at(press(full, "next", "next", "next", "next"))).toBe("paper-boat confidentiality");
    expect(at(press(full, "previous"))).toBe("iron-ferry robustness");
    expect(press(initialState, "next").message).toBe("nothing is broken");
  });

  test("a message stays until the next key; q leaves", () => {
    const told = reduce(full, { kind: "message", text: "saved" });
    expect(told.message).toBe("saved");
    expect(press(told, "down").message).toBe("");
    expect(press(full, "quit").leaving).toBe(true);
  });
});
