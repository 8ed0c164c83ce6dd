import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Output, RejectReason } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { type Network, type Packet, Playbook, type Settings } from "../testing/playbook.ts";
import { mac1 } from "./cookie.ts";
import { type CborItem, sequence } from "./edhoc/cbor.ts";
import { encodeSuitesError, padding } from "./edhoc/messages.ts";
import { maxHalfOpen } from "./half-open.ts";
import { encodeDatagram } from "./handshake-datagrams.ts";
import { serverAddress, settings, typeOf } from "./playbook-settings.ts";
import { datagramBytes } from "./records.ts";
import { secureChannel } from "./secure-channel.ts";

const alice = "alice:40000";
const says = ["the bridge at noon", "", "come alone"];
const answers = ["who is asking", "very well"];
const messageBytes = secureChannel.limits?.messageBytes ?? 0;

/** The server alone, to begin with. */
const begun = (about: Partial<Settings> = {}): Playbook =>
  new Playbook({ ...settings, ...about }).open(serverAddress);
/** One session of alice's from beginning to end. */
const session = (network?: Network, options?: Record<string, string>): Playbook =>
  begun({ network, options }).converse(alice, says, answers).run();
/** The `nth` packet of a type, from 1. */
const packet = (play: Playbook, type: string, nth = 1): Packet =>
  play.wire.sent.filter((p) => typeOf(p) === type)[nth - 1] as Packet;
const flipped = (p: Packet, bit: number): Packet => ({
  ...p,
  bytes: p.bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
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
      "bob:5683 >> start",
      "alice:40000 >> start",
      "alice:40000 << transmit M1 (64)",
      "bob:5683 >> datagram M1 (64) from alice:40000",
      "bob:5683 << transmit RETRY (21) to alice:40000",
      "alice:40000 >> datagram RETRY (21) from bob:5683",
      "alice:40000 << transmit M1 (64)",
      "bob:5683 >> datagram M1 (64) from alice:40000",
      "bob:5683 << transmit M2 (64) to alice:40000",
      "alice:40000 >> datagram M2 (64) from bob:5683",
      "alice:40000 << claim running bob",
      "alice:40000 << transmit M3 (64)",
      "bob:5683 >> datagram M3 (64) from alice:40000",
      "bob:5683 << log session 1 is open",
      "bob:5683 << claim running alice",
      "bob:5683 << transmit M4 (64) to alice:40000",
      "bob:5683 << claim commit alice",
      "bob:5683 << negotiated suite 4",
      "bob:5683 << claim secret alice",
      "bob:5683 << claim secret alice",
      "bob:5683 << ready",
      'bob:5683 >> send "ho"',
      "bob:5683 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram M4 (64) from bob:5683",
      "alice:40000 << claim commit bob",
      "alice:40000 << negotiated suite 4",
      "alice:40000 << claim secret bob",
      "alice:40000 << claim secret bob",
      "alice:40000 << ready",
      'alice:40000 >> send "hi"',
      "alice:40000 << transmit record (64)",
      "alice:40000 >> datagram record (64) from bob:5683",
      'alice:40000 << deliver "ho" from bob',
      "alice:40000 << transmit record (64)",
      "bob:5683 >> datagram record (64) from alice:40000",
      'bob:5683 << deliver "hi" from alice',
      "bob:5683 << transmit record (64) to alice:40000",
      "bob:5683 >> datagram record (64) from alice:40000",
      'bob:5683 << confirm "ho"',
      "alice:40000 >> datagram record (64) from bob:5683",
      'alice:40000 << confirm "hi"',
      "alice:40000 >> timeout",
      "alice:40000 << transmit record (64)",
      "bob:5683 >> datagram record (64) from alice:40000",
      "bob:5683 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5683",
      "alice:40000 << exit ok",
    ]);
  });

  test("both ends claim the same, and each session something else", () => {
    const claims = (play: Playbook) =>
      play.outputs.flatMap(({ at, output }) =>
        output.kind === "claim" && output.claim.kind === "commit"
          ? [[at, output.claim.peer, String(output.claim.agreed)] as const]
          : [],
      );
    const [a, b] = claims(session());
    expect([a?.[0], a?.[1], b?.[0], b?.[1]]).toEqual([serverAddress, "alice", alice, "bob"]);
    expect(a?.[2]).toBe(b?.[2]);
    const twice = begun().converse(alice).converse("carol:1");
    expect(new Set(claims(twice.run()).map(([, , agreed]) => agreed)).size).toBe(2);
  });

  test("the number and size of datagrams depends on no length", () => {
    const shapes = [0, 1, 20, messageBytes].map((length) => {
      const play = begun().converse(
        alice,
        ["x".repeat(length), "y".repeat(length)],
        ["z".repeat(length)],
      );
      return play.run().wire.sent.map((p) => `${p.from} ${typeOf(p)} ${p.bytes.length}`);
    });
    expect(new Set(shapes.map((s) => s.join())).size).toBe(1);
  });

  test("is the same with the same seed", () => {
    expect(session().wire.sent).toEqual(session().wire.sent);
  });

  const all = Object.entries(secureChannel.options ?? {});
  test.each(all.flatMap(([name, { values }]) => values.map((value) => ({ name, value }))))(
    "works with $name=$value",
    ({ name, value }) => {
      expectAllDelivered(session(undefined, { [name]: value }));
    },
  );

  test("weakenings are about what is claimed, and every claim is made once", () => {
    const claimed = secureChannel.claims.map((c) => c.guarantee);
    expect(new Set(claimed).size).toBe(claimed.length);
    const weakened = all.flatMap(([, o]) => Object.values(o.weakens ?? {}).flat());
    expect(weakened.filter((w) => !claimed.includes(w))).toEqual([]);
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
      { numRuns: 150 },
    );
  });

  test("many messages arrive in order where every fifth datagram is lost and others are late", () => {
    const many = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    const scattered = (i: number): number => Math.imul(i + 1, 0x9e3779b1) >>> 16;
    const network: Network = ({ index: i }) =>
      scattered(i) % 5 === 0 ? [] : [10 + (scattered(i) % 40), ...(i % 7 === 0 ? [90] : [])];
    const play = begun({ network }).converse(alice, many);
    expect(play.run().texts(serverAddress, "deliver")).toEqual(many);
    expect(play.texts(alice, "confirm").toSorted()).toEqual(many.toSorted());
  });

  test("what is never acknowledged is given up, and never confirmed", () => {
    const play = begun().converse(alice, says);
    play.wire.network = (p) => (typeOf(p) === "record" && p.from === serverAddress ? [] : [10]);
    play.run();
    expect(play.texts(alice, "give-up")).toEqual(says);
    expect(play.texts(alice, "confirm")).toEqual([]);
    const last = `${alice} << exit because messages were not acknowledged`;
    expect(play.events.filter((e) => e.includes("exit"))).toEqual([last]);
  });

  test("a client that is not answered gives up", () => {
    const play = session(() => []);
    expect(play.events).toEqual([`${alice} << exit because the server does not answer`]);
    expect(new Set(play.wire.sent.map((p) => String(p.bytes))).size).toBe(1);
  });

  test("a client that the server has forgotten begins again, with new keys", () => {
    let cut = true;
    const play = begun({ network: (p) => (cut && typeOf(p) === "M3" ? [] : [10]) }).converse(
      alice,
      says,
      answers,
    );
    play.run(60_000);
    cut = false;
    expectAllDelivered(play.run());
    const keys = play.wire.sent.filter((p) => typeOf(p) === "M1").map((p) => p.bytes.slice(-40));
    expect(new Set(keys.map(String)).size).toBeGreaterThan(1);
  });

  test("a message that is too long is given up at once, and the others arrive", () => {
    const play = begun();
    const [fits, long] = ["x".repeat(messageBytes), "y".repeat(messageBytes + 1)];
    play.converse(alice, ["before", long, fits], []);
    play.run();
    expect(play.texts(alice, "give-up")).toEqual([long]);
    expect(play.texts(serverAddress, "deliver")).toEqual(["before", fits]);
  });

  test("with pieces, it is cut, and arrives whole", () => {
    const long = "a long story. ".repeat(22);
    const play = begun({ options: { pieces: "on" } }).converse(alice, [long, "the end"]);
    expect(play.run().texts(serverAddress, "deliver")).toEqual([long, "the end"]);
  });

  test("what the server sends to a client that has gone is given up", () => {
    const play = session();
    const message = utf8("too late");
    const send = (more: object) => play.handle(serverAddress, { kind: "send", message, ...more });
    expect(play.tell(send({ session: alice }))).toEqual(['give-up "too late"']);
    expect(play.tell(send({ to: "carol" }))).toEqual(['give-up "too late"']);
  });
});

/** Runs a whole session, and shows every datagram to `meanwhile` before it arrives. */
function disturbed(meanwhile: (play: Playbook, p: Packet) => void): Playbook {
  const play = begun().converse(alice, says, answers);
  return play.run(undefined, (p) => meanwhile(play, p));
}
/** Neither events nor packets differ from those of an honest session. */
function expectUndisturbed(play: Playbook): void {
  const honest = session();
  expect(play.events).toEqual(honest.events);
  expect(play.wire.sent).toEqual(honest.wire.sent);
}
const firstRejection = (outputs: readonly Output[]): RejectReason | "none" =>
  outputs.length === 1 && outputs[0]?.kind === "reject" ? outputs[0].reason : "none";

describe("malformed and forged datagrams", () => {
  const cookieBits = (p: Packet): readonly number[] => {
    const hasCookie = typeOf(p) === "M1" || typeOf(p) === "RETRY";
    return hasCookie ? Array.from({ length: 96 }, (_, i) => 72 + i) : [];
  };

  test("every bit of every datagram matters, and nothing changes when one is wrong", () => {
    const survived: string[] = [];
    const play = disturbed((b, p) => {
      const beside = new Set(cookieBits(p));
      for (let bit = 0; bit < 8 * p.bytes.length; bit++) {
        if (beside.has(bit)) continue;
        const outputs = b.probe(flipped(p, bit));
        if (firstRejection(outputs) !== "none") continue;
        survived.push(`${typeOf(p)} bit ${bit}: ${b.tell(outputs).join()}`);
      }
    });
    expect(survived).toEqual([]);
    expectUndisturbed(play);
  });

  test("a wrong cookie is answered with the right one, and costs a round at most", () => {
    for (const type of ["M1", "RETRY"]) {
      for (const nth of [1, 2]) {
        let seen = 0;
        const play = begun().converse(alice, says, answers);
        play.run(undefined, (p) => {
          if (typeOf(p) !== type || ++seen !== nth) return;
          for (const bit of cookieBits(p)) play.probe(flipped(p, bit));
        });
        expectAllDelivered(play);
        expect(play.endpoint(serverAddress).stateSize?.()).toBe(0);
      }
    }
  });

  test("every cut, and every byte too many, is noticed", () => {
    const play = disturbed((b, p) => {
      for (let length = 0; length < p.bytes.length; length++) {
        expect(firstRejection(b.probe({ ...p, bytes: p.bytes.slice(0, length) }))).not.toBe("none");
      }
      const longer = { ...p, bytes: concat(p.bytes, new Uint8Array(datagramBytes)) };
      expect(firstRejection(b.probe(longer))).toBe("too-long");
    });
    expectUndisturbed(play);
  });

  test("random bytes are discarded at any time", () => {
    const random = new Random("noise");
    const play = disturbed((b, p) => {
      for (let i = 0; i < 100; i++) {
        const bytes = random.bytes(random.below(80));
        // Some begin like what is expected, up to where a cookie might follow.
        const like = concat(p.bytes.slice(0, random.below(9)), bytes).slice(0, datagramBytes);
        expect(firstRejection(b.probe({ ...p, bytes }))).not.toBe("none");
        expect(firstRejection(b.probe({ ...p, bytes: like }))).not.toBe("none");
      }
    });
    expectUndisturbed(play);
  });

  test("what arrives twice is discarded, or answered as before", () => {
    const answered: string[] = [];
    const play = begun({ network: () => [10, 11] }).converse(alice, says, answers);
    const seen = new Set<Packet>();
    play.run(undefined, (p) => {
      if (!seen.has(p)) return void seen.add(p);
      const result = play.tell(play.probe(p));
      if (result.length > 0 && !result[0]?.startsWith("reject"))
        answered.push(`${typeOf(p)}: ${result.join()}`);
    });
    const again = ["M1: transmit RETRY (21)", "M1: transmit M2 (64)", "M3: transmit M4 (64)"].map(
      (line) => `${line} to ${alice}`,
    );
    expect([...new Set(answered)]).toEqual(again);
    expectAllDelivered(play);
  });

  test("everything sent before is refused by a later session, and by a server begun anew", () => {
    const play = session();
    const old = [...play.wire.sent];
    play.open(serverAddress, { process: "server#1" });
    play.converse("alice:40001", says, answers);
    const count = play.events.length;
    const accepted: string[] = [];
    play.run(undefined, (p) => {
      for (const other of old) {
        const outputs = play.probe({ ...other, to: p.to, from: p.from });
        if (firstRejection(outputs) === "none") accepted.push(play.tell(outputs).join());
      }
    });
    // An M1 is as good as ever for asking for a cookie.
    expect([...new Set(accepted)]).toEqual(["transmit RETRY (21) to alice:40001"]);
    const later = play.events.slice(count).filter((e) => e.startsWith("alice:40001"));
    expect(later.map((e) => e.slice("alice:40001".length))).toEqual(
      play.events
        .slice(0, count)
        .filter((e) => e.startsWith(alice))
        .map((e) => e.slice(alice.length)),
    );
  });
});

describe("floods", () => {
  const stranger = (i: number): string => `host${i}:${1_024 + (i % 60_000)}`;

  test("of a hundred thousand M1 from forged addresses leave nothing behind", () => {
    const play = session();
    const m1 = packet(play, "M1").bytes;
    const replies = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      const bytes = i % 2 === 0 ? m1 : flipped({ ...packet(play, "M1") }, i % 512).bytes;
      const outputs = play.probe({ from: stranger(i), to: serverAddress, bytes });
      for (const o of outputs) {
        // To where it claims to come from, and to no other address.
        for (const line of play.tell([o])) replies.add(line.replace(stranger(i), "its source"));
        if (o.kind === "transmit") expect(o.bytes.length).toBeLessThanOrEqual(bytes.length);
      }
    }
    expect([...replies].toSorted()).toEqual([
      "reject bad-tag",
      "reject malformed",
      "reject unexpected",
      "transmit RETRY (21) to its source",
    ]);
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(0);
    play.converse("carol:1", ["still there?"]);
    expect(play.run().texts("carol:1", "confirm")).toEqual(["still there?"]);
  }, 60_000);

  test("from addresses that do receive leave 64 entries, for ten seconds", () => {
    const play = begun();
    // An M1 is not authenticated: the server's key is no secret.
    play.converse("carol:1");
    const [m1 = new Uint8Array(0)] = play.wire.sent.map((p) => p.bytes);
    for (let i = 0; i < 500; i++) {
      const from = stranger(i);
      const [retry] = play.probe({ from, to: serverAddress, bytes: m1 });
      if (retry?.kind !== "transmit") throw new Error("no cookie");
      const bytes = concat(m1.slice(0, 9), retry.bytes.slice(9), m1.slice(21));
      const [answer] = play.probe({ from, to: serverAddress, bytes });
      expect(answer && play.tell([answer])).toEqual([`transmit M2 (64) to ${from}`]);
      expect(play.endpoint(serverAddress).stateSize?.()).toBeLessThanOrEqual(maxHalfOpen);
    }
    play.run();
    expect(play.events).toContain("carol:1 << ready");
    play.now += 10_000;
    play.converse(alice);
    play.run();
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(0);
  });
});

describe("an M1 made by an outsider", () => {
  const crypto = new CryptoRecorder([], new Random("mallory"), "mallory");
  const from = "mallory:6666";
  /** Everything right but for message_1: what the server says to it. */
  function asked(...items: readonly CborItem[]): string {
    const play = begun();
    const plain = sequence(...items);
    const message = concat(plain, padding(43 - plain.length));
    const macs = (play.installation.deployment.publicValues ?? []).map((key) =>
      mac1(crypto, key, message),
    );
    const answers = macs.flatMap((mac) => {
      const m1 = (cookie: Uint8Array): readonly Output[] => {
        const bytes = encodeDatagram({ kind: "m1", mac1: mac, cookie, message });
        return play.probe({ from, to: serverAddress, bytes });
      };
      const [retry] = m1(new Uint8Array(12));
      return retry?.kind === "transmit" ? play.tell(m1(retry.bytes.slice(9))) : [];
    });
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(answers.join().includes("M2") ? 1 : 0);
    return answers.join();
  }
  const share = crypto.keyPair("x25519").publicKey;

  test.each<[string, readonly CborItem[], string]>([
    ["as it should be", [3, 4, share, 5], `transmit M2 (64) to ${from}`],
    ["with a suite that is not the best", [3, [5, 6], share, 5], `transmit M2 (64) to ${from}`],
    [
      "with a suite that is worse than need be",
      [3, [4, 6], share, 5],
      `transmit ERROR (14) to ${from}`,
    ],
    ["with a suite that nobody has", [3, 99, share, 5], `transmit ERROR (14) to ${from}`],
    ["to be answered with a signature", [0, 4, share, 5], "reject unauthorized"],
    ["with a secret of zeros", [3, 4, new Uint8Array(32), 5], "reject bad-key"],
    ["with a share that is too short", [3, 4, share.slice(1), 5], "reject malformed"],
    ["with a long identifier", [3, 4, share, utf8("id")], "reject malformed"],
    ["with no identifier", [3, 4, share, utf8("")], "reject malformed"],
    ["that demands what nobody knows", [3, 4, share, 5, -1], "reject malformed"],
    ["of something else", ["hello"], "reject malformed"],
  ])("%s", (_, items, answer) => expect(asked(...items)).toBe(answer));
});

describe("suites", () => {
  const error = (m1: Uint8Array, suites: readonly number[]): Uint8Array =>
    encodeDatagram({ kind: "error", mac1: m1.slice(1, 9), message: encodeSuitesError(suites) });
  const negotiated = (play: Playbook): readonly string[] =>
    play.events.filter((e) => e.includes("negotiated")).map((e) => e.split("<< ")[1] ?? "");

  test.each(["6", "0"])("a server that has only suite %s and worse ones gets its way", (suite) => {
    const play = begun({ optionsOf: { server: { suite } } }).converse(alice, says, answers);
    expectAllDelivered(play.run());
    expect(negotiated(play)).toEqual([`negotiated suite ${suite}`, `negotiated suite ${suite}`]);
    expect(play.wire.sent.map(typeOf).slice(0, 8)).toEqual(
      "M1 RETRY M1 ERROR M1 RETRY M1 M2".split(" "),
    );
  });

  test("no error makes the two agree on a worse suite than they have", () => {
    for (const theirs of [[6], [0], [6, 0], [2], [99], [4, 6]]) {
      const play = begun().converse(alice, says, answers);
      const [m1 = new Uint8Array(0)] = play.wire.sent.map((p) => p.bytes);
      play.inject({ from: serverAddress, to: alice, bytes: error(m1, theirs) });
      expectAllDelivered(play.run());
      expect(new Set(negotiated(play))).toEqual(new Set(["negotiated suite 4"]));
    }
  });

  /** Turns RETRY into an error that asks for suite 6, until the client has done so. */
  function downgraded(options: Record<string, string>): Playbook {
    const play = begun({ options });
    const asked: Packet[] = [];
    // METHOD, and then the list: a single number where the client selects its best.
    const isFirst = (bytes: Uint8Array): boolean => bytes[22] === 4;
    play.wire.network = (p) => {
      if (typeOf(p) === "M1" && isFirst(p.bytes)) {
        asked.push({ from: serverAddress, to: alice, bytes: error(p.bytes, [6]) });
        return [];
      }
      return [10];
    };
    play.converse(alice, says, answers);
    for (const p of asked.splice(0)) play.inject(p);
    return play.run(40_000);
  }

  test("a server that is asked for a worse suite than it has does not go along", () => {
    const play = downgraded({});
    expect(negotiated(play)).toEqual([]);
    expect(play.wire.sent.map(typeOf)).toContain("ERROR");
  });

  test("unless nothing binds the list", () => {
    const play = downgraded({ "suite-list": "off" });
    expect(negotiated(play)).toEqual(["negotiated suite 6", "negotiated suite 6"]);
  });
});
