/**
 * Our client and our device against an exchange that Python recorded; see interop/record.py for
 * how, and with what. Nothing here runs Python.
 */
import { describe, expect, test } from "vitest";
import type { Input } from "../../endpoint.ts";
import { fromHex, fromLatin1, hex, latin1, lossyText } from "../../kit/bytes.ts";
import { rsaOaepEncrypt } from "../../kit/primitives/rsa.ts";
import { rsaLabKey } from "../../kit/primitives/rsa-lab-keys.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { Playbook, send, timeout } from "../../testing/playbook.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { settings } from "./playbook-settings.ts";
import { decryptRsa, encryptRsa, pythonInt } from "./wire.ts";

type Exchange = (typeof recording.exchanges)[number];
const bytesOf = (digits: string): Uint8Array => fromHex(digits) as Uint8Array;

/** The real primitives, with the recording's number, salt and OAEP seeds for random ones. */
class Scripted extends CryptoRecorder {
  readonly #number: number;
  readonly #salt: string;
  readonly #seeds: string[];

  constructor(number: number, salt: string, seeds: readonly string[]) {
    super([], new Random("unused"), "scripted");
    this.#number = number;
    this.#salt = salt;
    this.#seeds = [...seeds];
  }

  override random(): Uint8Array {
    return bytesOf(this.#salt);
  }

  override randomInt(): number {
    return this.#number;
  }

  override rsaEncrypt(name: "sha1" | "sha256", key: Uint8Array, text: Uint8Array) {
    // The empty text is the test of an imported key; it is not sent.
    if (text.length === 0) return super.rsaEncrypt(name, key, text);
    return rsaOaepEncrypt(name, key, text, bytesOf(this.#seeds.shift() ?? ""));
  }
}

type Party = "client" | "device";

/** Feeds an end the recorded datagrams of its peer, and collects what it sends. */
function play(exchange: Exchange, role: Party): readonly string[] {
  const { a, b, salt, csalt, clientSeeds, deviceSeeds } = exchange;
  const crypto =
    role === "client" ? new Scripted(a, csalt, clientSeeds) : new Scripted(b, salt, deviceSeeds);
  const playbook = new Playbook({ ...settings, programsEnd: false }).open(role, { crypto });
  const peer = role === "client" ? "device" : "client";
  const texts = [...exchange.texts];
  const feed = (input: Input): void => {
    if (!playbook.handle(role, input).some((o) => o.kind === "ready")) return;
    const text = texts.shift();
    feed(text === undefined ? timeout : send(text));
  };
  for (const one of exchange.wire) {
    if (one.from !== peer) continue;
    feed(playbook.arrival({ from: peer, bytes: bytesOf(one.hex) }));
  }
  return playbook.packets(role).map((packet) => hex(packet.bytes));
}

const recorded = (exchange: Exchange, role: Party): readonly string[] =>
  exchange.wire.filter((one) => one.from === role).map((one) => one.hex);

describe.each(recording.exchanges)("numbers $a and $b", (exchange) => {
  test("our client sends byte for byte what Python's did", () => {
    expect(play(exchange, "client")).toEqual(recorded(exchange, "client"));
  });

  test("our device sends byte for byte what Python's did, and then announces itself again", () => {
    const ours = play(exchange, "device");
    const theirs = recorded(exchange, "device");
    expect(ours.slice(0, theirs.length)).toEqual(theirs);
    expect(ours.slice(theirs.length).map((h) => lossyText(bytesOf(h)).slice(0, 8))).toEqual([
      "CONNECT:",
    ]);
  });

  test("sizes are as described", () => {
    const sizes = exchange.wire.map((one) => one.hex.length / 2);
    expect(sizes[1]).toBeGreaterThan(915);
    expect(sizes[2]).toBeGreaterThan(875);
    expect(new Set(sizes.slice(3))).toEqual(new Set([693]));
  });
});

describe("what no honest end sends", () => {
  const crypto = new CryptoRecorder([], new Random("receptions"), "receptions");
  const device = rsaLabKey(4096, 1);

  test.each(recording.receptions.numbers)("the number “$text” is read as in Python", (row) => {
    expect(pythonInt(row.text)?.toString()).toBe(row.value);
  });

  test.each(recording.receptions.lengths)("$bytes bytes fit as in Python", (row) => {
    const seal = () => encryptRsa(crypto, device.publicKey, "x".repeat(row.bytes)).length;
    if (row.datagram === undefined) expect(seal).toThrow(row.raises);
    else expect(seal()).toBe(row.datagram);
  });

  test.each(recording.forged)(
    "Python's “$text” is read by the $to",
    ({ to, text, datagram: d }) => {
      const { privateKey } = rsaLabKey(4096, to === "device" ? 1 : 0);
      const opened = decryptRsa(crypto, { publicText: "", privateKey }, fromLatin1(d));
      expect(opened.text).toBe(text);
      expect(latin1(opened.block)).toHaveLength(512);
    },
  );
});
