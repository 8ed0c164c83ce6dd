/** Holds the wire against a recording made by Python; see interop/record.py. */
import { constants, createPrivateKey, privateDecrypt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fromHex, hex, lossyText, text, utf8 } from "../../kit/bytes.ts";
import { rsaLabKey } from "../../kit/primitives/rsa-lab-keys.ts";
import { Playbook } from "../../testing/playbook.ts";
import { Channel, type Keys } from "./channel.ts";
import { type Frame, FrameReader, frameOf, withBlankLine } from "./frames.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { makeKeys, takeKeys } from "./key-transport.ts";
import { type Dict, dump, load, type Value } from "./pickle.ts";
import { settings as playbookSettings } from "./playbook-settings.ts";
import { openFrame, secureFrame } from "./secure-frame.ts";
import { settingsOf, suiteNames } from "./settings.ts";

const settings = settingsOf({});
const crypto = new Playbook(playbookSettings).installation.crypto("interop");
const bytesOf = (digits: string): Uint8Array => fromHex(digits) ?? new Uint8Array(0);
const keysOf = ([key = "", iv = ""]: readonly string[]): Keys => ({
  key: bytesOf(key),
  iv: bytesOf(iv),
});
const frame = (line: string): Frame => new FrameReader().push(utf8(line))[0] as Frame;
const ends = { self: "adam", peer: "server" };

/** As Python prints it. */
function repr(value: Value): string {
  if (typeof value === "number") return `${value}`;
  if (value instanceof Uint8Array) return `b'${text(value)?.replaceAll("\0", "\\x00")}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  const members = Object.entries(value).map(([k, v]) => `b'${k}': ${repr(v)}`);
  return `{${members.join(", ")}}`;
}

describe.each(recording.exchanges)("keys of $keyBytes bytes", (exchange) => {
  const [outer, inner] = [keysOf(exchange.outer), keysOf(exchange.inner)];
  const channel = () => new Channel(crypto, settings, outer, ends);

  test("M1 and M2 are ours byte for byte", () => {
    const ciphers = exchange.keyBytes === 32 ? suiteNames : suiteNames.slice(1);
    const names = { name: "adam", id: "adam" };
    const m1 = withBlankLine(frameOf({ type: "connect", phase: 1, ...names, ciphers }));
    expect(lossyText(m1)).toBe(exchange.m1);
    const play = new Playbook(playbookSettings).open("server");
    play.in("server", { kind: "connected", peer: "adam:1" });
    play.inject({ from: "adam:1", to: "server", bytes: utf8(exchange.m1) });
    const [m2] = play.packets("server", "adam:1");
    expect(m2 && lossyText(m2.bytes)).toBe(exchange.m2);
  });

  test("M3 and M6 hold the keys that Python put in", () => {
    const m3 = utf8(String(frame(exchange.m3).fields.data));
    expect(takeKeys(crypto, settings, rsaLabKey(2048, 0).privateKey, m3).keys).toEqual(outer);
    const object = openFrame(channel(), frame(exchange.m6));
    const m6 = (object as { value: Dict }).value.data as Uint8Array;
    expect(takeKeys(crypto, settings, rsaLabKey(2048, 1).privateKey, m6).keys).toEqual(inner);
  });

  test.each(["m5", "m6", "m7"] as const)("%s opens, and is sealed again byte for byte", (name) => {
    const opened = openFrame(channel(), frame(exchange[name]));
    if (typeof opened === "string") throw new Error(opened);
    expect(opened.ran).toEqual([]);
    const again = withBlankLine(secureFrame(channel(), opened.value));
    expect(lossyText(again)).toBe(exchange[name]);
  });

  test("M5 carries the PEM of Adam's key, M7 the text", () => {
    const m5 = openFrame(channel(), frame(exchange.m5)) as { value: Dict };
    expect(m5.value.data).toEqual(crypto.encode("pem", rsaLabKey(2048, 1).publicKey));
    const m7 = openFrame(channel(), frame(exchange.m7)) as { value: Dict };
    const between = new Channel(crypto, settings, inner, { self: "eve", peer: "adam" });
    const { data, hmac } = m7.value as { data: Uint8Array; hmac: Uint8Array };
    expect(between.open({ data, hmac })).toMatchObject({ value: utf8(exchange.text) });
  });

  test("OpenSSL reads what we encrypt", () => {
    const { privateKey, publicKey } = rsaLabKey(2048, 0);
    const made = makeKeys(crypto, settings, publicKey, exchange.keyBytes);
    const der = Buffer.from(privateKey);
    const clear = privateDecrypt(
      {
        key: createPrivateKey({ key: der, format: "der", type: "pkcs8" }),
        padding: constants.RSA_PKCS1_OAEP_PADDING,
        oaepHash: "sha256",
      },
      Buffer.from(lossyText(made?.data ?? new Uint8Array(0)), "base64"),
    );
    expect(load(new Uint8Array(clear))?.value).toEqual([made?.keys.key, made?.keys.iv]);
  });
});

describe("pickles", () => {
  test.each(recording.pickles.same)("$pickle", ({ value, pickle }) => {
    const loaded = load(bytesOf(pickle))?.value as Value;
    expect(repr(loaded)).toBe(value);
    expect(hex(dump(loaded))).toBe(pickle);
  });

  test.each(recording.pickles.text)("protocol 0: $pickle", ({ value, pickle }) => {
    expect(repr(load(bytesOf(pickle))?.value as Value)).toBe(value);
  });

  test("those that call something are found out, and call nothing", () => {
    const ran = recording.pickles.calls.flatMap((call) => load(bytesOf(call))?.ran);
    expect(ran).toEqual([
      'os.system("id")',
      'os.system("id")',
      "os.system(\"echo 'x' A\")",
      '__builtin__.print("mallory was here")',
      '__builtin__.print("mallory was here")',
    ]);
  });

  test("the executing M3 of the scenario runs", () => {
    const data = utf8(String(frame(recording.executingM3).fields.data));
    const { ran, keys } = takeKeys(crypto, settings, rsaLabKey(2048, 0).privateKey, data);
    expect(keys).toBeUndefined();
    expect(ran).toEqual(['os.system("touch /tmp/mallory-was-here")']);
  });

  test("malformed input yields nothing", () => {
    for (const text of ["", ".", "a.", "S'x.", "R.", "(t", "]q", "c\n", "\x80\x02}U\x01a]s."]) {
      expect(load(utf8(text))?.ran ?? []).toEqual([]);
    }
  });
});
