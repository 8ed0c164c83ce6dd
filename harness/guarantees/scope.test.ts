/** Which attacks are held against a guarantee, and where it makes no sense. */
import { describe, expect, test } from "vitest";
import type { Attack, Move } from "../../attacker/move.ts";
import type { Output } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { inPlaceOfBob } from "../testing/puppets.ts";
import { claim, key, type Scripts, scripted } from "../testing/scripted.ts";
import { run } from "../testing/tiny.ts";
import { guarantees } from "./catalog.ts";

const iv = new Uint8Array(16);
const packet = { from: "client#0", to: "server#0", nth: 1 };
const inject: Move = { move: "inject", hex: "00", to: "server#0", when: "start" };
const tell = (when: "start" | "end", principal = "alice", what = "long-term"): Move => ({
  move: "disclose",
  principal,
  what,
  when,
});

/** One letter for each: in this order they stand in the table below. */
const attacks: Readonly<Record<string, Attack>> = {
  "nothing at all": [],
  "a loss": [{ move: "drop", packet }],
  "two losses": [
    { move: "drop", packet },
    { move: "drop", packet: { ...packet, nth: 2 } },
  ],
  "a delay": [{ move: "hold", packet, delayMs: 5 }],
  "a change": [{ move: "modify", packet, edits: [{ edit: "flip", at: 0, mask: 1 }] }],
  "a packet": [inject],
  "the same, once": [{ ...inject, times: 1 }],
  "a flood": [{ ...inject, times: 100 }],
  "two packets": [inject, inject],
  "a replay": [{ move: "replay", packet, to: "server#0", when: "start" }],
  "a packet and a loss": [inject, { move: "drop", packet }],
  "a puppet": [inPlaceOfBob],
  "a hijacking": [{ move: "hijack", name: "puppet-a", process: "client#0", after: packet }],
  "secrets told from the start": [tell("start")],
  "of two": [tell("start"), tell("start", "bob")],
  "a store told from the start": [tell("start", "alice", "store:log")],
  "secrets told at the end": [tell("end")],
  "after a packet": [inject, tell("end")],
  "some from the start, some at the end": [tell("start"), tell("end", "bob")],
  "secrets told from the start, after a packet": [inject, tell("start")],
  "old keys": [tell("start", "alice", "session-keys")],
  "old keys, and a packet": [inject, tell("start", "alice", "session-keys")],
  "draws of two": [tell("start", "alice", "randomness"), tell("end", "bob", "randomness")],
  "draws and secrets": [tell("start", "alice", "randomness"), tell("start")],
  "a state": [tell("start", "alice", "state")],
  "a state, and a packet": [inject, tell("start", "alice", "state")],
  "a state at the end": [tell("end", "alice", "state")],
};

const withoutSecrets = "xxxxxxxxxxxxx..............";
const recordedOnly = "xxxxxxxxxxx................";
const counted: Readonly<Record<string, string>> = {
  "bounded-state": ".....xxxxx.................",
  delivery: "xxxx.......................",
  robustness: ".x..xxx..x.................",
  "forward-secrecy": "................xx.........",
  kci: ".............x.....x.......",
  "known-key": "....................xx.....",
  "ephemeral-leak": "......................x....",
  "post-compromise": "........................x..",
  "non-repudiation": "x..........................",
  ordering: recordedOnly,
  replay: recordedOnly,
  "replay-across-sessions": recordedOnly,
  // A datagram has no connection that could be cut.
  reconnection: ".".repeat(27),
  "key-separation": "x........x.xx..............",
  "message-budget": "x".repeat(27),
  "nonce-uniqueness": "x".repeat(27),
  "safe-parsing": "x".repeat(27),
};

test.each(guarantees)("what is held against $id", (guarantee) => {
  const counts = Object.values(attacks).map((attack) =>
    guarantee.counts?.(attack, "datagram") === false ? "." : "x",
  );
  expect(counts.join("")).toBe(counted[guarantee.id] ?? withoutSecrets);
});

const says = (what: object): Output => what as Output;
const commit = claim("commit", "bob");
const said = (...outputs: readonly Output[]): Scripts => ({ client: [[1, outputs]] });
const account = { principal: "alice", user: utf8("alice"), password: utf8("opal sunrise") };
const secrets = (...owners: readonly string[]) => ({
  longTermSecrets: (p: string) => (owners.includes(p) ? [utf8("a secret of hers")] : []),
});

type Scope = readonly [id: string, what: string, scripts: Scripts, missing?: RegExp];
const scopes: readonly Scope[] = [
  ["downgrade", "nothing is chosen", said(commit), /nothing is negotiated/],
  ["downgrade", "a suite", said(says({ kind: "negotiated", suite: "a", best: "a" }))],
  ["identity-hiding", "no names", {}, /no identities/],
  ["identity-hiding", "an empty list", { deployment: { identities: [] } }, /no identities/],
  ["identity-hiding", "a name", { deployment: { identities: [utf8("alice")] } }],
  ["responder-identity", "no names", {}, /no identities/],
  [
    "responder-identity",
    "a name, and no keys",
    { deployment: { identities: [utf8("alice")] } },
    /nobody who answers has a public key/,
  ],
  ["password-protection", "no passwords", {}, /no passwords/],
  ["password-protection", "a password", { deployment: { credentials: [account] } }],
  ["message-budget", "no limit", {}, /no limit/],
  [
    "message-budget",
    "a limit for messages",
    { protocol: { limits: { messageBytes: 9 } } },
    /no limit/,
  ],
  ["message-budget", "a limit", { protocol: { limits: { datagramBytes: 9 } } }],
  ["key-secrecy", "no key", said(commit), /no session key/],
  ["key-secrecy", "a key", said(key("k", "bob"))],
  ["known-key", "no key", said(commit), /no session key/],
  ["known-key", "a key", said(key("k", "bob"))],
  ["ephemeral-leak", "no draws", said(key("k", "bob")), /nobody draws anything/],
  [
    "ephemeral-leak",
    "draws, and nothing secret",
    { client: [[1, ({ crypto }) => [says({ kind: "log", line: `${crypto.random(8)}` })]]] },
    /no session key is ever claimed, and listening/,
  ],
  ["post-compromise", "nothing secret", said(commit), /no session key is ever claimed, and/],
  ["post-compromise", "a key", said(key("k", "bob"))],
  ["key-agreement", "no key", said(commit), /finished with a key/],
  ["key-agreement", "no end", said(key("k", "bob")), /finished with a key/],
  ["key-agreement", "a key and an end", said(key("k", "bob"), commit)],
  ["non-repudiation", "no evidence", said(commit), /no evidence/],
  [
    "non-repudiation",
    "evidence",
    said(
      says({
        kind: "claim",
        claim: { kind: "evidence", peer: "bob", message: utf8("m"), bytes: utf8("e") },
      }),
    ),
  ],
  ["kci", "no secrets", said(commit), /nobody has a long-term secret/],
  ["kci", "secrets of others", { ...said(commit), deployment: secrets("carol") }, /nobody has/],
  ["kci", "secrets of one end", { ...said(commit), deployment: secrets("bob") }],
  ["kci", "no end", { deployment: secrets("alice", "bob") }, /nobody ever claims/],
  ["server-authentication", "no end", {}, /finished with a server/],
  ["server-authentication", "a client's end", said(commit)],
  ["server-authentication", "a server's", { server: [[1, [claim("commit", "alice")]]] }, /server/],
  ["client-authentication", "a client's end", said(commit), /finished with a client/],
  ["client-authentication", "a server's", { server: [[1, [claim("commit", "alice")]]] }],
  ["nonce-uniqueness", "no cipher", {}, /nothing is encrypted/],
  [
    "nonce-uniqueness",
    "a hash",
    {
      client: [[1, ({ crypto }) => [says({ kind: "log", line: `${crypto.hash("sha256", iv)}` })]]],
    },
    /nothing is encrypted/,
  ],
  ...(["aead", "cipher"] as const).map(
    (kind): Scope => [
      "nonce-uniqueness",
      kind,
      {
        client: [
          [
            1,
            ({ crypto }) => {
              if (kind === "aead") crypto.seal("aes-gcm", new Uint8Array(16), iv.slice(4), iv);
              else crypto.encrypt("aes-ctr", new Uint8Array(16), iv, iv);
              return [];
            },
          ],
        ],
      },
    ],
  ),
];

describe("where it makes no sense", () => {
  const rows = scopes.map(([id, what, scripts, missing]) => ({ id, what, scripts, missing }));
  test.each(rows)("$id: $what", ({ id, scripts, missing }) => {
    const guarantee = guarantees.find((g) => g.id === id);
    const protocol = scripted(scripts);
    const honest = run(protocol);
    const reason = guarantee?.notApplicable?.({ protocol, honest, confirms: false });
    if (missing === undefined) expect(reason).toBeUndefined();
    else expect(reason).toMatch(missing);
  });

  test("acknowledgements are judged where there are any", () => {
    const guarantee = guarantees.find((g) => g.id === "honest-acknowledgement");
    const protocol = scripted({});
    const reasons = [true, false].map((confirms) =>
      guarantee?.notApplicable?.({ protocol, honest: run(protocol), confirms }),
    );
    expect(reasons).toEqual([undefined, "no delivery is ever reported"]);
  });
});
