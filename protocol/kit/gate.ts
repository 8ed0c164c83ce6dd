import type { Latin1 } from "./bytes.ts";
import type { OpRecord } from "./operations.ts";

/**
 * Stands between a puppet and cryptography: honest code that runs with the adversary's knowledge
 * may see a plaintext only if the adversary could; see attacker/puppet.ts. A gate throws to refuse.
 */
export interface Gate {
  /** An operation was carried out. */
  done(record: OpRecord): void;
  /** Opening failed (a bad tag): only a holder of the key can tell. */
  failed(key: Latin1): void;
  /** What a comparison is to yield. */
  compare(a: Latin1, b: Latin1): boolean;
  /** What is encrypted, signed or authenticated instead of this. */
  rewriteSigned?(content: Uint8Array): Uint8Array;
  /** What comes out instead of this, of the same length, where it was opened or decrypted. */
  rewriteOpened?(plaintext: Uint8Array): Uint8Array;
  /** What is to be encrypted, or sealed, instead of this. */
  rewritePlaintext?(plaintext: Uint8Array): Uint8Array;
  /** What is to be encrypted to a public key instead of this. */
  rewriteWrapped?(plaintext: Uint8Array): Uint8Array;
}
