import { expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Input, Output } from "../../protocol/endpoint.ts";
import { say } from "../../protocol/kit/workload.ts";
import { assess } from "../search/assess.ts";
import { deliver, judgeRun, type Part, subjectFor, tiny, words } from "../testing/tiny.ts";
import { reconnection } from "./reconnection.ts";

const sessions = [{ start: 0, messages: say("client", "to be continued", "the end") }];
const cut = (nth: number): Attack => [
  { move: "cut", packet: { from: "client#0", to: "server#0", nth } },
];

/** Takes each text once, and says that it has it. */
const server: Part = () => {
  const seen = new Set<string>();
  return (input: Input): readonly Output[] => {
    if (input.kind !== "chunk") return [];
    const answer: Output = { kind: "transmit", bytes: input.bytes };
    const isNew = !seen.has(words(input.bytes));
    seen.add(words(input.bytes));
    return isNew ? [deliver(input.bytes, "alice"), answer] : [answer];
  };
};

/** @param again what it does when its connection is closed and something has no answer yet. */
const client =
  (again: readonly Output[]): Part =>
  () => {
    const left: Uint8Array[] = [];
    let isOpen = false;
    const all = (): Output[] => left.map((bytes) => ({ kind: "transmit", bytes }));
    return (input: Input): readonly Output[] => {
      if (input.kind === "connected") {
        isOpen = true;
        return [{ kind: "ready" }, ...all()];
      }
      if (input.kind === "closed") {
        isOpen = false;
        return again;
      }
      if (input.kind === "send") {
        left.push(input.message);
        return isOpen ? [{ kind: "transmit", bytes: input.message }] : [];
      }
      if (input.kind === "chunk") {
        const at = left.findIndex((text) => words(text) === words(input.bytes));
        if (at >= 0) left.splice(at, 1);
      }
      return [];
    };
  };

const over = (again: readonly Output[]) =>
  tiny({ client: client(again), server, sessions, protocol: { transport: "messages" } });

test("what is sent again over another connection is delivered", () => {
  const steady = over([{ kind: "connect" }]);
  for (const nth of [1, 2]) {
    expect(judgeRun(reconnection, steady, cut(nth))).toEqual({ atStake: 2 });
  }
  const settings = { seed: "s", guarantees: ["reconnection", "delivery"] };
  const { verdicts } = assess(subjectFor(steady), settings);
  expect(verdicts.map((v) => v.verdict)).toEqual(["holds", "holds"]);
});

test("without another connection it is not, though nothing is lost on one that stays", () => {
  const settings = { seed: "s", guarantees: ["reconnection", "delivery"] };
  const { verdicts } = assess(subjectFor(over([])), settings);
  expect(verdicts.map((v) => `${v.guarantee} ${v.verdict} ${v.capability}`)).toEqual([
    "delivery holds null",
    "reconnection broken none",
  ]);
});
