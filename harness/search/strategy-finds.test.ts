/** What a strategy is for: a protocol with the flaw that it finds, and the sound twin of it. */
import { describe, expect, test } from "vitest";
import { firstOfTheirKind } from "../../attacker/strategies/leading.ts";
import { flipping } from "../../attacker/strategies/modifying.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import type { PlannedSession, Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, type Part, subjectFor, tiny, transmit, words } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** What the attacks of one strategy alone break. */
function broken(strategy: Strategy, protocol: Protocol, guarantees: readonly string[]) {
  const campaign = new Campaign(subjectFor(protocol), { seed: "finds", guarantees });
  const scene = campaign.scene();
  const shown = strategy.acrossSessions ? scene : firstOfTheirKind(scene);
  for (const candidate of strategy.attacks(shown)) campaign.try(strategy.id, candidate);
  const { verdicts } = campaign.finish(null);
  return verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee);
}

const key = utf8("what the two of them share");
const tagBytes = 32;
const later = (...texts: readonly string[]): PlannedSession => ({
  start: "after-previous",
  messages: say("client", ...texts),
});

describe("a session that goes on from an earlier one is attacked by itself", () => {
  const client: Part = (env) => {
    let kind = "full";
    return (input) => {
      const ticket = env.store("ticket");
      if (input.kind === "start") {
        if (ticket.read().length > 0) kind = "again";
        return [transmit(`hello ${kind} ${words(ticket.read())}`)];
      }
      if (input.kind === "datagram") {
        ticket.write(input.bytes);
        return [{ kind: "ready" }];
      }
      if (input.kind !== "send") return [];
      const said = concat(utf8(`${kind} `), input.message);
      return [{ kind: "transmit", bytes: concat(said, env.crypto.hmac("sha256", key, said)) }];
    };
  };
  /** Of sessions with a ticket, only the sound one looks at the MAC. */
  const server =
    (sound: boolean): Part =>
    ({ crypto }) =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const { bytes } = input;
      if (words(bytes).startsWith("hello ")) return [transmit("a ticket")];
      const said = bytes.slice(0, -tagBytes);
      const kind = words(said).split(" ")[0] ?? "";
      const good = equalBytes(bytes.slice(-tagBytes), crypto.hmac("sha256", key, said));
      if (!good && (sound || kind !== "again")) return [{ kind: "reject", reason: "bad-tag" }];
      return [deliver(said.slice(kind.length + 1), "alice")];
    };
  const sessions = [later("pay ten"), later("pay twenty"), later("pay a hundred")];
  const resuming = (sound: boolean) => tiny({ client, server: server(sound), sessions });

  test("what only such sessions leave out is found", () => {
    expect(broken(flipping, resuming(false), ["integrity"])).toEqual(["integrity"]);
  });
  test("its sound twin holds", () => {
    expect(broken(flipping, resuming(true), ["integrity"])).toEqual([]);
  });
});
