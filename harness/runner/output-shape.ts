/**
 * Reads the outputs that a user's endpoint returns: each field once, into plain values of the
 * lab's own, bounded before anything is done with them. What does not fit is told in words.
 */
import { type Output, rejectReasons } from "../../protocol/endpoint.ts";
import { listed, nearest } from "../input/suggestions.ts";
import { byteCount, copyOfBytes, Misfit } from "./foreign-value.ts";

/** Far above what any protocol needs at one time. */
const mostOutputs = 10_000;
const mostBytes = 32_000_000;
const longestText = 100_000;

/** What a field must be, and how it is read. */
interface Field {
  readonly words: string;
  readonly optional?: true;
  /** @returns what is kept of a value; `undefined` if it does not fit. */
  read(value: unknown, taken: Taken): unknown;
}

/** How much was taken so far in one call. */
interface Taken {
  bytes: number;
}

const text = (words: string, fits: (value: string) => boolean = () => true): Field => ({
  words,
  read(value) {
    return typeof value === "string" && value.length <= longestText && fits(value)
      ? value
      : undefined;
  },
});
const when = (words: string, fits: (value: unknown) => boolean): Field => ({
  words,
  read(value) {
    return fits(value) ? value : undefined;
  },
});
const bytes: Field = {
  words: "a Uint8Array",
  read(value, taken) {
    const count = byteCount(value);
    if (count === undefined) return undefined;
    taken.bytes += count;
    if (taken.bytes > mostBytes)
      throw new Misfit(`returned more than ${mostBytes / 1_000_000} MB at once`);
    return copyOfBytes(value);
  },
};
const optional = (field: Field): Field => ({ ...field, optional: true });
const name = text("a string");
const boolean = when("true or false", (v) => typeof v === "boolean");
const count = when("a whole number from 0 up", (v) => Number.isSafeInteger(v) && Number(v) >= 0);
const reason = text(`one of ${rejectReasons.join(", ")}`, (v) =>
  (rejectReasons as readonly string[]).includes(v),
);
const purpose = text('"message" or "login"', (v) => v === "message" || v === "login");

type Fields = Readonly<Record<string, Field>>;

const claimFields: Readonly<Record<string, Fields>> = {
  running: { peer: optional(name), agreed: optional(bytes) },
  commit: { peer: name, agreed: optional(bytes) },
  secret: { peer: optional(name), value: bytes },
  evidence: { peer: name, message: bytes, bytes },
};
const claim: Field = {
  words: "an object",
  read(value, taken) {
    return isObject(value) ? readClaim(value, taken) : undefined;
  },
};

const outputFields: Readonly<Record<Output["kind"], Fields>> = {
  transmit: { bytes, to: optional(name) },
  ready: { messages: optional(count) },
  submit: { message: bytes, purpose },
  deliver: { message: bytes, from: optional(name), purpose: optional(purpose) },
  confirm: { message: bytes },
  "give-up": { message: bytes },
  end: { from: name },
  claim: { claim },
  reject: { reason },
  log: { line: name },
  alarm: { text: name },
  "ran-code": { code: name },
  negotiated: { suite: name, best: name },
  show: { value: bytes, to: name, isPublic: optional(when("true", (v) => v === true)) },
  close: { to: optional(name) },
  connect: { to: optional(name) },
  exit: { ok: boolean, because: optional(name) },
};
const session = optional(name);
const kinds = Object.keys(outputFields);

type Foreign = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Foreign => typeof value === "object" && value !== null;

/** What a value is, for messages; strings of foreign code are cut. */
export function kindOfValue(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string") return `"${value.slice(0, 40)}"`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return value === undefined ? "undefined" : `a ${typeof value}`;
}

/**
 * To be called inside the guard: reading runs foreign code.
 * @param returned what `handle` returned. @throws Misfit
 */
export function readOutputs(returned: unknown): readonly Output[] {
  if (isObject(returned) && typeof returned.then === "function") {
    throw new Misfit(
      "is async and must not be: nothing in a run waits, so it has to return its outputs at once",
    );
  }
  if (!Array.isArray(returned)) {
    const isGenerator = isObject(returned) && typeof returned.next === "function";
    const what = isGenerator ? "a generator" : kindOfValue(returned);
    throw new Misfit(`must return an array of outputs, not ${what}`);
  }
  const { length } = returned;
  if (length > mostOutputs) {
    throw new Misfit(`returned ${length} outputs; ${mostOutputs} are the most at one time`);
  }
  const taken: Taken = { bytes: 0 };
  const outputs: Output[] = [];
  // By index: iterators of foreign code may never end.
  for (let i = 0; i < length; i++) outputs.push(readOutput(returned[i], taken));
  return outputs;
}

function readOutput(output: unknown, taken: Taken): Output {
  if (!isObject(output)) {
    throw new Misfit(`returned an output that is ${kindOfValue(output)} and not an object`);
  }
  const { kind } = output;
  if (typeof kind !== "string" || !Object.hasOwn(outputFields, kind)) {
    throw new Misfit(`returned an output of ${unknownKind(kind, kinds)}`);
  }
  const read: Record<string, unknown> = { kind };
  const fields = outputFields[kind as Output["kind"]];
  readField(read, output, "session", session, `"${kind}"`, taken);
  readFields(read, output, fields, `"${kind}"`, taken);
  return read as Output;
}

function readClaim(written: Foreign, taken: Taken): Foreign {
  const { kind } = written;
  const fields =
    typeof kind === "string" && Object.hasOwn(claimFields, kind) ? claimFields[kind] : undefined;
  if (fields === undefined) {
    throw new Misfit(`returned a claim of ${unknownKind(kind, Object.keys(claimFields))}`);
  }
  const read: Record<string, unknown> = { kind };
  readFields(read, written, fields, `a claim "${String(kind)}"`, taken);
  return read;
}

/** What other libraries call these outputs. */
const usualMistakes: Readonly<Record<string, Output["kind"]>> = Object.assign(
  Object.create(null) as object,
  {
    send: "transmit",
    packet: "transmit",
    datagram: "transmit",
    chunk: "transmit",
    receive: "deliver",
    message: "deliver",
    error: "reject",
    done: "exit",
    commit: "claim",
    secret: "claim",
    running: "claim",
  } as const,
);

function unknownKind(kind: unknown, all: readonly string[]): string {
  if (kind === undefined) return `no kind; there are ${listed(all, "and")}`;
  if (typeof kind !== "string") return `a kind that is ${kindOfValue(kind)}`;
  const usual = usualMistakes[kind.slice(0, 20).toLowerCase()];
  const near = usual !== undefined && all.includes(usual) ? usual : nearest(kind, all);
  const meant = near === undefined ? "" : ` did you mean "${near}"?`;
  return `the unknown kind ${kindOfValue(kind)};${meant} there are ${listed(all, "and")}`;
}

function readFields(
  into: Record<string, unknown>,
  from: Foreign,
  fields: Fields,
  what: string,
  taken: Taken,
): void {
  for (const key in fields) readField(into, from, key, fields[key] as Field, what, taken);
  const keys = Object.keys(from);
  if (keys.length > Object.keys(into).length) misspelt(keys, into, fields, what);
}

function readField(
  into: Record<string, unknown>,
  from: Foreign,
  key: string,
  field: Field,
  what: string,
  taken: Taken,
): void {
  const value = from[key];
  if (value === undefined && field.optional === true) return;
  const kept = field.read(value, taken);
  if (kept !== undefined) {
    into[key] = kept;
    return;
  }
  const short = typeof value === "string" && value.length > longestText;
  const wrong = short
    ? `is longer than ${longestText} characters`
    : `is not ${field.words}${value === undefined ? "" : `, but ${kindOfValue(value)}`}`;
  throw new Misfit(`returned ${what} whose ${key} ${wrong}`);
}

/** More fields than that are no slips of the pen. */
const mostLookedAt = 20;

/** Outputs may have fields of their own, but not one that is nearly one of the interface. */
function misspelt(
  keys: readonly string[],
  read: Readonly<Record<string, unknown>>,
  fields: Fields,
  what: string,
): void {
  const missing = [...Object.keys(fields), "session"].filter((key) => !(key in read));
  for (const key of keys.slice(0, mostLookedAt)) {
    if (key in fields || key === "session" || key === "kind") continue;
    const near = nearest(key, missing);
    if (near === undefined) continue;
    throw new Misfit(`returned ${what} with the unknown field "${key}"; did you mean "${near}"?`);
  }
}
