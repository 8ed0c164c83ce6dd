/**
 * Python's pickle, as far as the program needs it, and as far as an attacker needs it.
 *
 * Writing follows protocol 2, in which byte strings stand as they are; Python 2.7 writes protocol
 * 0 unless told otherwise, which differs in escapes only, and readers take both. Reading runs a
 * little stack machine. Two of its opcodes, GLOBAL and REDUCE, name any function and call it: that
 * is what makes untrusted pickles dangerous. Here the call is noted and not made.
 *
 * @see CPython, Lib/pickletools.py
 */
import { concat, fromLatin1, latin1, text, utf8 } from "../../kit/bytes.ts";

/** What pickles hold here: byte strings, small numbers, lists, and dictionaries. */
export type Value = Uint8Array | number | readonly Value[] | Dict;
export interface Dict {
  readonly [key: string]: Value;
}

export const isDict = (value: Value | undefined): value is Dict =>
  typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);

const code = (...parts: readonly (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.map((p) => (typeof p === "number" ? p : p.charCodeAt(0))));
const little = (value: number): readonly number[] => [
  value & 0xff,
  (value >> 8) & 0xff,
  (value >> 16) & 0xff,
  value >>> 24,
];

/** @returns the pickle of `value`, protocol 2, byte for byte as Python's `pickle` writes it. */
export function dump(value: Value): Uint8Array {
  const out: Uint8Array[] = [code(0x80, 2)];
  let memo = 0;
  const remember = (): Uint8Array => {
    const n = memo++;
    return n < 256 ? code("q", n) : code("r", ...little(n));
  };
  const several = (items: readonly Value[], one: string, many: string, width: number): void => {
    if (items.length > width) out.push(code("("));
    for (const item of items) write(item);
    if (items.length > 0) out.push(code(items.length > width ? many : one));
  };
  const write = (v: Value): void => {
    if (typeof v === "number") out.push(code("K", v & 0xff));
    else if (v instanceof Uint8Array) {
      const head = v.length < 256 ? code("U", v.length) : code("T", ...little(v.length));
      out.push(head, v, remember());
    } else if (isDict(v)) {
      out.push(code("}"), remember());
      several(
        Object.entries(v).flatMap(([key, member]) => [utf8(key), member]),
        "s",
        "u",
        2,
      );
    } else {
      out.push(code("]"), remember());
      several(v, "a", "e", 1);
    }
  };
  write(value);
  return concat(...out, code("."));
}

/** A function that a pickle names. */
class Named {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
const mark = Symbol("mark");
type StackItem = Value | Named | typeof mark;

export interface Loaded {
  readonly value: Value;
  /** Calls that reading would have made, in order. */
  readonly ran: readonly string[];
}

/** Where a pickle is wrong; never leaves this file. */
class Unpicklable extends Error {}

/** One run of the stack machine over one pickle. */
class Machine {
  readonly bytes: Uint8Array;
  readonly stack: StackItem[] = [];
  readonly memo = new Map<number, StackItem>();
  readonly ran: string[] = [];
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(count: number): Uint8Array {
    if (count < 0 || this.at + count > this.bytes.length) throw new Unpicklable();
    this.at += count;
    return this.bytes.slice(this.at - count, this.at);
  }

  /** Little-endian. */
  number(size: number): number {
    if (this.at + size > this.bytes.length) throw new Unpicklable();
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (this.bytes[this.at + i] ?? 0);
    this.at += size;
    return value;
  }

  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new Unpicklable();
    const line = latin1(this.take(end - this.at));
    this.at++;
    return line;
  }

  pop(): StackItem {
    const item = this.stack.pop();
    if (item === undefined || item === mark) throw new Unpicklable();
    return item;
  }

  popValue(): Value {
    return plainValue(this.pop());
  }

  sinceMark(): readonly Value[] {
    const at = this.stack.lastIndexOf(mark);
    if (at < 0) throw new Unpicklable();
    return this.stack.splice(at).slice(1).map(plainValue);
  }

  /** Adds to the list on top of the stack. */
  append(items: readonly Value[]): void {
    const list = this.popValue();
    if (!Array.isArray(list)) throw new Unpicklable();
    this.stack.push([...list, ...items]);
  }

  /** Adds to the dictionary on top of the stack. */
  setItems(items: readonly Value[]): void {
    const dict = this.popValue();
    if (!isDict(dict) || items.length % 2 !== 0) throw new Unpicklable();
    this.stack.push({ ...dict, ...dictOf(items) });
  }

  call(): void {
    const given = this.popValue();
    const called = this.pop();
    if (!(called instanceof Named)) throw new Unpicklable();
    this.ran.push(`${called.name}(${shown(given)})`);
    this.stack.push(new Uint8Array(0));
  }

  put(n: number): void {
    const top = this.stack.at(-1);
    if (top === undefined) throw new Unpicklable();
    this.memo.set(n, top);
  }

  get(n: number): void {
    const item = this.memo.get(n);
    if (item === undefined) throw new Unpicklable();
    this.stack.push(item);
  }

  /** @returns what stands on the stack at the end. */
  run(): Value {
    for (;;) {
      const opcode = this.number(1);
      if (opcode === endOfPickle) return this.popValue();
      const step = steps.get(opcode);
      if (step === undefined) throw new Unpicklable();
      step(this);
    }
  }
}

const endOfPickle = ".".charCodeAt(0);

function plainValue(item: StackItem): Value {
  if (item instanceof Named || typeof item === "symbol") throw new Unpicklable();
  return item;
}

const steps: ReadonlyMap<number, (m: Machine) => unknown> = new Map(
  Object.entries<(m: Machine) => unknown>({
    "\u0080": (m) => m.take(1),
    U: (m) => m.stack.push(m.take(m.number(1))),
    T: (m) => m.stack.push(m.take(m.number(4))),
    X: (m) => m.stack.push(m.take(m.number(4))),
    S: (m) => m.stack.push(unquoted(m.line())),
    V: (m) => m.stack.push(utf8(m.line())),
    K: (m) => m.stack.push(m.number(1)),
    I: (m) => m.stack.push(Number(m.line()) || 0),
    "]": (m) => m.stack.push([]),
    "}": (m) => m.stack.push({}),
    "(": (m) => m.stack.push(mark),
    l: (m) => m.stack.push(m.sinceMark()),
    t: (m) => m.stack.push(m.sinceMark()),
    "\u0085": (m) => m.stack.push([m.popValue()]),
    d: (m) => m.stack.push(dictOf(m.sinceMark())),
    a: (m) => m.append([m.popValue()]),
    e: (m) => m.append(m.sinceMark()),
    s: (m) => {
      const value = m.popValue();
      m.setItems([m.popValue(), value]);
    },
    u: (m) => m.setItems(m.sinceMark()),
    q: (m) => m.put(m.number(1)),
    r: (m) => m.put(m.number(4)),
    p: (m) => m.put(Number(m.line())),
    h: (m) => m.get(m.number(1)),
    g: (m) => m.get(Number(m.line())),
    c: (m) => m.stack.push(new Named(`${m.line()}.${m.line()}`)),
    R: (m) => m.call(),
  }).map(([opcode, step]) => [opcode.charCodeAt(0), step]),
);

function dictOf(items: readonly Value[]): Dict {
  const out: Record<string, Value> = Object.create(null);
  for (let i = 0; i + 1 < items.length; i += 2) {
    const key = items[i];
    if (!(key instanceof Uint8Array)) throw new Unpicklable();
    out[latin1(key)] = items[i + 1] as Value;
  }
  return out;
}

/** A string as Python prints it, between quotation marks. */
function unquoted(line: string): Uint8Array {
  if (!/^(['"]).*\1$/.test(line)) throw new Unpicklable();
  const named: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
  const escapes = /\\(?:x([0-9a-f]{2})|(.))/g;
  return fromLatin1(
    line.slice(1, -1).replace(escapes, (_, digits?: string, letter = "") => {
      return digits === undefined ? (named[letter] ?? letter) : charOf(digits);
    }),
  );
}
const charOf = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));

function shown(value: Value): string {
  if (typeof value === "number") return `${value}`;
  if (value instanceof Uint8Array) return JSON.stringify(latin1(value));
  return isDict(value) ? "{…}" : value.map(shown).join(", ");
}

/** @param bytes untrusted. @returns `undefined` where Python would raise an exception. */
export function load(bytes: Uint8Array): Loaded | undefined {
  const machine = new Machine(bytes);
  try {
    const value = machine.run();
    return { value, ran: machine.ran };
  } catch (error) {
    if (!(error instanceof Unpicklable)) throw error;
    // Code that ran before the mistake has run all the same.
    return machine.ran.length > 0 ? { value: 0, ran: machine.ran } : undefined;
  }
}

/** The fix: the same objects as JSON, in which nothing can be called. Strings must be UTF-8. */
export const dumpJson = (value: Value): Uint8Array => utf8(JSON.stringify(plain(value)));

function plain(value: Value): unknown {
  if (typeof value === "number") return value;
  if (value instanceof Uint8Array) return text(value) ?? latin1(value);
  if (!isDict(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

const deepest = 8;

/** @param bytes untrusted. @returns `undefined` if they are not JSON of the kinds above. */
export function loadJson(bytes: Uint8Array): Loaded | undefined {
  try {
    const value = fromPlain(JSON.parse(text(bytes) ?? ""), 0);
    return value === undefined ? undefined : { value, ran: [] };
  } catch {
    return undefined;
  }
}

function fromPlain(value: unknown, depth: number): Value | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return utf8(value);
  if (typeof value !== "object" || value === null || depth > deepest) return undefined;
  if (Array.isArray(value)) {
    const items = value.map((v) => fromPlain(v, depth + 1));
    return items.every((v) => v !== undefined) ? items : undefined;
  }
  const out: Record<string, Value> = Object.create(null);
  for (const [key, member] of Object.entries(value)) {
    const inner = fromPlain(member, depth + 1);
    if (inner === undefined) return undefined;
    out[key] = inner;
  }
  return out;
}
