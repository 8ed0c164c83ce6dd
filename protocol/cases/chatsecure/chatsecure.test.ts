import { describe, expect, test } from "vitest";
import { concat, lossyText, text, utf8 } from "../../kit/bytes.ts";
import { Channel } from "./channel.ts";
import { chatsecure } from "./chatsecure.ts";
import { FrameReader, frameOf, withBlankLine } from "./frames.ts";
import { FreshPairs, makeKeys, relayKeyPair, takeKeys } from "./key-transport.ts";
import { type Dict, dump, load } from "./pickle.ts";
import { openFrame, secureFrame } from "./secure-frame.ts";
import { settingsOf } from "./settings.ts";
import { addressOf, Bench, chat, relayAddress } from "./test-bench.ts";

const [adam, eve] = [addressOf("adam"), addressOf("eve")];
const mallory = "mallory:6666";
const settings = settingsOf({});
const hello = "hello Eve, are you there?";
const blankLine = utf8("\n\n");
const fieldsOf = (bytes: Uint8Array) => JSON.parse(lossyText(bytes)) as Record<string, unknown>;

/** A client of the attacker's own making: it says whatever it is told to. */
class Rogue {
  readonly bench: Bench;
  readonly #channel: Channel;
  readonly #crypto;

  constructor(bench: Bench, name: string) {
    this.bench = bench;
    this.#crypto = bench.cryptoOf("rogue");
    bench.stranger(mallory);
    const ciphers = ["RSA-AES-128-CBC-HMAC-SHA256"];
    this.raw({ type: "connect", phase: 1, name, id: name, ciphers });
    const made = makeKeys(this.#crypto, settings, relayKeyPair(this.#crypto).publicKey, 16);
    if (made === undefined) throw new Error("no keys");
    this.raw({ type: "connect", phase: 3, data: text(made.data) });
    const ends = { self: name, peer: "server" };
    this.#channel = new Channel(this.#crypto, settings, made.keys, ends);
  }

  raw(fields: Record<string, unknown>): void {
    this.bench.inject(mallory, relayAddress, withBlankLine(frameOf(fields)));
  }

  /** Sends an object under the key it has with the relay. */
  say(object: Dict): void {
    const frame = secureFrame(this.#channel, object);
    this.bench.inject(mallory, relayAddress, withBlankLine(frame));
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
    const bench = chat();
    bench.say("adam", "eve", hello);
    expect(bench.lines).toEqual([
      "server log waiting for clients",
      "adam transmit 128",
      "server log client adam wants to register from adam:40000",
      "server claim running adam",
      "server transmit 572 to adam:40000",
      "adam log public key of the server: 15ec9b78f8e5f8be88e8e02a8d3d234b",
      "adam claim running server",
      "adam transmit 384",
      "adam claim secret server",
      "adam claim commit server",
      "adam ready",
      "adam negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server claim secret adam",
      "server claim commit adam",
      "server negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server log client adam registered",
      "eve transmit 126",
      "server log client eve wants to register from eve:40000",
      "server claim running eve",
      "server transmit 572 to eve:40000",
      "eve log public key of the server: 15ec9b78f8e5f8be88e8e02a8d3d234b",
      "eve claim running server",
      "eve transmit 384",
      "eve claim secret server",
      "eve claim commit server",
      "eve ready",
      "eve negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server claim secret eve",
      "server claim commit eve",
      "server negotiated RSA-AES-256-CBC-HMAC-SHA256",
      "server log client eve registered",
      "adam claim running eve",
      "adam transmit 938",
      "server transmit 938 to eve:40000",
      "eve claim running adam",
      "eve claim secret adam",
      "eve transmit 706",
      "server transmit 706 to adam:40000",
      "adam claim secret eve",
      "adam claim commit eve",
      "adam transmit 406",
      "server transmit 406 to eve:40000",
      "eve claim commit adam",
      `eve deliver ${hello} (adam)`,
      `eve log adam: ${hello}`,
    ]);
  });

  test("each pair of ends has a key of its own, of 32 bytes", () => {
    const bench = chat();
    bench.say("adam", "eve", hello);
    const pairs = [
      [bench.claimed(adam, "server"), bench.claimed(relayAddress, "adam")],
      [bench.claimed(eve, "server"), bench.claimed(relayAddress, "eve")],
      [bench.claimed(adam, "eve"), bench.claimed(eve, "adam")],
    ] as const;
    for (const [a, b] of pairs) expect(a).toEqual(b);
    const keys = pairs.map(([a]) => lossyText(a[0] as Uint8Array));
    expect(new Set(keys).size).toBe(3);
    expect(pairs.every(([a]) => a[0]?.length === 32)).toBe(true);
  });

  test("the public key in M2 has 451 bytes", () => {
    const { bytes } = chat().sent(relayAddress, adam, 1);
    expect(fieldsOf(bytes).data).toHaveLength(451);
  });

  test.each(
    Object.entries(chatsecure.options ?? {}).flatMap(([name, { values }]) =>
      values.map((value) => [name, value] as const),
    ),
  )("%s=%s: answers travel both ways", (name, value) => {
    const bench = chat({ [name]: value });
    bench.say("adam", "eve", hello);
    bench.say("eve", "adam", "yes, here I am");
    bench.say("adam", "eve", "good");
    expect(bench.delivered("eve")).toEqual([`adam: ${hello}`, "adam: good"]);
    expect(bench.delivered("adam")).toEqual(["eve: yes, here I am"]);
    expect(bench.lines.filter((line) => /reject|crash|alarm/.test(line))).toEqual([]);
  });

  test("all fixes together", () => {
    const fixed = { iv: "macced", handshake: "bound", counter: "macced", clients: "signed" };
    const bench = chat({ ...fixed, objects: "json", names: "first", srcCheck: "yes" });
    bench.say("adam", "eve", hello);
    bench.say("eve", "adam", "yes, here I am");
    expect(bench.delivered("eve")).toEqual([`adam: ${hello}`]);
    expect(bench.delivered("adam")).toEqual(["eve: yes, here I am"]);
  });

  test("a client that leaves is forgotten, and its key with it", () => {
    const bench = chat();
    bench.say("adam", "eve", hello);
    bench.leave(eve);
    bench.say("adam", "eve", "still there?");
    expect(bench.lines.at(-1)).toBe("server reject unknown-peer");
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

describe("names belong to whoever takes them", () => {
  test("C4, C15: a second registration gets what is meant for the first", () => {
    const bench = chat();
    bench.join("eve", "mallory:7000");
    bench.say("adam", "eve", hello);
    expect(bench.outputs.get("mallory:7000")?.filter((o) => o.kind === "deliver")).toHaveLength(1);
    expect(bench.delivered("eve")).toEqual([]);
  });

  test("names=first: the first one keeps it until it leaves", () => {
    const bench = chat({ names: "first" });
    bench.stranger(mallory);
    const fields = { type: "connect", phase: 1, name: "eve", id: "x", ciphers: [] };
    bench.inject(mallory, relayAddress, withBlankLine(frameOf(fields)));
    expect(bench.lines.at(-1)).toBe("server reject busy");
  });

  test("C9: a false source silently replaces the key of the true one", () => {
    const bench = chat();
    bench.say("adam", "eve", hello);
    new Rogue(bench, "mallory").offer("eve", "adam");
    bench.say("eve", "adam", "yes, here I am");
    expect(bench.delivered("adam")).toEqual([]);
    expect(bench.lines).toContain("adam reject bad-tag");
    const checked = chat({ srcCheck: "yes" });
    new Rogue(checked, "mallory").offer("eve", "adam");
    expect(checked.lines).toContain("server reject unauthorized");
  });

  test("C18: what waits for one peer's key goes out under another's", () => {
    const bench = chat({}, (p) => (p.to === mallory ? [] : [p]));
    const rogue = new Rogue(bench, "mallory");
    bench.say("adam", "mallory", "hello Mallory");
    // Eve's answer is slow; Mallory's comes first.
    bench.leave(eve);
    bench.say("adam", "eve", "for Eve only");
    const crypto = bench.cryptoOf("answer");
    const pem = load(openedFrom(bench, "adam", 3))?.value as Dict;
    const publicKey = crypto.decode("pem", pem.data as Uint8Array) as Uint8Array;
    const made = makeKeys(crypto, settings, publicKey, 16);
    const names = { src: utf8("mallory"), dst: utf8("adam") };
    const data = made?.data ?? blankLine;
    rogue.say({ type: utf8("client-connect"), phase: 2, ...names, data });
    const ends = { self: "mallory", peer: "adam" };
    const channel = made && new Channel(crypto, settings, made.keys, ends);
    const message = load(openedFrom(bench, "adam", 5))?.value as Dict;
    const { data: sealed, hmac } = message as { data: Uint8Array; hmac: Uint8Array };
    expect(text(message.dst as Uint8Array)).toBe("mallory");
    expect(channel?.open({ data: sealed, hmac })).toMatchObject({ value: utf8("for Eve only") });
  });

  test("two who write to each other at the same moment end up with different keys", () => {
    const bench = chat();
    bench.handle(adam, { kind: "send", message: utf8("hello Eve"), to: "eve" });
    bench.handle(eve, { kind: "send", message: utf8("hello Adam"), to: "adam" });
    bench.settle();
    expect([...bench.delivered("adam"), ...bench.delivered("eve")]).toEqual([]);
    expect(bench.lines.filter((line) => line.endsWith("reject bad-tag"))).toHaveLength(2);
  });

  test("C17: the addressee is what stands before the first colon", () => {
    const bench = chat();
    bench.say("adam", undefined, "eve: tell bob: no");
    bench.say("adam", undefined, "no colon");
    expect(bench.delivered("eve")).toEqual(["adam:  tell bob: no"]);
    expect(bench.lines.at(-1)).toBe("adam log no such command");
  });

  test("C17: a line break in a message makes a line of the chat", () => {
    const bench = chat();
    bench.say("adam", "eve", "hi\nserver: your key has changed");
    expect(bench.lines).toContain("eve log adam: hi\nserver: your key has changed");
    const safe = chat({ objects: "json" });
    safe.say("adam", "eve", "hi\nthere");
    expect(safe.lines).toContain('eve log "adam": "hi\\nthere"');
  });
});

/** The plaintext of the nth frame that a client sent to the relay. */
function openedFrom(bench: Bench, name: string, nth: number): Uint8Array {
  const crypto = bench.cryptoOf("eavesdropper");
  const keyFrame = fieldsOf(bench.sent(addressOf(name), relayAddress, 2).bytes);
  const { privateKey } = relayKeyPair(crypto);
  const { keys } = takeKeys(crypto, settings, privateKey, utf8(String(keyFrame.data)));
  if (keys === undefined) throw new Error("no keys");
  const { payload } = fieldsOf(bench.sent(addressOf(name), relayAddress, nth).bytes);
  const sealed = crypto.decode("base64", utf8(String(payload))) ?? blankLine;
  return crypto.decrypt("aes-cbc", keys.key, keys.iv, sealed) ?? blankLine;
}

describe("the MAC covers a ciphertext and nothing else", () => {
  test("C6: a message comes as often as it is sent", () => {
    const bench = chat();
    bench.say("adam", "eve", hello);
    const { bytes } = bench.sent(adam, relayAddress, 4);
    bench.inject(adam, relayAddress, bytes);
    bench.inject(adam, relayAddress, bytes);
    expect(bench.delivered("eve")).toEqual(Array(3).fill(`adam: ${hello}`));
  });

  test("C7: the frames of a session open another one", () => {
    const bench = chat();
    bench.say("adam", "eve", hello);
    bench.leave(adam);
    bench.stranger(mallory);
    for (const nth of [1, 2, 4]) {
      bench.inject(mallory, relayAddress, bench.sent(adam, relayAddress, nth).bytes);
    }
    expect(bench.delivered("eve")).toEqual([`adam: ${hello}`, `adam: ${hello}`]);
  });

  test("C7: not with a key pair for each connection, nor with a bound handshake", () => {
    for (const options of [{ serverKey: "perConnection" }, { handshake: "bound" }] as const) {
      const bench = chat(options);
      bench.say("adam", "eve", hello);
      bench.leave(adam);
      bench.stranger(mallory);
      for (const nth of [1, 2, 4]) {
        bench.inject(mallory, relayAddress, bench.sent(adam, relayAddress, nth).bytes);
      }
      expect(bench.delivered("eve")).toEqual([`adam: ${hello}`]);
    }
  });

  test("C8: a client takes its own frame for the server's, and hands itself what waits", () => {
    const bench = chat({}, (p, nth) =>
      p.from === adam && nth === 3 ? [{ ...p, from: relayAddress, to: adam }] : [p],
    );
    bench.say("adam", "eve", hello);
    expect(bench.delivered("adam")).toEqual([`adam: ${hello}`]);
    expect(bench.delivered("eve")).toEqual([]);
  });

  test.each(["session", "message", "macced"])("C10: iv=%s", (iv) => {
    const flipped = chat({ iv }, (p, nth) => {
      if (p.from !== adam || nth !== 4 || iv === "session") return [p];
      const fields = fieldsOf(p.bytes);
      const bytes = Buffer.from(String(fields.iv), "base64");
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const changed = { ...fields, iv: bytes.toString("base64") };
      return [{ ...p, bytes: withBlankLine(frameOf(changed)) }];
    });
    flipped.say("adam", "eve", hello);
    const last = flipped.lines.filter((line) => line.startsWith("server")).at(-1);
    const outcome = { session: "transmit", message: "reject malformed", macced: "reject bad-tag" };
    expect(last).toContain(outcome[iv as "session"]);
  });

  test("C10: iv=message: a flipped bit of the IV is a flipped bit of the plaintext", () => {
    const crypto = new Bench().cryptoOf("one channel");
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
    const bench = chat();
    bench.say("adam", "eve", hello);
    bench.say("adam", "eve", "hello Eve, do you hear me?");
    const [one, two] = [4, 5].map((nth) => {
      const { payload } = fieldsOf(bench.sent(adam, relayAddress, nth).bytes);
      return Buffer.from(String(payload), "base64").toString("hex").match(/.{32}/g) ?? [];
    });
    const same = one?.filter((block, i) => block === two?.[i]).length ?? 0;
    expect(same).toBeGreaterThan(3);
  });

  test("counter=macced: neither again nor back", () => {
    const bench = chat({ counter: "macced" });
    bench.say("adam", "eve", hello);
    const { bytes } = bench.sent(adam, relayAddress, 4);
    bench.inject(adam, relayAddress, bytes);
    expect(bench.lines.at(-1)).toBe("server reject replayed");
    bench.inject(relayAddress, adam, bytes);
    expect(bench.lines.at(-1)).toBe("adam reject bad-tag");
  });
});

describe("the handshake", () => {
  const crypto = new Bench().cryptoOf("mitm");
  const own = new FreshPairs().pair(crypto);
  const swapKey = (p: { from: string; to: string; bytes: Uint8Array }, nth: number) => {
    if (p.to !== adam || nth !== 1) return [p];
    const data = text(crypto.encode("pem", own.publicKey));
    return [{ ...p, bytes: withBlankLine(frameOf({ ...fieldsOf(p.bytes), data })) }];
  };

  test("C1: a user who looks at the fingerprint stops whoever swaps the server's key", () => {
    const bench = new Bench({}, swapKey);
    bench.join("adam");
    expect(bench.lines).toContain("adam alarm the user does not know this key");
    expect(bench.lines.at(-1)).toBe("adam exit server key refused");
  });

  test.each([{ user: "accept" }, { serverKey: "perConnection" }])("C1: not with %j", (options) => {
    const bench = new Bench(options, swapKey);
    bench.join("adam");
    const { data } = fieldsOf(bench.sent(adam, relayAddress, 2).bytes);
    const taken = takeKeys(crypto, settings, own.privateKey, utf8(String(data)));
    expect(taken.keys?.key).toEqual(bench.claimed(adam, "server")[0]);
  });

  test("C11: whoever crosses out the better suite gets the other one", () => {
    const bench = new Bench({}, (p, nth) => {
      if (p.from !== adam || nth !== 1) return [p];
      const ciphers = ["RSA-AES-128-CBC-HMAC-SHA256"];
      return [{ ...p, bytes: withBlankLine(frameOf({ ...fieldsOf(p.bytes), ciphers })) }];
    });
    bench.join("adam");
    expect(bench.lines).toContain("adam negotiated RSA-AES-128-CBC-HMAC-SHA256");
    expect(bench.claimed(relayAddress, "adam")[0]).toHaveLength(16);
  });

  test("C5: a pickle in M3 runs before anybody is authenticated; not as JSON", () => {
    for (const [objects, ran] of [
      ["pickle", 1],
      ["json", 0],
    ] as const) {
      const bench = new Bench({ objects });
      bench.stranger(mallory);
      const attack = utf8("cos\nsystem\n(S'id'\ntR.");
      const { publicKey } = relayKeyPair(crypto);
      const sealed = crypto.rsaEncrypt("sha256", publicKey, attack) ?? blankLine;
      const data = text(crypto.encode("base64", sealed));
      const m1 = { type: "connect", phase: 1, name: "x", id: "x", ciphers: [] };
      for (const fields of [m1, { type: "connect", phase: 3, data }]) {
        bench.inject(mallory, relayAddress, withBlankLine(frameOf(fields)));
      }
      const found = bench.lines.filter((line) => line === 'server ran-code os.system("id")');
      expect(found).toHaveLength(ran);
    }
  });

  test("C16: a malformed frame is dropped, or ends the process (exc=crash)", () => {
    const key = { type: "connect", phase: 3, data: "!!!" };
    for (const fields of [[], { type: "connect", phase: 1 }, key, { type: "secure" }]) {
      const bytes = concat(utf8(JSON.stringify(fields)), blankLine);
      for (const exc of ["drop", "crash"]) {
        const bench = chat({ exc });
        bench.inject(adam, relayAddress, bytes);
        expect(bench.lines.at(-1)).toMatch(exc === "crash" ? /^server crash/ : /^server reject/);
      }
    }
  });

  test("C15: names cost nothing, and each is kept", () => {
    const bench = new Bench();
    for (let n = 0; n < 20; n++) {
      const address = `mallory-${n}:6666`;
      bench.stranger(address);
      const fields = { type: "connect", phase: 1, name: `n${n}`, id: "", ciphers: [] };
      bench.inject(address, relayAddress, withBlankLine(frameOf(fields)));
    }
    expect(bench.stateSize()).toBe(20);
  });

  test("clients=signed: M1 and M3 in somebody else's name, or again, are refused", () => {
    const bench = chat({ clients: "signed" });
    bench.say("adam", "eve", hello);
    new Rogue(bench, "eve");
    expect(bench.lines.at(-1)).toBe("server reject bad-signature");
    bench.stranger("mallory:7000");
    for (const nth of [1, 2]) {
      bench.inject("mallory:7000", relayAddress, bench.sent(adam, relayAddress, nth).bytes);
    }
    expect(bench.lines.at(-1)).toBe("server reject bad-signature");
  });
});

test("a frame under the wrong key opens to a reason, never to an exception", () => {
  const crypto = new Bench().cryptoOf("wrong key");
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
