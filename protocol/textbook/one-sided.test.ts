/** Requests on connections of their own, as a conversation, and whatever else arrives. */
import { describe, expect, test } from "vitest";
import type { Input, OptionValues } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import { chunk, type Network, Playbook, send, timeout } from "../testing/playbook.ts";
import { byType } from "../testing/tell.ts";
import { instead } from "../testing/wire.ts";
import { oneSided } from "./one-sided.ts";

const types: Readonly<Record<number, string>> = { 1: "hello", 2: "answer", 100: "record" };
const playbook = (network?: Network, options?: OptionValues): Playbook =>
  new Playbook({
    protocol: oneSided,
    options,
    network,
    ends: { client: "alice:40000", server: "bob:4430" },
    packetName: byType(({ bytes }) => types[bytes[0] ?? 0] ?? "?"),
    programsEnd: true,
  })
    .open("server")
    .open("client")
    .connect("client");
const respond = (text: string): Input => ({
  kind: "send",
  message: utf8(text),
  session: "alice:40000",
});
/** A request and its response. */
const exchange = (play: Playbook, request: string, response: string): Playbook =>
  play.in("client", send(request)).settle().in("server", respond(response)).settle();

test("two requests, each with a handshake of its own", () => {
  const play = playbook().settle();
  play.goes([
    "server >> start",
    "client >> start",
    "server >> connected client",
    "client >> connected server",
    "client << transmit hello (33)",
    "server >> chunk hello (33) from client",
    "server << claim running anonymous",
    "server << transmit answer (99) to client",
    "client >> chunk answer (99) from server",
    "client << claim commit bob",
    "client << claim secret bob",
    "client << ready for 1",
  ]);
  play.in("client", send("when?")).settle().in("server", respond("now")).settle();
  play.goes([
    'client >> send "when?"',
    "client << transmit record (28)",
    "server >> chunk record (28) from client",
    "server << claim secret anonymous",
    'server << deliver "when?" from its peer',
    "server << ready for 1",
    'server >> send "now"',
    "server << transmit record (26) to client",
    "client >> chunk record (26) from server",
    'client << confirm "when?"',
    'client << deliver "now" from bob',
    "client << close",
    "client << ready for 1",
    "server >> closed client",
  ]);
  exchange(play, "where?", "here");
  expect(play.texts("client", "deliver")).toEqual(["now", "here"]);
  expect(play.texts("client", "confirm")).toEqual(["when?", "where?"]);
  const keys = play.claims("client", "secret").map(({ value }) => value);
  expect(keys[0]).not.toEqual(keys[1]);
  play.in("client", timeout).in("client", timeout);
  expect(play.events.at(-1)).toBe("client << exit ok");
});

describe("what is refused", () => {
  const flipAt =
    (at: number): Network =>
    (p) => [{ ...p, bytes: p.bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)) }];
  const ofServer = (nth: number) => (p: { from: string; nth: number }) =>
    p.from === "bob:4430" && p.nth === nth;
  const ofClient = (nth: number) => (p: { from: string; nth: number }) =>
    p.from === "alice:40000" && p.nth === nth;
  const refused = (play: Playbook, end: string): readonly string[] =>
    play.said(end, "reject").map((o) => o.reason);

  test("another half, another signature", () => {
    for (const at of [3, 40]) {
      const play = playbook(instead(ofServer(1), flipAt(at))).settle();
      expect(refused(play, "client")).toEqual(["bad-signature"]);
      expect(play.claims("client", "secret")).toEqual([]);
    }
  });

  test("a client that ignores the signature takes both", () => {
    const network = instead(ofServer(1), flipAt(40));
    const play = playbook(network, { signature: "ignored" }).settle();
    expect(play.claims("client", "secret").length).toBe(1);
  });

  test("changed requests and responses", () => {
    const request = playbook(instead(ofClient(2), flipAt(9))).settle();
    request.in("client", send("when?")).settle();
    expect(refused(request, "server")).toEqual(["bad-tag"]);
    const response = playbook(instead(ofServer(2), flipAt(9))).settle();
    exchange(response, "when?", "now");
    expect(refused(response, "client")).toEqual(["bad-tag"]);
    expect(response.texts("client", "confirm")).toEqual([]);
  });

  test("what is out of turn, and no point of the curve", () => {
    const play = playbook().settle();
    exchange(play, "when?", "now").skip();
    const from = "mallory:6666";
    const refuse = (end: string, bytes: Uint8Array, at: string, reason: string) =>
      play.in(end, chunk(bytes, at)).out(end, `reject ${reason}`);
    refuse("server", utf8("?"), from, "malformed");
    refuse("server", new Uint8Array([1, ...new Uint8Array(32)]), from, "bad-key");
    refuse("client", new Uint8Array(99).fill(2, 0, 1), "bob:4430", "malformed");
    play.in("client", chunk(utf8("?"), from)).out("client");
  });

  test("a second request in one connection, and a response to none", () => {
    const play = playbook().settle();
    play.in("client", send("when?")).settle().skip();
    const record = play.packets("client", "server").at(-1)?.bytes ?? utf8("none");
    play.in("server", chunk(record, "alice:40000")).out("server", "reject unexpected");
    play
      .in("server", { kind: "send", message: utf8("now"), session: "eve:1" })
      .out("server", 'give-up "now"');
  });
});

test("a request is given up when its connection ends, and the next one opens another", () => {
  const play = playbook().settle().in("client", send("when?")).skip();
  play
    .in("client", { kind: "closed", peer: "bob:4430" })
    .out("client", 'give-up "when?"', "ready for 1");
  play.in("client", send("where?")).out("client", "connect");
});

test("connections without a request do not fill the memory", () => {
  const play = playbook().settle();
  const hello = play.packets("client", "server")[0]?.bytes ?? utf8("none");
  for (let i = 0; i < 40; i++) play.in("server", chunk(hello, `mallory:${i}`));
  expect(play.endpoint("server").stateSize?.()).toBe(16);
});
