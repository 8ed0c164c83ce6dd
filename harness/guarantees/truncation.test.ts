import { expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Input, Output } from "../../protocol/endpoint.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, judgeRun, type Part, tiny, transmit } from "../testing/tiny.ts";
import { truncation } from "./truncation.ts";

const sessions = [{ start: 0, messages: say("server", "to be continued", "the end") }];
const cut: Attack = [{ move: "cut", packet: { from: "server#0", to: "client#0", nth: 1 } }];

/** A service says two things to whoever connects, and hangs up. */
const server: Part = () => {
  let said = 0;
  return (input: Input): readonly Output[] => {
    if (input.kind === "chunk") return [{ kind: "ready" }];
    if (input.kind !== "send" || input.session === undefined) return [];
    const { session, message } = input;
    const line: Output = { kind: "transmit", bytes: message, session, to: session };
    return ++said === 2 ? [line, { kind: "close", session, to: session }] : [line];
  };
};

/** @param closed what it makes of the end of its connection. */
const client =
  (closed: readonly Output[]): Part =>
  () =>
  (input: Input): readonly Output[] => {
    if (input.kind === "connected") return [transmit("hello")];
    if (input.kind === "chunk") return [deliver(input.bytes, "bob")];
    return input.kind === "closed" ? closed : [];
  };

const judged = (closed: readonly Output[], attack: Attack) =>
  judgeRun(
    truncation,
    tiny({ client: client(closed), server, sessions, protocol: { transport: "messages" } }),
    attack,
  );

const content: Output = { kind: "exit", ok: true };
const end: Output = { kind: "end", from: "bob" };

test("an application that is told of an end, or whose process is content, lacks nothing", () => {
  expect(judged([content], [])).toEqual({ atStake: 1 });
  expect(judged([end], [])).toEqual({ atStake: 1 });
  for (const closed of [[content], [end]]) {
    expect(judged(closed, cut).violation?.because).toMatch(/“the end” had not arrived/);
  }
});

test("a process that gives up, or says nothing, has not said that this was all", () => {
  const gaveUp: Output = { kind: "exit", ok: false, because: "cut off" };
  expect(judged([gaveUp], cut)).toEqual({ atStake: 0 });
  expect(judged([], cut)).toEqual({ atStake: 0 });
});
