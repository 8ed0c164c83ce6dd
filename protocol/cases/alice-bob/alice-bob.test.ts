import { describe, expect, test } from "vitest";
import { MisuseError } from "../../endpoint.ts";
import { concat, equalBytes, lossyText, utf8 } from "../../kit/bytes.ts";
import { fernetEncrypt } from "../../kit/fernet.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import {
  type Arrival,
  chunk,
  type Network,
  Playbook,
  type Sent,
  send,
  timeout,
} from "../../testing/playbook.ts";
import { instead } from "../../testing/wire.ts";
import { aliceBob } from "./alice-bob.ts";
import { dateText, readDate } from "./clock.ts";
import { openToken, sealMessage } from "./envelope.ts";
import { ends, settings } from "./playbook-settings.ts";
import { optionSpecs, settingsOf } from "./settings.ts";

type Options = Readonly<Record<string, string>>;
type Party = keyof typeof ends;

/** Both ends in one connection, and what the client's user types. */
function talk(texts: readonly string[], options: Options = {}, network?: Network): Playbook {
  const play = new Playbook({ ...settings, options, network });
  for (const text of texts) play.say("client", text);
  return play.open("server").open("client").connect("client");
}
const fromClient = (bytes: Uint8Array | string) => chunk(bytes, ends.client);
const isFrom = (packet: Sent, end: Party, nth: number): boolean =>
  packet.from === ends[end] && packet.nth === nth;
/** The `nth` write of an end, from 1. */
const written = (play: Playbook, end: Party, nth = 1): Uint8Array =>
  play.packets(end)[nth - 1]?.bytes ?? new Uint8Array(0);
const alarms = (play: Playbook) => play.said("server", "alarm").map((o) => o.text);
const logs = (play: Playbook, end: Party) => play.said(end, "log").map((o) => o.line);
const rejections = (play: Playbook, end: Party) => play.said(end, "reject").map((o) => o.reason);
const kit = () => new CryptoRecorder([], new Random("mallory"), "mallory");

describe("an honest conversation", () => {
  test("as a playbook", () => {
    const play = talk(["hello, are you there?"]).run(40_000);
    play.goes([
      "server >> start",
      "server << log listening",
      "client >> start",
      "client << log looking for the server",
      "server >> connected client",
      "server << log connection from bob:40000",
      "server << claim running bob",
      "server << claim secret bob",
      "server << transmit 44 bytes to client",
      "client >> connected server",
      "client << log connected; messages can be typed",
      "client >> chunk 44 bytes from server",
      "client << claim running alice",
      "client << claim secret alice",
      "client << ready for 1",
      'client >> send "hello, are you there?"',
      "client << transmit 228 bytes",
      "server >> chunk 228 bytes from client",
      "server << claim commit bob",
      "server << log 2018-10-22 09:00:00.040000",
      "server << log hello, are you there?",
      'server << deliver "hello, are you there?" from bob',
      "server << transmit 184 bytes to client",
      "server << claim evidence bob",
      "client >> chunk 184 bytes from server",
      "client << claim commit alice",
      'client << confirm "hello, are you there?"',
      "client << log it arrived",
      "client << ready for 1",
      "client >> timeout",
      "client << exit ok",
      "server >> closed client",
      "server << exit ok",
    ]);
  });

  test("sizes: 44, then 204 for the shortest message, then 184", () => {
    const play = talk([""]).run();
    expect(play.packets("server").map((p) => p.bytes.length)).toEqual([44, 184]);
    expect(play.packets("client").map((p) => p.bytes.length)).toEqual([204]);
  });

  test("the log file is named by the moment, and holds the key and every text", () => {
    const play = talk(["first words", "second words"]).run(40_000);
    const logName = "20181022090000010000.log";
    expect(play.installation.files).toEqual(["alice/port", `alice/${logName}`]);
    const content = (name: string) => lossyText(play.installation.store("alice", name).read());
    expect(content("port")).toBe("1024");
    const log = content(logName);
    expect(log).toContain(`session key: ${lossyText(written(play, "server"))}\n`);
    expect(log).toContain("number: 1\n");
    expect(log).toContain("sent: 2018-10-22 09:00:00.040000\ntext: first words\nconfirmed: ");
  });

  test.each([
    {},
    { key: "secret" },
    { key: "agreed" },
    { layout: "inText" },
    { layout: "out" },
    { fresh: "sequence", sign: "bob", pad: "256", framing: "lengths", key: "agreed" },
    { fresh: "sequence", sign: "bob", pad: "256", framing: "lengths", layout: "out" },
  ])("%j: three messages arrive and are confirmed, once", (options) => {
    const texts = ["one message", "another", ""];
    const play = talk(texts, options).run(40_000);
    expect(play.texts("server", "deliver")).toEqual(texts);
    expect(play.texts("client", "confirm")).toEqual(texts);
    expect(alarms(play)).toEqual([]);
    expect(play.fate("client")).toBe("exit ok");
  });

  test("the workload has the same words twice only where the hash leaves out the date", () => {
    for (const layout of optionSpecs.layout.values) {
      const [first] = aliceBob.workload?.({ layout }).sessions ?? [];
      const texts = first?.messages.map((m) => lossyText(m.message)) ?? [];
      expect(new Set(texts).size).toBe(layout === "in" ? 3 : 2);
    }
  });

  test("misuse by the application is told as such", () => {
    const play = new Playbook(settings).open("server").open("client");
    expect(() => play.in("client", send("x"))).toThrow(MisuseError);
    expect(() => play.in("server", timeout)).toThrow(MisuseError);
  });
});

describe("dates", () => {
  test("26 characters, and 19 on a whole second", () => {
    expect(dateText(1250.5)).toBe("2018-10-22 09:00:01.250500");
    expect(dateText(2000)).toBe("2018-10-22 09:00:02");
  });

  test("only a day of the calendar with its fraction is read", () => {
    expect(readDate("2018-10-22 09:00:02")).toBeUndefined();
    expect(readDate("2018-02-30 09:00:02.000001")).toBeUndefined();
    expect(readDate("2018-13-01 09:00:02.000001")).toBeUndefined();
    expect(readDate("9999-12-31 23:59:59.999999")).toBe(
      Date.UTC(9999, 11, 31, 23, 59, 59) * 1000 + 999_999,
    );
  });

  test("a message on a whole second loses its beginning, and raises a false alarm", () => {
    const slow = instead(
      (p) => isFrom(p, "server", 1),
      (p) => [{ ...p, later: 960 }],
    );
    const play = talk(["transfer 100"], {}, slow).run(5_000);
    expect(play.texts("server", "deliver")).toEqual(["r 100"]);
    expect(alarms(play)).toEqual(["no date: this may have been changed"]);
    expect(play.texts("client", "confirm")).toEqual(["transfer 100"]);
  });
});

/** Loses the nth write of one end. */
const losing = (who: Party, which: number): Network =>
  instead(
    (p) => isFrom(p, who, which),
    () => [],
  );

describe("sending again and the search for replays", () => {
  test("a lost confirmation doubles the message and raises a false alarm", () => {
    const play = talk(["pay 100"], {}, losing("server", 2)).run(15_000);
    expect(play.texts("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(alarms(play)).toEqual(["this may be a replay"]);
    expect(play.texts("client", "confirm")).toEqual(["pay 100"]);
  });

  test("resend=new: it is doubled without an alarm", () => {
    const play = talk(["pay 100"], { resend: "new" }, losing("server", 2)).run(15_000);
    expect(play.texts("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(alarms(play)).toEqual([]);
  });

  test("alarm=drop: after a lost confirmation Bob sends for ever, an alarm each time", () => {
    const play = talk(["pay 100"], { alarm: "drop" }, losing("server", 2)).run(300_000);
    expect(play.texts("client", "confirm")).toEqual([]);
    expect(alarms(play)).toHaveLength(29);
    expect(play.fate("client")).toBe("waits");
  });

  test("alarm=drop: a lost message never arrives, for the second one is too old", () => {
    const options = { alarm: "drop" };
    const lost = talk(["pay 100"], options, losing("client", 1)).run(300_000);
    expect(lost.texts("server", "deliver")).toEqual([]);
    const mono = talk(["pay 100"], { ...options, fresh: "mono" }, losing("client", 1)).run();
    expect(mono.texts("server", "deliver")).toEqual(["pay 100"]);
  });

  test("fresh=sequence: lost messages and confirmations do no harm", () => {
    const options = { fresh: "sequence", alarm: "drop" };
    for (const tamper of [losing("server", 2), losing("client", 1)]) {
      const play = talk(["pay 100", "pay 200"], options, tamper).run(30_000);
      expect(play.texts("server", "deliver")).toEqual(["pay 100", "pay 200"]);
      expect(play.texts("client", "confirm")).toEqual(["pay 100", "pay 200"]);
    }
  });

  test("he says that he waits every two seconds and sends again after the fifth time", () => {
    const play = talk(["pay 100"], {}, losing("client", 1)).run(10_050);
    expect(logs(play, "client").slice(-6)).toEqual([
      ...Array.from({ length: 5 }, () => "nothing heard yet"),
      "silence; once more",
    ]);
  });
});

describe("what the checks let through", () => {
  /** The nth write of the client arrives twice. */
  const twice = instead(
    (p) => isFrom(p, "client", 1),
    (p) => [p, { ...p, later: 2_000 }],
  );

  test.each([
    ["warn", "both", ["pay 100", "pay 100"], 1],
    ["warn", "window", ["pay 100", "pay 100"], 0],
    ["drop", "window", ["pay 100", "pay 100"], 0],
    ["drop", "mono", ["pay 100"], 1],
    ["drop", "sequence", ["pay 100"], 0],
  ])("alarm=%s, fresh=%s: a copy 2 s later", (alarm, fresh, accepted, count) => {
    const play = talk(["pay 100"], { alarm, fresh }, twice).run();
    expect(play.texts("server", "deliver")).toEqual(accepted);
    expect(alarms(play)).toHaveLength(count);
  });

  test("fresh=mono: a message that was held for hours is as good as new", () => {
    const play = talk(["pay 100"], { fresh: "mono", alarm: "drop" }, losing("client", 1));
    play.run(1_000);
    play.plan(8_000_000, "server", fromClient(written(play, "client")));
    expect(play.run(8_000_100).texts("server", "deliver")).toContain("pay 100");
  });

  test.each([
    ["warn", [""], 2],
    ["drop", [], 2],
  ])("alarm=%s: a confirmation comes back as an empty message", (alarm, accepted, count) => {
    const reflect = instead(
      (p) => isFrom(p, "server", 2),
      ({ from, to, bytes }) => [{ from: to, to: from, bytes }],
    );
    const play = talk(["pay 100"], { key: "secret", alarm }, reflect).run(5_000);
    expect(play.texts("server", "deliver")).toEqual(["pay 100", ...accepted]);
    expect(alarms(play)).toHaveLength(count);
  });

  /** layout=out: an attacker can write what is outside the token. */
  const redated = (bytes: Uint8Array, date: string): Uint8Array =>
    concat(utf8(date), bytes.slice(26));

  test("layout=out: an old message under a new date is new", () => {
    const options = { key: "secret", layout: "out", alarm: "drop" };
    const play = talk(["pay 100"], options).run(1_000);
    const again = redated(written(play, "client"), dateText(5_001));
    play.plan(5_000, "server", fromClient(again));
    expect(play.run(5_100).texts("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(alarms(play)).toEqual([]);
  });

  test("layout=out: a date far ahead locks out everything that follows", () => {
    const options = { key: "secret", layout: "out", alarm: "drop", fresh: "mono" };
    const ahead = instead(
      (p) => isFrom(p, "client", 1),
      (p) => [{ ...p, bytes: redated(p.bytes, "9999-12-31 23:59:59.999999") }],
    );
    const play = talk(["pay 100", "pay 200"], options, ahead).run(60_000);
    expect(play.texts("server", "deliver")).toEqual(["pay 100"]);
    expect(alarms(play).length).toBeGreaterThan(4);
  });
});

test("layout=out: from the hash in clear an eavesdropper can guess a short text", () => {
  const play = talk(["yes"], { key: "secret", layout: "out" }).run(1_000);
  const seen = written(play, "client").slice(26, 90);
  const guesses = ["no", "maybe", "yes"];
  expect(guesses.filter((g) => equalBytes(kit().hash("sha512", utf8(g)), seen))).toEqual(["yes"]);
});

describe("confirmations", () => {
  /** The confirmation of the first message is kept, and stands in for that of the third. */
  const keeping = (): Network => {
    let kept: Arrival | undefined;
    return (p): readonly Arrival[] => {
      if (isFrom(p, "server", 2)) kept = p;
      return isFrom(p, "client", 2) && kept !== undefined ? [kept] : [p];
    };
  };

  test.each([
    ["inText", ["yes", "yes"], ["yes"]],
    ["out", ["yes", "yes"], ["yes"]],
    ["in", ["yes"], ["yes"]],
  ])("layout=%s: yesterday's yes for today's", (layout, confirmed, received) => {
    const options = { key: "secret", layout };
    const play = talk(["yes", "yes"], options, keeping()).run(5_000);
    expect(play.texts("client", "confirm")).toEqual(confirmed);
    expect(play.texts("server", "deliver")).toEqual(received);
  });

  test.each([
    ["warn", ["pay 100"]],
    ["strict", []],
  ])("ack=%s: Bob's own token comes back", (ack, confirmed) => {
    const reflect = instead(
      (p) => p.from === ends.client,
      ({ from, to, bytes }) => [{ from: to, to: from, bytes }],
    );
    const play = talk(["pay 100"], { key: "secret", ack }, reflect).run(5_000);
    expect(play.texts("client", "confirm")).toEqual(confirmed);
    expect(logs(play, "client")).toContain("a wrong confirmation");
  });

  test.each([
    ["success", "confirm"],
    ["fail", "give-up"],
  ] as const)("severed=%s: the connection ends before the message is there", (severed, told) => {
    const play = talk(["pay 100"], { severed }, losing("client", 1));
    play.plan(500, "client", { kind: "closed", peer: ends.server });
    play.run();
    expect(play.texts("server", "deliver")).toEqual([]);
    expect(play.texts("client", told)).toEqual(["pay 100"]);
    expect(play.fate("client")).toBe("exit because the connection was closed");
  });

  test("what came late lies in the socket, and passes for the next confirmation", () => {
    // The second text is the third write: the first one is sent again before.
    const slow: Network = (p) =>
      isFrom(p, "client", 3) ? [] : isFrom(p, "server", 2) ? [{ ...p, later: 11_000 }] : [p];
    const play = talk(["yes", "yes"], { layout: "inText" }, slow).run(12_000);
    expect(play.packets("client")).toHaveLength(3);
    expect(play.texts("client", "confirm")).toEqual(["yes", "yes"]);
    expect(play.lines("server").filter((l) => l.startsWith("server >> chunk"))).toHaveLength(2);
  });
});

describe("one write ends the program", () => {
  test.each(["", "x", "gAAAAA", "\u0000\u0001"])("%j", (text) => {
    const play = talk([]).run(100);
    play.handle("server", fromClient(text));
    const crashes = "crash InvalidToken: the message does not open";
    expect(play.fate("server")).toBe(text === "" ? "waits" : crashes);
  });

  test("a bad confirmation ends Bob", () => {
    const spoilt = instead(
      (p) => isFrom(p, "server", 2),
      (p) => [{ ...p, bytes: p.bytes.slice(1) }],
    );
    const play = talk(["pay 100"], {}, spoilt).run(5_000);
    expect(play.fate("client")).toBe("crash InvalidToken: the confirmation does not open");
  });

  test("a key in two pieces ends Bob", () => {
    const cut: Network = (p) => [{ ...p, bytes: p.bytes.slice(0, 20) }];
    expect(talk([], {}, cut).run().fate("client")).toBe("crash ValueError: not a Fernet key");
  });

  test("a text of 614 bytes needs no attacker; one of 613 arrives", () => {
    const fate = (size: number) =>
      talk(["a".repeat(size)])
        .run(1_000)
        .fate("server");
    expect(fate(613)).toBe("waits");
    expect(fate(614)).toBe("crash InvalidToken: the message does not open");
  });

  test("framing=lengths: malformed input is skipped, long texts arrive, in any chunks", () => {
    const pieces: Network = (p) =>
      Array.from({ length: Math.ceil(p.bytes.length / 100) }, (_, i) => ({
        ...p,
        bytes: p.bytes.slice(100 * i, 100 * i + 100),
      }));
    const long = "a".repeat(2_000);
    const play = talk([long, "pay 100"], { framing: "lengths" }, pieces);
    play.plan(50, "server", chunk(Uint8Array.of(0, 0, 0, 1, 7), ends.client));
    play.plan(51, "server", chunk(Uint8Array.of(255, 255, 255, 255), ends.client));
    play.run(60_000);
    expect(play.texts("server", "deliver")).toContain("pay 100");
    expect(rejections(play, "server")).toContain("too-long");
  });
});

describe("the first to connect", () => {
  test("is given the key, and Bob is not served", () => {
    const play = talk(["pay 100"]);
    play.handle("server", { kind: "connected", peer: "mallory:6666" });
    play.run(60_000);
    expect(play.packets("server")).toHaveLength(1);
    expect(play.texts("client", "confirm")).toEqual([]);
    expect(play.fate("client")).toBe("waits");
  });

  test("framing=lengths: other clients are served beside him, up to a limit", () => {
    const play = talk(["pay 100"], { framing: "lengths" });
    for (let i = 0; i < 30; i++) {
      play.handle("server", { kind: "connected", peer: `mallory-${i}:6666` });
    }
    const closed = play.said("server", "close");
    expect(closed).toHaveLength(14);
    expect(play.run(1_000).texts("client", "confirm")).toEqual(["pay 100"]);
  });

  test("a client takes neither connections nor bytes from others", () => {
    const play = talk(["pay 100"]);
    play.handle("client", { kind: "connected", peer: "mallory:6666" });
    play.handle("client", chunk(utf8("A".repeat(44)), "mallory:6666"));
    expect(play.run(1_000).texts("client", "confirm")).toEqual(["pay 100"]);
  });
});

describe("an attacker who has seen the key", () => {
  test("reads, writes and confirms", () => {
    const crypto = kit();
    const play = talk(["pay 100"], {}, losing("client", 1)).run(1_000);
    const key = written(play, "server");
    const read = openToken(crypto, key, written(play, "client"));
    expect(lossyText(read ?? new Uint8Array(0))).toContain("pay 100");
    const forged = { key, now: 1_001, text: utf8("pay 999\ntext: x"), number: 1 };
    const { wire } = sealMessage(crypto, settingsOf({}), { ...forged, signingKey: undefined });
    play.plan(1_001, "server", fromClient(wire));
    play.run(1_002);
    expect(play.texts("server", "deliver")).toEqual(["pay 999\ntext: x"]);
    expect(alarms(play)).toEqual([]);
    // And the line break goes into the log as it is.
    expect(logs(play, "server")).toContain("pay 999\ntext: x");
    const ack = fernetEncrypt(crypto, key, 1, (read as Uint8Array).slice(0, 64));
    play.plan(1_003, "client", chunk(ack, ends.server));
    expect(play.run(1_004).texts("client", "confirm")).toEqual(["pay 100"]);
  });

  test("sign=bob: can no longer write, but still confirm", () => {
    const crypto = kit();
    const options = { sign: "bob" };
    const play = talk([], options).run(1_000);
    const key = written(play, "server");
    const { privateKey } = crypto.signingKeyPair();
    const forged = { key, now: 1_001, text: utf8("pay 999"), number: 1, signingKey: privateKey };
    const { wire } = sealMessage(crypto, settingsOf(options), forged);
    play.handle("server", fromClient(wire));
    expect(rejections(play, "server")).toEqual(["bad-signature"]);
  });
});

describe("key=agreed", () => {
  test("a point or a signature that is not the other's is refused, and nothing follows", () => {
    for (const [who, which] of [
      ["server", 1],
      ["client", 1],
      ["server", 2],
    ] as const) {
      const spoilt = instead(
        (p) => isFrom(p, who, which),
        (p) => [{ ...p, bytes: p.bytes.with(0, (p.bytes[0] as number) ^ 1) }],
      );
      const play = talk(["pay 100"], { key: "agreed" }, spoilt).run(5_000);
      expect(play.texts("server", "deliver")).toEqual([]);
      const refused = [rejections(play, "server"), rejections(play, "client")];
      expect(refused.flat()).toContain("bad-signature");
    }
  });

  test("long-term keys exist only where an option asks for them", () => {
    const secrets = (options: Options) => {
      const deployment = aliceBob.deploy({
        crypto: kit(),
        options,
        principals: ["bob", "alice"],
        store: () => {
          throw new Error("nothing is stored at deployment");
        },
      });
      return ["alice", "bob", "mallory"].map((p) => deployment.longTermSecrets(p).length);
    };
    expect(secrets({})).toEqual([0, 0, 0]);
    expect(secrets({ key: "secret" })).toEqual([1, 1, 0]);
    expect(secrets({ key: "agreed" })).toEqual([1, 1, 0]);
    expect(secrets({ sign: "bob" })).toEqual([0, 1, 0]);
  });
});
