/**
 * A sound channel from signed Diffie–Hellman values: SIGMA with the transcript signed whole
 * (Krawczyk, “SIGMA: the ‘SIGn-and-MAc’ approach to authenticated Diffie–Hellman”, CRYPTO 2003),
 * then records under a key for each direction, each with a counter.
 *
 * Aims: secret and forward secret texts, unchanged, once, in order, between two who know that
 * they talk to each other. Not aimed at: hiding names or lengths, delivery, denial of service.
 *
 * Known weaknesses: none within its aims, until one of three faults is switched on.
 *
 * - `identities=unsigned`: signatures, MACs and keys do not depend on who talks to whom. Mallory
 *   signs Alice's half as its own: she talks to Bob, who believes to talk to Mallory (Diffie, van
 *   Oorschot and Wiener, “Authentication and authenticated key exchanges”, 1992).
 * - `keys=one`: both ends send under the same key, so that a record can be reflected to its sender,
 *   and both use the same nonces.
 * - `counter=ignored`: a record can be sent again.
 */
import type { OptionValues, Principal, Protocol } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { initiatorAndResponder, type Part } from "./end.ts";
import { pack, unpack } from "./fields.ts";
import { type Binding, type Halves, Initiator, Responder } from "./halves.ts";
import { Client, claimsOf, keyOf, present, Service } from "./party.ts";
import { directionKeys, recordClaims } from "./records.ts";

const signatureBytes = 64;
const macBytes = 32;

function binding(keys: ReadonlyMap<Principal, KeyPair>, options: OptionValues): Binding {
  const isSigned = options.identities !== "unsigned";
  function transcript({ inOrder, names }: Halves) {
    return isSigned ? pack(...inOrder, ...names) : pack(...inOrder);
  }
  function covered(by: Part, halves: Halves) {
    return pack(utf8(by), transcript(halves));
  }
  function mac(crypto: CryptoKit, by: Part, halves: Halves, key: Uint8Array): Uint8Array {
    const confirm = crypto.hkdfExpand("sha256", key, utf8("confirm"), 32);
    return crypto.hmac("sha256", confirm, covered(by, halves));
  }
  return {
    knows(peer) {
      return keys.has(peer);
    },
    key(crypto, halves) {
      return crypto.hkdfExtract("sha256", halves.shared, transcript(halves));
    },
    token(crypto, halves, key) {
      const { self, part } = halves;
      const signature = crypto.sign(keyOf(keys, self).privateKey, covered(part, halves));
      return pack(signature, mac(crypto, part, halves, key));
    },
    convinces(crypto, halves, key, token) {
      const fields = unpack(token, signatureBytes, macBytes);
      if (fields === undefined) return false;
      const { peer, otherPart } = halves;
      const { publicKey } = keyOf(keys, peer);
      return (
        crypto.verify(publicKey, covered(otherPart, halves), fields[0]) &&
        crypto.equal(mac(crypto, otherPart, halves, key), fields[1])
      );
    },
    records: { checksCounter: options.counter !== "ignored" },
    directions(crypto, key) {
      const { toInitiator, toResponder } = directionKeys(crypto, key);
      return { toInitiator, toResponder: options.keys === "one" ? toInitiator : toResponder };
    },
  };
}

export const signedDh: Protocol = {
  name: "signed-dh",
  title: "Signed Diffie–Hellman, after SIGMA",
  flow: `
A → B: X, A                              X = g^x, Y = g^y, T = X, Y, A, B
B → A: Y, SigB(responder, T), MAC(Kc; responder, T)        K = Extract(g^xy; T)
A → B: SigA(initiator, T), MAC(Kc; initiator, T)           Kc, K1, K2 = Expand(K)
A → B: counter, {text}K1                                   and likewise B to A, under K2
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(2003),
  options: {
    identities: {
      default: "signed",
      values: ["signed", "unsigned"],
      about: "unsigned: neither signatures nor keys depend on the names of the two",
      weakens: { unsigned: ["server-authentication", "key-agreement", "origin"] },
    },
    keys: {
      default: "two",
      values: ["two", "one"],
      about: "one: both ends send under the same key",
      weakens: { one: ["origin", "nonce-uniqueness"] },
    },
    counter: {
      default: "checked",
      values: ["checked", "ignored"],
      about: "ignored: records are taken in any order, and again",
      weakens: { ignored: ["replay", "ordering"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    origin: "Each direction has a key of its own.",
    "replay-across-sessions": "Both ends bring a fresh half.",
    "server-authentication": "The responder signs both halves and both names.",
    "client-authentication": "The initiator signs both halves and both names.",
    "key-agreement": "Both confirm the key, which depends on both names.",
    "key-secrecy": "The halves are signed, and nobody else can combine them.",
    "forward-secrecy": "Signing keys do not help to compute the session's key.",
    kci: "Whoever has Alice's signing key cannot sign for Bob.",
    "nonce-uniqueness": "The nonce is the counter, under a key of its own for each direction.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
    const bound = binding(keys, options);
    return {
      open(role, env) {
        if (role === "initiator") return new Client(new Initiator(env, bound));
        return new Service(() => new Responder(env, bound));
      },
      longTermSecrets(principal) {
        return present(keys.get(principal)?.privateKey);
      },
      publicValues: [...keys.values()].map((k) => k.publicKey),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice orders ten crates of apples", "alice adds three of pears"),
          ...say("responder", "bob can deliver on thursday", "bob asks for the address"),
        ],
      },
      {
        start: "after-previous",
        messages: [
          ...say("initiator", "alice changes the order to plums"),
          ...say("responder", "bob has taken note of the plums"),
        ],
      },
    ],
  }),
};
