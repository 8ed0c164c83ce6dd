/**
 * How often passwords may be guessed: five times in a row for one user and twenty times from one
 * host, and then once a minute each.
 *
 * Names and hosts are counted in a fixed number of buckets, under a secret key. Nothing grows with
 * the number of names that are tried, no attacker can push a count out, and a name that does not
 * exist is counted like any other. The price: some names share a bucket, and an attacker who
 * guesses a user's password locks that user out for a minute at a time.
 */
import type { Address, Millis } from "../endpoint.ts";
import { concat, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";

export const guessesPerUser = 5;
export const guessesPerHost = 20;
export const refillMs = 60_000;
const mostBuckets = 256;

interface Bucket {
  /** How many guesses are left, as of `atMs`. */
  readonly left: number;
  readonly atMs: Millis;
}

class Buckets {
  readonly #most: number;
  readonly #buckets = new Map<number, Bucket>();

  constructor(most: number) {
    this.#most = most;
  }

  left(index: number, now: Millis): number {
    const bucket = this.#buckets.get(index);
    if (bucket === undefined) return this.#most;
    return Math.min(this.#most, bucket.left + (now - bucket.atMs) / refillMs);
  }

  add(index: number, guesses: number, now: Millis): void {
    const left = Math.min(this.#most, this.left(index, now) + guesses);
    this.#buckets.set(index, { left, atMs: now });
  }
}

export class Throttle {
  readonly #crypto: CryptoKit;
  readonly #key: Uint8Array;
  readonly #users = new Buckets(guessesPerUser);
  readonly #hosts = new Buckets(guessesPerHost);

  /** @param key 32 bytes that only the server has. */
  constructor(crypto: CryptoKit, key: Uint8Array) {
    this.#crypto = crypto;
    this.#key = key;
  }

  /**
   * Counts a guess, before anything is given away that would tell whether it is right.
   * @returns whether it may be made.
   */
  take(user: Uint8Array, from: Address, now: Millis): boolean {
    const [u, h] = this.#indices(user, from);
    if (this.#users.left(u, now) < 1 || this.#hosts.left(h, now) < 1) return false;
    this.#users.add(u, -1, now);
    this.#hosts.add(h, -1, now);
    return true;
  }

  /** The guess was right: it does not count. */
  giveBack(user: Uint8Array, from: Address, now: Millis): void {
    const [u, h] = this.#indices(user, from);
    this.#users.add(u, 1, now);
    this.#hosts.add(h, 1, now);
  }

  /** A host has many ports: they count together. */
  #indices(user: Uint8Array, from: Address): readonly [number, number] {
    const host = utf8(from.replace(/:\d*$/, ""));
    return [this.#index("user", user), this.#index("host", host)];
  }

  #index(kind: string, name: Uint8Array): number {
    const [first = 0] = this.#crypto.hmac("sha256", this.#key, concat(utf8(`${kind} `), name));
    return first % mostBuckets;
  }
}
