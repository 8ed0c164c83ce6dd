/** What the adversary composes against the textbook's protocols, and not against their repairs. */
import { expect, test } from "vitest";
import { bundledSubject } from "../../input/bundled-protocols.ts";
import { parseProtocolName } from "../../input/protocol-reference.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

/** @returns the guarantees that compositions alone break. */
function broken(name: string, work: number, guarantees: readonly string[]): readonly string[] {
  const subject = bundledSubject(parseProtocolName(name));
  const campaign = new Campaign(subject, { seed: "mallory", guarantees });
  compose(campaign, { work });
  const { verdicts } = campaign.finish(null);
  return verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee);
}

/** As much as in an assessment. */
const work = 240_000;
const less = 60_000;

test.each([
  ["woo-lam?version=pi", "woo-lam?version=full", ["client-authentication"]],
  ["woo-lam?version=pi3", "woo-lam?version=full", ["client-authentication"]],
  [
    "neuman-stubblebine?types=plain",
    "neuman-stubblebine?types=tagged",
    ["client-authentication", "key-secrecy"],
  ],
  ["andrew?version=ban", "andrew?version=lowe", ["server-authentication", "client-authentication"]],
  [
    "denning-sacco-pk?named=no",
    "denning-sacco-pk?named=yes",
    ["client-authentication", "key-secrecy"],
  ],
])("%s, and not %s", { timeout: 120_000 }, (flawed, repaired, guarantees) => {
  expect(broken(flawed, work, guarantees)).toEqual(guarantees);
  expect(broken(repaired, less, guarantees)).toEqual([]);
});

/** @returns what the weakest adversary is who breaks it, and all that it needs. */
function adversaryOf(name: string, guarantee: string) {
  const subject = bundledSubject(parseProtocolName(name));
  const campaign = new Campaign(subject, { seed: "mallory", guarantees: [guarantee] });
  compose(campaign, { work: less });
  const { finding } = campaign.finish(null).verdicts[0] ?? {};
  return [finding?.capability, finding?.needs];
}

test("whom Alice calls by her name is a registered user, though she uses no key of hers", () => {
  const [capability, needed] = adversaryOf("woo-lam?version=pi", "client-authentication");
  expect(capability).toBe("insider");
  expect(needed).toEqual(["passive", "off-path", "on-path", "insider"]);
});

test("who plays one session of honest principals against another one is not", () => {
  const [capability] = adversaryOf("andrew?version=original", "client-authentication");
  expect(capability).toBe("on-path");
});
