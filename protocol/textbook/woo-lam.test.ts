import { describe, expect, test } from "vitest";
import { utf8 } from "../kit/bytes.ts";
import { datagram, Playbook } from "../testing/playbook.ts";
import { pack } from "./fields.ts";
import { wooLam } from "./woo-lam.ts";

const ends = { alice: "alice:40000", bob: "bob:1992", trent: "trent:1994" };
const stage = (version: string) =>
  new Playbook({
    protocol: wooLam,
    options: { version },
    others: ["mallory"],
    ends,
    programsEnd: true,
  });
const stranger = "mallory:6666";

/** The last packet of an end. */
const last = (play: Playbook, end: string): Uint8Array =>
  play.packets(end).at(-1)?.bytes ?? new Uint8Array(0);

/** How many bytes the proof, the question and the answer have, each with 28 for sealing. */
const lengths = {
  pi: [16, 51, 16],
  pi3: [16, 51, 23],
  full: [28, 86, 28],
} as const;
const sealing = 28;
const nameBytes = 2 + "bob".length;

describe.each(["pi", "pi3", "full"] as const)("%s", (version) => {
  test("a run from beginning to end", () => {
    const [proof, question, answer] = lengths[version];
    const play = stage(version).open("trent").open("bob").open("alice").run();
    const sent = play.packets().map(({ from, bytes }) => [from.split(":")[0], bytes.length]);
    expect(sent).toEqual([
      ["alice", 5],
      ["bob", 16],
      ["alice", proof + sealing],
      ["bob", nameBytes + question + sealing],
      ["trent", answer + sealing],
    ]);
    const [said, committed] = [play.claims("alice"), play.claims("bob")];
    expect(said).toMatchObject([{ kind: "running", peer: "bob" }]);
    expect(committed).toMatchObject([{ kind: "commit", peer: "alice" }]);
    expect(committed[0]).toHaveProperty("agreed", play.packets("bob", "alice")[0]?.bytes);
    expect(play.endpoint("bob").stateSize?.()).toBe(0);
    expect(play.fate("alice")).toBe("exit ok");
  });

  test("what does not belong is discarded", () => {
    const play = stage(version).open("trent").open("bob").skip();
    const fromStranger = (bytes: Uint8Array | string) => play.in("bob", datagram(bytes, stranger));
    fromStranger("nobody").out("bob", "reject unknown-peer");
    fromStranger("bob").out("bob", "reject unknown-peer");
    play.in("bob", datagram("early", ends.trent)).out("bob", "reject unexpected");
    fromStranger("alice");
    play.skip().in("bob", datagram("early", ends.trent)).out("bob", "reject unexpected");
    fromStranger("no proof");
    const question = last(play, "bob");
    play.skip();
    fromStranger("another").out("bob", "reject unexpected");
    play.in("bob", datagram("no answer", ends.trent)).out("bob", "reject bad-tag");
    play.in("trent", datagram("no", ends.bob)).out("trent", "reject malformed");
    play.in("trent", datagram(pack(utf8("eve"), question), ends.bob));
    play.out("trent", "reject unknown-peer");
    play.in("trent", datagram(pack(utf8("bob"), question), ends.bob));
    play.out("trent", "reject bad-tag");
    // Bob's question is sound, and what he was shown is not.
    play.in("trent", datagram(question, ends.bob)).out("trent", "reject bad-tag");
    expect(play.claims("bob")).toEqual([]);
  });

  test("what was shown and answered in one run does not end another", () => {
    const play = stage(version).open("bob").open("trent").open("alice").run();
    const [answer, proof] = [last(play, "trent"), last(play, "alice")];
    play.in("bob", datagram("alice", stranger)).in("bob", datagram(proof, stranger)).skip();
    play.in("bob", datagram(answer, ends.trent)).out("bob", "reject stale");
    play.in("trent", datagram(last(play, "bob"), ends.bob));
    if (version === "full") play.out("trent", "reject unauthorized");
    else
      play
        .skip()
        .in("bob", datagram(last(play, "trent"), ends.trent))
        .out("bob", "reject stale");
  });

  test("Alice answers one challenge", () => {
    const play = stage(version).open("alice").skip();
    play.in("alice", datagram("short", ends.bob)).out("alice", "reject malformed");
    play.in("alice", datagram(new Uint8Array(16), ends.bob)).skip();
    play.in("alice", datagram(new Uint8Array(16), ends.bob)).out("alice", "reject unexpected");
  });
});
