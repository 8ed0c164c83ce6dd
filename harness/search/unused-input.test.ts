/** What honest packets never have in them: types that nobody sends, and what makes readers run code. */
import { describe, expect, test } from "vitest";
import { dangerous } from "../../attacker/dangerous-payloads.ts";
import { runningCode } from "../../attacker/strategies/running-code.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import { unusedTypes } from "../../attacker/strategies/unused-types.ts";
import type { Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, latin1, text, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Handler, protocolOf, sharingKey, subjectFor } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** The verdict, the weakest capability, and of how many moves the smallest attack has. */
function found(strategy: Strategy, protocol: Protocol, guarantee: string) {
  const settings = { seed: "unused", guarantees: [guarantee] };
  const campaign = new Campaign(subjectFor(protocol), settings);
  campaign.try("undisturbed", { moves: [] });
  const scene = firstOfTheirKind(campaign.scene());
  for (const candidate of strategy.attacks(scene)) campaign.try(strategy.id, candidate);
  const [v] = campaign.finish(null).verdicts;
  return [v?.verdict, v?.capability, v?.finding?.steps.length];
}
const byAnybody = ["broken", "off-path", 1];
const byNobody = ["holds", null, undefined];

const tagBytes = 32;
const rejected: readonly Output[] = [{ kind: "reject", reason: "malformed" }];

/** Packets with a head and a MAC; and what the receiver takes without one, if anything. */
function authentic(
  head: (message: Uint8Array) => Uint8Array,
  plain: (bytes: Uint8Array) => Uint8Array | undefined,
): Protocol {
  const client =
    (env: Env, key: Uint8Array): Handler =>
    (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      if (input.kind !== "send") return [];
      const bytes = concat(head(input.message), env.crypto.hmac("sha256", key, input.message));
      return [{ kind: "transmit", bytes: concat(bytes, input.message) }];
    };
  const server =
    (env: Env, key: Uint8Array): Handler =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const unprotected = plain(input.bytes);
      if (unprotected !== undefined) return [deliver(unprotected, "alice")];
      const start = head(utf8("")).length;
      const message = input.bytes.slice(start + tagBytes);
      const right = concat(head(message), env.crypto.hmac("sha256", key, message));
      const isRight = env.crypto.equal(input.bytes.slice(0, start + tagBytes), right);
      return isRight ? [deliver(message, "alice")] : rejected;
    };
  return sharingKey(client, server);
}

describe("a type of packet that nobody sends", () => {
  const [version, sealed] = [1, 0x48];
  test.each<[string, (bytes: Uint8Array) => Uint8Array | undefined]>([
    ["is taken as it is", (b) => (b[0] === 0x08 ? b.slice(1) : undefined)],
    ["is any but those in use", (b) => (b[0] === 0xf3 ? b.slice(1) : undefined)],
    ["follows a version", (b) => (b[0] === version && b[1] === 0x40 ? b.slice(2) : undefined)],
    [
      "has a number behind it, as the others have",
      (b) => (b[1] === 2 && b[3] === 7 ? b.slice(4) : undefined),
    ],
    [
      "says how long it is",
      (b) => (b[0] === version && b[1] === 3 && b[2] === b.length - 3 ? b.slice(3) : undefined),
    ],
  ])("%s: one plain packet of anybody's will do", (_, plain) => {
    const head = () => Uint8Array.of(version, sealed, 0, 7);
    expect(found(unusedTypes, authentic(head, plain), "integrity")).toEqual(byAnybody);
  });

  test("is refused", () => {
    const head = () => Uint8Array.of(version, sealed, 0, 7);
    expect(
      found(
        unusedTypes,
        authentic(head, () => undefined),
        "integrity",
      ),
    ).toEqual(byNobody);
  });

  /** Documents with a type, a text, and a MAC. */
  const documents = (plain: string | undefined): Protocol => {
    const write = (kind: string, content: Uint8Array, mac: Uint8Array) =>
      utf8(JSON.stringify({ kind, text: text(content), mac: text(mac) }));
    return sharingKey(
      (env, key) => (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind !== "send") return [];
        const mac = env.crypto.encode("hex", env.crypto.hmac("sha256", key, input.message));
        return [{ kind: "transmit", bytes: write("signed", input.message, mac) }];
      },
      (env, key) => (input) => {
        if (input.kind !== "datagram") return [];
        try {
          const read = JSON.parse(text(input.bytes) ?? "");
          const message = utf8(String(read.text));
          if (read.kind === plain) return [deliver(message, "alice")];
          const mac = env.crypto.encode("hex", env.crypto.hmac("sha256", key, message));
          const isRight = env.crypto.equal(mac, utf8(String(read.mac)));
          return isRight ? [deliver(message, "alice")] : rejected;
        } catch {
          return rejected;
        }
      },
    );
  };
  test("may be a word of a document", () => {
    expect(found(unusedTypes, documents("debug"), "integrity")).toEqual(byAnybody);
    expect(found(unusedTypes, documents(undefined), "integrity")).toEqual(byNobody);
  });
});

test("payloads fit into what RSA of 2048 bits encrypts", () => {
  for (const payload of dangerous) expect(payload.length).toBeLessThanOrEqual(180);
});

describe("a reader that runs what it reads", () => {
  const reads = (pattern: RegExp, bytes: Uint8Array): readonly Output[] =>
    pattern.test(latin1(bytes)) ? [{ kind: "ran-code", code: latin1(bytes) }] : [];
  const pickled = /^(?:\x80.)?c[a-z]+\n[a-z]+\n.*R\.$/s;
  const evaluated = /__import__\(|!!python\//;
  const inherited = /"__proto__"/;

  /** One end sends its words in the way of `write`; the other reads them in the way of `read`. */
  const reading = (
    write: (env: Env, message: Uint8Array, key: Uint8Array) => Uint8Array,
    read: (env: Env, bytes: Uint8Array, key: Uint8Array) => Uint8Array | undefined,
    pattern: RegExp,
    dealt: (env: Parameters<Protocol["deploy"]>[0]) => readonly [Uint8Array, Uint8Array],
  ): Protocol =>
    protocolOf(
      {},
      {
        sessions: [{ start: 0, messages: say("client", "open the front door", "shut it") }],
        protocol: {
          deploy(about) {
            const [writing, opening] = dealt(about);
            const client =
              (env: Env): Handler =>
              (input) => {
                if (input.kind === "start") return [{ kind: "ready" }];
                if (input.kind !== "send") return [];
                return [{ kind: "transmit", bytes: write(env, input.message, writing) }];
              };
            const server =
              (env: Env): Handler =>
              (input) => {
                if (input.kind !== "datagram") return [];
                const inner = read(env, input.bytes, opening);
                return inner === undefined ? rejected : reads(pattern, inner);
              };
            return {
              open: (role, env) => ({ handle: (role === "client" ? client : server)(env) }),
              longTermSecrets: (p) => (p === "bob" ? [opening] : []),
              publicValues: writing === opening ? [] : [writing],
            };
          },
        },
      },
    );
  const noKeys = (): readonly [Uint8Array, Uint8Array] => [utf8(""), utf8("")];
  const ofRsa = ({ crypto }: Parameters<Protocol["deploy"]>[0]) => {
    const { publicKey, privateKey } = crypto.rsaKeyPair(2048, 0);
    return [publicKey, privateKey] as const;
  };
  const field = (bytes: Uint8Array, name: string): Uint8Array | undefined => {
    try {
      return Buffer.from(String(JSON.parse(text(bytes) ?? "")[name]), "base64");
    } catch {
      return undefined;
    }
  };
  const document = (env: Env, message: Uint8Array): Uint8Array => {
    const number = Buffer.from(env.crypto.random(8)).toString("base64");
    const data = Buffer.from(message).toString("base64");
    return utf8(JSON.stringify({ number, data }));
  };
  const head = utf8("MSG\u0001");

  test.each<[string, Protocol]>([
    [
      "whole packets",
      reading(
        (_, m) => m,
        (_, b) => b,
        pickled,
        noKeys,
      ),
    ],
    [
      "whole packets of text",
      reading(
        (_, m) => m,
        (_, b) => b,
        evaluated,
        noKeys,
      ),
    ],
    ["documents", reading(document, (_, b) => b, inherited, noKeys)],
    ["a field of a document", reading(document, (_, b) => field(b, "data"), pickled, noKeys)],
    [
      "what follows a head and a length",
      reading(
        (_, m) => concat(head, Uint8Array.of(0, m.length), m),
        (_, b) =>
          latin1(b).startsWith(latin1(head)) && b[5] === b.length - 6 ? b.slice(6) : undefined,
        pickled,
        noKeys,
      ),
    ],
    [
      "what anybody can encrypt to it, packed as no honest program would",
      reading(
        ({ crypto }, m, key) => crypto.rsaEncrypt("sha256", key, concat(utf8("S'"), m)) ?? m,
        ({ crypto }, b, key) => crypto.rsaDecrypt("sha256", key, b),
        pickled,
        ofRsa,
      ),
    ],
    [
      "what is said in such a packet",
      reading(
        ({ crypto }, m, key) => crypto.rsaEncrypt("sha256", key, concat(utf8("> "), m)) ?? m,
        ({ crypto }, b, key) => crypto.rsaDecrypt("sha256", key, b)?.slice(2),
        evaluated,
        ofRsa,
      ),
    ],
  ])("of %s: one thing of anybody's will do", (_, protocol) => {
    expect(found(runningCode, protocol, "safe-parsing")).toEqual(byAnybody);
  });

  test("that is authenticated before it is read", () => {
    const shared = ({ crypto }: Parameters<Protocol["deploy"]>[0]) => {
      const key = crypto.random(32);
      return [key, key] as const;
    };
    const protocol = reading(
      ({ crypto }, m, key) => concat(crypto.hmac("sha256", key, m), m),
      ({ crypto }, b, key) => {
        const message = b.slice(tagBytes);
        const isRight = crypto.equal(b.slice(0, tagBytes), crypto.hmac("sha256", key, message));
        return isRight ? message : undefined;
      },
      pickled,
      shared,
    );
    expect(found(runningCode, protocol, "safe-parsing")).toEqual(byNobody);
  });
});
