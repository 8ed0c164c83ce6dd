/** The attacker runs the relay: what it gains, and what does not count as a violation. */
import { describe, expect, test } from "vitest";
import { capabilityOf } from "../attacker/move.ts";
import { relaying } from "../attacker/strategies/relaying.ts";
import { chatsecure } from "../protocol/cases/chatsecure/chatsecure.ts";
import { preshared } from "../protocol/textbook/preshared/preshared.ts";
import { confidentiality } from "./guarantees/confidentiality.ts";
import { keySecrecy } from "./guarantees/key-secrecy.ts";
import { simulate } from "./run/simulate.ts";
import { Campaign } from "./search/campaign.ts";
import { Baselines, judge } from "./search/judge-run.ts";
import { planOf } from "./subject.ts";
import { subjectFor, words } from "./testing/tiny.ts";
import { eventsOf } from "./trace/trace-index.ts";

const settings = { seed: "mallory", guarantees: [] };
const attacksOn = (options: Record<string, string> = {}) => {
  const subject = subjectFor(chatsecure, options);
  const scene = new Campaign(subject, settings, {}).scene();
  const baselines = new Baselines(subject, settings.seed);
  return [...relaying.attacks(scene)].map(({ moves: attack }) => {
    const trace = simulate(planOf(subject, { attack }));
    const broken = (g: typeof keySecrecy) => judge(g, trace, baselines).violation !== undefined;
    return { attack, trace, broken };
  });
};

describe("a corrupt relay", () => {
  const [listening, between] = attacksOn();

  test("listens, and knows keys with itself without a violation", () => {
    expect(listening?.attack).toEqual([{ move: "participate", as: "server" }]);
    expect(listening?.broken(keySecrecy)).toBe(false);
    expect(listening?.broken(confidentiality)).toBe(false);
  });

  test("is in the middle of two clients: it reads, forwards, and is believed", () => {
    if (between === undefined) throw new Error("no attack");
    expect(capabilityOf(between.attack, "stream")).toBe("relay");
    expect(between.broken(confidentiality)).toBe(true);
    const heard = eventsOf(between.trace, "deliver").map((e) => `${e.at} ${words(e.message)}`);
    expect(heard).toContain("client#1 meet me at the old mill at nine");
    for (const victim of ["client#0", "client#1"]) {
      expect(heard.some((line) => line.startsWith(`${victim} mallory`))).toBe(true);
    }
  });

  test("cannot do it where the clients' keys are signed", () => {
    for (const { broken } of attacksOn({ clients: "signed" })) {
      expect([broken(confidentiality), broken(keySecrecy)]).toEqual([false, false]);
    }
  });
});

test("without a relay there is nothing to try", () => {
  const scene = new Campaign(subjectFor(preshared), settings, {}).scene();
  expect([...relaying.attacks(scene)]).toEqual([]);
});
