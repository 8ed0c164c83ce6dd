/**
 * What a server asks for before it keeps state for a client.
 *
 * `mac1` shows that the sender knows whom it calls: it filters scans and is no authentication, for
 * the server's key is public. For the same reason it tells eavesdroppers who have that key whom it
 * is for, as in WireGuard. The cookie shows that the sender receives what is sent to its address.
 * It is the server's own memory, kept by the client: an address and a message, under a key that
 * only the server has and that changes every two minutes.
 *
 * @see RFC 9147 §5.1, and WireGuard §5.3 for the two together
 */
import type { Address, Millis } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";

export const mac1Bytes = 8;
export const cookieBytes = 12;
/** A cookie is good for two to four minutes, by when its key was made. */
export const rotationMs = 120_000;
const keyBytes = 32;

/**
 * @param serverKey the server's public credential, of any length.
 * @param message1 EDHOC's first message as it is sent.
 * @returns 8 bytes: Expand(H("mac1" ‖ server key); message_1), which is an HMAC, cut. Made in one
 *   step, it is a value of its own to the lab, which others can send on.
 */
export function mac1(crypto: CryptoKit, serverKey: Uint8Array, message1: Uint8Array): Uint8Array {
  const key = crypto.hash("sha256", concat(utf8("mac1"), serverKey));
  return crypto.hkdfExpand("sha256", key, message1, mac1Bytes);
}

interface CookieKey {
  readonly key: Uint8Array;
  readonly sinceMs: Millis;
}

/** Makes cookies and knows them again; what it keeps does not depend on how many it made. */
export class CookieJar {
  readonly #crypto: CryptoKit;
  #current: CookieKey;
  #previous: CookieKey | undefined;

  constructor(crypto: CryptoKit, now: Millis) {
    this.#crypto = crypto;
    this.#current = { key: crypto.random(keyBytes), sinceMs: now };
  }

  /** @returns 12 bytes: Expand(current key; address ‖ H(message_1)), which is an HMAC, cut. */
  bake(from: Address, message1: Uint8Array, now: Millis): Uint8Array {
    this.#rotate(now);
    return this.#cookie(this.#current, from, message1);
  }

  /** @param cookie untrusted, of any length. @returns whether it was made here, recently. */
  knows(cookie: Uint8Array, from: Address, message1: Uint8Array, now: Millis): boolean {
    this.#rotate(now);
    const keys = this.#previous === undefined ? [this.#current] : [this.#current, this.#previous];
    return keys.some((key) => this.#crypto.equal(this.#cookie(key, from, message1), cookie));
  }

  /** The hash has 32 bytes always, so that address and message cannot run into each other. */
  #cookie({ key }: CookieKey, from: Address, message1: Uint8Array): Uint8Array {
    const about = concat(utf8(from), this.#crypto.hash("sha256", message1));
    return this.#crypto.hkdfExpand("sha256", key, about, cookieBytes);
  }

  #rotate(now: Millis): void {
    const age = now - this.#current.sinceMs;
    if (age < rotationMs) return;
    this.#previous = age < 2 * rotationMs ? this.#current : undefined;
    this.#current = { key: this.#crypto.random(keyBytes), sinceMs: now };
  }
}
