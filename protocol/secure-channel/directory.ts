/**
 * Whom a party knows: the certificates it was given, verified against the root, by kid. No other
 * principal can be talked to, and what the network says about identities is never believed.
 */
import type { Millis, Principal } from "../endpoint.ts";
import { hex } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { type Certificate, isCurrent, verifyCertificate } from "./certificate.ts";
import { type Credential, kidCredential } from "./edhoc/credential.ts";

export interface Root {
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A certificate as it is handed out: its receiver has not verified it yet. */
export interface Listed {
  readonly kid: number;
  readonly bytes: Uint8Array;
}

export interface KnownPeer {
  readonly certificate: Certificate;
  readonly credential: Credential;
}

export class Directory {
  readonly #byId = new Map<string, KnownPeer>();

  constructor(crypto: CryptoKit, root: Root, listed: readonly Listed[]) {
    for (const { kid, bytes } of listed) {
      const certificate = verifyCertificate(crypto, root, bytes);
      if (certificate === undefined) continue;
      const id = kidCredential(Uint8Array.of(kid));
      const credential = { id, credential: bytes, publicKey: certificate.staticKey };
      this.#byId.set(hex(id), { certificate, credential });
    }
  }

  /** @param id ID_CRED_x. @returns the principal it refers to, if the certificate is valid now. */
  find(id: Uint8Array, now: Millis): KnownPeer | undefined {
    const known = this.#byId.get(hex(id));
    return known !== undefined && isCurrent(known.certificate, now) ? known : undefined;
  }

  named(name: Principal): KnownPeer | undefined {
    return [...this.#byId.values()].find(({ certificate }) => certificate.subject === name);
  }
}
