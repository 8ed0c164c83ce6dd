/**
 * NAXOS with key confirmation (LaMacchia, Lauter and Mityagin, “Stronger security of authenticated
 * key exchange”, ProvSec 2007): static and ephemeral Diffie–Hellman values in one key.
 *
 * Aims: the key stays secret unless both the private key and the random draws of one end are
 * known. So bad randomness alone does no harm, and a stolen key alone does not open old sessions.
 *
 * Known weaknesses: none within its aims. With `ephemeral=plain` the ephemeral private key is just
 * what is drawn, and not hashed together with the private key. Whoever knows the draws then plays
 * the other end with a half of its own: it knows all three values that the key is made of.
 */
import type { Principal, Protocol } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { initiatorAndResponder, type Part } from "./end.ts";
import { pack } from "./fields.ts";
import { type Binding, type Halves, Initiator, Responder } from "./halves.ts";
import { Client, claimsOf, keyOf, present, Service } from "./party.ts";
import { recordClaims } from "./records.ts";

const drawnBytes = 32;

function binding(keys: ReadonlyMap<Principal, KeyPair>, isBound: boolean): Binding {
  const confirmation = (crypto: CryptoKit, by: Part, key: Uint8Array): Uint8Array => {
    const confirm = crypto.hkdfExpand("sha256", key, utf8("confirm"), 32);
    return crypto.hmac("sha256", confirm, utf8(by));
  };
  return {
    knows(peer) {
      return keys.has(peer);
    },
    pair(crypto, self) {
      const drawn = crypto.random(drawnBytes);
      const privateKey = isBound
        ? crypto.hash("sha256", concat(drawn, keyOf(keys, self).privateKey))
        : drawn;
      return { privateKey, publicKey: crypto.publicKey("x25519", privateKey) };
    },
    key(crypto, halves: Halves) {
      const { self, peer, part, secret, theirs, shared } = halves;
      const mine = crypto.sharedSecret("x25519", keyOf(keys, self).privateKey, theirs);
      const yours = crypto.sharedSecret("x25519", secret, keyOf(keys, peer).publicKey);
      if (mine === undefined || yours === undefined) return undefined;
      // The value with the initiator's private key first.
      const both = part === "initiator" ? concat(mine, yours) : concat(yours, mine);
      return crypto.hkdfExtract("sha256", concat(both, shared), pack(...halves.names));
    },
    token(crypto, { part }, key) {
      return confirmation(crypto, part, key);
    },
    convinces(crypto, { otherPart }, key, token) {
      return crypto.equal(confirmation(crypto, otherPart, key), token);
    },
  };
}

export const naxos: Protocol = {
  name: "naxos",
  title: "NAXOS, with key confirmation",
  flow: `
A → B: X, A                     X = g^x, x = H(draw, a)       plain: x is drawn
B → A: Y, MAC(Kc; responder)    Y = g^y, y = H(draw, b)       plain: y is drawn
A → B: MAC(Kc; initiator)       K = H(Y^a, B^x, Y^x; A, B) = H(A^y, X^b, X^y; A, B)
A ↔ B: counter, {text}K         Kc and a key for each direction from K
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(2007),
  options: {
    ephemeral: {
      default: "bound",
      values: ["bound", "plain"],
      about: "plain: ephemeral private keys are what is drawn, and do not depend on long-term ones",
      weakens: { plain: ["ephemeral-leak"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "Only the responder can compute and confirm the key.",
    "client-authentication": "Only the initiator can compute and confirm the key.",
    "key-agreement": "Both confirm the key, which depends on both names.",
    "key-secrecy": "The key takes a private key and a draw of one of the two.",
    "forward-secrecy": "Private keys alone do not give the key.",
    "known-key": "Every session has halves of its own.",
    "ephemeral-leak": "Draws alone do not give the key.",
    "post-compromise": "Later halves are drawn anew.",
    kci: "Whoever has Alice's private key lacks Bob's, and her draws.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.keyPair("x25519")]));
    const bound = binding(keys, options.ephemeral !== "plain");
    return {
      open(role, env) {
        if (role === "initiator") return new Client(new Initiator(env, bound));
        return new Service(() => new Responder(env, bound));
      },
      longTermSecrets: (principal) => present(keys.get(principal)?.privateKey),
      publicValues: [...keys.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice will sail on the evening tide", "she brings two friends"),
          ...say("responder", "bob waits at the marble gate"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice has missed the boat to paros"),
          ...say("responder", "bob will wait until the morning"),
        ],
      },
    ],
  }),
};
