/**
 * Public keys whose powers are all one, on both ends at once: one end is given such a key, and what
 * the other end made under its own key cannot be opened there; so that end must have been given one
 * as well (C. Cremers, D. Jackson, "Prime, order please!", 2019).
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { bytesBigint, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type Handler, protocolOf, subjectFor } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

const group = { modulus: (1n << 255n) - 19n, generator: 2n };
const nonce = new Uint8Array(12);
const refused: readonly Output[] = [{ kind: "reject", reason: "bad-key" }];

interface Setting {
  readonly keys: ReadonlyMap<Principal, KeyPair>;
  readonly isChecked: boolean;
}

function agreed({ crypto }: Env, own: KeyPair, theirs: Uint8Array, isChecked: boolean) {
  const y = bytesBigint(theirs);
  if (theirs.length !== 32 || (isChecked && (y <= 1n || y >= group.modulus - 1n))) return undefined;
  const key = crypto.sharedSecret(group, own.privateKey, theirs);
  if (key === undefined) return undefined;
  const part = (info: string): Uint8Array =>
    crypto.hkdf({ hash: "sha256", key, info: utf8(info), length: 32 });
  return { box: part("box"), challenge: part("challenge"), data: part("data") };
}

function initiator(env: Env, { keys, isChecked }: Setting): Handler {
  const { crypto, self, peer = "" } = env;
  const own = crypto.keyPair(group);
  let isOver = false;
  return (input) => {
    if (input.kind === "start") return [{ kind: "transmit", bytes: own.publicKey }];
    const from = input.kind === "datagram" ? input.bytes : undefined;
    const made = from && !isOver ? agreed(env, own, from, isChecked) : undefined;
    if (made === undefined) return refused;
    isOver = true;
    const signature = crypto.sign((keys.get(self) as KeyPair).privateKey, made.challenge);
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: made.data } },
      { kind: "transmit", bytes: crypto.seal("aes-gcm", made.box, nonce, signature) },
    ];
  };
}

function responder(env: Env, { keys, isChecked }: Setting): Handler {
  const { crypto } = env;
  const calls = new Map<string, NonNullable<ReturnType<typeof agreed>>>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const session = input.from;
    const call = calls.get(session);
    if (call === undefined) {
      const own = crypto.keyPair(group);
      const made = agreed(env, own, input.bytes, isChecked);
      if (made === undefined) return refused;
      calls.set(session, made);
      return [{ kind: "transmit", bytes: own.publicKey, to: session, session }];
    }
    const signature = crypto.open("aes-gcm", call.box, nonce, input.bytes);
    const { publicKey } = keys.get("alice") as KeyPair;
    if (signature === undefined || !crypto.verify(publicKey, call.challenge, signature)) {
      return refused;
    }
    return [{ kind: "claim", claim: { kind: "secret", peer: "alice", value: call.data }, session }];
  };
}

function signedChallenge(isChecked: boolean): Protocol {
  const protocol: Partial<Protocol> = {
    roles: [
      { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
      { name: "responder", principals: ["bob"], process: "service", port: 26 },
    ],
    deploy({ crypto }) {
      const keys = new Map(["alice", "bob"].map((p) => [p, crypto.signingKeyPair()] as const));
      const part = { initiator, responder };
      return {
        open: (role, env) => ({
          handle: part[role as keyof typeof part](env, { keys, isChecked }),
        }),
        longTermSecrets: (p) => [keys.get(p)?.privateKey ?? new Uint8Array(0)],
        publicValues: [...keys.values()].map((k) => k.publicKey),
      };
    },
  };
  return protocolOf({}, { protocol });
}

test.each([
  ["not looked at", false, ["key-secrecy"]],
  ["looked at", true, []],
] as const)("public keys are %s", (_, isChecked, expected) => {
  const subject = subjectFor(signedChallenge(isChecked));
  const campaign = new Campaign(subject, { seed: "mallory", guarantees: ["key-secrecy"] });
  compose(campaign, { work: 120_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
  const sent = broken[0]?.finding?.attack.moves.filter((m) => m.move === "deliver") ?? [];
  expect(sent.length).toBe(isChecked ? 0 : 3);
});
