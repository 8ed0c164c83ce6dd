/** Receivers that take a key from the packet they check with it: anyone can make a key pair. */
import { describe, expect, test } from "vitest";
import type { Env, Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes } from "../../protocol/kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../protocol/kit/crypto.ts";
import type { SignatureScheme } from "../../protocol/kit/primitives/signatures.ts";
import { deliver, type Handler, subjectFor, tiny } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

interface About {
  readonly scheme?: SignatureScheme;
  readonly pairOf?: (crypto: CryptoKit) => KeyPair;
  /** Bytes of a public key and of a signature. */
  readonly sizes?: readonly [number, number];
  /** The receiver takes no other key than alice's. */
  readonly pinned?: boolean;
}

function signed({
  scheme = "ed25519",
  pairOf = (crypto) => crypto.signingKeyPair(),
  sizes: [keyBytes, signatureBytes] = [32, 64],
  pinned = false,
}: About): Protocol {
  const sender =
    (env: Env, pair: KeyPair): Handler =>
    (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      if (input.kind !== "send") return [];
      const signature = env.crypto.sign(pair.privateKey, input.message, scheme);
      return [{ kind: "transmit", bytes: concat(pair.publicKey, signature, input.message) }];
    };
  const receiver =
    (env: Env, pair: KeyPair): Handler =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const key = input.bytes.slice(0, keyBytes);
      const rest = input.bytes.slice(keyBytes);
      const message = rest.slice(signatureBytes);
      const isGood = env.crypto.verify(key, message, rest.slice(0, signatureBytes), scheme);
      const isAlices = !pinned || equalBytes(key, pair.publicKey);
      return isGood && isAlices
        ? [deliver(message, "alice")]
        : [{ kind: "reject", reason: "bad-signature" }];
    };
  const protocol: Partial<Protocol> = {
    deploy({ crypto }) {
      const pair = pairOf(crypto);
      return {
        open: (role, env) => ({
          handle: role === "client" ? sender(env, pair) : receiver(env, pair),
        }),
        longTermSecrets: (principal) => (principal === "alice" ? [pair.privateKey] : []),
      };
    },
  };
  const message = new TextEncoder().encode("open valve 7");
  const sessions = [{ start: 0, messages: [{ from: "client", message }] }];
  return tiny({ client: () => () => [], server: () => () => [], protocol, sessions });
}

const originOf = (about: About) => {
  const settings = { seed: "own keys", guarantees: ["origin"] };
  const [verdict] = assess(subjectFor(signed(about)), settings).verdicts;
  return [verdict?.verdict, verdict?.capability];
};

describe("a signature that is checked with the key beside it", () => {
  test.each<[string, About]>([
    ["ed25519", {}],
    [
      "ecdsa-p256",
      { scheme: "ecdsa-p256", pairOf: (c) => c.signingKeyPair("p256"), sizes: [33, 64] },
    ],
    [
      "rsa-pss-sha256",
      { scheme: "rsa-pss-sha256", pairOf: (c) => c.rsaKeyPair(2048, 0), sizes: [294, 256] },
    ],
  ])("%s: anyone off the path is taken for alice", (_, about) => {
    expect(originOf(about)).toEqual(["broken", "off-path"]);
  });

  test("is worth something where no other key is taken", () => {
    expect(originOf({ pinned: true })).toEqual(["holds", null]);
  });
});
