/** One key, one purpose: what counts as a second one, and what does not. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Env } from "../../protocol/endpoint.ts";
import { concat, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { say } from "../../protocol/kit/workload.ts";
import { judgeRun, protocolOf, sharingKey } from "../testing/tiny.ts";
import { keySeparation } from "./key-separation.ts";

type Seal = (env: Env, key: Uint8Array, text: Uint8Array) => Uint8Array;
type Open = (env: Env, key: Uint8Array, bytes: Uint8Array) => Uint8Array | undefined;

/** The client seals a message, and the server an answer, as `seal` does it. */
const talking = (seal: Seal, open: Open, answers = true) =>
  sharingKey(
    (env, key) => (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      if (input.kind === "datagram") open(env, key, input.bytes);
      return input.kind === "send"
        ? [{ kind: "transmit", bytes: seal(env, key, input.message) }]
        : [];
    },
    (env, key) => (input) => {
      const text = input.kind === "datagram" ? open(env, key, input.bytes) : undefined;
      if (text === undefined || !answers) return [];
      return [{ kind: "transmit", bytes: seal(env, key, utf8("understood")) }];
    },
  );

const nonceBytes = 12;
const aead = "chacha20-poly1305";
const behind = (nonce: Uint8Array, key: Uint8Array, { crypto }: Env, text: Uint8Array) =>
  concat(nonce, crypto.seal(aead, key, nonce, text));
const opened: Open = ({ crypto }, key, bytes) =>
  crypto.open(aead, key, bytes.slice(0, nonceBytes), bytes.slice(nonceBytes));

const drawn: Seal = (env, key, text) => behind(env.crypto.random(nonceBytes), key, env, text);
/** The role, and how often it has sealed something. */
function counted(separates: boolean): Seal {
  const counts = new Map<string, number>();
  return (env, key, text) => {
    const n = (counts.get(env.address) ?? 0) + 1;
    counts.set(env.address, n);
    const role = uintBytes(separates && env.role === "server" ? 1 : 0, 4);
    return behind(concat(role, uintBytes(n, 8)), key, env, text);
  };
}
const subkeys =
  (seal: Seal, way: (env: Env) => string): Seal =>
  (env, key, text) =>
    seal(env, env.crypto.hkdfExpand("sha256", key, utf8(way(env)), 32), text);
const subkeyed =
  (open: Open, way: (env: Env) => string): Open =>
  (env, key, bytes) =>
    open(env, env.crypto.hkdfExpand("sha256", key, utf8(way(env)), 32), bytes);
const other = ({ role }: Env) => (role === "client" ? "server" : "client");

const verdict = (protocol: Parameters<typeof judgeRun>[1]) =>
  judgeRun(keySeparation, protocol).violation?.because;

describe("both directions", () => {
  test("under one key, with drawn nonces, are two purposes", () => {
    expect(verdict(talking(drawn, opened))).toMatch(
      /^one key serves both directions: (alice and bob|bob and alice) use it for encryption/,
    );
  });

  test("are one where counted nonces keep them apart, and two where these meet", () => {
    expect(verdict(talking(counted(true), opened))).toBeUndefined();
    expect(verdict(talking(counted(false), opened))).toMatch(/^one key serves both directions/);
  });

  test("have a key each", () => {
    const seal = subkeys(drawn, (env) => env.role);
    expect(verdict(talking(seal, subkeyed(opened, other)))).toBeUndefined();
  });

  test("one direction is one purpose, until a sender takes its own record for the peer's", () => {
    const protocol = talking(drawn, opened, false);
    expect(verdict(protocol)).toBeUndefined();
    const packet = { from: "client#0", to: "server#0", nth: 1 };
    const later = { after: { ...packet, nth: 2 } };
    const attack: Attack = [{ move: "reflect", packet, when: later }];
    expect(judgeRun(keySeparation, protocol, attack).violation?.because).toBe(
      "one key serves both directions: alice opens what it has sealed for bob itself",
    );
  });

  test("a key of both ends that only one of them uses leaves a doubt", () => {
    const claiming = (shown: (env: Env, key: Uint8Array) => Uint8Array) =>
      sharingKey(
        (env, key) => (input) => {
          const value = shown(env, key);
          if (input.kind === "start") {
            return [
              { kind: "claim", claim: { kind: "secret", peer: "bob", value } },
              { kind: "ready" },
            ];
          }
          return input.kind === "send"
            ? [{ kind: "transmit", bytes: drawn(env, key, input.message) }]
            : [];
        },
        () => () => [],
      );
    expect(
      judgeRun(
        keySeparation,
        claiming((_, key) => key),
      ).doubt,
    ).toBe("the key that client#0 has with bob seals as it is, and was used in one direction only");
    const other = claiming(({ crypto }) => crypto.hash("sha256", utf8("another value")));
    expect(judgeRun(keySeparation, other).doubt).toBeUndefined();
  });

  test("what only its maker opens again, as a cookie, goes in no direction", () => {
    const cookie = sharingKey(
      () => (input) => {
        if (input.kind === "start") return [{ kind: "transmit", bytes: utf8("hello") }];
        return input.kind === "datagram" ? [{ kind: "transmit", bytes: input.bytes }] : [];
      },
      (env, key) => (input) => {
        if (input.kind !== "datagram") return [];
        if (opened(env, key, input.bytes) !== undefined) return [];
        return [{ kind: "transmit", bytes: drawn(env, key, utf8("a cookie")) }];
      },
    );
    expect(verdict(cookie)).toBeUndefined();
  });
});

describe("two kinds of operation", () => {
  const oneWay = (seal: (crypto: CryptoKit, key: Uint8Array, text: Uint8Array) => Uint8Array) =>
    talking(
      ({ crypto }, key, text) => seal(crypto, key, text),
      () => undefined,
      false,
    );
  const iv = new Uint8Array(16);

  test("encryption and a MAC", () => {
    const protocol = oneWay((crypto, key, text) => {
      const body = crypto.encrypt("aes-ctr", key, iv, text);
      return concat(body, crypto.hmac("sha256", key, body));
    });
    expect(verdict(protocol)).toBe(
      "one key is used for encryption with aes-ctr by client#0 and for authentication by client#0",
    );
  });

  test("two ciphers", () => {
    const protocol = oneWay((crypto, key, text) =>
      concat(crypto.encrypt("aes-ctr", key, iv, text), crypto.encrypt("aes-cbc", key, iv, text)),
    );
    expect(verdict(protocol)).toMatch(/encryption with aes-ctr .* encryption with aes-cbc/);
  });

  test("keys derived from a key, and that key itself", () => {
    const protocol = oneWay((crypto, key, text) => {
      const mac = crypto.hkdfExpand("sha256", key, utf8("mac"), 32);
      const body = crypto.encrypt("aes-ctr", key, iv, text);
      return concat(body, crypto.hmac("sha256", mac, body));
    });
    expect(verdict(protocol)).toMatch(/for derivation by client#0 and for encryption/);
  });

  test("a code that only derives keys is no MAC", () => {
    const derived = oneWay((crypto, key, text) => {
      const [first, second] = ["one", "two"].map((l) => crypto.hmac("sha256", key, utf8(l)));
      const body = crypto.encrypt("aes-ctr", first as Uint8Array, iv, text);
      return concat(body, crypto.hmac("sha256", second as Uint8Array, body));
    });
    expect(verdict(derived)).toBeUndefined();
    const shown = oneWay((crypto, key, text) => {
      const derivedKey = crypto.hmac("sha256", key, utf8("one"));
      const body = crypto.encrypt("aes-ctr", derivedKey, iv, text);
      return concat(body, crypto.hmac("sha256", key, body));
    });
    expect(verdict(shown)).toMatch(/for derivation .* for authentication/);
  });
});

describe("a pair of keys", () => {
  const withPair = (uses: (crypto: CryptoKit, n: number) => Uint8Array) =>
    protocolOf(
      {
        client:
          ({ crypto }) =>
          (input) => {
            if (input.kind === "start") return [{ kind: "ready" }];
            return input.kind === "send" ? [{ kind: "transmit", bytes: uses(crypto, 0) }] : [];
          },
        server: () => () => [],
      },
      { sessions: [{ start: 0, messages: say("client", "one") }] },
    );

  test("that signs and decrypts", () => {
    const protocol = withPair((crypto) => {
      const pair = crypto.rsaKeyPair(2048, 0);
      const sealed = crypto.rsaEncrypt("pkcs1", pair.publicKey, utf8("text"));
      crypto.rsaDecrypt("pkcs1", pair.privateKey, sealed ?? new Uint8Array(0));
      return crypto.sign(pair.privateKey, utf8("text"), "rsa-pss-sha256");
    });
    expect(verdict(protocol)).toMatch(/public-key encryption by client#0 and for signing/);
  });

  test("that only signs", () => {
    const protocol = withPair((crypto) => {
      const pair = crypto.signingKeyPair();
      return concat(
        crypto.sign(pair.privateKey, utf8("one text")),
        crypto.sign(pair.privateKey, utf8("another")),
      );
    });
    expect(verdict(protocol)).toBeUndefined();
  });

  test("in two roles that do not face each other", () => {
    const signs = (crypto: CryptoKit, key: Uint8Array) => [
      { kind: "transmit" as const, bytes: crypto.sign(key, utf8("here I am")) },
    ];
    const protocol = (notary: string) =>
      protocolOf(
        {},
        {
          protocol: {
            roles: [
              { name: "client", principals: ["alice"], process: "session", peer: "server" },
              { name: "notary", principals: [notary], process: "session", peer: "server" },
              { name: "server", principals: ["bob"], process: "service", port: 7 },
            ],
            deploy({ crypto, principals }) {
              const keys = new Map(principals.map((p) => [p, crypto.signingKeyPair().privateKey]));
              return {
                open: (role, env) => ({
                  handle: (input) =>
                    role !== "server" && input.kind === "start"
                      ? signs(env.crypto, keys.get(env.self) as Uint8Array)
                      : [],
                }),
                longTermSecrets: () => [],
              };
            },
          },
        },
      );
    expect(verdict(protocol("alice"))).toBe(
      "alice uses one key for signing as client and as notary",
    );
    expect(verdict(protocol("carol"))).toBeUndefined();
  });
});
