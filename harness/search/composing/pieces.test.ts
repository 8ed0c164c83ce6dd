/** Halves of derived keys, tags beside ciphertexts: values of which messages have a part only. */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { concat, fromHex, hex, text, utf8 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

/** How keys and boxes are written. */
interface Form {
  /** The key is one half of what is derived. */
  readonly halved: boolean;
  /** In one field; nonce, tag and ciphertext in three; or with one half of an HMAC. */
  readonly box: "whole" | "parted" | "cut";
  /** Does the responder compare the name in the box with that of the key? */
  readonly repaired: boolean;
}

type Keys = ReadonlyMap<Principal, KeyPair>;
const refused: readonly Output[] = [{ kind: "reject", reason: "bad-tag" }];
const none = new Uint8Array(0);
const tagBytes = 16;

function keyWith(keys: Keys, { crypto, self }: Env, peer: Principal, { halved }: Form) {
  const own = keys.get(self) as KeyPair;
  const secret = crypto.sharedSecret("x25519", own.privateKey, keys.get(peer)?.publicKey ?? none);
  const about = { hash: "sha256", key: secret ?? none, salt: none, info: utf8("pair") } as const;
  return halved
    ? crypto.hkdf({ ...about, length: 64 }).slice(32)
    : crypto.hkdf({ ...about, length: 32 });
}

function put({ crypto }: Env, key: Uint8Array, content: string, { box: how }: Form): string {
  if (how === "cut") {
    const iv = crypto.random(16);
    const ct = crypto.encrypt("aes-ctr", key, iv, utf8(content));
    const tag = crypto.hmac("sha256", key, concat(iv, ct)).slice(0, tagBytes);
    return JSON.stringify({ iv: hex(iv), tag: hex(tag), ct: hex(ct) });
  }
  const nonce = crypto.random(12);
  const box = crypto.seal("aes-gcm", key, nonce, utf8(content));
  if (how === "whole") return JSON.stringify({ box: hex(concat(nonce, box)) });
  const [ct, tag] = [box.slice(0, -tagBytes), box.slice(-tagBytes)];
  return JSON.stringify({ nonce: hex(nonce), tag: hex(tag), ct: hex(ct) });
}

function open({ crypto }: Env, key: Uint8Array, packet: string, { box: how }: Form) {
  const fields = fieldsOf(packet);
  const at = (name: string): Uint8Array => fromHex(String(fields[name])) ?? none;
  if (how === "cut") {
    const expected = crypto.hmac("sha256", key, concat(at("iv"), at("ct"))).slice(0, tagBytes);
    if (at("iv").length !== 16 || !crypto.equal(expected, at("tag"))) return undefined;
    return text(crypto.decrypt("aes-ctr", key, at("iv"), at("ct")) ?? none)?.split(" ");
  }
  const [nonce, box] =
    how === "parted"
      ? [at("nonce"), concat(at("ct"), at("tag"))]
      : [at("box").slice(0, 12), at("box").slice(12)];
  const content = crypto.open("aes-gcm", key, nonce, box);
  return content === undefined ? undefined : text(content)?.split(" ");
}

function fieldsOf(packet: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(packet) };
  } catch {
    return {};
  }
}

function initiator(env: Env, keys: Keys, form: Form): Handler {
  const { self, peer = "" } = env;
  const key = keyWith(keys, env, peer, form);
  const mine = hex(env.crypto.random(16));
  return (input) => {
    if (input.kind === "start") return [transmit(JSON.stringify({ hello: self, mine }))];
    if (input.kind !== "datagram") return [];
    const [back, theirs = ""] = open(env, key, words(input.bytes), form) ?? [];
    if (back !== mine) return refused;
    const agreed = utf8(theirs);
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed } },
      transmit(put(env, key, `${self} ${theirs}`, form)),
    ];
  };
}

function responder(env: Env, keys: Keys, form: Form): Handler {
  const calls = new Map<string, { readonly who: Principal; readonly mine: string }>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const session = input.from;
    const call = calls.get(session);
    const { hello, mine: theirs } = fieldsOf(words(input.bytes));
    if (call === undefined) {
      if (typeof hello !== "string" || !keys.has(hello)) return refused;
      const mine = hex(env.crypto.random(16));
      calls.set(session, { who: hello, mine });
      const key = keyWith(keys, env, hello, form);
      return [{ ...transmit(put(env, key, `${theirs} ${mine}`, form), session), session }];
    }
    const key = keyWith(keys, env, call.who, form);
    const [peer = "", back] = open(env, key, words(input.bytes), form) ?? [];
    if (back !== call.mine || !keys.has(peer)) return refused;
    if (form.repaired && peer !== call.who) return refused;
    calls.delete(session);
    return [{ kind: "claim", claim: { kind: "commit", peer, agreed: utf8(back) }, session }];
  };
}

function sealedAnswer(form: Form): Protocol {
  const protocol: Partial<Protocol> = {
    registration: true,
    roles: [
      { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
      { name: "responder", principals: ["bob"], process: "service", port: 9798 },
    ],
    deploy({ crypto, principals }) {
      const names = [...new Set([...principals, "alice", "bob"])];
      const keys = new Map(names.map((name) => [name, crypto.keyPair("x25519")] as const));
      const part = { initiator, responder };
      return {
        open: (role, env) => ({ handle: part[role as keyof typeof part](env, keys, form) }),
        longTermSecrets: (p) => [keys.get(p)?.privateKey ?? none],
        publicValues: [...keys.values()].map((k) => k.publicKey),
      };
    },
  };
  return protocolOf({}, { protocol });
}

const forms = [false, true].flatMap((halved) =>
  (["whole", "parted", "cut"] as const).flatMap((box) =>
    [false, true].map((repaired): Form => ({ halved, box, repaired })),
  ),
);

test.each(forms)("halved keys: $halved, boxes: $box, repaired: $repaired", (form) => {
  const guarantees = ["client-authentication"];
  const campaign = new Campaign(subjectFor(sealedAnswer(form)), { seed: "mallory", guarantees });
  compose(campaign, { work: form.repaired ? 30_000 : 60_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(form.repaired ? [] : guarantees);
});
