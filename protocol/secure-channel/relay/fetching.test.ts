/** Certificates that come from the relay, which may answer what it likes. */
import { describe, expect, test } from "vitest";
import type { Principal } from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { type CertificateBody, issue } from "../certificate.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { RelayFrame } from "../frames.ts";
import { Acquaintances, answerTo } from "./fetching.ts";
import { ports } from "./mail.ts";
import { curve, dealParties } from "./parties.ts";
import {
  addressOf,
  Bench,
  type Passing,
  principals,
  type Rogue,
  relayAddress,
  type Tamper,
} from "./test-bench.ts";

const options = { certificates: "fetched" };
const words = "the committee meets at nine";
type Party = ReturnType<typeof dealParties>["all"][number];

/** What the relay shows as a party's certificate. */
type Shown = (about: Party, bench: Bench) => Uint8Array | undefined;
const honest: Shown = ({ listed }) => listed.bytes;

/** A relay that carries everything, and shows such certificates. */
function showing(shown: Shown, network?: (index: number) => readonly number[]) {
  const questions: string[] = [];
  let bench: Bench | undefined;
  const tamper: Tamper = (passing, from) => {
    const { to, frame } = passing;
    if ((frame.port & 127) !== ports.certificates) return [passing];
    questions.push(`${from} ${to}`);
    const about = bench?.parties.all.find((p) => p.name === to);
    const bytes = bench && about && shown(about, bench);
    const inner = bytes && answerTo(frame.inner, bytes);
    return inner === undefined || bench === undefined ? [] : [answer(bench, passing, from, inner)];
  };
  bench = new Bench({ options, tamper, ...(network && { network }) });
  return { bench, questions };
}

function answer(bench: Bench, { to, frame }: Passing, from: Principal, inner: Uint8Array): Passing {
  const peer = bench.parties.book.kidOf(to) ?? 0;
  return { to: from, frame: { ...frame, peer, index: 0, last: 0, inner } };
}

/** Like the certificate of a party, but for what is changed, and by whatever root. */
function forged(bench: Bench, about: Party, change: Partial<CertificateBody>, foreign = false) {
  // The same draws, so the same root.
  const crypto = bench.crypto("deployment");
  const drawn = crypto.signingKeyPair();
  const root = foreign ? bench.crypto("foreign").signingKeyPair() : drawn;
  const keys = { staticKey: about.statics.publicKey, signingKey: about.signing.publicKey };
  const times = { from: 0, until: 315_360_000, serial: 7 };
  const names = { subject: about.name, issuer: bench.parties.root.name, curve } as const;
  return issue(crypto, root, { ...names, ...keys, ...times, ...change }).bytes;
}

describe("users who hold no certificates of others", () => {
  test("fetch them, and talk", () => {
    const bench = new Bench({ options }).join("alice", "bob", "carol");
    bench.say("alice", "bob", words).say("carol", "bob", "so it does").run(5_000);
    bench.say("bob", "alice", "who else comes").say("alice", "bob", "and a pen").run();
    expect(bench.delivered("bob")).toHaveLength(3);
    expect(bench.delivered("alice")).toEqual(["bob: who else comes"]);
    for (const name of ["alice", "bob", "carol"]) {
      expect([bench.told(name, "give-up"), bench.rejected(name)]).toEqual([[], []]);
    }
  });

  test("take ten records for one, and each only once", () => {
    const { bench, questions } = showing(honest);
    bench.join("alice", "bob").say("alice", "bob", words).run(5_000);
    expect(bench.delivered("bob")).toEqual([`alice: ${words}`]);
    expect(questions.toSorted()).toEqual([
      ...Array.from({ length: 5 }, () => "alice bob"),
      ...Array.from({ length: 5 }, () => "bob alice"),
    ]);
    bench.say("alice", "bob", "again").say("bob", "alice", "again").run();
    expect(questions).toHaveLength(10);
    expect(bench.delivered("alice")).toEqual(["bob: again"]);
  });

  test("do so on a network that loses every fifth datagram, and doubles others", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network = (index: number): readonly number[] => {
        const drawn = Math.imul(index * 97 + seed, 0x9e3779b1) >>> 16;
        const delay = 10 + (drawn >> 8);
        return drawn % 5 === 0 ? [] : drawn % 5 === 1 ? [delay, 2 * delay] : [delay];
      };
      const bench = new Bench({ options, network }).join("alice", "bob");
      bench.say("alice", "bob", words).say("bob", "alice", "tell me soon").run();
      expect(bench.delivered("bob")).toEqual([`alice: ${words}`]);
      expect(bench.delivered("alice")).toEqual(["bob: tell me soon"]);
      expect(bench.told("alice", "confirm")).toEqual([words]);
    }
  });

  test("send and receive what does not depend on how long a message is", () => {
    const shapes = [0, 17, 40].map((length) => {
      const bench = new Bench({ options }).join("alice", "bob");
      bench.say("alice", "bob", "x".repeat(length)).run();
      return `${bench.sent} ${bench.longest} ${bench.now}`;
    });
    expect(new Set(shapes).size).toBe(1);
    expect(shapes[0]).toContain(" 64 ");
  });
});

/** Different each time it is asked for. */
let turn = 0;
const lies: readonly (readonly [string, Shown])[] = [
  ["nothing", () => undefined],
  ["garbage", () => utf8("x".repeat(171))],
  ["too little", ({ listed }) => listed.bytes.slice(0, -1)],
  ["too much", ({ listed }) => Uint8Array.of(...listed.bytes, 0)],
  ["one byte that is wrong", ({ listed }) => listed.bytes.with(20, (listed.bytes[20] ?? 0) ^ 1)],
  [
    "that of another",
    (_, bench) => bench.parties.all.find((p) => p.name === "carol")?.listed.bytes,
  ],
  ["its own", (_, bench) => bench.parties.all.find((p) => p.name === "rita")?.listed.bytes],
  ["one of another root", (about, bench) => forged(bench, about, {}, true)],
  ["one of another issuer", (about, bench) => forged(bench, about, { issuer: "a root" })],
  ["one that has expired", (about, bench) => forged(bench, about, { until: 0 })],
  ["one that does not hold yet", (about, bench) => forged(bench, about, { from: 9_999 })],
  [
    "one of its own making",
    (about, bench) => {
      const staticKey = sharePair(bench.crypto("rita"), curve).publicKey;
      return forged(bench, about, { staticKey }, true);
    },
  ],
  ["a different number of pieces each time", () => new Uint8Array(36 * (1 + (turn++ % 8)))],
];

describe("a relay that shows", () => {
  test.each(lies)("%s is not believed, and asked a few times only", (_, shown) => {
    const { bench, questions } = showing(shown);
    bench.join("alice", "bob").say("alice", "bob", words).run();
    expect(bench.told("alice", "give-up")).toEqual([words]);
    expect([bench.delivered("bob"), bench.told("alice", "confirm")]).toEqual([[], []]);
    const commits = bench.events.filter((e) => /^(alice|bob) << commit (alice|bob)/.test(e));
    expect(commits).toEqual([]);
    // Ten times eight pieces in four copies each.
    expect(questions.length).toBeLessThanOrEqual(320);
    expect(questions.length).toBeGreaterThanOrEqual(10);
  });

  test.each(lies)("%s to the responder keeps initiators waiting, and does no more", (_, shown) => {
    let lying = true;
    const { bench, questions } = showing((about, b) =>
      lying && about.name === "alice" ? shown(about, b) : honest(about, b),
    );
    bench.join("alice", "bob").say("alice", "bob", words).run(5_000);
    expect(bench.delivered("bob")).toEqual([]);
    expect(questions.filter((q) => q === "bob alice").length).toBeGreaterThan(0);
    lying = false;
    bench.run();
    expect(bench.delivered("bob")).toEqual([`alice: ${words}`]);
    expect(bench.told("alice", "confirm")).toEqual([words]);
  });

  test("nothing: the initiator is unknown, and not looked for without end", () => {
    const { bench, questions } = showing((about, b) =>
      about.name === "alice" ? undefined : honest(about, b),
    );
    bench.join("alice", "bob").say("alice", "bob", words).run();
    expect(bench.told("alice", "give-up")).toEqual([words]);
    expect(bench.delivered("bob")).toEqual([]);
    expect(bench.rejected("bob")).toContain("unknown-peer");
    // For a minute alice calls; twice, ten times each, bob asks who she is.
    expect(questions.filter((q) => q === "bob alice").length).toBeLessThanOrEqual(2 * 37);
  });

  test("an answer without a question changes nothing", () => {
    const frame = (peer: number): RelayFrame => {
      const place = { port: ports.certificates, id: 9, index: 0, last: 0 };
      return { kind: "relay", peer, ...place, inner: Uint8Array.of(0, 1, 2, 3) };
    };
    const { bench } = showing(honest);
    let told = 0;
    bench.join("alice", "bob").say("alice", "bob", words).run(5_000);
    const rogue = bench.relay as Rogue;
    for (const peer of [0, 1, 2, 3, 4, 200]) {
      for (const output of rogue.tell({ to: "bob", frame: frame(peer) }, bench.now)) {
        if (output.kind !== "transmit") continue;
        const input = { kind: "datagram", bytes: output.bytes, from: relayAddress } as const;
        const kinds = bench.handle(addressOf("bob"), input).map((o) => o.kind);
        expect(kinds).toEqual(["reject"]);
        told++;
      }
    }
    expect(told).toBe(6);
    bench.say("alice", "bob", "still there").run();
    expect(bench.delivered("bob")).toEqual([`alice: ${words}`, "alice: still there"]);
  });
});

describe("a user who asks for certificates", () => {
  const deal = () => {
    const bench = new Bench();
    const parties = dealParties({ crypto: bench.crypto("deployment"), principals });
    const { root, book, all } = parties;
    return { bench, all, known: new Acquaintances(bench.crypto("alice"), root, [], book) };
  };

  test("learns whom it asked for, and until the certificate expires", () => {
    const { all, known } = deal();
    const [alice, bob] = all.map((p) => p.listed.bytes);
    if (alice === undefined || bob === undefined) throw new Error("nobody");
    expect(known.learn("alice", bob, 0)).toBe(false);
    expect(known.learn("nobody", bob, 0)).toBe(false);
    expect(known.named("bob")).toBeUndefined();
    expect(known.learn("bob", bob, 0)).toBe(true);
    expect([known.knows("bob", 0), known.knows("alice", 0)]).toEqual([true, false]);
    expect(known.knows("bob", 315_360_000_000)).toBe(false);
  });

  test("believes what the root has signed, and nothing that only looks like it", () => {
    const { bench, all, known } = deal();
    const bob = all.find((p) => p.name === "bob");
    if (bob === undefined) throw new Error("nobody");
    for (const [, shown] of lies) {
      expect(known.learn("bob", shown(bob, bench) ?? new Uint8Array(0), 0)).toBe(false);
    }
    expect(known.knows("bob", 0)).toBe(false);
    // The forger of these tests can make valid certificates, too.
    expect(known.learn("bob", forged(bench, bob, {}), 0)).toBe(true);
  });

  test("is answered in pieces that fit in one frame", () => {
    const certificate = new Uint8Array(170).fill(7);
    const pieces = [0, 1, 2, 3, 4].map((i) => answerTo(Uint8Array.of(i), certificate));
    expect(pieces.map((p) => p?.length)).toEqual([37, 37, 37, 37, 27]);
    expect(pieces.map((p) => p?.[0])).toEqual([0x04, 0x14, 0x24, 0x34, 0x44]);
    for (const question of [[], [5], [255], [0, 0]]) {
      expect(answerTo(Uint8Array.from(question), certificate)).toBeUndefined();
    }
  });
});
