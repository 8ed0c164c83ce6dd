/** Four ways of answering a stranger, by what they tell of who answers. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { DeployEnv, Deployment, Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../protocol/kit/crypto.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { assess } from "../search/assess.ts";
import { judgeRun, protocolOf } from "../testing/tiny.ts";
import { responderIdentity } from "./responder-identity.ts";

interface Keys {
  readonly sealing: KeyPair;
  readonly signing: KeyPair;
  readonly alice: KeyPair;
}
type Answer = (crypto: CryptoKit, question: Uint8Array, keys: Keys) => Uint8Array | undefined;
interface Way {
  /** What the client asks, and what it does with the answer. */
  readonly ask: (
    crypto: CryptoKit,
    keys: Keys,
  ) => { readonly question: Uint8Array; readonly check: (answer: Uint8Array) => unknown };
  readonly answer: Answer;
  readonly rsa?: boolean;
}

const aead = "chacha20-poly1305";
const none = new Uint8Array(0);
const nonce = new Uint8Array(12);
const welcome = utf8("welcome to the house");
const secretOf = (crypto: CryptoKit, own: KeyPair, peer: Uint8Array): Uint8Array =>
  crypto.hash("sha256", crypto.sharedSecret("x25519", own.privateKey, peer) ?? none);

function protocolFor({ ask, answer, rsa = false }: Way): Protocol {
  const deploy = ({ crypto }: DeployEnv): Deployment => {
    const sealing = rsa ? crypto.rsaKeyPair(2048, 0) : crypto.keyPair("x25519");
    const keys = { sealing, signing: crypto.signingKeyPair(), alice: crypto.signingKeyPair() };
    const client = (env: Env) => {
      const { question, check } = ask(env.crypto, keys);
      return {
        handle: (input: { kind: string; bytes?: Uint8Array }) => {
          if (input.kind === "start") return [{ kind: "transmit" as const, bytes: question }];
          if (input.bytes !== undefined) check(input.bytes);
          return [];
        },
      };
    };
    const server = (env: Env) => ({
      handle: (input: { kind: string; bytes?: Uint8Array }) => {
        const bytes = input.bytes && answer(env.crypto, input.bytes, keys);
        return bytes === undefined ? [] : [{ kind: "transmit" as const, bytes }];
      },
    });
    return {
      open: (role, env) => (role === "client" ? client(env) : server(env)),
      longTermSecrets: (principal) =>
        principal === "alice"
          ? [keys.alice.privateKey]
          : [keys.sealing.privateKey, keys.signing.privateKey],
      publicValues: [keys.sealing.publicKey, keys.signing.publicKey, keys.alice.publicKey],
      identities: [utf8("the house at the lake")],
    };
  };
  return protocolOf({}, { protocol: { deploy } });
}

const ways = {
  "a signature that everybody can read": {
    ask: (crypto, { signing }) => {
      const question = crypto.random(16);
      return { question, check: (a) => crypto.verify(signing.publicKey, question, a) };
    },
    answer: (crypto, question, { signing }) => crypto.sign(signing.privateKey, question),
  },
  "words under a key that her static key goes into": {
    ask: (crypto, { sealing }) => {
      const own = crypto.keyPair("x25519");
      const key = secretOf(crypto, own, sealing.publicKey);
      return { question: own.publicKey, check: (a) => crypto.open(aead, key, nonce, a) };
    },
    answer: (crypto, question, { sealing }) =>
      crypto.seal(aead, secretOf(crypto, sealing, question), nonce, welcome),
  },
  "words under a key that was sealed for her": {
    rsa: true,
    ask: (crypto, { sealing }) => {
      const key = crypto.random(32);
      const question = crypto.rsaEncrypt("sha256", sealing.publicKey, key) ?? none;
      return { question, check: (a) => crypto.open(aead, key, nonce, a) };
    },
    answer: (crypto, question, { sealing }) => {
      const key = crypto.rsaDecrypt("sha256", sealing.privateKey, question);
      return key?.length === 32 ? crypto.seal(aead, key, nonce, welcome) : undefined;
    },
  },
  "an answer for those only who have shown who they are": {
    ask: (crypto, { sealing, alice }) => {
      const own = crypto.keyPair("x25519");
      const key = secretOf(crypto, own, sealing.publicKey);
      const proof = crypto.sign(alice.privateKey, own.publicKey);
      const question = concat(own.publicKey, crypto.seal(aead, key, nonce, proof));
      return { question, check: (a) => crypto.open(aead, key, nonce, a) };
    },
    answer: (crypto, question, { sealing, alice }) => {
      const theirs = question.slice(0, 32);
      const key = secretOf(crypto, sealing, theirs);
      const proof = crypto.open(aead, key, nonce, question.slice(32));
      if (proof === undefined || !crypto.verify(alice.publicKey, theirs, proof)) return undefined;
      return crypto.seal(aead, crypto.hash("sha256", key), nonce, welcome);
    },
  },
} satisfies Record<string, Way>;

const listening: Attack = [];
const connecting: Attack = [
  { move: "puppet", name: "puppet-a", role: "client", as: "alice", facing: "server#0" },
];
const because = (way: keyof typeof ways, attack: Attack) =>
  judgeRun(responderIdentity, protocolFor(ways[way]), attack).violation?.because;

describe("who answers shows in", () => {
  test("a signature that everybody can read", () => {
    expect(because("a signature that everybody can read", listening)).toMatch(/can tell .*verify/);
  });

  test.each([
    ["words under a key that her static key goes into", /whoever has bob's public key can tell/],
    ["words under a key that was sealed for her", /a stranger who connects can tell .*\(aead/],
  ] as const)("%s, to whoever connects", (way, words) => {
    expect(because(way, listening)).toBeUndefined();
    expect(because(way, connecting)).toMatch(words);
  });
});

test("it does not show to strangers where they have to show themselves first", () => {
  const way = "an answer for those only who have shown who they are";
  expect(because(way, listening)).toBeUndefined();
  expect(because(way, connecting)).toBeUndefined();
  const guest: Attack = [{ move: "participate", as: "alice" }, ...connecting];
  const { atStake } = judgeRun(responderIdentity, protocolFor(ways[way]), guest);
  expect(atStake).toBe(0);
});

/** The filter against scans says to listeners who have the server's key whom it is for. */
describe("of the secure channel's server", () => {
  test.each([
    ["secure-channel", "passive", 0],
    ["secure-channel?scan-filter=off", "off-path", 1],
  ] as const)("%s: %s, in %i moves", (name, capability, moves) => {
    const subject = bundledSubject(parseProtocolName(name));
    const about = {
      seed: "mallory",
      guarantees: [responderIdentity.id],
      budgetRuns: 400,
      sessions: 2,
    };
    const [verdict] = assess(subject, about).verdicts;
    expect(verdict).toMatchObject({ verdict: "broken", claimed: false, capability });
    expect(verdict?.finding?.attack.moves).toHaveLength(moves);
  });
});
