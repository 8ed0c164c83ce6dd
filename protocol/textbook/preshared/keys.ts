/** The keys, and what both ends claim about them. */
import type { Address, OutputBody, Principal } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import type { Defences } from "./defences.ts";
import { nameField } from "./wire.ts";

/** Who talks to whom, under which pre-shared key of 32 bytes. */
export interface Pair {
  readonly client: Principal;
  readonly server: Principal;
  readonly psk: Uint8Array;
}

export interface SessionKeys {
  /** What all others are made from: 32 bytes, as have those without a length here. */
  readonly secret: Uint8Array;
  /** For the MACs of proof and welcome, which show that their sender has the session's keys. */
  readonly confirm: Uint8Array;
  readonly toServer: Uint8Array;
  readonly toClient: Uint8Array;
  /** For the application to use as it likes; 16 bytes. */
  readonly exported: Uint8Array;
}

/** The use comes first and the names have one length, so that no two uses give the same. */
const info = (use: string, { client, server }: Pair): Uint8Array =>
  concat(utf8(`preshared ${use}`), nameField(utf8(client)), nameField(utf8(server)));

/**
 * The MAC of hello and challenge, 32 bytes. It covers the client's address: a hello gets no
 * answer sent elsewhere, and a challenge asked for from elsewhere is of no use to the client.
 */
export function openingMac(crypto: CryptoKit, pair: Pair, body: Uint8Array, client: Address) {
  const opening = info("opening", pair);
  const key = crypto.hkdf({ hash: "sha256", key: pair.psk, info: opening, length: 32 });
  return crypto.hmac("sha256", key, concat(body, utf8(client)));
}

/** @param proof 96 bytes: fresh for the client by its nonce, for the server by its cookie. */
export function sessionKeys(
  crypto: CryptoKit,
  pair: Pair,
  proof: Uint8Array,
  d: Defences,
): SessionKeys {
  const secret = crypto.hkdfExtract("sha256", pair.psk, proof);
  const derive = (use: string, length = 32): Uint8Array =>
    crypto.hkdfExpand("sha256", secret, info(use, pair), length);
  return {
    secret,
    confirm: derive("confirm"),
    toServer: derive("to server"),
    toClient: derive(d.directions ? "to client" : "to server"),
    exported: derive("export", 16),
  };
}

export const running = (peer: Principal, { secret }: SessionKeys): OutputBody => ({
  kind: "claim",
  claim: { kind: "running", peer, agreed: secret },
});

/** The handshake is over, and the application may send. */
export const finished = (peer: Principal, { secret, exported }: SessionKeys): OutputBody[] => [
  { kind: "claim", claim: { kind: "commit", peer, agreed: secret } },
  { kind: "claim", claim: { kind: "secret", peer, value: exported } },
  { kind: "claim", claim: { kind: "secret", peer, value: secret } },
  { kind: "ready" },
];
