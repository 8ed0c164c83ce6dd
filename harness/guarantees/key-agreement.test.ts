/** Which ends are held against each other, and where nothing can be said. */
import { describe, expect, test } from "vitest";
import type { Output, PlannedSession } from "../../protocol/endpoint.ts";
import { assess } from "../search/assess.ts";
import { claim, key } from "../testing/scripted.ts";
import { judgeRun, type Part, protocolOf, subjectFor, tiny, transmit } from "../testing/tiny.ts";
import { keyAgreement } from "./key-agreement.ts";

const finished = (value: string, peer: string, session?: string): readonly Output[] => [
  key(value, peer, session),
  claim("commit", peer, undefined, session),
];
/** Says so at the start, once. */
const saying =
  (...outputs: readonly Output[]): Part =>
  () =>
  (input) =>
    input.kind === "start" ? outputs : [];

describe("two processes that were started for one session", () => {
  const between = (a: readonly Output[], b: readonly Output[]) =>
    judgeRun(
      keyAgreement,
      protocolOf(
        { client: saying(...a), server: saying(...b) },
        {
          protocol: {
            transport: "stream",
            roles: [
              { name: "client", principals: ["alice"], process: "session", peer: "server" },
              { name: "server", principals: ["bob"], process: "session", port: 7 },
            ],
          },
        },
      ),
    );

  test("are held against each other", () => {
    expect(between(finished("k", "bob"), finished("k", "alice"))).toEqual({ atStake: 1 });
    const { violation } = between(finished("k", "bob"), finished("q", "alice"));
    expect(violation?.because).toMatch(/client#0 .* finished with each other, with different keys/);
  });

  test("are not, where one has finished with somebody else, or not at all", () => {
    const carol = between(finished("k", "bob"), finished("q", "carol"));
    expect(carol).toEqual({ atStake: 0 });
    const open = between(finished("k", "bob"), [key("q", "alice")]);
    expect(open).toEqual({
      atStake: 0,
      doubt: expect.stringMatching(/^server has a key and never/),
    });
  });
});

describe("a service whose labels are no addresses", () => {
  /** Each client is told its number; the server finishes with the nth client, under that label. */
  const numbered = (keys: readonly string[]) => {
    const server: Part = () => {
      let n = 0;
      return (input) => {
        if (input.kind !== "datagram") return [];
        const session = `number-${n}`;
        return [transmit(`${n}`, input.from), ...finished(keys[n++] ?? "", "alice", session)];
      };
    };
    const client: Part = () => (input) => {
      if (input.kind === "start") return [transmit("hello")];
      return input.kind === "datagram" ? finished(`k${input.bytes[0]}`, "bob") : [];
    };
    const session: PlannedSession = { start: 0, messages: [] };
    return judgeRun(keyAgreement, tiny({ client, server, sessions: [session, session] }));
  };

  test("is held against the client that it answers", () => {
    expect(numbered(["k48", "k49"])).toEqual({ atStake: 2 });
    expect(numbered(["k48", "q"]).violation?.because).toMatch(/server#0 and client#1 .* different/);
  });

  test("but not where each end has its match, in another connection", () => {
    expect(numbered(["k49", "k48"])).toEqual({ atStake: 2 });
  });
});

describe("members behind a relay", () => {
  const members = (alice: readonly Output[], bob: readonly Output[]) =>
    judgeRun(
      keyAgreement,
      protocolOf(
        { member: (env) => saying(...(env.self === "alice" ? alice : bob))(env) },
        {
          protocol: {
            roles: [
              { name: "relay", principals: ["rita"], process: "service", port: 7 },
              { name: "member", principals: ["alice", "bob"], process: "session", peer: "relay" },
            ],
          },
        },
      ),
    );

  test("are the two ends of a session", () => {
    expect(members(finished("k", "bob"), finished("k", "alice"))).toEqual({ atStake: 1 });
    expect(members(finished("k", "bob"), finished("q", "alice")).violation).toBeDefined();
    expect(members(finished("k", "bob"), finished("k", "carol")).violation?.because).toMatch(
      /member#1 believes to share it with carol, not with alice/,
    );
  });

  test("may finish again, with each other or with who poses as the other", () => {
    const twice = [...finished("k", "bob"), ...finished("q", "bob")];
    expect(members(twice, finished("k", "alice"))).toEqual({ atStake: 1 });
    const again = [...finished("k", "alice"), ...finished("q", "alice")];
    expect(members(finished("k", "bob"), again)).toEqual({ atStake: 1 });
    const others = [...finished("q", "alice"), ...finished("z", "alice")];
    expect(members(finished("k", "bob"), others).violation).toBeDefined();
  });

  test("are not where both have finished with the relay itself", () => {
    expect(members(finished("k", "rita"), finished("k", "rita"))).toEqual({ atStake: 0 });
  });
});

test("one end that never finishes leaves it unknown", () => {
  const protocol = tiny({
    client: () => (input) => {
      if (input.kind === "start") return [transmit("hello")];
      return input.kind === "datagram" ? finished("k", "bob") : [];
    },
    server: () => (input) => (input.kind === "datagram" ? [transmit("x"), key("q", "alice")] : []),
  });
  const about = { seed: "mallory", guarantees: [keyAgreement.id] };
  const [verdict] = assess(subjectFor(protocol), about).verdicts;
  expect(verdict).toMatchObject({ verdict: "unknown" });
  expect(verdict?.because).toMatch(/nothing was at stake/);
});
