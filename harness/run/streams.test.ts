/** Streams: order, chunks, endings, and an attacker who writes into them. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Endpoint, Env, Input, Output } from "../../protocol/endpoint.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { Random } from "../../protocol/kit/random.ts";
import { type Handler, run, tiny, transmit, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { lossyNetwork } from "./network/conditions.ts";
import { append, Pipes, takeChunk } from "./network/pipes.ts";

const up = { from: "client#0", to: "server#0" } as const;
const nth = (n: number) => ({ ...up, nth: n });

/** Writes all its texts as soon as it is connected. */
const writer =
  (texts: readonly string[], andThen: readonly Output[] = []) =>
  (): Handler =>
  (input) => {
    if (input.kind === "connected") return [...texts.map((t) => transmit(t)), ...andThen];
    return note(input);
  };
/** Keeps a log of what happens to it. */
const note = (input: Input): readonly Output[] => {
  switch (input.kind) {
    case "connected":
      return [{ kind: "log", line: `+${input.peer}` }];
    case "closed":
      return [{ kind: "log", line: `-${input.peer}` }];
    case "chunk":
      return [{ kind: "log", line: words(input.bytes) }];
    default:
      return [];
  }
};
const reader = (): Handler => note;
const stream = (client: (env: Env) => Handler | Endpoint, server = reader) =>
  tiny({ client, server, protocol: { transport: "stream" } });
const logOf = (trace: ReturnType<typeof run>, at: string) =>
  eventsOf(trace, "log")
    .filter((e) => e.at === at)
    .map((e) => e.line);
const alice = "alice:40000";

describe("chunks", () => {
  test("as written: one chunk per write, but writes at one moment run together", () => {
    const trace = run(stream(writer(["one ", "two"])));
    expect(logOf(trace, "server#0")).toEqual([`+${alice}`, "one two"]);
    expect(eventsOf(trace, "received").map((e) => words(e.bytes))).toEqual(["one ", "two"]);
    const apart = (): Endpoint => {
      let due: number | undefined;
      return {
        handle: (input, now) => {
          due = input.kind === "connected" ? now + 5 : undefined;
          if (input.kind === "connected") return [transmit("one")];
          return input.kind === "timeout" ? [transmit("two")] : [];
        },
        deadline: () => due,
      };
    };
    expect(logOf(run(stream(apart)), "server#0")).toEqual([`+${alice}`, "one", "two"]);
  });

  test("bytes: every byte comes alone, and all of them before the end", () => {
    const network = { chunking: "bytes" } as const;
    const trace = run(stream(writer(["abc", "de"], [{ kind: "close" }])), { network });
    const expected = [`+${alice}`, "a", "b", "c", "d", "e", `-${alice}`];
    expect(logOf(trace, "server#0")).toEqual(expected);
  });

  test("random: cut anywhere, nothing lost, the same again for the same seed", () => {
    const text = "a text of some length, to be cut at places nobody chose";
    const network = { chunking: "random" } as const;
    const cuts = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const chunks = () =>
        logOf(run(stream(writer([text])), { network, seed: `${seed}` }), "server#0").slice(1);
      expect(chunks().join("")).toBe(text);
      expect(chunks()).toEqual(chunks());
      cuts.add(chunks().join("|"));
    }
    expect(cuts.size).toBeGreaterThan(5);
  });

  test("takeChunk leaves the rest pending", () => {
    const pipes = new Pipes();
    pipes.open("a", "b");
    const pipe = pipes.get("a", "b");
    if (pipe === undefined) throw new Error("the pipe must be open");
    append(pipe, utf8("abcdef"));
    const random = () => new Random("cut");
    expect(words(takeChunk(pipe, "bytes", random))).toBe("a");
    const piece = words(takeChunk(pipe, "random", random));
    expect(piece + words(pipe.pending)).toBe("bcdef");
    expect(words(takeChunk(pipe, "as-written", random))).toBe("abcdef".slice(1 + piece.length));
    expect(pipe.pending.length).toBe(0);
    expect(pipes.peersOf("b")).toEqual(["a"]);
    expect(pipes.close("b", "a").length).toBe(2);
    expect(pipes.close("b", "a").length).toBe(0);
    expect(pipes.peersOf("b")).toEqual([]);
  });
});

describe("order", () => {
  test("jitter, loss and reordering of the network below are invisible on a stream", () => {
    const texts = Array.from({ length: 40 }, (_, i) => `${i} `);
    for (const seed of ["1", "2", "3"]) {
      const slow = (): Endpoint => {
        let sent = 0;
        let due: number | undefined;
        return {
          handle: (input, now) => {
            if (input.kind === "connected") due = now;
            if (input.kind !== "timeout") return [];
            due = ++sent < texts.length ? now + 1 : undefined;
            return [transmit(texts[sent - 1] ?? "")];
          },
          deadline: () => due,
        };
      };
      const trace = run(stream(slow), { network: { ...lossyNetwork, jitterMs: 50 }, seed });
      expect(eventsOf(trace, "lost")).toEqual([]);
      expect(logOf(trace, "server#0").slice(1).join("")).toBe(texts.join(""));
    }
  });

  test("a delayed write delays what follows", () => {
    const attack: Attack = [{ move: "hold", packet: nth(1), delayMs: 500 }];
    const trace = run(stream(writer(["one ", "two"], [{ kind: "close" }])), { attack });
    expect(logOf(trace, "server#0")).toEqual([`+${alice}`, "one two", `-${alice}`]);
    expect(eventsOf(trace, "received").map((e) => e.t)).toEqual([530, 530]);
  });
});

describe("endings", () => {
  test("what was written before the end arrives before the end; what comes after does not", () => {
    const writes = writer(["last words"], [{ kind: "close" }, transmit("too late")]);
    const trace = run(stream(writes));
    expect(logOf(trace, "server#0")).toEqual([`+${alice}`, "last words", `-${alice}`]);
    expect(eventsOf(trace, "lost")).toMatchObject([{ packet: 1, by: "nobody-there" }]);
    expect(eventsOf(trace, "closed").map((e) => e.at)).toEqual(["server#0", "client#0"]);
  });

  test("an exit and a crash close the connection for the other side", () => {
    const crash = (): Handler => (input) => {
      if (input.kind === "chunk") throw new Error("bad input");
      return note(input);
    };
    const trace = run(stream(writer(["boom"]), crash));
    expect(eventsOf(trace, "crashed")).toMatchObject([{ at: "server#0", because: "bad input" }]);
    expect(logOf(trace, "client#0")).toEqual(["-bob:7"]);
    const left = run(stream(writer(["bye"], [{ kind: "exit", ok: true }])));
    expect(logOf(left, "server#0")).toEqual([`+${alice}`, "bye", `-${alice}`]);
  });

  test("a server that exits before the connection is open is never connected to", () => {
    const leaves = (): Handler => (input) =>
      input.kind === "connected" ? [{ kind: "exit", ok: false, because: "no" }] : note(input);
    expect(logOf(run(stream(reader, leaves)), "client#0")).toEqual(["-bob:7"]);
  });

  test("a connection to an unused address is closed at once", () => {
    const protocol = stream(reader);
    const roles = protocol.roles.filter((r) => r.name === "client");
    const ghost = { name: "server", principals: ["bob"], process: "session", port: 8 } as const;
    const trace = run({ ...protocol, roles: [...roles, { ...ghost, principals: [] }] });
    expect(eventsOf(trace, "closed")).toMatchObject([{ at: "client#0" }]);
    expect(trace.packets).toEqual([]);
  });

  test("cut: what was on its way arrives, the connection is gone, later writes are lost", () => {
    const attack: Attack = [{ move: "cut", packet: nth(1) }];
    const trace = run(stream(writer(["one", "two"])), { attack });
    expect(logOf(trace, "server#0")).toEqual([`+${alice}`, "one", `-${alice}`]);
    expect(logOf(trace, "client#0")).toEqual(["-bob:7"]);
    expect(eventsOf(trace, "lost")).toMatchObject([{ packet: 1, by: "nobody-there" }]);
    expect(eventsOf(trace, "attack")).toHaveLength(1);
  });
});

describe("an attacker on a stream", () => {
  const attacked = (attack: Attack) => run(stream(writer(["one ", "two "])), { attack });

  test("writes into a connection in the name of its client", () => {
    const inserted = hex(utf8("evil "));
    const when = { after: nth(1) };
    const trace = attacked([
      { move: "inject", hex: inserted, to: "server#0", from: "client#0", when },
    ]);
    expect(logOf(trace, "server#0").slice(1).join("")).toBe("one two evil ");
    const between = attacked([
      { move: "hold", packet: nth(2), delayMs: 5 },
      { move: "inject", hex: inserted, to: "server#0", from: "client#0", when },
    ]);
    expect(logOf(between, "server#0").slice(1).join("")).toBe("one evil two ");
  });

  test("opens connections of its own", () => {
    const trace = attacked([{ move: "inject", hex: "78", to: "server#0", when: "start" }]);
    const log = logOf(trace, "server#0");
    expect(log).toContain("+mallory:6666");
    expect(log).toContain("x");
  });

  test("drops, changes and reorders bytes by write", () => {
    const drop = attacked([{ move: "drop", packet: nth(1) }]);
    expect(logOf(drop, "server#0").slice(1).join("")).toBe("two ");
    const edits = [{ edit: "set", at: 0, hex: hex(utf8("O")) } as const];
    const modify = attacked([{ move: "modify", packet: nth(1), edits }]);
    expect(logOf(modify, "server#0").slice(1).join("")).toBe("One two ");
    const twice = attacked([{ move: "duplicate", packet: nth(1), delayMs: 3 }]);
    expect(logOf(twice, "server#0").slice(1).join("")).toBe("one two one ");
  });
});
