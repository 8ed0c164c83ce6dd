import { expect, test } from "vitest";
import { say } from "../../protocol/kit/workload.ts";
import { bareServer, run, tiny, transmit } from "../testing/tiny.ts";
import { repeatedSessions } from "./session-kinds.ts";

/** @param hellos the first words of each session, before its user says anything. */
function repeated(
  hellos: readonly string[],
  said = ["one", "and two"],
): readonly (readonly [number, number])[] {
  const client = tiny({
    client: (env) => (input) => {
      if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
      if (input.kind !== "start") return [];
      const { length } = env.store("sessions").read();
      env.store("sessions").append(new Uint8Array(1));
      const hello = hellos[length];
      return [...(hello === undefined ? [] : [transmit(hello)]), { kind: "ready" }];
    },
    server: bareServer,
    sessions: [0, 1, 2].map((i) => ({
      start: "after-previous",
      messages: say("client", said[i % said.length] ?? ""),
    })),
  });
  return [...repeatedSessions(run(client))];
}

test("sessions that begin alike repeat each other", () => {
  expect(repeated(["hello", "hello", "hello"])).toEqual([
    [1, 0],
    [2, 0],
  ]);
});
test("a session that goes on from an earlier one is of another kind", () => {
  expect(repeated(["hello", "hello again", "hello again"])).toEqual([[2, 1]]);
});
test("larger numbers make no other kind", () => {
  expect(repeated(['{"n":9}', '{"n":10}', '{"n":1000}'])).toEqual([
    [1, 0],
    [2, 0],
  ]);
});
test("what users say makes no other kind", () => {
  expect(repeated([], ["short", "much longer"])).toEqual([
    [1, 0],
    [2, 0],
  ]);
});
