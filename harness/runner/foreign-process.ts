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
        // What asks to end can be ignored, and what never ends is waited for.
        ...(waits ? { timeout: shortest(own.timeout), killSignal: "SIGKILL" } : {}),
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

const shortest = (ms: unknown): number =>
  typeof ms === "number" && ms > 0 ? Math.min(ms, longestProgramMs) : longestProgramMs;

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

/** Memory, such as /dev/null: it answers at once. */
const memoryDevices = 1;

/** May whoever opens or reads it wait for ever, in a call that nothing ends? */
function mayNeverAnswer(target: unknown): boolean {
  try {
    const stat =
      typeof target === "number"
        ? fs.fstatSync(target)
        : fs.statSync(target as fs.PathLike, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    const waits = stat.isCharacterDevice() && stat.rdev >> 8 !== memoryDevices;
    return waits || stat.isFIFO() || stat.isSocket();
  } catch {
    // The call itself says what is wrong.
    return false;
  }
}

const openers = ["openSync", "readFileSync", "writeFileSync", "appendFileSync", "copyFileSync"];
const laterOpeners = ["open", "readFile", "writeFile", "appendFile", "copyFile"];

/** A thread that waits in the operating system for the other end of a pipe cannot be ended. */
function takeOverPipes(): void {
  const refusing =
    (name: string) =>
    (original: Callable): Callable =>
    (...given) => {
      if (!mayNeverAnswer(given[0])) return original(...given);
      throw new Error(`calls ${name}() on a pipe or terminal, which may never answer`);
    };
  for (const name of [...openers, "readSync", ...laterOpeners, "read"]) {
    replace(fs, name, refusing(name));
  }
  for (const name of laterOpeners) {
    replace(fs.promises, name, (original) => {
      const guarded = refusing(name)(original);
      return async (...given) => guarded(...given);
    });
  }
}

/** For the whole life of this thread. */
export function takeOverProcess(): void {
  takeOverTimers();
  takeOverExits();
  takeOverPrograms();
  takeOverPipes();
  takeOverInput();
  syncBuiltinESMExports();
}
