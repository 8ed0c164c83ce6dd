import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RejectReason } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import { type Network, type Packet, Playbook } from "../../testing/playbook.ts";
import { defenceOptions } from "./defences.ts";
import { serverAddress, settings, typeOf } from "./playbook-settings.ts";
import { preshared } from "./preshared.ts";
import { datagramBytes, maxTextBytes } from "./wire.ts";

const alice = "alice:40000";
const says = ["the bridge at noon", "", "come alone"];
const answers = ["who is asking", "very well"];

type Options = Readonly<Record<string, string>>;

/** The server alone, to begin with. */
const begun = (options?: Options, network?: Network, seed?: string): Playbook =>
  new Playbook({ ...settings, options, network, seed }).open(serverAddress);
/** One session of alice's from beginning to end. */
const session = (network?: Network, options?: Options): Playbook =>
  begun(options, network).converse(alice, says, answers).run();
/** The `nth` packet of a type, from 1. */
const packet = (play: Playbook, type: string, nth = 1): Packet =>
  play.wire.sent.filter((p) => typeOf(p) === type)[nth - 1] as Packet;
const flipped = (p: Packet, at: number, mask = 1): Packet => ({
  ...p,
  bytes: p.bytes.map((byte, i) => (i === at ? byte ^ mask : byte)),
});

function expectAllDelivered(play: Playbook): void {
  expect(play.texts(serverAddress, "deliver")).toEqual(says);
  expect(play.texts(alice, "deliver")).toEqual(answers);
  expect(play.texts(alice, "confirm").toSorted()).toEqual(says.toSorted());
  expect(play.texts(serverAddress, "confirm").toSorted()).toEqual(answers.toSorted());
  expect(play.events.at(-1)).toBe(`${alice} << exit ok`);
}

describe("an undisturbed session", () => {
  test("goes like this", () => {
    const play = begun().converse(alice, ["hi"], ["ho"]).run();
    play.goes([
      "bob:7000 >> start",
      "alice:40000 >> start",
      "alice:40000 << transmit hello (128)",
      "bob:7000 >> datagram hello (128) from alice:40000",
      "bob:7000 << transmit challenge (128) to alice:40000",
      "alice:40000 >> datagram challenge (128) from bob:7000",
      "alice:40000 << claim running bob",
      "alice:40000 << transmit proof (128)",
      "bob:7000 >> datagram proof (128) from alice:40000",
      "bob:7000 << log session with alice",
      "bob:7000 << claim running alice",
      "bob:7000 << transmit welcome (128) to alice:40000",
      "bob:7000 << claim commit alice",
      "bob:7000 << claim secret alice",
      "bob:7000 << claim secret alice",
      "bob:7000 << ready",
      'bob:7000 >> send "ho"',
      "bob:7000 << transmit data (128) to alice:40000",
      "alice:40000 >> datagram welcome (128) from bob:7000",
      "alice:40000 << claim commit bob",
      "alice:40000 << claim secret bob",
      "alice:40000 << claim secret bob",
      "alice:40000 << ready",
      'alice:40000 >> send "hi"',
      "alice:40000 << transmit data (128)",
      "alice:40000 >> datagram data (128) from bob:7000",
      'alice:40000 << deliver "ho" from bob',
      "alice:40000 << transmit ack (128)",
      "bob:7000 >> datagram data (128) from alice:40000",
      'bob:7000 << deliver "hi" from alice',
      "bob:7000 << transmit ack (128) to alice:40000",
      "bob:7000 >> datagram ack (128) from alice:40000",
      'bob:7000 << confirm "ho"',
      "alice:40000 >> datagram ack (128) from bob:7000",
      'alice:40000 << confirm "hi"',
      "alice:40000 >> timeout",
      "alice:40000 << transmit close (128)",
      "alice:40000 << exit ok",
      "bob:7000 >> datagram close (128) from alice:40000",
    ]);
  });

  test("both ends claim the same", () => {
    const claims = session().outputs.flatMap(({ at, output }) =>
      output.kind === "claim" && output.claim.kind === "commit"
        ? [[at, output.claim.peer, output.claim.agreed] as const]
        : [],
    );
    const [a, b] = claims;
    expect(claims.length).toBe(2);
    expect([a?.[0], a?.[1], b?.[0], b?.[1]]).toEqual([serverAddress, "alice", alice, "bob"]);
    expect(a?.[2]).toEqual(b?.[2]);
  });

  test("all datagrams have 128 bytes, and their number depends on no length", () => {
    const shapes = [0, 1, 40, maxTextBytes].map((length) => {
      const play = begun().converse(
        alice,
        ["x".repeat(length), "y".repeat(length)],
        ["z".repeat(length)],
      );
      return play.run().wire.sent.map((p) => `${p.from} ${typeOf(p)} ${p.bytes.length}`);
    });
    expect(new Set(shapes.map((s) => s.join())).size).toBe(1);
    expect(shapes[0]?.every((line) => line.endsWith(` ${datagramBytes}`))).toBe(true);
  });

  test("is the same with the same seed", () => {
    expect(session().wire.sent).toEqual(session().wire.sent);
  });

  test.each(
    Object.entries(defenceOptions).flatMap(([name, { values }]) =>
      values.map((value) => ({ name, value })),
    ),
  )("works with $name=$value", ({ name, value }) => {
    expectAllDelivered(session(undefined, { [name]: value }));
  });

  test("every claim and every weakening names a different guarantee", () => {
    const claimed = preshared.claims.map((c) => c.guarantee);
    expect(new Set(claimed).size).toBe(claimed.length);
    const weakened = Object.values(defenceOptions).flatMap((o) =>
      Object.values(o.weakens ?? {}).flat(),
    );
    expect([...new Set(weakened)].toSorted()).toEqual(claimed.toSorted());
  });
});

describe("on a bad network", () => {
  test("everything arrives whichever datagram is lost, late or doubled", () => {
    const count = session().wire.sent.length;
    for (const fate of [[], [10, 12], [35], [700, 5_000], [140_000]]) {
      for (let i = 0; i < count; i++)
        expectAllDelivered(session(({ index: k }) => (k === i ? fate : [10])));
    }
  });

  test("messages arrive once and in order, and only those are confirmed, whatever happens", () => {
    const fates = fc.array(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 3 }), {
      maxLength: 60,
      size: "max",
    });
    fc.assert(
      fc.property(fates, (list) => {
        const play = session(({ index: i }) => list[i] ?? [10]);
        for (const [from, to, sent] of [
          [alice, serverAddress, says],
          [serverAddress, alice, answers],
        ] as const) {
          const got = play.texts(to, "deliver");
          const confirmed = play.texts(from, "confirm");
          expect(sent.slice(0, got.length)).toEqual(got);
          expect(confirmed.every((m) => got.includes(m))).toBe(true);
          expect(new Set(confirmed).size).toBe(confirmed.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("more messages than may be under way arrive in order", () => {
    const many = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    const scattered = (i: number): number => Math.imul(i + 1, 0x9e3779b1) >>> 16;
    const play = begun({}, ({ index: i }) =>
      scattered(i) % 5 === 0 ? [] : [10 + (scattered(i) % 40)],
    ).converse(alice, many);
    expect(play.run().texts(serverAddress, "deliver")).toEqual(many);
    expect(play.texts(alice, "confirm").toSorted()).toEqual(many.toSorted());
  });

  test("what is never acknowledged is given up, and the session with it", () => {
    const play = session((p) => (typeOf(p) === "ack" ? [] : [10]));
    expect(play.texts(alice, "give-up")).toEqual(says);
    expect(play.texts(alice, "confirm")).toEqual([]);
    const last = `${alice} << exit because messages were not acknowledged`;
    expect(play.events.filter((e) => e.includes("exit"))).toEqual([last]);
    expect(play.wire.sent.filter((p) => typeOf(p) === "data").length).toBe(5 * 12);
  });

  test("a client that is not answered gives up", () => {
    const play = session(() => []);
    expect(play.events).toEqual([`${alice} << exit because the server does not answer`]);
    expect(play.wire.sent.length).toBe(12);
  });

  test("a message that is too long is given up at once, and the others arrive", () => {
    const play = begun();
    const [fits, long] = ["x".repeat(maxTextBytes), "y".repeat(maxTextBytes + 1)];
    play.converse(alice, ["before", long, fits], []);
    play.run();
    expect(play.texts(alice, "give-up")).toEqual([long]);
    expect(play.texts(serverAddress, "deliver")).toEqual(["before", fits]);
  });

  test("what the server sends to a client that has gone is given up", () => {
    const play = session();
    const message = utf8("too late");
    const send = (more: object) => play.handle(serverAddress, { kind: "send", message, ...more });
    expect(play.tell(send({ session: alice }))).toEqual(['give-up "too late"']);
    expect(play.tell(send({ to: "carol" }))).toEqual(['give-up "too late"']);
  });
});

describe("against an attacker", () => {
  test("no datagram survives a change of one bit in any byte, and none is missed for it", () => {
    const honest = session();
    for (const mask of [1, 128]) {
      const play = begun();
      const survived: string[] = [];
      play.converse(alice, says, answers);
      play.run(undefined, (p) => {
        for (let at = 0; at < p.bytes.length; at++) {
          const last = play.tell(play.inject(flipped(p, at, mask))).at(-1) ?? "nothing";
          if (!last.startsWith("reject ")) survived.push(`${typeOf(p)}[${at}]: ${last}`);
        }
      });
      expect(survived).toEqual([]);
      expect(play.events).toEqual(honest.events);
      expect(play.wire.sent).toEqual(honest.wire.sent);
    }
  });

  test("no datagram survives being cut or lengthened", () => {
    const play = begun();
    const got = new Set<string>();
    play.converse(alice, says, answers);
    play.run(undefined, (p) => {
      const longer = concat(p.bytes, new Uint8Array(1));
      for (const bytes of [p.bytes.slice(0, -1), p.bytes.slice(0, 1), utf8(""), longer]) {
        got.add(play.tell(play.inject({ ...p, bytes })).at(-1) ?? "nothing");
      }
    });
    expect([...got].toSorted()).toEqual(["reject malformed", "reject too-long"]);
    expectAllDelivered(play);
  });

  test("what arrives twice is discarded, or answered as before", () => {
    const answered: string[] = [];
    const play = begun({}, () => [10, 11]).converse(alice, says, answers);
    const seen = new Set<Packet>();
    play.run(undefined, (p) => {
      if (!seen.has(p)) seen.add(p);
      else {
        const result = play.tell(play.inject(p));
        if (!result[0]?.startsWith("reject")) answered.push(`${typeOf(p)}: ${result.join()}`);
      }
    });
    const again = ["hello: transmit challenge (128)", "proof: transmit welcome (128)"].map(
      (line) => `${line} to ${alice}`,
    );
    expect([...new Set(answered)]).toEqual(again);
    expectAllDelivered(play);
  });

  test.each([0, 1_000, 119_000, 121_000, 500_000])(
    "a finished session does not come to life again %d ms later",
    (later) => {
      const play = session();
      const before = play.events.length;
      play.now += later;
      for (const from of [alice, "alice:40002", "mallory:6666"]) {
        for (const p of play.wire.sent.filter((q) => q.to === serverAddress)) {
          const [first] = play.tell(play.inject({ ...p, from })).slice(-1);
          const challenge = typeOf(p) === "hello" && from === alice;
          expect(first).toMatch(challenge ? /^transmit challenge/ : /^reject /);
        }
      }
      expect(play.events.slice(before)).toEqual([]);
    },
  );

  test("a proof opens no session of a server that has started anew", () => {
    const play = session();
    play.open(serverAddress, { process: "server#1" });
    expect(play.tell(play.inject(packet(play, "proof")))).toEqual(["reject unauthorized"]);
  });

  test("nothing of one session is taken in another", () => {
    const others = [session(), session()];
    const play = begun().converse(alice, says, answers);
    play.run();
    const other = "alice:40002";
    const carol = "carol:40004";
    play.converse(other, says, answers);
    play.converse(carol, says, answers);
    const got = new Set<string>();
    play.run(undefined, (p) => {
      for (const old of [...play.wire.sent.slice(0, 16), ...(others[0]?.wire.sent ?? [])]) {
        if (typeOf(old) === "hello") continue;
        const [from, to] = old.to === serverAddress ? [p.from, p.to] : [p.to, p.from];
        for (const target of [to, other, carol]) {
          const line =
            play.tell(play.inject({ bytes: old.bytes, from, to: target })).at(-1) ?? "none";
          got.add(line.split(" ")[0] as string);
        }
      }
    });
    got.delete("none");
    expect([...got]).toEqual(["reject"]);
    expect(play.texts(other, "confirm").toSorted()).toEqual(says.toSorted());
    expect(play.texts(carol, "deliver")).toEqual(answers);
  });

  test("what is reflected is refused", () => {
    const play = begun().converse(alice, says, answers);
    play.run(undefined, (p) => {
      const [line] = play.tell(play.inject({ bytes: p.bytes, from: p.to, to: p.from })).slice(-1);
      if (line !== undefined) expect(line).toMatch(/^reject /);
    });
    expectAllDelivered(play);
  });

  test("a challenge asked for from elsewhere does not stop a session", () => {
    const play = begun({}, (p) => (typeOf(p) === "challenge" ? [50] : [10])).converse(
      alice,
      says,
      answers,
    );
    const hello = packet(play, "hello");
    const refused = play.tell(play.inject({ ...hello, from: "mallory:6666" }));
    expect(refused).toEqual(["log refused alice: bad-tag", "reject bad-tag"]);
    expectAllDelivered(play.run());
  });

  test("a flood of hellos leaves nothing behind and gets no longer answers", () => {
    const play = session();
    const hello = packet(play, "hello");
    const server = play.endpoints.get(serverAddress);
    for (let i = 0; i < 1_000; i++) {
      const own = i % 2 === 0 ? hello : flipped(hello, 18 + (i % 16), 1 + (i % 255));
      const out = play.inject({ ...own, from: i % 4 < 2 ? alice : `mallory-${i}:6666` });
      const sent = out.reduce((n, o) => n + (o.kind === "transmit" ? o.bytes.length : 0), 0);
      expect(sent).toBeLessThanOrEqual(hello.bytes.length);
      expect(server?.stateSize?.()).toBe(0);
      expect(server?.deadline?.()).toBeUndefined();
    }
  });

  test("a name does not get out of its line of the log", () => {
    const play = session();
    const hello = packet(play, "hello");
    const name = utf8('\n\u2028\u001b"\\');
    const bytes = concat(hello.bytes.slice(0, 1), Uint8Array.of(name.length), name);
    const forged = concat(bytes, hello.bytes.slice(bytes.length));
    expect(play.tell(play.inject({ ...hello, bytes: forged }))).toEqual([
      "log refused %0A%E2%80%A8%1B%22%5C: unknown-peer",
      "reject unknown-peer",
    ]);
  });

  test("anything at all is refused and changes nothing", () => {
    const datagrams = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc
          .tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ minLength: 127, maxLength: 127 }))
          .map(([type, rest]) => concat(Uint8Array.of(type), rest)),
      ),
      { maxLength: 20 },
    );
    const honest = session();
    fc.assert(
      fc.property(datagrams, (list) => {
        const play = begun().converse(alice, says, answers);
        play.run(undefined, (p) => {
          for (const bytes of list) {
            expect(play.tell(play.inject({ ...p, bytes })).at(-1)).toMatch(/^reject /);
          }
        });
        expect(play.wire.sent).toEqual(honest.wire.sent);
      }),
      { numRuns: 50 },
    );
  });
});

describe("without a defence", () => {
  test("freshness=off: a recorded session comes to life again and delivers again", () => {
    const play = session(undefined, { freshness: "off" });
    for (const p of play.wire.sent.filter((q) => q.to === serverAddress)) play.inject(p);
    expect(play.texts(serverAddress, "deliver")).toEqual([...says, ...says]);
    const ready = play.outputs.filter((o) => o.at === serverAddress && o.output.kind === "ready");
    expect(new Set(ready.map((o) => o.output.session)).size).toBe(2);
  });

  test("authentication=off: one message passes for another, twice and out of its turn", () => {
    const number = 18;
    let done = false;
    const network: Network = (p) => {
      if (typeOf(p) === "data" && p.to === serverAddress && !done) {
        done = true;
        p.bytes[number] = (p.bytes[number] ?? 0) ^ 3;
      }
      return [10];
    };
    const play = session(network, { authentication: "off" });
    expect(play.texts(serverAddress, "deliver")).toEqual([...says, says[0]]);
  });

  test("directions=off: a party takes its own message for its peer's", () => {
    const play = begun({ directions: "off" }).converse(alice, says);
    play.run(45);
    const { from: to, to: from, bytes } = packet(play, "data");
    expect(play.tell(play.inject({ bytes, from, to }))).toContain(`deliver "${says[0]}" from bob`);
  });

  test("ack-authentication=off: an attacker confirms what was never delivered", () => {
    const network: Network = (p) => (typeOf(p) === "data" ? [] : [10]);
    const play = begun({ "ack-authentication": "off" }, network).converse(alice, says);
    play.run(45);
    const bytes = new Uint8Array(datagramBytes);
    bytes.set([6, 0, 0, 0, 0, 0, 1]);
    const forged = play.inject({ bytes, from: "mallory:6666", to: alice });
    expect(play.tell(forged)).toEqual([`confirm "${says[0]}"`]);
  });
});

test("every reason to reject is reached", () => {
  const play = begun();
  const got: Partial<Record<RejectReason, string[]>> = {};
  const inject = (what: string, p: Packet): void => {
    const last = play.inject(p).at(-1);
    if (last?.kind === "reject") got[last.reason] = [...(got[last.reason] ?? []), what];
  };
  const other = begun({}, undefined, "another seed");
  other.converse(alice, says, answers);
  other.run();
  play.converse(alice, says, answers);
  play.run(15);
  inject("a challenge for another hello", packet(other, "challenge"));
  inject("a welcome too early", packet(other, "welcome"));
  inject("data too early", { ...packet(other, "data"), to: alice });
  play.run(20_000);
  const [hello, proof, data] = ["hello", "proof", "data"].map((t) => packet(play, t)) as [
    Packet,
    Packet,
    Packet,
  ];
  inject("a challenge too many", packet(play, "challenge"));
  inject("a close to the client", { ...data, bytes: Uint8Array.of(7, ...data.bytes.slice(1)) });
  inject("a record of another session", { ...flipped(data, 6, 64), to: serverAddress });
  inject("the same to the client", { ...flipped(data, 6, 64), to: alice });
  inject("a record once more", data);
  inject("a forged record", flipped(data, 7));
  inject("a proof once more", proof);
  inject("a proof from elsewhere", { ...proof, from: "mallory:6666" });
  inject("a proof with another MAC", flipped(proof, 127));
  inject("a proof of a stranger", flipped(proof, 3));
  inject("a hello of a stranger", flipped(hello, 3));
  inject("a hello with another MAC", flipped(hello, 127));
  inject("an empty datagram", { ...proof, bytes: utf8("") });
  inject("a name too long", { ...hello, bytes: hello.bytes.with(1, 17) });
  inject("a datagram too long", { ...proof, bytes: new Uint8Array(129) });
  play.run();
  inject("a record after the end", packet(play, "close"));
  play.now += 120_000;
  inject("an old proof", proof);
  expect(got).toEqual({
    malformed: ["an empty datagram", "a name too long"],
    "too-long": ["a datagram too long"],
    unexpected: [
      "a welcome too early",
      "data too early",
      "a challenge too many",
      "a close to the client",
    ],
    stale: ["a challenge for another hello", "a record after the end", "an old proof"],
    replayed: ["a record once more", "a proof once more"],
    "bad-tag": ["a forged record", "a proof with another MAC", "a hello with another MAC"],
    unauthorized: ["a proof from elsewhere"],
    "unknown-peer": [
      "a record of another session",
      "the same to the client",
      "a proof of a stranger",
      "a hello of a stranger",
    ],
  });
});
