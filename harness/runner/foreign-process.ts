/**
 * What a protocol's code must not do to the process that it runs in: end it, take its terminal, or
 * leave something behind that goes on by itself.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import timerPromises from "node:timers/promises";

/** Hears what foreign code did that does not fit a run; the error knows the place. */
type OnMisuse = (says: string, error: Error) => void;

/** Set while foreign code runs. */
let onMisuse: OnMisuse | undefined;

/** From now on, misuse is told there. @returns where it was told before; to be set again. */
export function tellMisuse(to: OnMisuse | undefined): OnMisuse | undefined {
  const before = onMisuse;
  onMisuse = to;
  return before;
}

type Callable = (...given: unknown[]) => unknown;

function replace(owner: object, name: string, instead: (original: Callable) => Callable): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original === "function") Reflect.set(owner, name, instead(original as Callable));
}

/** Timers that foreign code has set outside of a run, such as while it was loaded. */
const leftTimers = new Set<unknown>();
const { clearTimeout: clear, clearImmediate: clearSoon } = globalThis;

/** What goes on by itself would reach into the next task of this thread. */
export function clearForeignTimers(): void {
  for (const timer of leftTimers) {
    clear(timer as NodeJS.Timeout);
    clearSoon(timer as NodeJS.Immediate);
  }
  leftTimers.clear();
}

/** Lets whatever waits in this thread have its turn. */
export const nextTurn = (
  (wait) => (): Promise<void> =>
    new Promise((resolve) => wait(resolve))
)(globalThis.setImmediate);

const never = "which never comes back in a run: nothing in it waits; use deadline() and env";

function takeOverTimers(): void {
  const watched =
    (name: string) =>
    (original: Callable): Callable =>
    (...given) => {
      if (onMisuse !== undefined) {
        onMisuse(`calls ${name}(), ${never}`, new Error(name));
        const idle = original(() => {}, 0);
        clear(idle as NodeJS.Timeout);
        clearSoon(idle as NodeJS.Immediate);
        return idle;
      }
      const timer = original(...given);
      leftTimers.add(timer);
      return timer;
    };
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) {
    replace(globalThis, name, watched(name));
    replace(timers, name, watched(name));
  }
  replace(timerPromises, "setTimeout", (original) => (...given) => {
    onMisuse?.(`calls setTimeout() of node:timers/promises, ${never}`, new Error("setTimeout"));
    return onMisuse === undefined ? original(...given) : new Promise(() => {});
  });
}

/** Ending the process would end everything else that is being assessed in it. */
function takeOverExits(): void {
  const refused = (name: string) => (): Callable => () => {
    throw new Error(`calls process.${name}()`);
  };
  for (const name of ["exit", "abort", "reallyExit", "_kill"]) {
    replace(process, name, refused(name));
  }
  replace(process, "kill", (original) => (pid, signal) => {
    // Asking whether a process is there does nothing to it.
    if (signal === 0) return original(pid, signal);
    throw new Error("calls process.kill()");
  });
}

const longestProgramMs = 10_000;

/** Other programs get no terminal, and a thread that waits for one cannot be ended. */
function takeOverPrograms(): void {
  const withOptions =
    (waits: boolean) =>
    (original: Callable): Callable =>
    (...given) => {
      const at = given.findIndex((v) => typeof v === "object" && v !== null && !Array.isArray(v));
      const own = (at < 0 ? {} : given[at]) as { stdio?: unknown; timeout?: unknown };
      const options = {
        ...own,
        ...(waits || own.stdio !== undefined ? { stdio: withoutTerminal(own.stdio) } : {}),
        ...(waits ? { timeout: own.timeout ?? longestProgramMs } : {}),
      };
      if (at >= 0) given[at] = options;
      else if (typeof given.at(-1) === "function") given.splice(-1, 0, options);
      else given.push(options);
      return original(...given);
    };
  for (const name of ["execSync", "execFileSync", "spawnSync"]) {
    replace(childProcess, name, withOptions(true));
  }
  for (const name of ["spawn", "fork"]) replace(childProcess, name, withOptions(false));
}

function withoutTerminal(stdio: unknown): unknown {
  if (Array.isArray(stdio))
    return stdio.map((one) => (typeof one === "string" ? piped(one) : "pipe"));
  return typeof stdio === "string" ? piped(stdio) : "pipe";
}

const piped = (word: string): string => (word === "inherit" ? "pipe" : word);

const input = /^\/dev\/(?:stdin|tty|fd\/0)$|^\/proc\/self\/fd\/0$/;
const isInput = (target: unknown): boolean =>
  target === 0 || (typeof target === "string" && input.test(target));

/** A thread that waits for somebody to type cannot be ended: to it, nobody does. */
function takeOverInput(): void {
  replace(fs, "readSync", (original) => (target, ...others) => {
    return isInput(target) ? 0 : original(target, ...others);
  });
  replace(fs, "readFileSync", (original) => (target, options) => {
    if (!isInput(target)) return original(target, options);
    return options === undefined || options === null ? Buffer.alloc(0) : "";
  });
}

/** For the whole life of this thread. */
export function takeOverProcess(): void {
  takeOverTimers();
  takeOverExits();
  takeOverPrograms();
  takeOverInput();
  syncBuiltinESMExports();
}
