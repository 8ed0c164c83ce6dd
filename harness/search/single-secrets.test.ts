/** Where a principal has several long-term secrets, a finding says which one of them suffices. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import { compromising } from "../../attacker/strategies/compromising.ts";
import { disclosing } from "../../attacker/strategies/disclosing.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import type { Protocol } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { gradeMessages } from "../grades/grade-messages.ts";
import { deliver, type Handler, protocolOf, run, subjectFor } from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";
import { shrink } from "./shrink.ts";

const nonce = new Uint8Array(12);
const publicBytes = 32;
const tagBytes = 32;

/**
 * Alice seals each reading for Bob's static key, with one of her own that she draws, and adds a MAC
 * under what both static keys agree on. Bob has two more keys, which he never uses.
 */
function sealedReadings(): Protocol {
  const protocol: Partial<Protocol> = {
    deploy({ crypto }) {
      const alices = crypto.keyPair("x25519");
      const spare = [crypto.signingKeyPair(), crypto.keyPair("x25519")];
      const bobs = crypto.keyPair("x25519");
      return {
        open: (role, env) => {
          const { crypto: kit } = env;
          const keyOf = (own: Uint8Array, peer: Uint8Array): Uint8Array =>
            kit.hash("sha256", kit.sharedSecret("x25519", own, peer) ?? new Uint8Array(32));
          const alice: Handler = (input) => {
            if (input.kind === "start") return [{ kind: "ready" }];
            if (input.kind !== "send") return [];
            const own = kit.keyPair("x25519");
            const key = keyOf(own.privateKey, bobs.publicKey);
            const sealed = kit.seal("chacha20-poly1305", key, nonce, input.message);
            const body = concat(own.publicKey, sealed);
            const tag = kit.hmac("sha256", keyOf(alices.privateKey, bobs.publicKey), body);
            return [{ kind: "transmit", bytes: concat(tag, body) }];
          };
          const bob: Handler = (input) => {
            if (input.kind !== "datagram") return [];
            const [tag, body] = [input.bytes.slice(0, tagBytes), input.bytes.slice(tagBytes)];
            const shared = keyOf(bobs.privateKey, alices.publicKey);
            if (!kit.equal(tag, kit.hmac("sha256", shared, body))) return [];
            const key = keyOf(bobs.privateKey, body.slice(0, publicBytes));
            const sealed = body.slice(publicBytes);
            const message = kit.open("chacha20-poly1305", key, nonce, sealed);
            return message === undefined ? [] : [deliver(message, "alice")];
          };
          return { handle: role === "client" ? alice : bob };
        },
        longTermSecrets: (p) =>
          p === "alice"
            ? [alices.privateKey]
            : [...spare.map((pair) => pair.privateKey), bobs.privateKey],
        publicValues: [alices.publicKey, bobs.publicKey],
      };
    },
  };
  return protocolOf(
    {},
    { protocol, sessions: [{ start: 0, messages: say("client", "21 degrees") }] },
  );
}

function foundBy(strategy: Strategy, guarantee: string) {
  const settings = { seed: "secrets", guarantees: [guarantee] };
  const campaign = new Campaign(subjectFor(sealedReadings()), settings);
  campaign.try("undisturbed", { moves: [] });
  for (const candidate of strategy.attacks(campaign.scene())) campaign.try(strategy.id, candidate);
  return campaign.finish(null).verdicts[0]?.finding;
}

describe("of several long-term secrets", () => {
  test("the one that suffices afterwards is named, and what it is", () => {
    const finding = foundBy(disclosing, "forward-secrecy");
    expect(finding?.steps).toEqual([
      "learns bob's long-term secret 3 alone, after everything is over",
    ]);
    const notes = finding?.story.steps.map((s) => s.label);
    expect(notes).toContain("learns bob's long-term secret 3 alone, the private key for x25519");
  });
  test("before as well", () => {
    const finding = foundBy(compromising, "kci");
    expect(finding?.steps[0]).toMatch(/^learns bob's long-term secret 3 alone, /);
  });
  test("the only one is all of them", () => {
    const all = { move: "disclose", principal: "bob", what: "long-term", when: "end" } as const;
    expect(
      shrink(
        [all],
        (a) => a.length === 1,
        () => 1,
      ),
    ).toEqual([all]);
    const second = { ...all, what: "long-term-key:2" };
    const suffices = (a: Attack): boolean => /"long-term(?:-key:2)?"/.test(JSON.stringify(a));
    expect(shrink([all], suffices, () => 3)).toEqual([second]);
  });
  test("each is in the alphabet of the exhaustive search, before and after", () => {
    const about = { seed: "secrets", guarantees: ["forward-secrecy"] };
    const campaign = new Campaign(subjectFor(sealedReadings()), about);
    const single = [...alphabet(campaign.scene(), 0)].flatMap((m) =>
      m.move === "disclose" && m.what.startsWith("long-term-key")
        ? [`${m.principal} ${m.what} ${m.when}`]
        : [],
    );
    const moments = (nth: number) => ["start", "end"].map((w) => `bob long-term-key:${nth} ${w}`);
    expect(single).toEqual([1, 2, 3].flatMap(moments));
    // A single key, and nothing else that is disclosed: the exhaustive search alone finds it.
    const last = { move: "disclose", principal: "bob", what: "long-term-key:3", when: "end" };
    for (const move of alphabet(campaign.scene(), 0)) {
      if (move.move !== "disclose" || move.what !== "long-term") {
        campaign.try("exhaustive", { moves: [move] });
      }
    }
    expect(campaign.finish(1).verdicts[0]?.finding?.attack.moves).toEqual([last]);
  });
  test("a message's grade names it", () => {
    const report = gradeMessages(subjectFor(sealedReadings()), { seed: "secrets" });
    const caps = report.messages.map((m) => m.destination);
    expect(JSON.stringify(caps)).toContain("bob's long-term secret 3 alone");
  });
});

test("a number that is nobody's discloses nothing, and is no move that had an effect", () => {
  const told = (name: string) =>
    run(sealedReadings(), {
      attack: [{ move: "disclose", principal: "bob", what: `long-term-key:${name}`, when: "end" }],
    });
  expect([told("3").disclosed.length, told("4").disclosed.length]).toEqual([1, 0]);
});
