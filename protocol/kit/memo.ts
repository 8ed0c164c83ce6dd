/**
 * Remembers what computations came to: the same operation on the same bytes is carried out once
 * per process, however many runs ask for it.
 */
import { copyInto, type Latin1, latin1, latin1Head } from "./bytes.ts";

/**
 * What a computation came to. All records of the same computation share these strings, so that
 * looking them up costs little however often it is done.
 */
export interface Computed {
  /** `null` where the inputs made it fail. Never handed out itself: callers get copies. */
  readonly bytes: Uint8Array | null;
  readonly inputs: readonly Latin1[];
  readonly output: Latin1;
}

/** Computations mostly follow each other as they did the last time. */
interface Remembered extends Computed {
  readonly operation: string;
  readonly algorithm: string;
  next: Remembered | undefined;
}

/** Characters of all keys together; what is kept with them takes about twice as much again. */
const memoLimit = 24_000_000;
let memoSize = 0;
let memoEnabled = true;
const memo = new Map<string, Map<string, Map<Latin1, Remembered>>>();
let latest: Remembered | undefined;

/** Does this process remember what was computed? Not while a finding is confirmed. */
export const remembers = (): boolean => memoEnabled;

/**
 * Runs `body` with every primitive computed afresh. Findings are confirmed so before they are
 * reported; it also gives the honest figure in benchmarks.
 */
export function withoutMemo<T>(body: () => T): T {
  const before = memoEnabled;
  memoEnabled = false;
  try {
    return body();
  } finally {
    memoEnabled = before;
  }
}

/** Forgets all that was computed: another protocol comes, which computes other things. */
export function forgetComputed(): void {
  memo.clear();
  memoSize = 0;
  latest = undefined;
}

const carryOut = (inputs: readonly Uint8Array[], work: () => Uint8Array | undefined): Computed => {
  const bytes = work();
  return {
    bytes: bytes ?? null,
    inputs: inputs.map(latin1),
    output: bytes === undefined ? "" : latin1(bytes),
  };
};

/**
 * @param operation with its algorithm and the inputs, it decides the outcome. Two names, since to
 *   join them costs as much as to look them up.
 */
export function compute(
  operation: string,
  algorithm: string,
  inputs: readonly Uint8Array[],
  work: () => Uint8Array | undefined,
): Computed {
  if (!memoEnabled) return carryOut(inputs, work);
  const expected = latest?.next;
  if (expected !== undefined && isOf(expected, operation, algorithm, inputs)) {
    latest = expected;
    return expected;
  }
  const key = keyOf(inputs);
  const found =
    memo.get(operation)?.get(algorithm)?.get(key) ??
    remember(operation, algorithm, key, carryOut(inputs, work));
  if (latest !== undefined) latest.next = found;
  latest = found;
  return found;
}

function isOf(
  expected: Remembered,
  operation: string,
  algorithm: string,
  inputs: readonly Uint8Array[],
): boolean {
  if (expected.operation !== operation || expected.algorithm !== algorithm) return false;
  const known = expected.inputs;
  if (known.length !== inputs.length) return false;
  for (let k = 0; k < known.length; k++) {
    if (!isSameText(known[k] as Latin1, inputs[k] as Uint8Array)) return false;
  }
  return true;
}

function isSameText(text: Latin1, bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[i]) return false;
  return true;
}

function remember(
  operation: string,
  algorithm: string,
  key: Latin1,
  { bytes, inputs, output }: Computed,
): Remembered {
  if (memoSize > memoLimit) forgetComputed();
  memoSize += key.length;
  const found = { bytes, inputs, output, operation, algorithm, next: undefined };
  inner(inner(memo, operation), algorithm).set(key, found);
  return found;
}

/** @returns the map in a map, made where there is none. */
function inner<K, L, V>(outer: Map<K, Map<L, V>>, key: K): Map<L, V> {
  let found = outer.get(key);
  if (found === undefined) {
    found = new Map();
    outer.set(key, found);
  }
  return found;
}

const lengthBytes = 4;
let scratch = new Uint8Array(1024);

/** Each input behind its length. Put together as bytes: joining strings takes several copies. */
function keyOf(inputs: readonly Uint8Array[]): Latin1 {
  let size = 0;
  for (const input of inputs) size += lengthBytes + input.length;
  if (size > scratch.length) scratch = new Uint8Array(2 * size);
  const out = scratch;
  let at = 0;
  for (const input of inputs) {
    const { length } = input;
    out[at++] = length >>> 24;
    out[at++] = length >>> 16;
    out[at++] = length >>> 8;
    out[at++] = length;
    copyInto(out, input, at);
    at += length;
  }
  return latin1Head(out, size);
}
