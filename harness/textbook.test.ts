/**
 * The known attacks on textbook protocols, each as a list of moves: it breaks what it is known to
 * break, and nothing in the repaired twin or where a precondition is missing.
 */
import { describe, expect, test } from "vitest";
import type { Attack, Capability, Edit, Move } from "../attacker/move.ts";
import { misbinding as misbindingStrategy } from "../attacker/strategies/misbinding.ts";
import type { OptionValues, Protocol } from "../protocol/endpoint.ts";
import { hex, utf8 } from "../protocol/kit/bytes.ts";
import { macEvidence } from "../protocol/textbook/mac-evidence.ts";
import { needhamSchroeder, needhamSchroederLowe } from "../protocol/textbook/needham-schroeder.ts";
import { needhamSchroederSymmetric } from "../protocol/textbook/needham-schroeder-symmetric.ts";
import { otwayRees } from "../protocol/textbook/otway-rees.ts";
import { plainDiffieHellman } from "../protocol/textbook/plain-diffie-hellman.ts";
import { reflection } from "../protocol/textbook/reflection.ts";
import { signedDh } from "../protocol/textbook/signed-dh.ts";
import { stationToStation } from "../protocol/textbook/station-to-station.ts";
import { suiteChoice } from "../protocol/textbook/suite-choice.ts";
import { wideMouthedFrog } from "../protocol/textbook/wide-mouthed-frog.ts";
import { guarantees } from "./guarantees/catalog.ts";
import { simulate } from "./run/simulate.ts";
import { Campaign } from "./search/campaign.ts";
import { Baselines, capabilityFor, judge } from "./search/judge-run.ts";
import { planOf, type Subject } from "./subject.ts";
import { subjectFor } from "./testing/tiny.ts";
import { eventsOf } from "./trace/trace-index.ts";

type Puppet = Extract<Move, { move: "puppet" }>;
const packet = (from: string, to: string, nth = 1) => ({ from, to, nth });
const up = (nth: number) => packet("initiator#0", "responder#0", nth);
const after = (ref: ReturnType<typeof packet>) => ({ after: ref });
const puppet = (
  name: string,
  role: string,
  as: string,
  facing: string,
  more: Partial<Puppet> = {},
) => ({ move: "puppet", name: `puppet-${name}`, role, as, facing, ...more }) as const;

/** The responder's answer to a puppet, replayed to another process as its peer's. */
const passOn = (to: string, from: string): Move => {
  const answer = packet("responder#0", "mallory");
  return { move: "replay", packet: answer, to, from, when: after(answer) };
};

/** Mallory is a registered user. */
const registered: Move = { move: "participate", as: "mallory" };

const lowe: Attack = [
  registered,
  puppet("a", "initiator", "alice", "responder#0", {
    reuses: 1,
    when: after(packet("initiator#1", "mallory")),
  }),
  passOn("initiator#1", "responder#1"),
];

/** Mallory presents Alice's DH share as its own, and signs it. */
const misbinding: Attack = [
  registered,
  { move: "drop", packet: up(1) },
  puppet("a", "initiator", "mallory", "responder#0", { reuses: 1, when: after(up(1)) }),
  passOn("initiator#0", "responder#0"),
];

const inTheMiddle: Attack = [
  puppet("a", "responder", "bob", "initiator#0", { insteadOf: "responder#0", handsTo: "puppet-b" }),
  puppet("b", "initiator", "alice", "responder#0", {
    insteadOf: "initiator#0",
    handsTo: "puppet-a",
  }),
];

const change = (...edits: Edit[]): Attack => [{ move: "modify", packet: up(1), edits }];
const x = (text: string): string => hex(utf8(text));
const aliceBecomesMallory = change({ edit: "substitute", find: x("alice"), hex: x("mallory") });

/** Bob is asked in one session what he asks in another. */
const parallelSessions: Attack = [
  puppet("a", "initiator", "alice", "responder#0"),
  puppet("b", "initiator", "alice", "responder#0", {
    reuses: 1,
    when: after(packet("responder#0", "mallory")),
  }),
];

const keptFresh: Attack = [
  {
    move: "replay",
    packet: packet("server#0", "callee#0"),
    to: "server#0",
    from: "callee#0",
    when: { atMs: 900 },
  },
  {
    move: "replay",
    packet: packet("server#0", "alice"),
    to: "server#0",
    from: "caller#0",
    when: { atMs: 1_800 },
  },
];

/** The key of a finished session, and its ticket once more. */
const oldTicket: Attack = [
  {
    move: "disclose",
    principal: "alice",
    what: "session-keys",
    when: after(packet("responder#0", "initiator#0", 2)),
  },
  {
    move: "hijack",
    name: "puppet-a",
    process: "initiator#0",
    after: packet("responder#0", "initiator#0", 2),
    again: 2,
  },
];

interface Known {
  readonly protocol: Protocol;
  readonly options?: OptionValues;
  readonly attack: Attack;
  readonly violates: readonly string[];
  /** For the guarantees that need no view of the traffic. */
  readonly capability: Capability;
  readonly repaired: { readonly protocol?: Protocol; readonly options?: OptionValues };
  /** The same protocol without the preconditions of the attack. */
  readonly without?: Partial<Protocol>;
  /** The attack without one of its moves, which has no effect. */
  readonly lame?: Attack;
}

/** Only the first session, in which all principals play their usual roles. */
const oneSession = (protocol: Protocol): Partial<Protocol> => ({
  registration: false,
  workload: (options) => ({ sessions: protocol.workload?.(options).sessions.slice(0, 1) ?? [] }),
});

const known: Record<string, Known> = {
  "Lowe's attack on Needham–Schroeder": {
    protocol: needhamSchroeder,
    attack: lowe,
    violates: [
      "confidentiality",
      "integrity",
      "origin",
      "client-authentication",
      "key-agreement",
      "key-secrecy",
    ],
    capability: "insider",
    repaired: { protocol: needhamSchroederLowe },
    without: oneSession(needhamSchroeder),
    lame: lowe.slice(1),
  },
  "the man in the middle of Diffie–Hellman": {
    protocol: plainDiffieHellman,
    attack: inTheMiddle,
    violates: [
      "confidentiality",
      "integrity",
      "origin",
      "server-authentication",
      "client-authentication",
      "key-agreement",
      "key-secrecy",
    ],
    capability: "on-path",
    repaired: { options: { auth: "signatures" } },
  },
  "identity misbinding where halves alone are signed": {
    protocol: signedDh,
    options: { identities: "unsigned" },
    attack: misbinding,
    violates: ["server-authentication", "key-agreement"],
    capability: "insider",
    repaired: { options: { identities: "signed" } },
    without: { registration: false },
  },
  "a record sent back to its sender": {
    protocol: signedDh,
    options: { keys: "one" },
    attack: [{ move: "reflect", packet: up(3) }],
    violates: ["origin", "nonce-uniqueness"],
    capability: "on-path",
    repaired: { options: { keys: "two" } },
  },
  "a record sent again": {
    protocol: signedDh,
    options: { counter: "ignored" },
    attack: [{ move: "duplicate", packet: up(3), delayMs: 20 }],
    violates: ["replay"],
    capability: "none",
    repaired: { options: { counter: "checked" } },
  },
  "an unknown key-share on STS with a MAC": {
    protocol: stationToStation,
    options: { binding: "mac" },
    attack: aliceBecomesMallory,
    violates: ["origin", "server-authentication", "key-agreement"],
    capability: "on-path",
    repaired: { options: { binding: "identities" } },
    without: { registration: false },
  },
  "identity misbinding on STS without encryption": {
    protocol: stationToStation,
    options: { binding: "none", registration: "checked" },
    attack: misbinding,
    violates: ["server-authentication", "key-agreement"],
    capability: "insider",
    repaired: { options: { binding: "identities", registration: "checked" } },
    without: { registration: false },
    lame: misbinding.slice(0, 3),
  },
  "a reflected challenge": {
    protocol: reflection,
    attack: [{ move: "redirect", packet: up(1), to: "responder#1" }],
    violates: ["server-authentication"],
    capability: "on-path",
    repaired: { options: { direction: "named" } },
    without: oneSession(reflection),
  },
  "a parallel session": {
    protocol: reflection,
    attack: parallelSessions,
    violates: ["client-authentication"],
    capability: "off-path",
    repaired: { options: { direction: "named" } },
    lame: parallelSessions.slice(0, 1),
  },
  "a removed suite": {
    protocol: suiteChoice,
    attack: change({ edit: "substitute", find: x('"aes-256-gcm",'), hex: "" }),
    violates: ["downgrade"],
    capability: "on-path",
    repaired: { options: { bound: "yes" } },
  },
  "evidence that its receiver can make": {
    protocol: macEvidence,
    attack: [],
    violates: ["non-repudiation"],
    capability: "none",
    repaired: { options: { evidence: "signature" } },
  },
  "a timestamp kept fresh": {
    protocol: wideMouthedFrog,
    attack: keptFresh,
    violates: ["client-authentication"],
    capability: "on-path",
    repaired: { options: { direction: "tagged" } },
    lame: keptFresh.slice(0, 1),
  },
  "an old session key and its ticket": {
    protocol: needhamSchroederSymmetric,
    attack: oldTicket,
    violates: ["known-key"],
    capability: "compromise",
    repaired: { options: { timestamps: "on" } },
    lame: oldTicket.slice(0, 1),
  },
  "a request taken for its answer": {
    protocol: otwayRees,
    attack: [
      { move: "drop", packet: up(1) },
      { move: "reflect", packet: up(1) },
    ],
    violates: ["confidentiality", "server-authentication", "key-secrecy"],
    capability: "on-path",
    repaired: { options: { types: "tagged" } },
  },
};

function violated(subject: Subject, attack: Attack): Record<string, Capability> {
  const { protocol } = subject;
  const baselines = new Baselines(subject, "mallory");
  const trace = simulate(planOf(subject, { attack }));
  const found = guarantees.filter((g) => {
    // What keys are for, no attack decides: key-separation.test.ts is about that.
    if (g.id === "key-separation") return false;
    if (g.notApplicable?.(baselines.of("default")) !== undefined) return false;
    return judge(g, trace, baselines).violation !== undefined;
  });
  return Object.fromEntries(found.map((g) => [g.id, capabilityFor(g, attack, protocol.transport)]));
}

describe.each(Object.entries(known))("%s", (_, about) => {
  const { protocol, attack, repaired } = about;
  const subject = subjectFor(protocol, about.options);
  const twin = subjectFor(repaired.protocol ?? protocol, repaired.options);

  test.each([subject, twin])("without it, everything arrives", (undisturbed) => {
    const trace = simulate(planOf(undisturbed));
    const wanted = trace.outcomes.flatMap((o) => o.wanted);
    expect(eventsOf(trace, "deliver").length).toBe(wanted.length);
    expect(eventsOf(trace, "commit").length).toBeGreaterThan(0);
    expect(eventsOf(trace, "reject")).toEqual([]);
    expect(eventsOf(trace, "crashed")).toEqual([]);
  });

  test("breaks what it is known to break", () => {
    const found = violated(subject, attack);
    expect(Object.keys(found)).toEqual(about.violates);
    const blind = guarantees.filter((g) => !g.secrecy).map((g) => g.id);
    for (const id of about.violates.filter((v) => blind.includes(v))) {
      expect(found[id]).toBe(about.capability);
    }
  });

  test("does nothing to the repaired twin", () => {
    expect(violated(twin, attack)).toEqual({});
  });

  const { without, lame } = about;
  if (without !== undefined) {
    test("does nothing without its preconditions", () => {
      const elsewhere = subjectFor({ ...protocol, ...without }, about.options);
      expect(violated(elsewhere, attack)).toEqual({});
    });
  }
  if (lame !== undefined) {
    test("does nothing without one of its moves", () => {
      expect(violated(subject, lame)).toEqual({});
    });
  }
});

describe("a timestamp kept fresh", () => {
  test("by then, the ticket itself is stale", () => {
    const ticket = packet("server#0", "callee#0");
    const attack: Attack = [
      { move: "replay", packet: ticket, to: "callee#0", from: "server#0", when: { atMs: 1_800 } },
    ];
    const trace = simulate(planOf(subjectFor(wideMouthedFrog), { attack }));
    expect(eventsOf(trace, "reject").map((e) => e.reason)).toEqual(["stale"]);
  });
});

describe("Needham and Schroeder's timestamps", () => {
  const rejects = (attack: Attack, timestamps: string) => {
    const subject = subjectFor(needhamSchroederSymmetric, { timestamps });
    return eventsOf(simulate(planOf(subject, { attack })), "reject").map((e) => [e.at, e.reason]);
  };
  const ticketAgain: Attack = [
    { move: "replay", packet: up(1), to: "responder#0", when: after(up(1)) },
  ];
  const answer = packet("server#0", "initiator#0");
  const late: Attack = [{ move: "hold", packet: answer, delayMs: 1_200 }];

  test("make a ticket that was taken stale at once, however fresh it is", () => {
    expect(rejects(ticketAgain, "on")).toEqual([["responder#0", "stale"]]);
    expect(rejects(ticketAgain, "off")).toEqual([]);
  });

  test("make an answer that comes late stale", () => {
    expect(rejects(late, "on")).toEqual([["initiator#0", "stale"]]);
    expect(rejects(late, "off")).toEqual([]);
  });
});

test("a registered user's misbinding is found, and only where names are not signed", () => {
  const broken = (options: OptionValues) => {
    const wanted = ["origin", "server-authentication", "key-agreement", "key-secrecy"];
    const campaign = new Campaign(subjectFor(signedDh, options), { seed: "s", guarantees: wanted });
    for (const candidate of misbindingStrategy.attacks(campaign.scene())) {
      campaign.try(misbindingStrategy.id, candidate);
    }
    const { verdicts } = campaign.finish(null);
    return verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee);
  };
  expect(broken({ identities: "unsigned" })).toEqual(
    expect.arrayContaining(["origin", "server-authentication", "key-agreement"]),
  );
  expect(broken({})).toEqual([]);
});
