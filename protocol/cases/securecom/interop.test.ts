/**
 * Our client and our server against exchanges that Python recorded; see interop/record.py for how,
 * and with what. Nothing here runs Python.
 */
import { createDecipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Credential, Endpoint, Env } from "../../endpoint.ts";
import { bytesBigint, fromHex, hex, lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { defaultsOf } from "../../testing/installation.ts";
import { chunk, Playbook, start, timeout } from "../../testing/playbook.ts";
import { databaseName, loginText, tokenOf, writeDatabase } from "./accounts.ts";
import { Client } from "./client.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { readValue } from "./numbers.ts";
import { ends, settings as playbookSettings } from "./playbook-settings.ts";
import { Relay } from "./relay.ts";
import { securecom } from "./securecom.ts";
import { settingsOf } from "./settings.ts";

type Party = keyof typeof ends;
type Exchange = (typeof recording.exchanges)[number];

const bytesOf = (digits: string): Uint8Array => fromHex(digits) as Uint8Array;
const parties: Readonly<Record<string, Party>> = { Alice: "alice", Bob: "bob", server: "server" };
const addressOf = (name: string): string => ends[parties[name] as Party];

/** The real primitives, with the recording's random values in place of fresh ones. */
class Scripted extends CryptoRecorder {
  readonly #draws: string[];

  constructor(draws: readonly string[]) {
    super([], new Random("unused"), "scripted");
    this.#draws = [...draws];
  }

  override random(): Uint8Array {
    const draw = this.#draws.shift();
    if (draw === undefined) throw new Error("the recording holds no further value");
    return bytesOf(draw);
  }
}

const credentialsOf = ({ passwords }: Exchange): readonly Credential[] =>
  Object.entries(passwords).map(([name, password]) => ({
    principal: parties[name] as Party,
    user: utf8(name),
    password: utf8(password),
  }));

function openScripted(exchange: Exchange, name: "Alice" | "Bob" | "server"): Endpoint {
  const { exponents, nonces } = exchange;
  const self = parties[name] as Party;
  const draws =
    name === "server" ? exponents.server : [exponents[name], ...(name === "Alice" ? nonces : [])];
  const crypto = new Scripted(draws);
  const credentials = credentialsOf(exchange);
  const database = writeDatabase(crypto, credentials);
  const env: Env = {
    self,
    role: name === "server" ? "relay" : "client",
    address: ends[self],
    crypto,
    store: (file) => ({
      read: () => (file === databaseName ? database : new Uint8Array(0)),
      write: () => undefined,
      append: () => undefined,
    }),
    ...(name === "server" ? {} : { peer: "server", peerAddress: ends.server }),
  };
  const settings = settingsOf({ ...defaultsOf(securecom), ...exchange.options });
  if (name === "server") return new Relay(env, settings, new Map());
  const account = credentials.find(({ principal }) => principal === self) as Credential;
  const friend = name === "Alice" ? "bob" : "alice";
  return new Client(env, { settings, account, server: "server", friend, signing: new Map() });
}

/** Feeds an end what the others wrote to it. */
function play(exchange: Exchange, name: "Alice" | "Bob" | "server"): Playbook {
  const end = parties[name] as Party;
  const playbook = new Playbook({ ...playbookSettings, programsEnd: false, typingMs: 0 });
  playbook.endpoints.set(ends[end], openScripted(exchange, name));
  if (name === "Alice") playbook.say(end, exchange.text, { to: "bob" });
  playbook.in(end, start);
  for (const peer of name === "server" ? ["Alice", "Bob"] : ["server"]) {
    playbook.in(end, { kind: "connected", peer: addressOf(peer) });
  }
  for (const { from, to, hex: digits } of exchange.wire) {
    if (to !== name) continue;
    const now = playbook.now - (playbook.now % 100) + 100;
    playbook.in(end, chunk(bytesOf(digits), addressOf(from)), now);
    for (let tick = 1; tick < 20; tick++) playbook.in(end, timeout, now + tick);
  }
  return playbook;
}

const written = (playbook: Playbook, from: Party, to: Party): readonly string[] =>
  playbook.packets(from, to).map((packet) => hex(packet.bytes));
const keysIn = (playbook: Playbook, end: Party): readonly string[] =>
  playbook.claims(end, "secret").map((claim) => hex(claim.value));

describe.each(recording.exchanges)("$options", (exchange) => {
  const recorded = (from: string, to: string): readonly string[] =>
    exchange.wire.filter((one) => one.from === from && one.to === to).map((one) => one.hex);

  test("our Alice writes byte for byte what Python's did", () => {
    const playbook = play(exchange, "Alice");
    expect(written(playbook, "alice", "server")).toEqual(recorded("Alice", "server"));
    expect(keysIn(playbook, "alice")).toEqual([exchange.keys.link, exchange.keys.endToEnd]);
  });

  test("our server writes to both what Python's did", () => {
    const playbook = play(exchange, "server");
    for (const name of ["Alice", "Bob"] as const) {
      expect(written(playbook, "server", parties[name] as Party)).toEqual(recorded("server", name));
    }
  });

  test("our Bob reads what Python's Alice wrote", () => {
    const playbook = play(exchange, "Bob");
    expect(playbook.said("bob", "deliver").map((o) => lossyText(o.message))).toEqual([
      exchange.text,
    ]);
    expect(keysIn(playbook, "bob").at(-1)).toBe(exchange.keys.endToEnd);
  });

  test("OpenSSL, by way of Node, opens the last three segments with the same key", () => {
    const [ciphertext, tag, nonce] = recorded("server", "Bob").slice(-3).map(bytesOf);
    const key = bytesOf(exchange.keys.endToEnd);
    const name = key.length === 16 ? "aes-128-gcm" : "aes-256-gcm";
    const cipher = createDecipheriv(name, key, nonce as Uint8Array) as ReturnType<
      typeof createDecipheriv
    > & { setAuthTag(tag: Uint8Array): void };
    cipher.setAuthTag(tag as Uint8Array);
    const text = cipher.update(ciphertext as Uint8Array, undefined, "utf8") + cipher.final("utf8");
    expect(text).toBe(exchange.text);
  });
});

test("the token is SHA-256 of name, colon and password, in hex", () => {
  for (const credential of credentialsOf(recording.exchanges[0] as Exchange)) {
    const login = loginText(credential);
    const token = tokenOf(new CryptoRecorder([], new Random("unused"), "test"), login);
    expect(lossyText(token)).toBe(createHash("sha256").update(login).digest("hex"));
  }
});

test.each(recording.integers)("int($text) comes out as in Python", ({ text, residue }) => {
  const settings = settingsOf(defaultsOf(securecom));
  const crypto = new CryptoRecorder([], new Random("unused"), "test");
  const value = readValue(crypto, settings, utf8(text));
  expect(value === undefined ? null : String(bytesBigint(value))).toBe(residue);
});
