/**
 * Notices when a protocol's code uses what no plan decides: clocks, chance, and cryptography that
 * is not recorded. Nothing is forbidden by it: where a run comes out differently when it is made
 * again, its author is told what may have decided it, and where.
 */
import nodeCrypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import type { ClockAndChance, SurroundingKind } from "../search/outside.ts";

export interface ForeignUse {
  readonly kind: SurroundingKind;
  /** Such as `Date.now()`. */
  readonly what: string;
  /** Made where it was used, for its stack. */
  readonly error: Error;
}

type Listener = (use: ForeignUse) => void;

/** Set while foreign code runs. */
let listener: Listener | undefined;

/** Runs foreign code, and tells `to` what it uses. Calls may be nested. */
export function whileWatched<T>(to: Listener, code: () => T): T {
  const before = listener;
  listener = to;
  try {
    return code();
  } finally {
    listener = before;
  }
}

/** The same for code that is waited for, such as a module that is being loaded. */
export async function whileWatchedAsync<T>(
  to: Listener | undefined,
  code: () => Promise<T>,
): Promise<T> {
  const before = listener;
  listener = to;
  try {
    return await code();
  } finally {
    listener = before;
  }
}

/** What clocks and chance say, where they are set. */
interface Set {
  /** Milliseconds since 1970. */
  clockMs: number;
  /** State of the generator behind `Math.random`. */
  chance: number;
}
let set: Set | undefined;

/** Any time will do; the other one differs in days, hours, minutes, seconds and milliseconds. */
const usualMs = 1_800_000_000_000;
const otherMs = usualMs + 86_400_000 + 3_600_000 + 60_000 + 1_001;

const setTo = ({ clock, chance }: ClockAndChance): Set => ({
  clockMs: clock === "usual" ? usualMs : otherMs,
  chance: chance === "usual" ? 1 : 2,
});

/** Runs code with clocks and chance set: they say the same each time, if they are set alike. */
export function within<T>(setting: ClockAndChance, code: () => T): T {
  const before = set;
  set = setTo(setting);
  try {
    return code();
  } finally {
    set = before;
  }
}

/** The same for code that is waited for. */
export async function withinAsync<T>(setting: ClockAndChance, code: () => Promise<T>): Promise<T> {
  const before = set;
  set = setTo(setting);
  try {
    return await code();
  } finally {
    set = before;
  }
}

/** Time goes by as it is asked for, so that loops that wait come to an end. */
const perQuestionMs = 1 / 64;
const nowMs = (at: Set): number => (at.clockMs += perQuestionMs);

/** Between 0 and 1. The generator is the multiplicative one of Park and Miller, 1988. */
function nextChance(at: Set): number {
  // The first numbers after small states are small.
  at.chance = (at.chance * 48_271 + 12_345_678) % 2_147_483_647;
  return at.chance / 2_147_483_647;
}

function note(kind: ForeignUse["kind"], what: string): void {
  // One stack is enough, and taking it is slow: a listener hears of every use all the same.
  listener?.({ kind, what, error: new Error(what) });
}

type Callable = (...given: unknown[]) => unknown;

/**
 * The same function, properties and all; that it is called is noted.
 * @param instead what it says where clocks and chance are set.
 */
const watched = (
  kind: ForeignUse["kind"],
  what: string,
  original: Callable,
  instead?: (at: Set, given: readonly unknown[]) => unknown,
): Callable =>
  new Proxy(original, {
    apply(target, self, given) {
      if (listener === undefined) return Reflect.apply(target, self, given) as unknown;
      note(kind, what);
      if (instead !== undefined && set !== undefined) return instead(set, given);
      return Reflect.apply(target, self, given) as unknown;
    },
  });

function watchMethods(
  kind: ForeignUse["kind"],
  owner: object,
  names: readonly string[],
  written: (name: string) => string,
  instead?: (at: Set, given: readonly unknown[]) => unknown,
): void {
  for (const name of names) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") continue;
    const value = watched(kind, written(name), original as Callable, instead);
    // What cannot be replaced is left as it is.
    Reflect.defineProperty(owner, name, { value, configurable: true, writable: true });
  }
}

/** An object whose methods cannot be replaced, seen through a proxy that notes their calls. */
function watchedObject<T extends object>(original: T, written: (name: string) => string): T {
  return new Proxy(original, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || typeof name !== "string") return value;
      const bound = (value as Callable).bind(target);
      return watched("cryptography", written(name), bound);
    },
  });
}

function watchWebCrypto(): void {
  const original = globalThis.crypto;
  const subtle = watchedObject(original.subtle, (n) => `crypto.subtle.${n}()`);
  const functions = watchedObject(original, (n) => `crypto.${n}()`);
  const value = new Proxy(functions, {
    get: (target, name) => (name === "subtle" ? subtle : (Reflect.get(target, name) as unknown)),
  });
  Reflect.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
}

function watchDate(): void {
  const original = globalThis.Date;
  const wholeMs = (at: Set): number => Math.floor(nowMs(at));
  watchMethods("clock", original, ["now"], () => "Date.now()", wholeMs);
  globalThis.Date = new Proxy(original, {
    construct(target, given, newTarget) {
      if (given.length > 0 || listener === undefined) {
        return Reflect.construct(target, given, newTarget) as object;
      }
      note("clock", "new Date()");
      return Reflect.construct(
        target,
        set === undefined ? [] : [wholeMs(set)],
        newTarget,
      ) as object;
    },
    apply(target, self, given) {
      if (listener === undefined) return Reflect.apply(target, self, given) as string;
      note("clock", "Date()");
      if (set !== undefined) return new target(wholeMs(set)).toString();
      return Reflect.apply(target, self, given) as string;
    },
  });
}

/** Milliseconds since this program might have been started. */
const sinceStartMs = (at: Set): number => nowMs(at) - usualMs + 1_000;

function watchHrtime(): void {
  const nanoseconds = (at: Set): bigint => BigInt(Math.floor(sinceStartMs(at) * 1e6));
  watchMethods("clock", process.hrtime, ["bigint"], () => "process.hrtime.bigint()", nanoseconds);
  watchMethods(
    "clock",
    process,
    ["hrtime"],
    () => "process.hrtime()",
    (at, [before]) => {
      const [s, ns] = Array.isArray(before) ? (before as [number, number]) : [0, 0];
      const passed = nanoseconds(at) - (BigInt(s) * 1_000_000_000n + BigInt(ns));
      return [Number(passed / 1_000_000_000n), Number(passed % 1_000_000_000n)];
    },
  );
}

/** Functions of node:crypto that compute or draw something; the rest only say what there is. */
const isPassive = (name: string): boolean =>
  /^(?:get(?!RandomValues)|set|constants|webcrypto|fips|subtle|timingSafeEqual|[A-Z])/.test(name);

let isInstalled = false;

/** For the whole life of this thread. */
export function watchSurroundings(): void {
  if (isInstalled) return;
  isInstalled = true;
  watchDate();
  watchMethods("chance", Math, ["random"], () => "Math.random()", nextChance);
  watchMethods("clock", performance, ["now"], () => "performance.now()", sinceStartMs);
  watchMethods(
    "clock",
    process,
    ["uptime"],
    (n) => `process.${n}()`,
    (at) => sinceStartMs(at) / 1000,
  );
  watchHrtime();
  watchWebCrypto();
  const functions = Object.keys(nodeCrypto).filter((name) => !isPassive(name));
  watchMethods("cryptography", nodeCrypto, functions, (n) => `${n}() of node:crypto`);
  syncBuiltinESMExports();
}
