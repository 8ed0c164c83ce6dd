/** Logging in over the channel, and what is said afterwards. */
import { describe, expect, test } from "vitest";
import type {
  DeployEnv,
  Deployment,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  Protocol,
} from "../../endpoint.ts";
import { concat, hex, latin1, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { type Network, Playbook, type Settings } from "../../testing/playbook.ts";
import type { Channel } from "../channel.ts";
import { Client } from "../client.ts";
import type { Frame } from "../frames.ts";
import { readJournal } from "../journal.ts";
import { loginAddress as serverAddress, settings, typeOf } from "../playbook-settings.ts";
import { labelled, Server, type Session } from "../server.ts";
import { verifyEvidence } from "../signing.ts";
import { CardFile, issueCard } from "./cards.ts";
import { dealAccounts } from "./enrolment.ts";
import { guestMs, LoginHost, maxGuests, maxGuestsPerHost } from "./login-host.ts";
import { type Account, LoginUser } from "./login-user.ts";
import { secureChannelLogin } from "./secure-channel-login.ts";
import { settingsOf } from "./what-follows.ts";

const alice = "alice:40000";
const says = ["one white horse", "", "paid in full"];
const answers = ["agreed", "until tomorrow"];
const kit = (seed: string) => new CryptoRecorder([], new Random(seed), seed);

/** A client that acts as if it had this account. */
const pretending = (pretended: Partial<Account>): Protocol => ({
  ...secureChannelLogin,
  deploy(about: DeployEnv): Deployment {
    const settings = settingsOf(about.options);
    const dealt = dealAccounts(about);
    return {
      open(role, env) {
        if (role === "server") return new LoginHost(env, { ...dealt.host(env), settings });
        const user = dealt.user(env);
        const account = { ...user.account, ...pretended };
        return new LoginUser(env, { ...user, account, settings });
      },
      longTermSecrets: () => [],
    };
  },
});

interface About {
  readonly network?: Network;
  readonly options?: Record<string, string>;
  readonly protocol?: Protocol;
}
/** The server alone, to begin with. */
const begun = (about: Partial<Settings> = {}): Playbook =>
  new Playbook({ ...settings, protocol: secureChannelLogin, ...about }).open(serverAddress);
const session = (about?: About): Playbook => begun(about).converse(alice, says, answers).run();
const ended = (play: Playbook): string | undefined => play.events.at(-1);

function expectAllDelivered(play: Playbook): void {
  expect(play.texts(serverAddress, "deliver")).toEqual(says);
  expect(play.texts(alice, "deliver")).toEqual(answers);
  expect(play.texts(alice, "confirm").toSorted()).toEqual(says.toSorted());
  expect(play.texts(serverAddress, "confirm").toSorted()).toEqual(answers.toSorted());
  expect(ended(play)).toBe(`${alice} << exit ok`);
}

describe("an undisturbed session", () => {
  test("goes like this", () => {
    const play = begun().converse(alice, ["hi"], ["ho"]).run();
    play.goes([
      "bob:5685 >> start",
      "alice:40000 >> start",
      "alice:40000 << transmit M1 (64)",
      "bob:5685 >> datagram M1 (64) from alice:40000",
      "bob:5685 << transmit RETRY (21) to alice:40000",
      "alice:40000 >> datagram RETRY (21) from bob:5685",
      "alice:40000 << transmit M1 (64)",
      "bob:5685 >> datagram M1 (64) from alice:40000",
      "bob:5685 << transmit M2 (64) to alice:40000",
      "alice:40000 >> datagram M2 (64) from bob:5685",
      "alice:40000 << transmit M3 (64)",
      "bob:5685 >> datagram M3 (64) from alice:40000",
      "bob:5685 << log session 1 is open",
      "bob:5685 << transmit M4 (64) to alice:40000",
      "alice:40000 >> datagram M4 (64) from bob:5685",
      // The login has four steps, with an answer each.
      'alice:40000 << submit login "alice"',
      'alice:40000 << submit login "opal sunrise 41"',
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      "alice:40000 << claim running bob",
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 << log session 1 is logged in",
      "bob:5685 << claim running alice",
      "bob:5685 << claim commit alice",
      "bob:5685 << negotiated suite 4",
      "bob:5685 << claim secret alice",
      "bob:5685 << claim secret alice",
      'bob:5685 << deliver login "alice" from alice',
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      // The new keys; a message and two pieces of its signature.
      "alice:40000 << transmit record (64)",
      "alice:40000 << claim commit bob",
      "alice:40000 << negotiated suite 4",
      "alice:40000 << claim secret bob",
      "alice:40000 << claim secret bob",
      "alice:40000 << ready",
      'alice:40000 >> send "hi"',
      "alice:40000 << transmit record (64)",
      "alice:40000 << transmit record (64)",
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      // Bob has followed, and says what he has to say; an acknowledgement from each.
      "bob:5685 << transmit record (64) to alice:40000",
      "bob:5685 << ready",
      'bob:5685 >> send "ho"',
      "bob:5685 << transmit record (64) to alice:40000",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 >> datagram record (64) from alice:40000",
      'bob:5685 << deliver "hi" from alice',
      "bob:5685 << claim evidence alice",
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      "alice:40000 >> datagram record (64) from bob:5685",
      'alice:40000 << deliver "ho" from bob',
      "alice:40000 << transmit record (64)",
      "alice:40000 >> datagram record (64) from bob:5685",
      'alice:40000 << confirm "hi"',
      "bob:5685 >> datagram record (64) from alice:40000",
      'bob:5685 << confirm "ho"',
      // The end.
      "alice:40000 >> timeout",
      "alice:40000 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40000",
      "bob:5685 << transmit record (64) to alice:40000",
      "alice:40000 >> datagram record (64) from bob:5685",
      "alice:40000 << exit ok",
    ]);
  });

  test("delivers and confirms everything", () => expectAllDelivered(session()));

  test("says nothing of a client before the login, and of a guest never", () => {
    const play = session();
    const first = play.events.find((e) => e.startsWith(serverAddress));
    expect(first).toBe(`${serverAddress} << claim running alice`);
    for (const claim of play.claims(serverAddress)) expect(claim.peer).toBe("alice");
    const all = play.outputs.map(({ output }) => JSON.stringify(output));
    expect(all.filter((line) => line.includes("guest"))).toEqual([]);
  });

  test("ends with keys that both have, and that differ from those of the channel alone", () => {
    const secrets = (options: Record<string, string>, at: string) =>
      session({ options })
        .claims(at)
        .flatMap((c) => (c.kind === "secret" ? [hex(c.value)] : []));
    expect(secrets({}, alice)).toEqual(secrets({}, serverAddress));
    expect(secrets({}, alice)).not.toEqual(secrets({ binding: "off" }, alice));
  });
});

describe("logins that are refused", () => {
  const refused: readonly (readonly [string, Partial<Account>])[] = [
    ["a wrong password", { password: utf8("opal sunrise 42") }],
    ["an unknown user", { user: utf8("zoe") }],
  ];
  test.each(refused)("%s", (_, account) => {
    const play = session({ protocol: pretending(account) });
    expect(ended(play)).toBe(`${alice} << exit because not logged in: wrong-password`);
    expect(play.claims(serverAddress)).toEqual([]);
    expect(play.claims(alice)).toEqual([]);
    expect(play.texts(serverAddress, "deliver")).toEqual([]);
  });

  test("the two cannot be told apart by what is sent, nor by when", () => {
    const [a, b] = refused.map(([, account]) => {
      const { wire, events } = session({ protocol: pretending(account) });
      const sizes = wire.sent.map((p) => `${p.now} ${p.from} ${typeOf(p)} ${p.bytes.length}`);
      return { sizes, events: events.map((e) => e.replace(/ login .*/, "")) };
    });
    expect(a).toEqual(b);
  });

  test("a client that has guessed too often, until a minute has passed", () => {
    const password = utf8("guess");
    const play = begun({ protocol: pretending({ password }) });
    const outcomes: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      play.converse(`alice:${41_000 + i}`);
      play.run(play.now + 2_000);
      outcomes.push(ended(play)?.split(": ")[1]);
    }
    expect(outcomes).toEqual([...Array(5).fill("wrong-password"), "later"]);
  });
});

describe("on a bad network", () => {
  const networks: readonly (readonly [string, (roll: () => number) => Network])[] = [
    ["losing every fifth", (roll) => () => (roll() < 0.2 ? [] : [10])],
    ["doubling", (roll) => () => (roll() < 0.5 ? [10, 10 + roll() * 500] : [10])],
    ["reordering, with jitter", (roll) => () => [10 + roll() * 300]],
    ["doing all of it", (roll) => () => (roll() < 0.2 ? [] : [10 + roll() * 200, roll() * 900])],
  ];
  test.each(networks)("%s: logged in, delivered once, confirmed", (name, of) => {
    for (let i = 0; i < 8; i++) {
      const random = new Random(`${name} ${i}`);
      const roll = (): number => (random.bytes(1)[0] ?? 0) / 256;
      const play = begun();
      const bad = of(roll);
      // It recovers in the end: no client tries for ever.
      play.wire.network = (p) => (play.now < 20_000 ? bad(p) : [10]);
      play.converse(alice, says, answers);
      expectAllDelivered(play.run());
    }
  });

  test("whichever datagram gets lost", () => {
    const most = session().wire.sent.length;
    for (let lost = 0; lost < most; lost++) {
      expectAllDelivered(session({ network: ({ index }) => (index === lost ? [] : [10]) }));
    }
  });

  test("a lost verdict is asked for again, under the old keys", () => {
    // RETRY, M2, M4, three answers, and then the verdict.
    const verdict = session().wire.sent.findIndex((_, i, all) => {
      return all.slice(0, i + 1).filter((p) => p.from === serverAddress).length === 7;
    });
    const play = session({ network: ({ index: i }) => (i === verdict ? [] : [10]) });
    expectAllDelivered(play);
    const commits = (at: string) => play.claims(at).filter((c) => c.kind === "commit").length;
    expect([commits(alice), commits(serverAddress)]).toEqual([1, 1]);
  });
});

describe("evidence", () => {
  const evidenceOf = (play: Playbook) =>
    play.claims(serverAddress).flatMap((c) => (c.kind === "evidence" ? [c] : []));
  /** The user's signing key, from outside: the last 32 bytes of what her identity is known by. */
  const keyOfAlice = (play: Playbook): Uint8Array => {
    void play;
    const about = { options: {}, principals: ["alice", "bob", "carol"] };
    const crypto = new CryptoRecorder([], new Random("seed").fork("deployment"), "deployment");
    const memory: { bytes: Uint8Array } = { bytes: new Uint8Array(0) };
    const store = () => ({
      read: () => memory.bytes,
      write: () => undefined,
      append: (more: Uint8Array) => {
        memory.bytes = concat(memory.bytes, more);
      },
    });
    const [user] = dealAccounts({ ...about, crypto, store }).users;
    return user?.signing.publicKey ?? new Uint8Array(0);
  };

  test("is there for everything that the user said, and convinces a third party", () => {
    const play = session();
    const kept = evidenceOf(play);
    expect(kept.map((e) => latin1(e.message))).toEqual(says);
    for (const [i, { message, bytes }] of kept.entries()) {
      const stated = verifyEvidence(kit("judge"), bytes, message, () => keyOfAlice(play));
      expect(stated).toMatchObject({ sender: utf8("alice"), recipient: utf8("bob"), id: i + 1 });
      expect(verifyEvidence(kit("judge"), bytes, utf8("else"), () => keyOfAlice(play))).toBe(
        undefined,
      );
    }
  });

  test("with a MAC in its place convinces the receiver alone", () => {
    const play = session({ options: { evidence: "mac" } });
    expectAllDelivered(play);
    const kept = evidenceOf(play);
    expect(kept.length).toBe(says.length);
    for (const { message, bytes } of kept) {
      const stated = verifyEvidence(kit("judge"), bytes, message, () => keyOfAlice(play));
      expect(stated).toBe(undefined);
    }
  });

  test("signed with another key is not taken: nothing is delivered, nothing confirmed", () => {
    const play = session({ protocol: pretending({ signing: kit("mine").signingKeyPair() }) });
    expect(play.texts(serverAddress, "deliver")).toEqual([]);
    expect(play.texts(alice, "confirm")).toEqual([]);
    expect(play.texts(alice, "give-up").toSorted()).toEqual(says.toSorted());
  });

  test("is in the journal by its hash: no names, no keys, no words", () => {
    const play = session();
    const stored = play.installation.store("bob", "journal").read();
    const reading = readJournal(kit("reader"), stored);
    expect(reading.intact).toBe(true);
    const kinds = says.flatMap(() => ["received", "evidence"]);
    expect(reading.entries.map((e) => e.kind)).toEqual(["opened", ...kinds]);
    for (const word of ["alice", "bob", ...says.filter((s) => s !== "")]) {
      expect(latin1(stored)).not.toContain(word);
    }
    const changed = stored.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    expect(readJournal(kit("reader"), changed)).toMatchObject({ intact: false, firstBroken: 0 });
  });

  test("needs a card of the root: one of the server's own does not do", () => {
    const [root, own, signing] = ["root", "own", "user"].map((s) => kit(s).signingKeyPair());
    if (root === undefined || own === undefined || signing === undefined) throw new Error();
    const card = (by: typeof root) => issueCard(kit("c"), by, utf8("alice"), signing.publicKey);
    const file = (...cards: Uint8Array[]) => new CardFile(kit("f"), root.publicKey, cards);
    expect(file(card(root)).keyOf(utf8("alice"))).toEqual(signing.publicKey);
    expect(file(card(own), new Uint8Array(9)).keyOf(utf8("alice"))).toBe(undefined);
    expect(file(card(root)).keyOf(utf8("alic"))).toBe(undefined);
  });
});

describe("guests", () => {
  /** Opens channels and goes no further. */
  const idle: Protocol = {
    ...secureChannelLogin,
    deploy(about) {
      const settings = settingsOf(about.options);
      const dealt = dealAccounts(about);
      const guest = (env: Env): Endpoint => {
        const login = { opened: () => undefined };
        return new Client(env, dealt.user({ ...env, self: "alice" }).identity, { login });
      };
      return {
        open: (role, env) =>
          role === "server" ? new LoginHost(env, { ...dealt.host(env), settings }) : guest(env),
        longTermSecrets: () => [],
      };
    },
  };
  const open = (play: Playbook, hosts: number, each: number): Playbook => {
    for (let h = 0; h < hosts; h++) {
      for (let i = 0; i < each; i++) play.converse(`host${h}:${40_000 + i}`);
    }
    return play.run(play.now + 1_000);
  };

  test("are few from one host, few altogether, and gone after a minute", () => {
    const play = open(begun({ protocol: idle }), 1, 12);
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(maxGuestsPerHost);
    open(play, 12, 7);
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(maxGuests);
    play.now += guestMs;
    play.inject({ from: "mallory:1", to: serverAddress, bytes: utf8("hello") });
    expect(play.endpoint(serverAddress).stateSize?.()).toBe(0);
  });
});

/** Has the server's key, and carries Alice's login from her channel to one of its own with Bob. */
class Middle implements Endpoint {
  readonly #server: Server;
  readonly #client: Client;
  readonly #up: Frame[] = [];
  readonly #down: Frame[] = [];
  #session: Session | undefined;
  channel: Channel | undefined;

  constructor(env: Env, { host, user }: ReturnType<typeof dealAccounts>) {
    this.#server = new Server(env, host(env).identity, undefined, {
      opened: (session) => {
        this.#session = session;
      },
      above: (frame) => void this.#up.push(frame),
      check: () => undefined,
    });
    const guest = { ...env, self: "alice", peer: "bob" };
    this.#client = new Client(guest, user(guest).identity, {
      above: (frame) => void this.#down.push(frame),
      login: {
        opened: (channel) => {
          this.channel = channel;
        },
      },
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    const fromBob = input.kind === "datagram" && input.from === realBob;
    const upward = (outputs: readonly Output[]): readonly Output[] =>
      outputs.map((o) => (o.kind === "transmit" ? { ...o, to: realBob } : o));
    const out =
      fromBob || input.kind === "start"
        ? [...upward(this.#client.handle(input, now))]
        : [...this.#server.handle(input, now)];
    for (const frame of this.#up.splice(0)) out.push(...upward(this.#client.carry(frame, now)));
    for (const frame of this.#down.splice(0)) {
      const session = this.#session;
      if (session !== undefined) {
        out.push(...labelled(session, session.channel.carry(frame, now)));
      }
    }
    return out.filter((o) => o.kind === "transmit");
  }
}
const realBob = "bob:6000";

describe("a login carried from one channel to another, with the server's key", () => {
  function carried(options: Record<string, string>) {
    let middle: Middle | undefined;
    const protocol: Protocol = {
      ...secureChannelLogin,
      deploy(about) {
        const settings = settingsOf(about.options);
        const dealt = dealAccounts(about);
        return {
          open(role, env) {
            if (role === "client") return new LoginUser(env, { ...dealt.user(env), settings });
            if (env.address === realBob)
              return new LoginHost(env, { ...dealt.host(env), settings });
            middle = new Middle(env, dealt);
            return middle;
          },
          longTermSecrets: () => [],
        };
      },
    };
    const play = begun({ protocol, options });
    play.open(realBob);
    play.converse(alice);
    play.run(5_000);
    return { play, middle };
  }

  test("fails, since it is made for the channel", () => {
    const { play } = carried({});
    expect(ended(play)).toBe(`${alice} << exit because not logged in: wrong-password`);
    expect(play.claims(realBob)).toEqual([]);
  });

  test("succeeds without the binding: Bob takes for Alice's what is not hers", () => {
    const { play, middle } = carried({ binding: "off" });
    const agreed = (at: string, kind: "running" | "commit") =>
      play.claims(at).flatMap((c) => (c.kind === kind && c.agreed ? [hex(c.agreed)] : []));
    const [bobs] = agreed(realBob, "commit");
    expect(play.claims(realBob).map((c) => c.peer)).toContain("alice");
    expect(agreed(alice, "running")).not.toContain(bobs);
    // And the attacker in the middle has the keys.
    const key = middle?.channel?.agree(new Uint8Array(0), play.now);
    const secrets = play.claims(realBob).flatMap((c) => (c.kind === "secret" ? [c.value] : []));
    expect(secrets).toContainEqual(key);
  });
});
