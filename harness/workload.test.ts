import { describe, expect, test } from "vitest";
import { objectSecurity } from "../protocol/cases/object-security/object-security.ts";
import { text } from "../protocol/kit/bytes.ts";
import { say } from "../protocol/kit/workload.ts";
import { bareClient, bareServer, tiny } from "./testing/tiny.ts";
import { alike, withSessions, workloadNamed } from "./workload.ts";

const named = (name: string) => workloadNamed(objectSecurity, {}, name)?.sessions;

describe("fewer sessions", () => {
  test("are the first ones, and begin at once", () => {
    const all = named("within-limits") ?? [];
    expect(all.length).toBeGreaterThan(2);
    expect(named("within-limits/2")).toEqual([{ ...all[0], start: 0 }, all[1]]);
    expect(named("within-limits/999")).toHaveLength(all.length);
  });
  test("are part of the name, once", () => {
    expect(withSessions("default", undefined)).toBe("default");
    expect(withSessions(withSessions("default", 2), 2)).toBe("default/2");
    expect(alike("lengths-long/3", "lengths-short")).toBe("lengths-short/3");
    expect(alike("lengths-long", "lengths-short")).toBe("lengths-short");
  });
  test.each(["default/0", "default/", "default/1/1", "default/-1", "/1", "nothing/1"])(
    "%s is no workload",
    (name) => expect(named(name)).toBeUndefined(),
  );
});

test("in turn, each waits for what was said to it before", () => {
  const messages = [
    ...say("client", "one", "three", "five", "six"),
    ...say("server", "two", "four"),
  ];
  const protocol = tiny({
    client: bareClient,
    server: bareServer,
    sessions: [{ start: 0, messages }],
  });
  const [session] = workloadNamed(protocol, {}, "in-turn")?.sessions ?? [];
  const told = session?.messages.map((m) => [text(m.message), m.afterHearing ?? 0]);
  expect(told).toEqual([
    ["one", 0],
    ["two", 1],
    ["three", 1],
    ["four", 2],
    ["five", 2],
    ["six", 2],
  ]);
});
