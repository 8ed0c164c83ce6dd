/** The keys, and what is computed with them before there is a session. */
import type { Address, Principal } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import type { Defences } from "./defences.ts";
import { type Challenge, nameField, settled } from "./wire.ts";

/** Who talks to whom, under which pre-shared key of 32 bytes. */
export interface Pair {
  readonly client: Principal;
  readonly server: Principal;
  readonly psk: Uint8Array;
}

/** 32 bytes each. */
export interface SessionKeys {
  /** What the others are made from; both ends claim it. */
  readonly secret: Uint8Array;
  /** Authenticates proof and welcome: whoever can make them has the session's keys. */
  readonly confirm: Uint8Array;
  readonly toServer: Uint8Array;
  readonly toClient: Uint8Array;
}

/** The use comes first and the names have one length, so that no two uses give the same. */
const info = (use: string, pair: Pair): Uint8Array =>
  concat(utf8(`preshared ${use}`), nameField(utf8(pair.client)), nameField(utf8(pair.server)));

/**
 * The MAC of hello and challenge, 32 bytes. It covers the client's address: a hello gets no
 * answer sent elsewhere, and a challenge asked for from elsewhere is of no use to the client.
 */
export function openingMac(
  crypto: CryptoKit,
  pair: Pair,
  body: Uint8Array,
  clientAddress: Address,
): Uint8Array {
  const opening = info("opening", pair);
  const key = crypto.hkdf({ hash: "sha256", key: pair.psk, info: opening, length: 32 });
  return crypto.hmac("sha256", key, concat(body, utf8(clientAddress)));
}

/** Fresh for the client by its nonce; fresh for the server by its session number and cookie. */
export function sessionKeys(
  crypto: CryptoKit,
  pair: Pair,
  challenge: Challenge,
  d: Defences,
): SessionKeys {
  const secret = crypto.hkdfExtract("sha256", pair.psk, settled(challenge));
  const derive = (use: string) => crypto.hkdfExpand("sha256", secret, info(use, pair), 32);
  return {
    secret,
    confirm: derive("confirm"),
    toServer: derive("to server"),
    toClient: derive(d.directions ? "to client" : "to server"),
  };
}
