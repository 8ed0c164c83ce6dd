/** Commands as a conversation, across a restart of the device, and whatever else arrives. */
import { describe, expect, test } from "vitest";
import { utf8 } from "../kit/bytes.ts";
import { datagram, Playbook, send, timeout } from "../testing/playbook.ts";
import { byType } from "../testing/tell.ts";
import { remoteControl } from "./remote-control.ts";

const types = ["?", "command", "obeyed"];
const playbook = (options?: Readonly<Record<string, string>>): Playbook =>
  new Playbook({
    protocol: remoteControl,
    options,
    ends: { remote: "alice:40000", device: "bob:4330" },
    packetName: byType(({ bytes }) => types[bytes[0] ?? 0] ?? "?"),
    programsEnd: true,
  })
    .open("device")
    .open("remote");
const packet = (play: Playbook, from: string, nth = 1): Uint8Array =>
  play.packets(from, from === "remote" ? "device" : "remote")[nth - 1]?.bytes ?? utf8("none");

test("a command is obeyed and confirmed", () => {
  const play = playbook().in("remote", send("open")).settle();
  play.goes([
    "device >> start",
    "remote >> start",
    "remote << ready",
    'remote >> send "open"',
    "remote << transmit command (25)",
    "device >> datagram command (25) from remote",
    'device << deliver "open" from alice',
    "device << transmit obeyed (21) to remote",
    "remote >> datagram obeyed (21) from device",
    'remote << confirm "open"',
  ]);
  play.in("remote", timeout).out("remote", "exit ok");
});

describe("after a restart of the device, the command comes again", () => {
  const again = (options?: Readonly<Record<string, string>>): Playbook => {
    const play = playbook(options).in("remote", send("open")).settle();
    return play
      .open("device")
      .skip()
      .in("device", datagram(packet(play, "remote"), "mallory:6666"));
  };
  test("it is refused, for the counter is stored", () => {
    again().out("device", "reject replayed");
  });
  test("it is obeyed, where the counter was in memory", () => {
    again({ counter: "memory" }).out(
      "device",
      'deliver "open" from alice',
      "transmit obeyed (21) to mallory:6666",
    );
  });
});

test("a remote control that is started again counts on", () => {
  const play = playbook().in("remote", send("open")).settle().open("remote").skip();
  play.in("remote", send("close")).settle();
  expect(play.texts("device", "deliver")).toEqual(["open", "close"]);
});

describe("what is refused", () => {
  const flipped = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
  const talked = (): Playbook => playbook().in("remote", send("open")).settle().skip();

  test("at the device", () => {
    const play = talked();
    const refuse = (bytes: Uint8Array, reason: string) =>
      play.in("device", datagram(bytes, "alice:40000")).out("device", `reject ${reason}`);
    refuse(new Uint8Array(), "malformed");
    refuse(packet(play, "device"), "malformed");
    refuse(packet(play, "remote").slice(0, 20), "malformed");
    refuse(flipped(packet(play, "remote")), "bad-tag");
    refuse(packet(play, "remote"), "replayed");
  });

  test("at the remote control", () => {
    const play = talked();
    const refuse = (bytes: Uint8Array, reason: string) =>
      play.in("remote", datagram(bytes, "bob:4330")).out("remote", `reject ${reason}`);
    refuse(packet(play, "remote"), "malformed");
    refuse(flipped(packet(play, "device")), "bad-tag");
    refuse(packet(play, "device"), "unexpected");
  });
});
