/**
 * What follows a handshake: sealed messages, each with a counter that is also the nonce. The
 * receiver accepts only counters higher than before, so that what comes late is lost.
 *
 *     type 1 ‖ counter 6 ‖ sealed text ‖ tag 16
 */
import type { OutputBody, Principal } from "../endpoint.ts";
import { concat, readUint, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import type { AeadName } from "../kit/primitives/aead.ts";
import { type Result, transmit } from "./party.ts";

const recordType = 100;
const counterBytes = 6;
const headerBytes = 1 + counterBytes;
const nonceBytes = 12;

/** One key for each direction, 32 bytes each. */
export interface DirectionKeys {
  readonly toResponder: Uint8Array;
  readonly toInitiator: Uint8Array;
}

/** @param secret of the session, uniformly random. */
export function directionKeys(crypto: CryptoKit, secret: Uint8Array): DirectionKeys {
  return {
    toResponder: crypto.hkdfExpand("sha256", secret, utf8("to responder"), 32),
    toInitiator: crypto.hkdfExpand("sha256", secret, utf8("to initiator"), 32),
  };
}

/** What sealing and counting are for. */
export const recordClaims = {
  confidentiality: "Texts are sealed under keys of the session.",
  integrity: "What does not verify is discarded.",
  replay: "Every record has a new counter, and none is taken twice.",
  ordering: "Counters only grow.",
};

export interface RecordsOptions {
  readonly crypto: CryptoKit;
  /** Absent where the other end has no name. */
  readonly peer: Principal | undefined;
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  /** False: any counter is taken, also one that came before. */
  readonly checksCounter?: boolean;
  readonly aead?: AeadName;
}

export class Records {
  readonly #about: RecordsOptions;
  readonly #aead: AeadName;
  #sent = 0;
  #received = 0;

  constructor(about: RecordsOptions) {
    this.#about = about;
    this.#aead = about.aead ?? "chacha20-poly1305";
  }

  seal(text: Uint8Array): Uint8Array {
    const { crypto, send } = this.#about;
    const counter = ++this.#sent;
    const header = concat(uintBytes(recordType, 1), uintBytes(counter, counterBytes));
    const nonce = uintBytes(counter, nonceBytes);
    return concat(header, crypto.seal(this.#aead, send, nonce, text, header));
  }

  /** @returns the text, or why the record is discarded. */
  open(bytes: Uint8Array): Uint8Array | "malformed" | "replayed" | "bad-tag" {
    const { crypto, receive, checksCounter = true } = this.#about;
    if (bytes[0] !== recordType || bytes.length < headerBytes) return "malformed";
    const counter = readUint(bytes, 1, counterBytes);
    if (checksCounter && counter <= this.#received) return "replayed";
    const nonce = uintBytes(counter, nonceBytes);
    const header = bytes.slice(0, headerBytes);
    const text = crypto.open(this.#aead, receive, nonce, bytes.slice(headerBytes), header);
    if (text === undefined) return "bad-tag";
    this.#received = counter;
    return text;
  }

  /** For an application: what is opened is delivered. */
  deliver(bytes: Uint8Array): Result {
    const text = this.open(bytes);
    if (typeof text === "string") return text;
    const { peer } = this.#about;
    if (peer === undefined) return [{ kind: "deliver", message: text }];
    return [{ kind: "deliver", message: text, from: peer }];
  }

  transmit(text: Uint8Array): readonly OutputBody[] {
    return [transmit(this.seal(text))];
  }
}
