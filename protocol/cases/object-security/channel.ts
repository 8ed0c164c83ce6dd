/** Texts, one after the other, in both directions: as printed, or with `cipher=gcm`. */
import { concat, text, uintBytes, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Uncaught } from "./handshake.ts";
import { openPair, sealPair } from "./pair.ts";
import { mostTextBytes, type Settings } from "./settings.ts";

export interface Channel {
  /** @returns the datagrams that carry a text. */
  seal(message: Uint8Array): readonly Uint8Array[];
  /**
   * @param skips how many texts may have been lost before this one.
   * @returns the text, or `undefined` if it takes another datagram.
   * @throws Uncaught for whatever cannot be read; nothing has changed then but that the first
   *   half of a pair is gone.
   */
  read(datagram: Uint8Array, skips?: number): Uint8Array | undefined;
}

type End = "client" | "server";

export function channelOf(
  crypto: CryptoKit,
  settings: Settings,
  key: Uint8Array,
  own: End,
): Channel {
  const channel = settings.sealed
    ? new Numbered(crypto, key, own)
    : new Pairs(crypto, settings, key);
  return settings.padded ? filledUp(channel) : channel;
}

/** As printed: two calls of `recvfrom`, the first takes the IV, the second completes the pair. */
class Pairs implements Channel {
  readonly #crypto: CryptoKit;
  readonly #settings: Settings;
  readonly #key: Uint8Array;
  #iv: Uint8Array | undefined;

  constructor(crypto: CryptoKit, settings: Settings, key: Uint8Array) {
    this.#crypto = crypto;
    this.#settings = settings;
    this.#key = key;
  }

  seal(message: Uint8Array): readonly Uint8Array[] {
    return sealPair(this.#crypto, this.#settings.mode, this.#key, message);
  }

  /** As printed, a bad IV is noticed only with the second half. */
  read(datagram: Uint8Array): Uint8Array | undefined {
    if (this.#iv === undefined) {
      this.#iv = datagram;
      return undefined;
    }
    const iv = this.#iv;
    this.#iv = undefined;
    return openPair(this.#crypto, this.#settings.mode, this.#key, iv, datagram);
  }
}

const keyBytes = 32;
const nonceBytes = 12;

/** Each direction has a key and counts its texts from 0. The number is the nonce. */
class Numbered implements Channel {
  readonly #crypto: CryptoKit;
  readonly #sending: Uint8Array;
  readonly #receiving: Uint8Array;
  #sent = 0;
  #next = 0;

  constructor(crypto: CryptoKit, key: Uint8Array, own: End) {
    const keyOf = (end: End): Uint8Array =>
      crypto.hkdfExpand("sha256", key, utf8(`texts of the ${end}`), keyBytes);
    this.#crypto = crypto;
    this.#sending = keyOf(own);
    this.#receiving = keyOf(own === "client" ? "server" : "client");
  }

  seal(message: Uint8Array): readonly Uint8Array[] {
    const nonce = uintBytes(this.#sent++, nonceBytes);
    return [this.#crypto.seal("aes-gcm", this.#sending, nonce, message)];
  }

  read(datagram: Uint8Array, skips = 0): Uint8Array {
    for (let number = this.#next; number <= this.#next + skips; number++) {
      const nonce = uintBytes(number, nonceBytes);
      const message = this.#crypto.open("aes-gcm", this.#receiving, nonce, datagram);
      if (message === undefined) continue;
      if (text(message) === undefined) break;
      this.#next = number + 1;
      return message;
    }
    throw new Uncaught("InvalidTag");
  }
}

/** Fills texts up with zeros, which no text of these users ends in. */
function filledUp(channel: Channel): Channel {
  return {
    seal(message) {
      const missing = Math.max(0, mostTextBytes - message.length);
      return channel.seal(concat(message, new Uint8Array(missing)));
    },
    read(datagram, skips) {
      const message = channel.read(datagram, skips);
      if (message === undefined) return undefined;
      let end = message.length;
      while (end > 0 && message[end - 1] === 0) end--;
      return message.slice(0, end);
    },
  };
}
