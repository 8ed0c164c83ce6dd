/** Logins, told as conversations between client and server. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Millis, MisuseError } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { fakeAccount, findAccount, maxUserBytes, register } from "./accounts.ts";
import { frameBytes, type LoginFrame } from "./frames.ts";
import { allLoginDefences, type LoginDefences, maxAttempts } from "./login.ts";
import { ClientLogin } from "./login-client.ts";
import { ServerLogin } from "./login-server.ts";
import { guessesPerHost, guessesPerUser, refillMs, Throttle } from "./throttle.ts";

const room = 45;
const server = utf8("server");
const kit = (seed: string) => new CryptoRecorder([], new Random(seed), seed);
const stored = concat(
  register(kit("deploy"), "toy", utf8("alice"), utf8("correct horse"), server),
  register(kit("deploy 2"), "toy", utf8("bob"), utf8("battery staple"), server),
);
const serverKey = (purpose: string): Uint8Array => kit(purpose).random(32);

interface Setting {
  readonly user?: string;
  readonly password?: string;
  readonly attempt?: number;
  readonly channel?: string;
  readonly defences?: LoginDefences;
}

/** One channel with its server side; clients come and try. */
class Bench {
  now: Millis = 0;
  readonly said: string[] = [];
  readonly throttle: Throttle;
  readonly server: ServerLogin;
  client: ClientLogin;
  readonly #defences: LoginDefences;

  constructor(setting: Setting = {}, throttle = new Throttle(kit("throttle"), serverKey("count"))) {
    this.throttle = throttle;
    this.#defences = setting.defences ?? allLoginDefences;
    this.server = new ServerLogin({
      crypto: kit("server"),
      server,
      exported: utf8("channel 1"),
      defences: this.#defences,
      accounts: () => stored,
      fakeKey: serverKey("fake"),
      throttle,
      from: "alice:40000",
    });
    this.client = this.start(setting);
  }

  start(setting: Setting): ClientLogin {
    this.client = new ClientLogin({
      crypto: kit(`client ${setting.attempt ?? 0}`),
      server,
      exported: utf8(setting.channel ?? "channel 1"),
      defences: this.#defences,
      user: utf8(setting.user ?? "alice"),
      password: utf8(setting.password ?? "correct horse"),
      work: "toy",
      attempt: setting.attempt ?? 0,
      jitter: 1,
    });
    return this.client;
  }

  #say(arrow: string, { step, body }: LoginFrame): void {
    this.said.push(`${arrow} ${step >> 4}.${step & 15} (${body.length})`);
  }

  /** Until the client sends nothing more. */
  run(): this {
    for (;;) {
      const frame = this.client.due(this.now);
      if (frame === undefined) break;
      expect(frameBytes(frame)).toBeLessThanOrEqual(room);
      this.#say(">>", frame);
      const answer = this.server.receive(frame, this.now);
      if (typeof answer === "string") {
        this.said.push(`<< ${answer}`);
        break;
      }
      expect(frameBytes(answer)).toBeLessThanOrEqual(room);
      this.#say("<<", answer);
      const refused = this.client.receive(answer);
      if (refused !== undefined) this.said.push(`client: ${refused}`);
    }
    const result = this.client.result;
    this.said.push(result?.ok === false ? result.because : `${result?.ok ?? "nothing"}`);
    return this;
  }
}

const whole = [
  ">> 0.0 (5)",
  "<< 0.0 (16)",
  ">> 0.1 (33)",
  "<< 0.1 (33)",
  ">> 0.2 (0)",
  "<< 0.2 (32)",
  ">> 0.3 (32)",
  "<< 0.4 (1)",
  "true",
];

describe("a login", () => {
  test("with the right password goes like this, and both ends have one key", () => {
    const bench = new Bench().run();
    expect(bench.said).toEqual(whole);
    const [mine, theirs] = [bench.client.result, bench.server.result];
    if (mine?.ok !== true || theirs === undefined) throw new Error("no result");
    expect([mine.key, mine.agreed]).toEqual([theirs.key, theirs.agreed]);
    expect(theirs.user).toEqual(utf8("alice"));
    expect(mine.key.length).toBe(32);
    expect(bench.client.deadline()).toBeUndefined();
  });

  test("with a wrong password ends when the client sees that the server has another", () => {
    const bench = new Bench({ password: "wrong" }).run();
    expect(bench.said).toEqual([...whole.slice(0, 6), "wrong-password"]);
    expect(bench.server.result).toBeUndefined();
  });

  test("of a user who does not exist goes as with a wrong password", () => {
    const bench = new Bench({ user: "carol" }).run();
    expect(bench.said).toEqual([...whole.slice(0, 6), "wrong-password"]);
  });

  test("whose password belongs to another user goes no further", () => {
    const bench = new Bench({ user: "alice", password: "battery staple" }).run();
    expect(bench.said.at(-1)).toBe("wrong-password");
    expect(new Bench({ user: "bob", password: "battery staple" }).run().said.at(-1)).toBe("true");
  });

  test("relayed into another channel fails", () => {
    expect(new Bench({ channel: "channel 2" }).run().said.at(-1)).toBe("wrong-password");
    const unbound = { ...allLoginDefences, binding: false };
    expect(new Bench({ channel: "channel 2", defences: unbound }).run().said.at(-1)).toBe("true");
  });

  test("can be tried again with the next number, and then works", () => {
    const bench = new Bench({ password: "wrong" }).run();
    bench.start({ attempt: 1 });
    bench.run();
    expect(bench.said.at(-1)).toBe("true");
    bench.start({ attempt: 2 });
    expect(bench.run().said.slice(-3)).toEqual([">> 2.0 (5)", "<< stale", "nothing"]);
  });

  test("that is not answered is repeated seven times", () => {
    const { client } = new Bench();
    const times: Millis[] = [];
    for (let now = client.deadline(); now !== undefined; now = client.deadline()) {
      if (client.due(now) !== undefined) times.push(now);
    }
    expect(times.length).toBe(7);
    expect(client.result).toEqual({ ok: false, because: "no-answer" });
  });

  test("needs a name of 1 to 32 bytes", () => {
    expect(() => new Bench({ user: "" })).toThrow(MisuseError);
    expect(() => new Bench({ user: "x".repeat(maxUserBytes + 1) })).toThrow(MisuseError);
    expect(new Bench({ user: "x".repeat(maxUserBytes) }).run().said.at(-1)).toBe("wrong-password");
  });
});

describe("frames that come twice, late, or changed", () => {
  const frame = (step: number, body: Uint8Array): LoginFrame => ({ kind: "login", step, body });

  test("the same answer is given to the same step, and counts once", () => {
    const throttle = new Throttle(kit("throttle"), serverKey("count"));
    const bench = new Bench({}, throttle);
    for (let i = 0; i < 4; i++) {
      const sent = bench.client.due(bench.now);
      if (sent === undefined) throw new Error("nothing is sent");
      const answer = bench.server.receive(sent, bench.now);
      for (let k = 0; k < 20; k++) expect(bench.server.receive(sent, bench.now)).toEqual(answer);
      if (typeof answer === "string") throw new Error(answer);
      expect(bench.client.receive(answer)).toBeUndefined();
      // The answer comes again: it is too late.
      expect(bench.client.receive(answer)).toBe("stale");
    }
    expect(bench.client.result?.ok).toBe(true);
  });

  test("a step out of its turn is refused, and disturbs nothing", () => {
    const bench = new Bench();
    const strange = [1, 2, 3, 4, 5, 15].map((step) => frame(step, new Uint8Array(32)));
    const others = strange.map((f) => bench.server.receive(f, 0));
    expect(new Set(others)).toEqual(new Set(["unexpected"]));
    const answers = strange.map((f) => bench.client.receive(f));
    expect(new Set(answers)).toEqual(new Set(["unexpected", "malformed"]));
    expect(bench.run().said).toEqual(whole);
  });

  test("a server that says yes too early is not believed", () => {
    const bench = new Bench();
    bench.client.due(0);
    expect(bench.client.receive(frame(4, Uint8Array.of(0)))).toBe("unexpected");
    expect(bench.client.result).toBeUndefined();
  });

  test("a client that shows nothing, or a wrong confirmation, is not let in", () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i++) {
      const answer = bench.server.receive(bench.client.due(0) as LoginFrame, 0);
      bench.client.receive(answer as LoginFrame);
    }
    const right = bench.client.due(0) as LoginFrame;
    const wrong = right.body.map((byte, i) => (i === 31 ? byte ^ 1 : byte));
    expect(bench.server.receive(frame(3, wrong), 0)).toEqual(frame(4, Uint8Array.of(1)));
    // One wrong confirmation ends the attempt.
    expect(bench.server.receive(right, 0)).toBe("unexpected");
    expect(bench.server.result).toBeUndefined();
  });

  test.each([
    ["no name", 0, new Uint8Array(0), "malformed"],
    ["a name too long", 0, new Uint8Array(maxUserBytes + 1), "malformed"],
  ])("%s is refused", (_, step, body, reason) => {
    expect(new Bench().server.receive(frame(step, body), 0)).toBe(reason);
  });

  test("shares that are no points are refused and cost no guess", () => {
    const bench = new Bench();
    bench.client.receive(bench.server.receive(bench.client.due(0) as LoginFrame, 0) as LoginFrame);
    for (let i = 4; i < 30; i++) {
      expect(bench.server.receive(frame(1, new Uint8Array(33).fill(i)), 0)).toBe("bad-key");
      expect(bench.client.receive(frame(1, new Uint8Array(33).fill(i)))).toBe("bad-key");
    }
    expect(bench.client.receive(frame(1, new Uint8Array(0)))).toBe("bad-key");
    expect(bench.run().said.at(-1)).toBe("true");
  });

  test("whatever is sent in between, nothing throws, and no login succeeds", () => {
    const steps = fc.array(
      fc.tuple(fc.nat(255), fc.oneof(fc.uint8Array({ maxLength: 42 }), fc.constant(utf8("alice")))),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, (list) => {
        const bench = new Bench();
        for (const [step, body] of list) {
          bench.server.receive(frame(step, body), 0);
          bench.client.receive(frame(step, body));
        }
        expect(bench.server.result).toBeUndefined();
        expect(bench.client.result?.ok ?? false).toBe(false);
      }),
      { numRuns: 50 },
    );
  });
});

describe("users who do not exist", () => {
  const salt = (user: string, defences = allLoginDefences) =>
    new Bench({ defences }).server.receive({ kind: "login", step: 0, body: utf8(user) }, 0);

  test("have a salt that stays the same and differs from user to user", () => {
    expect(salt("carol")).toEqual(salt("carol"));
    expect(salt("carol")).not.toEqual(salt("dave"));
    expect((salt("carol") as LoginFrame).body.length).toBe(16);
  });

  test("are told apart without the disguise", () => {
    const open = { ...allLoginDefences, disguise: false };
    expect(salt("alice", open)).toEqual(salt("alice"));
    expect((salt("carol", open) as LoginFrame).body).toEqual(Uint8Array.of(1));
  });

  test("cannot log in with any confirmation: no party has their w1", () => {
    const [one, other] = ["carol", "carol"].map((u) =>
      fakeAccount(kit("x"), serverKey("fake"), utf8(u)),
    );
    expect(one).toEqual(other);
    expect(one?.verifier.pointL.length).toBe(33);
  });
});

describe("what is stored", () => {
  test("is found by the whole name only", () => {
    expect(findAccount(stored, utf8("bob"))?.salt.length).toBe(16);
    for (const name of ["bo", "bobb", "", "Bob"]) {
      expect(findAccount(stored, utf8(name))).toBeUndefined();
    }
    expect(findAccount(stored.slice(0, -1), utf8("bob"))).toBeUndefined();
    expect(findAccount(new Uint8Array(0), utf8("bob"))).toBeUndefined();
  });
});

describe("guessing is throttled", () => {
  /** How many wrong guesses in a row get an answer to their share. */
  const guesses = (throttle: Throttle, user: string, defences = allLoginDefences): number => {
    for (let count = 0; ; count++) {
      const said = new Bench({ user, password: `guess ${count}`, defences }, throttle).run().said;
      if (said.at(-1) === "later" || count === 50) return count;
      expect(said.at(-1)).toBe("wrong-password");
    }
  };
  const fresh = () => new Throttle(kit("throttle"), serverKey("count"));

  test("for a user, whether there is one or not", () => {
    expect(guesses(fresh(), "alice")).toBe(guessesPerUser);
    expect(guesses(fresh(), "carol")).toBe(guessesPerUser);
    expect(guesses(fresh(), "alice", { ...allLoginDefences, throttle: false })).toBe(50);
  });

  test("for a host, whatever the users and the ports", () => {
    const throttle = fresh();
    let allowed = 0;
    for (let i = 0; i < 100; i++) {
      if (throttle.take(utf8(`user ${i}`), `mallory:${i}`, 0)) allowed++;
    }
    expect(allowed).toBe(guessesPerHost);
    expect(throttle.take(utf8("alice"), "alice:1", 0)).toBe(true);
  });

  test("and allowed again after a minute; what was right does not count", () => {
    const throttle = fresh();
    expect(guesses(throttle, "alice")).toBe(guessesPerUser);
    const late = new Bench({}, throttle);
    expect(late.run().said.at(-1)).toBe("later");
    for (let i = 0; i < 3; i++) {
      const later = new Bench({}, throttle);
      later.now = refillMs;
      expect(later.run().said.at(-1)).toBe("true");
    }
    expect(throttle.take(utf8("alice"), "bob:1", refillMs)).toBe(true);
    expect(throttle.take(utf8("alice"), "bob:1", refillMs)).toBe(false);
  });

  test("in one channel, by the number of attempts", () => {
    const open = { ...allLoginDefences, throttle: false };
    const bench = new Bench({ password: "wrong", defences: open }).run();
    for (let attempt = 1; attempt < maxAttempts; attempt++) {
      bench.start({ attempt, password: "wrong" });
      expect(bench.run().said.at(-1)).toBe("wrong-password");
    }
    bench.start({ attempt: maxAttempts - 1 });
    expect(bench.run().said.at(-2)).toBe("<< unexpected");
  });
});
