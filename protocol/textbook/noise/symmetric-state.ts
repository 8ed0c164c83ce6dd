/**
 * Chaining key, transcript hash and cipher of a handshake (Noise §5.2), with SHA-256: all values
 * have 32 bytes. States are values: each operation gives a new one.
 */
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import {
  type CipherState,
  decryptWithAd,
  encryptWithAd,
  keyedWith,
  tagBytes,
} from "./cipher-state.ts";

export const hashBytes = 32;
const nothing = new Uint8Array(0);

/**
 * @param count how many outputs, 2 or 3, of 32 bytes each. Each is an operation of its own on the
 *   record, so that the lab can tell who knows which.
 * @see Noise §4.3
 */
function hkdf(
  crypto: CryptoKit,
  chainingKey: Uint8Array,
  material: Uint8Array,
  count: 2 | 3,
): readonly Uint8Array[] {
  const key = crypto.hmac("sha256", chainingKey, material);
  const outputs: Uint8Array[] = [];
  for (let i = 1; i <= count; i++) {
    const data = concat(outputs.at(-1) ?? nothing, new Uint8Array([i]));
    outputs.push(crypto.hmac("sha256", key, data));
  }
  return outputs;
}

interface Fields {
  readonly crypto: CryptoKit;
  readonly chainingKey: Uint8Array;
  readonly hash: Uint8Array;
  readonly cipher: CipherState;
}

export interface Step {
  readonly state: SymmetricState;
  readonly bytes: Uint8Array;
}

export class SymmetricState {
  readonly #fields: Fields;

  private constructor(fields: Fields) {
    this.#fields = fields;
  }

  /** @param name such as `Noise_XX_25519_ChaChaPoly_SHA256` (Noise §8). */
  static initialize(crypto: CryptoKit, name: string): SymmetricState {
    const bytes = utf8(name);
    let hash = new Uint8Array(hashBytes);
    if (bytes.length <= hashBytes) hash.set(bytes);
    else hash = crypto.hash("sha256", bytes).slice();
    return new SymmetricState({ crypto, chainingKey: hash, hash, cipher: keyedWith(undefined) });
  }

  /** The transcript so far, 32 bytes; when all is over, what names the session (Noise §11.2). */
  get hash(): Uint8Array {
    return this.#fields.hash;
  }

  /** How many bytes longer a ciphertext is now: 0, or 16. */
  get overhead(): number {
    return this.#fields.cipher.key === undefined ? 0 : tagBytes;
  }

  mixKey(material: Uint8Array): SymmetricState {
    const { crypto, chainingKey: before } = this.#fields;
    const [chainingKey = nothing, key = nothing] = hkdf(crypto, before, material, 2);
    return this.#with({ chainingKey, cipher: keyedWith(key) });
  }

  mixHash(data: Uint8Array): SymmetricState {
    const { crypto, hash } = this.#fields;
    return this.#with({ hash: crypto.hash("sha256", concat(hash, data)) });
  }

  mixKeyAndHash(material: Uint8Array): SymmetricState {
    const { crypto, chainingKey: before } = this.#fields;
    const [chainingKey = nothing, hash = nothing, key = nothing] = hkdf(
      crypto,
      before,
      material,
      3,
    );
    return this.mixHash(hash).#with({ chainingKey, cipher: keyedWith(key) });
  }

  encryptAndHash(plaintext: Uint8Array): Step {
    const { crypto, cipher, hash } = this.#fields;
    const { state, bytes } = encryptWithAd(crypto, cipher, hash, plaintext);
    return { state: this.#with({ cipher: state }).mixHash(bytes), bytes };
  }

  /** @returns `undefined` if the tag does not verify. */
  decryptAndHash(ciphertext: Uint8Array): Step | undefined {
    const { crypto, cipher, hash } = this.#fields;
    const step = decryptWithAd(crypto, cipher, hash, ciphertext);
    if (step === undefined) return undefined;
    return { state: this.#with({ cipher: step.state }).mixHash(ciphertext), bytes: step.bytes };
  }

  /** @returns the keys of the initiator's and of the responder's direction, 32 bytes each. */
  split(): readonly [Uint8Array, Uint8Array] {
    const { crypto, chainingKey } = this.#fields;
    const [first = nothing, second = nothing] = hkdf(crypto, chainingKey, nothing, 2);
    return [first, second];
  }

  #with(changed: Partial<Fields>): SymmetricState {
    return new SymmetricState({ ...this.#fields, ...changed });
  }
}
