/** A session key that is given away, as a conversation, and whatever else arrives. */
import { describe, expect, test } from "vitest";
import { utf8 } from "../kit/bytes.ts";
import { datagram, Playbook, send } from "../testing/playbook.ts";
import { byType } from "../testing/tell.ts";
import { weakGenerator } from "./weak-generator.ts";

const types: Readonly<Record<number, string>> = { 1: "hello", 2: "ticket", 3: "proof" };
const begun = (generator = "strong"): Playbook =>
  new Playbook({
    protocol: weakGenerator,
    options: { generator },
    ends: { alice: "alice:40000", bob: "bob:2014" },
    packetName: byType(({ bytes }) => types[bytes[0] ?? 0] ?? "record"),
    stores: "never",
  })
    .open("bob")
    .open("alice");
const packet = (play: Playbook, from: string, type: number): Uint8Array =>
  play.packets(from, from === "bob" ? "alice" : "bob").find((p) => p.bytes[0] === type)?.bytes ??
  utf8("none");

test.each(["strong", "weak"])("generator=%s: both finish, and talk", (generator) => {
  const play = begun(generator).settle();
  play.goes([
    "bob >> start",
    "alice >> start",
    "alice << transmit hello (24)",
    "bob >> datagram hello (24) from alice",
    "bob << claim running alice",
    "bob << transmit ticket (77) to alice",
    "alice >> datagram ticket (77) from bob",
    "alice << claim running bob",
    "alice << transmit proof (33)",
    "alice << claim commit bob",
    "alice << claim secret bob",
    "alice << ready",
    "bob >> datagram proof (33) from alice",
    "bob << claim commit alice",
    "bob << claim secret alice",
    "bob << ready",
  ]);
  play.in("alice", send("five and four")).settle();
  expect(play.texts("bob", "deliver")).toEqual(["five and four"]);
});

describe("what is refused", () => {
  const flipped = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  test("at the initiator: another key's ticket, and one for an earlier nonce", () => {
    const play = begun().settle();
    const ticket = packet(play, "bob", 2);
    play.open("alice", { process: "alice again" }).skip();
    const refuse = (bytes: Uint8Array, reason: string) =>
      play.in("alice", datagram(bytes, "bob:2014")).out("alice", `reject ${reason}`);
    refuse(utf8("?"), "malformed");
    refuse(flipped(ticket, 30), "bad-tag");
    refuse(ticket, "replayed");
  });

  test("at the responder: strangers, and those who do not know the key", () => {
    const play = begun().settle().skip();
    const refuse = (bytes: Uint8Array, reason: string) =>
      play.in("bob", datagram(bytes, "mallory:1")).out("bob", `reject ${reason}`);
    const hello = packet(play, "alice", 1);
    refuse(utf8("?"), "malformed");
    refuse(flipped(hello, hello.length - 1), "unknown-peer");
    play.in("bob", datagram(hello, "mallory:1")).skip();
    refuse(hello, "malformed");
    refuse(packet(play, "alice", 3), "bad-tag");
  });
});
