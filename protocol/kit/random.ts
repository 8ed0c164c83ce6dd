/**
 * Randomness that a label decides: draw `k` of a fork is SHA-256(seed path ‖ k). What one part
 * of a run draws never depends on how often another part drew, so that dropping a packet changes no
 * principal's keys and counterexamples stay shrinkable.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "./bytes.ts";

const cache = new Map<string, Uint8Array>();
const cacheLimit = 200_000;

function block(path: string): Uint8Array {
  let value = cache.get(path);
  if (value === undefined) {
    value = sha256(utf8(path));
    if (cache.size >= cacheLimit) cache.clear();
    cache.set(path, value);
  }
  return value;
}

export class Random {
  readonly path: string;
  #draws = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Independent randomness for one purpose. `/` in a label would make two paths collide. */
  fork(label: string): Random {
    const safe = label.includes("/") ? label.replaceAll("/", "\\") : label;
    return new Random(`${this.path}/${safe}`);
  }

  bytes(length: number): Uint8Array {
    const draw = this.#draws++;
    const out = new Uint8Array(length);
    for (let at = 0, i = 0; at < length; at += 32, i++) {
      const source = block(`${this.path}/${draw}.${i}`);
      out.set(length - at < 32 ? source.subarray(0, length - at) : source, at);
    }
    return out;
  }

  /** Uniform in `[0, below)`, `below` at most 2^32; draws again where a remainder would be biased. */
  below(below: number): number {
    if (!(Number.isInteger(below) && below > 0 && below <= 2 ** 32)) {
      throw new RangeError(`below must be a whole number from 1 to 2^32, not ${below}`);
    }
    const limit = Math.floor(2 ** 32 / below) * below;
    for (;;) {
      const b = this.bytes(4);
      const value = new DataView(b.buffer).getUint32(0);
      if (value < limit) return value % below;
    }
  }

  /** Characters of `alphabet` (ASCII, at most 256 of them), each equally likely; one draw. */
  text(length: number, alphabet: string): Uint8Array {
    const path = `${this.path}/${this.#draws++}`;
    const out = new Uint8Array(length);
    const limit = Math.floor(256 / alphabet.length) * alphabet.length;
    for (let filled = 0, i = 0; filled < length; i++) {
      for (const byte of block(`${path}.${i}`)) {
        if (byte >= limit || filled === length) continue;
        out[filled++] = alphabet.charCodeAt(byte % alphabet.length);
      }
    }
    return out;
  }

  /** Uniform in `[0, 1)` with 32 bits. */
  fraction(): number {
    return this.below(2 ** 32) / 2 ** 32;
  }
}

/** Randomness of a hijacked process: what it drew is its own, what comes is the attacker's. */
export class HijackedRandom extends Random {
  readonly #own: Random;
  readonly #isPast: () => boolean;

  constructor(past: string, own: string, isPast: () => boolean) {
    super(past);
    this.#own = new Random(own);
    this.#isPast = isPast;
  }

  override bytes(length: number): Uint8Array {
    return this.#isPast() ? super.bytes(length) : this.#own.bytes(length);
  }

  override text(length: number, alphabet: string): Uint8Array {
    return this.#isPast() ? super.text(length, alphabet) : this.#own.text(length, alphabet);
  }
}

/** @returns `random` as it is, or, for the nth time, other draws wherever they are not past. */
export function redrawn(random: Random, isPast: () => boolean, nth: number | undefined): Random {
  if (nth === undefined) return random;
  return new HijackedRandom(random.path, random.fork(`again ${nth}`).path, isPast);
}

/** Randomness whose first draw is a value chosen elsewhere, if one of that length is there. */
export class ReusingRandom extends Random {
  readonly #choose: (length: number) => Uint8Array | undefined;
  #chosen: Uint8Array | undefined;

  constructor(path: string, choose: (length: number) => Uint8Array | undefined) {
    super(path);
    this.#choose = choose;
  }

  override bytes(length: number): Uint8Array {
    if (this.#chosen === undefined) {
      this.#chosen = this.#choose(length);
      if (this.#chosen !== undefined) return this.#chosen.slice();
    }
    return super.bytes(length);
  }
}

/** @returns bytes that follow from a seed of so many bits, which is drawn. */
export function weakBytes(random: Random, length: number, bits: number): Uint8Array {
  const seed = random.bytes(Math.ceil(bits / 8));
  seed[0] = (seed[0] ?? 0) & (0xff >> (8 * seed.length - bits));
  return new Random(`weak generator/${seed.join(".")}`).bytes(length);
}
