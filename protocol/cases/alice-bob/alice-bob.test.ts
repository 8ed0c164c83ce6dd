import { describe, expect, test } from "vitest";
import { MisuseError } from "../../endpoint.ts";
import { concat, equalBytes, lossyText, utf8 } from "../../kit/bytes.ts";
import { fernetEncrypt } from "../../kit/fernet.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { aliceBob } from "./alice-bob.ts";
import { dateText, readDate } from "./clock.ts";
import { openToken, sealMessage } from "./envelope.ts";
import { optionSpecs, settingsOf } from "./settings.ts";
import {
  addresses,
  Conversation,
  install,
  type Options,
  type Passing,
  pass,
  type Tamper,
} from "./test-bench.ts";

const talk = (texts: readonly string[], options: Options = {}, tamper?: Tamper): Conversation =>
  new Conversation(texts.map(utf8), options, tamper);
const chunk = (bytes: Uint8Array, from: string = addresses.client) =>
  ({ kind: "chunk", bytes, from }) as const;
const kit = () => new CryptoRecorder([], new Random("mallory"), "mallory");

describe("an honest conversation", () => {
  test("as a playbook", () => {
    expect(talk(["hello, are you there?"]).run(40_000).lines).toEqual([
      "server >> start",
      "server << log listening",
      "client >> start",
      "client << log looking for the server",
      "server >> connected",
      "server << log connection from bob:40000",
      "server << claim running bob",
      "server << claim secret bob",
      "server << transmit 44",
      "client >> connected",
      "client << log connected; messages can be typed",
      "client >> chunk 44",
      "client << claim running alice",
      "client << claim secret alice",
      "client << ready",
      "client >> send",
      "client << transmit 228",
      "server >> chunk 228",
      "server << claim commit bob",
      "server << log 2018-10-22 09:00:00.040000",
      "server << log hello, are you there?",
      "server << deliver hello, are you there?",
      "server << transmit 184",
      "server << claim evidence bob",
      "client >> chunk 184",
      "client << claim commit alice",
      "client << confirm hello, are you there?",
      "client << log it arrived",
      "client << ready",
      "client >> timeout",
      "client << exit content",
      "server >> closed",
      "server << exit content",
    ]);
  });

  test("sizes: 44, then 204 for the shortest message, then 184", () => {
    const { wire } = talk([""]).run();
    expect(wire.server.map((b) => b.length)).toEqual([44, 184]);
    expect(wire.client.map((b) => b.length)).toEqual([204]);
  });

  test("the log file is named by the moment, and holds the key and every text", () => {
    const { files, wire } = talk(["first words", "second words"]).run(40_000);
    expect([...files.content.keys()]).toEqual(["port", "20181022090000010000.log"]);
    expect(lossyText(files.content.get("port") as Uint8Array)).toBe("1024");
    const log = lossyText(files.content.get("20181022090000010000.log") as Uint8Array);
    expect(log).toContain(`session key: ${lossyText(wire.server[0] as Uint8Array)}\n`);
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
    const conversation = talk(texts, options).run(40_000);
    expect(conversation.said("server", "deliver")).toEqual(texts);
    expect(conversation.said("client", "confirm")).toEqual(texts);
    expect(conversation.said("server", "alarm")).toEqual([]);
    expect(conversation.ends.client).toBe("exit content");
  });

  test("the workload has the same words twice only where the hash leaves out the date", () => {
    for (const layout of optionSpecs.layout.values) {
      const [first] = aliceBob.workload?.({ layout }).sessions ?? [];
      const texts = first?.messages.map((m) => lossyText(m.message)) ?? [];
      expect(new Set(texts).size).toBe(layout === "in" ? 3 : 2);
    }
  });

  test("misuse by the application is told as such", () => {
    const open = install({});
    const client = open("client");
    client.handle({ kind: "start" }, 0);
    expect(() => client.handle({ kind: "send", message: utf8("x") }, 0)).toThrow(MisuseError);
    expect(() => open("server").handle({ kind: "timeout" }, 0)).toThrow(MisuseError);
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
    const slow: Tamper = (nth, from, bytes) => [
      { ...pass(from, bytes), delayMs: from === "server" && nth === 1 ? 960 : 0 },
    ];
    const conversation = talk(["transfer 100"], {}, slow).run(5_000);
    expect(conversation.said("server", "deliver")).toEqual(["r 100"]);
    expect(conversation.said("server", "alarm")).toEqual(["no date: this may have been changed"]);
    expect(conversation.said("client", "confirm")).toEqual(["transfer 100"]);
  });
});

/** Loses the nth write of one end. */
const losing =
  (who: string, which: number): Tamper =>
  (nth, from, bytes) =>
    from === who && nth === which ? [] : [pass(from, bytes)];

describe("sending again and the search for replays", () => {
  test("a lost confirmation doubles the message and raises a false alarm", () => {
    const conversation = talk(["pay 100"], {}, losing("server", 2)).run(15_000);
    expect(conversation.said("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(conversation.said("server", "alarm")).toEqual(["this may be a replay"]);
    expect(conversation.said("client", "confirm")).toEqual(["pay 100"]);
  });

  test("resend=new: it is doubled without an alarm", () => {
    const conversation = talk(["pay 100"], { resend: "new" }, losing("server", 2)).run(15_000);
    expect(conversation.said("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(conversation.said("server", "alarm")).toEqual([]);
  });

  test("alarm=drop: after a lost confirmation Bob sends for ever, an alarm each time", () => {
    const conversation = talk(["pay 100"], { alarm: "drop" }, losing("server", 2)).run(300_000);
    expect(conversation.said("client", "confirm")).toEqual([]);
    expect(conversation.said("server", "alarm")).toHaveLength(29);
    expect(conversation.ends.client).toBe("waits");
  });

  test("alarm=drop: a lost message never arrives, for the second one is too old", () => {
    const options = { alarm: "drop" };
    const lost = talk(["pay 100"], options, losing("client", 1)).run(300_000);
    expect(lost.said("server", "deliver")).toEqual([]);
    const mono = talk(["pay 100"], { ...options, fresh: "mono" }, losing("client", 1)).run();
    expect(mono.said("server", "deliver")).toEqual(["pay 100"]);
  });

  test("fresh=sequence: lost messages and confirmations do no harm", () => {
    const options = { fresh: "sequence", alarm: "drop" };
    for (const tamper of [losing("server", 2), losing("client", 1)]) {
      const conversation = talk(["pay 100", "pay 200"], options, tamper).run(30_000);
      expect(conversation.said("server", "deliver")).toEqual(["pay 100", "pay 200"]);
      expect(conversation.said("client", "confirm")).toEqual(["pay 100", "pay 200"]);
    }
  });

  test("he says that he waits every two seconds and sends again after the fifth time", () => {
    const logs = talk(["pay 100"], {}, losing("client", 1)).run(10_050).said("client", "log");
    expect(logs.slice(-6)).toEqual([
      ...Array.from({ length: 5 }, () => "nothing heard yet"),
      "silence; once more",
    ]);
  });
});

describe("what the checks let through", () => {
  /** The nth write of the client arrives twice. */
  const twice: Tamper = (nth, from, bytes) => {
    const again = { ...pass(from, bytes), delayMs: 2_000 };
    return from === "client" && nth === 1 ? [pass(from, bytes), again] : [pass(from, bytes)];
  };

  test.each([
    ["warn", "both", ["pay 100", "pay 100"], 1],
    ["warn", "window", ["pay 100", "pay 100"], 0],
    ["drop", "window", ["pay 100", "pay 100"], 0],
    ["drop", "mono", ["pay 100"], 1],
    ["drop", "sequence", ["pay 100"], 0],
  ])("alarm=%s, fresh=%s: a copy 2 s later", (alarm, fresh, accepted, alarms) => {
    const conversation = talk(["pay 100"], { alarm, fresh }, twice).run();
    expect(conversation.said("server", "deliver")).toEqual(accepted);
    expect(conversation.said("server", "alarm")).toHaveLength(alarms);
  });

  test("fresh=mono: a message that was held for hours is as good as new", () => {
    const conversation = talk(["pay 100"], { fresh: "mono", alarm: "drop" }, losing("client", 1));
    conversation.run(1_000);
    conversation.at(8_000_000, "server", chunk(conversation.wire.client[0] as Uint8Array));
    expect(conversation.run(8_000_100).said("server", "deliver")).toContain("pay 100");
  });

  test.each([
    ["warn", [""], 2],
    ["drop", [], 2],
  ])("alarm=%s: a confirmation comes back as an empty message", (alarm, accepted, alarms) => {
    const reflect: Tamper = (nth, from, bytes) =>
      from === "server" && nth === 2 ? [{ to: "server", bytes }] : [pass(from, bytes)];
    const conversation = talk(["pay 100"], { key: "secret", alarm }, reflect).run(5_000);
    expect(conversation.said("server", "deliver")).toEqual(["pay 100", ...accepted]);
    expect(conversation.said("server", "alarm")).toHaveLength(alarms);
  });

  /** layout=out: what is outside the token is anybody's to write. */
  const redated = (bytes: Uint8Array, date: string): Uint8Array =>
    concat(utf8(date), bytes.slice(26));

  test("layout=out: an old message under a new date is new", () => {
    const options = { key: "secret", layout: "out", alarm: "drop" };
    const conversation = talk(["pay 100"], options).run(1_000);
    const again = redated(conversation.wire.client[0] as Uint8Array, dateText(5_001));
    conversation.at(5_000, "server", chunk(again));
    expect(conversation.run(5_100).said("server", "deliver")).toEqual(["pay 100", "pay 100"]);
    expect(conversation.said("server", "alarm")).toEqual([]);
  });

  test("layout=out: a date far ahead locks out everything that follows", () => {
    const options = { key: "secret", layout: "out", alarm: "drop", fresh: "mono" };
    const ahead: Tamper = (nth, from, bytes) => {
      const changed = redated(bytes, "9999-12-31 23:59:59.999999");
      return [pass(from, from === "client" && nth === 1 ? changed : bytes)];
    };
    const conversation = talk(["pay 100", "pay 200"], options, ahead).run(60_000);
    expect(conversation.said("server", "deliver")).toEqual(["pay 100"]);
    expect(conversation.said("server", "alarm").length).toBeGreaterThan(4);
  });
});

test("layout=out: the hash in clear betrays a short text to whoever guesses it", () => {
  const { wire } = talk(["yes"], { key: "secret", layout: "out" }).run(1_000);
  const seen = wire.client[0]?.slice(26, 90) ?? new Uint8Array(0);
  const guesses = ["no", "maybe", "yes"];
  expect(guesses.filter((g) => equalBytes(kit().hash("sha512", utf8(g)), seen))).toEqual(["yes"]);
});

describe("confirmations", () => {
  /** The confirmation of the first message is kept, and stands in for that of the third. */
  const keeping = (): Tamper => {
    let kept: Uint8Array | undefined;
    return (nth, from, bytes): readonly Passing[] => {
      if (from === "server" && nth === 2) kept = bytes;
      if (from !== "client" || nth !== 2 || kept === undefined) return [pass(from, bytes)];
      return [{ to: "client", bytes: kept }];
    };
  };

  test.each([
    ["inText", ["yes", "yes"], ["yes"]],
    ["out", ["yes", "yes"], ["yes"]],
    ["in", ["yes"], ["yes"]],
  ])("layout=%s: yesterday's yes for today's", (layout, confirmed, received) => {
    const options = { key: "secret", layout };
    const conversation = talk(["yes", "yes"], options, keeping()).run(5_000);
    expect(conversation.said("client", "confirm")).toEqual(confirmed);
    expect(conversation.said("server", "deliver")).toEqual(received);
  });

  test.each([
    ["warn", ["pay 100"]],
    ["strict", []],
  ])("ack=%s: Bob's own token comes back", (ack, confirmed) => {
    const reflect: Tamper = (_nth, from, bytes) =>
      from === "client" ? [{ to: "client", bytes }] : [pass(from, bytes)];
    const conversation = talk(["pay 100"], { key: "secret", ack }, reflect).run(5_000);
    expect(conversation.said("client", "confirm")).toEqual(confirmed);
    expect(conversation.said("client", "log")).toContain("a wrong confirmation");
  });

  test.each([
    ["success", "confirm"],
    ["fail", "give-up"],
  ] as const)("severed=%s: the connection ends before the message is there", (severed, told) => {
    const conversation = talk(["pay 100"], { severed }, losing("client", 1));
    conversation.at(500, "client", { kind: "closed", peer: addresses.server });
    conversation.run();
    expect(conversation.said("server", "deliver")).toEqual([]);
    expect(conversation.said("client", told)).toEqual(["pay 100"]);
    expect(conversation.ends.client).toBe("exit the connection was closed");
  });

  test("what came late lies in the socket, and passes for the next confirmation", () => {
    const slow: Tamper = (nth, from, bytes) => {
      // The second text is the third write: the first one is sent again before.
      if (from === "client" && nth === 3) return [];
      const late = { ...pass(from, bytes), delayMs: 11_000 };
      return [from === "server" && nth === 2 ? late : pass(from, bytes)];
    };
    const conversation = talk(["yes", "yes"], { layout: "inText" }, slow).run(12_000);
    expect(conversation.wire.client).toHaveLength(3);
    expect(conversation.said("client", "confirm")).toEqual(["yes", "yes"]);
    expect(conversation.lines.filter((l) => l.startsWith("server >> chunk"))).toHaveLength(2);
  });
});

describe("one write ends the program", () => {
  test.each(["", "x", "gAAAAA", "\u0000\u0001"])("%j", (text) => {
    const conversation = talk([]).run(100);
    conversation.handle("server", chunk(utf8(text)));
    const crashes = "crash InvalidToken: the message does not open";
    expect(conversation.ends.server).toBe(text === "" ? "waits" : crashes);
  });

  test("a bad confirmation ends Bob", () => {
    const spoilt: Tamper = (nth, from, bytes) => [
      pass(from, from === "server" && nth === 2 ? bytes.slice(1) : bytes),
    ];
    const { ends } = talk(["pay 100"], {}, spoilt).run(5_000);
    expect(ends.client).toBe("crash InvalidToken: the confirmation does not open");
  });

  test("a key in two pieces ends Bob", () => {
    const cut: Tamper = (_nth, from, bytes) => [pass(from, bytes.slice(0, 20))];
    expect(talk([], {}, cut).run().ends.client).toBe("crash ValueError: not a Fernet key");
  });

  test("a text of 614 bytes needs no attacker; one of 613 arrives", () => {
    const ends = (size: number) => talk(["a".repeat(size)]).run(1_000).ends.server;
    expect(ends(613)).toBe("waits");
    expect(ends(614)).toBe("crash InvalidToken: the message does not open");
  });

  test("framing=lengths: rubbish is skipped, long texts arrive, chunks may fall as they like", () => {
    const pieces: Tamper = (_nth, from, bytes) =>
      Array.from({ length: Math.ceil(bytes.length / 100) }, (_, i) =>
        pass(from, bytes.slice(100 * i, 100 * i + 100)),
      );
    const long = "a".repeat(2_000);
    const conversation = talk([long, "pay 100"], { framing: "lengths" }, pieces);
    conversation.at(50, "server", chunk(Uint8Array.of(0, 0, 0, 1, 7), addresses.client));
    conversation.at(51, "server", chunk(Uint8Array.of(255, 255, 255, 255), addresses.client));
    conversation.run(60_000);
    expect(conversation.said("server", "deliver")).toContain("pay 100");
    expect(conversation.said("server", "reject")).toContain("too-long");
  });
});

describe("whoever comes first", () => {
  test("is given the key, and Bob is not served", () => {
    const conversation = talk(["pay 100"]);
    conversation.handle("server", { kind: "connected", peer: "mallory:6666" });
    conversation.run(60_000);
    expect(conversation.wire.server).toHaveLength(1);
    expect(conversation.said("client", "confirm")).toEqual([]);
    expect(conversation.ends.client).toBe("waits");
  });

  test("framing=lengths: strangers are served beside him, up to a limit", () => {
    const conversation = talk(["pay 100"], { framing: "lengths" });
    for (let i = 0; i < 30; i++) {
      conversation.handle("server", { kind: "connected", peer: `mallory-${i}:6666` });
    }
    const closed = conversation.outputs.server.filter((o) => o.kind === "close");
    expect(closed).toHaveLength(14);
    expect(conversation.run(1_000).said("client", "confirm")).toEqual(["pay 100"]);
  });

  test("a client takes neither connections nor bytes from others", () => {
    const conversation = talk(["pay 100"]);
    conversation.handle("client", { kind: "connected", peer: "mallory:6666" });
    conversation.handle("client", chunk(utf8("A".repeat(44)), "mallory:6666"));
    expect(conversation.run(1_000).said("client", "confirm")).toEqual(["pay 100"]);
  });
});

describe("whoever has seen the key", () => {
  test("reads, writes and confirms", () => {
    const crypto = kit();
    const conversation = talk(["pay 100"], {}, losing("client", 1)).run(1_000);
    const key = conversation.wire.server[0] as Uint8Array;
    const read = openToken(crypto, key, conversation.wire.client[0] as Uint8Array);
    expect(lossyText(read ?? new Uint8Array(0))).toContain("pay 100");
    const forged = { key, now: 1_001, text: utf8("pay 999\ntext: x"), number: 1 };
    const { wire } = sealMessage(crypto, settingsOf({}), { ...forged, signingKey: undefined });
    conversation.at(1_001, "server", chunk(wire));
    conversation.run(1_002);
    expect(conversation.said("server", "deliver")).toEqual(["pay 999\ntext: x"]);
    expect(conversation.said("server", "alarm")).toEqual([]);
    // And the line break goes into the log as it is.
    expect(conversation.said("server", "log")).toContain("pay 999\ntext: x");
    const ack = fernetEncrypt(crypto, key, 1, (read as Uint8Array).slice(0, 64));
    conversation.at(1_003, "client", chunk(ack, addresses.server));
    expect(conversation.run(1_004).said("client", "confirm")).toEqual(["pay 100"]);
  });

  test("sign=bob: can no longer write, but still confirm", () => {
    const crypto = kit();
    const options = { sign: "bob" };
    const conversation = talk([], options).run(1_000);
    const key = conversation.wire.server[0] as Uint8Array;
    const { privateKey } = crypto.signingKeyPair();
    const forged = { key, now: 1_001, text: utf8("pay 999"), number: 1, signingKey: privateKey };
    const { wire } = sealMessage(crypto, settingsOf(options), forged);
    conversation.handle("server", chunk(wire));
    expect(conversation.said("server", "reject")).toEqual(["bad-signature"]);
  });
});

describe("key=agreed", () => {
  test("a point or a signature that is not the other's is refused, and nothing follows", () => {
    for (const [who, which] of [
      ["server", 1],
      ["client", 1],
      ["server", 2],
    ] as const) {
      const spoilt: Tamper = (nth, from, bytes) => {
        const changed = bytes.slice();
        changed[0] = (changed[0] as number) ^ 1;
        return [pass(from, from === who && nth === which ? changed : bytes)];
      };
      const conversation = talk(["pay 100"], { key: "agreed" }, spoilt).run(5_000);
      expect(conversation.said("server", "deliver")).toEqual([]);
      const refused = [
        conversation.said("server", "reject"),
        conversation.said("client", "reject"),
      ];
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
