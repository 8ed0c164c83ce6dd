import { describe, expect, test } from "vitest";
import { firstNumber, newSalt } from "../../protocol/cases/smart-iot/login.ts";
import { settings as playbookSettings } from "../../protocol/cases/smart-iot/playbook-settings.ts";
import { settingsOf } from "../../protocol/cases/smart-iot/settings.ts";
import { Slots } from "../../protocol/cases/smart-iot/slots.ts";
import { smartIot } from "../../protocol/cases/smart-iot/smart-iot.ts";
import { MisuseError, type Output } from "../../protocol/endpoint.ts";
import { fromLatin1, latin1, lossyText, utf8 } from "../../protocol/kit/bytes.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { defaultsOf } from "../../protocol/testing/installation.ts";
import { Playbook, send, timeout } from "../../protocol/testing/playbook.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";

const stranger = "mallory:6666";
const defaults = defaultsOf(smartIot);
type Party = "client" | "device";

/** Both ends, and the device's announcement; datagrams are passed by the test, as texts. */
class Iot extends Playbook {
  readonly announced: string;

  constructor(options: Readonly<Record<string, string>> = {}) {
    super({ ...playbookSettings, options });
    this.open("client").open("device");
    this.announced = sent(this.said("device", "transmit"))[0] ?? "";
  }

  give(to: Party, text: string, from = stranger, now = this.now): readonly Output[] {
    this.now = now;
    return this.inject({ from, to, bytes: fromLatin1(text) });
  }
  /** One datagram in, datagrams out. */
  answer(to: Party, text: string, from = stranger, now = this.now): readonly string[] {
    return sent(this.give(to, text, from, now));
  }
  /** The outputs that a log would not show, as lines. */
  told(outputs: readonly Output[]): readonly string[] {
    return this.tell(outputs.filter((o) => o.kind !== "log"));
  }
}

const sent = (outputs: readonly Output[]): readonly string[] =>
  outputs.flatMap((o) => (o.kind === "transmit" ? [latin1(o.bytes)] : []));

/** One announcement, one login, and both ends in session. */
function loggedOn(options?: Readonly<Record<string, string>>) {
  const play = new Iot(options);
  const connect = play.announced;
  const [login = ""] = play.answer("client", connect, "device");
  const [answer = ""] = play.answer("device", login, "client");
  play.give("client", answer, "device");
  const type = (text: string): readonly Output[] => play.handle("client", send(fromLatin1(text)));
  return { play, login, answer, type };
}
const field = (message: string, n: number): string => message.split(",")[n] ?? "";
const withField = (message: string, n: number, value: string): string =>
  message
    .split(",")
    .map((old, i) => (i === n ? value : old))
    .join(",");

describe("an honest session", () => {
  test("as a playbook", () => {
    const play = new Iot().settle();
    const isLog = / << log /;
    play.goes(
      [
        "client >> start",
        "device >> start",
        "device << transmit 53 bytes to *:50000",
        "client >> datagram 53 bytes from device",
        'client << submit login "homeowner"',
        "client << claim running bob",
        "client << transmit 924 bytes to device",
        "device >> datagram 924 bytes from client",
        "device << claim running alice",
        "device << transmit 883 bytes to client",
        'device << deliver login "homeowner" from alice',
        "device << claim secret alice",
        "device << claim commit alice",
        "client >> datagram 883 bytes from device",
        "client << claim secret bob",
        "client << claim commit bob",
        "client << ready for 1",
      ],
      isLog,
    );
    play.in("client", send("open the gate")).settle();
    play.goes(
      [
        'client >> send "open the gate"',
        "client << transmit 693 bytes to device",
        "device >> datagram 693 bytes from client",
        'device << deliver "open the gate" from alice',
        "device << claim evidence alice",
        'device << submit login "You sent IOT: open the gate"',
        "device << transmit 693 bytes to client",
        "client >> datagram 693 bytes from device",
        'client << deliver login "You sent IOT: open the gate" from bob',
        'client << confirm "open the gate"',
        "client << ready for 1",
      ],
      isLog,
    );
    play.in("client", timeout, 1000).settle();
    play.goes(
      [
        "client >> timeout",
        "client << transmit 693 bytes to device",
        "client << exit ok",
        "device >> datagram 693 bytes from client",
        "device << transmit 53 bytes to *:50000",
      ],
      isLog,
    );
  });

  test("the login, as it travels", () => {
    const { play, login, answer: reply } = loggedOn();
    expect(play.announced).toMatch(
      /^CONNECT:[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15},1,garden-hub$/,
    );
    expect(login).toMatch(
      /^ACK:PASS,1,homeowner,[0-9a-f]{64},[0-9a-f]{32},\d{1,6},-----BEGIN PUBLIC KEY-----\n/,
    );
    expect(reply).toMatch(/^ACK:ENCRYPT,-----BEGIN [^,]+-----,[0-9a-f]{64},\d{1,6}$/);
  });

  test("typing exit ends it as well", () => {
    const { play, type } = loggedOn();
    expect(play.told(type("exit")).at(-1)).toBe("exit ok");
  });

  test("the workload: two sessions, and one whose text is too long for its echo", () => {
    const sizes = smartIot.workload?.(defaults).sessions.map((s) => s.messages.length);
    expect(sizes).toEqual([3, 1, 1]);
    const subject = { protocol: smartIot, options: defaults, source: "smart-iot" };
    const trace = simulate(planOf(subject));
    const crashes = trace.events.flatMap((e) => (e.kind === "crashed" ? [e.because] : []));
    expect(crashes).toEqual(["ValueError: Plaintext is too long."]);
    const calm = simulate(planOf(subject, { workload: "within-limits" }));
    expect(calm.events.filter((e) => e.kind === "confirm")).toHaveLength(4);
    expect(calm.processes.map((p) => p.end)).toEqual(["alive", "exited", "exited"]);
  });

  test("the device falls silent after three minutes, and one datagram wakes it", () => {
    const play = new Iot();
    for (const minute of [1, 2, 3]) {
      expect(play.endpoint("device").deadline?.()).toBe(minute * 60_000);
      play.handle("device", timeout, minute * 60_000);
    }
    expect(play.endpoint("device").deadline?.()).toBeUndefined();
    expect(play.answer("device", "A:b", stranger, 500_000)).toHaveLength(1);
    expect(play.endpoint("device").deadline?.()).toBe(560_000);
  });

  test("misuse by the application is reported as such", () => {
    const play = new Iot();
    const message = utf8("too early");
    expect(() => play.handle("client", send(message))).toThrow(MisuseError);
    expect(() => play.handle("device", send(message))).toThrow(MisuseError);
  });
});

describe("the login", () => {
  test("keys and numbers are replaced, and both hashes verify (I1)", () => {
    const play = new Iot();
    const [login = ""] = play.answer("client", play.announced, "device");
    const [reply = ""] = play.answer("device", withField(login, 5, "1"), "client");
    const greeted = play.give("client", withField(reply, 3, "1"), "device");
    expect(play.told(greeted)).toContain("claim commit bob");
    expect(play.told(play.handle("client", timeout, 1000))).toContain("exit ok");
  });

  test("a replayed login opens a session (I5), with its salt cached", () => {
    const { play, login } = loggedOn();
    const [fin = ""] = sent(play.handle("client", timeout, 1000));
    play.answer("device", fin, "client");
    const taken = play.give("device", withField(login, 5, "1"), stranger, 2000);
    expect(play.told(taken)).toContain("claim commit alice");
    expect(sent(taken)).toHaveLength(1);
  });

  test("the device's answer is the next login (I6): no password, for ever", () => {
    const { play, login } = loggedOn();
    const [fin = ""] = sent(play.handle("client", timeout, 1000));
    const [announced = ""] = play.answer("device", fin, "client");
    const [salt, num] = [field(announced, 0).slice(8), field(announced, 1)];
    const [reply = ""] = play.answer("device", withField(login, 4, salt), stranger);
    // The session is left by the attacker; the answer is good in a device that has not seen it.
    const stolen = withField(withField(login, 1, num), 3, field(reply, 2));
    const again = loggedOnAndLeft();
    expect(again.told(again.give("device", stolen))).toContain("claim commit alice");
  });

  test("a rogue announcement gets a login for the device's own salt (I7)", () => {
    const play = new Iot();
    const connect = play.announced;
    const rogue = play.give("client", connect, stranger);
    expect(rogue.find((o) => o.kind === "transmit")).toMatchObject({ to: "mallory:50001" });
    expect(play.told(play.give("device", sent(rogue)[0] ?? "", stranger))).toContain(
      "claim commit alice",
    );
  });

  test("a number that is none: answered, but not in session (I18)", () => {
    const play = new Iot();
    const [login = ""] = play.answer("client", play.announced, "device");
    const outputs = play.give("device", withField(login, 5, "x"), "client");
    expect(sent(outputs)[0]).toMatch(/^ACK:ENCRYPT/);
    play.give("client", sent(outputs)[0] ?? "", "device");
    const data = sent(play.handle("client", send(utf8("hello"))))[0] ?? "";
    expect(play.told(play.give("device", data, "client"))).toContain("reject malformed");
    expect(play.endpoint("device").stateSize?.()).toBe(1);
  });

  test("a huge number makes it compute for hours (I19)", () => {
    const play = new Iot();
    const [login = ""] = play.answer("client", play.announced, "device");
    play.give("device", withField(login, 5, "9".repeat(7000)), "client");
    expect(play.give("device", "A:b", stranger, 1)).toEqual([]);
    expect(play.fate("device")).toBe("waits");
    expect(play.endpoint("device").deadline?.()).toBeUndefined();
  });

  test("a reported error has the password typed again (I20)", () => {
    const play = new Iot();
    const connect = play.announced;
    expect(play.answer("client", connect, "device")).toHaveLength(1);
    expect(play.answer("client", connect, "device")).toHaveLength(0);
    play.answer("client", "ERROR:LOGIN", stranger);
    expect(play.answer("client", connect, "device")).toHaveLength(1);
  });

  test("a comma in the name: nine fields, and silence (I21)", () => {
    const play = new Iot();
    const { login } = loggedOn();
    const outputs = play.give("device", withField(login, 2, "home,owner"), "client");
    expect(play.told(outputs)[0]).toBe("reject malformed");
  });

  test("ten datagrams push a salt out (I14)", () => {
    const play = new Iot();
    const [login = ""] = play.answer("client", play.announced, "device");
    for (let i = 0; i < 10; i++) play.answer("device", "A:b", stranger);
    expect(play.told(play.give("device", login, "client"))[0]).toBe("reject stale");
  });

  test("a wrong password is reported", () => {
    const play = new Iot();
    const wrong = withField(loggedOn().login, 3, "0".repeat(64));
    expect(play.answer("device", wrong, "client")[0]).toBe("ERROR:LOGIN");
  });
});

/** The same installation after a first session, with its salts as the device made them. */
function loggedOnAndLeft() {
  const { play } = loggedOn();
  const [fin = ""] = sent(play.handle("client", timeout, 1000));
  play.answer("device", fin, "client");
  return play;
}

describe("one datagram ends the program", () => {
  test.each([
    ["ACK:", "NameError"],
    ["ACK:PASS,x,a,b,c,1,d", "ValueError"],
  ])("the idle device: %s (I10)", (text, error) => {
    const play = new Iot();
    play.give("device", text);
    expect(play.fate("device")).toContain(error);
  });

  test("the device in session: junk in the client's name (I10), busy for others (I12)", () => {
    const { play } = loggedOn();
    expect(play.answer("device", "A:b", stranger)[0]).not.toContain(":");
    expect(play.endpoint("device").stateSize?.()).toBe(1);
    play.give("device", "junk!", "client");
    expect(play.fate("device")).toContain("Error");
  });

  test.each([
    ["noise", "TypeError"],
    ["CONNECT:a", "IndexError"],
    ["ACK:ENCRYPT", "NameError"],
  ])("the client: %s (I11)", (text, error) => {
    const play = new Iot();
    play.give("client", text);
    expect(play.fate("client")).toContain(error);
  });

  test("the client leaves its loop at an unknown command (I11)", () => {
    const play = new Iot();
    expect(play.told(play.give("client", "X:"))).toEqual(["exit because unknown command"]);
  });

  test.each([
    [449, "waits", "waits"],
    [452, "waits", "crash ValueError: Plaintext is too long."],
    [465, "crash ValueError: Plaintext is too long.", undefined],
  ])("a text of %d bytes (I17)", (size, atClient, atDevice) => {
    const { play, type } = loggedOn();
    // Each digit that the number has less than six makes room for one more byte.
    const outputs = type("x".repeat(size));
    expect(play.fate("client")).toBe(atClient);
    if (atDevice === undefined) return;
    play.give("device", sent(outputs)[0] ?? "", "client");
    expect(play.fate("device")).toBe(atDevice);
  });

  test("the table of connections stumbles over empty slots (I25)", () => {
    const slots = new Slots();
    const key = new Uint8Array(0);
    for (const address of ["a:1", "b:1"]) slots.add({ address, key });
    slots.remove("a:1");
    slots.add({ address: "c:1", key });
    expect(slots.find("b:1")).toBeUndefined();
    expect(() => slots.remove("c:1")).toThrow("NoneType");
  });
});

describe("denial of service by third parties", () => {
  test("a colon-less datagram with a spoofed source blocks its owner for an hour (I13)", () => {
    const play = new Iot();
    const [login = ""] = play.answer("client", play.announced, "device");
    play.answer("device", "no colon", "client");
    expect(play.told(play.give("device", login, "client", 1))[0]).toBe("reject unauthorized");
  });

  test("the user refuses unknown peers, and blocks them", () => {
    const play = new Iot();
    expect(play.answer("client", "CONNECT:00,1,evil", stranger)).toEqual([]);
    expect(play.told(play.give("client", "X:", stranger, 1))).toEqual(["reject unauthorized"]);
    expect(play.told(play.give("client", "X:", stranger, 600_000))[0]).toContain("exit");
  });

  test("any datagram, a blocked one too, triggers an announcement of the device (I22)", () => {
    const play = new Iot();
    for (const _ of [1, 2, 3]) expect(play.answer("device", "x", stranger)[0]).toMatch(/^CONNECT:/);
  });
});

describe("options", () => {
  const kit = () => new CryptoRecorder([], new Random("options"), "options");

  test("keyfiles=swapped: private keys travel, and the first text ends the device", () => {
    const { play, login, answer: reply, type } = loggedOn({ keyfiles: "swapped" });
    for (const text of [login, reply]) expect(text).toContain("-----BEGIN PRIVATE KEY-----");
    play.give("device", sent(type("hello"))[0] ?? "", "client");
    expect(play.fate("device")).toBe("crash TypeError: No private key");
  });

  test("keys=pinned, binding=all-fields: what is replaced is refused", () => {
    for (const options of [{ binding: "all-fields" }, { keys: "pinned" }]) {
      const play = new Iot(options);
      const [login = ""] = play.answer("client", play.announced, "device");
      const foreign = withField(login, 6, field(loggedOn().answer, 1));
      const outputs = play.told(play.give("device", foreign, "client"));
      expect(outputs.some((l) => l.startsWith("reject bad-"))).toBe(true);
    }
  });

  test("salts=one-time: a login is good once", () => {
    const { play, login } = loggedOn({ salts: "one-time" });
    const [fin = ""] = sent(play.handle("client", timeout, 1000));
    play.answer("device", fin, "client");
    expect(play.told(play.give("device", login, "client"))[0]).toBe("reject stale");
  });

  test("dh=x25519: the first number has 128 bits", () => {
    const settings = settingsOf({ ...defaults, dh: "x25519" });
    const half = { secret: new Uint8Array(32).fill(7), shown: "" };
    const number = firstNumber(kit(), settings, half, "9");
    expect(number).toHaveLength(16);
    expect(firstNumber(kit(), settings, half, "x")).toBeUndefined();
    expect(firstNumber(kit(), settings, half, `${1n << 256n}`)).toBeUndefined();
  });

  test("fields=checked: what would end them is dropped", () => {
    const play = new Iot({ fields: "checked" });
    play.give("device", "ACK:");
    expect(play.fate("device")).toBe("waits");
    for (const text of ["noise", "ACK:ENCRYPT", "X:", "CONNECT:a", "CONNECT:a,1,b\nc"]) {
      expect(play.told(play.give("client", text))).toContain("reject malformed");
    }
  });

  test("beacon=timed: no triggered announcements, and a bounded block list", () => {
    const play = new Iot({ beacon: "timed" });
    for (let i = 0; i < 50; i++) expect(play.answer("device", "x", `s${i}:1`)).toEqual([]);
    expect(play.endpoint("device").stateSize?.()).toBe(16);
    expect(sent(play.handle("device", timeout, 60_000))).toHaveLength(1);
  });

  test("salts are version-4 UUIDs", () => {
    expect(newSalt(kit())).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(lossyText(fromLatin1(newSalt(kit())))).toHaveLength(32);
  });
});
