/** Clients whose address changes in the middle of a session, and attackers that make it seem so. */
import { describe, expect, test } from "vitest";
import type { Address, Millis, Output, Protocol } from "../endpoint.ts";
import { latin1, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { type Packet, Playbook, type Sent, type Settings } from "../testing/playbook.ts";
import { updateAfterMs } from "./epochs.ts";
import type { Frame } from "./frames.ts";
import { secureChannelLogin } from "./login/secure-channel-login.ts";
import { Path, type PathArrival, pathRestMs, pathTries } from "./path.ts";
import { loginAddress, serverAddress, settings, typeOf } from "./playbook-settings.ts";

const [alice, moved, again] = ["alice:40000", "alice:50000", "alice:60000"];
const stranger = "mallory:6666";
type Kind = "deliver" | "confirm" | "give-up";

/** The same process; what is under way to where it was gets lost. */
function move(play: Playbook, from: Address, to: Address): void {
  const client = play.endpoint(from);
  play.endpoints.delete(from);
  play.endpoints.set(to, client);
}

/** The server alone, to begin with. */
const begun = (about: Partial<Settings> = {}): Playbook =>
  new Playbook({ ...settings, ...about }).open(about.protocol ? loginAddress : serverAddress);

/** A session in which all has been said so far. */
function opened(options: Record<string, string> = {}): Playbook {
  const play = begun({ options });
  play.converse(alice, ["before"], ["likewise"]);
  return play.run(2_000);
}
function say(play: Playbook, at: Address, text: string): void {
  const session = at === serverAddress ? { session: alice } : {};
  play.handle(at, { kind: "send", message: utf8(text), ...session });
}
/** What the application at the server, or at the client, wherever it was, was told. */
const texts = (play: Playbook, host: "alice" | "bob", kind: Kind): string[] =>
  play.outputs.flatMap(({ at, output }) =>
    at.startsWith(host) && output.kind === kind && !("purpose" in output)
      ? [latin1(output.message)]
      : [],
  );
const packetsTo = (play: Playbook, to: Address): readonly Sent[] => play.packets(serverAddress, to);
const isRecord = (p: Packet, from: Address): boolean => p.from === from && typeOf(p) === "record";
const rejections = (outputs: readonly Output[]): string[] =>
  outputs.map((o) => (o.kind === "reject" ? o.reason : o.kind));

/** Everything arrived and was confirmed, both ways, and the client has ended in peace. */
function expectAllSaid(play: Playbook, says: readonly string[], answers: readonly string[]): void {
  expect(texts(play, "bob", "deliver")).toEqual(says);
  expect(texts(play, "alice", "deliver")).toEqual(answers);
  expect(texts(play, "alice", "confirm").toSorted()).toEqual(says.toSorted());
  expect(texts(play, "bob", "confirm").toSorted()).toEqual(answers.toSorted());
  expect(play.events.at(-1)).toMatch(/^alice:\d+ << exit ok$/);
}

describe("a client that moves", () => {
  /** Moves between two exchanges; `lost` counts datagrams from there on. */
  function movedOnce(lost: readonly number[] = []): Playbook {
    const play = opened();
    move(play, alice, moved);
    const first = play.wire.sent.length;
    play.wire.network = ({ index }) => (lost.includes(index - first) ? [] : [10]);
    say(play, moved, "from elsewhere");
    play.run(play.now + 5_000);
    say(play, moved, "still there");
    say(play, serverAddress, "so I see");
    return play.run();
  }
  const says = ["before", "from elsewhere", "still there"];
  const answers = ["likewise", "so I see"];

  test("is asked at its new address, and then talked to there", () => {
    const play = opened();
    const first = play.wire.sent.length;
    move(play, alice, moved);
    say(play, moved, "from elsewhere");
    play.run(play.now + 40);
    expect(play.wire.sent.slice(first).map((p) => `${p.from} → ${p.to}`)).toEqual([
      `${moved} → ${serverAddress}`,
      // A challenge to each; the acknowledgement still goes to where the client was; the response.
      `${serverAddress} → ${alice}`,
      `${serverAddress} → ${moved}`,
      `${serverAddress} → ${alice}`,
      `${moved} → ${serverAddress}`,
    ]);
    const second = play.wire.sent.length;
    say(play, serverAddress, "so I see");
    play.run();
    expectAllSaid(play, says.slice(0, 2), answers);
    const later = play.wire.sent.slice(second);
    expect(later.filter((p) => p.to === alice || p.from === alice)).toEqual([]);
    expect(play.wire.sent.filter((p) => typeOf(p) === "record" && p.bytes.length !== 64)).toEqual(
      [],
    );
  });

  test("keeps its session, which is named as before", () => {
    const play = movedOnce();
    const labels = play.outputs.flatMap(({ at, output }) =>
      at === serverAddress && output.session !== undefined ? [output.session] : [],
    );
    expect(new Set(labels)).toEqual(new Set([alice]));
    expect(play.wire.sent.filter((p) => typeOf(p) === "M1").length).toBe(2);
  });

  test("is not lost, whichever two datagrams are: the challenge, the response, and others", () => {
    const count = movedOnce().packets.length - opened().packets.length;
    for (let a = 0; a < count; a++) {
      for (let b = a; b < count; b++) expectAllSaid(movedOnce([a, b]), says, answers);
    }
  });

  test("may do so between any two datagrams, or even twice", () => {
    const course = (first: number, second: number): Playbook => {
      const play = begun();
      let [count, at] = [0, alice];
      const go = (to: Address): void => {
        move(play, at, to);
        at = to;
      };
      play.converse(alice, says, answers);
      play.run(undefined, (p) => {
        if (typeOf(p) !== "record") return;
        if (count === first) go(moved);
        if (count === second) go(again);
        count++;
      });
      return play;
    };
    const count = course(-1, -1).wire.sent.filter((p) => typeOf(p) === "record").length;
    for (let a = 0; a < count; a++) {
      for (let b = a; b <= count; b++) expectAllSaid(course(a, b), says, answers);
    }
  });

  test("and comes back is followed there and back", () => {
    const play = opened();
    let at = alice;
    const [said, heard] = [["before"], ["likewise"]];
    for (const to of [moved, again, alice, moved]) {
      move(play, at, to);
      at = to;
      say(play, at, `hello from ${to}`);
      said.push(`hello from ${to}`);
      play.run(play.now + 5_000);
      const count = packetsTo(play, to).length;
      say(play, serverAddress, `hello at ${to}`);
      heard.push(`hello at ${to}`);
      play.run(play.now + 5_000);
      expect(packetsTo(play, to).length).toBeGreaterThan(count);
    }
    expectAllSaid(play.run(), said, heard);
  });

  test("is heard while it says goodbye", () => {
    const play = opened();
    move(play, alice, moved);
    expectAllSaid(play.run(), ["before"], ["likewise"]);
    // The end, the response, and the end once more, which is then confirmed.
    expect([play.packets(moved).length, packetsTo(play, moved).length]).toEqual([3, 2]);
  });

  test("is followed while keys change, also if it still has the old ones", () => {
    const play = opened();
    const said = ["before"];
    const send = (at: Address, text: string): void => {
      say(play, at, text);
      said.push(text);
    };
    for (let i = 0; play.now < updateAfterMs; i++) {
      send(alice, `message ${i}`);
      play.run(play.now + 20_000);
      play.now = 2_000 + (i + 1) * 20_000;
    }
    move(play, alice, moved);
    const first = play.wire.sent.length;
    // The server's new keys come with its answer, which is lost, and so is the challenge.
    play.wire.network = (p) => (p.to === moved && p.index < first + 6 ? [] : [10]);
    send(moved, "with new keys");
    expectAllSaid(play.run(), said, ["likewise"]);
    const early = packetsTo(play, moved).filter((p) => p.index < first + 6);
    expect(early.length).toBeGreaterThan(0);
  });

  test("with cover traffic, is sent challenges besides the beats, and then the beats", () => {
    for (const lost of [-1, 0, 1, 2, 3, 4, 5]) {
      const play = opened({ cover: "on" });
      move(play, alice, moved);
      const first = play.wire.sent.length;
      play.wire.network = ({ index }) => (index === first + lost ? [] : [10]);
      const since = play.now;
      say(play, moved, "from elsewhere");
      play.run(since + 2_000);
      const asked = packetsTo(play, moved).length;
      expect(packetsTo(play, moved).length).toBeGreaterThan(0);
      say(play, serverAddress, "so I see");
      play.run(since + 10_000);
      // Four in a second.
      expect(packetsTo(play, moved).length - asked).toBeGreaterThanOrEqual(32);
      expectAllSaid(play.run(), says.slice(0, 2), answers);
    }
  });
});

describe("a client that moves while it logs in", () => {
  const [says, answers] = [["one white horse", "paid in full"], ["agreed"]];
  const protocol: Protocol = secureChannelLogin;
  /** What it is told is lost until `deafUntil`, once it has moved. */
  function session(when: number, deafUntil: Millis = 0): Playbook {
    const play = begun({ protocol });
    let [count, at, silent] = [0, alice, true];
    play.wire.network = ({ to }) => (to === moved && play.now < deafUntil ? [] : [10]);
    play.converse(alice, [], answers);
    return play.run(undefined, (p) => {
      if (typeOf(p) === "record" && count++ === when) {
        move(play, alice, moved);
        at = moved;
      }
      if (!silent || !play.events.some((e) => /^alice:\d+ << ready$/.test(e))) return;
      silent = false;
      for (const text of says) say(play, at, text);
    });
  }

  test("gets in, and is answered, whenever it is", () => {
    const count = session(-1).wire.sent.filter((p) => typeOf(p) === "record").length;
    expect(count).toBeGreaterThan(20);
    for (let when = 0; when < count; when++) {
      expectAllSaid(session(when), says, answers);
      expectAllSaid(session(when, 2_500), says, answers);
    }
  });
});

describe("a copied record from an attacker's address", () => {
  const [says, answers] = [
    ["before", "one", "two", "three"],
    ["likewise", "four", "five"],
  ];

  /** Copies each record that `isCopied` says, and sends the copy first. */
  function raced(isCopied: (nth: number) => boolean, arrives: boolean, options = {}) {
    const play = opened(options);
    let [seen, copies] = [0, 0];
    play.wire.network = (p) => {
      if (!isRecord(p, alice) || !isCopied(seen++)) return [10];
      copies++;
      const before = packetsTo(play, stranger).length;
      play.inject({ ...p, from: stranger });
      // One answer at most, and it is no longer than what came.
      expect(packetsTo(play, stranger).length - before).toBeLessThanOrEqual(1);
      return arrives ? [10] : [];
    };
    for (const text of says.slice(1)) say(play, alice, text);
    for (const text of answers.slice(1)) say(play, serverAddress, text);
    play.run();
    return { play, seen, copies };
  }

  test.each([
    ["arrives later", true],
    ["never arrives", false],
  ])("moves nothing where the original %s", (_, arrives) => {
    const count = raced(() => false, true).seen;
    expect(count).toBeGreaterThan(4);
    for (let nth = 0; nth < count; nth++) {
      const { play, copies } = raced((i) => i === nth, arrives);
      expectAllSaid(play, says, answers);
      const answered = packetsTo(play, stranger);
      expect([copies, answered.length]).toEqual([1, 1]);
      expect(answered.map((p) => p.bytes.length)).toEqual([64]);
    }
    for (const options of [{}, { cover: "on" }]) {
      const { play, copies } = raced(() => true, arrives, options);
      expectAllSaid(play, says, answers);
      expect(packetsTo(play, stranger).length).toBeLessThanOrEqual(copies);
    }
  });

  test("moves nothing if it is the answer to a challenge that another address was sent", () => {
    const play = opened();
    move(play, alice, moved);
    let seen = 0;
    play.wire.network = (p) => {
      // The second thing said from there is the response.
      if (isRecord(p, moved) && ++seen === 2) play.inject({ ...p, from: stranger });
      return [10];
    };
    say(play, moved, "from elsewhere");
    play.run(play.now + 500);
    expect(seen).toBe(2);
    say(play, serverAddress, "so I see");
    say(play, moved, "still there");
    play.run();
    expectAllSaid(play, ["before", "from elsewhere", "still there"], ["likewise", "so I see"]);
    expect(packetsTo(play, stranger)).toEqual([]);
  });

  /** The attacker also relays the challenge to the client, and answers first, once or always. */
  function carried(isRaced: (nth: number) => boolean) {
    const play = opened();
    play.endpoints.set(stranger, {
      handle: (input) =>
        input.kind === "datagram" ? [{ kind: "transmit", bytes: input.bytes, to: alice }] : [],
    });
    let seen = 0;
    play.wire.network = (p) => {
      if (isRecord(p, alice) && isRaced(seen++)) play.inject({ ...p, from: stranger });
      return [10];
    };
    say(play, alice, "one");
    play.run(play.now + 500);
    const count = packetsTo(play, stranger).length;
    say(play, serverAddress, "four");
    const hasMoved = packetsTo(play, stranger).length > count;
    play.wire.network = () => [10];
    play.endpoints.delete(stranger);
    say(play, alice, "two");
    say(play, alice, "three");
    return { play: play.run(), hasMoved, seen };
  }

  test("moves nothing, though its sender carries the challenge to the client", () => {
    // The record, the answer from where the client is, and the one to the challenge.
    const { play, hasMoved, seen } = carried((nth) => nth !== 1);
    expect([hasMoved, seen]).toEqual([false, 3]);
    expectAllSaid(play, says, ["likewise", "four"]);
  });

  test("moves the session only for as long as its sender is first with everything", () => {
    const { play, hasMoved } = carried(() => true);
    expect(hasMoved).toBe(true);
    expectAllSaid(play, says, ["likewise", "four"]);
  });

  test("that is old, or late, changes nothing and is not answered", () => {
    const play = opened();
    let held: Packet | undefined;
    play.wire.network = (p) => {
      if (held !== undefined || !isRecord(p, alice)) return [10];
      held = p;
      return [];
    };
    say(play, alice, "one");
    say(play, alice, "two");
    play.run(play.now + 15);
    // It is new to the server, which takes what it says, but something newer came before.
    if (held !== undefined) play.inject({ ...held, from: stranger });
    expect(texts(play, "bob", "deliver")).toEqual(["before", "one", "two"]);
    for (const p of play.packets(alice).filter((q) => typeOf(q) === "record")) {
      expect(rejections(play.inject({ ...p, from: stranger }))).toEqual(["replayed"]);
    }
    expectAllSaid(play.run(), ["before", "one", "two"], ["likewise"]);
    expect(packetsTo(play, stranger)).toEqual([]);
  });

  test("that was changed is not answered", () => {
    const play = opened();
    play.wire.network = (p) => {
      if (!isRecord(p, alice)) return [10];
      for (let at = 0; at < p.bytes.length; at++) {
        const bytes = p.bytes.with(at, (p.bytes[at] ?? 0) ^ 1);
        expect(rejections(play.inject({ ...p, from: stranger, bytes }))).toHaveLength(1);
      }
      return [10];
    };
    say(play, alice, "one");
    expectAllSaid(play.run(), ["before", "one"], ["likewise"]);
    expect(packetsTo(play, stranger)).toEqual([]);
  });
});

describe("a path", () => {
  const kit = () => new CryptoRecorder([], new Random("path"), "bob");
  const response = (token: Uint8Array): Frame => ({ kind: "path-response", token });
  const arrival = (from: Address, ...frames: readonly Frame[]): PathArrival => ({
    from,
    isNewest: true,
    frames,
  });
  const late = (a: PathArrival): PathArrival => ({ ...a, isNewest: false });
  function asked(): { readonly path: Path; readonly token: Uint8Array } {
    const path = new Path(kit(), alice);
    const token = path.arrived(arrival(moved), 0);
    if (token === undefined) throw new Error("it is not asked");
    return { path, token };
  }

  test("is what it was until the right answer comes from the right place", () => {
    const { path, token } = asked();
    const wrong = token.with(7, (token[7] ?? 0) ^ 1);
    expect(path.arrived(arrival(moved, response(wrong)), 10)).toBe(undefined);
    expect(path.arrived(late(arrival(stranger, response(token))), 10)).toBe(undefined);
    expect(path.address).toBe(alice);
    // It may well be overtaken by what was sent after it.
    path.arrived(late(arrival(moved, response(token))), 10);
    expect(path.address).toBe(moved);
  });

  test("is asked nothing on account of an answer alone", () => {
    const { path, token } = asked();
    expect(path.arrived(arrival(stranger, response(token)), 10)).toBe(undefined);
    expect(
      path.arrived(arrival(stranger, { kind: "close-ack" }, response(token)), 20),
    ).toHaveLength(8);
    expect(path.arrived(arrival(again), 30)).toHaveLength(8);
  });

  test("forgets its question when something newer comes from where it was, or elsewhere", () => {
    for (const from of [alice, stranger]) {
      const { path, token } = asked();
      path.arrived(late(arrival(alice)), 10);
      path.arrived(arrival(from), 10);
      path.arrived(arrival(moved, response(token)), 20);
      expect(path.address).toBe(alice);
    }
  });

  test("asks so often in a row, with a new token each time, and then not for a while", () => {
    const path = new Path(kit(), alice);
    const tokens: string[] = [];
    const times: Millis[] = [];
    for (let now = 0; now < 2 * pathRestMs; now += 10) {
      const token = path.arrived(arrival(moved), now);
      if (token === undefined) continue;
      tokens.push(String(token));
      times.push(now);
    }
    expect(times.slice(0, 4)).toEqual([0, 500, 1_250, 2_380]);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(times.filter((t) => t < pathRestMs).length).toBe(pathTries);
    expect(times.length).toBe(2 * pathTries);
  });

  test("draws nothing at random unless it asks", () => {
    const crypto = kit();
    const path = new Path(crypto, alice);
    for (let now = 0; now < 100; now++) path.arrived(arrival(alice), now);
    path.arrived(late(arrival(moved)), 100);
    expect(crypto.random(8)).toEqual(kit().random(8));
  });
});
