/** What is said once more comes late, and whoever takes it begins again. */
import { expect, test } from "vitest";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import { withholding } from "../../attacker/strategies/withholding.ts";
import type { Endpoint, Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, subjectFor, tiny } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

const [hello, start, started, data] = [1, 2, 3, 4];
const nonceBytes = 12;
const retryMs = 200;

/** The server says `start`, under a new number each time, until it hears that it was heard. */
function server({ crypto }: Env, key: Uint8Array): Endpoint {
  let to = "";
  let tries = 0;
  let sent = 0;
  let due: number | undefined;
  const mac = (type: number, n: number) => crypto.hmac("sha256", key, Uint8Array.of(type, n));
  return {
    handle(input, now) {
      if (input.kind === "send") {
        const sealed = crypto.seal("aes-gcm", key, uintBytes(++sent, nonceBytes), input.message);
        return [{ kind: "transmit", bytes: concat(Uint8Array.of(data, sent), sealed), to }];
      }
      const isHello = input.kind === "datagram" && input.bytes[0] === hello && tries === 0;
      if (isHello || (input.kind === "timeout" && due !== undefined)) {
        if (input.kind === "datagram") to = input.from;
        due = ++tries < 4 ? now + retryMs : undefined;
        const bytes = concat(Uint8Array.of(start, tries), mac(start, tries));
        return [{ kind: "transmit", bytes, to }];
      }
      if (input.kind !== "datagram" || input.bytes[0] !== started || due === undefined) return [];
      const good = crypto.equal(input.bytes.slice(2), mac(started, input.bytes[1] as number));
      if (!good) return [{ kind: "reject", reason: "bad-tag" }];
      due = undefined;
      return [{ kind: "ready" }];
    },
    deadline: () => due,
  };
}

/** @param sound does it leave its numbers alone when it has started already? */
function client({ crypto }: Env, key: Uint8Array, sound: boolean): Endpoint {
  let last = 0;
  let received = 0;
  const mac = (type: number, n: number) => crypto.hmac("sha256", key, Uint8Array.of(type, n));
  return {
    handle(input) {
      if (input.kind === "start") return [{ kind: "transmit", bytes: Uint8Array.of(hello) }];
      if (input.kind !== "datagram") return [];
      const [type = 0, n = 0] = input.bytes;
      const rest = input.bytes.slice(2);
      if (type === start) {
        if (n <= last) return [{ kind: "reject", reason: "replayed" }];
        if (!crypto.equal(rest, mac(start, n))) return [{ kind: "reject", reason: "bad-tag" }];
        if (!sound || last === 0) received = 0;
        last = n;
        const bytes = concat(Uint8Array.of(started, n), mac(started, n));
        return [{ kind: "transmit", bytes }];
      }
      if (type !== data || n <= received) return [{ kind: "reject", reason: "replayed" }];
      const message = crypto.open("aes-gcm", key, uintBytes(n, nonceBytes), rest);
      if (message === undefined) return [{ kind: "reject", reason: "bad-tag" }];
      received = n;
      return [deliver(message, "bob")];
    },
  };
}

const reinstalling = (sound: boolean): Protocol =>
  tiny({
    client: () => () => [],
    server: () => () => [],
    sessions: [{ start: 0, messages: say("server", "first of all", "and then") }],
    protocol: {
      deploy({ crypto }) {
        const shared = crypto.random(32);
        const info = utf8("key");
        return {
          open(role, env) {
            const about = { hash: "sha256", key: shared, salt: info, info, length: 16 } as const;
            const key = env.crypto.hkdf(about);
            return role === "client" ? client(env, key, sound) : server(env, key);
          },
          longTermSecrets: () => [shared],
        };
      },
    },
  });

function found(protocol: Protocol) {
  const campaign = new Campaign(subjectFor(protocol), { seed: "late", guarantees: ["replay"] });
  for (const candidate of withholding.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(withholding.id, candidate);
  }
  const [verdict] = campaign.finish(null).verdicts;
  return { verdict: verdict?.verdict, by: verdict?.capability, runs: campaign.runs };
}

test("an answer and its repetition come late, and what came in between counts again", () => {
  expect(found(reinstalling(false))).toMatchObject({ verdict: "broken", by: "on-path" });
});

test("its twin, which installs a key once, was attacked likewise, and holds", () => {
  const { verdict, runs } = found(reinstalling(true));
  expect(verdict).toBe("holds");
  expect(runs).toBeGreaterThan(3);
});
