/** A sum for errors is no defence: whoever changes a packet makes it right again. */
import { expect, test } from "vitest";
import { checksum } from "../../attacker/checksums.ts";
import { flipping } from "../../attacker/strategies/modifying.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import { withSums } from "../../attacker/strategies/sums-made-right.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Part, subjectFor, tiny } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

const type = Uint8Array.of(0x5a);
const sumBytes = 4;
const tagBytes = 32;
const nothing = new Uint8Array(0);

/** @param sound is there a MAC besides? */
function summed(sound: boolean): Protocol {
  const key = new Uint8Array(32).fill(7);
  const client: Part =
    ({ crypto }) =>
    (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      if (input.kind !== "send") return [];
      const mac = sound ? crypto.hmac("sha256", key, input.message) : nothing;
      const body = concat(type, input.message, mac);
      return [{ kind: "transmit", bytes: concat(body, checksum("crc-32", body)) }];
    };
  const server: Part =
    ({ crypto }) =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const body = input.bytes.slice(0, -sumBytes);
      if (!equalBytes(checksum("crc-32", body), input.bytes.slice(-sumBytes))) {
        return [{ kind: "reject", reason: "malformed" }];
      }
      const message = body.slice(1, sound ? -tagBytes : undefined);
      const mac = sound ? crypto.hmac("sha256", key, message) : nothing;
      return sound && !crypto.equal(mac, body.slice(-tagBytes))
        ? [{ kind: "reject", reason: "bad-tag" }]
        : [deliver(message, "alice")];
    };
  const messages = say("client", "pay ten pounds", "pay them to carol");
  return tiny({ client, server, sessions: [{ start: 0, messages }] });
}

function broken(strategy: Strategy, protocol: Protocol) {
  const about = { seed: "sums", guarantees: ["integrity"] };
  const campaign = new Campaign(subjectFor(protocol), about);
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of strategy.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(strategy.id, candidate);
  }
  const [verdict] = campaign.finish(null).verdicts;
  return [verdict?.verdict, ...(verdict?.finding?.steps ?? [])];
}

test("a bit flips, and the sum behind it is right", () => {
  expect(broken(withSums(flipping), summed(false))).toEqual([
    "broken",
    expect.stringMatching(/XORs .*, then makes the crc-32 at byte 4 from the end right/),
  ]);
  expect(broken(flipping, summed(false))).toEqual(["holds"]);
});

test("a MAC besides is a defence", () => {
  expect(broken(withSums(flipping), summed(true))).toEqual(["holds"]);
});
