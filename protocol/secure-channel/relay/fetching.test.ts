/** Certificates that come from the relay, which may answer what it likes. */
import { describe, expect, test } from "vitest";
import type { Principal } from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import type { Network } from "../../testing/playbook.ts";
import { type CertificateBody, issue } from "../certificate.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { RelayFrame } from "../frames.ts";
import { Acquaintances, answerTo } from "./fetching.ts";
import { ports } from "./mail.ts";
import { curve, dealParties } from "./parties.ts";
import { principals, RelayPlaybook } from "./playbook-settings.ts";
import { relayName } from "./secure-channel-relay.ts";
import type { Passing, Rogue, Tamper } from "./testing/rogue.ts";

const options = { certificates: "fetched" };
const words = "the committee meets at nine";
type Party = ReturnType<typeof dealParties>["all"][number];

/** What the relay shows as a party's certificate. */
type Shown = (about: Party, play: RelayPlaybook) => Uint8Array | undefined;
const honest: Shown = ({ listed }) => listed.bytes;

/** A relay that carries everything, and shows such certificates. */
function showing(shown: Shown, network?: Network) {
  const questions: string[] = [];
  let play: RelayPlaybook | undefined;
  const tamper: Tamper = (passing, from) => {
    const { to, frame } = passing;
    if ((frame.port & 127) !== ports.certificates) return [passing];
    questions.push(`${from} ${to}`);
    const about = play?.parties.all.find((p) => p.name === to);
    const bytes = play && about && shown(about, play);
    const inner = bytes && answerTo(frame.inner, bytes);
    return inner === undefined || play === undefined ? [] : [answer(play, passing, from, inner)];
  };
  play = new RelayPlaybook({ options, tamper, ...(network && { network }) });
  return { play, questions };
}

function answer(
  play: RelayPlaybook,
  { to, frame }: Passing,
  from: Principal,
  inner: Uint8Array,
): Passing {
  const peer = play.parties.book.kidOf(to) ?? 0;
  return { to: from, frame: { ...frame, peer, index: 0, last: 0, inner } };
}

/** Like the certificate of a party, but for what is changed, and by whatever root. */
function forged(
  play: RelayPlaybook,
  about: Party,
  change: Partial<CertificateBody>,
  foreign = false,
) {
  // The same draws, so the same root.
  const crypto = play.installation.crypto("deployment");
  const drawn = crypto.signingKeyPair();
  const root = foreign ? play.installation.crypto("foreign").signingKeyPair() : drawn;
  const keys = { staticKey: about.statics.publicKey, signingKey: about.signing.publicKey };
  const times = { from: 0, until: 315_360_000, serial: 7 };
  const names = { subject: about.name, issuer: play.parties.root.name, curve } as const;
  return issue(crypto, root, { ...names, ...keys, ...times, ...change }).bytes;
}

/** How many datagrams there were, how long the longest, and until when. */
const shapeOf = (play: RelayPlaybook): string => {
  const longest = Math.max(...play.wire.sent.map((packet) => packet.bytes.length));
  return `${play.wire.sent.length} ${longest} ${play.now}`;
};

describe("users who hold no certificates of others", () => {
  test("fetch them, and talk", () => {
    const play = new RelayPlaybook({ options }).join("alice", "bob", "carol");
    play.say("alice", words, { to: "bob" }).say("carol", "so it does", { to: "bob" }).run(5_000);
    play
      .say("bob", "who else comes", { to: "alice" })
      .say("alice", "and a pen", { to: "bob" })
      .run();
    expect(play.delivered("bob")).toHaveLength(3);
    expect(play.delivered("alice")).toEqual(["bob: who else comes"]);
    for (const name of ["alice", "bob", "carol"]) {
      expect([play.texts(name, "give-up"), play.said(name, "reject").map((o) => o.reason)]).toEqual(
        [[], []],
      );
    }
  });

  test("take ten records for one, and each only once", () => {
    const { play, questions } = showing(honest);
    play.join("alice", "bob").say("alice", words, { to: "bob" }).run(5_000);
    expect(play.delivered("bob")).toEqual([`alice: ${words}`]);
    expect(questions.toSorted()).toEqual([
      ...Array.from({ length: 5 }, () => "alice bob"),
      ...Array.from({ length: 5 }, () => "bob alice"),
    ]);
    play.say("alice", "again", { to: "bob" }).say("bob", "again", { to: "alice" }).run();
    expect(questions).toHaveLength(10);
    expect(play.delivered("alice")).toEqual(["bob: again"]);
  });

  test("do so on a network that loses every fifth datagram, and doubles others", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const network: Network = ({ index }) => {
        const drawn = Math.imul(index * 97 + seed, 0x9e3779b1) >>> 16;
        const delay = 10 + (drawn >> 8);
        return drawn % 5 === 0 ? [] : drawn % 5 === 1 ? [delay, 2 * delay] : [delay];
      };
      const play = new RelayPlaybook({ options, network }).join("alice", "bob");
      play.say("alice", words, { to: "bob" }).say("bob", "tell me soon", { to: "alice" }).run();
      expect(play.delivered("bob")).toEqual([`alice: ${words}`]);
      expect(play.delivered("alice")).toEqual(["bob: tell me soon"]);
      expect(play.texts("alice", "confirm")).toEqual([words]);
    }
  });

  test("send and receive what does not depend on how long a message is", () => {
    const shapes = [0, 17, 40].map((length) => {
      const play = new RelayPlaybook({ options }).join("alice", "bob");
      play.say("alice", "x".repeat(length), { to: "bob" }).run();
      return shapeOf(play);
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
  ["that of another", (_, play) => play.parties.all.find((p) => p.name === "carol")?.listed.bytes],
  ["its own", (_, play) => play.parties.all.find((p) => p.name === "rita")?.listed.bytes],
  ["one of another root", (about, play) => forged(play, about, {}, true)],
  ["one of another issuer", (about, play) => forged(play, about, { issuer: "a root" })],
  ["one that has expired", (about, play) => forged(play, about, { until: 0 })],
  ["one that does not hold yet", (about, play) => forged(play, about, { from: 9_999 })],
  [
    "one of its own making",
    (about, play) => {
      const staticKey = sharePair(play.installation.crypto("rita"), curve).publicKey;
      return forged(play, about, { staticKey }, true);
    },
  ],
  ["a different number of pieces each time", () => new Uint8Array(36 * (1 + (turn++ % 8)))],
];

describe("a relay that shows", () => {
  test.each(lies)("%s is not believed, and asked a few times only", (_, shown) => {
    const { play, questions } = showing(shown);
    play.join("alice", "bob").say("alice", words, { to: "bob" }).run();
    expect(play.texts("alice", "give-up")).toEqual([words]);
    expect([play.delivered("bob"), play.texts("alice", "confirm")]).toEqual([[], []]);
    const commits = play.events.filter((e) => /^(alice|bob) << claim commit (alice|bob)/.test(e));
    expect(commits).toEqual([]);
    // Ten times eight pieces in four copies each.
    expect(questions.length).toBeLessThanOrEqual(320);
    expect(questions.length).toBeGreaterThanOrEqual(10);
  });

  test.each(lies)("%s to the responder keeps initiators waiting, and does no more", (_, shown) => {
    let lying = true;
    const { play, questions } = showing((about, b) =>
      lying && about.name === "alice" ? shown(about, b) : honest(about, b),
    );
    play.join("alice", "bob").say("alice", words, { to: "bob" }).run(5_000);
    expect(play.delivered("bob")).toEqual([]);
    expect(questions.filter((q) => q === "bob alice").length).toBeGreaterThan(0);
    lying = false;
    play.run();
    expect(play.delivered("bob")).toEqual([`alice: ${words}`]);
    expect(play.texts("alice", "confirm")).toEqual([words]);
  });

  test("nothing: the initiator is unknown, and not looked for without end", () => {
    const { play, questions } = showing((about, b) =>
      about.name === "alice" ? undefined : honest(about, b),
    );
    play.join("alice", "bob").say("alice", words, { to: "bob" }).run();
    expect(play.texts("alice", "give-up")).toEqual([words]);
    expect(play.delivered("bob")).toEqual([]);
    expect(play.said("bob", "reject").map((o) => o.reason)).toContain("unknown-peer");
    // For a minute alice calls; twice, ten times each, bob asks who she is.
    expect(questions.filter((q) => q === "bob alice").length).toBeLessThanOrEqual(2 * 37);
  });

  test("an answer without a question changes nothing", () => {
    const frame = (peer: number): RelayFrame => {
      const place = { port: ports.certificates, id: 9, index: 0, last: 0 };
      return { kind: "relay", peer, ...place, inner: Uint8Array.of(0, 1, 2, 3) };
    };
    const { play } = showing(honest);
    let told = 0;
    play.join("alice", "bob").say("alice", words, { to: "bob" }).run(5_000);
    const rogue = play.endpoint(relayName) as Rogue;
    for (const peer of [0, 1, 2, 3, 4, 200]) {
      for (const output of rogue.tell({ to: "bob", frame: frame(peer) }, play.now)) {
        if (output.kind !== "transmit") continue;
        const answers = play.inject({ from: relayName, to: "bob", bytes: output.bytes });
        const kinds = answers.map((o) => o.kind);
        expect(kinds).toEqual(["reject"]);
        told++;
      }
    }
    expect(told).toBe(6);
    play.say("alice", "still there", { to: "bob" }).run();
    expect(play.delivered("bob")).toEqual([`alice: ${words}`, "alice: still there"]);
  });
});

describe("a user who asks for certificates", () => {
  const deal = () => {
    const play = new RelayPlaybook();
    const parties = dealParties({ crypto: play.installation.crypto("deployment"), principals });
    const { root, book, all } = parties;
    return {
      play,
      all,
      known: new Acquaintances(play.installation.crypto("alice"), root, [], book),
    };
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
    const { play, all, known } = deal();
    const bob = all.find((p) => p.name === "bob");
    if (bob === undefined) throw new Error("nobody");
    for (const [, shown] of lies) {
      expect(known.learn("bob", shown(bob, play) ?? new Uint8Array(0), 0)).toBe(false);
    }
    expect(known.knows("bob", 0)).toBe(false);
    // The forger of these tests can make valid certificates, too.
    expect(known.learn("bob", forged(play, bob, {}), 0)).toBe(true);
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
