import { describe, expect, test } from "vitest";
import { discreteLog } from "../../attacker/knowledge/discrete-log.ts";
import { databaseName } from "../../protocol/cases/securecom/accounts.ts";
import { drawPair, readValue, sharedKey } from "../../protocol/cases/securecom/numbers.ts";
import {
  ends,
  settings as playbookSettings,
} from "../../protocol/cases/securecom/playbook-settings.ts";
import { securecom } from "../../protocol/cases/securecom/securecom.ts";
import {
  openSegments,
  sealSegments,
  splitSegments,
} from "../../protocol/cases/securecom/segments.ts";
import { settingsOf } from "../../protocol/cases/securecom/settings.ts";
import { MisuseError } from "../../protocol/endpoint.ts";
import {
  bigintBytes,
  bytesBigint,
  concat,
  latin1,
  lossyText,
  utf8,
} from "../../protocol/kit/bytes.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { defaultsOf } from "../../protocol/testing/installation.ts";
import {
  type Arrival,
  chunk,
  type Network,
  Playbook,
  send,
} from "../../protocol/testing/playbook.ts";

const hello = utf8("Good morning, Bob.\nIt is me.");
const second = utf8("the spare key is under the third flower pot");
const mallory = new CryptoRecorder([], new Random("mallory"), "mallory");
type Options = Readonly<Record<string, string>>;
type Party = keyof typeof ends;
/** What arrives instead of a write, each piece as one chunk. */
type Tamper = (write: {
  readonly from: Party;
  readonly to: Party;
  readonly nth: number;
  readonly bytes: Uint8Array;
}) => readonly Uint8Array[];

const allOptions = (options: Options = {}): Options => ({ ...defaultsOf(securecom), ...options });
const nameOf = (address: string): Party => address.split(":")[0] as Party;
const tampered =
  (tamper: Tamper): Network =>
  (packet) =>
    tamper({ ...packet, from: nameOf(packet.from), to: nameOf(packet.to) }).map(
      (bytes, i): Arrival => ({ ...packet, bytes, later: i / 10 }),
    );

/** Both users and the server; each user has these messages for the other. */
function begun(
  messages: Partial<Record<Party, readonly Uint8Array[]>>,
  options: Options = {},
  tamper: Tamper = ({ bytes }) => [bytes],
): Playbook {
  const network = tampered(tamper);
  const play = new Playbook({ ...playbookSettings, options, network });
  for (const [who, to] of [
    ["alice", "bob"],
    ["bob", "alice"],
  ] as const) {
    for (const text of messages[who] ?? []) play.say(who, text, { to });
  }
  return play.open("server").open("alice").open("bob").connect("alice").connect("bob");
}
/** One end by itself. */
const alone = (end: Party, options: Options = {}): Playbook =>
  new Playbook({ ...playbookSettings, options }).open(end);
const delivered = (play: Playbook, end: Party): readonly string[] =>
  play.said(end, "deliver").map((o) => `${lossyText(o.message)} (${o.from})`);
/** What one end wrote to another, in order. */
const written = (play: Playbook, from: Party, to: Party): readonly Uint8Array[] =>
  play.packets(from, to).map((packet) => packet.bytes);
const at = (list: readonly Uint8Array[], nth: number): Uint8Array => list[nth - 1] as Uint8Array;

describe("an honest session", () => {
  test("as a playbook", () => {
    const play = begun({ alice: [hello] }).run();
    play.goes([
      "server >> start",
      "server << log waiting for connections",
      "alice >> start",
      "bob >> start",
      "server >> connected alice",
      "server << log connection from alice:40000",
      "server >> connected bob",
      "server << log connection from bob:40002",
      "alice >> connected server",
      "alice << log connected to the server",
      'alice << submit login "534c335fd8ce07426e9ebe04e75f8f1fbea7862d82edcba19bcecbd17d7cc64e"',
      "alice << transmit 64 bytes to server",
      "bob >> connected server",
      "bob << log connected to the server",
      'bob << submit login "b33efc25a1d6dd21ac36a26fce10627e737bcb9a59cd1815ce1fc06d40426ce8"',
      "bob << transmit 64 bytes to server",
      "server >> chunk 64 bytes from alice",
      'server << deliver login "534c335fd8ce07426e9ebe04e75f8f1fbea7862d82edcba19bcecbd17d7cc64e" from alice',
      "server << transmit “200: login accepted” to alice",
      "server >> chunk 64 bytes from bob",
      'server << deliver login "b33efc25a1d6dd21ac36a26fce10627e737bcb9a59cd1815ce1fc06d40426ce8" from bob',
      "server << transmit “200: login accepted” to bob",
      "alice >> chunk “200: login accepted” from server",
      "alice << log login accepted",
      "alice << claim running server",
      "alice << transmit 77 bytes to server",
      "bob >> chunk “200: login accepted” from server",
      "bob << log login accepted",
      "bob << claim running server",
      "bob << transmit 77 bytes to server",
      "server >> chunk 77 bytes from alice",
      "server << claim running alice",
      "server << claim secret alice",
      "server << claim commit alice",
      "server << log keys exchanged with x01",
      "server << transmit 77 bytes to alice",
      "server >> chunk 77 bytes from bob",
      "server << claim running bob",
      "server << claim secret bob",
      "server << claim commit bob",
      "server << log keys exchanged with x02",
      "server << transmit 77 bytes to bob",
      "server >> timeout",
      "server << transmit “keys exchanged, go ahead” to alice",
      "server << transmit “keys exchanged, go ahead” to bob",
      "alice >> chunk 77 bytes from server",
      "alice << claim secret server",
      "alice << claim commit server",
      "alice << log keys exchanged with the server",
      "bob >> chunk 77 bytes from server",
      "bob << claim secret server",
      "bob << claim commit server",
      "bob << log keys exchanged with the server",
      "alice >> chunk “keys exchanged, go ahead” from server",
      "alice << log server: keys exchanged, go ahead",
      "alice << ready for 1",
      "bob >> chunk “keys exchanged, go ahead” from server",
      "bob << log server: keys exchanged, go ahead",
      "bob << ready for 1",
      'alice >> send "Good morning, Bob.\\nIt is me." to bob',
      "alice << transmit “Bob” to server",
      "server >> chunk “Bob” from alice",
      "server << transmit 82 bytes to alice",
      "alice >> chunk 82 bytes from server",
      /^alice << log server answers: 200: \d/,
      "alice << claim secret bob",
      "alice << claim running bob",
      "alice << log keys exchanged with the other user",
      "alice << transmit 60 bytes to server",
      "alice << log sent to Bob",
      'alice << confirm "Good morning, Bob.\\nIt is me."',
      "alice << ready for 1",
      "alice >> timeout",
      "alice << transmit 16 bytes to server",
      "alice >> timeout",
      "alice << transmit 16 bytes to server",
      "server >> chunk 60 bytes from alice",
      "server >> chunk 16 bytes from alice",
      "server >> chunk 16 bytes from alice",
      "server << log message from x01 passed on",
      "server << transmit 84 bytes to bob",
      "server >> timeout",
      "server << transmit 28 bytes to bob",
      "server >> timeout",
      "server << transmit 16 bytes to bob",
      "server >> timeout",
      "server << transmit 16 bytes to bob",
      "bob >> chunk 84 bytes from server",
      "bob >> chunk 28 bytes from server",
      "bob >> chunk 16 bytes from server",
      "bob >> chunk 16 bytes from server",
      "bob << claim secret alice",
      "bob << claim commit alice",
      'bob << deliver "Good morning, Bob.\\nIt is me." from alice',
      "bob << log received: Good morning, Bob.\nIt is me.",
    ]);
  });

  const variants: readonly Options[] = [
    { auth: "password" },
    { outer: "no" },
    { kdf: "raw" },
    { modulus: "small" },
    { modulus: "trapdoor" },
    { modulus: "x25519" },
    { keys: "signed" },
    { order: "numbered" },
    { ack: "receipt" },
    { padding: "blocks" },
    { modulus: "x25519", keys: "signed", order: "numbered", ack: "receipt", padding: "blocks" },
  ];
  test.each(variants)("%o carries messages both ways", (options) => {
    const play = begun({ alice: [hello, second], bob: [utf8("all is well")] }, options).run();
    expect(delivered(play, "bob")).toEqual([
      `${lossyText(hello)} (alice)`,
      `${lossyText(second)} (alice)`,
    ]);
    expect(delivered(play, "alice")).toEqual(["all is well (bob)"]);
    expect(play.texts("alice", "confirm")).toHaveLength(2);
    expect(play.fates).toEqual({ server: "waits", alice: "waits", bob: "waits" });
  });

  test("a user leaves after half a minute of silence", () => {
    const play = begun({ alice: [hello] }).run(40_000);
    expect(play.fates).toMatchObject({ alice: "exit ok", bob: "exit ok" });
    expect(play.transcript.steps.at(-1)?.now).toBeGreaterThan(30_000);
  });

  test("the database holds what a login sends", () => {
    const play = begun({});
    const token = lossyText(at(written(play.run(), "alice", "server"), 1));
    expect(lossyText(play.installation.store("server", databaseName).read())).toContain(
      `Alice,${token}`,
    );
  });

  test("misuse by the application is reported as such", () => {
    expect(() => alone("alice").in("alice", send(hello))).toThrow(MisuseError);
    expect(() => alone("server").in("server", send(hello))).toThrow(MisuseError);
  });

  test("messages of the workload are distinct, and long enough to be looked for", () => {
    const sessions = securecom.workload?.(allOptions()).sessions ?? [];
    const texts = sessions.flatMap((s) => s.messages.map((m) => latin1(m.message)));
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text.length).toBeGreaterThan(8);
  });
});

/** What an eavesdropper with this exponent of Alice's reads. */
function readWith(play: Playbook, options: Options, exponent: Uint8Array): string | undefined {
  const settings = settingsOf(allOptions(options));
  const answer = at(written(play, "server", "alice"), 4).slice("200: ".length);
  const value = readValue(mallory, settings, answer) as Uint8Array;
  const key = sharedKey(mallory, settings, exponent, value) as Uint8Array;
  const text = openSegments(mallory, key, written(play, "server", "bob").slice(4, 7));
  return text && lossyText(text);
}

describe("the numbers", () => {
  test.each(["small", "trapdoor"])("modulus=%s: Alice's exponent from her number", (modulus) => {
    const options = { modulus };
    const { group } = settingsOf(allOptions(options));
    if (typeof group === "string") throw new Error("no field");
    const play = begun({ alice: [hello] }, options).run();
    const value = BigInt(lossyText(at(written(play, "alice", "server"), 2)));
    const found = discreteLog(group.modulus, group.generator, value);
    const exponent = bigintBytes(found?.exponent ?? 0n, 16);
    expect(readWith(play, options, exponent)).toBe(lossyText(hello));
  });

  test("each g^i shows whether i is odd", () => {
    const settings = settingsOf(allOptions());
    if (typeof settings.group === "string") throw new Error("no field");
    for (let i = 0; i < 50; i++) {
      const { privateKey, publicKey } = drawPair(mallory, settings);
      const symbol = jacobi(bytesBigint(publicKey), settings.group.modulus);
      expect(symbol).toBe((privateKey.at(-1) as number) % 2 === 0 ? 1 : -1);
    }
  });

  test.each(["0", "1"])("the value %s is accepted, and makes a known key", (digits) => {
    const swap: Tamper = ({ from, to, nth, bytes }) => {
      if (from === "server" && to === "alice" && nth === 4) return [utf8(`200: ${digits}`)];
      return [bytes];
    };
    const play = begun({ alice: [hello] }, { outer: "no" }, swap).run();
    const shared = bigintBytes(BigInt(digits), 32);
    const key = mallory.hash("sha256", shared).slice(0, 16);
    const text = openSegments(mallory, key, written(play, "alice", "server").slice(3, 6));
    expect(text && lossyText(text)).toBe(lossyText(hello));
  });
});

function jacobi(value: bigint, modulus: bigint): number {
  let [a, n, sign] = [value % modulus, modulus, 1];
  while (a !== 0n) {
    for (; a % 2n === 0n; a /= 2n) if (n % 8n === 3n || n % 8n === 5n) sign = -sign;
    [a, n] = [n, a];
    if (a % 4n === 3n && n % 4n === 3n) sign = -sign;
    a %= n;
  }
  return n === 1n ? sign : 0;
}

describe("an attacker who runs the server, or its connections", () => {
  const settings = settingsOf(allOptions());

  test("swaps two values, reads the message and writes another one", () => {
    const own = drawPair(mallory, settings);
    const ownText = latin1(mallory.encode("decimal", own.publicKey));
    const values = { alice: "", bob: "" };
    const inner: Uint8Array[] = [];
    let read = "";
    const keyWith = (text: string): Uint8Array =>
      sharedKey(
        mallory,
        settings,
        own.privateKey,
        readValue(mallory, settings, utf8(text)) as Uint8Array,
      ) as Uint8Array;
    const play = begun({ alice: [hello] }, {}, ({ from, to, nth, bytes }) => {
      if (from === "server" && to === "alice" && nth === 4) {
        values.bob = lossyText(bytes).slice("200: ".length);
        return [utf8(`200: ${ownText}`)];
      }
      if (to !== "bob" || nth < 4) return [bytes];
      if (nth === 4) {
        values.alice = lossyText(bytes).slice("Alice: ".length);
        return [utf8(`Alice: ${ownText}`)];
      }
      inner.push(bytes);
      if (inner.length < 3) return [];
      read = lossyText(openSegments(mallory, keyWith(values.alice), inner) as Uint8Array);
      return sealSegments(mallory, keyWith(values.bob), utf8("bring the money"));
    }).run();
    expect(read).toBe(lossyText(hello));
    expect(delivered(play, "bob")).toEqual(["bring the money (alice)"]);
    expect(play.texts("alice", "confirm")).toEqual([lossyText(hello)]);
  });

  test("reflects Alice's message, as Bob's", () => {
    const play = begun({ alice: [hello] }).run();
    const bob = lossyText(at(written(play, "server", "alice"), 4)).slice("200: ".length);
    const back = [utf8(`Bob: ${bob}`), ...written(play, "server", "bob").slice(4, 7)];
    for (const [i, bytes] of back.entries())
      play.planPacket(30_000 + i, { from: "server", to: "alice", bytes: bytes });
    expect(delivered(play.run(29_000 + 2_000), "alice")).toEqual([`${lossyText(hello)} (bob)`]);
  });

  test("forges a message of Alice's, with a value of its own", () => {
    const play = begun({}).run();
    const own = drawPair(mallory, settings);
    const bob = readValue(mallory, settings, at(written(play, "bob", "server"), 2)) as Uint8Array;
    const key = sharedKey(mallory, settings, own.privateKey, bob) as Uint8Array;
    const header = concat(utf8("Alice: "), mallory.encode("decimal", own.publicKey));
    const words = [header, ...sealSegments(mallory, key, utf8("I never said so"))];
    for (const [i, bytes] of words.entries())
      play.planPacket(20_000 + i, { from: "server", to: "bob", bytes: bytes });
    expect(delivered(play.run(21_000), "bob")).toEqual(["I never said so (alice)"]);
  });

  test("repeats a message for as long as Bob's exponent lives", () => {
    const play = begun({ alice: [hello] }).run();
    for (const [i, bytes] of written(play, "server", "bob").slice(3, 7).entries()) {
      play.planPacket(20_000 + i, { from: "server", to: "bob", bytes: bytes });
    }
    expect(delivered(play.run(21_000), "bob")).toEqual(
      Array(2).fill(`${lossyText(hello)} (alice)`),
    );
  });

  test("repeats what Alice wrote, and the server passes it on again", () => {
    const play = begun({ alice: [hello] }).run();
    for (const [i, bytes] of written(play, "alice", "server").slice(2).entries()) {
      play.planPacket(20_000 + i, { from: "alice", to: "server", bytes: bytes });
    }
    expect(delivered(play.run(21_000), "bob")).toHaveLength(2);
  });

  test("drops a message, and Alice is told that it was sent", () => {
    const play = begun({ alice: [hello] }, {}, ({ to, nth, bytes }) =>
      to === "bob" && nth >= 4 ? [] : [bytes],
    ).run();
    expect(delivered(play, "bob")).toEqual([]);
    expect(play.texts("alice", "confirm")).toEqual([lossyText(hello)]);
  });
});

describe("logins", () => {
  const stranger = "mallory:6666";

  test("an attacker who has seen a token has the account, and replaces its owner", () => {
    const play = begun({}).run();
    play.in("server", { kind: "connected", peer: stranger });
    const token = at(written(play, "alice", "server"), 1);
    const seen = play.handle("server", chunk(token, stranger));
    expect(play.tell(seen)).toEqual([
      `deliver login "${lossyText(token)}" from alice`,
      "transmit “200: login accepted” to mallory:6666",
    ]);
    play.in("server", chunk("12", stranger));
    const answer = play.handle("server", chunk("Alice", ends.bob));
    expect(play.tell(answer)).toContain("transmit “200: 12” to bob");
  });

  const connected = (count: number, options?: Options): Playbook => {
    const play = alone("server", options);
    for (let i = 0; i < count; i++) {
      play.in("server", { kind: "connected", peer: `mallory-${i}:1` });
    }
    return play;
  };

  test("unauthenticated clients hold a thread each; a wrong credential ends it", () => {
    const play = connected(40);
    expect(play.endpoint("server").stateSize?.()).toBe(40);
    const refused = play.handle("server", chunk("x", "mallory-3:1"));
    expect(play.tell(refused)).toContain("transmit “401: login refused” to mallory-3:1");
    expect(play.endpoint("server").stateSize?.()).toBe(39);
  });

  test("quota=limited: sixteen wait, the oldest makes room", () => {
    expect(connected(40, { quota: "limited" }).endpoint("server").stateSize?.()).toBe(16);
  });

  test("errors=discard: a wrong credential is answered once, and the right one may follow", () => {
    const play = begun({}, { errors: "discard" }, ({ from, nth, bytes }) =>
      from === "alice" && nth === 1 ? [utf8("x"), utf8("y"), bytes] : [bytes],
    ).run();
    const answers = written(play, "server", "alice").map(lossyText).slice(0, 2);
    expect(answers).toEqual(["401: login refused", "200: login accepted"]);
    expect(play.lines()).toContain("alice << ready for 1");
  });

  test("a client that is refused gives up", () => {
    const play = begun({}, {}, ({ from, nth, bytes }) =>
      from === "alice" && nth === 1 ? [utf8("wrong")] : [bytes],
    ).run();
    expect(play.fate("alice")).toBe("exit because login refused");
  });
});

const replacing =
  (from: string, to: string, nth: number, ...chunks: readonly Uint8Array[]): Tamper =>
  (passing) =>
    passing.from === from && passing.to === to && passing.nth === nth ? chunks : [passing.bytes];
const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

describe("one segment", () => {
  const ends = (tamper: Tamper, options: Options = {}) =>
    begun({ alice: [hello] }, options, tamper).run().fates;
  const noNumber = "crash ValueError: not a whole number";

  test("that is no number ends the client", () => {
    const none = utf8("None");
    expect(ends(replacing("server", "alice", 2, none)).alice).toBe(noNumber);
    expect(ends(replacing("server", "alice", 4, utf8("200: None"))).alice).toBe(noNumber);
    expect(ends(replacing("server", "bob", 4, utf8("hello"))).bob).toBe(noNumber);
  });

  test("that is no number ends one thread of the server", () => {
    const play = begun({}, {}, replacing("alice", "server", 2, utf8("zero"))).run();
    const logged = play.said("server", "log").map((o) => o.line);
    expect(logged).toContainEqual(expect.stringMatching(/^exception in the thread of x01/));
    expect(play.fates).toEqual({ server: "waits", alice: "waits", bob: "waits" });
  });

  test("with a changed bit ends the receiver, and is never accepted", () => {
    for (const nth of [5, 6, 7]) {
      const play = begun({ alice: [hello] }, {}, (passing) =>
        passing.to === "bob" && passing.nth === nth ? [flipped(passing.bytes)] : [passing.bytes],
      ).run();
      expect(play.fate("bob")).toBe("crash ValueError: MAC check failed");
      expect(delivered(play, "bob")).toEqual([]);
    }
  });

  test("that joins the next one shifts all that follows", () => {
    let held: Uint8Array = new Uint8Array(0);
    const join: Tamper = ({ to, nth, bytes }) => {
      if (to !== "bob" || nth < 5) return [bytes];
      if (nth === 5) {
        held = bytes;
        return [];
      }
      return nth === 6 ? [concat(held, bytes)] : [bytes];
    };
    const play = begun({ alice: [hello, second] }, {}, join).run();
    expect(delivered(play, "bob")).toEqual([]);
    expect(play.fate("bob")).toMatch(/^crash ValueError/);
    expect(play.texts("alice", "confirm")).toHaveLength(2);
  });

  test("above 1,024 bytes is read as two", () => {
    const play = begun({ alice: [new Uint8Array(1_100).fill(0x61)] }).run();
    expect(delivered(play, "bob")).toEqual([]);
    expect(play.texts("alice", "confirm")).toHaveLength(1);
  });

  test("that is empty is not sent at all, and the next ones take its place", () => {
    const play = begun({ alice: [new Uint8Array(0)] }, { outer: "no" }).run();
    expect(delivered(play, "bob")).toEqual([]);
  });

  test("of digits, cut in two: both finish, with different keys", () => {
    const play = begun({}, {}, ({ from, to, nth, bytes }) =>
      from === "server" && to === "alice" && nth === 2
        ? [bytes.slice(0, 40), bytes.slice(40)]
        : [bytes],
    ).run();
    const keys = (["alice", "server"] as const).map((who) =>
      play
        .claims(who, "commit")
        .flatMap((c) => (c.peer === "bob" ? [] : [latin1(c.agreed ?? new Uint8Array(0))])),
    );
    expect(keys.map((list) => list.length)).toEqual([1, 1]);
    expect(keys[0]).not.toEqual(keys[1]);
  });
});

describe("repairs", () => {
  const all = {
    modulus: "x25519",
    keys: "signed",
    order: "numbered",
    ack: "receipt",
    errors: "discard",
    console: "escaped",
  };

  test("keys=signed: no other value is accepted, neither the server's nor a user's", () => {
    const foreign = latin1(mallory.encode("decimal", mallory.keyPair("x25519").publicKey));
    const options = { modulus: "x25519", keys: "signed" };
    for (const nth of [2, 4]) {
      const swap: Tamper = ({ from, to, nth: n, bytes }) => {
        if (from !== "server" || to !== "alice" || n !== nth) return [bytes];
        return [utf8(lossyText(bytes).replace(/[0-9]{70,}/, foreign))];
      };
      const play = begun({ alice: [hello] }, options, swap).run();
      expect(play.fate("alice")).toMatch(/^crash/);
      expect(delivered(play, "bob")).toEqual([]);
    }
  });

  test("order=numbered: neither a repetition nor a reflection is accepted", () => {
    const options = { order: "numbered", errors: "discard" };
    const play = begun({ alice: [hello] }, options).run();
    const bob = lossyText(at(written(play, "server", "alice"), 4)).slice("200: ".length);
    const message = written(play, "server", "bob").slice(3, 7);
    for (const [i, bytes] of message.entries()) {
      play.planPacket(20_000 + i, { from: "server", to: "bob", bytes: bytes });
      play.planPacket(20_000 + i, {
        from: "server",
        to: "alice",
        bytes: i === 0 ? utf8(`Bob: ${bob}`) : bytes,
      });
    }
    play.run(21_000);
    expect(delivered(play, "bob")).toHaveLength(1);
    expect(delivered(play, "alice")).toEqual([]);
    expect(play.lines().filter((line) => line.endsWith("reject bad-tag"))).toHaveLength(2);
  });

  test("ack=receipt: nothing is confirmed that did not arrive", () => {
    const play = begun({ alice: [hello] }, all, ({ to, nth, bytes }) =>
      to === "bob" && nth >= 4 ? [] : [bytes],
    ).run();
    expect(play.texts("alice", "confirm")).toEqual([]);
    expect(play.texts("alice", "give-up")).toEqual([lossyText(hello)]);
  });

  test("console=escaped: a message is one line", () => {
    const play = begun({ alice: [hello] }, all).run();
    expect(play.lines()).toContain('bob << log received: "Good morning, Bob.\\nIt is me."');
  });

  test("errors=discard: a changed segment ends no process", () => {
    for (const nth of [1, 2, 3, 4, 5, 6, 7]) {
      for (const to of ["alice", "bob", "server"] as const) {
        const play = begun({ alice: [hello] }, all, (passing) =>
          passing.to === to && passing.nth === nth ? [flipped(passing.bytes)] : [passing.bytes],
        ).run();
        expect(Object.values(play.fates).join()).not.toContain("crash");
      }
    }
  });
});

test("the outer layer holds the three segments in one piece", () => {
  const segments = [utf8("ciphertext"), new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  expect(splitSegments(concat(...segments))).toEqual(segments);
  expect(splitSegments(utf8("short"))).toHaveLength(3);
});
