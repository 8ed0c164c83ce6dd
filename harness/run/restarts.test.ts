/** What a run makes of restarts, pauses, and connections that are opened again. */
import { describe, expect, test } from "vitest";
import type { Input, Output, PlannedSession } from "../../protocol/endpoint.ts";
import { say } from "../../protocol/kit/workload.ts";
import { planOf } from "../subject.ts";
import {
  deliver,
  type Handler,
  type Part,
  protocolOf,
  subjectFor,
  tiny,
  transmit,
  words,
} from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { simulate } from "./simulate.ts";

const logOf = (trace: Trace, at: RegExp = /^/): readonly string[] =>
  eventsOf(trace, "log").flatMap((e) => (at.test(e.at) ? [`${e.at} ${e.line}`] : []));
const log = (line: string): Output => ({ kind: "log", line });
const traceOf = (protocol: Parameters<typeof subjectFor>[0]): Trace =>
  simulate(planOf(subjectFor(protocol)));

const asks: Part = () => (input) => {
  if (input.kind === "start") return [{ kind: "ready" }];
  return input.kind === "send" ? [transmit(words(input.message))] : [];
};
const session = (about: Partial<PlannedSession>, ...texts: string[]): PlannedSession => ({
  start: "after-previous",
  messages: say("client", ...texts),
  ...about,
});

describe("a restart", () => {
  /** Counts what arrives: in the process, in its deployment, and in a store. */
  const counting = () => {
    const endpoints = { client: asks };
    const protocol = protocolOf({ client: asks, server: asks });
    return {
      ...protocol,
      deploy(env: Parameters<typeof protocol.deploy>[0]) {
        let ofDeployment = 0;
        return {
          ...protocol.deploy(env),
          open(role: string, env: Parameters<Part>[0]) {
            let ofProcess = 0;
            if (role === "client") return { handle: endpoints.client(env) as Handler };
            return {
              handle(input: Input) {
                if (input.kind !== "datagram") return [];
                const store = env.store("count");
                store.write(new Uint8Array([(store.read()[0] ?? 0) + 1]));
                return [log(`${++ofProcess} ${++ofDeployment} ${store.read()[0]}`)];
              },
            };
          },
        };
      },
      workload: () => ({
        sessions: [
          session({ start: 0 }, "one", "two"),
          session({ restarts: [{ role: "server", afterMs: 70 }] }, "three", "four"),
          session({ restarts: [{ role: "server", afterMs: 0 }] }, "five"),
        ],
      }),
    };
  };

  test("loses what was in memory, and keeps stores", () => {
    const trace = traceOf(counting());
    expect(logOf(trace)).toEqual([
      "server#0 1 1 1",
      "server#0 2 2 2",
      "server#0 3 3 3",
      "server#1 1 1 4",
      "server#2 1 1 5",
    ]);
    expect(
      eventsOf(trace, "exited").flatMap((e) => (e.ok ? [`${e.at} ${e.because}`] : [])),
    ).toEqual(["server#0 is restarted", "server#1 is restarted"]);
    expect(trace.cameToRest).toBe(true);
  });

  test("is the same every time, and leaves sessions without one as they were", () => {
    const [a, b] = [traceOf(counting()), traceOf(counting())];
    expect(a.digest).toBe(b.digest);
    const without = {
      ...counting(),
      workload: () => ({ sessions: [session({ start: 0 }, "one")] }),
    };
    expect(logOf(traceOf(without))).toEqual(["server#0 1 1 1"]);
  });

  test("breaks connections: what is on its way is lost, and the peer is told", () => {
    const client = (): Handler => (input) => {
      if (input.kind === "connected") return [transmit("early"), { kind: "ready" }];
      if (input.kind === "closed") return [log("closed"), { kind: "connect" }];
      return [];
    };
    const server = (): Handler => (input) => {
      if (input.kind === "chunk") return [log(words(input.bytes))];
      return input.kind === "connected" || input.kind === "closed" ? [log(input.kind)] : [];
    };
    for (const transport of ["stream", "messages"] as const) {
      const restarts = [{ role: "server", afterMs: 25 }];
      const trace = traceOf(
        tiny({
          client,
          server,
          protocol: { transport },
          sessions: [session({ start: 0, restarts })],
        }),
      );
      // Connected at 10 ms and 20 ms; "early" would arrive at 30 ms.
      expect(logOf(trace)).toEqual([
        "server#0 connected",
        "client#0 closed",
        "server#1 connected",
        "server#1 early",
      ]);
      expect(eventsOf(trace, "lost").map((e) => e.by)).toEqual(["nobody-there"]);
    }
  });

  test("the service goes on with what it has not said yet", () => {
    const server: Part = () => (input) => {
      if (input.kind === "datagram") return [{ kind: "ready", messages: 1 }];
      return input.kind === "send" ? [log(words(input.message))] : [];
    };
    const messages = [...say("client", "q1", "q2"), ...say("server", "a1", "a2")];
    const restarts = [{ role: "server", afterMs: 80 }];
    const trace = traceOf(
      tiny({ client: asks, server, sessions: [{ start: 0, messages, restarts }] }),
    );
    expect(logOf(trace)).toEqual(["server#0 a1", "server#1 a2"]);
  });
});

test("a user pauses for as long as the plan says", () => {
  const [first, later] = [say("client", "one"), say("client", "two")];
  const messages = [...first, ...later.map((m) => ({ ...m, pauseMs: 7_000 }))];
  const trace = traceOf(
    tiny({ client: asks, server: () => () => [], sessions: [{ start: 0, messages }] }),
  );
  expect(eventsOf(trace, "submit").map((e) => e.t)).toEqual([20, 7_020]);
});

test("nothing to say: the session is opened, and nobody submits anything", () => {
  const trace = traceOf(
    tiny({ client: asks, server: () => () => [], sessions: [{ start: 0, messages: [] }] }),
  );
  expect(eventsOf(trace, "started").map((e) => e.at)).toEqual(["server#0", "client#0"]);
  expect(eventsOf(trace, "submit")).toEqual([]);
});

describe("a connection that is opened again", () => {
  const rounds = 3;
  /** One request on each connection; a connection that is still open is closed by `connect`. */
  const client =
    (closes: boolean): Part =>
    () => {
      let done = 0;
      return (input) => {
        if (input.kind === "connected") return [log("+"), transmit(`request ${done}`)];
        if (input.kind === "closed") return [log("-")];
        if (input.kind !== "chunk" || ++done === rounds) return [];
        return closes ? [{ kind: "close" }, { kind: "connect" }] : [{ kind: "connect" }];
      };
    };
  const server: Part = () => (input) => {
    if (input.kind === "connected" || input.kind === "closed") {
      return [log(input.kind === "closed" ? "-" : "+")];
    }
    return input.kind === "chunk" ? [deliver(input.bytes, "alice"), transmit("done")] : [];
  };

  test.each([true, false])(
    "one after the other, each told of its end (close first: %s)",
    (closes) => {
      const trace = traceOf(
        tiny({ client: client(closes), server, protocol: { transport: "stream" } }),
      );
      expect(eventsOf(trace, "deliver").map((e) => words(e.message))).toEqual([
        "request 0",
        "request 1",
        "request 2",
      ]);
      const signs = (at: RegExp) =>
        logOf(trace, at)
          .map((line) => line.at(-1))
          .join("");
      expect(signs(/^server/)).toBe("+-+-+");
      expect(signs(/^client/)).toBe("+-+-+");
      expect(trace.cameToRest).toBe(true);
    },
  );

  test("where the transport has none, that is the author's mistake", () => {
    const connects: Part = () => () => [{ kind: "connect" }];
    expect(() => traceOf(tiny({ client: connects, server }))).toThrow(
      "client#0 connects, but the transport datagram has no connections",
    );
  });
});
