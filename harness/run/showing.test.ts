/** What users show each other out of band: who sees it, when, and what the adversary has of it. */
import { describe, expect, test } from "vitest";
import type { Env, Output } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { assess } from "../search/assess.ts";
import { type Handler, run, subjectFor, tiny, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";

const show = (value: string, to: string): Output => ({ kind: "show", value: utf8(value), to });

describe("what is shown", () => {
  const telling = (env: Env, then: readonly Output[] = []): Handler => {
    return (input, now) => {
      if (input.kind !== "shown") return [];
      const line = `${env.self} at ${now}: ${words(input.value)} of ${input.from}`;
      return [{ kind: "log", line }, ...then];
    };
  };
  const shown = (to: string, server: (env: Env) => Handler = telling) => {
    const client = (env: Env): Handler => {
      const tell = telling(env, [{ kind: "exit", ok: true }]);
      return (input, now) =>
        input.kind === "start" ? [show(`from ${env.self}`, to)] : tell(input, now);
    };
    const sessions = [0, 5_000].map((start) => ({ start, messages: [] }));
    return eventsOf(run(tiny({ client, server, sessions })), "log").map((e) => e.line);
  };

  test("is seen a second later by the one that it is for, in every session", () => {
    expect(shown("bob")).toEqual([
      "bob at 1000: from alice of alice",
      "bob at 6000: from alice of alice",
    ]);
  });

  test("is seen by nobody else", () => {
    expect(shown("carol")).toEqual([]);
  });

  test("in answer is seen by whoever is still there", () => {
    let n = 0;
    const answering = (): Handler => (input) =>
      input.kind === "shown" ? [show(`answer ${++n}`, "alice")] : [];
    expect(shown("bob", answering)).toEqual([
      "alice at 2000: answer 1 of bob",
      "alice at 7000: answer 2 of bob",
    ]);
  });
});

test("a service that says in which session shows it to that client only", () => {
  const client = ({ self }: Env): Handler => {
    return (input) => {
      if (input.kind === "start") return [{ kind: "transmit", bytes: utf8("hello") }];
      return input.kind === "shown" ? [{ kind: "log", line: `${self} ${words(input.value)}` }] : [];
    };
  };
  let n = 0;
  const server = (): Handler => (input) =>
    input.kind === "datagram" ? [show(`answer ${++n}`, "alice")] : [];
  const sessions = [0, 100].map((start) => ({ start, messages: [] }));
  const trace = run(tiny({ client, server, sessions }));
  const seen = eventsOf(trace, "log").map((e) => `${e.at}: ${e.line}`);
  expect(seen).toEqual(["client#0: alice answer 1", "client#1: alice answer 2"]);
});

describe("a key that is", () => {
  const pairing = (isPublic: boolean) =>
    tiny({
      client:
        ({ crypto }) =>
        (input) => {
          if (input.kind !== "start") return [];
          const value = crypto.random(32);
          const public_ = isPublic ? { isPublic } : {};
          return [
            { kind: "show", value, to: "bob", ...public_ } as Output,
            { kind: "claim", claim: { kind: "commit", peer: "bob" } },
            { kind: "claim", claim: { kind: "secret", peer: "bob", value } },
          ];
        },
      server: () => (input) =>
        input.kind !== "shown"
          ? []
          : [{ kind: "claim", claim: { kind: "secret", peer: "alice", value: input.value } }],
    });
  test.each([
    ["on a screen that all can see", true, "broken"],
    ["shown to one person", false, "holds"],
  ] as const)("%s", (_, isPublic, verdict) => {
    const about = { seed: "shown", guarantees: ["key-secrecy"] };
    const [secrecy] = assess(subjectFor(pairing(isPublic)), about).verdicts;
    expect(secrecy?.verdict).toBe(verdict);
  });
});
