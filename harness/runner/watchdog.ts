/**
 * Memory that a worker thread and its supervisor share. A thread that is stuck in an endless loop
 * sends no messages, but what it wrote here last can still be read.
 */

/** Calls into foreign code, by what is called; 0 stands for the lab's own code. */
const foreignCalls = [
  "",
  "load",
  "workload",
  "deploy",
  "open",
  "handle",
  "deadline",
  "stateSize",
  "longTermSecrets",
  "callback",
] as const;
export type ForeignCall = Exclude<(typeof foreignCalls)[number], "">;

const countAt = 0;
const stopAt = 1;
const callAt = 2;
const roleAt = 3;
const lengthAt = 4;
const threadAt = 5;
const workerAt = 6;
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

  /** A sign of life. @param what what is being tried, for messages. */
  beat(what: string): void {
    Atomics.add(this.#words, countAt, 1);
    if (what === this.#lastText) return;
    this.#lastText = what;
    const { written } = new TextEncoder().encodeInto(what, this.#text);
    Atomics.store(this.#words, lengthAt, written);
  }

  /**
   * @param id what the operating system calls the thread that does the work; 0: unknown.
   * @param worker what Node calls it.
   */
  begin(id: number, worker = 0): void {
    Atomics.store(this.#words, threadAt, id);
    Atomics.store(this.#words, workerAt, worker);
  }

  /** Foreign code is called. @param role index of the role it plays, if it plays one. */
  enter(call: ForeignCall, role = -1): void {
    Atomics.store(this.#words, callAt, foreignCalls.indexOf(call));
    Atomics.store(this.#words, roleAt, role);
    Atomics.add(this.#words, countAt, 1);
  }

  leave(): void {
    Atomics.store(this.#words, callAt, 0);
  }

  get stopAsked(): boolean {
    return Atomics.load(this.#words, stopAt) !== 0;
  }

  // --- the supervisor reads --------------------------------------------------------------------

  /** 0 until the worker has begun; it may wrap around. */
  get count(): number {
    return Atomics.load(this.#words, countAt);
  }

  /** The call that foreign code has not returned from; `undefined` while the lab's own runs. */
  get foreignCall(): ForeignCall | undefined {
    return foreignCalls[Atomics.load(this.#words, callAt)] || undefined;
  }

  /** Index of the role that the foreign code plays; -1: none. */
  get role(): number {
    return Atomics.load(this.#words, roleAt);
  }

  /** What the operating system calls the thread; 0: unknown. */
  get thread(): number {
    return Atomics.load(this.#words, threadAt);
  }

  /** What Node calls it; 0: it is no worker, or has not begun. */
  get worker(): number {
    return Atomics.load(this.#words, workerAt);
  }

  /** What was being tried at the last beat. */
  get what(): string {
    const length = Atomics.load(this.#words, lengthAt);
    // TextDecoder refuses shared memory, so the bytes are copied.
    return new TextDecoder().decode(this.#text.slice(0, length));
  }

  askToStop(): void {
    Atomics.store(this.#words, stopAt, 1);
  }
}
