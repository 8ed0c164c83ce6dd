/**
 * Diffie and Hellman's key agreement as it stands in “New directions in cryptography”, 1976, with
 * X25519, and a sealed channel behind it.
 *
 * Aims: two parties without a shared secret agree on a key that no eavesdropper can compute.
 *
 * Known weakness: the halves are not authenticated. An attacker in the middle agrees on one key
 * with each end and relays everything (in print at the latest in Rivest and Shamir, “How to expose
 * an eavesdropper”, 1984). With `auth=signatures` each end signs both halves, both names and its
 * part, which shuts the attacker in the middle out.
 */
import type { Principal, Protocol } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { initiatorAndResponder, type Part } from "./end.ts";
import { pack } from "./fields.ts";
import { type Binding, type Halves, Initiator, Responder } from "./halves.ts";
import { Client, claimsOf, keyOf, present, Service } from "./party.ts";

const covered = (by: Part, { inOrder, names }: Halves) => pack(utf8(by), ...inOrder, ...names);

const binding = (keys: ReadonlyMap<Principal, KeyPair>, signs: boolean): Binding => ({
  knows(peer) {
    return keys.has(peer);
  },
  key(crypto, { shared, inOrder }) {
    return crypto.hkdfExtract("sha256", shared, pack(...inOrder));
  },
  token(crypto, halves) {
    if (!signs) return utf8("done");
    return crypto.sign(keyOf(keys, halves.self).privateKey, covered(halves.part, halves));
  },
  convinces(crypto, halves, _key, token) {
    const { publicKey } = keyOf(keys, halves.peer);
    return !signs || crypto.verify(publicKey, covered(halves.otherPart, halves), token);
  },
});

export const plainDiffieHellman: Protocol = {
  name: "plain-diffie-hellman",
  title: "Diffie–Hellman without authentication",
  flow: `
A → B: X, A                 X = g^x, Y = g^y
B → A: Y                    auth=signatures: and SigB(responder, X, Y, A, B)
A → B: done                 auth=signatures: SigA(initiator, X, Y, A, B)
A ↔ B: counter, {text}K     K = KDF(g^xy; X, Y), a key for each direction
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(1976),
  options: {
    auth: {
      default: "none",
      values: ["none", "signatures"],
      about: "signatures: each end signs both halves, both names and its part",
      weakens: {
        none: [
          "confidentiality",
          "integrity",
          "origin",
          "server-authentication",
          "client-authentication",
          "key-secrecy",
        ],
      },
    },
  },
  claims: claimsOf({
    "forward-secrecy": "There is nothing to disclose that would help.",
    "nonce-uniqueness": "The nonce is a counter, under a fresh key for each direction.",
    replay: "Every record has a new counter, and none is taken twice.",
    ordering: "Counters only grow.",
  }),
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
    const signs = options.auth === "signatures";
    const bound = binding(keys, signs);
    return {
      open(role, env) {
        if (role === "initiator") return new Client(new Initiator(env, bound));
        return new Service(() => new Responder(env, bound));
      },
      longTermSecrets(principal) {
        return present(signs ? keys.get(principal)?.privateKey : undefined);
      },
      publicValues: [...keys.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice proposes the old mill"),
          ...say("initiator", "alice will wear a green hat"),
          ...say("responder", "bob prefers the new bridge"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice says the hat is blue after all"),
          ...say("responder", "bob will look for a blue hat"),
        ],
      },
    ],
  }),
};
