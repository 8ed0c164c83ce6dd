/**
 * What a protocol prints must not get between the lab's own lines, nor into its JSON; and however
 * much it prints, it costs neither memory nor, after the first lines, time.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { devNull } from "node:os";
import { PassThrough } from "node:stream";
import { thrownWords } from "./load-complaints.ts";

const mostLines = 5;
const mostCharacters = 500;
/** Calls that print nothing, such as `console.group()`, end up in memory, too. */
const mostCalls = 100;

type Write = NodeJS.WriteStream["write"];
type Listener = (line: string) => void;

let listener: Listener = () => {};
let lines = 0;
let calls = 0;
/** The line that has not ended yet. */
let rest = "";

let isMuted = false;

/** Runs code whose lines have been heard already, such as a file that is loaded another time. */
export async function muted<T>(code: () => Promise<T>): Promise<T> {
  isMuted = true;
  try {
    return await code();
  } finally {
    isMuted = false;
    rest = "";
  }
}

function passOn(line: string): void {
  if (isMuted) return;
  lines += 1;
  if (lines <= mostLines) listener(line.slice(0, mostCharacters));
  else if (lines === mostLines + 1) listener("(further lines are left out)");
}

/** Is nothing that is printed heard any more? */
const isDeaf = (): boolean => isMuted || lines > mostLines;

/** Where lines go from now on, up to a bound; `undefined`: nowhere. */
export function redirectConsole(to: Listener | undefined): void {
  if (rest !== "") passOn(rest);
  rest = "";
  lines = 0;
  calls = 0;
  listener = to ?? (() => {});
}

/** As much of it as could be shown. */
const heardBytes = (mostLines + 1) * mostCharacters;

function textOf(chunk: unknown): string {
  if (typeof chunk === "string") return chunk.slice(0, heardBytes * 4);
  if (!ArrayBuffer.isView(chunk)) return "";
  const { buffer, byteOffset, byteLength } = chunk;
  const length = Math.min(byteLength, heardBytes * 4);
  return new TextDecoder().decode(new Uint8Array(buffer, byteOffset, length).slice());
}

function hear(chunk: unknown): void {
  if (isDeaf()) return;
  const ended = (rest + textOf(chunk)).split("\n");
  rest = (ended.pop() ?? "").slice(0, mostCharacters);
  for (const line of ended) passOn(line);
}

/** Takes the console of this thread away from the code that runs in it, for good. */
export function takeOverConsole(): void {
  const write = ((chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
    hear(chunk);
    const callback = typeof encoding === "function" ? encoding : done;
    // At once: callbacks that wait would pile up as long as a search goes on.
    if (typeof callback === "function") callback();
    return true;
  }) as Write;
  process.stdout.write = write;
  process.stderr.write = write;
  quietConsole();
  takeOverFiles();
  const failed = (error: unknown): void => {
    passOn(`a callback or promise of its own failed: ${thrownWords(error)}`);
  };
  process.on("uncaughtException", failed);
  process.on("unhandledRejection", failed);
}

/** Its methods format what they are given, and keep counts: nothing of that is needed any more. */
function quietConsole(): void {
  for (const [name, method] of Object.entries(console)) {
    if (typeof method !== "function" || name === "Console") continue;
    Reflect.set(console, name, (...given: unknown[]): unknown => {
      calls += 1;
      if (isDeaf() || calls > mostCalls) return undefined;
      return Reflect.apply(method, console, given) as unknown;
    });
  }
}

type Callable = (...given: unknown[]) => unknown;

const terminals = /^\/dev\/(?:stdout|stderr|tty|fd\/[12])$|^\/proc\/self\/fd\/[12]$/;

/** Do a file's number or path lead to where the lab prints? */
function isTerminal(target: unknown): boolean {
  if (target === 1 || target === 2) return true;
  return (typeof target === "string" || target instanceof URL) && terminals.test(pathOf(target));
}

const pathOf = (target: string | URL): string =>
  typeof target === "string" ? target : target.pathname;

/** Printing past the console: what is written to the terminal is heard as any other line. */
function takeOverFiles(): void {
  const replace = (name: string, instead: (original: Callable) => Callable): void => {
    const original: unknown = Reflect.get(fs, name);
    if (typeof original === "function") Reflect.set(fs, name, instead(original as Callable));
  };
  const sync =
    (count: (data: unknown) => number | undefined) =>
    (original: Callable): Callable =>
    (target, data, ...others) => {
      if (!isTerminal(target)) return original(target, data, ...others);
      for (const part of Array.isArray(data) ? data : [data]) hear(part);
      return count(data);
    };
  const later =
    (original: Callable): Callable =>
    (target, data, ...others) => {
      if (!isTerminal(target)) return original(target, data, ...others);
      for (const part of Array.isArray(data) ? data : [data]) hear(part);
      const done = others.at(-1);
      if (typeof done === "function") queueMicrotask(() => done(null, lengthOf(data), data));
      return undefined;
    };
  for (const name of ["writeSync", "writevSync"]) replace(name, sync(lengthOf));
  for (const name of ["writeFileSync", "appendFileSync"])
    replace(
      name,
      sync(() => undefined),
    );
  for (const name of ["write", "writev", "writeFile", "appendFile"]) replace(name, later);
  const elsewhere =
    (original: Callable): Callable =>
    (target, ...others) =>
      original(isTerminal(target) ? devNull : target, ...others);
  for (const name of ["open", "openSync"]) replace(name, elsewhere);
  replace("createWriteStream", (original) => (target, options, ...others) => {
    const fd = typeof options === "object" && options !== null && "fd" in options && options.fd;
    if (!isTerminal(target) && !isTerminal(fd)) return original(target, options, ...others);
    const stream = new PassThrough();
    stream.on("data", hear);
    return stream;
  });
  syncBuiltinESMExports();
}

function lengthOf(data: unknown): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  if (Array.isArray(data)) return data.reduce((n: number, part) => n + lengthOf(part), 0);
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}
