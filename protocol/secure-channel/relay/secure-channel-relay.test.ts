import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { encodeFrames, type RelayFrame } from "../frames.ts";
import { portOf, ports } from "./mail.ts";
import { secureChannelRelay } from "./secure-channel-relay.ts";
import {
  addressOf,
  Bench,
  Middle,
  type Network,
  type Passing,
  type Rogue,
  relayAddress,
  Talker,
  type Tamper,
} from "./test-bench.ts";

const all = ["alice", "bob", "carol"];
const kid = { alice: 0, bob: 1, carol: 2, relay: 3, nobody: 200 } as const;
const invitation = "the committee meets at nine";

/** All users talk: one to two others, one answers, two begin at once. */
function conversation(bench: Bench): Bench {
  bench.join(...all);
  bench.say("alice", "bob", invitation).say("alice", "carol", invitation);
  bench.say("alice", "bob", "bring the minutes").say("alice", "bob", "and a pen");
  bench.say("bob", "alice", "who else comes").say("bob", "alice", "tell me soon");
  bench.say("carol", "bob", "");
  return bench.run();
}
const heard: Readonly<Record<string, readonly string[]>> = {
  alice: ["bob: who else comes", "bob: tell me soon"],
  bob: [`alice: ${invitation}`, "alice: bring the minutes", "alice: and a pen", "carol: "],
  carol: [`alice: ${invitation}`],
};
const from = (name: string, list: readonly string[]): string[] =>
  list.filter((line) => line.startsWith(`${name}: `));

/** Delivered once, in each sender's order, and confirmed. */
function expectAll(bench: Bench): void {
  for (const name of all) {
    for (const other of all) {
      expect(from(other, bench.delivered(name))).toEqual(from(other, heard[name] ?? []));
    }
    expect(bench.told(name, "give-up")).toEqual([]);
  }
  const confirmed = all.map((name) => bench.told(name, "confirm").length);
  expect(confirmed).toEqual([4, 2, 1]);
}

/** Whatever happened: nothing twice, nothing out of turn, nothing made up, no false confirmation. */
function expectSound(bench: Bench): void {
  const confirmed = all.flatMap((name) => bench.told(name, "confirm"));
  for (const name of all) {
    const got = bench.delivered(name);
    for (const other of all) {
      const said = from(other, heard[name] ?? []);
      expect(from(other, got)).toEqual(said.slice(0, from(other, got).length));
    }
    expect(got.filter((line) => !all.some((other) => line.startsWith(`${other}: `)))).toEqual([]);
  }
  const delivered = all.flatMap((name) =>
    bench.delivered(name).map((d) => d.replace(/^\w+: /, "")),
  );
  for (const message of confirmed) {
    expect(delivered).toContain(message);
    delivered.splice(delivered.indexOf(message), 1);
  }
}

describe("honest users around an honest relay", () => {
  test("talk like this", () => {
    const bench = new Bench().join("alice", "bob");
    bench.say("alice", "bob", "are you there").run(250);
    bench.say("bob", "alice", "since eight").run();
    const told = bench.events.filter((e) => !/<< (negotiated|secret)/.test(e));
    expect(told).toEqual([
      "alice << running rita",
      "bob << running rita",
      "rita << running alice",
      "rita << commit alice",
      "rita << running bob",
      "rita << commit bob",
      "alice << commit rita",
      "alice << ready",
      "bob << commit rita",
      "bob << ready",
      "alice << running bob",
      "bob << log session 1 is open",
      "bob << running alice",
      "bob << commit alice",
      "alice << commit bob",
      'bob << deliver "are you there" (alice)',
      'alice << confirm "are you there"',
      "bob << running alice",
      "alice << log session 1 is open",
      "alice << running bob",
      "alice << commit bob",
      "bob << commit alice",
      'alice << deliver "since eight" (bob)',
      'bob << confirm "since eight"',
      "alice << exit content",
      "bob << exit content",
    ]);
  });

  test("get everything once, in order, and have it confirmed", () => {
    const bench = conversation(new Bench());
    expectAll(bench);
    expect(bench.longest).toBe(64);
  });

  test("mark nothing as repeated while nothing is lost", () => {
    const bench = conversation(new Bench({ tamper: (passing) => [passing] }));
    expectAll(bench);
    const { seen } = bench.relay as Rogue;
    expect(seen.length).toBeGreaterThan(50);
    expect(seen.filter((frame) => portOf(frame).again)).toEqual([]);
  });

  test("reach all others with one message, each in a channel of its own", () => {
    const bench = new Bench().join(...all);
    bench.say("alice", undefined, invitation).run();
    expect(bench.delivered("bob")).toEqual([`alice: ${invitation}`]);
    expect(bench.delivered("carol")).toEqual([`alice: ${invitation}`]);
    // Mallory has a certificate, and is not there: no confirmation says that it got anything.
    expect(bench.told("alice", "confirm")).toEqual([invitation, invitation]);
    expect(bench.told("alice", "give-up")).toEqual([invitation]);
    const secrets = bench.outputs.flatMap(({ at, output }) =>
      at === "alice" && output.kind === "claim" && output.claim.kind === "commit"
        ? [String(output.claim.agreed)]
        : [],
    );
    expect(new Set(secrets).size).toBe(3);
  });

  test("two who begin at the same moment have two channels", () => {
    const bench = new Bench().join("alice", "bob");
    bench.say("alice", "bob", "after you").say("bob", "alice", "no, after you").run();
    expect(bench.delivered("bob")).toEqual(["alice: after you"]);
    expect(bench.delivered("alice")).toEqual(["bob: no, after you"]);
    const commits = bench.events.filter((e) => /^(alice|bob) << commit (alice|bob)$/.test(e));
    expect(commits).toHaveLength(4);
  });

  /** Alice and bob have nothing to say to each other until then, but to carol, and stay. */
  const silence = (untilMs: number): Bench => {
    const bench = new Bench().join(...all);
    bench.say("alice", "bob", "one").run(25_000);
    bench.say("bob", "carol", "any news").say("alice", "carol", "any news").run(50_000);
    bench.say("bob", "carol", "still none").say("alice", "carol", "still none");
    return bench.run(untilMs);
  };

  test("go on after a silence, in a new channel", () => {
    const bench = silence(70_000).say("alice", "bob", "two").run();
    expect(bench.delivered("bob")).toEqual(["alice: one", "alice: two"]);
    expect(bench.events.filter((e) => e === "alice << commit bob")).toHaveLength(2);
    expect(bench.told("alice", "confirm")).toHaveLength(4);
  });

  test("lose nothing that is said while a channel is being closed", () => {
    const channels = new Set<number>();
    for (let at = 60_160; at <= 60_400; at += 15) {
      const bench = silence(at).say("alice", "bob", "two").run();
      expect(bench.delivered("bob")).toEqual(["alice: one", "alice: two"]);
      expect(bench.told("alice", "give-up")).toEqual([]);
      channels.add(bench.events.filter((e) => e === "alice << commit bob").length);
    }
    expect(channels).toEqual(new Set([1, 2]));
  });

  test("a late guest is waited for", () => {
    const bench = new Bench().join("alice");
    bench.say("alice", "bob", invitation).run(5_000);
    bench.join("bob").run();
    expect(bench.delivered("bob")).toEqual([`alice: ${invitation}`]);
  });

  test("a receiver that is not there, or not known, is reported and not confirmed", () => {
    const bench = new Bench().join("alice");
    bench.say("alice", "bob", "is there").say("alice", "dave", "anybody").run();
    bench.say("alice", "alice", "talking to myself");
    expect(bench.told("alice", "confirm")).toEqual([]);
    expect(bench.told("alice", "give-up").toSorted()).toEqual(["anybody", "is there"]);
  });

  test("what does not fit is given up, not cut", () => {
    const most = secureChannelRelay.limits?.messageBytes ?? 0;
    const bench = new Bench().join("alice", "bob");
    bench
      .say("alice", "bob", "x".repeat(most))
      .say("alice", "bob", "y".repeat(most + 1))
      .run();
    expect(bench.delivered("bob")).toEqual([`alice: ${"x".repeat(most)}`]);
    expect(bench.told("alice", "give-up")).toEqual(["y".repeat(most + 1)]);
  });

  test("the number and size of datagrams depends on no length", () => {
    const shapes = [0, 1, 17, 28, 29, 40].map((length) => {
      const bench = new Bench().join("alice", "bob");
      bench.say("alice", "bob", "x".repeat(length)).run();
      return `${bench.sent} ${bench.longest} ${bench.now}`;
    });
    expect(new Set(shapes).size).toBe(1);
  });

  test("with receipts=on, the sender learns what was read", () => {
    const bench = conversation(new Bench({ options: { receipts: "on" } }));
    expectAll(bench);
    const read = bench.events.filter((e) => e.includes("was read"));
    expect(read).toContain("alice << log what was said up to number 3 was read");
    expect(conversation(new Bench()).events.filter((e) => e.includes("was read"))).toEqual([]);
  });

  test.each(
    Object.entries(secureChannelRelay.options ?? {}).flatMap(([name, { values }]) =>
      values.map((value) => ({ name, value })),
    ),
  )("talk with $name=$value", ({ name, value }) => {
    expectAll(conversation(new Bench({ options: { [name]: value } })));
  });

  test("the channel with the relay changes its keys, though it carries no messages", () => {
    const count = (begin: number): number => {
      const bench = new Bench().join("alice", "bob");
      // Often enough that no channel is closed in between.
      for (let t = 0; t <= begin; t += 9_000) bench.say("alice", "bob", `at ${t}`).run(t + 9_000);
      expect(bench.told("alice", "give-up")).toEqual([]);
      return bench.sent;
    };
    const steady = count(99_000) - count(90_000);
    // Two records on either leg, and those of the inner channel.
    expect(count(603_000) - count(594_000)).toBeGreaterThanOrEqual(steady + 4);
  });
});

describe("on a bad network", () => {
  /** Loss, doubles, late ones and jitter, as often as these numbers say. */
  const faulty =
    (numbers: readonly number[], untilMs = Infinity): Network =>
    (index, now) => {
      const n = numbers[index % numbers.length] ?? 0;
      if (now >= untilMs) return [10];
      const [die, jitter] = [n % 10, (n >> 4) % 6];
      if (die < 2) return [];
      return die === 2 ? [10 + jitter, 20 + jitter] : [(die === 3 ? 40 : 10) + jitter];
    };
  const numbers = fc.array(fc.nat(65_535), { minLength: 97, maxLength: 97 });

  test("everything arrives once, in order, confirmed, once the faults end", () => {
    fc.assert(
      fc.property(numbers, (list) =>
        expectAll(conversation(new Bench({ network: faulty(list, 20_000) }))),
      ),
      { numRuns: 12 },
    );
  });

  test("or where every fifth datagram is lost for ever", () => {
    // Drawn well: in a series with a pattern, all copies of a datagram may be lost.
    for (let seed = 0; seed < 12; seed++) {
      const random = new Random(`every fifth ${seed}`);
      const network: Network = () => {
        const delay = 10 + random.below(100);
        const lot = random.below(5);
        return lot === 0 ? [] : lot === 1 ? [delay, delay + 50] : [delay];
      };
      expectAll(conversation(new Bench({ network })));
    }
  });

  test("nothing false is said where they never end", () => {
    fc.assert(
      fc.property(numbers, (list) =>
        expectSound(conversation(new Bench({ network: faulty(list) }))),
      ),
      { numRuns: 12 },
    );
  });
});

const flip = (passing: Passing, bit: number): Passing => {
  const at = (bit >> 3) % Math.max(1, passing.frame.inner.length);
  const inner = passing.frame.inner.map((byte, i) => (i === at ? byte ^ (1 << (bit & 7)) : byte));
  return { ...passing, frame: { ...passing.frame, inner } };
};
const as = (passing: Passing, change: Partial<RelayFrame>): Passing => ({
  ...passing,
  frame: { ...passing.frame, ...change },
});

describe("a malicious relay", () => {
  const passOn: Tamper = (passing) => [passing];

  test("sees pieces of 32 bytes, two for each datagram, and no word of what is said", () => {
    const bench = conversation(new Bench({ tamper: passOn }));
    expectAll(bench);
    const { seen } = bench.relay as Rogue;
    const bytes = lossyText(concat(...seen.map((f) => f.inner)));
    for (const word of ["committee", "minutes", "pen", "soon"]) expect(bytes).not.toContain(word);
    // RETRY takes one.
    expect(new Set(seen.map((f) => `${f.last} ${f.inner.length}`))).toEqual(
      new Set(["1 32", "0 21"]),
    );
  });

  test.each<readonly [string, Tamper]>([
    ["doubles every piece", (p) => [p, p]],
    ["sends every piece three times, the last one first", (p) => [p, p, p]],
    ["keeps one of seven to itself", (p, _, i) => (i % 7 === 3 && i < 150 ? [] : [p])],
    ["changes one of nine", (p, _, i) => [i % 9 === 4 && i < 150 ? flip(p, i) : p]],
    ["adds a piece of its own", (p, _, i) => [p, as(p, { id: (i * 7) % 256, inner: utf8("!") })]],
    ["sends each sender its own as well", (p, from) => [p, { ...p, to: from }]],
    ["sends everything to everybody", (p) => all.map((to) => ({ ...p, to }))],
  ])("that %s changes nothing", (_, tamper) => {
    expectAll(conversation(new Bench({ tamper })));
  });

  test.each<readonly [string, Tamper]>([
    ["drops everything", () => []],
    ["changes everything", (p, _, i) => [flip(p, i)]],
    ["swaps the ports", (p) => [as(p, { port: p.frame.port ^ 1 })]],
    ["mixes halves up", (p, _, i) => [as(p, { index: i % (p.frame.last + 1) })]],
    ["gives everything one number", (p) => [as(p, { id: 0 })]],
    ["says that all is from mallory", (p) => [as(p, { peer: 4 })]],
    ["says that all is from the receiver", (p) => [as(p, { peer: all.indexOf(p.to) })]],
    ["sends what is for bob to carol", (p) => [p.to === "bob" ? { ...p, to: "carol" } : p]],
    ["lies about who is who", (p) => [as(p, { peer: (p.frame.peer + 1) % 3 })]],
    ["reflects everything", (p, from) => [{ ...p, to: from }]],
    ["lets the handshakes pass, and then nothing", (p, _, i) => (i < 60 ? [p] : [])],
  ])("that %s is never believed", (_, tamper) => {
    const bench = conversation(new Bench({ tamper }));
    expectSound(bench);
    // A sender that does not know what became of a message says so.
    const fates = all.flatMap((n) => [...bench.told(n, "confirm"), ...bench.told(n, "give-up")]);
    expect(fates).toHaveLength(7);
  });

  test("that does anything at all: nothing is made up, doubled, or falsely confirmed", () => {
    const deed = fc.constantFrom(
      "pass",
      "pass",
      "pass",
      "drop",
      "flip",
      "again",
      "lie",
      "port",
      "id",
    );
    const deeds = fc.array(deed, { minLength: 53, maxLength: 53 });
    fc.assert(
      fc.property(deeds, (list) => {
        const earlier: Passing[] = [];
        const tamper: Tamper = (p, _, i) => {
          earlier.push(p);
          switch (list[i % list.length]) {
            case "drop":
              return [];
            case "flip":
              return [flip(p, i)];
            case "again":
              return [p, earlier[(i * 31) % earlier.length] ?? p];
            case "lie":
              return [as(p, { peer: i % 5 })];
            case "port":
              return [as(p, { port: i % 5 })];
            case "id":
              return [as(p, { id: (p.frame.id + i) % 256 })];
            default:
              return [p];
          }
        };
        expectSound(conversation(new Bench({ tamper })));
      }),
      { numRuns: 12 },
    );
  });

  test("a conversation that lost a message ends: nothing can follow out of its turn", () => {
    let cut = false;
    const bench = new Bench({ tamper: (p) => (cut ? [] : [p]) }).join("alice", "bob");
    bench.say("alice", "bob", "one").run(1_000);
    cut = true;
    bench.say("alice", "bob", "two").run(15_000);
    cut = false;
    bench.run(25_000).say("alice", "bob", "three").run(40_000);
    cut = true;
    bench.say("alice", "bob", "four").run(95_000);
    cut = false;
    bench.say("alice", "bob", "five").run();
    expect(bench.delivered("bob")).toEqual(["alice: one", "alice: two", "alice: three"]);
    expect(bench.told("alice", "give-up")).toEqual(["four", "five"]);
  });

  test("cannot fill a user's memory", () => {
    const bench = new Bench({ tamper: passOn }).join("alice", "bob");
    bench.say("alice", "bob", "hello").run(1_000);
    const rogue = bench.relay as Rogue;
    let most = 0;
    for (let i = 0; i < 4_000; i++) {
      const inner = new Uint8Array(30).fill(i);
      const place = { index: i % 8, last: 7, port: i % 3, id: i % 256, peer: i % 7 };
      const sent = rogue.tell({ to: "bob", frame: { kind: "relay", ...place, inner } }, bench.now);
      for (const output of sent) {
        if (output.kind !== "transmit") continue;
        const input = { kind: "datagram", bytes: output.bytes, from: relayAddress } as const;
        bench.handle(addressOf("bob"), input);
      }
      most = Math.max(most, bench.endpoints.get(addressOf("bob"))?.stateSize?.() ?? 0);
    }
    // Sixteen for each of five names and three ports, and the beginnings of handshakes.
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(16 * 5 * 3 + 64);
    bench.say("alice", "bob", "still there").run();
    expect(bench.delivered("bob")).toEqual(["alice: hello", "alice: still there"]);
  });
});

describe("without the defence that carries it", () => {
  const said = "the committee meets at nine";

  test("inner=off: the relay reads, rewrites, repeats, and acknowledges what it keeps to itself", () => {
    const rewrite: Tamper = (p) => {
      const text = lossyText(p.frame.inner);
      if (!text.includes("nine")) return [p];
      const at = text.indexOf("nine");
      const inner = p.frame.inner.map((byte, i) => "five".charCodeAt(i - at) || byte);
      return [{ ...p, frame: { ...p.frame, inner } }];
    };
    const read = new Bench({ options: { inner: "off" }, tamper: rewrite }).join("alice", "bob");
    read.say("alice", "bob", said.slice(14)).run();
    expect(read.delivered("bob")).toEqual(["alice: meets at five"]);
    const repeat: Tamper = (p) => {
      // What is numbered 1 comes again as number 2.
      const inner = p.frame.index > 0 ? p.frame.inner : p.frame.inner.map((b, i) => b + +(i === 2));
      return [p, as(p, { id: p.frame.id + 100, inner })];
    };
    const twice = new Bench({ options: { inner: "off" }, tamper: repeat }).join("alice", "bob");
    twice.say("alice", "bob", said).run();
    expect(twice.delivered("bob")).toEqual([`alice: ${said}`, `alice: ${said}`]);
    const ack = encodeFrames([{ kind: "ack", largest: 1, bitmap: 0 }], 32);
    const keep: Tamper = ({ frame, to }, from) =>
      frame.index > 0
        ? []
        : [{ to: from, frame: { ...frame, last: 0, peer: all.indexOf(to), inner: ack } }];
    const kept = new Bench({ options: { inner: "off" }, tamper: keep }).join("alice", "bob");
    kept.say("alice", "bob", said).run();
    expect([kept.told("alice", "confirm"), kept.delivered("bob")]).toEqual([[said], []]);
  });

  test("directory=relay: a relay that substitutes keys is in the middle of everything", () => {
    const read: string[] = [];
    let middle: Middle | undefined;
    const options = { directory: "relay" };
    const tamper: Tamper = (p, from) => middle?.tamper(p, from) ?? [];
    const bench = new Bench({ options, tamper });
    middle = new Middle(bench, (words) => {
      read.push(words);
      return words.replace("nine", "five");
    });
    bench.join("alice", "bob").say("alice", "bob", said).run();
    expect(read).toEqual([said]);
    expect(bench.delivered("bob")).toEqual(["alice: the committee meets at five"]);
    expect(bench.told("alice", "confirm")).toEqual([said]);
  });

  test("with certificates, the same relay opens no channel at all", () => {
    let middle: Middle | undefined;
    const bench = new Bench({ tamper: (p, from) => middle?.tamper(p, from) ?? [] });
    middle = new Middle(bench, (words) => words);
    bench.join("alice", "bob").say("alice", "bob", said).run();
    expect([bench.delivered("bob"), bench.told("alice", "confirm")]).toEqual([[], []]);
    expect(bench.told("alice", "give-up")).toEqual([said]);
  });
});

describe("a malicious user", () => {
  /** A user of whom the test has the channel: what it tells the relay, and what comes of it. */
  function talker() {
    const bench = new Bench().join("bob", "carol");
    const stranger = new Talker(bench);
    return { bench, stranger };
  }

  test.each<readonly [string, Partial<RelayFrame>, string]>([
    ["nobody", { peer: kid.nobody }, "unknown-peer"],
    ["itself", { peer: 4 }, "unknown-peer"],
    ["the relay", { peer: kid.relay }, "unknown-peer"],
    ["somebody who is not there", { peer: kid.alice }, "unknown-peer"],
    ["a port that there is not", { peer: kid.bob, port: 4 }, "malformed"],
    ["the directory, which there is not", { peer: kid.bob, port: 2 }, "unexpected"],
    ["the store of certificates, likewise", { peer: kid.bob, port: 3 }, "unexpected"],
  ])("that writes to %s gets nothing, and no other user does", (_, change, reason) => {
    const { stranger } = talker();
    const outputs = stranger.tell({ ...piece, ...change });
    expect(outputs).toEqual([{ kind: "reject", reason }]);
  });

  test("gets one record out of the relay for one record in, whatever is in it", () => {
    const { bench, stranger } = talker();
    const frames = fc.record({
      peer: fc.nat(8),
      port: fc.oneof(fc.nat(4), fc.nat(255)),
      id: fc.nat(255),
      inner: fc.uint8Array({ maxLength: 37 }),
    });
    const state = bench.relay.stateSize?.();
    fc.assert(
      fc.property(frames, (change) => {
        const outputs = stranger.tell({ ...piece, ...change });
        expect(outputs.filter((o) => o.kind === "transmit").length).toBeLessThanOrEqual(1);
        expect(outputs.every((o) => o.kind === "transmit" || o.kind === "reject")).toBe(true);
        expect(bench.relay.stateSize?.()).toBe(state);
      }),
    );
  });

  test("is named to the receiver as who it is, whatever it sends", () => {
    const { bench, stranger } = talker();
    stranger.tell({ ...piece, peer: kid.bob });
    bench.run(bench.now + 100);
    expect(bench.rejected("bob")).toEqual(["malformed"]);
    expect(bench.delivered("bob")).toEqual([]);
  });

  test("cannot get a message into the relay itself, nor a message without a channel to a user", () => {
    const { bench, stranger } = talker();
    expect(stranger.send("hello relay").map((o) => o.kind)).toContain("reject");
    expect(bench.events.filter((e) => e.includes("deliver"))).toEqual([]);
  });

  const piece: RelayFrame = {
    kind: "relay",
    peer: kid.bob,
    port: ports.answering,
    id: 1,
    index: 0,
    last: 0,
    inner: utf8("rubbish"),
  };
});

describe("outsiders", () => {
  test("have nothing carried, and are not remembered", () => {
    const bench = conversation(new Bench());
    for (let i = 0; i < 500; i++) {
      const bytes = new Uint8Array(64).fill(i);
      const input = { kind: "datagram", bytes, from: `mallory-${i}:6666` } as const;
      const outputs = bench.handle(relayAddress, input);
      expect(outputs.map((o) => o.kind)).toEqual(["reject"]);
    }
    expect(bench.relay.stateSize?.()).toBe(0);
  });
});
