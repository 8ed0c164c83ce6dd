import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../kit/bytes.ts";
import { datagram, Playbook } from "../testing/playbook.ts";
import { message, pack } from "./fields.ts";
import { shortStrings } from "./short-strings.ts";

const ends = { alice: "alice:40000", bob: "bob:2005" };
const stage = (options: Record<string, string> = {}) =>
  new Playbook({ protocol: shortStrings, options, others: ["carol"], ends, untilMs: 100 });
const stranger = "mallory:6666";
const seen = (value: Uint8Array | string, from: string) =>
  ({ kind: "shown", value: typeof value === "string" ? utf8(value) : value, from }) as const;

describe("with a commitment", () => {
  test("the digits are those of both names and both halves, and what was committed is sent", () => {
    const play = stage().open("bob").open("alice").run();
    const [commitment, half, opened] = play.packets().map((p) => p.bytes.slice(1));
    const x = opened?.slice() ?? new Uint8Array(0);
    const y = half?.slice() ?? new Uint8Array(0);
    expect(commitment?.slice(2, 34)).toEqual(sha256(x));
    const number = BigInt(
      `0x${Buffer.from(sha256(pack(utf8("alice"), utf8("bob"), x, y))).toString("hex")}`,
    );
    const digits = (number % 10_000n).toString().padStart(4, "0");
    play.in("alice", seen(digits, "bob")).in("bob", seen(digits, "alice"));
    expect(play.claims("alice").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
    expect(play.claims("bob").map((c) => c.kind)).toEqual(["running", "commit", "secret"]);
    expect(concat(x, y).length).toBe(64);
  });

  test("other digits end the run, and those of somebody else do not count", () => {
    const play = stage().open("bob").open("alice").run();
    play.skip().in("alice", seen("0000", "carol")).in("alice", seen("no", "bob"));
    play.out("alice", "alarm the digits that bob sees are others");
    play.in("alice", seen("0000", "bob"));
    expect(play.claims("alice").map((c) => c.kind)).toEqual(["running"]);
  });

  test("what does not belong is discarded", () => {
    const play = stage().open("bob").skip();
    const fromStranger = (bytes: Uint8Array) => play.in("bob", datagram(bytes, stranger));
    fromStranger(utf8("?")).out("bob", "reject malformed");
    fromStranger(message(1, new Uint8Array(32), utf8("bob"))).out("bob", "reject unknown-peer");
    fromStranger(message(1, new Uint8Array(32), utf8("alice"))).skip();
    fromStranger(message(3, new Uint8Array(32).fill(9))).out("bob", "reject bad-key");
    fromStranger(utf8("?")).out("bob", "reject malformed");
  });
});

test("without one, a half that is no point of the curve is discarded", () => {
  const play = stage({ commitment: "no" }).open("bob").skip();
  play.in("bob", datagram(message(1, new Uint8Array(32), utf8("alice")), stranger));
  play.out("bob", "reject bad-key");
});
