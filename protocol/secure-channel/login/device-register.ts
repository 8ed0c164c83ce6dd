/**
 * The devices that a server has certified, and whose they are. It is a directory: certificates that
 * all parties were given, and those that the server has issued itself and still remembers.
 *
 * To be known, a certificate has to be in here, with all its bytes. None is ever taken from the
 * network: an attacker who has stolen the key that signs them makes certificates that no server
 * knows, and what one server has issued means nothing to another. All are forgotten when the server
 * restarts.
 */
import { InvariantError, type Millis, type Principal } from "../../endpoint.ts";
import { equalBytes, hex, readUint } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { type Certificate, isCurrent, issue } from "../certificate.ts";
import type { Directory, KnownPeer } from "../directory.ts";
import { curve, deviceId, deviceSeconds, kidBytes } from "./certification.ts";

/** No user has more: the one that was certified first goes. */
export const maxDevicesEach = 8;
const msPerSecond = 1_000;
const mostDraws = 16;
/** Users sign with other keys, which the server does not certify. */
const noSigningKey = new Uint8Array(0);

export interface Issuer {
  readonly name: Principal;
  /** Ed25519; the public half is in the server's own certificate. */
  readonly signing: KeyPair;
}

interface Device extends KnownPeer {
  readonly user: Uint8Array;
}

export class DeviceRegister {
  readonly #crypto: CryptoKit;
  readonly #issuer: Issuer;
  readonly #listed: Pick<Directory, "find" | "named">;
  /** By ID_CRED_I; the oldest comes first. */
  readonly #devices = new Map<string, Device>();

  /** @param listed the certificates that all parties were given. */
  constructor(crypto: CryptoKit, issuer: Issuer, listed: Pick<Directory, "find" | "named">) {
    this.#crypto = crypto;
    this.#issuer = issuer;
    this.#listed = listed;
  }

  get size(): number {
    return this.#devices.size;
  }

  /** @param id ID_CRED_x. @returns the principal it refers to, if the certificate is valid now. */
  find(id: Uint8Array, now: Millis): KnownPeer | undefined {
    const device = this.#devices.get(hex(id));
    if (device === undefined) return this.#listed.find(id, now);
    return isCurrent(device.certificate, now) ? device : undefined;
  }

  /** Devices are found by their kid alone. */
  named(name: Principal): KnownPeer | undefined {
    return this.#listed.named(name);
  }

  /** @returns the name of the user whose device it is; `undefined` if it is no device. */
  userOf(id: Uint8Array): Uint8Array | undefined {
    return this.#devices.get(hex(id))?.user;
  }

  /**
   * Certifies a device of a user who has just logged in.
   * @param staticKey 32 bytes, untrusted. If the user had it certified before, that is over.
   * @returns `undefined` for users whose name is the issuer's or a listed one.
   */
  certify(
    user: Uint8Array,
    subject: Principal,
    staticKey: Uint8Array,
    now: Millis,
  ): Certificate | undefined {
    const { name: issuer, signing } = this.#issuer;
    if (subject === issuer || this.#listed.named(subject) !== undefined) return undefined;
    this.#makeRoom(user, staticKey, now);
    const serial = this.#freeSerial();
    const from = Math.floor(now / msPerSecond);
    const times = { from, until: from + deviceSeconds, serial };
    const body = { subject, curve, staticKey, signingKey: noSigningKey, ...times, issuer } as const;
    const certificate = issue(this.#crypto, signing, body);
    const id = deviceId(serial);
    const credential = { id, credential: certificate.bytes, publicKey: staticKey };
    this.#devices.set(hex(id), { user, certificate, credential });
    return certificate;
  }

  #makeRoom(user: Uint8Array, staticKey: Uint8Array, now: Millis): void {
    const own: string[] = [];
    for (const [id, { user: other, certificate }] of this.#devices) {
      const isOwn = equalBytes(other, user);
      const isAgain = isOwn && equalBytes(certificate.staticKey, staticKey);
      if (isAgain || !isCurrent(certificate, now)) this.#devices.delete(id);
      else if (isOwn) own.push(id);
    }
    const [oldest] = own;
    if (oldest !== undefined && own.length >= maxDevicesEach) this.#devices.delete(oldest);
  }

  /** At random: it does not show how many there are, nor mean another device after a restart. */
  #freeSerial(): number {
    for (let i = 0; i < mostDraws; i++) {
      const serial = readUint(this.#crypto.random(kidBytes));
      if (!this.#devices.has(hex(deviceId(serial)))) return serial;
    }
    throw new InvariantError("every number is taken");
  }
}
