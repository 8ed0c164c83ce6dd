import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../kit/bytes.ts";
import { datagram, Playbook } from "../testing/playbook.ts";
import { any, pack, unpack } from "./fields.ts";
import { neumanStubblebine } from "./neuman-stubblebine.ts";
import { sealTicket } from "./ticket.ts";

const ends = { alice: "alice:40000", bob: "bob:1994", trent: "trent:1993" };
const stage = (types: string) =>
  new Playbook({
    protocol: neumanStubblebine,
    options: { types },
    others: ["mallory"],
    ends,
    programsEnd: true,
  });
const stranger = "mallory:6666";
/** As long as nonces and keys are. */
const chosen = new Uint8Array(32).fill(7);

/** Bob, called by a stranger in Alice's name, and what he sends to Trent: three fields and where. */
function called(types: string) {
  const play = stage(types).open("trent").open("bob");
  play.in("bob", datagram(pack(utf8("alice"), chosen), stranger)).skip();
  const [bytes = new Uint8Array(0)] = play.packets("bob", "trent").map((p) => p.bytes);
  const fields = unpack(bytes, any, any, 32, any);
  if (fields === undefined) throw new Error("Bob has sent something else");
  return { play, bytes, fields };
}

describe.each(["plain", "tagged"])("%s", (types) => {
  test("a run from beginning to end", () => {
    const play = stage(types).open("trent").open("bob");
    play.converse("alice", ["two seats"], ["you have them"]).run();
    expect(play.packets().map(({ from, to }) => `${from} ${to}`.replace(/:\d+/g, ""))).toEqual([
      "alice bob",
      "bob trent",
      "trent alice",
      "alice bob",
      "alice bob",
      "bob alice",
    ]);
    expect(play.claims("alice").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
    expect(play.claims("bob").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
    const [[mine], [his]] = [play.claims("alice", "secret"), play.claims("bob", "secret")];
    expect(hex(mine?.value ?? chosen)).toBe(hex(his?.value ?? new Uint8Array(0)));
    expect(play.texts("bob", "deliver")).toEqual(["two seats"]);
    expect(play.texts("alice", "deliver")).toEqual(["you have them"]);
    expect(play.fate("alice")).toBe("exit ok");
  });

  test("what does not belong is discarded", () => {
    const { play, bytes, fields } = called(types);
    const [bob, request, challenge, address] = fields;
    const ask = (...parts: readonly Uint8Array[]) =>
      play.in("trent", datagram(pack(...parts), ends.bob));
    ask(bob).out("trent", "reject malformed");
    ask(bob, request, challenge, utf8("nowhere")).out("trent", "reject malformed");
    ask(utf8("eve"), request, challenge, address).out("trent", "reject unknown-peer");
    ask(utf8("alice"), request, challenge, address).out("trent", "reject bad-tag");
    const tell = (part: Uint8Array | string, from = "mallory:6667") =>
      play.in("bob", datagram(part, from));
    tell("nothing").out("bob", "reject malformed");
    tell(pack(utf8("eve"), chosen)).out("bob", "reject unknown-peer");
    tell(pack(utf8("bob"), chosen)).out("bob", "reject unknown-peer");
    tell("no ticket", stranger).out("bob", "reject malformed");
    tell(pack(utf8("none"), utf8("either")), stranger).out("bob", "reject bad-tag");

    play.open("alice").skip();
    const answer = (part: Uint8Array) => play.in("alice", datagram(part, ends.trent));
    answer(utf8("no")).out("alice", "reject malformed");
    answer(pack(utf8("no"), utf8("answer"), chosen)).out("alice", "reject bad-tag");
    // What Trent makes of the stranger's nonce is not what Alice has asked for.
    play.in("trent", datagram(bytes, ends.bob)).skip();
    const dealt = play.packets("trent").at(-1)?.bytes ?? chosen;
    answer(dealt).out("alice", "reject stale");
    const [, ticket = chosen] = unpack(dealt, any, any, 32) ?? [];
    tell(pack(ticket, request), stranger).out("bob", "reject bad-tag");
    expect(play.claims("bob", "commit")).toEqual([]);
  });

  test("the ticket of one call is no good in another", () => {
    const { play, bytes } = called(types);
    play.in("trent", datagram(bytes, ends.bob)).skip();
    const [, ticket = chosen] =
      unpack(play.packets("trent").at(-1)?.bytes ?? chosen, any, any, 32) ?? [];
    const again = "mallory:6667";
    play.in("bob", datagram(pack(utf8("alice"), chosen), again), 500).skip();
    play.in("bob", datagram(pack(ticket, chosen), again), 500).out("bob", "reject stale");
    const asMallory = "mallory:6668";
    play.in("bob", datagram(pack(utf8("mallory"), chosen), asMallory), 0).skip();
    play.in("bob", datagram(pack(ticket, chosen), asMallory)).out("bob", "reject unknown-peer");
  });
});

test.each([
  ["plain", "commit"],
  ["tagged", undefined],
])("Bob's own request for a ticket: %s", (types, expected) => {
  const { play, fields } = called(types);
  const [, request, challenge] = fields;
  const use = types === "tagged" ? "proof" : "";
  const proof = sealTicket(play.installation.crypto("stranger"), chosen, challenge, use);
  play.in("bob", datagram(pack(request, proof), stranger));
  expect(play.claims("bob", "commit").map((c) => c.kind)[0]).toBe(expected);
  if (expected === undefined) expect(play.lines("bob").at(-1)).toContain("reject bad-tag");
});
