/**
 * The cipher suites of EDHOC. A suite fixes everything at once: there is nothing to combine, and
 * so nothing that an attacker could recombine.
 *
 * | suite | AEAD              | key | nonce | tag | MAC_2, MAC_3 | curve  | signatures |
 * |-------|-------------------|-----|-------|-----|--------------|--------|------------|
 * | 0     | AES-CCM           | 16  | 13    | 8   | 8            | X25519 | Ed25519    |
 * | 1     | AES-CCM           | 16  | 13    | 16  | 16           | X25519 | Ed25519    |
 * | 2     | AES-CCM           | 16  | 13    | 8   | 8            | P-256  | ES256      |
 * | 3     | AES-CCM           | 16  | 13    | 16  | 16           | P-256  | ES256      |
 * | 4     | ChaCha20-Poly1305 | 32  | 12    | 16  | 16           | X25519 | Ed25519    |
 * | 5     | ChaCha20-Poly1305 | 32  | 12    | 16  | 16           | P-256  | ES256      |
 * | 6     | AES-128-GCM       | 16  | 12    | 16  | 16           | X25519 | ES256      |
 *
 * Lengths are in bytes; the hash is SHA-256 in all of them. The records that follow are protected
 * with the application AEAD, which differs from the other only in suites 1 and 3: tags of 8.
 *
 * @see RFC 9528 §3.6 and §10.2; RFC 9053 §4 for the COSE numbers
 */
import { MisuseError } from "../endpoint.ts";
import type { AeadName } from "../kit/primitives/aead.ts";

export interface Aead {
  readonly name: AeadName;
  /** The number that COSE gives it; it goes into the keys and associated data of OSCORE. */
  readonly cose: number;
  readonly keyBytes: number;
  readonly nonceBytes: number;
  readonly tagBytes: number;
}

export interface Suite {
  readonly id: number;
  readonly aead: Aead;
  /** Protects the records once the handshake is over. */
  readonly applicationAead: Aead;
  readonly curve: "x25519" | "p256";
  /** Of MAC_2 and MAC_3, where they authenticate by themselves (static Diffie–Hellman). */
  readonly macBytes: number;
  /** ES256 is not in the kit: with it, only method 3 works. */
  readonly signs: "ed25519" | "es256";
}

export const hashName = "sha256";
export const hashBytes = 32;
/** An ephemeral or static public key as it is sent: of P-256, the x-coordinate alone. */
export const publicKeyBytes = 32;

const ccm8: Aead = { name: "aes-ccm-8", cose: 10, keyBytes: 16, nonceBytes: 13, tagBytes: 8 };
const ccm16: Aead = { name: "aes-ccm", cose: 30, keyBytes: 16, nonceBytes: 13, tagBytes: 16 };
const gcm: Aead = { name: "aes-gcm", cose: 1, keyBytes: 16, nonceBytes: 12, tagBytes: 16 };
const chacha: Aead = {
  name: "chacha20-poly1305",
  cose: 24,
  keyBytes: 32,
  nonceBytes: 12,
  tagBytes: 16,
};

const one = { curve: "x25519", signs: "ed25519" } as const;
const two = { curve: "p256", signs: "es256" } as const;
const list: readonly Suite[] = [
  { id: 0, aead: ccm8, applicationAead: ccm8, macBytes: 8, ...one },
  { id: 1, aead: ccm16, applicationAead: ccm8, macBytes: 16, ...one },
  { id: 2, aead: ccm8, applicationAead: ccm8, macBytes: 8, ...two },
  { id: 3, aead: ccm16, applicationAead: ccm8, macBytes: 16, ...two },
  { id: 4, aead: chacha, applicationAead: chacha, macBytes: 16, ...one },
  { id: 5, aead: chacha, applicationAead: chacha, macBytes: 16, ...two },
  { id: 6, aead: gcm, applicationAead: gcm, macBytes: 16, curve: "x25519", signs: "es256" },
];

/** @returns `undefined` for a suite that is not in the table. */
export const suiteOf = (id: number): Suite | undefined => list[id];

/** The best of a list that has one. */
export function bestSuite(ids: readonly number[]): Suite {
  const suite = suiteOf(ids[0] ?? -1);
  if (suite === undefined) throw new MisuseError("a party has at least one suite");
  return suite;
}
