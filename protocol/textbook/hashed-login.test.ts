/** The login as a conversation, and what it does with everything else that arrives. */
import { describe, expect, test } from "vitest";
import type { Endpoint, Env, Input, Output, Role } from "../endpoint.ts";
import { concat, equalBytes, hex, utf8 } from "../kit/bytes.ts";
import type { OpRecord } from "../kit/operations.ts";
import { hash } from "../kit/primitives/hash.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { hashedLogin } from "./hashed-login.ts";

const addresses = { client: "alice:40000", server: "bob:7100" } as const;
const log: OpRecord[] = [];
const store = () => {
  throw new Error("this protocol stores nothing");
};

function open(role: keyof typeof addresses, self: string = role === "server" ? "bob" : "alice") {
  const crypto = new CryptoRecorder(log, new Random(`hashed login ${role}`), role);
  const deployment = hashedLogin.deploy({
    crypto,
    options: {},
    principals: ["alice", "bob", "carol"],
    store,
  });
  const peer = role === "client" ? { peer: "bob", peerAddress: addresses.server } : {};
  const env: Env = { self, role: role as Role, address: addresses[role], crypto, store, ...peer };
  return deployment.open(role, env);
}

const datagram = (bytes: Uint8Array, from: string = addresses.client): Input => ({
  kind: "datagram",
  bytes,
  from,
});
const sent = (outputs: readonly Output[]): Uint8Array => {
  const found = outputs.find((o) => o.kind === "transmit");
  if (found === undefined) throw new Error("nothing was sent");
  return found.bytes;
};
const told = (outputs: readonly Output[]) =>
  outputs.map((o) => (o.kind === "reject" ? o.reason : o.kind === "claim" ? o.claim.kind : o.kind));
const give = (endpoint: Endpoint, input: Input) => endpoint.handle(input, 0);

test("a login, from hello to welcome", () => {
  const [client, server] = [open("client"), open("server")];
  expect(give(server, { kind: "start" })).toEqual([]);
  const login = sent(give(client, { kind: "start" }));
  expect(hex(login)).toBe(`01${hex(utf8("alice"))}`);
  const challenge = sent(give(server, datagram(login)));
  expect(challenge.length).toBe(17);
  const answering = give(client, datagram(challenge, addresses.server));
  expect(told(answering)).toEqual(["running", "submit", "transmit"]);
  const expected = hash("sha256", concat(utf8("opal sunrise 41"), challenge.slice(1)));
  expect(equalBytes(sent(answering).slice(1), expected)).toBe(true);
  const granted = give(server, datagram(sent(answering)));
  expect(told(granted)).toEqual(["deliver", "commit", "transmit"]);
  expect(told(give(client, datagram(sent(granted), addresses.server)))).toEqual(["exit"]);
});

describe("what is refused", () => {
  const challengeOf = (server: Endpoint, from?: string) =>
    sent(give(server, datagram(concat(new Uint8Array([1]), utf8("alice")), from)));

  test("at the server", () => {
    const server = open("server");
    const refusal = (bytes: Uint8Array, from?: string) => told(give(server, datagram(bytes, from)));
    expect(refusal(new Uint8Array())).toEqual(["malformed"]);
    expect(refusal(new Uint8Array([9]))).toEqual(["malformed"]);
    expect(refusal(new Uint8Array([3, 1, 2]))).toEqual(["malformed"]);
    expect(refusal(concat(new Uint8Array([1]), utf8("nobody")))).toEqual(["unknown-peer"]);
    expect(refusal(concat(new Uint8Array([1]), new Uint8Array(33)))).toEqual(["too-long"]);
    const answer = concat(new Uint8Array([3]), new Uint8Array(32));
    expect(refusal(answer)).toEqual(["unexpected"]);
    challengeOf(server);
    expect(refusal(answer)).toEqual(["bad-tag"]);
  });

  test("an answer counts once, from the address that asked, for the last challenge", () => {
    const [client, server] = [open("client"), open("server")];
    give(client, { kind: "start" });
    const first = challengeOf(server);
    const answer = sent(give(client, datagram(first, addresses.server)));
    expect(told(give(server, datagram(answer, "mallory:6666")))).toEqual(["unexpected"]);
    expect(told(give(server, datagram(answer)))).toContain("commit");
    expect(told(give(server, datagram(answer)))).toEqual(["unexpected"]);
    challengeOf(server);
    expect(told(give(server, datagram(answer)))).toEqual(["bad-tag"]);
  });

  test("at the client", () => {
    const client = open("client");
    give(client, { kind: "start" });
    const from = addresses.server;
    expect(told(give(client, datagram(new Uint8Array([4]), from)))).toEqual(["unexpected"]);
    const challenge = concat(new Uint8Array([2]), new Uint8Array(16));
    expect(told(give(client, datagram(challenge, from)))).toContain("transmit");
    expect(told(give(client, datagram(challenge, from)))).toEqual(["unexpected"]);
    expect(() => give(client, { kind: "send", message: utf8("x") })).toThrow(/no messages/);
    expect(() => open("client", "eve")).toThrow(/no account/);
  });

  test("unauthenticated clients do not fill the memory", () => {
    const server = open("server");
    for (let i = 0; i < 100; i++) challengeOf(server, `mallory-${i}:1`);
    expect(server.stateSize?.()).toBeLessThanOrEqual(16);
  });
});
