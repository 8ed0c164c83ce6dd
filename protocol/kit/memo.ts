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

/** Characters of all keys together; what is kept with them takes about twice as much again. */
const memoLimit = 80_000_000;
let memoSize = 0;
let memoEnabled = true;
const memo = new Map<string, Map<Latin1, Computed>>();

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

const carryOut = (inputs: readonly Uint8Array[], work: () => Uint8Array | undefined): Computed => {
  const bytes = work();
  return {
    bytes: bytes ?? null,
    inputs: inputs.map(latin1),
    output: bytes === undefined ? "" : latin1(bytes),
  };
};

/** @param name of the operation: with the inputs, it decides the outcome. */
export function compute(
  name: string,
  inputs: readonly Uint8Array[],
  work: () => Uint8Array | undefined,
): Computed {
  if (!memoEnabled) return carryOut(inputs, work);
  const key = keyOf(inputs);
  let found = memo.get(name)?.get(key);
  if (found === undefined) {
    found = carryOut(inputs, work);
    remember(name, key, found);
  }
  return found;
}

function remember(name: string, key: Latin1, found: Computed): void {
  if (memoSize > memoLimit) {
    memo.clear();
    memoSize = 0;
  }
  memoSize += name.length + key.length;
  const sameName = memo.get(name);
  if (sameName === undefined) memo.set(name, new Map([[key, found]]));
  else sameName.set(key, found);
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
