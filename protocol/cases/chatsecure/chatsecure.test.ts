import { describe, expect, test } from "vitest";
import { concat, lossyText, text, utf8 } from "../../kit/bytes.ts";
import { type Network, Playbook, type Sent, send, timeout } from "../../testing/playbook.ts";
import { instead } from "../../testing/wire.ts";
import { Channel } from "./channel.ts";
import { chatsecure } from "./chatsecure.ts";
import { FrameReader, frameOf, withBlankLine } from "./frames.ts";
import { FreshPairs, makeKeys, relayKeyPair, takeKeys } from "./key-transport.ts";
import { type Dict, dump, load } from "./pickle.ts";
import { ends, settings as playbookSettings } from "./playbook-settings.ts";
import { openFrame, secureFrame } from "./secure-frame.ts";
import { settingsOf } from "./settings.ts";

const mallory = "mallory:6666";
const settings = settingsOf({});
const hello = "hello Eve, are you there?";
const blankLine = utf8("\n\n");
const fieldsOf = (bytes: Uint8Array) => JSON.parse(lossyText(bytes)) as Record<string, unknown>;

type Options = Readonly<Record<string, string>>;

/** The relay alone, to begin with. */
const relay = (options: Options = {}, network?: Network): Playbook =>
  new Playbook({ ...playbookSettings, options, network }).open("server");
/** Starts a client and lets it register. */
const join = (play: Playbook, self: string, at = self): Playbook =>
  play.open(at, { self }).connect(at).settle();
/** Both clients connected. */
const chat = (options?: Options, network?: Network): Playbook =>
  join(join(relay(options, network), "adam"), "eve");
/** A client has said nothing for so long that it ends. */
const leave = (play: Playbook, end: string): Playbook =>
  play.in(end, timeout, play.now + 8_000).settle();
/** A connection of the adversary's; what it is sent stays on the wire. */
const connected = (play: Playbook, peer: string): Playbook =>
  play.in("server", { kind: "connected", peer });
const say = (play: Playbook, end: string, to: string | undefined, words: string): Playbook =>
  play.in(end, { ...send(words), ...(to !== undefined && { to }) }).settle();
const inject = (play: Playbook, from: string, to: string, bytes: Uint8Array): Playbook => {
  play.inject({ from, to, bytes });
  return play.settle();
};
/** The `nth` frame, from 1, that one end sent to another. */
const sent = (play: Playbook, from: string, to: string, nth: number): Uint8Array => {
  const found = play.packets(from, to)[nth - 1];
  if (found === undefined) throw new Error(`there is no frame ${nth} from ${from} to ${to}`);
  return found.bytes;
};
const delivered = (play: Playbook, end: string): readonly string[] =>
  play.said(end, "deliver").map((o) => `${o.from}: ${lossyText(o.message)}`);
/** The keys that one end has claimed to share with a peer. */
const secrets = (play: Playbook, end: string, peer: string): readonly Uint8Array[] =>
  play.claims(end, "secret").flatMap((c) => (c.peer === peer ? [c.value] : []));
const isFrom = (end: keyof typeof ends, which: number) => (p: Sent) =>
  p.from === ends[end] && p.nth === which;

/** A client of the adversary's own making, which says what it is told to. */
class Rogue {
  readonly play: Playbook;
  readonly #channel: Channel;
  readonly #crypto;

  constructor(play: Playbook, name: string) {
    this.play = play;
    this.#crypto = play.installation.crypto("rogue");
    connected(play, mallory);
    const ciphers = ["RSA-AES-128-CBC-HMAC-SHA256"];
    this.raw({ type: "connect", phase: 1, name, id: name, ciphers });
    const made = makeKeys(this.#crypto, settings, relayKeyPair(this.#crypto).publicKey, 16);
    if (made === undefined) throw new Error("no keys");
    this.raw({ type: "connect", phase: 3, data: text(made.data) });
    this.#channel = new Channel(this.#crypto, settings, made.keys, { self: name, peer: "server" });
  }

  raw(fields: Record<string, unknown>): void {
    inject(this.play, mallory, "server", withBlankLine(frameOf(fields)));
  }

  /** Sends an object under the key it has with the relay. */
  say(object: Dict): void {
    inject(this.play, mallory, "server", withBlankLine(secureFrame(this.#channel, object)));
  }

  offer(src: string, dst: string): void {
    const pem = this.#crypto.encode("pem", relayKeyPair(this.#crypto).publicKey);
    const names = { src: utf8(src), dst: utf8(dst) };
    const ciphers = [utf8("RSA-AES-128-CBC-HMAC-SHA256")];
    this.say({ type: utf8("client-connect"), phase: 1, ...names, ciphers, data: pem });
  }
}

describe("an honest session", () => {
  test("as a playbook", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    play.goes([
      "server >> start",
      "server << log waiting for clients",
      "adam >> start",
      "server >> connected adam",
      "adam >> connected server",
      "adam << transmit 128 bytes",
      "server >> chunk 128 bytes from adam",
      "server << log client adam wants to register from adam:40000",
      "server << claim running adam",
      "server << transmit 572 bytes to adam",
      "adam >> chunk 572 bytes from server",
      "adam << log public key of the server: 15ec9b78f8e5f8be88e8e02a8d3d234b",
      "adam << claim running server",
      "adam << transmit 384 bytes",
      "adam << claim secret server",
      "adam << claim commit server",
      "adam << ready",
      "adam << negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server >> chunk 384 bytes from adam",
      "server << claim secret adam",
      "server << claim commit adam",
      "server << negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server << log client adam registered",
      "eve >> start",
      "server >> connected eve",
      "eve >> connected server",
      "eve << transmit 126 bytes",
      "server >> chunk 126 bytes from eve",
      "server << log client eve wants to register from eve:40000",
      "server << claim running eve",
      "server << transmit 572 bytes to eve",
      "eve >> chunk 572 bytes from server",
      "eve << log public key of the server: 15ec9b78f8e5f8be88e8e02a8d3d234b",
      "eve << claim running server",
      "eve << transmit 384 bytes",
      "eve << claim secret server",
      "eve << claim commit server",
      "eve << ready",
      "eve << negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server >> chunk 384 bytes from eve",
      "server << claim secret eve",
      "server << claim commit eve",
      "server << negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server << log client eve registered",
      'adam >> send "hello Eve, are you there?" to eve',
      "adam << claim running eve",
      "adam << transmit 938 bytes",
      "server >> chunk 938 bytes from adam",
      "server << transmit 938 bytes to eve",
      "eve >> chunk 938 bytes from server",
      "eve << claim running adam",
      "eve << claim secret adam",
      "eve << transmit 706 bytes",
      "server >> chunk 706 bytes from eve",
      "server << transmit 706 bytes to adam",
      "adam >> chunk 706 bytes from server",
      "adam << claim secret eve",
      "adam << claim commit eve",
      "adam << transmit 406 bytes",
      "server >> chunk 406 bytes from adam",
      "server << transmit 406 bytes to eve",
      "eve >> chunk 406 bytes from server",
      "eve << claim commit adam",
      'eve << deliver "hello Eve, are you there?" from adam',
      "eve << log adam: hello Eve, are you there?",
    ]);
  });

  test("each pair of ends has a key of its own, of 32 bytes", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    const pairs = [
      [secrets(play, "adam", "server"), secrets(play, "server", "adam")],
      [secrets(play, "eve", "server"), secrets(play, "server", "eve")],
      [secrets(play, "adam", "eve"), secrets(play, "eve", "adam")],
    ] as const;
    for (const [a, b] of pairs) expect(a).toEqual(b);
    const keys = pairs.map(([a]) => lossyText(a[0] as Uint8Array));
    expect(new Set(keys).size).toBe(3);
    expect(pairs.every(([a]) => a[0]?.length === 32)).toBe(true);
  });

  test("the public key in M2 has 451 bytes", () => {
    const bytes = sent(chat(), "server", "adam", 1);
    expect(fieldsOf(bytes).data).toHaveLength(451);
  });

  test.each(
    Object.entries(chatsecure.options ?? {}).flatMap(([name, { values }]) =>
      values.map((value) => [name, value] as const),
    ),
  )("%s=%s: answers travel both ways", (name, value) => {
    const play = chat({ [name]: value });
    say(play, "adam", "eve", hello);
    say(play, "eve", "adam", "yes, here I am");
    say(play, "adam", "eve", "good");
    expect(delivered(play, "eve")).toEqual([`adam: ${hello}`, "adam: good"]);
    expect(delivered(play, "adam")).toEqual(["eve: yes, here I am"]);
    expect(play.lines().filter((line) => /reject|crash|alarm/.test(line))).toEqual([]);
  });

  test("all fixes together", () => {
    const fixed = { iv: "macced", handshake: "bound", counter: "macced", clients: "signed" };
    const play = chat({ ...fixed, objects: "json", names: "first", srcCheck: "yes" });
    say(play, "adam", "eve", hello);
    say(play, "eve", "adam", "yes, here I am");
    expect(delivered(play, "eve")).toEqual([`adam: ${hello}`]);
    expect(delivered(play, "adam")).toEqual(["eve: yes, here I am"]);
  });

  test("a client that leaves is forgotten, and its key with it", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    leave(play, "eve");
    say(play, "adam", "eve", "still there?");
    expect(play.lines().at(-1)).toBe("server << reject unknown-peer");
  });

  test("frames may come in any pieces", () => {
    const reader = new FrameReader();
    const stream = concat(utf8('{"a":1}\n\n{"b":2}\n\n[3]\n\nrubbish\n\n{"c"'), blankLine);
    const found = [...stream].flatMap((byte) => reader.push(Uint8Array.of(byte)));
    expect(found.map((f) => f?.fields)).toEqual([{ a: 1 }, { b: 2 }, ...Array(3).fill(undefined)]);
    const long = new FrameReader().push(utf8("x".repeat(70_000)));
    expect(long).toEqual([undefined]);
  });
});

describe("names belong to the client that registers them", () => {
  test("C4, C15: a second registration gets what is meant for the first", () => {
    const play = chat();
    join(play, "eve", "mallory:7000");
    say(play, "adam", "eve", hello);
    expect(play.said("mallory:7000", "deliver")).toHaveLength(1);
    expect(delivered(play, "eve")).toEqual([]);
  });

  test("names=first: the first one keeps it until it leaves", () => {
    const play = chat({ names: "first" });
    connected(play, mallory);
    const fields = { type: "connect", phase: 1, name: "eve", id: "x", ciphers: [] };
    inject(play, mallory, "server", withBlankLine(frameOf(fields)));
    expect(play.lines().at(-1)).toBe("server << reject busy");
  });

  test("C9: a false source silently replaces the key of the true one", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    new Rogue(play, "mallory").offer("eve", "adam");
    say(play, "eve", "adam", "yes, here I am");
    expect(delivered(play, "adam")).toEqual([]);
    expect(play.lines()).toContain("adam << reject bad-tag");
    const checked = chat({ srcCheck: "yes" });
    new Rogue(checked, "mallory").offer("eve", "adam");
    expect(checked.lines()).toContain("server << reject unauthorized");
  });

  test("C18: what waits for one peer's key goes out under another's", () => {
    const play = chat({}, (p) => (p.to === mallory ? [] : [p]));
    const rogue = new Rogue(play, "mallory");
    say(play, "adam", "mallory", "hello Mallory");
    // Eve's answer is slow; Mallory's comes first.
    leave(play, "eve");
    say(play, "adam", "eve", "for Eve only");
    const crypto = play.installation.crypto("answer");
    const pem = load(openedFrom(play, "adam", 3))?.value as Dict;
    const publicKey = crypto.decode("pem", pem.data as Uint8Array) as Uint8Array;
    const made = makeKeys(crypto, settings, publicKey, 16);
    const names = { src: utf8("mallory"), dst: utf8("adam") };
    const data = made?.data ?? blankLine;
    rogue.say({ type: utf8("client-connect"), phase: 2, ...names, data });
    const ends = { self: "mallory", peer: "adam" };
    const channel = made && new Channel(crypto, settings, made.keys, ends);
    const message = load(openedFrom(play, "adam", 5))?.value as Dict;
    const { data: sealed, hmac } = message as { data: Uint8Array; hmac: Uint8Array };
    expect(text(message.dst as Uint8Array)).toBe("mallory");
    expect(channel?.open({ data: sealed, hmac })).toMatchObject({ value: utf8("for Eve only") });
  });

  test("two who write to each other at the same moment end up with different keys", () => {
    const play = chat();
    play.handle("adam", { kind: "send", message: utf8("hello Eve"), to: "eve" });
    play.handle("eve", { kind: "send", message: utf8("hello Adam"), to: "adam" });
    play.settle();
    expect([...delivered(play, "adam"), ...delivered(play, "eve")]).toEqual([]);
    expect(play.lines().filter((line) => line.endsWith("reject bad-tag"))).toHaveLength(2);
  });

  test("C17: the addressee is what stands before the first colon", () => {
    const play = chat();
    say(play, "adam", undefined, "eve: tell bob: no");
    say(play, "adam", undefined, "no colon");
    expect(delivered(play, "eve")).toEqual(["adam:  tell bob: no"]);
    expect(play.lines().at(-1)).toBe("adam << log no such command");
  });

  test("C17: a line break in a message makes a line of the chat", () => {
    const play = chat();
    say(play, "adam", "eve", "hi\nserver: your key has changed");
    expect(play.lines()).toContain("eve << log adam: hi\nserver: your key has changed");
    const safe = chat({ objects: "json" });
    say(safe, "adam", "eve", "hi\nthere");
    expect(safe.lines()).toContain('eve << log "adam": "hi\\nthere"');
  });
});

/** The plaintext of the nth frame that a client sent to the relay. */
function openedFrom(play: Playbook, name: string, nth: number): Uint8Array {
  const crypto = play.installation.crypto("eavesdropper");
  const keyFrame = fieldsOf(sent(play, name, "server", 2));
  const { privateKey } = relayKeyPair(crypto);
  const { keys } = takeKeys(crypto, settings, privateKey, utf8(String(keyFrame.data)));
  if (keys === undefined) throw new Error("no keys");
  const { payload } = fieldsOf(sent(play, name, "server", nth));
  const sealed = crypto.decode("base64", utf8(String(payload))) ?? blankLine;
  return crypto.decrypt("aes-cbc", keys.key, keys.iv, sealed) ?? blankLine;
}

describe("the MAC covers a ciphertext and nothing else", () => {
  test("C6: a message comes as often as it is sent", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    const bytes = sent(play, "adam", "server", 4);
    inject(play, "adam", "server", bytes);
    inject(play, "adam", "server", bytes);
    expect(delivered(play, "eve")).toEqual(Array(3).fill(`adam: ${hello}`));
  });

  test("C7: the frames of a session open another one", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    leave(play, "adam");
    connected(play, mallory);
    for (const nth of [1, 2, 4]) {
      inject(play, mallory, "server", sent(play, "adam", "server", nth));
    }
    expect(delivered(play, "eve")).toEqual([`adam: ${hello}`, `adam: ${hello}`]);
  });

  test("C7: not with a key pair for each connection, nor with a bound handshake", () => {
    for (const options of [{ serverKey: "perConnection" }, { handshake: "bound" }] as const) {
      const play = chat(options);
      say(play, "adam", "eve", hello);
      leave(play, "adam");
      connected(play, mallory);
      for (const nth of [1, 2, 4]) {
        inject(play, mallory, "server", sent(play, "adam", "server", nth));
      }
      expect(delivered(play, "eve")).toEqual([`adam: ${hello}`]);
    }
  });

  test("C8: a client takes its own frame for the server's, and hands itself what waits", () => {
    const play = chat(
      {},
      instead(isFrom("adam", 3), (p) => [{ ...p, from: ends.server, to: ends.adam }]),
    );
    say(play, "adam", "eve", hello);
    expect(delivered(play, "adam")).toEqual([`adam: ${hello}`]);
    expect(delivered(play, "eve")).toEqual([]);
  });

  test.each(["session", "message", "macced"])("C10: iv=%s", (iv) => {
    const flipped = chat({ iv }, (p) => {
      if (!isFrom("adam", 4)(p) || iv === "session") return [p];
      const fields = fieldsOf(p.bytes);
      const bytes = Buffer.from(String(fields.iv), "base64");
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const changed = { ...fields, iv: bytes.toString("base64") };
      return [{ ...p, bytes: withBlankLine(frameOf(changed)) }];
    });
    say(flipped, "adam", "eve", hello);
    const last = flipped
      .lines()
      .filter((line) => line.startsWith("server"))
      .at(-1);
    const outcome = { session: "transmit", message: "reject malformed", macced: "reject bad-tag" };
    expect(last).toContain(outcome[iv as "session"]);
  });

  test("C10: iv=message: a flipped bit of the IV is a flipped bit of the plaintext", () => {
    const crypto = new Playbook(playbookSettings).installation.crypto("one channel");
    const perMessage = settingsOf({ iv: "message" });
    const keys = { key: crypto.random(32), iv: crypto.random(16) };
    const [a, b] = ["a", "b"].map(
      (self) => new Channel(crypto, perMessage, keys, { self, peer: "x" }),
    ) as [Channel, Channel];
    const sealed = a.seal(utf8("no thanks"));
    const iv = Buffer.from(lossyText(sealed.iv ?? blankLine), "base64");
    // Two bytes of protocol, the kind, the length: then the text.
    iv[4] = (iv[4] ?? 0) ^ 0x20;
    const opened = b.open({ ...sealed, iv: utf8(iv.toString("base64")) });
    expect(opened).toMatchObject({ value: utf8("No thanks") });
  });

  test("C10: iv=session: equal beginnings look equal", () => {
    const play = chat();
    say(play, "adam", "eve", hello);
    say(play, "adam", "eve", "hello Eve, do you hear me?");
    const [one, two] = [4, 5].map((nth) => {
      const { payload } = fieldsOf(sent(play, "adam", "server", nth));
      return Buffer.from(String(payload), "base64").toString("hex").match(/.{32}/g) ?? [];
    });
    const same = one?.filter((block, i) => block === two?.[i]).length ?? 0;
    expect(same).toBeGreaterThan(3);
  });

  test("counter=macced: neither again nor back", () => {
    const play = chat({ counter: "macced" });
    say(play, "adam", "eve", hello);
    const bytes = sent(play, "adam", "server", 4);
    inject(play, "adam", "server", bytes);
    expect(play.lines().at(-1)).toBe("server << reject replayed");
    inject(play, "server", "adam", bytes);
    expect(play.lines().at(-1)).toBe("adam << reject bad-tag");
  });
});

describe("the handshake", () => {
  const crypto = new Playbook(playbookSettings).installation.crypto("mitm");
  const own = new FreshPairs("relay", "mallory:1").pair(crypto);
  const swapKey = instead(isFrom("server", 1), (p) => {
    const data = text(crypto.encode("pem", own.publicKey));
    return [{ ...p, bytes: withBlankLine(frameOf({ ...fieldsOf(p.bytes), data })) }];
  });

  test("C1: a user who looks at the fingerprint detects a substituted server key", () => {
    const play = relay({}, swapKey);
    join(play, "adam");
    expect(play.lines()).toContain("adam << alarm the user does not know this key");
    expect(play.fate("adam")).toBe("exit because server key refused");
    expect(play.lines("adam").at(-1)).toBe("adam << exit because server key refused");
  });

  test.each([{ user: "accept" }, { serverKey: "perConnection" }])("C1: not with %j", (options) => {
    const play = relay(options, swapKey);
    join(play, "adam");
    const { data } = fieldsOf(sent(play, "adam", "server", 2));
    const taken = takeKeys(crypto, settings, own.privateKey, utf8(String(data)));
    expect(taken.keys?.key).toEqual(secrets(play, "adam", "server")[0]);
  });

  test("C11: an attacker who removes the better suite gets the other one", () => {
    const ciphers = ["RSA-AES-128-CBC-HMAC-SHA256"];
    const crossedOut = instead(isFrom("adam", 1), (p) => [
      { ...p, bytes: withBlankLine(frameOf({ ...fieldsOf(p.bytes), ciphers })) },
    ]);
    const play = relay({}, crossedOut);
    join(play, "adam");
    expect(play.lines()).toContain("adam << negotiated RSA-AES-128-CBC-HMAC-SHA256");
    expect(secrets(play, "server", "adam")[0]).toHaveLength(16);
  });

  test("C5: a pickle in M3 runs before authentication; not as JSON", () => {
    for (const [objects, ran] of [
      ["pickle", 1],
      ["json", 0],
    ] as const) {
      const play = relay({ objects });
      connected(play, mallory);
      const attack = utf8("cos\nsystem\n(S'id'\ntR.");
      const { publicKey } = relayKeyPair(crypto);
      const sealed = crypto.rsaEncrypt("sha256", publicKey, attack) ?? blankLine;
      const data = text(crypto.encode("base64", sealed));
      const m1 = { type: "connect", phase: 1, name: "x", id: "x", ciphers: [] };
      for (const fields of [m1, { type: "connect", phase: 3, data }]) {
        inject(play, mallory, "server", withBlankLine(frameOf(fields)));
      }
      const found = play.lines().filter((line) => line === 'server << ran-code os.system("id")');
      expect(found).toHaveLength(ran);
    }
  });

  test("C16: a malformed frame is dropped, or ends the process (exc=crash)", () => {
    const key = { type: "connect", phase: 3, data: "!!!" };
    for (const fields of [[], { type: "connect", phase: 1 }, key, { type: "secure" }]) {
      const bytes = concat(utf8(JSON.stringify(fields)), blankLine);
      for (const exc of ["drop", "crash"]) {
        const play = chat({ exc });
        inject(play, "adam", "server", bytes);
        expect(play.lines("server").at(-1)).toMatch(
          exc === "crash" ? /^server << crash/ : /^server << reject/,
        );
      }
    }
  });

  test("C15: names cost nothing, and each is kept", () => {
    const play = relay();
    for (let n = 0; n < 20; n++) {
      const address = `mallory-${n}:6666`;
      connected(play, address);
      const fields = { type: "connect", phase: 1, name: `n${n}`, id: "", ciphers: [] };
      inject(play, address, "server", withBlankLine(frameOf(fields)));
    }
    expect(play.endpoint("server").stateSize?.()).toBe(20);
  });

  test("clients=signed: M1 and M3 in another user's name, or replayed, are refused", () => {
    const play = chat({ clients: "signed" });
    say(play, "adam", "eve", hello);
    new Rogue(play, "eve");
    expect(play.lines().at(-1)).toBe("server << reject bad-signature");
    connected(play, "mallory:7000");
    for (const nth of [1, 2]) {
      inject(play, "mallory:7000", "server", sent(play, "adam", "server", nth));
    }
    expect(play.lines().at(-1)).toBe("server << reject bad-signature");
  });
});

test("a frame under the wrong key opens to a reason, never to an exception", () => {
  const crypto = new Playbook(playbookSettings).installation.crypto("wrong key");
  const channelOf = () =>
    new Channel(
      crypto,
      settings,
      { key: crypto.random(16), iv: crypto.random(16) },
      { self: "a", peer: "b" },
    );
  const [frame] = new FrameReader().push(withBlankLine(secureFrame(channelOf(), utf8("x"))));
  expect(frame && openFrame(channelOf(), frame)).toBe("bad-tag");
  expect(load(dump({ a: [utf8("x"), 1] }).slice(0, -1))).toBeUndefined();
});
