/** Devices that the server has certified: they need no login, and cannot be impersonated. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Env, Input, Millis, Output, Protocol } from "../../endpoint.ts";
import { concat, latin1, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { type Network, Playbook, type Settings } from "../../testing/playbook.ts";
import { type Certificate, issue, verifyCertificate } from "../certificate.ts";
import type { Channel } from "../channel.ts";
import { Client } from "../client.ts";
import { Directory } from "../directory.ts";
import type { OwnCredential } from "../edhoc/credential.ts";
import type { Half } from "../edhoc/session.ts";
import { loginAddress as serverAddress, settings, typeOf } from "../playbook-settings.ts";
import {
  answerFrames,
  certifyStep,
  curve,
  deviceId,
  deviceSeconds,
  questionFrame,
  readAnswer,
} from "./certification.ts";
import { Device, deviceKeyIn, deviceStore } from "./device.ts";
import { DeviceRegister, maxDevicesEach } from "./device-register.ts";
import { dealAccounts } from "./enrolment.ts";
import { LoginHost } from "./login-host.ts";
import { LoginUser } from "./login-user.ts";
import { refusalOf } from "./refusal.ts";
import { secureChannelLogin } from "./secure-channel-login.ts";
import { settingsOf } from "./what-follows.ts";

const options = { device: "certified" };
const [first, second, third] = ["alice:40000", "alice:40001", "alice:40002"];
const says = ["one white horse", "", "paid in full"];
const answers = ["agreed", "until tomorrow"];
const kit = (seed: string) => new CryptoRecorder([], new Random(seed), seed);
const msPerSecond = 1_000;

/** The server alone, to begin with. */
const begun = (
  protocol: Protocol = secureChannelLogin,
  network?: Network,
  more: Partial<Settings> = {},
): Playbook =>
  new Playbook({ ...settings, protocol, options, network, ...more }).open(serverAddress);
/** One session of a user. @returns how many packets there were before. */
function session(at: string, on: Playbook): number {
  const before = on.wire.sent.length;
  on.converse(at, says, answers);
  on.run();
  return before;
}
/** Whom the server has finished with, in order. */
const users = (on: Playbook): string[] =>
  on.claims(serverAddress).flatMap((c) => (c.kind === "commit" ? [c.peer] : []));
const rejections = (on: Playbook, at: string): string[] =>
  on.said(at, "reject").map((output) => output.reason);
const logins = (on: Playbook, at: string): number => on.said(at, "submit").length / 2;
const certificateIn = (on: Playbook, user: string): Uint8Array =>
  on.installation.store(user, deviceStore("bob")).read().slice(32);

function expectDelivered(on: Playbook, at: string): void {
  expect(on.texts(at, "deliver")).toEqual(answers);
  expect(on.texts(at, "confirm").toSorted()).toEqual(says.toSorted());
  expect(on.events.filter((e) => e.startsWith(at)).at(-1)).toBe(`${at} << exit ok`);
}

describe("the session after a login", () => {
  test("takes none, and is the user's from message_3 on", () => {
    const on = begun();
    session(first, on);
    on.skip().converse(second, ["hi"], ["ho"]).run();
    on.goes([
      "alice:40001 >> start",
      "alice:40001 << transmit M1 (64)",
      "bob:5685 >> datagram M1 (64) from alice:40001",
      "bob:5685 << transmit RETRY (21) to alice:40001",
      "alice:40001 >> datagram RETRY (21) from bob:5685",
      "alice:40001 << transmit M1 (64)",
      "bob:5685 >> datagram M1 (64) from alice:40001",
      "bob:5685 << transmit M2 (64) to alice:40001",
      "alice:40001 >> datagram M2 (64) from bob:5685",
      "alice:40001 << claim running bob",
      "alice:40001 << transmit M3 (64)",
      "bob:5685 >> datagram M3 (64) from alice:40001",
      "bob:5685 << log session 2 is open",
      "bob:5685 << transmit M4 (64) to alice:40001",
      "bob:5685 << claim running alice",
      "bob:5685 << claim commit alice",
      "bob:5685 << negotiated suite 4",
      "bob:5685 << claim secret alice",
      "bob:5685 << claim secret alice",
      "bob:5685 << ready",
      'bob:5685 >> send "ho"',
      "bob:5685 << transmit record (64) to alice:40001",
      "alice:40001 >> datagram M4 (64) from bob:5685",
      "alice:40001 << claim commit bob",
      "alice:40001 << negotiated suite 4",
      "alice:40001 << claim secret bob",
      "alice:40001 << claim secret bob",
      "alice:40001 << ready",
      'alice:40001 >> send "hi"',
      // A message, two pieces of its signature.
      "alice:40001 << transmit record (64)",
      "alice:40001 << transmit record (64)",
      "alice:40001 << transmit record (64)",
      "alice:40001 >> datagram record (64) from bob:5685",
      'alice:40001 << deliver "ho" from bob',
      "alice:40001 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40001",
      "bob:5685 >> datagram record (64) from alice:40001",
      "bob:5685 >> datagram record (64) from alice:40001",
      'bob:5685 << deliver "hi" from alice',
      "bob:5685 << claim evidence alice",
      "bob:5685 << transmit record (64) to alice:40001",
      "bob:5685 >> datagram record (64) from alice:40001",
      'bob:5685 << confirm "ho"',
      "alice:40001 >> datagram record (64) from bob:5685",
      'alice:40001 << confirm "hi"',
      "alice:40001 >> timeout",
      "alice:40001 << transmit record (64)",
      "bob:5685 >> datagram record (64) from alice:40001",
      "bob:5685 << transmit record (64) to alice:40001",
      "alice:40001 >> datagram record (64) from bob:5685",
      "alice:40001 << exit ok",
    ]);
  });

  test("delivers and confirms everything, as the same user's, with evidence for it", () => {
    const on = begun();
    for (const at of [first, second, third]) session(at, on);
    for (const at of [first, second, third]) expectDelivered(on, at);
    expect([first, second, third].map((at) => logins(on, at))).toEqual([1, 0, 0]);
    expect(users(on)).toEqual(["alice", "alice", "alice"]);
    const evidence = on.claims(serverAddress, "evidence");
    expect(evidence.map((e) => e.peer)).toEqual(Array(9).fill("alice"));
    const unlike = new Set(on.claims(second).map((c) => ("value" in c ? String(c.value) : "")));
    for (const c of on.claims(first)) if ("value" in c) expect(unlike).not.toContain(`${c.value}`);
  });

  test("has its messages signed like any other, or authenticated", () => {
    const on = begun(secureChannelLogin, undefined, { options: { ...options, evidence: "mac" } });
    for (const at of [first, second]) session(at, on);
    for (const at of [first, second]) expectDelivered(on, at);
  });

  test("shows an eavesdropper neither the certificate, nor its number, nor the key", () => {
    const on = begun();
    for (const at of [first, second]) session(at, on);
    const certificate = certificateIn(on, "alice");
    const key = deviceKeyIn(on.installation.store("alice", deviceStore("bob")).read()) ?? utf8("");
    const parts = [0, 40, 80, 100].map((from) => certificate.slice(from, from + 16));
    for (const part of [...parts, kit("k").publicKey(curve, key), utf8("alice")]) {
      for (const { bytes } of on.wire.sent) expect(latin1(bytes)).not.toContain(latin1(part));
    }
  });

  test("is no other user's, even if several users share a machine", () => {
    const on = begun();
    session("carol:40000", on);
    session(first, on);
    session("carol:40001", on);
    expect(users(on)).toEqual(["carol", "alice", "carol"]);
    expect(logins(on, "carol:40001")).toBe(0);
    // Carol finds Alice's device on it.
    on.installation
      .store("carol", deviceStore("bob"))
      .write(on.installation.store("alice", deviceStore("bob")).read());
    session("carol:40002", on);
    expect(users(on).at(-1)).toBe("carol");
    expect(logins(on, "carol:40002")).toBe(1);
  });
});

describe("on a bad network", () => {
  test("users log in, their devices do not, and everything is delivered", () => {
    for (let i = 0; i < 8; i++) {
      const random = new Random(`bad ${i}`);
      const roll = (): number => (random.bytes(1)[0] ?? 0) / 256;
      const on = begun();
      for (const at of [first, second]) {
        const start = on.now;
        on.wire.network = () => {
          if (on.now - start > 20_000) return [10];
          return roll() < 0.2 ? [] : [10 + roll() * 200, ...(roll() < 0.2 ? [roll() * 900] : [])];
        };
        session(at, on);
        expectDelivered(on, at);
      }
      expect([logins(on, second), users(on)]).toEqual([0, ["alice", "alice"]]);
    }
  });

  test("whichever datagram gets lost", () => {
    const whole = begun();
    for (const at of [first, second]) session(at, whole);
    for (let lost = 0; lost < whole.wire.sent.length; lost++) {
      const on = begun(secureChannelLogin, ({ index }) => (index === lost ? [] : [10]));
      for (const at of [first, second]) session(at, on);
      for (const at of [first, second]) expectDelivered(on, at);
      expect(logins(on, second)).toBe(0);
    }
  });

  test("a server that certifies no device is asked for a while, and has a login each time", () => {
    const on = begun(secureChannelLogin, undefined, { optionsOf: { server: {} } });
    for (const at of [first, second]) session(at, on);
    for (const at of [first, second]) expectDelivered(on, at);
    expect([logins(on, first), logins(on, second)]).toEqual([1, 1]);
    expect(certificateIn(on, "alice").length).toBe(0);
  });
});

describe("a device that the server does not know any more", () => {
  const forgetful = (): Playbook => {
    const on = begun();
    session(first, on);
    on.open(serverAddress, { process: "server#1" });
    return on;
  };

  test("logs in again, at once, and is certified again with the key it has", () => {
    const on = forgetful();
    const stored = on.installation.store("alice", deviceStore("bob")).read();
    const start = on.now;
    on.converse(second, says, answers);
    on.run(start + 1_000);
    expect(logins(on, second)).toBe(1);
    on.run();
    expectDelivered(on, second);
    const now = on.installation.store("alice", deviceStore("bob")).read();
    expect(deviceKeyIn(now)).toEqual(deviceKeyIn(stored));
    expect(now).not.toEqual(stored);
    session(third, on);
    expectDelivered(on, third);
    expect(logins(on, third)).toBe(0);
  });

  test("whichever datagram gets lost", () => {
    const whole = forgetful();
    const before = session(second, whole);
    for (let lost = before; lost < whole.wire.sent.length; lost++) {
      const on = forgetful();
      on.wire.network = ({ index }) => (index === lost ? [] : [10]);
      session(second, on);
      expectDelivered(on, second);
    }
  });

  test("believes only the server: what others say of it changes nothing", () => {
    const on = forgetful();
    const stored = on.installation.store("alice", deviceStore("bob")).read();
    on.wire.network = (p) => {
      if (typeOf(p) === "M4") for (const at of [5, 40, 63]) p.bytes[at] = (p.bytes[at] ?? 0) ^ 1;
      return [10];
    };
    on.converse(second, says, answers);
    on.run(on.now + 15_000);
    expect(logins(on, second)).toBe(0);
    expect(on.installation.store("alice", deviceStore("bob")).read()).toEqual(stored);
    expect(rejections(on, second)).toContain("bad-tag");
  });

  test("has its certificate expired: it knows by itself", () => {
    const on = begun();
    session(first, on);
    on.now += deviceSeconds * msPerSecond;
    const before = session(second, on);
    expectDelivered(on, second);
    expect(logins(on, second)).toBe(1);
    const began = on.wire.sent.slice(before).filter((p) => typeOf(p) === "M3");
    expect(began.length).toBe(1);
  });

  test("comes from outside like one that the server knows", () => {
    const shape = (on: Playbook): string[] =>
      on.wire.sent
        .slice(session(second, on))
        .slice(0, 6)
        .map((p) => `${typeOf(p)} ${p.bytes.length} ${p.bytes.slice(0, 1)} ${p.bytes.slice(2, 4)}`);
    const known = begun();
    session(first, known);
    const [sent, refused] = [shape(known), shape(forgetful())];
    expect(refused.map((s) => s.split(" ").slice(0, 3))).toEqual(
      sent.map((s) => s.split(" ").slice(0, 3)),
    );
    expect(refused[5]).toBe(sent[5]);
  });
});

type Dealt = ReturnType<typeof dealAccounts>;
/** What a dishonest client shows; nothing for a guest. */
type Pretence = (env: Env, dealt: Dealt) => OwnCredential | undefined;
type Then = (channel: Channel, now: Millis) => readonly Output[];

/** A dishonest client: opens a channel with the credential it is given, then does `then`. */
class Stranger implements Endpoint {
  readonly #client: Client;
  readonly #then: Then | undefined;
  #channel: Channel | undefined;

  constructor(env: Env, dealt: Dealt, own: OwnCredential | undefined, then?: Then) {
    const { identity } = dealt.user({ ...env, self: "alice" });
    const opened = (channel: Channel): void => {
      this.#channel = channel;
      channel.release();
    };
    const refusal = (half: Half) => refusalOf(env.crypto, half);
    const certified = { refusal, refused: () => undefined };
    const login = { opened, ...(own && { certified }) };
    this.#client = new Client(env, own ? { ...identity, own } : identity, { login });
    this.#then = then;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    const out = [...this.#client.handle(input, now)];
    const channel = this.#channel;
    this.#channel = undefined;
    return channel && this.#then ? [...out, ...this.#then(channel, now)] : out;
  }

  deadline(): Millis | undefined {
    return this.#client.deadline();
  }
}
const stranger = "alice:50000";

/** A session of Alice's, and one of a dishonest client's. */
function strangerAt(pretence: (on: Playbook) => Pretence, then?: Then): Playbook {
  const protocol: Protocol = {
    ...secureChannelLogin,
    deploy(about) {
      const settings = settingsOf(about.options);
      const dealt = dealAccounts(about);
      const open = (role: string, env: Env): Endpoint => {
        if (role === "server") return new LoginHost(env, { ...dealt.host(env), settings });
        if (env.address !== stranger) return new LoginUser(env, { ...dealt.user(env), settings });
        return new Stranger(env, dealt, pretence(on)(env, dealt), then);
      };
      return { open, longTermSecrets: () => [] };
    },
  };
  const on = begun(protocol);
  session("carol:40000", on);
  session(first, on);
  on.converse(stranger);
  return on.run(on.now + 200_000);
}

const read = (env: Env, dealt: Dealt, bytes: Uint8Array): Certificate => {
  const { identity } = dealt.user({ ...env, self: "alice" });
  const publicKey = identity.directory.named("bob")?.certificate.signingKey ?? utf8("");
  const found = verifyCertificate(env.crypto, { name: "bob", publicKey, devices: true }, bytes);
  if (found === undefined) throw new Error("there is no certificate");
  return found;
};
/** Shows Alice's certificate, with a key of its own. */
const withCertificate =
  (on: Playbook, keyOf: (env: Env) => Uint8Array): Pretence =>
  (env, dealt) => {
    const { serial, bytes, staticKey } = read(env, dealt, certificateIn(on, "alice"));
    const keys = { publicKey: staticKey, privateKey: keyOf(env) };
    return { id: deviceId(serial), credential: bytes, ...keys };
  };
const keyOf = (on: Playbook, user: string): Uint8Array =>
  deviceKeyIn(on.installation.store(user, deviceStore("bob")).read()) ?? utf8("");

describe("a device cannot be impersonated", () => {
  const honest = ["carol", "alice"];
  const expectRefused = (on: Playbook, because: string): void => {
    expect(users(on)).toEqual(honest);
    expect(rejections(on, because === "refused" ? stranger : serverAddress)).toEqual(
      because === "refused" ? [] : expect.arrayContaining([because]),
    );
    expect(on.claims(stranger, "commit")).toEqual([]);
  };

  test("with its certificate, but without its key", () => {
    const own = (env: Env) => env.crypto.keyPair(curve).privateKey;
    expectRefused(
      strangerAt((on) => withCertificate(on, own)),
      "bad-tag",
    );
  });

  test("with its certificate, and the key of another user's device", () => {
    expectRefused(
      strangerAt((on) => withCertificate(on, () => keyOf(on, "carol"))),
      "bad-tag",
    );
  });

  /** With the server's stolen key. */
  const forged =
    (serialOf: (genuine: number) => number) =>
    (on: Playbook): Pretence =>
    (env, dealt) => {
      const genuine = read(env, dealt, certificateIn(on, "alice"));
      const { privateKey, publicKey: staticKey } = env.crypto.keyPair(curve);
      const serial = serialOf(genuine.serial);
      const { issuing } = dealt.host(env);
      const { bytes } = issue(env.crypto, issuing, { ...genuine, staticKey, serial });
      return { id: deviceId(serial), credential: bytes, publicKey: staticKey, privateKey };
    };
  test("with a certificate that the server has not issued, though its key did", () => {
    expectRefused(strangerAt(forged((serial) => (serial === 0 ? 1 : serial - 1))), "refused");
  });
  test("nor if that has the number of one that it has issued", () => {
    expectRefused(strangerAt(forged((serial) => serial)), "bad-tag");
  });

  test("whereas the device does, with both", () => {
    const on = strangerAt((o) => withCertificate(o, () => keyOf(o, "alice")));
    expect(users(on)).toEqual([...honest, "alice"]);
  });
});

describe("a certificate", () => {
  const asks: Then = (channel, now) => {
    return channel.carry(questionFrame(kit("own").keyPair(curve).publicKey), now);
  };
  const records = (on: Playbook): number =>
    on.wire.sent.filter((p) => p.to === stranger && typeOf(p) === "record").length;

  test("is not for guests", () => {
    const on = strangerAt(() => () => undefined, asks);
    expect(rejections(on, serverAddress)).toEqual(["unexpected"]);
    // What says that the channel is closed.
    expect(records(on)).toBe(1);
  });

  test("is not for devices either: theirs ends when it ends", () => {
    const on = strangerAt((o) => withCertificate(o, () => keyOf(o, "alice")), asks);
    expect(rejections(on, serverAddress)).toEqual(["unexpected"]);
    expect(records(on)).toBe(1);
  });

  test("is good for new keys in the channel, too", () => {
    let channel: Channel | undefined;
    const rekeys: Then = (opened, now) => {
      channel = opened;
      return opened.rekey(now);
    };
    const on = strangerAt((o) => withCertificate(o, () => keyOf(o, "alice")), rekeys);
    expect(users(on).at(-1)).toBe("alice");
    expect(channel?.epoch).toBe(1);
  });
});

/** A server that certifies, and one of its users. */
function parties() {
  const crypto = kit("parties");
  const root = crypto.signingKeyPair();
  const signing = crypto.signingKeyPair();
  const keys = { curve, staticKey: crypto.keyPair(curve).publicKey } as const;
  const times = { from: 0, until: 1_000_000, serial: 1, issuer: "root" };
  const of = (subject: string) => ({ subject, ...keys, ...times, signingKey: signing.publicKey });
  const listed = issue(crypto, root, of("bob"));
  const trusted = { name: "root", publicKey: root.publicKey };
  const directory = new Directory(crypto, trusted, [{ kid: 1, bytes: listed.bytes }]);
  const memory = { bytes: utf8("") };
  const store = {
    read: () => memory.bytes,
    write: (bytes: Uint8Array) => {
      memory.bytes = bytes;
    },
    append: () => undefined,
  };
  const env = { self: "alice", role: "client", address: first, crypto, store: () => store };
  const device = new Device(env, listed);
  const register = (issuer = { name: "bob", signing }) =>
    new DeviceRegister(crypto, issuer, directory);
  return { crypto, root, signing, keys, of, trusted, directory, memory, device, register };
}
const alice = utf8("alice");

describe("the client", () => {
  /** Asks, and is answered with whatever is made of its key. */
  function asked(answer: (key: Uint8Array, at: ReturnType<typeof parties>) => Uint8Array) {
    const about = parties();
    about.device.ask(0);
    const { body: key } = about.device.due(0) ?? questionFrame(utf8(""));
    const frames = answerFrames(answer(key, about));
    const reasons = frames.flatMap(({ body }) => about.device.receive(body, 0) ?? []);
    return { ...about, reasons, kept: about.memory.bytes.length > 32 };
  }
  type About = ReturnType<typeof parties>;
  const certified = (key: Uint8Array, { register }: About, now = 0, subject = "alice") =>
    register().certify(alice, subject, key, now)?.bytes ?? utf8("");

  test("keeps the certificate of its server for its key, and finds it again", () => {
    const { reasons, kept, device } = asked((key, about) => certified(key, about));
    expect([reasons, kept]).toEqual([[], true]);
    const own = device.credential(1);
    expect(own?.credential.length).toBe(128);
    expect(own && kit("k").publicKey(curve, own.privateKey)).toEqual(own?.publicKey);
    expect(device.credential(deviceSeconds * msPerSecond)).toBe(undefined);
    device.forget();
    expect(device.credential(1)).toBe(undefined);
  });

  const refused: readonly (readonly [string, (key: Uint8Array, at: About) => Uint8Array])[] = [
    [
      "of another issuer",
      (key, { crypto, register }) => {
        const signing = crypto.signingKeyPair();
        return register({ name: "bob", signing }).certify(alice, "alice", key, 0)?.bytes ?? key;
      },
    ],
    [
      "of an issuer by another name",
      (key, { signing, register }) =>
        register({ name: "rob", signing }).certify(alice, "alice", key, 0)?.bytes ?? key,
    ],
    ["for another user", (key, about) => certified(key, about, 0, "carol")],
    ["for another key", (_, about) => certified(about.crypto.keyPair(curve).publicKey, about)],
    ["that does not hold yet", (key, about) => certified(key, about, 5_000)],
    [
      "of the root's, with a key to sign with",
      (key, { crypto, signing, of }) =>
        issue(crypto, signing, { ...of("alice"), staticKey: key, issuer: "bob" }).bytes,
    ],
    ["that is none", () => utf8("a certificate")],
  ];
  test.each(refused)("refuses one %s", (_, answer) => {
    const { reasons, kept, device } = asked(answer);
    expect([reasons, kept, device.credential(0)]).toEqual([["unauthorized"], false, undefined]);
  });

  test("takes its pieces in any order, and nothing that it did not ask for", () => {
    const { device, register } = parties();
    const early = answerFrames(kit("x").random(100));
    expect(early.map((f) => device.receive(f.body, 0))).toEqual(["stale", "stale", "stale"]);
    device.ask(0);
    const key = device.due(0)?.body ?? utf8("");
    const frames = answerFrames(register().certify(alice, "alice", key, 0)?.bytes ?? utf8(""));
    expect(frames.map((f) => f.body.length)).toEqual([41, 41, 41, 9]);
    for (const empty of [utf8(""), Uint8Array.of(3)]) {
      expect(device.receive(empty, 0)).toBe("malformed");
    }
    for (const { body } of [...frames, ...frames].toReversed()) device.receive(body, 0);
    expect(device.credential(0)).toBeDefined();
    expect(device.deadline()).toBe(undefined);
  });

  test("asks seven times, and draws its key once", () => {
    const { device, memory } = parties();
    const keys: Uint8Array[] = [];
    for (let session = 0; session < 2; session++) {
      device.ask(0);
      for (let now = 0; device.deadline() !== undefined; now = device.deadline() ?? now) {
        const question = device.due(now);
        if (question !== undefined) keys.push(question.body);
      }
    }
    expect(keys.length).toBe(14);
    expect(new Set(keys.map(String)).size).toBe(1);
    expect(memory.bytes.length).toBe(32);
  });
});

describe("the server", () => {
  const ids = (register: DeviceRegister, crypto: CryptoRecorder, count: number, who = "alice") =>
    Array.from({ length: count }, () => {
      const key = crypto.keyPair(curve).publicKey;
      const certificate = register.certify(utf8(who), who, key, 0);
      return deviceId(certificate?.serial ?? -1);
    });

  test("knows eight devices of a user, and forgets the oldest for a ninth", () => {
    const { crypto, register: make } = parties();
    const register = make();
    const [carols] = ids(register, crypto, 1, "carol");
    const own = ids(register, crypto, maxDevicesEach + 3);
    expect(register.size).toBe(maxDevicesEach + 1);
    const known = own.map((id) => register.find(id, 0)?.certificate.subject);
    expect(known).toEqual([...Array(3).fill(undefined), ...Array(maxDevicesEach).fill("alice")]);
    expect(register.find(carols ?? utf8(""), 0)?.certificate.subject).toBe("carol");
    expect(register.userOf(own.at(-1) ?? utf8(""))).toEqual(alice);
  });

  test("knows a device by its last certificate, and none that has expired", () => {
    const { crypto, register: make } = parties();
    const register = make();
    const key = crypto.keyPair(curve).publicKey;
    const [one, two] = [0, 1_000].map((now) => register.certify(alice, "alice", key, now));
    expect(one?.serial).not.toBe(two?.serial);
    expect(register.size).toBe(1);
    const id = deviceId(two?.serial ?? -1);
    const end = (1 + deviceSeconds) * msPerSecond;
    expect(register.find(id, end - 1)?.certificate.bytes).toEqual(two?.bytes);
    for (const now of [999, end]) expect(register.find(id, now)).toBe(undefined);
    register.certify(alice, "alice", crypto.keyPair(curve).publicKey, end);
    expect(register.size).toBe(1);
  });

  test("issues no certificate that bears its own name, or a listed one", () => {
    const { register: make, keys } = parties();
    const register = make({ name: "rob", signing: kit("rob").signingKeyPair() });
    for (const name of ["rob", "bob"]) {
      expect(register.certify(utf8(name), name, keys.staticKey, 0)).toBe(undefined);
    }
    expect(register.size).toBe(0);
  });

  test("makes certificates that are in no other directory and valid for no other purpose", () => {
    const { crypto, keys, trusted, register: make, directory, signing, root, of } = parties();
    const register = make();
    const device = register.certify(alice, "alice", keys.staticKey, 0);
    const { bytes = utf8(""), serial = -1 } = device ?? {};
    const others = [
      make(),
      directory,
      new Directory(crypto, { name: "bob", publicKey: signing.publicKey }, [{ kid: 9, bytes }]),
      new Directory(crypto, trusted, [{ kid: 9, bytes }]),
    ];
    for (const other of others) {
      expect(other.find(deviceId(serial), 0)).toBe(undefined);
      expect(other.named("alice")).toBe(undefined);
    }
    // Nor would the root's own signature make one of a device's, or the other way round.
    const noSigning = issue(crypto, root, { ...of("alice"), signingKey: utf8("") }).bytes;
    expect(verifyCertificate(crypto, trusted, noSigning)).toBe(undefined);
    const asDevice = { ...trusted, devices: true };
    expect(verifyCertificate(crypto, asDevice, issue(crypto, root, of("alice")).bytes)).toBe(
      undefined,
    );
  });
});

test("what is asked and answered is in step 5, and nothing else is read", () => {
  const key = kit("k").random(32);
  expect(questionFrame(key)).toEqual({ kind: "login", step: certifyStep, body: key });
  const [only] = answerFrames(utf8("short"));
  expect(only).toEqual({
    kind: "login",
    step: certifyStep,
    body: concat(utf8("\0"), utf8("short")),
  });
  expect(readAnswer(only?.body ?? key)).toEqual({
    place: { index: 0, last: 0 },
    piece: utf8("short"),
  });
});
