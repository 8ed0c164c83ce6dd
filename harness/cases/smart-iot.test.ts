import { describe, expect, test } from "vitest";
import { firstNumber, newSalt } from "../../protocol/cases/smart-iot/login.ts";
import { settingsOf } from "../../protocol/cases/smart-iot/settings.ts";
import { Slots } from "../../protocol/cases/smart-iot/slots.ts";
import { smartIot } from "../../protocol/cases/smart-iot/smart-iot.ts";
import {
  addresses,
  datagram,
  defaults,
  fate,
  lines,
  loggedOn,
  openBoth,
  sent,
} from "../../protocol/cases/smart-iot/test-bench.ts";
import { type Endpoint, MisuseError, type Output } from "../../protocol/endpoint.ts";
import { fromLatin1, lossyText, utf8 } from "../../protocol/kit/bytes.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";

const { client: fromClient, device: fromDevice } = addresses;
const stranger = "mallory:6666";
/** One datagram in, datagrams out. */
const answer = (endpoint: Endpoint, text: string, from: string, now = 0): readonly string[] =>
  sent(endpoint.handle(datagram(text, from), now));
const field = (message: string, n: number): string => message.split(",")[n] ?? "";
const withField = (message: string, n: number, value: string): string =>
  message
    .split(",")
    .map((old, i) => (i === n ? value : old))
    .join(",");

describe("an honest session", () => {
  test("as a playbook", () => {
    const { client, device, greeted, type } = loggedOn();
    expect(lines(greeted)).toEqual(["claim secret bob", "claim commit bob", "ready"]);
    const sending = type("open the gate");
    expect(lines(sending)).toEqual([`transmit 693 to ${fromDevice}`]);
    const echoing = device.handle(datagram(sent(sending)[0] ?? "", fromClient), 0);
    expect(lines(echoing)).toEqual([
      "deliver message open the gate",
      "claim evidence alice",
      "submit login You sent IOT: open the gate",
      `transmit 693 to ${fromClient}`,
    ]);
    const shown = client.handle(datagram(sent(echoing)[0] ?? "", fromDevice), 0);
    expect(lines(shown)).toEqual([
      "deliver login You sent IOT: open the gate",
      "confirm open the gate",
      "ready",
    ]);
    const leaving = client.handle({ kind: "timeout" }, 1000);
    expect(lines(leaving)).toEqual([`transmit 693 to ${fromDevice}`, "exit content"]);
    const idle = device.handle(datagram(sent(leaving)[0] ?? "", fromClient), 1000);
    expect(lines(idle)).toEqual(["transmit 53 to *:50000"]);
  });

  test("the login, as it travels", () => {
    const { connect, login, answer: reply } = loggedOn();
    expect(connect).toMatch(/^CONNECT:[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15},1,garden-hub$/);
    expect(login).toMatch(
      /^ACK:PASS,1,homeowner,[0-9a-f]{64},[0-9a-f]{32},\d{1,6},-----BEGIN PUBLIC KEY-----\n/,
    );
    expect(reply).toMatch(/^ACK:ENCRYPT,-----BEGIN [^,]+-----,[0-9a-f]{64},\d{1,6}$/);
  });

  test("typing exit ends it as well", () => {
    expect(lines(loggedOn().type("exit")).at(-1)).toBe("exit content");
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
    const { device } = openBoth();
    device.handle({ kind: "start" }, 0);
    for (const minute of [1, 2, 3]) {
      expect(device.deadline?.()).toBe(minute * 60_000);
      device.handle({ kind: "timeout" }, minute * 60_000);
    }
    expect(device.deadline?.()).toBeUndefined();
    expect(answer(device, "A:b", stranger, 500_000)).toHaveLength(1);
    expect(device.deadline?.()).toBe(560_000);
  });

  test("misuse by the application is told as such", () => {
    const { client, device } = openBoth();
    const message = utf8("too early");
    expect(() => client.handle({ kind: "send", message }, 0)).toThrow(MisuseError);
    expect(() => device.handle({ kind: "send", message }, 0)).toThrow(MisuseError);
  });
});

describe("the login", () => {
  test("keys and numbers are replaced, and both hashes verify (I1)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const [login = ""] = answer(client, connect, fromDevice);
    const [reply = ""] = answer(device, withField(login, 5, "1"), fromClient);
    const greeted = client.handle(datagram(withField(reply, 3, "1"), fromDevice), 0);
    expect(lines(greeted)).toContain("claim commit bob");
    expect(lines(client.handle({ kind: "timeout" }, 1000))).toContain("exit content");
  });

  test("a recorded login opens a session for whoever replays it (I5), with its salt cached", () => {
    const { client, device, login } = loggedOn();
    const [fin = ""] = sent(client.handle({ kind: "timeout" }, 1000));
    answer(device, fin, fromClient);
    const taken = device.handle(datagram(withField(login, 5, "1"), stranger), 2000);
    expect(lines(taken)).toContain("claim commit alice");
    expect(sent(taken)).toHaveLength(1);
  });

  test("the device's answer is the next login (I6): no password, for ever", () => {
    const { client, device, login } = loggedOn();
    const [fin = ""] = sent(client.handle({ kind: "timeout" }, 1000));
    const [announced = ""] = answer(device, fin, fromClient);
    const [salt, num] = [field(announced, 0).slice(8), field(announced, 1)];
    const [reply = ""] = answer(device, withField(login, 4, salt), stranger);
    // The session is left by the attacker; the answer is good in a device that has not seen it.
    const stolen = withField(withField(login, 1, num), 3, field(reply, 2));
    const { device: again } = loggedOnAndLeft();
    expect(lines(again.handle(datagram(stolen, stranger), 0))).toContain("claim commit alice");
  });

  test("a rogue announcement gets a login for the device's own salt (I7)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const rogue = client.handle(datagram(connect, stranger), 0);
    expect(rogue.find((o) => o.kind === "transmit")).toMatchObject({ to: "mallory:50001" });
    expect(lines(device.handle(datagram(sent(rogue)[0] ?? "", stranger), 0))).toContain(
      "claim commit alice",
    );
  });

  test("a number that is none: answered, but not in session (I18)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const [login = ""] = answer(client, connect, fromDevice);
    const outputs = device.handle(datagram(withField(login, 5, "x"), fromClient), 0);
    expect(sent(outputs)[0]).toMatch(/^ACK:ENCRYPT/);
    client.handle(datagram(sent(outputs)[0] ?? "", fromDevice), 0);
    const data = sent(client.handle({ kind: "send", message: utf8("hello") }, 0))[0] ?? "";
    expect(lines(device.handle(datagram(data, fromClient), 0))).toContain("reject malformed");
    expect(device.stateSize?.()).toBe(1);
  });

  test("a huge number makes it compute for hours (I19)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const [login = ""] = answer(client, connect, fromDevice);
    device.handle(datagram(withField(login, 5, "9".repeat(7000)), fromClient), 0);
    expect(device.handle(datagram("A:b", stranger), 1)).toEqual([]);
    expect(device.deadline?.()).toBeUndefined();
  });

  test("a reported error has the password typed again (I20)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    expect(answer(client, connect, fromDevice)).toHaveLength(1);
    expect(answer(client, connect, fromDevice)).toHaveLength(0);
    answer(client, "ERROR:LOGIN", stranger);
    expect(answer(client, connect, fromDevice)).toHaveLength(1);
  });

  test("a comma in the name: nine fields, and silence (I21)", () => {
    const { device, login } = { ...openBoth(), login: loggedOn().login };
    device.handle({ kind: "start" }, 0);
    const outputs = device.handle(datagram(withField(login, 2, "home,owner"), fromClient), 0);
    expect(lines(outputs)[0]).toBe("reject malformed");
  });

  test("ten datagrams push a salt out (I14)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const [login = ""] = answer(client, connect, fromDevice);
    for (let i = 0; i < 10; i++) answer(device, "A:b", stranger);
    expect(lines(device.handle(datagram(login, fromClient), 0))[0]).toBe("reject stale");
  });

  test("a wrong password is told", () => {
    const { device } = openBoth();
    device.handle({ kind: "start" }, 0);
    const wrong = withField(loggedOn().login, 3, "0".repeat(64));
    expect(answer(device, wrong, fromClient)[0]).toBe("ERROR:LOGIN");
  });
});

/** The same installation after a first session, with its salts as the device made them. */
function loggedOnAndLeft() {
  const ends = loggedOn();
  const [fin = ""] = sent(ends.client.handle({ kind: "timeout" }, 1000));
  answer(ends.device, fin, fromClient);
  return ends;
}

describe("one datagram ends the program", () => {
  test.each([
    ["ACK:", "NameError"],
    ["ACK:PASS,x,a,b,c,1,d", "ValueError"],
  ])("the idle device: %s (I10)", (text, error) => {
    const { device } = openBoth();
    device.handle({ kind: "start" }, 0);
    expect(fate(device, datagram(text))).toContain(error);
  });

  test("the device in session: junk in the client's name (I10), busy for others (I12)", () => {
    const { device } = loggedOn();
    expect(answer(device, "A:b", stranger)[0]).not.toContain(":");
    expect(device.stateSize?.()).toBe(1);
    expect(fate(device, datagram("junk!", fromClient))).toContain("Error");
  });

  test.each([
    ["noise", "TypeError"],
    ["CONNECT:a", "IndexError"],
    ["ACK:ENCRYPT", "NameError"],
  ])("the client: %s (I11)", (text, error) => {
    expect(fate(openBoth().client, datagram(text))).toContain(error);
  });

  test("the client leaves its loop at an unknown command (I11)", () => {
    const outputs = openBoth().client.handle(datagram("X:"), 0);
    expect(lines(outputs)).toEqual(["exit unknown command"]);
  });

  test.each([
    [449, "alive", "alive"],
    [452, "alive", "ValueError: Plaintext is too long."],
    [465, "ValueError: Plaintext is too long.", undefined],
  ])("a text of %d bytes (I17)", (size, atClient, atDevice) => {
    const { device, type } = loggedOn();
    let outputs: readonly Output[] = [];
    const attempt = (): void => {
      outputs = type("x".repeat(size));
    };
    // Each digit that the number has less than six makes room for one more byte.
    if (atClient === "alive") attempt();
    else expect(attempt).toThrow(atClient);
    if (atDevice === undefined) return;
    expect(fate(device, datagram(sent(outputs)[0] ?? "", fromClient))).toBe(atDevice);
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

describe("denied by others", () => {
  test("a colon-less datagram in somebody's name blocks them for an hour (I13)", () => {
    const { client, device } = openBoth();
    const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
    const [login = ""] = answer(client, connect, fromDevice);
    answer(device, "no colon", fromClient);
    expect(lines(device.handle(datagram(login, fromClient), 1))[0]).toBe("reject unauthorized");
  });

  test("the user says no to strangers, and blocks them", () => {
    const { client } = openBoth();
    expect(answer(client, "CONNECT:00,1,evil", stranger)).toEqual([]);
    expect(lines(client.handle(datagram("X:", stranger), 1))).toEqual(["reject unauthorized"]);
    expect(lines(client.handle(datagram("X:", stranger), 600_000))[0]).toContain("exit");
  });

  test("any datagram, a blocked one too, has the device shout (I22)", () => {
    const { device } = openBoth();
    device.handle({ kind: "start" }, 0);
    for (const _ of [1, 2, 3]) expect(answer(device, "x", stranger)[0]).toMatch(/^CONNECT:/);
  });
});

describe("options", () => {
  const kit = () => new CryptoRecorder([], new Random("options"), "options");

  test("keyfiles=swapped: private keys travel, and the first text ends the device", () => {
    const { login, answer: reply, device, type } = loggedOn({ keyfiles: "swapped" });
    for (const text of [login, reply]) expect(text).toContain("-----BEGIN PRIVATE KEY-----");
    expect(fate(device, datagram(sent(type("hello"))[0] ?? "", fromClient))).toBe(
      "TypeError: No private key",
    );
  });

  test("keys=pinned, binding=all-fields: what is replaced is refused", () => {
    for (const options of [{ binding: "all-fields" }, { keys: "pinned" }]) {
      const { client, device } = openBoth(options);
      const [connect = ""] = sent(device.handle({ kind: "start" }, 0));
      const [login = ""] = answer(client, connect, fromDevice);
      const foreign = withField(login, 6, field(loggedOn().answer, 1));
      const outputs = lines(device.handle(datagram(foreign, fromClient), 0));
      expect(outputs.some((l) => l.startsWith("reject bad-"))).toBe(true);
    }
  });

  test("salts=one-time: a login is good once", () => {
    const { client, device, login } = loggedOn({ salts: "one-time" });
    const [fin = ""] = sent(client.handle({ kind: "timeout" }, 1000));
    answer(device, fin, fromClient);
    expect(lines(device.handle(datagram(login, fromClient), 0))[0]).toBe("reject stale");
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
    const { client, device } = openBoth({ fields: "checked" });
    device.handle({ kind: "start" }, 0);
    expect(fate(device, datagram("ACK:"))).toBe("alive");
    for (const text of ["noise", "ACK:ENCRYPT", "X:", "CONNECT:a", "CONNECT:a,1,b\nc"]) {
      expect(lines(client.handle(datagram(text), 0))).toContain("reject malformed");
    }
  });

  test("beacon=timed: no shouting, and a block list with a bound", () => {
    const { device } = openBoth({ beacon: "timed" });
    device.handle({ kind: "start" }, 0);
    for (let i = 0; i < 50; i++) expect(answer(device, "x", `s${i}:1`)).toEqual([]);
    expect(device.stateSize?.()).toBe(16);
    expect(sent(device.handle({ kind: "timeout" }, 60_000))).toHaveLength(1);
  });

  test("salts are version-4 UUIDs", () => {
    expect(newSalt(kit())).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    expect(lossyText(fromLatin1(newSalt(kit())))).toHaveLength(32);
  });
});
