/**
 * A user's device: a key, drawn once, and the certificate that a server has given it. Both are in
 * the client's store, with one key for each server, so that no two of them can compare:
 *
 *     private key 32 ‖ certificate, or nothing
 *
 * A certificate is verified whenever it is read. Without a good one, the device is a guest.
 */
import type { Env, Millis, Principal, RejectReason, Store } from "../../endpoint.ts";
import { concat, equalBytes } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { type Certificate, isCurrent, verifyCertificate } from "../certificate.ts";
import type { OwnCredential } from "../edhoc/credential.ts";
import { shareOf, sharePair } from "../edhoc/shares.ts";
import type { LoginFrame } from "../frames.ts";
import { maxTries, waitMs } from "../outbox.ts";
import { Pieces } from "../pieces.ts";
import { curve, deviceId, questionFrame, readAnswer } from "./certification.ts";

const keyBytes = 32;
export const deviceStore = (server: Principal): string => `device-${server}`;

/** @returns the private key in the store, 32 bytes; `undefined` before it is drawn. */
export function deviceKeyIn(stored: Uint8Array): Uint8Array | undefined {
  return stored.length < keyBytes ? undefined : stored.slice(0, keyBytes);
}

/** The question that the server has not answered yet. */
interface Question {
  readonly own: KeyPair;
  readonly jitter: number;
  readonly pieces: Pieces;
  tries: number;
  againMs: Millis;
}

export class Device {
  readonly #crypto: CryptoKit;
  readonly #user: Principal;
  readonly #issuer: Pick<Certificate, "subject" | "signingKey">;
  readonly #store: Store;
  #question: Question | undefined;

  /** @param server its certificate, which the root has signed. */
  constructor(env: Env, server: Pick<Certificate, "subject" | "signingKey">) {
    this.#crypto = env.crypto;
    this.#user = env.self;
    this.#issuer = server;
    this.#store = env.store(deviceStore(server.subject));
  }

  /** @returns what to open a channel with; `undefined` without a certificate that holds now. */
  credential(now: Millis): OwnCredential | undefined {
    const stored = this.#store.read();
    const privateKey = deviceKeyIn(stored);
    if (privateKey === undefined || stored.length === keyBytes) return undefined;
    const publicKey = shareOf(this.#crypto, curve, privateKey);
    const certificate = this.#verified(stored.slice(keyBytes), publicKey, now);
    if (certificate === undefined) return undefined;
    const { serial, bytes } = certificate;
    return { id: deviceId(serial), credential: bytes, publicKey, privateKey };
  }

  /** The server does not know the certificate any more. The key is still good. */
  forget(): void {
    this.#store.write(this.#store.read().slice(0, keyBytes));
  }

  /** From now on, {@link Device.due} asks for a certificate. */
  ask(now: Millis): void {
    const [a = 0, b = 0] = this.#crypto.random(2);
    const about = { own: this.#ownKey(), jitter: 256 * a + b, pieces: new Pieces() };
    this.#question = { ...about, tries: 0, againMs: now };
  }

  deadline(): Millis | undefined {
    return this.#question?.againMs;
  }

  /** @returns the frame to send now, for the first time or again; it counts as sent. */
  due(now: Millis): LoginFrame | undefined {
    const question = this.#question;
    if (question === undefined || question.againMs > now) return undefined;
    if (question.tries >= maxTries) {
      // The next session will take a login, as this one did.
      this.#question = undefined;
      return undefined;
    }
    question.tries++;
    question.againMs = now + waitMs(question.tries, question.jitter);
    return questionFrame(question.own.publicKey);
  }

  /** @returns why the frame is discarded, if it is; then nothing has changed in the store. */
  receive(body: Uint8Array, now: Millis): RejectReason | undefined {
    if (this.#question === undefined) return "stale";
    const answer = readAnswer(body);
    if (answer === undefined) return "malformed";
    const { own, pieces } = this.#question;
    pieces.add(answer.place, answer.piece);
    const { whole } = pieces;
    if (whole === undefined) return undefined;
    // It is the server that has said it: to ask once more would change nothing.
    this.#question = undefined;
    const certificate = this.#verified(whole, own.publicKey, now);
    if (certificate === undefined) return "unauthorized";
    this.#store.write(concat(own.privateKey, certificate.bytes));
    return undefined;
  }

  #ownKey(): KeyPair {
    const kept = deviceKeyIn(this.#store.read());
    if (kept !== undefined) {
      return { privateKey: kept, publicKey: shareOf(this.#crypto, curve, kept) };
    }
    const drawn = sharePair(this.#crypto, curve);
    this.#store.write(drawn.privateKey);
    return drawn;
  }

  /** @returns it if this server has issued it, for this user and this key, and it holds now. */
  #verified(bytes: Uint8Array, publicKey: Uint8Array, now: Millis): Certificate | undefined {
    const { subject: name, signingKey } = this.#issuer;
    const issuer = { name, publicKey: signingKey, devices: true };
    const certificate = verifyCertificate(this.#crypto, issuer, bytes);
    if (certificate === undefined || certificate.subject !== this.#user) return undefined;
    const isOwn = certificate.curve === curve && equalBytes(certificate.staticKey, publicKey);
    return isOwn && isCurrent(certificate, now) ? certificate : undefined;
  }
}
