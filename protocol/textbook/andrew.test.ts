import { describe, expect, test } from "vitest";
import { hex, utf8 } from "../kit/bytes.ts";
import { datagram, Playbook } from "../testing/playbook.ts";
import { andrew } from "./andrew.ts";
import { pack } from "./fields.ts";

const ends = { alice: "alice:40000", bob: "bob:1989" };
const stage = (version: string) =>
  new Playbook({ protocol: andrew, options: { version }, ends, programsEnd: true });
const stranger = "mallory:6666";
const unit = new Uint8Array(32).fill(7);
const versions = ["original", "ban", "lowe"] as const;
type Version = (typeof versions)[number];

/** The packet of that number (from 1) from one end, to nobody in particular. */
const sent = (play: Playbook, end: string, nth: number): Uint8Array =>
  play.packets(end)[nth - 1]?.bytes ?? new Uint8Array(0);

const sealing = 28;
const lengths: Readonly<Record<Version, readonly number[]>> = {
  original: [7 + 32 + sealing, 64 + sealing, 32 + sealing, 64 + sealing],
  ban: [7 + 32, 64 + sealing, 32 + sealing, 32],
  lowe: [7 + 32, 64 + "bob".length + sealing, 32 + sealing, 32],
};

describe.each(versions)("%s", (version) => {
  test("a run from beginning to end", () => {
    const play = stage(version).open("bob").converse("alice", ["open it"], ["it is open"]).run();
    expect(play.packets().map((p) => p.bytes.length)).toEqual([
      ...lengths[version],
      7 + "it is open".length + 16,
      7 + "open it".length + 16,
    ]);
    for (const end of ["alice", "bob"]) {
      const kinds = play.claims(end).map((c) => c.kind);
      expect(kinds).toEqual(["running", "commit", "secret"]);
    }
    const [[mine], [his]] = [play.claims("alice", "secret"), play.claims("bob", "secret")];
    expect(hex(mine?.value ?? unit)).toBe(hex(his?.value ?? new Uint8Array(0)));
    expect(play.texts("bob", "deliver")).toEqual(["open it"]);
    expect(play.texts("alice", "deliver")).toEqual(["it is open"]);
    expect(play.fate("alice")).toBe("exit ok");
  });

  test("what does not belong is discarded", () => {
    const play = stage(version).open("bob").open("alice").run(0).skip();
    const toBob = (bytes: Uint8Array | string) => play.in("bob", datagram(bytes, stranger));
    toBob("no").out("bob", "reject malformed");
    toBob(pack(utf8("carol"), unit)).out("bob", "reject unknown-peer");
    toBob(pack(utf8("bob"), unit)).out("bob", "reject unknown-peer");
    const unsealed = version === "original" ? "reject bad-tag" : "reject malformed";
    toBob(pack(utf8("alice"), unit.slice(1))).out("bob", unsealed);
    toBob(sent(play, "alice", 1)).skip();
    toBob(unit).out("bob", "reject bad-tag");
    play.in("alice", datagram(unit, ends.bob)).out("alice", "reject bad-tag");
    expect(play.claims("bob", "commit")).toEqual([]);
  });

  test("an answer to one call is none to the next", () => {
    const play = stage(version).open("bob").open("alice").run(15);
    const answer = sent(play, "bob", 1);
    play.open("alice:40001", { process: "again" }).skip();
    play.in("alice:40001", datagram(answer, ends.bob)).out("alice:40001", "reject stale");
  });
});

test("as published, a message that is nothing like the last one ends the run", () => {
  const play = stage("original").open("bob").open("alice").run(25);
  play.in("alice", datagram(sent(play, "bob", 1), ends.bob));
  expect(play.claims("alice").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
});

test("the last message, repaired, is a number", () => {
  const play = stage("lowe").open("bob").open("alice").run(25).skip();
  play.in("alice", datagram("short", ends.bob)).out("alice", "reject malformed");
});

test.each([
  ["ban", "claim running bob"],
  ["lowe", "reject unknown-peer"],
])("a key of Alice's own making: %s", (version, comes) => {
  const play = stage(version).open("alice:1989", { role: "responder" }).open("alice");
  const [nonce] = [sent(play, "alice", 1).slice(-unit.length)];
  play.in("alice:1989", datagram(pack(utf8("bob"), nonce), stranger));
  play.in("alice", datagram(sent(play, "alice:1989", 1), ends.bob));
  expect(play.lines("alice").join("\n")).toContain(comes);
});
