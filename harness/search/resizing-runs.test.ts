/** An option that is not said is not asked for. */
import { expect, test } from "vitest";
import { resizingRuns } from "../../attacker/strategies/resizing-runs.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import { concat, readUint, uintBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Part, subjectFor, tiny } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

const [nonce, suites] = [1, 2];
const headBytes = 2;
const item = (tag: number, value: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(tag), uintBytes(value.length, 2), value);

/** @returns the values by their tags; `undefined` if a length is wrong or a tag is unknown. */
function itemsIn(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  if (readUint(bytes, 0, headBytes) !== bytes.length - headBytes) return undefined;
  const found = new Map<number, Uint8Array>();
  for (let at = headBytes; at < bytes.length; ) {
    const tag = bytes[at] as number;
    if (at + 3 > bytes.length || (tag !== nonce && tag !== suites)) return undefined;
    const end = at + 3 + readUint(bytes, at + 1, 2);
    if (end > bytes.length) return undefined;
    found.set(tag, bytes.slice(at + 3, end));
    at = end;
  }
  return found;
}

/** @param sound is a greeting without suites refused? */
function optional(sound: boolean): Protocol {
  const client: Part =
    ({ crypto }) =>
    (input) => {
      if (input.kind === "start") {
        const body = concat(item(suites, utf8("gcm")), item(nonce, crypto.random(16)));
        return [{ kind: "transmit", bytes: concat(uintBytes(body.length, headBytes), body) }];
      }
      return input.kind === "datagram" ? [{ kind: "ready" }] : [];
    };
  const server: Part = () => (input) => {
    if (input.kind !== "datagram") return [];
    const items = itemsIn(input.bytes);
    const said = items?.get(suites);
    if (items?.get(nonce)?.length !== 16 || (sound && said === undefined)) {
      return [{ kind: "reject", reason: "malformed" }];
    }
    const isBest = said !== undefined && Buffer.from(said).toString() === "gcm";
    // Another word for a suite is refused: none at all is an old client's.
    if (said !== undefined && !isBest) return [{ kind: "reject", reason: "unauthorized" }];
    return [
      { kind: "negotiated", suite: isBest ? "gcm" : "cbc", best: "gcm" },
      { kind: "transmit", bytes: utf8("welcome") },
      deliver(utf8("hello"), "alice"),
    ];
  };
  return tiny({ client, server, sessions: [{ start: 0, messages: say("client", "hello") }] });
}

function found(protocol: Protocol): readonly unknown[] {
  const campaign = new Campaign(subjectFor(protocol), { seed: "runs", guarantees: ["downgrade"] });
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of resizingRuns.attacks(firstOfTheirKind(campaign.scene()))) {
    campaign.try(resizingRuns.id, candidate);
  }
  return campaign.finish(null).verdicts.map((v) => v.verdict);
}

test("an item is taken out of a list whose length stays right", () => {
  expect(found(optional(false))).toEqual(["broken"]);
});

test("its twin insists on the item", () => {
  expect(found(optional(true))).toEqual(["holds"]);
});
