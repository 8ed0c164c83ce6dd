/**
 * Messages after the handshake. Datagrams get lost and overtake each other, so that the nonce goes
 * with them (Noise §11.4), and only higher ones than before are taken: what comes late is lost.
 *
 *     nonce 6 ‖ ciphertext ‖ tag 16
 */
import type { RejectReason } from "../../endpoint.ts";
import { concat, readUint, uintBytes } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { type CipherState, decryptWithAd, encryptWithAd, tagBytes } from "./cipher-state.ts";
import { messageBytes } from "./handshake-state.ts";

const nonceBytes = 6;
/** By how much a transport message is longer than what it carries. */
export const overheadBytes = nonceBytes + tagBytes;
const nothing = new Uint8Array(0);

export interface TransportAbout {
  readonly crypto: CryptoKit;
  /** 32 bytes each; one is absent where a pattern has one direction only. */
  readonly send: Uint8Array | undefined;
  readonly receive: Uint8Array | undefined;
  /** False: any nonce is taken, also one that came before. */
  readonly checksNonces: boolean;
}

export class Transport {
  readonly #about: TransportAbout;
  #send: CipherState;
  /** The lowest nonce that is still taken. */
  #from = 0;

  constructor(about: TransportAbout) {
    this.#about = about;
    this.#send = { key: about.send, next: 0 };
  }

  get maySend(): boolean {
    return this.#about.send !== undefined;
  }

  write(text: Uint8Array): Uint8Array {
    const header = uintBytes(this.#send.next, nonceBytes);
    const { state, bytes } = encryptWithAd(this.#about.crypto, this.#send, nothing, text);
    this.#send = state;
    return concat(header, bytes);
  }

  /** @param message untrusted. @returns the text, or why it is discarded. */
  read(message: Uint8Array): Uint8Array | RejectReason {
    const { crypto, receive, checksNonces } = this.#about;
    if (receive === undefined) return "unexpected";
    if (message.length > messageBytes) return "too-long";
    if (message.length < overheadBytes) return "malformed";
    const nonce = readUint(message, 0, nonceBytes);
    if (checksNonces && nonce < this.#from) return "replayed";
    const cipher = { key: receive, next: nonce };
    const step = decryptWithAd(crypto, cipher, nothing, message.slice(nonceBytes));
    if (step === undefined) return "bad-tag";
    this.#from = nonce + 1;
    return step.bytes;
  }
}
