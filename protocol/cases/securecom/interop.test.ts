/**
 * Our client and our server against exchanges that Python recorded; see interop/record.py for how,
 * and with what. Nothing here runs Python.
 */
import { createDecipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Credential, Endpoint, Env, Output } from "../../endpoint.ts";
import { bytesBigint, fromHex, hex, lossyText, utf8 } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { databaseName, loginText, tokenOf, writeDatabase } from "./accounts.ts";
import { Client } from "./client.ts";
import recording from "./interop/recorded-exchange.json" with { type: "json" };
import { readValue } from "./numbers.ts";
import { Relay } from "./relay.ts";
import { settingsOf } from "./settings.ts";
import { addresses, allOptions, type Party } from "./test-bench.ts";

type Exchange = (typeof recording.exchanges)[number];

const bytesOf = (digits: string): Uint8Array => fromHex(digits) as Uint8Array;
const parties: Readonly<Record<string, Party>> = { Alice: "alice", Bob: "bob", server: "server" };
const addressOf = (name: string): string => addresses[parties[name] as Party];

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
    address: addresses[self],
    crypto,
    store: (file) => ({
      read: () => (file === databaseName ? database : new Uint8Array(0)),
      write: () => undefined,
      append: () => undefined,
    }),
    ...(name === "server" ? {} : { peer: "server", peerAddress: addresses.server }),
  };
  const settings = settingsOf(allOptions(exchange.options));
  if (name === "server") return new Relay(env, settings, new Map());
  const account = credentials.find(({ principal }) => principal === self) as Credential;
  const friend = name === "Alice" ? "bob" : "alice";
  return new Client(env, { settings, account, server: "server", friend, signing: new Map() });
}

/** Feeds an endpoint what the others wrote to it, and collects what it does. */
function play(exchange: Exchange, name: "Alice" | "Bob" | "server"): readonly Output[] {
  const endpoint = openScripted(exchange, name);
  const outputs: Output[] = [];
  let now = 0;
  const collect = (more: readonly Output[]): void => {
    outputs.push(...more);
    const first = outputs.filter(({ kind }) => kind === "ready").length === 1;
    if (name === "Alice" && first && more.some(({ kind }) => kind === "ready")) {
      collect(endpoint.handle({ kind: "send", message: utf8(exchange.text), to: "bob" }, now));
    }
  };
  collect(endpoint.handle({ kind: "start" }, now));
  const peers = name === "server" ? ["Alice", "Bob"] : ["server"];
  for (const peer of peers) {
    collect(endpoint.handle({ kind: "connected", peer: addressOf(peer) }, now));
  }
  for (const { from, to, hex: digits } of exchange.wire) {
    if (to !== name) continue;
    now += 100;
    collect(endpoint.handle({ kind: "chunk", bytes: bytesOf(digits), from: addressOf(from) }, now));
    for (let tick = 1; tick < 20; tick++) collect(endpoint.handle({ kind: "timeout" }, now + tick));
  }
  return outputs;
}

const written = (outputs: readonly Output[], to: string): readonly string[] =>
  outputs.flatMap((output) =>
    output.kind === "transmit" && output.to === to ? [hex(output.bytes)] : [],
  );
const keysIn = (outputs: readonly Output[]): readonly string[] =>
  outputs.flatMap((output) =>
    output.kind === "claim" && output.claim.kind === "secret" ? [hex(output.claim.value)] : [],
  );

describe.each(recording.exchanges)("$options", (exchange) => {
  const recorded = (from: string, to: string): readonly string[] =>
    exchange.wire.filter((one) => one.from === from && one.to === to).map((one) => one.hex);

  test("our Alice writes byte for byte what Python's did", () => {
    const outputs = play(exchange, "Alice");
    expect(written(outputs, addresses.server)).toEqual(recorded("Alice", "server"));
    expect(keysIn(outputs)).toEqual([exchange.keys.link, exchange.keys.endToEnd]);
  });

  test("our server writes to both what Python's did", () => {
    const outputs = play(exchange, "server");
    for (const name of ["Alice", "Bob"] as const) {
      expect(written(outputs, addressOf(name))).toEqual(recorded("server", name));
    }
  });

  test("our Bob reads what Python's Alice wrote", () => {
    const outputs = play(exchange, "Bob");
    const texts = outputs.flatMap((o) => (o.kind === "deliver" ? [lossyText(o.message)] : []));
    expect(texts).toEqual([exchange.text]);
    expect(keysIn(outputs).at(-1)).toBe(exchange.keys.endToEnd);
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
  const settings = settingsOf(allOptions());
  const crypto = new CryptoRecorder([], new Random("unused"), "test");
  const value = readValue(crypto, settings, utf8(text));
  expect(value === undefined ? null : String(bytesBigint(value))).toBe(residue);
});
