/**
 * Memory that a worker thread and its supervisor share. A thread that is stuck in an endless loop
 * sends no messages, but what it wrote here last can still be read.
 */

/** Where foreign code runs; 0 is the lab's own. */
export const places = [
  "",
  "load",
  "workload",
  "deploy",
  "open",
  "handle",
  "deadline",
  "stateSize",
  "longTermSecrets",
] as const;
export type Place = Exclude<(typeof places)[number], "">;

const countAt = 0;
const stopAt = 1;
const placeAt = 2;
const roleAt = 3;
const lengthAt = 4;
const words = 8;
const textBytes = 240;

export class Watchdog {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #text: Uint8Array;
  #lastText = "";

  constructor(buffer = new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT + textBytes)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, words);
    this.#text = new Uint8Array(buffer, words * Int32Array.BYTES_PER_ELEMENT, textBytes);
  }

  // --- the worker writes -----------------------------------------------------------------------

  beat(what: string): void {
    Atomics.add(this.#words, countAt, 1);
    if (what === this.#lastText) return;
    this.#lastText = what;
    const { written } = new TextEncoder().encodeInto(what, this.#text);
    Atomics.store(this.#words, lengthAt, written);
  }

  /** Foreign code is called. @param role index of the role it plays, if it plays one. */
  enter(place: Place, role = -1): void {
    Atomics.store(this.#words, placeAt, places.indexOf(place));
    Atomics.store(this.#words, roleAt, role);
    Atomics.add(this.#words, countAt, 1);
  }

  leave(): void {
    Atomics.store(this.#words, placeAt, 0);
  }

  get stopAsked(): boolean {
    return Atomics.load(this.#words, stopAt) !== 0;
  }

  // --- the supervisor reads --------------------------------------------------------------------

  /** 0 until the worker has begun; it may wrap around. */
  get count(): number {
    return Atomics.load(this.#words, countAt);
  }

  get place(): Place | undefined {
    return places[Atomics.load(this.#words, placeAt)] || undefined;
  }

  get role(): number {
    return Atomics.load(this.#words, roleAt);
  }

  get what(): string {
    const length = Atomics.load(this.#words, lengthAt);
    // TextDecoder refuses shared memory, so the bytes are copied.
    return new TextDecoder().decode(this.#text.slice(0, length));
  }

  askToStop(): void {
    Atomics.store(this.#words, stopAt, 1);
  }
}
