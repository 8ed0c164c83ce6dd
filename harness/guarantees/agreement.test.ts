/** Grades of commitments: whose run one may rest on, and which values the two agree on. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { inPlaceOfAlice } from "../testing/puppets.ts";
import { addresses, claim, key, type Scripts, scripted } from "../testing/scripted.ts";
import { judgeRun, run, tiny, transmit, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { gradeCommits } from "./agreement.ts";
import { clientAuthentication, serverAuthentication } from "./authentication.ts";

const nameless = (agreed?: string): Output => ({
  kind: "claim",
  claim: { kind: "running", ...(agreed === undefined ? {} : { agreed: utf8(agreed) }) },
});
const answer = transmit("x", addresses.client);
const commitsTo = (agreed?: string): NonNullable<Scripts["client"]> => [
  [3, [claim("commit", "bob", agreed)]],
];

const situations: readonly (readonly [string, Scripts, RegExp | "fine"])[] = [
  [
    "a peer not named yet, and the same agreed value",
    { client: commitsTo("k"), server: [[1, [answer, nameless("k")]]] },
    "fine",
  ],
  [
    "a peer not named yet, and another agreed value",
    { client: commitsTo("k"), server: [[1, [answer, nameless("q")]]] },
    /aliveness only/,
  ],
  [
    "a peer not named yet, and no agreed value",
    { client: commitsTo("k"), server: [[1, [answer, nameless()]]] },
    /aliveness only/,
  ],
  [
    "a peer not named yet, for a commitment without a value",
    { client: commitsTo(), server: [[1, [answer, nameless("k")]]] },
    /aliveness only/,
  ],
  [
    "a peer not named yet, and a later key as the value, which the run did not name",
    { client: commitsTo("k"), server: [[1, [answer, nameless("h"), key("k", "alice")]]] },
    /aliveness only/,
  ],
  [
    "a peer not named yet, for two commitments to one run",
    {
      client: commitsTo("k"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("k")]]],
    },
    /no injective agreement/,
  ],
  [
    "a peer not named yet, for two commitments to two runs",
    {
      client: commitsTo("k"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("k"), nameless("k")]]],
    },
    "fine",
  ],
  [
    "a peer named later as alice, with a further value",
    {
      client: commitsTo("k"),
      server: [[1, [answer, nameless("h"), claim("running", "alice", "k")]]],
    },
    "fine",
  ],
  [
    "a peer named later, for two commitments: it is one run all the same",
    {
      client: commitsTo("h"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("h"), claim("running", "alice", "k")]]],
    },
    /no injective agreement/,
  ],
  [
    "a peer named later as carol",
    {
      client: commitsTo("k"),
      server: [[1, [answer, nameless("k"), claim("running", "carol", "k")]]],
    },
    /aliveness only/,
  ],
];

const expectJudged = (scripts: Scripts, violated: RegExp | "fine"): void => {
  const { violation } = judgeRun(serverAuthentication, scripted(scripts));
  if (violated === "fine") expect(violation).toBeUndefined();
  else expect(violation?.because).toMatch(violated);
};

test.each(situations)("running with %s", (_, scripts, violated) => {
  expectJudged(scripts, violated);
});

const runs = (agreed?: string, session?: string): Output =>
  claim("running", "alice", agreed, session);
const twice = { client: commitsTo("k"), client1: commitsTo("k") };

/** Alice commits to Bob at 3 ms, except where a row says otherwise. */
const peers: readonly (readonly [string, Scripts, RegExp | "fine"])[] = [
  ["Bob runs with Alice", { server: [[1, [answer, runs("k")]]] }, "fine"],
  [
    "Bob runs with Alice, from 4 ms on",
    {
      server: [
        [1, [answer]],
        [4, [runs("k")]],
      ],
    },
    /aliveness only/,
  ],
  [
    "Bob runs with Carol",
    { server: [[1, [answer, claim("running", "carol", "k")]]] },
    /aliveness only/,
  ],
  [
    "Carol runs with Alice, and Bob is alive",
    { server: [[1, [answer]]], carol: [[1, [answer, runs("k")]]] },
    /aliveness only/,
  ],
  [
    "Carol runs with Alice, and Bob sends nothing",
    { server: [[1, [runs("k")]]], carol: [[1, [answer, runs("k")]]] },
    /not even aliveness/,
  ],
  [
    "Carol and Bob run with Alice, who commits to Bob twice",
    { ...twice, server: [[1, [answer, runs("k")]]], carol: [[1, [answer, runs("k")]]] },
    /no injective agreement/,
  ],
  [
    "Alice runs with Alice",
    { client: [[1, [runs("k")]], ...commitsTo("k")], server: [[1, [answer]]] },
    /aliveness only/,
  ],
];
const values: readonly (readonly [string, Scripts, RegExp | "fine"])[] = [
  ["the run names another value", { server: [[1, [answer, runs("q")]]] }, /weak agreement only/],
  ["the run names none", { server: [[1, [answer, runs()]]] }, "fine"],
  [
    "the commitment names none",
    { client: commitsTo(), server: [[1, [answer, runs("q")]]] },
    "fine",
  ],
  ["neither names one", { client: commitsTo(), server: [[1, [answer, runs()]]] }, "fine"],
  [
    "two commitments name none, for one run",
    { client: commitsTo(), client1: commitsTo(), server: [[1, [answer, runs("q")]]] },
    /no injective agreement/,
  ],
  [
    "the run names none, and its key is the value",
    { server: [[1, [answer, runs(), key("k", "alice")]]] },
    "fine",
  ],
  [
    "the run names none, and its key is another",
    { server: [[1, [answer, runs(), key("q", "alice")]]] },
    /weak agreement only/,
  ],
  [
    "the key of another session is the value",
    { server: [[1, [answer, runs(), key("q", "alice"), key("k", "alice", "other")]]] },
    /weak agreement only/,
  ],
  [
    "two keys, the value among them",
    { server: [[1, [answer, runs("h"), key("k", "alice"), key("q", "alice")]]] },
    "fine",
  ],
];
const moments: readonly (readonly [string, Scripts, RegExp | "fine"])[] = [
  [
    "Bob sends before and after",
    {
      server: [
        [1, [answer]],
        [5, [answer]],
      ],
    },
    /aliveness only/,
  ],
  [
    "Bob sends only after",
    {
      server: [
        [1, [runs("k")]],
        [5, [answer]],
      ],
    },
    /not even aliveness/,
  ],
  [
    "Bob is told a name only after: until then the value decides",
    {
      server: [
        [1, [answer, nameless("k")]],
        [5, [claim("running", "carol", "k")]],
      ],
    },
    "fine",
  ],
  [
    "a name is added once: the next run is another one",
    { ...twice, server: [[1, [answer, nameless("h"), runs("k"), runs("k")]]] },
    "fine",
  ],
  [
    "a name is added in the same session only",
    { ...twice, server: [[1, [answer, nameless("k"), runs("k", "other")]]] },
    "fine",
  ],
];

describe.each([
  ["whose run", peers],
  ["which value", values],
  ["what comes first", moments],
])("%s", (_, rows) => {
  test.each(rows)("%s", (_title, scripts, violated) => {
    expectJudged({ client: commitsTo("k"), ...scripts }, violated);
  });
});

describe("commitments that are not graded", () => {
  const alone: Scripts = { client: commitsTo("k"), server: [[3, [claim("commit", "alice", "k")]]] };
  const judged = (scripts: Scripts, attack: Attack) =>
    [serverAuthentication, clientAuthentication].map((guarantee) => {
      const { atStake, violation } = judgeRun(guarantee, scripted(scripts), attack);
      return violation === undefined ? atStake : "violated";
    });

  test("those to the attacker, under any of its names, and those that it makes", () => {
    expect(judged(alone, [])).toEqual(["violated", "violated"]);
    expect(judged({ client: [[3, [claim("commit", "mallory", "k")]]] }, [])).toEqual([0, 0]);
    expect(judged(alone, [{ move: "participate", as: "bob" }])).toEqual([0, 0]);
    expect(judged(alone, [{ move: "participate", as: "carol" }])).toEqual(["violated", "violated"]);
  });

  test("those of puppets, which run honest code", () => {
    const scripts: Scripts = {
      client: [[1, [transmit("x"), runs("k")]], ...commitsTo("k")],
      server: [[1, [answer, runs("k")]]],
    };
    const attack: Attack = [inPlaceOfAlice];
    expect(judged(scripts, attack)).toEqual([1, 0]);
    const trace = run(scripted(scripts), { attack });
    expect(trace.packets.map((p) => p.from)).toContain("puppet-b");
    // No run has one, but a puppet's commitment among the events would not count either.
    const [said] = eventsOf(trace, "commit");
    if (said === undefined) throw new Error("Alice commits");
    const events = [...trace.events, { ...said, at: "puppet-b" }];
    expect(gradeCommits({ ...trace, events })).toEqual(gradeCommits(trace));
  });
});

describe("a client that sends its name last", () => {
  const anonymous = tiny({
    client: () => (input) => {
      if (input.kind === "start") return [claim("running", "bob", "a"), transmit("a")];
      if (input.kind !== "datagram") return [];
      const both = `a, ${words(input.bytes)}`;
      return [claim("running", "bob", both), claim("commit", "bob", both), transmit("alice")];
    },
    server: () => {
      let both = "";
      return (input) => {
        if (input.kind !== "datagram") return [];
        if (both !== "") return [claim("running", "alice", both), claim("commit", "alice", both)];
        both = `${words(input.bytes)}, b`;
        return [nameless(both), transmit("b")];
      };
    },
  });
  const judged = (attack: Attack) =>
    [serverAuthentication, clientAuthentication].map(
      (guarantee) => judgeRun(guarantee, anonymous, attack).violation?.because,
    );

  test("finishes with its server, and the server with it", () => {
    expect(judged([])).toEqual([undefined, undefined]);
  });

  test("is deceived by an attacker who changes what they are to agree on", () => {
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const [server, client] = judged([
      { move: "modify", packet, edits: [{ edit: "flip", at: 0, mask: 2 }] },
    ]);
    expect(server).toMatch(/client#0 .* was not running with alice \(aliveness only\)/);
    expect(client).toMatch(/server#0 .* do not agree on the session/);
  });

  test("and by an attacker who answers in the server's place", () => {
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const [server] = judged([
      { move: "drop", packet },
      {
        move: "inject",
        hex: "62",
        to: "client#0",
        from: addresses.server,
        when: { after: packet },
      },
    ]);
    expect(server).toMatch(/not even aliveness/);
  });
});
