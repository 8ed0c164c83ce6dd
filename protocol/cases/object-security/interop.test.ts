/**
 * Our client and our server against an exchange that Python recorded; see interop/record.py for
 * how, and with what. Nothing here runs Python.
 */
import { createDecipheriv, createECDH, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Input } from "../../endpoint.ts";
import { fromHex, hex, lossyText, utf8 } from "../../kit/bytes.ts";
import type { Group, KeyPair } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { datagram, Playbook, send, start, timeout } from "../../testing/playbook.ts";
import { Client } from "./client.ts";
import { sessionKey } from "./handshake.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { openPair } from "./pair.ts";
import { ends, settings } from "./playbook-settings.ts";
import { settingsOf } from "./settings.ts";

type Party = keyof typeof ends;
type Exchange = (typeof recording.exchanges)[number];

const bytesOf = (digits: string): Uint8Array => fromHex(digits) as Uint8Array;

/** The real primitives, with the recording's private key and IVs in place of random ones. */
class Scripted extends CryptoRecorder {
  readonly #privateKey: Uint8Array;
  readonly #ivs: string[];

  constructor(privateKey: string, ivs: readonly string[]) {
    super([], new Random("unused"), "scripted");
    this.#privateKey = bytesOf(privateKey);
    this.#ivs = [...ivs];
  }

  override keyPair(group: Group): KeyPair {
    return { privateKey: this.#privateKey, publicKey: this.publicKey(group, this.#privateKey) };
  }

  override randomText(): Uint8Array {
    const iv = this.#ivs.shift();
    if (iv === undefined) throw new Error("the recording holds no further IV");
    return utf8(iv);
  }
}

/** Feeds an end the recorded datagrams of its peer. */
function play(exchange: Exchange, role: Party): Playbook {
  const peer = role === "client" ? "server" : "client";
  const playbook = opened(exchange, role);
  const feed = (input: Input, now: number): void => {
    if (!playbook.handle(role, input, now).some((output) => output.kind === "ready")) return;
    feed(send(exchange.payload), 2000);
  };
  feed(start, 0);
  for (const { from, hex: digits } of exchange.wire) {
    if (from !== peer) continue;
    feed(datagram(bytesOf(digits).subarray(0, 64), ends[peer]), 0);
    if (playbook.endpoint(role).deadline?.() !== undefined) feed(timeout, 1000);
  }
  return playbook;
}

/** One end, with the recording's draws, and not started yet. */
function opened(exchange: Exchange, role: Party): Playbook {
  const { clientPrivateKey, clientIvs, serverPrivateKey, serverIvs, seg } = exchange;
  const playbook = new Playbook({ ...settings, options: { seg }, programsEnd: false });
  if (role === "server") {
    const crypto = new Scripted(serverPrivateKey, serverIvs);
    playbook.endpoints.set(ends.server, playbook.installation.open(ends.server, { crypto }));
    return playbook;
  }
  const env = {
    self: "alice",
    role,
    peer: "bob",
    address: ends.client,
    peerAddress: ends.server,
    crypto: new Scripted(clientPrivateKey, clientIvs),
    store: () => {
      throw new Error("this case stores nothing");
    },
  };
  // Built by hand, because one of the recorded users mistypes the password.
  const password = utf8(exchange.password);
  const account = { principal: "alice", user: utf8("admin"), password };
  const known = { settings: settingsOf({ seg, loop: "false" }), account, server: "bob" };
  playbook.endpoints.set(ends.client, new Client(env, known));
  return playbook;
}

const sentBy = (playbook: Playbook, end: Party): readonly string[] =>
  playbook.packets(end).map((packet) => hex(packet.bytes));
const deliveredBy = (playbook: Playbook, end: Party): readonly string[] =>
  playbook.said(end, "deliver").map((output) => lossyText(output.message));
const keyOf = (playbook: Playbook, end: Party): readonly string[] =>
  playbook.claims(end, "secret").map((claim) => hex(claim.value));

describe.each(recording.exchanges)("seg=$seg, password $password: $payload", (exchange) => {
  const recorded = (role: Party): readonly string[] =>
    exchange.wire.filter((one) => one.from === role).map((one) => one.hex);

  test("our client sends byte for byte what Python's did", () => {
    const playbook = play(exchange, "client");
    expect(sentBy(playbook, "client")).toEqual(recorded("client"));
    expect(keyOf(playbook, "client")).toEqual([exchange.derivedKey]);
    expect(deliveredBy(playbook, "client")).toEqual(exchange.clientSaw);
  });

  test("our server sends byte for byte what Python's did, and reads the same", () => {
    const playbook = play(exchange, "server");
    expect(sentBy(playbook, "server")).toEqual(recorded("server"));
    expect(keyOf(playbook, "server")).toEqual([exchange.derivedKey]);
    // A refused login is read by the program, but not accepted.
    const granted = exchange.serverSaw.length === 4;
    expect(deliveredBy(playbook, "server")).toEqual(granted ? exchange.serverSaw.slice(1) : []);
  });

  test("OpenSSL, by way of Node, derives the same key and reads the same texts", () => {
    const ecdh = createECDH("secp384r1");
    ecdh.setPrivateKey(exchange.clientPrivateKey, "hex");
    const clientPoint = exchange.wire[2]?.hex;
    expect(ecdh.getPublicKey("hex", "compressed")).toBe(clientPoint);
    const shared = ecdh.computeSecret(exchange.wire[1]?.hex as string, "hex");
    const key = Buffer.from(hkdfSync("sha256", shared, "", "handshake data", 32));
    expect(key.toString("hex")).toBe(exchange.derivedKey);
    const name = exchange.seg === "8" ? "aes-256-cfb8" : "aes-256-cfb";
    const texts = [3, 5, 7, 9].flatMap((at) => {
      const [iv, ciphertext] = [exchange.wire[at], exchange.wire[at + 1]];
      if (iv === undefined || ciphertext === undefined) return [];
      const cipher = createDecipheriv(name, key, bytesOf(iv.hex));
      const data = Buffer.from(lossyText(bytesOf(ciphertext.hex)), "base64");
      return [cipher.update(data).toString() + cipher.final().toString()];
    });
    const [status] = exchange.clientSaw;
    const payload = exchange.wire.length > 9 ? [exchange.payload] : [];
    expect(texts).toEqual(["admin", exchange.password, status, ...payload]);
  });
});

/** What Python raises, by the name that our crash has. */
const raised: Readonly<Record<string, string>> = { Error: "binascii.Error" };

describe("what no honest end sends", () => {
  const crypto = new Scripted("00", []);
  const attempt = (body: () => Uint8Array): string => {
    try {
      return hex(body());
    } catch (error) {
      return (error as Error).message.split(":", 1)[0] as string;
    }
  };
  const pythons = (row: { readonly raises?: string }, value: string | undefined): string =>
    row.raises === undefined ? (value as string) : (raised[row.raises] ?? row.raises);

  test.each(recording.receptions.rows)("the pair $iv $ct ends as in Python", (row) => {
    const key = bytesOf(recording.receptions.key);
    const ours = attempt(() => openPair(crypto, "aes-cfb8", key, bytesOf(row.iv), bytesOf(row.ct)));
    expect(ours).toBe(pythons(row, row.text));
  });

  test.each(recording.points.rows)("the point $point ends as in Python", (row) => {
    const privateKey = bytesOf(recording.points.privateKey);
    const ours = attempt(() => sessionKey(crypto, privateKey, bytesOf(row.point)));
    expect(ours).toBe(pythons(row, row.key));
  });
});
