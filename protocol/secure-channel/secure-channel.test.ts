import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Output, RejectReason } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { mac1 } from "./cookie.ts";
import { type Item, sequence } from "./edhoc/cbor.ts";
import { encodeSuitesError, padding } from "./edhoc/messages.ts";
import { maxHalfOpen } from "./half-open.ts";
import { encodeDatagram } from "./handshake-datagrams.ts";
import { datagramBytes } from "./records.ts";
import { secureChannel } from "./secure-channel.ts";
import { Bench, lineOf, type Network, type Packet, serverAddress, typeOf } from "./test-bench.ts";

const alice = "alice:40000";
const says = ["the bridge at noon", "", "come alone"];
const answers = ["who is asking", "very well"];
const messageBytes = secureChannel.limits?.messageBytes ?? 0;

/** One session of alice's from beginning to end. */
function session(network?: Network, options: Record<string, string> = {}): Bench {
  const bench = new Bench({ options, ...(network && { network }) });
  bench.startClient(alice, says, answers);
  return bench.run();
}
const lines = (outputs: readonly Output[]): string[] => outputs.map(lineOf);
const texts = (bench: Bench, at: string, kind: "deliver" | "confirm" | "give-up"): string[] =>
  bench.events
    .filter((e) => e.startsWith(`${at} << ${kind} `))
    .map((e) => JSON.parse(e.slice(`${at} << ${kind} `.length)) as string);
/** The `nth` packet of a type, from 1. */
const packet = (bench: Bench, type: string, nth = 1): Packet =>
  bench.packets.filter((p) => typeOf(p) === type)[nth - 1] as Packet;
const flipped = (p: Packet, bit: number): Packet => ({
  ...p,
  bytes: p.bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
});

function expectAllDelivered(bench: Bench): void {
  expect(texts(bench, serverAddress, "deliver")).toEqual(says);
  expect(texts(bench, alice, "deliver")).toEqual(answers);
  expect(texts(bench, alice, "confirm").toSorted()).toEqual(says.toSorted());
  expect(texts(bench, serverAddress, "confirm").toSorted()).toEqual(answers.toSorted());
  expect(bench.events.at(-1)).toBe(`${alice} << exit ok`);
}

describe("an undisturbed session", () => {
  test("goes like this", () => {
    const bench = new Bench();
    const said: string[] = [];
    bench.startClient(alice, ["hi"], ["ho"]);
    bench.run(undefined, (p) => said.push(`${p.from}: ${typeOf(p)}, ${p.bytes.length} bytes`));
    expect({ said, events: bench.events }).toEqual({
      said: [
        "alice:40000: M1, 64 bytes",
        "bob:5683: RETRY, 21 bytes",
        "alice:40000: M1, 64 bytes",
        "bob:5683: M2, 64 bytes",
        "alice:40000: M3, 64 bytes",
        "bob:5683: M4, 64 bytes",
        "bob:5683: record, 64 bytes",
        "alice:40000: record, 64 bytes",
        "alice:40000: record, 64 bytes",
        "bob:5683: record, 64 bytes",
        "alice:40000: record, 64 bytes",
        "bob:5683: record, 64 bytes",
      ],
      events: [
        "alice:40000 << claim running",
        "bob:5683 << claim running",
        "bob:5683 << claim commit",
        "bob:5683 << negotiated suite 4",
        "bob:5683 << claim secret",
        "bob:5683 << claim secret",
        "bob:5683 << ready",
        "alice:40000 << claim commit",
        "alice:40000 << negotiated suite 4",
        "alice:40000 << claim secret",
        "alice:40000 << claim secret",
        "alice:40000 << ready",
        'alice:40000 << deliver "ho"',
        'bob:5683 << deliver "hi"',
        'bob:5683 << confirm "ho"',
        'alice:40000 << confirm "hi"',
        "alice:40000 << exit ok",
      ],
    });
  });

  test("both ends claim the same, and each session something else", () => {
    const claims = (bench: Bench) =>
      bench.outputs.flatMap(({ at, output }) =>
        output.kind === "claim" && output.claim.kind === "commit"
          ? [[at, output.claim.peer, String(output.claim.agreed)] as const]
          : [],
      );
    const [a, b] = claims(session());
    expect([a?.[0], a?.[1], b?.[0], b?.[1]]).toEqual([serverAddress, "alice", alice, "bob"]);
    expect(a?.[2]).toBe(b?.[2]);
    const twice = new Bench();
    twice.startClient(alice);
    twice.startClient("carol:1");
    expect(new Set(claims(twice.run()).map(([, , agreed]) => agreed)).size).toBe(2);
  });

  test("the number and size of datagrams depends on no length", () => {
    const shapes = [0, 1, 20, messageBytes].map((length) => {
      const bench = new Bench();
      bench.startClient(alice, ["x".repeat(length), "y".repeat(length)], ["z".repeat(length)]);
      return bench.run().packets.map((p) => `${p.from} ${typeOf(p)} ${p.bytes.length}`);
    });
    expect(new Set(shapes.map((s) => s.join())).size).toBe(1);
  });

  test("is the same with the same seed", () => {
    expect(session().packets).toEqual(session().packets);
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
    const count = session().packets.length;
    for (const fate of [[], [10, 12], [35], [700, 5_000], [140_000]]) {
      for (let i = 0; i < count; i++)
        expectAllDelivered(session((_, k) => (k === i ? fate : [10])));
    }
  });

  test("messages arrive once and in order, and only those are confirmed, whatever happens", () => {
    const fates = fc.array(fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 3 }), {
      maxLength: 60,
      size: "max",
    });
    fc.assert(
      fc.property(fates, (list) => {
        const bench = session((_, i) => list[i] ?? [10]);
        for (const [from, to, sent] of [
          [alice, serverAddress, says],
          [serverAddress, alice, answers],
        ] as const) {
          const got = texts(bench, to, "deliver");
          const confirmed = texts(bench, from, "confirm");
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
    const network: Network = (_, i) =>
      scattered(i) % 5 === 0 ? [] : [10 + (scattered(i) % 40), ...(i % 7 === 0 ? [90] : [])];
    const bench = new Bench({ network });
    bench.startClient(alice, many);
    expect(texts(bench.run(), serverAddress, "deliver")).toEqual(many);
    expect(texts(bench, alice, "confirm").toSorted()).toEqual(many.toSorted());
  });

  test("what is never acknowledged is given up, and never confirmed", () => {
    const bench = new Bench();
    bench.startClient(alice, says);
    bench.network = (p) => (typeOf(p) === "record" && p.from === serverAddress ? [] : [10]);
    bench.run();
    expect(texts(bench, alice, "give-up")).toEqual(says);
    expect(texts(bench, alice, "confirm")).toEqual([]);
    const last = `${alice} << exit because messages were not acknowledged`;
    expect(bench.events.filter((e) => e.includes("exit"))).toEqual([last]);
  });

  test("a client that is not answered gives up", () => {
    const bench = session(() => []);
    expect(bench.events).toEqual([`${alice} << exit because the server does not answer`]);
    expect(new Set(bench.packets.map((p) => String(p.bytes))).size).toBe(1);
  });

  test("a client that the server has forgotten begins again, with new keys", () => {
    let cut = true;
    const bench = new Bench({ network: (p) => (cut && typeOf(p) === "M3" ? [] : [10]) });
    bench.startClient(alice, says, answers);
    bench.run(60_000);
    cut = false;
    expectAllDelivered(bench.run());
    const keys = bench.packets.filter((p) => typeOf(p) === "M1").map((p) => p.bytes.slice(-40));
    expect(new Set(keys.map(String)).size).toBeGreaterThan(1);
  });

  test("a message that is too long is given up at once, and the others arrive", () => {
    const bench = new Bench();
    const [fits, long] = ["x".repeat(messageBytes), "y".repeat(messageBytes + 1)];
    bench.startClient(alice, ["before", long, fits], []);
    bench.run();
    expect(texts(bench, alice, "give-up")).toEqual([long]);
    expect(texts(bench, serverAddress, "deliver")).toEqual(["before", fits]);
  });

  test("with pieces, it is cut, and arrives whole", () => {
    const long = "a long story. ".repeat(22);
    const bench = new Bench({ options: { pieces: "on" } });
    bench.startClient(alice, [long, "the end"]);
    expect(texts(bench.run(), serverAddress, "deliver")).toEqual([long, "the end"]);
  });

  test("what the server sends to a client that has gone is given up", () => {
    const bench = session();
    const message = utf8("too late");
    const send = (more: object) => bench.handle(serverAddress, { kind: "send", message, ...more });
    expect(lines(send({ session: alice }))).toEqual(['give-up "too late"']);
    expect(lines(send({ to: "carol" }))).toEqual(['give-up "too late"']);
  });
});

/** Runs a whole session, and shows every datagram to `meanwhile` before it arrives. */
function disturbed(meanwhile: (bench: Bench, p: Packet) => void): Bench {
  const bench = new Bench();
  bench.startClient(alice, says, answers);
  return bench.run(undefined, (p) => meanwhile(bench, p));
}
/** Neither events nor packets differ from those of an honest session. */
function expectUndisturbed(bench: Bench): void {
  const honest = session();
  expect(bench.events).toEqual(honest.events);
  expect(bench.packets).toEqual(honest.packets);
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
    const bench = disturbed((b, p) => {
      const beside = new Set(cookieBits(p));
      for (let bit = 0; bit < 8 * p.bytes.length; bit++) {
        if (beside.has(bit)) continue;
        const outputs = b.probe(flipped(p, bit));
        if (firstRejection(outputs) !== "none") continue;
        survived.push(`${typeOf(p)} bit ${bit}: ${lines(outputs).join()}`);
      }
    });
    expect(survived).toEqual([]);
    expectUndisturbed(bench);
  });

  test("a wrong cookie is answered with the right one, and costs a round at most", () => {
    for (const type of ["M1", "RETRY"]) {
      for (const nth of [1, 2]) {
        let seen = 0;
        const bench = new Bench();
        bench.startClient(alice, says, answers);
        bench.run(undefined, (p) => {
          if (typeOf(p) !== type || ++seen !== nth) return;
          for (const bit of cookieBits(p)) bench.probe(flipped(p, bit));
        });
        expectAllDelivered(bench);
        expect(bench.stateSize()).toBe(0);
      }
    }
  });

  test("every cut, and every byte too many, is noticed", () => {
    const bench = disturbed((b, p) => {
      for (let length = 0; length < p.bytes.length; length++) {
        expect(firstRejection(b.probe({ ...p, bytes: p.bytes.slice(0, length) }))).not.toBe("none");
      }
      const longer = { ...p, bytes: concat(p.bytes, new Uint8Array(datagramBytes)) };
      expect(firstRejection(b.probe(longer))).toBe("too-long");
    });
    expectUndisturbed(bench);
  });

  test("random bytes are discarded at any time", () => {
    const random = new Random("noise");
    const bench = disturbed((b, p) => {
      for (let i = 0; i < 100; i++) {
        const bytes = random.bytes(random.below(80));
        // Some begin like what is expected, up to where a cookie might follow.
        const like = concat(p.bytes.slice(0, random.below(9)), bytes).slice(0, datagramBytes);
        expect(firstRejection(b.probe({ ...p, bytes }))).not.toBe("none");
        expect(firstRejection(b.probe({ ...p, bytes: like }))).not.toBe("none");
      }
    });
    expectUndisturbed(bench);
  });

  test("what arrives twice is discarded, or answered as before", () => {
    const answered: string[] = [];
    const bench = new Bench({ network: () => [10, 11] });
    bench.startClient(alice, says, answers);
    const seen = new Set<Packet>();
    bench.run(undefined, (p) => {
      if (!seen.has(p)) return void seen.add(p);
      const result = lines(bench.probe(p));
      if (result.length > 0 && !result[0]?.startsWith("reject"))
        answered.push(`${typeOf(p)}: ${result.join()}`);
    });
    const again = ["M1: transmit RETRY (21)", "M1: transmit M2 (64)", "M3: transmit M4 (64)"];
    expect([...new Set(answered)]).toEqual(again);
    expectAllDelivered(bench);
  });

  test("everything sent before is refused by a later session, and by a server begun anew", () => {
    const bench = session();
    const old = [...bench.packets];
    bench.startServer("server#1");
    bench.startClient("alice:40001", says, answers);
    const count = bench.events.length;
    const accepted: string[] = [];
    bench.run(undefined, (p) => {
      for (const other of old) {
        const outputs = bench.probe({ ...other, to: p.to, from: p.from });
        if (firstRejection(outputs) === "none") accepted.push(lines(outputs).join());
      }
    });
    // An M1 is as good as ever for asking for a cookie.
    expect([...new Set(accepted)]).toEqual(["transmit RETRY (21)"]);
    const later = bench.events.slice(count).filter((e) => e.startsWith("alice:40001"));
    expect(later.map((e) => e.slice("alice:40001".length))).toEqual(
      bench.events
        .slice(0, count)
        .filter((e) => e.startsWith(alice))
        .map((e) => e.slice(alice.length)),
    );
  });
});

describe("floods", () => {
  const stranger = (i: number): string => `host${i}:${1_024 + (i % 60_000)}`;

  test("of a hundred thousand M1 from forged addresses leave nothing behind", () => {
    const bench = session();
    const m1 = packet(bench, "M1").bytes;
    const replies = new Set<string>();
    for (let i = 0; i < 100_000; i++) {
      const bytes = i % 2 === 0 ? m1 : flipped({ ...packet(bench, "M1") }, i % 512).bytes;
      const outputs = bench.probe({ from: stranger(i), to: serverAddress, bytes });
      for (const o of outputs) {
        replies.add(lineOf(o));
        if (o.kind === "transmit") expect(o.bytes.length).toBeLessThanOrEqual(bytes.length);
      }
    }
    expect([...replies].toSorted()).toEqual([
      "reject bad-tag",
      "reject malformed",
      "reject unexpected",
      "transmit RETRY (21)",
    ]);
    expect(bench.stateSize()).toBe(0);
    bench.startClient("carol:1", ["still there?"]);
    expect(texts(bench.run(), "carol:1", "confirm")).toEqual(["still there?"]);
  }, 60_000);

  test("from addresses that do receive leave 64 entries, for ten seconds", () => {
    const bench = new Bench();
    // An M1 is not authenticated: the server's key is no secret.
    bench.startClient("carol:1");
    const [m1 = new Uint8Array(0)] = bench.packets.map((p) => p.bytes);
    for (let i = 0; i < 500; i++) {
      const from = stranger(i);
      const [retry] = bench.probe({ from, to: serverAddress, bytes: m1 });
      if (retry?.kind !== "transmit") throw new Error("no cookie");
      const bytes = concat(m1.slice(0, 9), retry.bytes.slice(9), m1.slice(21));
      const [answer] = bench.probe({ from, to: serverAddress, bytes });
      expect(answer && lineOf(answer)).toBe("transmit M2 (64)");
      expect(bench.stateSize()).toBeLessThanOrEqual(maxHalfOpen);
    }
    bench.run();
    expect(bench.events).toContain("carol:1 << ready");
    bench.now += 10_000;
    bench.startClient(alice);
    bench.run();
    expect(bench.stateSize()).toBe(0);
  });
});

describe("an M1 made by an outsider", () => {
  const crypto = new CryptoRecorder([], new Random("mallory"), "mallory");
  const from = "mallory:6666";
  /** Everything right but for message_1: what the server says to it. */
  function asked(...items: readonly Item[]): string {
    const bench = new Bench();
    const plain = sequence(...items);
    const message = concat(plain, padding(43 - plain.length));
    const macs = bench.publicValues.map((key) => mac1(crypto, key, message));
    const answers = macs.flatMap((mac) => {
      const m1 = (cookie: Uint8Array): readonly Output[] => {
        const bytes = encodeDatagram({ kind: "m1", mac1: mac, cookie, message });
        return bench.probe({ from, to: serverAddress, bytes });
      };
      const [retry] = m1(new Uint8Array(12));
      return retry?.kind === "transmit" ? lines(m1(retry.bytes.slice(9))) : [];
    });
    expect(bench.stateSize()).toBe(answers.join().includes("M2") ? 1 : 0);
    return answers.join();
  }
  const share = crypto.keyPair("x25519").publicKey;

  test.each<[string, readonly Item[], string]>([
    ["as it should be", [3, 4, share, 5], "transmit M2 (64)"],
    ["with a suite that is not the best", [3, [5, 6], share, 5], "transmit M2 (64)"],
    ["with a suite that is worse than need be", [3, [4, 6], share, 5], "transmit ERROR (14)"],
    ["with a suite that nobody has", [3, 99, share, 5], "transmit ERROR (14)"],
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
  const negotiated = (bench: Bench): readonly string[] =>
    bench.events.filter((e) => e.includes("negotiated")).map((e) => e.split("<< ")[1] ?? "");

  test.each(["6", "0"])("a server that has only suite %s and worse ones gets its way", (suite) => {
    const bench = new Bench({ serverOptions: { suite } });
    bench.startClient(alice, says, answers);
    expectAllDelivered(bench.run());
    expect(negotiated(bench)).toEqual([`negotiated suite ${suite}`, `negotiated suite ${suite}`]);
    expect(bench.packets.map(typeOf).slice(0, 8)).toEqual(
      "M1 RETRY M1 ERROR M1 RETRY M1 M2".split(" "),
    );
  });

  test("no error makes the two agree on a worse suite than they have", () => {
    for (const theirs of [[6], [0], [6, 0], [2], [99], [4, 6]]) {
      const bench = new Bench();
      bench.startClient(alice, says, answers);
      const [m1 = new Uint8Array(0)] = bench.packets.map((p) => p.bytes);
      bench.inject({ from: serverAddress, to: alice, bytes: error(m1, theirs) });
      expectAllDelivered(bench.run());
      expect(new Set(negotiated(bench))).toEqual(new Set(["negotiated suite 4"]));
    }
  });

  /** Turns RETRY into an error that asks for suite 6, until the client has done so. */
  function downgraded(options: Record<string, string>): Bench {
    const bench = new Bench({ options });
    const asked: Packet[] = [];
    // METHOD, and then the list: a single number where the client selects its best.
    const isFirst = (bytes: Uint8Array): boolean => bytes[22] === 4;
    bench.network = (p) => {
      if (typeOf(p) === "M1" && isFirst(p.bytes)) {
        asked.push({ from: serverAddress, to: alice, bytes: error(p.bytes, [6]) });
        return [];
      }
      return [10];
    };
    bench.startClient(alice, says, answers);
    for (const p of asked.splice(0)) bench.inject(p);
    return bench.run(40_000);
  }

  test("a server that is asked for a worse suite than it has does not go along", () => {
    const bench = downgraded({});
    expect(negotiated(bench)).toEqual([]);
    expect(bench.packets.map(typeOf)).toContain("ERROR");
  });

  test("unless nothing binds the list", () => {
    const bench = downgraded({ "suite-list": "off" });
    expect(negotiated(bench)).toEqual(["negotiated suite 6", "negotiated suite 6"]);
  });
});
