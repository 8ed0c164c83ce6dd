/** Keeping score: what counts as news, and which finding is the best one. */
import { expect, test } from "vitest";
import type { Attack, Capability } from "../../attacker/move.ts";
import { integrity } from "../guarantees/integrity.ts";
import { lengthHiding } from "../guarantees/length-hiding.ts";
import { calmNetwork, lossyNetwork } from "../run/network/conditions.ts";
import { type Hit, Tally } from "./tally.ts";

const packet = { from: "client#0", to: "server#0", nth: 1 };
const moves = (n: number): Attack => Array.from({ length: n }, () => ({ move: "drop", packet }));
const choice = (n: number, network = calmNetwork) => ({
  attack: moves(n),
  network,
  workload: "default",
  seed: "s",
});
const hit = (capability: Capability, n: number, network = calmNetwork): Hit => ({
  choice: choice(n, network),
  capability,
  strategy: "test",
  because: "it does",
});

test("the smallest attack of each capability is kept, weakest capability first", () => {
  const tally = new Tally(integrity);
  expect(tally.record(hit("on-path", 3), false)).toBe(true);
  expect(tally.record(hit("on-path", 1), false)).toBe(false);
  tally.record(hit("on-path", 2), false);
  tally.record(hit("passive", 5), false);
  expect(tally.hits(false).map((h) => [h.capability, h.choice.attack.length])).toEqual([
    ["passive", 5],
    ["on-path", 1],
  ]);
});

test("a few losses named one by one are easier to grasp than a random network", () => {
  const tally = new Tally(integrity);
  tally.record(hit("none", 0, lossyNetwork), false);
  tally.record(hit("none", 3), false);
  expect(tally.hits(false).map((h) => h.choice.attack.length)).toEqual([3]);
});

test("only news is wanted, with and without the handshake", () => {
  const tally = new Tally(integrity);
  expect(tally.wants("on-path", choice(2))).toBe(true);
  tally.record(hit("on-path", 2), false);
  // Still wanted: nothing is known yet about attacks that leave the handshake alone.
  expect(tally.wants("on-path", choice(2))).toBe(true);
  tally.record(hit("on-path", 2), true);
  expect(tally.wants("on-path", choice(2))).toBe(false);
  expect(tally.wants("on-path", choice(1))).toBe(true);
  expect(tally.wants("off-path", choice(9))).toBe(true);
  const flat = new Tally(lengthHiding);
  flat.record(hit("passive", 1), true);
  expect(flat.wants("passive", choice(1))).toBe(false);
  expect(flat.hits(true)).toEqual([]);
});

test("what held is what was tried and is weaker than what broke it", () => {
  const tally = new Tally(integrity);
  for (const c of ["none", "off-path", "on-path", "insider"] as const) tally.tried.add(c);
  expect(tally.heldAgainst(undefined)).toEqual(["none", "off-path", "on-path", "insider"]);
  tally.record(hit("on-path", 1), false);
  expect(tally.heldAgainst("on-path")).toEqual(["none", "off-path"]);
});
