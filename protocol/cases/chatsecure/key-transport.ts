/** How keys travel: RSA-OAEP with SHA-256, for the relay and between clients alike. */
import type { Address } from "../../endpoint.ts";
import { readUint } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import { rsaLabKeyCount } from "../../kit/primitives/rsa-lab-keys.ts";
import { ivBytes, type Keys, parse, serialize, unbase64 } from "./channel.ts";
import { type Settings, suites } from "./settings.ts";

const rsaBits = 2048;

/**
 * Draws a key and an IV and encrypts them: base64(OAEP(pickle([key, IV]))), 344 characters.
 *
 * @param publicKey SPKI DER; untrusted. @param keyBytes 16 or 32.
 * @returns `undefined` if the public key is none.
 */
export function makeKeys(
  crypto: CryptoKit,
  settings: Settings,
  publicKey: Uint8Array,
  keyBytes: number,
): { readonly keys: Keys; readonly data: Uint8Array } | undefined {
  const key = crypto.random(keyBytes);
  const iv = crypto.random(ivBytes);
  // JSON takes no bytes, so that the safer variant has to encode them.
  const parts = settings.pickled ? [key, iv] : [key, iv].map((b) => crypto.encode("base64", b));
  const encrypted = crypto.rsaEncrypt("sha256", publicKey, serialize(settings, parts));
  if (encrypted === undefined) return undefined;
  return { keys: { key, iv }, data: crypto.encode("base64", encrypted) };
}

/** @param data untrusted. `keys` are missing where it holds none. */
export function takeKeys(
  crypto: CryptoKit,
  settings: Settings,
  privateKey: Uint8Array,
  data: Uint8Array,
): { readonly keys: Keys | undefined; readonly ran: readonly string[] } {
  const encrypted = unbase64(crypto, data);
  const clear = encrypted && crypto.rsaDecrypt("sha256", privateKey, encrypted);
  const loaded = clear && parse(settings, clear);
  if (loaded === undefined) return { keys: undefined, ran: [] };
  const { value, ran } = loaded;
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const bytes = parts.map((part) => {
    if (!(part instanceof Uint8Array)) return undefined;
    return settings.pickled ? part : crypto.decode("base64", part);
  });
  const [key, iv] = bytes;
  const fits = key !== undefined && suites.some((s) => s.keyBytes === key.length);
  return { keys: fits && iv?.length === ivBytes ? { key, iv } : undefined, ran };
}

/** The pairs that belong to the relay and to the attacker. */
const relayPair = 0;
const attackersPair = 5;

/** Where the operating system gives ports to programs that ask for none. */
const firstEphemeralPort = 32_768;
/** Which pairs are whose: of clients, of programs on ports of their own choice, and of relays. */
const shares = { client: [0, 10], other: [10, 14], relay: [14, 22] } as const;

/**
 * Fresh RSA pairs for one process. Making one takes longer than a run, so that each draw takes one
 * of the lab's. Which one depends on the process's own address and count, since processes share
 * nothing: clients have ports of their own.
 */
export class FreshPairs {
  readonly #free: readonly number[];
  /** What decides the next one; without an address, the draw alone. */
  #next: number | undefined;

  constructor(role: "client" | "relay" = "client", address?: Address) {
    const all = [...Array(rsaLabKeyCount(rsaBits)).keys()];
    const free = all.filter((index) => index !== relayPair && index !== attackersPair);
    const port = Number(address?.slice(address.lastIndexOf(":") + 1));
    const share = role === "client" && port < firstEphemeralPort ? "other" : role;
    this.#free = address === undefined ? free : free.slice(...shares[share]);
    // Ports of clients lie two apart.
    this.#next = address === undefined ? undefined : share === "client" ? port >> 1 : port;
  }

  pair(crypto: CryptoKit): KeyPair {
    const at = this.#next ?? readUint(crypto.random(4));
    if (this.#next !== undefined) this.#next++;
    return crypto.rsaKeyPair(rsaBits, this.#free[at % this.#free.length] as number);
  }
}

/** The relay's pair, as read from its file. */
export const relayKeyPair = (crypto: CryptoKit): KeyPair => crypto.rsaKeyPair(rsaBits, relayPair);
