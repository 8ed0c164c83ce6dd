/**
 * Whose signature it is. A card binds a user's name to the key that the user signs with, under the
 * root that all parties were given:
 *
 *     [user, signing key 32, signature 64]
 *
 * It comes from the root and not from the server: the receiver of evidence must not be the one who
 * says whose key it was made with. It serves for nothing else, and opens no channel.
 */
import { equalBytes, hex } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { decodeItem, encodeItem } from "../edhoc/cbor.ts";

const purpose = "secure-channel signing card";
const toBeSigned = (user: Uint8Array, key: Uint8Array): Uint8Array =>
  encodeItem([purpose, user, key]);

export const issueCard = (
  crypto: CryptoKit,
  root: KeyPair,
  user: Uint8Array,
  signingKey: Uint8Array,
): Uint8Array => {
  const signature = crypto.sign(root.privateKey, toBeSigned(user, signingKey));
  return encodeItem([user, signingKey, signature]);
};

/** The cards of all users. Each is verified before its first use. */
export class CardFile {
  readonly #crypto: CryptoKit;
  readonly #rootKey: Uint8Array;
  readonly #cards: readonly Uint8Array[];
  readonly #known = new Map<string, Uint8Array>();

  /** @param cards untrusted. */
  constructor(crypto: CryptoKit, rootKey: Uint8Array, cards: readonly Uint8Array[]) {
    this.#crypto = crypto;
    this.#rootKey = rootKey;
    this.#cards = cards;
  }

  /** @returns 32 bytes; `undefined` for a user without a valid card. */
  keyOf(user: Uint8Array): Uint8Array | undefined {
    const known = this.#known.get(hex(user));
    if (known !== undefined) return known;
    for (const card of this.#cards) {
      const key = this.#verified(card, user);
      if (key === undefined) continue;
      this.#known.set(hex(user), key);
      return key;
    }
    return undefined;
  }

  #verified(card: Uint8Array, wanted: Uint8Array): Uint8Array | undefined {
    const item = decodeItem(card);
    if (!Array.isArray(item) || item.length !== 3) return undefined;
    const [user, key, signature]: unknown[] = item;
    if (!(user instanceof Uint8Array && equalBytes(user, wanted))) return undefined;
    if (!(key instanceof Uint8Array && signature instanceof Uint8Array)) return undefined;
    const genuine = this.#crypto.verify(this.#rootKey, toBeSigned(user, key), signature);
    return genuine ? key : undefined;
  }
}
