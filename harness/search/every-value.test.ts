/** Key sizes that are agreed in the clear, in formats that have nothing in common. */
import { describe, expect, test } from "vitest";
import { everyValue } from "../../attacker/strategies/every-value.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, latin1, readUint, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Handler, type Part, subjectFor, tiny } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** How an offer of a key of so many bytes is written and read again. */
interface Format {
  readonly write: (bytes: number) => Uint8Array;
  readonly read: (head: Uint8Array) => number | undefined;
}
const most = 16;
const nonceBytes = 12;
const formats: Readonly<Record<string, Format>> = {
  "four bits between others": {
    write: (bytes) => Uint8Array.of(0xa5, 0x80 | ((bytes - 1) << 2)),
    read: (head) =>
      ((head[1] ?? 0) & 0xc3) === 0x80 ? (((head[1] as number) >> 2) & 15) + 1 : undefined,
  },
  "a number of CBOR": {
    write: (bytes) => Uint8Array.of(0xa2, 1, 3, 2, 0x18, 8 * bytes),
    read: (head) => (head[4] === 0x18 ? (head[5] as number) / 8 : (head[4] ?? 0) / 8),
  },
  "two bytes, the less significant one first": {
    write: (bytes) => concat(Uint8Array.of(7, 2), uintBytes(32 * bytes, 2).reverse()),
    read: (head) => readUint(head.slice(2).reverse(), 0, 2) / 32,
  },
  "digits in a text": {
    write: (bytes) => utf8(`HELLO bits=${8 * bytes}\n`),
    read: (head) => Number(/^HELLO bits=(\d+)\n$/.exec(latin1(head))?.[1]) / 8,
  },
};

/** @param sound is what was offered and taken authenticated before anything follows? */
function agreeing({ write, read }: Format, sound: boolean): Protocol {
  let shared: Uint8Array = new Uint8Array(0);
  const offerOf = (packet: Uint8Array): number | undefined => {
    const bytes = read(packet.slice(nonceBytes));
    return bytes !== undefined && Number.isInteger(bytes) && bytes > 0 && bytes <= most
      ? bytes
      : undefined;
  };
  const proofOf = ({ crypto }: Env, offer: Uint8Array, answer: Uint8Array): Uint8Array => {
    const covered = sound
      ? [offer, answer]
      : [offer.slice(0, nonceBytes), answer.slice(0, nonceBytes)];
    return crypto.hmac("sha256", shared, concat(utf8("proof"), ...covered));
  };
  const agreed = ({ crypto }: Env, bytes: number, offer: Uint8Array, answer: Uint8Array) => {
    const salt = concat(offer.slice(0, nonceBytes), answer.slice(0, nonceBytes));
    const info = utf8("key");
    const full = crypto.hkdf({ hash: "sha256", key: shared, salt, info, length: most });
    return concat(full.slice(0, bytes), new Uint8Array(most - bytes));
  };
  const start = (peer: string, bytes: number, key: Uint8Array): ReturnType<Handler> => [
    { kind: "negotiated", suite: `${bytes} bytes`, best: `${most} bytes` },
    { kind: "claim", claim: { kind: "secret", peer, value: key } },
    { kind: "ready" },
  ];
  const client: Part = (env) => {
    const offer = concat(env.crypto.random(nonceBytes), write(most));
    let key: Uint8Array | undefined;
    let sent = 0;
    return (input) => {
      if (input.kind === "start") return [{ kind: "transmit", bytes: offer }];
      if (input.kind === "send" && key !== undefined) {
        const nonce = uintBytes(++sent, nonceBytes);
        const sealed = env.crypto.seal("aes-gcm", key, nonce, input.message);
        return [{ kind: "transmit", bytes: concat(nonce, sealed) }];
      }
      if (input.kind !== "datagram" || key !== undefined) return [];
      // It wants nothing less than it has asked for.
      if (offerOf(input.bytes) !== most) return [{ kind: "reject", reason: "unauthorized" }];
      key = agreed(env, most, offer, input.bytes);
      const proof = proofOf(env, offer, input.bytes);
      return [{ kind: "transmit", bytes: proof }, ...start("bob", most, key)];
    };
  };
  const server: Part = (env) => {
    let offer: Uint8Array | undefined;
    let answer: Uint8Array = new Uint8Array(0);
    let key: Uint8Array | undefined;
    return (input) => {
      if (input.kind !== "datagram") return [];
      const { bytes } = input;
      if (offer === undefined) {
        const size = offerOf(bytes);
        if (size === undefined) return [{ kind: "reject", reason: "malformed" }];
        offer = bytes;
        answer = concat(env.crypto.random(nonceBytes), write(size));
        return [{ kind: "transmit", bytes: answer }];
      }
      if (key === undefined) {
        const good = env.crypto.equal(bytes, proofOf(env, offer, answer));
        const size = offerOf(offer) ?? most;
        if (!good) return [{ kind: "reject", reason: "bad-tag" }];
        key = agreed(env, size, offer, answer);
        return start("alice", size, key);
      }
      const [nonce, sealed] = [bytes.slice(0, nonceBytes), bytes.slice(nonceBytes)];
      const text = env.crypto.open("aes-gcm", key, nonce, sealed);
      return text === undefined
        ? [{ kind: "reject", reason: "bad-tag" }]
        : [deliver(text, "alice")];
    };
  };
  const part = (role: string, env: Env) => (role === "client" ? client : server)(env) as Handler;
  return tiny({
    client,
    server,
    sessions: [{ start: 0, messages: say("client", "a long text") }],
    protocol: {
      deploy({ crypto }) {
        shared = crypto.random(32);
        return {
          open: (role, env) => ({ handle: part(role, env) }),
          longTermSecrets: () => [shared],
        };
      },
    },
  });
}

const wanted = ["key-secrecy", "downgrade"];
function found(protocol: Protocol): string[] {
  const campaign = new Campaign(subjectFor(protocol), { seed: "values", guarantees: wanted });
  for (const candidate of everyValue.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(everyValue.id, candidate);
  }
  const { verdicts } = campaign.finish(null);
  return verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee);
}

describe("a key size that is agreed in the clear, and whose answer has to be changed back", () => {
  test.each(Object.entries(formats))("%s: is made smaller", (_, format) => {
    expect(found(agreeing(format, false)).sort()).toEqual([...wanted].sort());
  });
  test.each(Object.entries(formats))("%s: its sound twin holds", (_, format) => {
    expect(found(agreeing(format, true))).toEqual([]);
  });
});
