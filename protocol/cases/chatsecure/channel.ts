/**
 * The symmetric layer, used twice: between a client and the relay, and inside that between two
 * clients. Encrypt, then MAC; the receiver checks the MAC first.
 *
 * ```
 * ciphertext = AES-CBC(K, IV, PKCS#7(pickle(object)))       K 16 or 32 bytes, IV 16
 * mac        = HMAC-SHA-256(hex(SHA-256(K)), ciphertext)    64 hex digits
 * ```
 *
 * The MAC covers no IV, no counter, no direction and no name, and IV and keys are those of the
 * whole session, unless an option says otherwise.
 */
import type { Principal, RejectReason } from "../../endpoint.ts";
import { concat, equalBytes, text, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { pythonB64decode } from "../../kit/primitives/encodings.ts";
import { dump, dumpJson, type Loaded, load, loadJson, type Value } from "./pickle.ts";
import type { Settings } from "./settings.ts";

export const ivBytes = 16;
const none = new Uint8Array(0);

/** What encrypting one object yields, each as text: base64, hex, and the variants' additions. */
export interface Sealed {
  readonly data: Uint8Array;
  readonly hmac: Uint8Array;
  /** base64 of 16 bytes; only with an IV per message. */
  readonly iv?: Uint8Array;
  /** Decimal digits; only with counters. */
  readonly count?: Uint8Array;
}

export const serialize = (settings: Settings, value: Value): Uint8Array =>
  settings.pickled ? dump(value) : dumpJson(value);
export const parse = (settings: Settings, bytes: Uint8Array): Loaded | undefined =>
  settings.pickled ? load(bytes) : loadJson(bytes);

/** Base64 as Python reads it: the recorded decoder first, then what only Python takes. */
export const unbase64 = (crypto: CryptoKit, ascii: Uint8Array): Uint8Array | undefined =>
  crypto.decode("base64", ascii) ?? pythonB64decode(ascii);

export interface Keys {
  /** 16 or 32 bytes. */
  readonly key: Uint8Array;
  /** 16 bytes. */
  readonly iv: Uint8Array;
}

export class Channel {
  readonly #crypto: CryptoKit;
  readonly #settings: Settings;
  readonly #keys: Keys;
  readonly #macKey: Uint8Array;
  readonly #self: Principal;
  readonly #peer: Principal;
  #sent = 0;
  #received = 0;

  constructor(
    crypto: CryptoKit,
    settings: Settings,
    keys: Keys,
    ends: { readonly self: Principal; readonly peer: Principal },
  ) {
    this.#crypto = crypto;
    this.#settings = settings;
    this.#keys = keys;
    this.#macKey = crypto.encode("hex", crypto.hash("sha256", keys.key));
    this.#self = ends.self;
    this.#peer = ends.peer;
  }

  holds(key: Uint8Array): boolean {
    return equalBytes(key, this.#keys.key);
  }

  seal(object: Value): Sealed {
    const crypto = this.#crypto;
    const perMessage = this.#settings.iv !== "session";
    const iv = perMessage ? crypto.random(ivBytes) : this.#keys.iv;
    const plaintext = serialize(this.#settings, object);
    const ciphertext = crypto.encrypt("aes-cbc", this.#keys.key, iv, plaintext);
    const count = ++this.#sent;
    const mac = this.#mac(this.#self, count, iv, ciphertext);
    return {
      data: crypto.encode("base64", ciphertext),
      hmac: mac,
      ...(perMessage ? { iv: crypto.encode("base64", iv) } : {}),
      ...(this.#settings.counted ? { count: utf8(`${count}`) } : {}),
    };
  }

  open(sealed: Partial<Sealed>): Loaded | RejectReason {
    const crypto = this.#crypto;
    const { iv: ownIv, key } = this.#keys;
    const iv = this.#settings.iv === "session" ? ownIv : unbase64(crypto, sealed.iv ?? none);
    const ciphertext = unbase64(crypto, sealed.data ?? none);
    if (iv?.length !== ivBytes || ciphertext === undefined) return "malformed";
    const count = Number(text(sealed.count ?? none));
    const expected = this.#mac(this.#peer, count, iv, ciphertext);
    if (!crypto.equal(expected, sealed.hmac ?? none)) return "bad-tag";
    if (this.#settings.counted && !(count > this.#received)) return "replayed";
    const plaintext = crypto.decrypt("aes-cbc", key, iv, ciphertext);
    const loaded = plaintext && parse(this.#settings, plaintext);
    if (loaded === undefined) return "malformed";
    this.#received = count;
    return loaded;
  }

  /** @returns 64 hex digits. `sender` and `count` matter with counters, `iv` if it is MACed. */
  #mac(sender: Principal, count: number, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    const { counted, iv: kind } = this.#settings;
    const label = counted ? utf8(`${sender} ${count} `) : none;
    const covered = concat(label, kind === "macced" ? iv : none, ciphertext);
    return this.#crypto.encode("hex", this.#crypto.hmac("sha256", this.#macKey, covered));
  }
}
