/** What one seals for another under a key that the two share: nonce 12 ‖ sealed ‖ tag 16. */
import type { Deployment, Endpoint, Millis, Output, Principal, RejectReason } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { present } from "./party.ts";

const nonceBytes = 12;
const aead = "chacha20-poly1305";

/** @param use what the ticket is good for; empty where that is left open. */
export function sealTicket(
  crypto: CryptoKit,
  key: Uint8Array,
  content: Uint8Array,
  use: string,
): Uint8Array {
  const nonce = crypto.random(nonceBytes);
  return concat(nonce, crypto.seal(aead, key, nonce, content, utf8(use)));
}

/** @returns the content, or `undefined` if it was sealed under another key or for another use. */
export const openTicket = (
  crypto: CryptoKit,
  key: Uint8Array,
  ticket: Uint8Array,
  use: string,
): Uint8Array | undefined =>
  crypto.open(aead, key, ticket.slice(0, nonceBytes), ticket.slice(nonceBytes), utf8(use));

/** What each user shares with Trent, 32 bytes; Trent has them all. */
export function sharedWithTrent(crypto: CryptoKit, principals: readonly Principal[]) {
  const users = principals.filter((p) => p !== "trent");
  const keys: ReadonlyMap<Principal, Uint8Array> = new Map(
    users.map((p) => [p, crypto.random(32)]),
  );
  const longTermSecrets: Deployment["longTermSecrets"] = (p) =>
    p === "trent" ? [...keys.values()] : present(keys.get(p));
  return { keys, longTermSecrets };
}

/** Answers each datagram by itself, or says why it is discarded. */
export const datagrams = (
  answer: (bytes: Uint8Array, now: Millis) => readonly Output[] | RejectReason,
): Endpoint => ({
  handle(input, now) {
    if (input.kind !== "datagram") return [];
    const outputs = answer(input.bytes, now);
    return typeof outputs === "string" ? [{ kind: "reject", reason: outputs }] : outputs;
  },
  // An unauthenticated sender leaves no state behind.
  stateSize: () => 0,
});
