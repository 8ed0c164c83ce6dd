/** A puppet is heard: as the service or client that it plays, at once, and as often as it may be. */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Input, Output } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { inPlaceOfAlice, inPlaceOfBob } from "../testing/puppets.ts";
import { deliver, delivered, type Part, run, tiny, transmit, words } from "../testing/tiny.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

const puppet = (more: Partial<Extract<Move, { move: "puppet" }>>): Attack => [
  { move: "puppet", name: "puppet-a", role: "client", as: "alice", facing: "server#0", ...more },
];
const atFrom = (trace: Trace): readonly (readonly [number, string])[] =>
  eventsOf(trace, "deliver").map((e) => [e.t, words(e.message)]);

describe("a puppet that plays a service", () => {
  /** Sends in a session only if it is named, and to whom it is with. */
  const server =
    (session: string | undefined, messages?: number): Part =>
    () =>
    (input: Input): readonly Output[] => {
      const about = messages === undefined ? {} : { messages };
      if (input.kind === "datagram") {
        return [{ kind: "ready", ...about, ...(session === undefined ? {} : { session }) }];
      }
      if (input.kind !== "send" || input.to !== "alice") return [];
      const known = input.session === (session ?? "alice:40000");
      return known ? [{ kind: "transmit", bytes: input.message, to: "alice:40000" }] : [];
    };
  const client: Part = () => (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind === "send") return [{ kind: "transmit", bytes: input.message }];
    return input.kind === "datagram" ? [deliver(input.bytes, "bob")] : [];
  };
  const heard = (server: Part, attack: Attack = [inPlaceOfBob]): Trace =>
    run(tiny({ client, server, sessions: [{ start: 0, messages: say("client", "hello") }] }), {
      attack,
    });

  test.each([
    ["named by its code", "no. 1"],
    ["that of an address", undefined],
  ])("says its words in its session, %s, as soon as there is one", (_, session) => {
    const [first, second] = atFrom(heard(server(session)));
    // Alice says hello after 20 ms, which takes 10 ms; both the puppet and the wire take one.
    expect(first).toEqual([32, "mallory was here"]);
    expect(second?.[1]).toBe("mallory\nwas here");
  });

  test("says no more than its code is ready for", () => {
    expect(delivered(heard(server(undefined, 1)))).toEqual(["mallory was here"]);
    expect(delivered(heard(server(undefined)))).toHaveLength(3);
  });

  test("goes on in the session that an honest one had", () => {
    const after = { from: "client#0", to: "server#0", nth: 1 };
    const attack: Attack = [{ move: "hijack", name: "puppet-a", process: "server#0", after }];
    expect(delivered(heard(server("no. 1"), attack))).toContain("mallory was here");
  });
});

describe("a puppet goes on", () => {
  /** Logs in, waits for the answer, and only then sends what its user says. */
  const client: Part = (env) => {
    const secret = env.crypto.hash("sha256", env.store("password").read() ?? utf8(""));
    let isIn = false;
    return (input) => {
      if (input.kind === "start") return [{ kind: "transmit", bytes: secret }];
      if (input.kind === "datagram" && words(input.bytes) === "come in") {
        isIn = true;
        return [{ kind: "ready" }];
      }
      if (input.kind === "datagram") return [{ kind: "exit", ok: false, because: "refused" }];
      if (input.kind !== "send") return [];
      if (!isIn) throw new Error("not in yet");
      return [{ kind: "transmit", bytes: input.message }];
    };
  };
  /** Checks the password, and forgets to ask for it. */
  const server: Part = (env) => {
    const right = env.crypto.hash("sha256", env.store("password").read() ?? utf8(""));
    return (input) => {
      if (input.kind !== "datagram") return [];
      if (input.bytes.length !== right.length) return [deliver(input.bytes, "alice")];
      const isRight = Buffer.from(input.bytes).equals(right);
      return [transmit(isRight ? "come in" : "go away")];
    };
  };
  const protocol = tiny({
    client,
    server,
    sessions: [{ start: 0, messages: say("client", "open the door") }],
    protocol: {
      deploy({ crypto, store }) {
        const password = crypto.random(16);
        for (const who of ["alice", "bob"]) store(who, "password").write(password);
        return {
          open: (role, env) => ({ handle: (role === "client" ? client : server)(env) as never }),
          longTermSecrets: () => [password],
        };
      },
    },
  });
  const told = [{ after: 1, hex: Buffer.from("come in").toString("hex") }];

  test("past a login that it cannot make, if it is told that it is in", () => {
    expect(delivered(run(protocol))).toEqual(["open the door"]);
    expect(delivered(run(protocol, { attack: puppet({ told, unready: true }) }))).toContain(
      "mallory was here",
    );
    for (const more of [{}, { unready: true } as const, { told }]) {
      expect(delivered(run(protocol, { attack: puppet(more) }))).toEqual(["open the door"]);
    }
  });

  test("though its code throws, and though it would give up", () => {
    const stubborn: Part = () => (input) => {
      if (input.kind === "start") return [{ kind: "exit", ok: false, because: "no key" }];
      if (input.kind !== "send") return [];
      if (words(input.message) === "mallory was here") throw new Error("unheard of");
      return [{ kind: "transmit", bytes: input.message }];
    };
    const open: Part = () => (input) =>
      input.kind === "datagram" ? [deliver(input.bytes, "alice")] : [];
    const trace = run(tiny({ client: stubborn, server: open }), {
      attack: puppet({ unready: true }),
    });
    expect(delivered(trace)).toEqual(["mallory\nwas here", "mallory is still here"]);
    expect(trace.puppets).toEqual([{ move: 0, failedBecause: undefined, luck: undefined }]);
  });

  test("and says why it has sent nothing, if its code failed before", () => {
    const failing: Part = ({ self }) => {
      if (self === "mallory") throw new Error("no key was dealt to such a one");
      return () => [];
    };
    const trace = run(tiny({ client: failing, server: failing }), {
      attack: [...puppet({ as: "mallory" }), inPlaceOfAlice],
    });
    expect(trace.puppets.map((p) => p.failedBecause)).toEqual([
      "no key was dealt to such a one",
      undefined,
    ]);
  });
});

test("a puppet under a spoofed address is taken for its owner, and hears nothing", () => {
  const server: Part = () => (input) =>
    input.kind === "datagram" && input.from === "alice:40000"
      ? [deliver(input.bytes, "alice"), transmit("thanks", input.from)]
      : [];
  const client: Part = () => (input) => {
    if (input.kind === "start") return [{ kind: "ready" }];
    return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
  };
  const spoofing = puppet({ spoofs: "client#0" });
  const trace = run(tiny({ client, server }), { attack: spoofing });
  expect(delivered(trace)).toContain("mallory was here");
  const thanks = eventsOf(trace, "received").filter((e) => words(e.bytes) === "thanks");
  expect(new Set(thanks.map((e) => e.at))).toEqual(new Set(["client#0"]));
  expect(delivered(run(tiny({ client, server }), { attack: puppet({}) }))).toEqual([]);
});
