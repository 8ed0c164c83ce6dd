/** Three members and their relay: who can read what, and what else is refused. */
import { describe, expect, test } from "vitest";
import type { Input, OptionValues } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import { datagram, Playbook, send, timeout } from "../testing/playbook.ts";
import { byType } from "../testing/tell.ts";
import { groupChat } from "./group-chat.ts";

const types = ["?", "hello", "key", "text"];
const relay = "ralf:4340";
const ends = { alice: "alice:1", bob: "bob:1", carol: "carol:1", relay };
const playbook = (options?: OptionValues): Playbook =>
  new Playbook({
    protocol: groupChat,
    options,
    ends,
    packetName: byType(({ bytes }) => types[bytes[0] ?? 0] ?? "?"),
  }).open("relay");
const group = (options?: OptionValues): Playbook =>
  playbook(options).open("alice").open("bob").open("carol").settle();
const toAll = (text: string, ...names: readonly string[]): Input => ({
  kind: "send",
  message: utf8(text),
  toAll: names,
});
const removed = (options?: OptionValues): Playbook =>
  group(options)
    .in("alice", toAll("remove carol", "bob", "carol"))
    .settle();
/** The `nth` packet of a type that an end sent to the relay, from 1. */
const packet = (play: Playbook, from: string, type: number, nth = 1): Uint8Array =>
  play.packets(from, "relay").filter((p) => p.bytes[0] === type)[nth - 1]?.bytes ?? utf8("none");
const refused = (play: Playbook, end: string): readonly string[] =>
  play.said(end, "reject").map((o) => o.reason);

test("all meet, and a text reaches both of the others", () => {
  const play = group();
  for (const end of ["alice", "bob", "carol"]) {
    expect(play.events).toContain(`${end} << ready`);
    expect(refused(play, end)).toEqual([]);
  }
  play.in("alice", toAll("hi", "bob", "carol")).settle();
  for (const end of ["bob", "carol"]) expect(play.texts(end, "deliver")).toEqual(["hi"]);
  expect(play.said("carol", "deliver")[0]?.from).toBe("alice");
  play.in("bob", timeout);
  expect(play.events.at(-1)).toBe("bob << exit ok");
});

describe("after carol was removed", () => {
  test.each([
    ["on", 2],
    ["off", 0],
  ])("rekey=%s: the others send %i new keys, none of them to her", (rekey, count) => {
    const play = removed({ rekey });
    const before = 6;
    const keys = ["alice", "bob", "carol"].flatMap((e) =>
      play.packets(e, "relay").filter((p) => p.bytes[0] === 2),
    );
    expect(keys.length).toBe(before + count);
    play.in("alice", toAll("the party", "bob")).settle();
    play.in("bob", toAll("the cake", "alice")).settle();
    expect(play.texts("bob", "deliver")).toEqual(["remove carol", "the party"]);
    expect(play.texts("alice", "deliver")).toEqual(["the cake"]);
    expect(play.texts("carol", "deliver")).toEqual(["remove carol"]);
  });

  test("a text to her, or from her, is none", () => {
    const play = removed().skip();
    play.in("alice", toAll("secret", "bob", "carol")).out("alice", 'give-up "secret"');
    play.in("carol", toAll("still here", "alice", "bob")).out("carol", 'give-up "still here"');
    play.in("bob", send("hi")).out("bob", 'give-up "hi"');
  });

  test("only the founder removes", () => {
    const play = group()
      .in("bob", toAll("remove carol", "alice", "carol"))
      .settle();
    play.in("alice", toAll("hi", "bob", "carol")).settle();
    expect(play.texts("carol", "deliver")).toEqual(["remove carol", "hi"]);
  });
});

describe("what is refused", () => {
  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  test("at a member", () => {
    const play = group()
      .in("alice", toAll("hi", "bob", "carol"))
      .settle()
      .skip();
    const [text, key, hello] = [3, 2, 1].map((type) => packet(play, "alice", type)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const refuse = (bytes: Uint8Array, reason: string, end = "bob") =>
      play.in(end, datagram(bytes, relay)).out(end, `reject ${reason}`);
    refuse(text, "replayed");
    refuse(flipped(text, text.length - 1), "bad-signature");
    refuse(flipped(text, 6), "unknown-peer");
    refuse(text.slice(0, 20), "malformed");
    refuse(key, "unknown-peer", "carol");
    refuse(key, "replayed");
    refuse(flipped(key, key.length - 1), "bad-tag");
    refuse(key.slice(0, 9), "malformed");
    refuse(flipped(hello, 4), "unknown-peer");
    refuse(hello.slice(0, 8), "malformed");
  });

  test("keys of an earlier session, for another nonce", () => {
    const play = group();
    const old = packet(play, "alice", 2);
    play.open("bob", { process: "bob again" }).skip();
    play.in("bob", datagram(old, relay)).out("bob", "reject bad-tag");
  });

  test("at the relay", () => {
    const play = group().skip();
    const stranger = datagram(utf8("?"), "mallory:1");
    const hello = packet(play, "alice", 1);
    play.in("relay", datagram(flipped(hello, 4), "mallory:1")).out("relay", "reject unknown-peer");
    const alone = playbook().skip();
    alone.in("relay", stranger).out("relay", "reject unknown-peer");
  });
});
