/** Users with passwords, who sign: what attackers and unreliable networks can do to them. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import { secureChannelLogin } from "../../protocol/secure-channel/login/secure-channel-login.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { calmNetwork, lossyNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import { planOf } from "../subject.ts";
import { inPlaceOfAlice, inPlaceOfBob } from "../testing/puppets.ts";
import { subjectFor } from "../testing/tiny.ts";
import type { NetworkConditions, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";

const claimed = guarantees.filter((g) =>
  secureChannelLogin.claims.some((c) => c.guarantee === g.id),
);
const broken = (trace: Trace, baselines: Baselines): readonly string[] =>
  claimed
    .filter((g) => judge(g, trace, baselines).violation !== undefined)
    .map((g) => g.id)
    .toSorted();

/** One run under attack, and what it breaks. */
function attacked(options: Record<string, string>, attack: Attack): readonly string[] {
  const subject = subjectFor(secureChannelLogin, options);
  const trace = simulate(planOf(subject, { attack }));
  return broken(trace, new Baselines(subject, trace.plan.seed));
}

const networks: readonly (readonly [string, Partial<NetworkConditions>])[] = [
  ["calm", {}],
  ["lossy, for twenty seconds", lossyNetwork],
  ["losing every fifth datagram", { loss: 0.2, faultsEndMs: 20_000 }],
  ["doubling and reordering", { duplication: 0.5, reordering: 0.5, faultsEndMs: 60_000 }],
  ["jittery", { jitterMs: 200, reordering: 0.3, faultsEndMs: 60_000 }],
];
const certified = { device: "certified" };
const seeds = Array.from({ length: 4 }, (_, i) => `bad network ${i}`);

describe.each(networks)("on a network that is %s", (_, conditions) => {
  test.each([
    ["users log in", {}],
    ["users log in, and their devices do so later", certified],
  ])("%s, and everything is delivered once, in order, and confirmed", (_, options) => {
    const subject = subjectFor(secureChannelLogin, { users: "two", ...options });
    for (const seed of seeds) {
      const network = { ...calmNetwork, ...conditions };
      const trace = simulate(planOf(subject, { seed, network }));
      expect(broken(trace, new Baselines(subject, seed))).toEqual([]);
      expect(eventsOf(trace, "give-up")).toEqual([]);
      expect(eventsOf(trace, "crashed")).toEqual([]);
    }
  });
});

test("nothing is confirmed that was not delivered, even where the network never recovers", () => {
  for (const seed of seeds) {
    const network = { ...calmNetwork, loss: 0.4, duplication: 0.2, faultsEndMs: 10_000_000 };
    const trace = simulate(planOf(subjectFor(secureChannelLogin), { seed, network }));
    const delivered = eventsOf(trace, "deliver").map((e) => latin1(e.message));
    for (const { message } of eventsOf(trace, "confirm")) {
      expect(delivered).toContain(latin1(message));
      delivered.splice(delivered.indexOf(latin1(message)), 1);
    }
  }
});

const posing: Attack = [
  { move: "puppet", name: "puppet-a", role: "client", as: "alice", facing: "server#0" },
];
const breakIn = (principal: string, when: "start" | "end"): Attack => [
  { move: "disclose", principal, what: "long-term", when },
];
const inTheMiddle: Attack = [inPlaceOfBob];

/** Has the server's key, and carries Alice's login into a channel of its own with Bob. */
const carrying: Attack = [
  ...breakIn("bob", "start"),
  { ...inPlaceOfBob, handsTo: "puppet-b", carries: 1 },
  { ...inPlaceOfAlice, handsTo: "puppet-a", carries: 1 },
];

/** One attack for each defence. */
const weaknesses: readonly (readonly [string, string, Attack, readonly string[]])[] = [
  ["binding", "off", carrying, ["kci"]],
  ["masks", "off", posing, ["password-protection"]],
  ["evidence", "mac", [], ["non-repudiation"]],
];

describe.each(weaknesses)("with %s=%s", (option, value, attack, expected) => {
  test(`an attack breaks ${expected.join(", ")}, and nothing else`, () => {
    expect(attacked({ [option]: value }, attack)).toEqual(expected);
    expect(secureChannelLogin.options?.[option]?.weakens?.[value]).toEqual(expected);
  });
  test("by default, the same attack breaks nothing", () => {
    expect(attacked({}, attack)).toEqual([]);
  });
  test("with devices certified it breaks the same", () => {
    expect(attacked({ ...certified, [option]: value }, attack)).toEqual(expected);
  });
});

test("every switch of a defence has been tried", () => {
  const tried = new Set([...weaknesses.map(([option]) => option), "users", "device"]);
  expect(Object.keys(secureChannelLogin.options ?? {}).filter((o) => !tried.has(o))).toEqual([]);
});

describe("an attacker with disclosed secrets", () => {
  const attacks: readonly (readonly [string, Attack])[] = [
    ["of the server, cannot log in as a user", [...breakIn("bob", "start"), ...posing]],
    ["of the server, only impersonates it", [...breakIn("bob", "start"), ...inTheMiddle]],
    ["of a user, cannot impersonate the server", [...breakIn("alice", "start"), ...inTheMiddle]],
    ["of all, at the end, reads nothing", [...breakIn("alice", "end"), ...breakIn("bob", "end")]],
    [
      "from the server's stores, reads nothing",
      [
        { move: "disclose", principal: "bob", what: "store:accounts", when: "end" },
        { move: "disclose", principal: "bob", what: "store:journal", when: "end" },
      ],
    ],
  ];
  test.each(attacks)("%s", (_, attack) => expect(attacked({}, attack)).toEqual([]));
  test.each(attacks)("%s, nor with devices certified", (_, attack) => {
    expect(attacked(certified, attack)).toEqual([]);
  });
});

describe("where devices are certified", () => {
  /** Alice's second session is that of her device: its first datagram from the server. */
  const later = { after: { from: "server#0", to: "client#1", nth: 1 } };
  const everything: Attack = [
    ...breakIn("alice", "end"),
    ...breakIn("bob", "end"),
    { move: "disclose", principal: "alice", what: "store:device-bob", when: "end" },
    { move: "disclose", principal: "bob", what: "store:accounts", when: "end" },
  ];
  /** The same in the second session. Keys are disclosed from the start, as `kci` requires. */
  const late = (attack: Attack): Attack =>
    attack.map((m) => {
      if (m.move !== "puppet") return m;
      const facing = m.facing === "client#0" ? "client#1" : m.facing;
      const place = m.insteadOf === "client#0" ? { insteadOf: "client#1" } : {};
      return { ...m, facing, ...place, when: later };
    });
  const attacks: readonly (readonly [string, Attack])[] = [
    ["a passive attacker to whom everything is disclosed later reads nothing", everything],
    ["no impersonation of a user", posing],
    ["nor as a device, once there is one", late(posing)],
    ["no impersonation of the server", inTheMiddle],
    ["nor to a device", late(inTheMiddle)],
    ["a login is not carried into another channel", carrying],
    ["nor is a device's authentication", late(carrying)],
    ["no impersonation of a user with the server's keys", [...breakIn("bob", "start"), ...posing]],
    ["nor as a device", late([...breakIn("bob", "start"), ...posing])],
    [
      "no attacker in the middle of a device and the server",
      late([...breakIn("bob", "start"), ...inTheMiddle]),
    ],
    [
      "no impersonation of the server with the user's keys",
      late([...breakIn("alice", "start"), ...inTheMiddle]),
    ],
  ];
  test.each(attacks)("%s", (_, attack) => expect(attacked(certified, attack)).toEqual([]));

  test("the second session takes no login, and says nothing of the device in the clear", () => {
    const trace = simulate(planOf(subjectFor(secureChannelLogin, certified)));
    const logins = eventsOf(trace, "submit").filter((e) => e.purpose === "login");
    expect(new Set(logins.map((e) => e.at))).toEqual(new Set(["client#0"]));
    const users = eventsOf(trace, "commit").filter((e) => e.at === "server#0");
    expect(users.map((e) => e.peer)).toEqual(["alice", "alice"]);
    // What the device has proved itself with: of all that was signed, what the server signed.
    const certificates = trace.crypto.filter((op) => op.by === "server#0" && op.op === "sign");
    const knowledge = knowledgeFromWire(trace);
    expect(certificates.length).toBe(1);
    for (const { output } of certificates) expect(knowledge.knows(output)).toBe(false);
  });

  test("a copy of the device's store suffices to be the user, and nothing less does", () => {
    const stolen: Attack = [
      { move: "disclose", principal: "alice", what: "store:device-bob", when: later },
    ];
    const fooled = (attack: Attack): readonly string[] => {
      const trace = simulate(planOf(subjectFor(secureChannelLogin, certified), { attack }));
      const believed = eventsOf(trace, "commit").filter((e) => e.session.startsWith("mallory"));
      return believed.map((e) => e.peer);
    };
    expect(fooled([...stolen, ...late(posing)])).toEqual(["alice"]);
    expect(fooled(late(posing))).toEqual([]);
    expect(fooled(late([...breakIn("bob", "start"), ...posing]))).toEqual([]);
  });
});

test("an attacker without the password gets no answer that distinguishes guesses", () => {
  const trace = simulate(planOf(subjectFor(secureChannelLogin), { attack: posing }));
  const fooled = eventsOf(trace, "commit").filter((e) => e.session.startsWith("mallory"));
  expect(fooled).toEqual([]);
});
