/**
 * Station-to-Station (Diffie, van Oorschot and Wiener, “Authentication and authenticated key
 * exchanges”, Designs, Codes and Cryptography 2, 1992).
 *
 * Aims: mutual authentication, a forward secret key, and that each end knows with whom it shares
 * the key. How signatures are bound to the key and to the two is an option:
 *
 * - `identities`: the signature covers both halves and both names, and is sealed under the key.
 * - `mac`: it covers the halves alone and comes with its MAC under the key. Alice's signature
 *   passes for that of any principal that has her public key certified as its own, and Bob shares
 *   the key with Alice while he believes to share it with Mallory (Blake-Wilson and Menezes,
 *   “Unknown key-share attacks on the Station-to-Station (STS) protocol”, PKC 1999).
 * - `none`: it covers the halves alone, and comes in the clear. Then Mallory can also take Alice's
 *   signature away and put her own in its place.
 *
 * With `registration=unchecked`, the default, the authority certifies any public key, and Mallory
 * registers Alice's. With `checked` it wants to see that the private key is there. The second
 * attack of 1999, which makes a new key pair to fit a given signature, does not work on Ed25519,
 * where the signature depends on the public key (Brendel, Cremers, Jackson and Zhao, “The provable
 * security of Ed25519”, 2021).
 */
import type { Principal, Protocol } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { initiatorAndResponder, type Part } from "./end.ts";
import { pack, unpack } from "./fields.ts";
import { type Binding, Initiator, Responder } from "./halves.ts";
import { Client, claimsOf, keyOf, present, Service } from "./party.ts";
import { recordClaims } from "./records.ts";

const signatureBytes = 64;
const macBytes = 32;
/** Each key seals one signature. */
const oneNonce = new Uint8Array(12);

interface Setting {
  /** Private keys. */
  readonly signing: ReadonlyMap<Principal, Uint8Array>;
  /** Public keys, as they are certified. */
  readonly certified: ReadonlyMap<Principal, Uint8Array>;
  readonly binding: string;
}

function binding({ binding: how, signing, certified }: Setting): Binding {
  /** What is signed: the signer's half first. */
  const covered = (a: Uint8Array, b: Uint8Array, signer: Principal, other: Principal) =>
    how === "identities" ? pack(a, b, utf8(signer), utf8(other)) : pack(a, b);
  const keyFor = (crypto: CryptoKit, key: Uint8Array, part: Part) =>
    crypto.hkdfExpand("sha256", key, utf8(`signature of the ${part}`), 32);

  /** The signature in a token, once what binds it to the key has been checked. */
  function signatureIn(crypto: CryptoKit, key: Uint8Array, token: Uint8Array) {
    if (how === "none") return token;
    if (how === "identities") return crypto.open("chacha20-poly1305", key, oneNonce, token);
    const [mac, signature] = unpack(token, macBytes, signatureBytes) ?? [];
    if (mac === undefined || signature === undefined) return undefined;
    return crypto.equal(crypto.hmac("sha256", key, signature), mac) ? signature : undefined;
  }

  return {
    knows: (peer) => certified.has(peer),
    key: (crypto, { shared, inOrder }) => crypto.hkdfExtract("sha256", shared, pack(...inOrder)),
    token(crypto, { own, theirs, self, peer, part }, sessionKey) {
      const signature = crypto.sign(keyOf(signing, self), covered(own, theirs, self, peer));
      if (how === "none") return signature;
      const key = keyFor(crypto, sessionKey, part);
      if (how === "mac") return pack(crypto.hmac("sha256", key, signature), signature);
      return crypto.seal("chacha20-poly1305", key, oneNonce, signature);
    },
    convinces(crypto, { own, theirs, self, peer, otherPart }, sessionKey, token) {
      const signature = signatureIn(crypto, keyFor(crypto, sessionKey, otherPart), token);
      if (signature?.length !== signatureBytes) return false;
      return crypto.verify(keyOf(certified, peer), covered(theirs, own, peer, self), signature);
    },
  };
}

export const stationToStation: Protocol = {
  name: "station-to-station",
  title: "Station-to-Station",
  flow: `
A → B: X, A                  X = g^x, Y = g^y, K = KDF(g^xy; X, Y)
B → A: Y, {SigB(Y, X, B, A)}K        mac: SigB(Y, X), MAC(K; SigB)   none: SigB(Y, X)
A → B: {SigA(X, Y, A, B)}K           likewise
A ↔ B: counter, {text}K              a key for each direction
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(1992),
  options: {
    binding: {
      default: "identities",
      values: ["identities", "mac", "none"],
      about: "what ties a signature to the key and to the two who share it",
      weakens: {
        mac: ["server-authentication", "key-agreement", "origin"],
        none: ["server-authentication", "key-agreement", "origin"],
      },
    },
    registration: {
      default: "unchecked",
      values: ["unchecked", "checked"],
      about: "whether whoever registers a public key has to show that it has the private one",
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "The responder signs both halves.",
    "client-authentication": "The initiator signs both halves.",
    "key-agreement": "Each end knows with whom it shares the key.",
    "key-secrecy": "The halves are signed, and nobody else can combine them.",
    "forward-secrecy": "Signing keys do not help to compute the session's key.",
    kci: "Whoever has Alice's signing key cannot sign for Bob.",
    origin: "Texts come from the one with whom the key is shared.",
  }),
  registration: true,
  deploy({ crypto, options, principals }) {
    const pairs = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
    const copies = options.registration !== "checked" && pairs.has("alice");
    const certified = new Map([...pairs].map(([p, pair]) => [p, pair.publicKey]));
    if (copies && pairs.has("mallory")) certified.set("mallory", keyOf(certified, "alice"));
    const signing = new Map([...pairs].map(([p, pair]) => [p, pair.privateKey]));
    const bound = binding({ certified, signing, binding: options.binding ?? "identities" });
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new Initiator(env, bound))
          : new Service(() => new Responder(env, bound)),
      longTermSecrets: (p) => present(signing.get(p)),
      publicValues: [...certified.values()],
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice pays in the hundred she owes"),
          ...say("responder", "bob has booked a hundred"),
        ],
      },
      { start: "after-previous", messages: say("initiator", "alice pays in another fifty") },
    ],
  }),
};
