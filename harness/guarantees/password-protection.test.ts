/**
 * Encrypted key exchange (S. Bellovin, M. Merritt 1992) and its mistakes: what a password encrypts
 * must look like anything else.
 */
import { describe, expect, test } from "vitest";
import type { DeployEnv, Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import { judgeRun, tiny } from "../testing/tiny.ts";
import { passwordProtection } from "./password-protection.ts";

const password = utf8("correct horse");
const iv = new Uint8Array(16);
const nonce = new Uint8Array(12);
const padded = concat(password, new Uint8Array(32 - password.length));
const keyOf = ({ crypto }: Env): Uint8Array =>
  crypto.hkdf({ hash: "sha256", key: password, length: 32 });
const stream = (env: Env, content: Uint8Array): Uint8Array =>
  env.crypto.encrypt("aes-ctr", keyOf(env), iv, content);

/** The client's first packet, and what the server answers to its content. */
interface Exchange {
  readonly hello: (env: Env) => Uint8Array;
  readonly open: (env: Env, sent: Uint8Array) => Uint8Array | undefined;
  readonly answer?: (env: Env, content: Uint8Array) => Uint8Array;
}

const unstream = (env: Env, sent: Uint8Array) =>
  env.crypto.decrypt("aes-ctr", keyOf(env), iv, sent);
const exchanges: Readonly<Record<"safe" | "testable", Readonly<Record<string, Exchange>>>> = {
  safe: {
    "a fresh public key": {
      hello: (env) => stream(env, env.crypto.keyPair("x25519").publicKey),
      open: unstream,
    },
    "a fresh public key, with a confirmation under the shared secret": {
      hello: (env) => stream(env, env.crypto.keyPair("x25519").publicKey),
      open: unstream,
      answer(env, peer) {
        const own = env.crypto.keyPair("x25519");
        const key = env.crypto.sharedSecret("x25519", own.privateKey, peer) ?? nonce;
        const confirmed = env.crypto.seal("chacha20-poly1305", key, nonce, utf8("it is me"));
        return concat(stream(env, own.publicKey), confirmed);
      },
    },
    "random bytes under a mask": {
      hello: (env) => env.crypto.xor(keyOf(env), env.crypto.random(32)),
      open: (env, sent) => env.crypto.xor(keyOf(env), sent),
    },
  },
  testable: {
    "a key, with a confirmation under it": {
      hello: (env) => stream(env, env.crypto.random(32)),
      open: unstream,
      answer: (env, key) => env.crypto.hmac("sha256", key, utf8("it is me")),
    },
    "a name beside a fresh public key": {
      hello: (env) => stream(env, concat(utf8("alice"), env.crypto.keyPair("x25519").publicKey)),
      open: unstream,
    },
    "padding after a fresh public key": {
      hello: (env) =>
        env.crypto.encrypt("aes-cbc", keyOf(env), iv, env.crypto.keyPair("x25519").publicKey),
      open: (env, sent) => env.crypto.decrypt("aes-cbc", keyOf(env), iv, sent),
    },
    "random bytes, with a tag, under the password itself": {
      hello: (env) => env.crypto.seal("chacha20-poly1305", padded, nonce, env.crypto.random(32)),
      open: (env, sent) => env.crypto.open("chacha20-poly1305", padded, nonce, sent),
    },
    "a pad under a mask, with a MAC under the pad": {
      hello: (env) => env.crypto.xor(keyOf(env), env.crypto.random(32)),
      open: (env, sent) => env.crypto.xor(keyOf(env), sent),
      answer: (env, pad) => env.crypto.hmac("sha256", pad, utf8("it is me")),
    },
  },
};

const protocolOf = ({ hello, open, answer }: Exchange): Protocol =>
  tiny({
    client: (env) => (input) =>
      input.kind === "start" ? [{ kind: "transmit", bytes: hello(env) }] : [],
    server:
      (env) =>
      (input): readonly Output[] => {
        if (input.kind !== "datagram") return [];
        const content = open(env, input.bytes);
        if (content === undefined || answer === undefined) return [];
        return [{ kind: "transmit", bytes: answer(env, content) }];
      },
    deployment: { credentials: [{ principal: "alice", user: utf8("alice"), password }] },
  });

describe.each(["safe", "testable"] as const)("under a password is %s to send", (kind) => {
  test.each(Object.entries(exchanges[kind]))("%s", (_, exchange) => {
    const { violation } = judgeRun(passwordProtection, protocolOf(exchange));
    expect(violation === undefined ? "safe" : "testable").toBe(kind);
  });
});

test("whoever acts as a principal knows its password, and nobody else's", () => {
  const { hello, open } = exchanges.safe["random bytes under a mask"] as Exchange;
  const protocol = protocolOf({ hello, open });
  const dealing: Protocol = {
    ...protocol,
    deploy: (env) => ({
      ...protocol.deploy(env),
      longTermSecrets: (principal) => (principal === "carol" ? [] : [password]),
    }),
  };
  const judged = (as: string) => {
    const judgement = judgeRun(passwordProtection, dealing, [{ move: "participate", as }]);
    return [judgement.atStake, judgement.violation?.because];
  };
  expect(judged("alice")).toEqual([0, undefined]);
  expect(judged("carol")).toEqual([1, undefined]);
  expect(judged("bob")).toEqual([1, "the attacker can read alice's password"]);
});

describe("a MAC under a password that was drawn is sent:", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const digits = "0123456789";
  type Draw = (crypto: DeployEnv["crypto"]) => Uint8Array;
  test.each<[string, Draw, string | undefined]>([
    ["four digits", (c) => c.randomText(4, digits), "about 10,000 guesses, 1 operation"],
    ["19 digits", (c) => c.randomText(19, digits), "about 2^64 guesses, 1 operation"],
    ["20 digits", (c) => c.randomText(20, digits), undefined],
    ["13 letters", (c) => c.randomText(13, letters), "about 2^62 guesses, 1 operation"],
    ["14 letters", (c) => c.randomText(14, letters), undefined],
    ["many letters of two", (c) => c.randomText(40, "ab"), "about 2^40 guesses, 1 operation"],
    ["four bytes", (c) => c.random(4), "about 2^32 guesses, 1 operation"],
    ["eight bytes", (c) => c.random(8), undefined],
    ["16 bytes of a weak generator", (c) => c.encode("hex", c.weakRandom(16, 30)), "read"],
    ["16 bytes in hex", (c) => c.encode("hex", c.random(16)), undefined],
    ["words that no draw is in", () => utf8("seven grey geese"), "dictionary: 1 operation"],
  ])("%s", (_, draw, expected) => {
    let password = utf8("");
    const mac = ({ crypto }: Env) => crypto.hmac("sha256", password, utf8("hello"));
    const protocol = protocolOf({ hello: mac, open: (_env, sent) => sent });
    const dealing: Protocol = {
      ...protocol,
      deploy(env) {
        password = draw(env.crypto);
        const credentials = [{ principal: "alice", user: utf8("alice"), password }];
        return { ...protocol.deploy(env), credentials };
      },
    };
    const { atStake, violation } = judgeRun(passwordProtection, dealing);
    expect(atStake).toBe(1);
    if (expected === undefined) expect(violation).toBeUndefined();
    else expect(`${violation?.because} ${violation?.compute}`).toContain(expected);
  });
});
