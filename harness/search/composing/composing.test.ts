import { describe, expect, test } from "vitest";
import type { Attack } from "../../../attacker/move.ts";
import { protocols } from "../../../protocol/catalog.ts";
import type { Protocol } from "../../../protocol/endpoint.ts";
import { concat, latin1, utf8 } from "../../../protocol/kit/bytes.ts";
import {
  needhamSchroeder,
  needhamSchroederLowe,
} from "../../../protocol/textbook/needham-schroeder.ts";
import { otwayRees } from "../../../protocol/textbook/otway-rees.ts";
import { signedDh } from "../../../protocol/textbook/signed-dh.ts";
import { subjectFor, tiny } from "../../testing/tiny.ts";
import type { GuaranteeVerdict } from "../../verdict.ts";
import { Campaign } from "../campaign.ts";
import { align, type Choice } from "./align.ts";
import { compose } from "./compose.ts";

const byName = (name: string): Protocol => protocols.find((p) => p.name === name) as Protocol;

/** Only what the composing intruder finds: nothing else is tried. */
function composed(
  protocol: Protocol,
  about: {
    readonly options?: Record<string, string>;
    readonly guarantees: readonly string[];
    readonly work: number;
  },
) {
  const subject = subjectFor(protocol, about.options);
  const campaign = new Campaign(subject, { seed: "mallory", guarantees: about.guarantees });
  const { runs } = compose(campaign, { work: about.work });
  const verdicts = campaign.finish(null).verdicts;
  const broken = verdicts.filter((v) => v.finding !== null && v.finding !== undefined);
  return { runs, verdicts, broken: broken.map((v) => v.guarantee) };
}
const attackOn = (verdicts: readonly GuaranteeVerdict[], id: string): Attack =>
  verdicts.find((v) => v.guarantee === id)?.finding?.attack.moves ?? [];

describe("what is known of textbook protocols is found", () => {
  test("Lowe's attack, in which mallory carries contents from one envelope to another", () => {
    const found = composed(needhamSchroeder, { guarantees: ["key-secrecy"], work: 240_000 });
    expect(found.broken).toEqual(["key-secrecy"]);
    expect(found.runs).toBeLessThan(1_000);
    const sent = attackOn(found.verdicts, "key-secrecy").filter((m) => m.move === "deliver");
    expect(sent.length).toBeLessThanOrEqual(4);
  });

  test("a type flaw", () => {
    const guarantees = ["key-secrecy"];
    expect(composed(otwayRees, { guarantees, work: 45_000 }).broken).toEqual(guarantees);
  });

  test("an old session key with its ticket", () => {
    const guarantees = ["known-key"];
    const found = composed(byName("needham-schroeder-symmetric"), { guarantees, work: 75_000 });
    expect(found.broken).toEqual(guarantees);
  });
});

test.each([
  ["needham-schroeder-lowe", needhamSchroederLowe, {}],
  ["signed-dh", signedDh, {}],
] as const)("nothing is found in %s", (_, protocol, options) => {
  const guarantees = ["key-secrecy", "server-authentication", "key-agreement"];
  const found = composed(protocol, { options, guarantees, work: 60_000 });
  expect(found.runs).toBeGreaterThan(200);
  expect(found.broken).toEqual([]);
});

test("messages of many parts, and long ones, are no burden", () => {
  const manyNames = Array.from({ length: 400 }, () => utf8("alice bob "));
  const lengths = Uint8Array.from({ length: 50_000 }, (_, i) => (i % 2 === 0 ? 0 : 40));
  const shouting = tiny({
    client: (env) => (input) => {
      if (input.kind !== "start") return [];
      const texts = [concat(...manyNames), concat(lengths, env.crypto.random(16))];
      return texts.map((bytes) => ({ kind: "transmit", bytes }));
    },
    server: () => (input) =>
      input.kind === "datagram"
        ? [{ kind: "claim", claim: { kind: "commit", peer: "alice" } }]
        : [],
  });
  const found = composed(shouting, { guarantees: ["client-authentication"], work: 5_000 });
  expect(found.runs).toBeGreaterThan(0);
});

describe("choices that would make bytes be others", () => {
  const choice = (text: string, freedom = 0): Choice => ({
    in: 0,
    recipe: { hex: "" },
    key: text,
    bytes: latin1(utf8(text)),
    freedom,
  });
  const changes = (actual: string, wanted: string, choices: readonly Choice[]) =>
    align(actual, wanted, choices).map((set) => set.map((c) => `${c.choice.key}=${c.bytes}`));

  test("one, whatever its length", () => {
    expect(changes("A, hole, B", "A, 1 and 2, B", [choice("hole")])).toEqual([["hole=1 and 2"]]);
  });
  test("several, where the lengths fit", () => {
    const choices = [choice("xxxx"), choice("yyyy")];
    expect(changes("A xxxx B yyyy", "A 1111 B 2222", choices)).toEqual([
      ["xxxx=1111", "yyyy=2222"],
    ]);
  });
  test("one of which only a part was looked at", () => {
    expect(changes("econ", "1234", [choice("second")])).toEqual([["second=s1234d"]]);
  });
  test("none where something differs that is not the adversary's choice", () => {
    expect(changes("A, hole, B", "C, hole, B", [choice("hole")])).toEqual([]);
    expect(changes("the same", "the same", [choice("same")])).toEqual([]);
  });
});
