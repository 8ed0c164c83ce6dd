import { describe, expect, test } from "vitest";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { decisiveEvent, outputKindOf } from "./decisive-event.ts";
import type { Trace, TraceEvent } from "./trace.ts";

const at = (process: string, t: number) => ({ at: process, t, session: "main" });
const events: readonly TraceEvent[] = [
  { ...at("client#0", 0), kind: "submit", message: utf8("one"), purpose: "message", to: "bob" },
  { ...at("client#0", 0), kind: "sent", packet: 0 },
  { ...at("server#0", 1), kind: "received", packet: 0, bytes: utf8("one"), changed: false },
  {
    ...at("server#0", 1),
    kind: "deliver",
    message: utf8("one"),
    from: "alice",
    purpose: "message",
  },
  { ...at("server#0", 1), kind: "log", line: "done" },
  { ...at("puppet-a", 2), kind: "log", line: "not honest" },
  { ...at("server#0", 3), kind: "crashed", because: "of it" },
];
const processes = [{ id: "client#0" }, { id: "server#0" }];
const trace = { events, processes } as unknown as Trace;
const found = (because: string, until = events.length, shows?: "moment" | "outside") =>
  decisiveEvent(trace, because, until, shows);

describe("the output that a violation comes down to", () => {
  test("is the last one before it, where the moment is known", () => {
    expect(found("server#0 accepted “one”, which nobody sent", 4, "moment")).toBe(3);
    expect(found("server#0 crashed: of it", 7, "moment")).toBe(6);
  });

  test("is of a process that the sentence names", () => {
    expect(found("client#0 is at fault", 5, "moment")).toBe(1);
  });

  test("is what was sent where a secret is quoted, and not that its user said it", () => {
    expect(found("the attacker can read “one”, which client#0 sent")).toBe(1);
  });

  test("is what was sent where one who looks on sees a difference", () => {
    expect(found("packet 1 from client#0 to server#0 no longer repeats", 7, "outside")).toBe(1);
    expect(found("server#0 was there", 7, "outside")).toBe(3);
  });

  test("is what was believed before what was only noted down", () => {
    expect(found("server#0 is wrong")).toBe(3);
  });

  test("is never something that happened to a process, or of the adversary", () => {
    expect(outputKindOf(events[2] as TraceEvent)).toBeUndefined();
    expect(found("", 6, "moment")).toBe(3);
    expect(found("", 0)).toBeUndefined();
  });
});
