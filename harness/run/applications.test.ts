/** Users say to each of their peers what is meant for it. */
import { describe, expect, test } from "vitest";
import type { Output, PlannedSession } from "../../protocol/endpoint.ts";
import { say } from "../../protocol/kit/workload.ts";
import { claim, key } from "../testing/scripted.ts";
import { type Part, protocolOf, run, transmit, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";

const client: Part = () => (input) => (input.kind === "start" ? [transmit("hello")] : []);
const roles = [
  { name: "client", principals: ["alice", "carol"], process: "session", peer: "server" },
  { name: "server", principals: ["bob"], process: "service", port: 7 },
] as const;
const told = (server: Part, sessions: readonly PlannedSession[]) =>
  eventsOf(run(protocolOf({ client, server }, { protocol: { roles }, sessions })), "submit").map(
    (e) => `${e.session} to ${e.to}: ${words(e.message)}`,
  );

const forEach = [
  { from: "server", to: "carol", message: new TextEncoder().encode("for carol") },
  { from: "server", to: "alice", message: new TextEncoder().encode("for alice") },
  ...say("server", "for whoever comes"),
];

test("of two clients in one session, each is told what is meant for it", () => {
  const server: Part = () => (input) => (input.kind === "datagram" ? [{ kind: "ready" }] : []);
  expect(told(server, [{ start: 0, messages: forEach }]).sort()).toEqual([
    "alice:40000 to alice: for alice",
    "alice:40000 to alice: for whoever comes",
    "carol:40002 to carol: for carol",
  ]);
});

describe("what a service says of its peer decides", () => {
  const naming = (...outputs: readonly Output[]): readonly string[] => {
    const server: Part = () => (input) => (input.kind === "datagram" ? outputs : []);
    return told(server, [{ start: 0, messages: say("server", "news") }]);
  };
  test.each([
    ["before it is ready", [claim("running", "mallory"), { kind: "ready" }], 0],
    ["only after", [{ kind: "ready" }, claim("running", "mallory")], 0],
    ["as another user", [{ kind: "ready" }, claim("commit", "carol")], 0],
    ["as a third party, with whom no user talks", [{ kind: "ready" }, key("k", "trent")], 1],
  ] as const)("%s", (_, outputs, said) => {
    expect(naming(...(outputs as readonly Output[]))).toHaveLength(said);
  });
});

test("a service that is ready in its own time is so in the session that it names", () => {
  /** Ready for its second client first, when a timer has run out. */
  const server: Part = () => {
    const from: string[] = [];
    return {
      handle(input) {
        if (input.kind === "datagram") {
          const name = `number-${from.push(input.from)}`;
          return [{ ...claim("running", input.from.split(":")[0] ?? ""), session: name }];
        }
        if (input.kind !== "timeout") return [];
        from.length = 0;
        return ["number-2", "number-1"].map((session) => ({ kind: "ready", session }) as const);
      },
      deadline: () => (from.length === 2 ? 50 : undefined),
    };
  };
  expect(told(server, [{ start: 0, messages: forEach.slice(0, 2) }]).sort()).toEqual([
    "number-1 to alice: for alice",
    "number-2 to carol: for carol",
  ]);
});
