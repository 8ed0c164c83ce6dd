import { describe, expect, test } from "vitest";
import { discreteLog } from "../../attacker/knowledge/discrete-log.ts";
import { databaseName } from "../../protocol/cases/securecom/accounts.ts";
import { drawPair, readValue, sharedKey } from "../../protocol/cases/securecom/numbers.ts";
import { securecom } from "../../protocol/cases/securecom/securecom.ts";
import {
  openSegments,
  sealSegments,
  splitSegments,
} from "../../protocol/cases/securecom/segments.ts";
import { settingsOf } from "../../protocol/cases/securecom/settings.ts";
import {
  addresses,
  allOptions,
  Bench,
  install,
  type Options,
  type Tamper,
  told,
} from "../../protocol/cases/securecom/test-bench.ts";
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

const hello = utf8("Good morning, Bob.\nIt is me.");
const second = utf8("the spare key is under the third flower pot");
const mallory = new CryptoRecorder([], new Random("mallory"), "mallory");
const at = (list: readonly Uint8Array[], nth: number): Uint8Array => list[nth - 1] as Uint8Array;

describe("an honest session", () => {
  test("as a playbook", () => {
    const bench = new Bench({ alice: [hello] }).run();
    expect(bench.lines.filter((line) => !line.startsWith("bob transmit"))).toEqual([
      "server log waiting for connections",
      "server log connection from alice:40000",
      "alice log connected to the server",
      "alice submit login of 64 bytes",
      "alice transmit 64 bytes to server:4310",
      "server log connection from bob:40002",
      "bob log connected to the server",
      "bob submit login of 64 bytes",
      "server deliver login (alice)",
      "server transmit “200: login accepted” to alice:40000",
      "server deliver login (bob)",
      "server transmit “200: login accepted” to bob:40002",
      "alice log login accepted",
      "alice claim running server",
      "alice transmit 78 bytes to server:4310",
      "bob log login accepted",
      "bob claim running server",
      "server claim running alice",
      "server claim secret alice",
      "server claim commit alice",
      "server log keys exchanged with x01",
      "server transmit 77 bytes to alice:40000",
      "server claim running bob",
      "server claim secret bob",
      "server claim commit bob",
      "server log keys exchanged with x02",
      "server transmit 77 bytes to bob:40002",
      "server transmit “keys exchanged, go ahead” to alice:40000",
      "server transmit “keys exchanged, go ahead” to bob:40002",
      "alice claim secret server",
      "alice claim commit server",
      "alice log keys exchanged with the server",
      "bob claim secret server",
      "bob claim commit server",
      "bob log keys exchanged with the server",
      "alice log server: keys exchanged, go ahead",
      "alice ready",
      "bob log server: keys exchanged, go ahead",
      "bob ready",
      "alice transmit “Bob” to server:4310",
      "server transmit 82 bytes to alice:40000",
      expect.stringMatching(/^alice log server answers: 200:/),
      "alice claim secret bob",
      "alice claim running bob",
      "alice log keys exchanged with the other user",
      "alice transmit 60 bytes to server:4310",
      "alice log sent to Bob",
      "alice confirm",
      "alice ready",
      "alice transmit 16 bytes to server:4310",
      "alice transmit 16 bytes to server:4310",
      "server log message from x01 passed on",
      "server transmit 85 bytes to bob:40002",
      "server transmit 28 bytes to bob:40002",
      "server transmit 16 bytes to bob:40002",
      "server transmit 16 bytes to bob:40002",
      "bob claim secret alice",
      "bob claim commit alice",
      'bob deliver "Good morning, Bob.\\nIt is me." (alice)',
      "bob log received: Good morning, Bob.\nIt is me.",
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
    const bench = new Bench({ alice: [hello, second], bob: [utf8("all is well")] }, options).run();
    expect(bench.delivered("bob")).toEqual([
      `${lossyText(hello)} (alice)`,
      `${lossyText(second)} (alice)`,
    ]);
    expect(bench.delivered("alice")).toEqual(["all is well (bob)"]);
    expect(bench.confirmed("alice")).toHaveLength(2);
    expect(bench.ends).toEqual({ server: "waits", alice: "waits", bob: "waits" });
  });

  test("a user leaves after half a minute of silence", () => {
    const bench = new Bench({ alice: [hello] }).run(40_000);
    expect(bench.ends).toMatchObject({ alice: "exit content", bob: "exit content" });
    expect(bench.now).toBeGreaterThan(30_000);
  });

  test("the database holds what a login sends", () => {
    const bench = new Bench({});
    const { files } = install();
    const token = lossyText(at(bench.run().written("alice", "server"), 1));
    expect(lossyText(files.get(`server/${databaseName}`) as Uint8Array)).toContain(
      `Alice,${token}`,
    );
  });

  test("misuse by the application is told as such", () => {
    const client = install().open("alice");
    client.handle({ kind: "start" }, 0);
    expect(() => client.handle({ kind: "send", message: hello }, 0)).toThrow(MisuseError);
    const relay = install().open("server");
    expect(() => relay.handle({ kind: "send", message: hello }, 0)).toThrow(MisuseError);
  });

  test("messages of the workload are distinct, and long enough to be looked for", () => {
    const sessions = securecom.workload?.(allOptions()).sessions ?? [];
    const texts = sessions.flatMap((s) => s.messages.map((m) => latin1(m.message)));
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) expect(text.length).toBeGreaterThan(8);
  });
});

/** What an eavesdropper with this exponent of Alice's reads. */
function readWith(bench: Bench, options: Options, exponent: Uint8Array): string | undefined {
  const settings = settingsOf(allOptions(options));
  const answer = at(bench.written("server", "alice"), 4).slice("200: ".length);
  const value = readValue(mallory, settings, answer) as Uint8Array;
  const key = sharedKey(mallory, settings, exponent, value) as Uint8Array;
  const text = openSegments(mallory, key, bench.written("server", "bob").slice(4, 7));
  return text && lossyText(text);
}

describe("the numbers", () => {
  test.each(["small", "trapdoor"])("modulus=%s: Alice's exponent from her number", (modulus) => {
    const options = { modulus };
    const { group } = settingsOf(allOptions(options));
    if (typeof group === "string") throw new Error("no field");
    const bench = new Bench({ alice: [hello] }, options).run();
    const value = BigInt(lossyText(at(bench.written("alice", "server"), 2)));
    const found = discreteLog(group.modulus, group.generator, value);
    const exponent = bigintBytes(found?.exponent ?? 0n, 16);
    expect(readWith(bench, options, exponent)).toBe(lossyText(hello));
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

  test.each(["0", "1"])("the value %s is taken, and makes a known key", (digits) => {
    const swap: Tamper = ({ from, to, nth, bytes }) => {
      if (from === "server" && to === "alice" && nth === 4) return [utf8(`200: ${digits}`)];
      return [bytes];
    };
    const bench = new Bench({ alice: [hello] }, { outer: "no" }, swap).run();
    const shared = bigintBytes(BigInt(digits), 32);
    const key = mallory.hash("sha256", shared).slice(0, 16);
    const text = openSegments(mallory, key, bench.written("alice", "server").slice(3, 6));
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

describe("whoever runs the server, or the wire to it", () => {
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
    const bench = new Bench({ alice: [hello] }, {}, ({ from, to, nth, bytes }) => {
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
    expect(bench.delivered("bob")).toEqual(["bring the money (alice)"]);
    expect(bench.confirmed("alice")).toEqual([lossyText(hello)]);
  });

  test("gives Alice's message back to her, as Bob's", () => {
    const bench = new Bench({ alice: [hello] }).run();
    const bob = lossyText(at(bench.written("server", "alice"), 4)).slice("200: ".length);
    const back = [utf8(`Bob: ${bob}`), ...bench.written("server", "bob").slice(4, 7)];
    for (const [i, bytes] of back.entries()) bench.chunk("server", "alice", bytes, 30_000 + i);
    expect(bench.run(29_000 + 2_000).delivered("alice")).toEqual([`${lossyText(hello)} (bob)`]);
  });

  test("puts his own words down to Alice, with a value of his own", () => {
    const bench = new Bench({}).run();
    const own = drawPair(mallory, settings);
    const bob = readValue(mallory, settings, at(bench.written("bob", "server"), 2)) as Uint8Array;
    const key = sharedKey(mallory, settings, own.privateKey, bob) as Uint8Array;
    const header = concat(utf8("Alice: "), mallory.encode("decimal", own.publicKey));
    const words = [header, ...sealSegments(mallory, key, utf8("I never said so"))];
    for (const [i, bytes] of words.entries()) bench.chunk("server", "bob", bytes, 20_000 + i);
    expect(bench.run(21_000).delivered("bob")).toEqual(["I never said so (alice)"]);
  });

  test("repeats a message for as long as Bob's exponent lives", () => {
    const bench = new Bench({ alice: [hello] }).run();
    for (const [i, bytes] of bench.written("server", "bob").slice(3, 7).entries()) {
      bench.chunk("server", "bob", bytes, 20_000 + i);
    }
    expect(bench.run(21_000).delivered("bob")).toEqual(
      Array(2).fill(`${lossyText(hello)} (alice)`),
    );
  });

  test("repeats what Alice wrote, and the server passes it on again", () => {
    const bench = new Bench({ alice: [hello] }).run();
    for (const [i, bytes] of bench.written("alice", "server").slice(2).entries()) {
      bench.chunk("alice", "server", bytes, 20_000 + i);
    }
    expect(bench.run(21_000).delivered("bob")).toHaveLength(2);
  });

  test("drops a message, and Alice is told that it was sent", () => {
    const bench = new Bench({ alice: [hello] }, {}, ({ to, nth, bytes }) =>
      to === "bob" && nth >= 4 ? [] : [bytes],
    ).run();
    expect(bench.delivered("bob")).toEqual([]);
    expect(bench.confirmed("alice")).toEqual([lossyText(hello)]);
  });
});

describe("logins", () => {
  const stranger = "mallory:6666";

  test("whoever has seen a token has the account, and takes its owner's place", () => {
    const bench = new Bench({}).run();
    const relay = bench.endpoints.get("server");
    relay?.handle({ kind: "connected", peer: stranger }, 1_000);
    const token = at(bench.written("alice", "server"), 1);
    const seen = relay?.handle({ kind: "chunk", bytes: token, from: stranger }, 1_000) ?? [];
    expect(seen.map(told)).toEqual([
      "deliver login (alice)",
      "transmit “200: login accepted” to mallory:6666",
    ]);
    relay?.handle({ kind: "chunk", bytes: utf8("12"), from: stranger }, 2_000);
    const answer = relay?.handle(
      { kind: "chunk", bytes: utf8("Alice"), from: addresses.bob },
      3_000,
    );
    expect(answer?.map(told)).toContain("transmit “200: 12” to bob:40002");
  });

  test("strangers hold a thread each; a wrong credential ends it", () => {
    const relay = install().open("server");
    relay.handle({ kind: "start" }, 0);
    for (let i = 0; i < 40; i++) relay.handle({ kind: "connected", peer: `mallory-${i}:1` }, 0);
    expect(relay.stateSize?.()).toBe(40);
    const refused = relay.handle({ kind: "chunk", bytes: utf8("x"), from: "mallory-3:1" }, 0);
    expect(refused.map(told)).toContain("transmit “401: login refused” to mallory-3:1");
    expect(relay.stateSize?.()).toBe(39);
  });

  test("quota=limited: sixteen wait, the oldest makes room", () => {
    const relay = install({ quota: "limited" }).open("server");
    relay.handle({ kind: "start" }, 0);
    for (let i = 0; i < 40; i++) relay.handle({ kind: "connected", peer: `mallory-${i}:1` }, 0);
    expect(relay.stateSize?.()).toBe(16);
  });

  test("errors=discard: a wrong credential is answered once, and the right one may follow", () => {
    const bench = new Bench({}, { errors: "discard" }, ({ from, nth, bytes }) =>
      from === "alice" && nth === 1 ? [utf8("x"), utf8("y"), bytes] : [bytes],
    ).run();
    const answers = bench.written("server", "alice").map(lossyText).slice(0, 2);
    expect(answers).toEqual(["401: login refused", "200: login accepted"]);
    expect(bench.lines).toContain("alice ready");
  });

  test("a client that is refused gives up", () => {
    const bench = new Bench({}, {}, ({ from, nth, bytes }) =>
      from === "alice" && nth === 1 ? [utf8("wrong")] : [bytes],
    ).run();
    expect(bench.ends.alice).toBe("exit login refused");
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
    new Bench({ alice: [hello] }, options, tamper).run().ends;
  const noNumber = "crash ValueError: not a whole number";

  test("that is no number ends the client", () => {
    const none = utf8("None");
    expect(ends(replacing("server", "alice", 2, none)).alice).toBe(noNumber);
    expect(ends(replacing("server", "alice", 4, utf8("200: None"))).alice).toBe(noNumber);
    expect(ends(replacing("server", "bob", 4, utf8("hello"))).bob).toBe(noNumber);
  });

  test("that is no number ends one thread of the server", () => {
    const bench = new Bench({}, {}, replacing("alice", "server", 2, utf8("zero"))).run();
    expect(bench.lines).toContain("server log exception in the thread of x01…");
    expect(bench.ends).toEqual({ server: "waits", alice: "waits", bob: "waits" });
  });

  test("with a changed bit ends the receiver, and is never accepted", () => {
    for (const nth of [5, 6, 7]) {
      const bench = new Bench({ alice: [hello] }, {}, (passing) =>
        passing.to === "bob" && passing.nth === nth ? [flipped(passing.bytes)] : [passing.bytes],
      ).run();
      expect(bench.ends.bob).toBe("crash ValueError: MAC check failed");
      expect(bench.delivered("bob")).toEqual([]);
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
    const bench = new Bench({ alice: [hello, second] }, {}, join).run();
    expect(bench.delivered("bob")).toEqual([]);
    expect(bench.ends.bob).toMatch(/^crash ValueError/);
    expect(bench.confirmed("alice")).toHaveLength(2);
  });

  test("above 1,024 bytes is read as two", () => {
    const bench = new Bench({ alice: [new Uint8Array(1_100).fill(0x61)] }).run();
    expect(bench.delivered("bob")).toEqual([]);
    expect(bench.confirmed("alice")).toHaveLength(1);
  });

  test("that is empty is not sent at all, and the next ones take its place", () => {
    const bench = new Bench({ alice: [new Uint8Array(0)] }, { outer: "no" }).run();
    expect(bench.delivered("bob")).toEqual([]);
  });

  test("of digits, cut in two: both finish, with different keys", () => {
    const bench = new Bench({}, {}, ({ from, to, nth, bytes }) =>
      from === "server" && to === "alice" && nth === 2
        ? [bytes.slice(0, 40), bytes.slice(40)]
        : [bytes],
    ).run();
    const keys = (["alice", "server"] as const).map((who) =>
      bench.outputs[who].flatMap((o) =>
        o.kind === "claim" && o.claim.kind === "commit" && o.claim.peer !== "bob"
          ? [latin1(o.claim.agreed ?? new Uint8Array(0))]
          : [],
      ),
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

  test("keys=signed: no other value is taken, neither the server's nor a user's", () => {
    const foreign = latin1(mallory.encode("decimal", mallory.keyPair("x25519").publicKey));
    const options = { modulus: "x25519", keys: "signed" };
    for (const nth of [2, 4]) {
      const swap: Tamper = ({ from, to, nth: n, bytes }) => {
        if (from !== "server" || to !== "alice" || n !== nth) return [bytes];
        return [utf8(lossyText(bytes).replace(/[0-9]{70,}/, foreign))];
      };
      const bench = new Bench({ alice: [hello] }, options, swap).run();
      expect(bench.ends.alice).toMatch(/^crash/);
      expect(bench.delivered("bob")).toEqual([]);
    }
  });

  test("order=numbered: neither a repetition nor a reflection is accepted", () => {
    const options = { order: "numbered", errors: "discard" };
    const bench = new Bench({ alice: [hello] }, options).run();
    const bob = lossyText(at(bench.written("server", "alice"), 4)).slice("200: ".length);
    const message = bench.written("server", "bob").slice(3, 7);
    for (const [i, bytes] of message.entries()) {
      bench.chunk("server", "bob", bytes, 20_000 + i);
      bench.chunk("server", "alice", i === 0 ? utf8(`Bob: ${bob}`) : bytes, 20_000 + i);
    }
    bench.run(21_000);
    expect(bench.delivered("bob")).toHaveLength(1);
    expect(bench.delivered("alice")).toEqual([]);
    expect(bench.lines.filter((line) => line.endsWith("reject bad-tag"))).toHaveLength(2);
  });

  test("ack=receipt: nothing is confirmed that did not arrive", () => {
    const bench = new Bench({ alice: [hello] }, all, ({ to, nth, bytes }) =>
      to === "bob" && nth >= 4 ? [] : [bytes],
    ).run();
    expect(bench.confirmed("alice")).toEqual([]);
    expect(bench.lines).toContain("alice give-up");
  });

  test("console=escaped: a message is one line", () => {
    const bench = new Bench({ alice: [hello] }, all).run();
    expect(bench.lines).toContain('bob log received: "Good morning, Bob.\\nIt is me."');
  });

  test("errors=discard: nobody dies of a changed segment", () => {
    for (const nth of [1, 2, 3, 4, 5, 6, 7]) {
      for (const to of ["alice", "bob", "server"] as const) {
        const bench = new Bench({ alice: [hello] }, all, (passing) =>
          passing.to === to && passing.nth === nth ? [flipped(passing.bytes)] : [passing.bytes],
        ).run();
        expect(Object.values(bench.ends).join()).not.toContain("crash");
      }
    }
  });
});

test("the outer layer holds the three segments in one piece", () => {
  const segments = [utf8("ciphertext"), new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  expect(splitSegments(concat(...segments))).toEqual(segments);
  expect(splitSegments(utf8("short"))).toHaveLength(3);
});
