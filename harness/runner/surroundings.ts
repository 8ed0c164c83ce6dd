/**
 * Notices when a protocol's code uses what no plan decides: clocks, chance, and cryptography that
 * is not recorded. Nothing is forbidden by it: where a run comes out differently when it is made
 * again, its author is told what may have decided it, and where.
 */
import nodeCrypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

export interface ForeignUse {
  readonly kind: "cryptography" | "clock-or-chance";
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
export async function whileWatchedAsync<T>(to: Listener, code: () => Promise<T>): Promise<T> {
  const before = listener;
  listener = to;
  try {
    return await code();
  } finally {
    listener = before;
  }
}

function note(kind: ForeignUse["kind"], what: string): void {
  // One stack is enough, and taking it is slow: a listener hears of every use all the same.
  listener?.({ kind, what, error: new Error(what) });
}

type Callable = (...given: unknown[]) => unknown;

/** The same function, properties and all; that it is called is noted. */
const watched = (kind: ForeignUse["kind"], what: string, original: Callable): Callable =>
  new Proxy(original, {
    apply(target, self, given) {
      if (listener !== undefined) note(kind, what);
      return Reflect.apply(target, self, given) as unknown;
    },
  });

function watchMethods(
  kind: ForeignUse["kind"],
  owner: object,
  names: readonly string[],
  written: (name: string) => string,
): void {
  for (const name of names) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") continue;
    const value = watched(kind, written(name), original as Callable);
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
  watchMethods("clock-or-chance", original, ["now"], () => "Date.now()");
  globalThis.Date = new Proxy(original, {
    construct(target, given, newTarget) {
      if (given.length === 0 && listener !== undefined) note("clock-or-chance", "new Date()");
      return Reflect.construct(target, given, newTarget) as object;
    },
    apply(target, self, given) {
      if (listener !== undefined) note("clock-or-chance", "Date()");
      return Reflect.apply(target, self, given) as string;
    },
  });
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
  watchMethods("clock-or-chance", Math, ["random"], () => "Math.random()");
  watchMethods("clock-or-chance", performance, ["now"], () => "performance.now()");
  watchMethods("clock-or-chance", process, ["uptime", "hrtime"], (n) => `process.${n}()`);
  watchWebCrypto();
  const functions = Object.keys(nodeCrypto).filter((name) => !isPassive(name));
  watchMethods("cryptography", nodeCrypto, functions, (n) => `${n}() of node:crypto`);
  syncBuiltinESMExports();
}
