import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../kit/bytes.ts";
import { datagram, Playbook } from "../testing/playbook.ts";
import { denningSaccoPk } from "./denning-sacco-pk.ts";
import { any, pack, unpack } from "./fields.ts";

const ends = { alice: "alice:40000", bob: "bob:1982", trent: "trent:1981" };
const nothing = new Uint8Array(0);
const stage = (named: string) =>
  new Playbook({
    protocol: denningSaccoPk,
    options: { named },
    others: ["mallory"],
    ends,
    programsEnd: true,
  });

const last = (play: Playbook, end: string): Uint8Array =>
  play.packets(end).at(-1)?.bytes ?? nothing;

/** Alice calls a service, and nothing of it arrives. @returns certificates, and what is sealed. */
function calling(play: Playbook, address = ends.alice, peer = "bob") {
  play.open("trent").open(address, { peer, process: peer });
  play.in("trent", datagram(last(play, address), address));
  play.in(address, datagram(last(play, "trent"), ends.trent)).skip();
  const fields = unpack(last(play, address), any, any, any);
  if (fields === undefined) throw new Error("Alice does not call");
  return fields;
}

describe.each(["no", "yes"])("named: %s", (named) => {
  test("a run from beginning to end", () => {
    const play = stage(named).open("trent").open("bob");
    play.converse("alice", ["take my cart"], ["gladly"]).run();
    const way = play.packets().map(({ from, to }) => `${from} ${to}`.replace(/:\d+/g, ""));
    expect(way.slice(0, 3)).toEqual(["alice trent", "trent alice", "alice bob"]);
    expect(way.slice(3).toSorted()).toEqual(["alice bob", "bob alice"]);
    expect(play.claims("alice").map((c) => c.kind)).toEqual(["running", "secret"]);
    expect(play.claims("bob").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
    const [[mine], [his]] = [play.claims("alice", "secret"), play.claims("bob", "secret")];
    expect(hex(mine?.value ?? nothing)).toBe(hex(his?.value ?? utf8("none")));
    expect(play.texts("bob", "deliver")).toEqual(["take my cart"]);
    expect(play.texts("alice", "deliver")).toEqual(["gladly"]);
    expect(play.fate("alice")).toBe("exit ok");
  });

  test("what does not belong is discarded", () => {
    const play = stage(named).open("bob");
    const [own, theirs, sealed] = calling(play);
    const toBob = (...parts: readonly Uint8Array[]) =>
      play.in("bob", datagram(pack(...parts), "mallory:6666"));
    toBob(utf8("no")).out("bob", "reject malformed");
    toBob(utf8("no certificate"), theirs, sealed).out("bob", "reject bad-signature");
    toBob(own.toReversed(), theirs, sealed).out("bob", "reject bad-signature");
    toBob(theirs, own, sealed).out("bob", "reject unknown-peer");
    toBob(own, theirs, sealed.toReversed()).out("bob", "reject bad-key");
    play.in("trent", datagram("no", ends.alice)).out("trent", "reject malformed");
    play.in("trent", datagram(pack(utf8("alice"), utf8("eve")), ends.alice));
    play.out("trent", "reject unknown-peer");

    play.open("alice:40001", { process: "again" }).skip();
    const toAlice = (...parts: readonly Uint8Array[]) =>
      play.in("alice:40001", datagram(pack(...parts), ends.trent));
    toAlice(utf8("no")).out("alice:40001", "reject malformed");
    toAlice(own, own.toReversed()).out("alice:40001", "reject bad-signature");
    toAlice(own, own).out("alice:40001", "reject unknown-peer");
  });

  test("a call is taken once, and only while it is new", () => {
    for (const [late, taken] of [
      [1_000, true],
      [1_001, false],
    ] as const) {
      const play = stage(named).open("bob");
      const call = pack(...calling(play));
      play.in("bob", datagram(call, ends.alice), late);
      expect(play.claims("bob", "commit")).toHaveLength(taken ? 1 : 0);
      if (!taken) play.out("bob", "reject stale");
      play.skip().in("bob", datagram(call, "mallory:6666"), late).out("bob", "reject stale");
    }
  });
});

test.each([
  ["no", "commit"],
  ["yes", undefined],
])("what Alice has signed for mallory, named: %s", (named, expected) => {
  const play = stage(named).open("bob");
  const [, bobs] = calling(play, "alice:40001");
  const [own, hers, sealed] = calling(play, ends.alice, "mallory");
  const [, content = nothing] = unpack(bobs, any, any) ?? [];
  const [, , bobsKey = nothing] = unpack(content, any, any, any) ?? [];
  const crypto = play.installation.crypto("mallory");
  const [, mallorys = nothing] = play.installation.deployment.longTermSecrets("mallory");
  const inside = crypto.rsaDecrypt("sha256", mallorys, sealed) ?? nothing;
  const again = crypto.rsaEncrypt("sha256", bobsKey, inside) ?? nothing;
  play.in("bob", datagram(pack(own, hers, again), "mallory:6666"));
  expect(play.claims("bob", "commit").map((c) => c.kind)[0]).toBe(expected);
  if (expected === undefined) expect(play.lines("bob").at(-1)).toContain("reject bad-signature");
});
