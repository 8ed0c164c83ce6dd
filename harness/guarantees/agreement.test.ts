/** Those who run with somebody whose name they do not know yet. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { addresses, claim, key, type Scripts, scripted } from "../testing/scripted.ts";
import { judgeRun, tiny, transmit, words } from "../testing/tiny.ts";
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
    "whoever shares what was said",
    { client: commitsTo("k"), server: [[1, [answer, nameless("k")]]] },
    "fine",
  ],
  [
    "whoever shares something else",
    { client: commitsTo("k"), server: [[1, [answer, nameless("q")]]] },
    /aliveness only/,
  ],
  [
    "anybody at all",
    { client: commitsTo("k"), server: [[1, [answer, nameless()]]] },
    /aliveness only/,
  ],
  [
    "somebody who agrees on nothing",
    { client: commitsTo(), server: [[1, [answer, nameless("k")]]] },
    /aliveness only/,
  ],
  [
    "whoever shares the key that comes later, of which nothing was said",
    { client: commitsTo("k"), server: [[1, [answer, nameless("h"), key("k", "alice")]]] },
    /aliveness only/,
  ],
  [
    "two who share it",
    {
      client: commitsTo("k"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("k")]]],
    },
    /no injective agreement/,
  ],
  [
    "two, in two runs",
    {
      client: commitsTo("k"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("k"), nameless("k")]]],
    },
    "fine",
  ],
  [
    "somebody who turned out to be alice, with more to agree on",
    {
      client: commitsTo("k"),
      server: [[1, [answer, nameless("h"), claim("running", "alice", "k")]]],
    },
    "fine",
  ],
  [
    "two, one of them by name: it is one run all the same",
    {
      client: commitsTo("h"),
      client1: commitsTo("k"),
      server: [[1, [answer, nameless("h"), claim("running", "alice", "k")]]],
    },
    /no injective agreement/,
  ],
  [
    "somebody who turned out to be carol",
    {
      client: commitsTo("k"),
      server: [[1, [answer, nameless("k"), claim("running", "carol", "k")]]],
    },
    /aliveness only/,
  ],
];

test.each(situations)("running with %s", (_, scripts, violated) => {
  const { violation } = judgeRun(serverAuthentication, scripted(scripts));
  if (violated === "fine") expect(violation).toBeUndefined();
  else expect(violation?.because).toMatch(violated);
});

describe("a client that says its name last", () => {
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

  test("is fooled by whoever changes what they are to agree on", () => {
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const [server, client] = judged([
      { move: "modify", packet, edits: [{ edit: "flip", at: 0, mask: 2 }] },
    ]);
    expect(server).toMatch(/client#0 .* was not running with alice \(aliveness only\)/);
    expect(client).toMatch(/server#0 .* do not agree on the session/);
  });

  test("and by whoever answers in the server's place", () => {
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
