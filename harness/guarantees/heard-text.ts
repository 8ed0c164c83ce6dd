/** What a process has heard: does a text that it shows come from the network, or is it its own? */
import { fromLatin1, type Latin1, latin1, lossyText } from "../../protocol/kit/bytes.ts";
import { contentOf } from "../../protocol/kit/operations.ts";
import type { Trace } from "../trace/trace.ts";

/** So many characters beside a mark tell it apart from chance. */
const beside = 2;

/** Escapes of JSON, programs and URLs, as the characters that they stand for. */
const unescaped = (heard: string): string =>
  heard
    .replace(/\\(?:u00|x)([0-9a-fA-F]{2})/g, (_, code: string) => character(code))
    .replace(/\\u(20(?:28|29))/g, (_, code: string) => character(code))
    .replace(/\\([nrvfe])/g, (_, letter: string) => controls[letter] ?? "")
    .replace(/%([0-9a-fA-F]{2})/g, (_, code: string) => character(code))
    .replaceAll("+", " ");

const character = (code: string): string => String.fromCharCode(Number.parseInt(code, 16));
const controls: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  v: "\v",
  f: "\f",
  e: "\u001b",
};

/** Runs of text that may be an encoding, decoded as that. */
function decoded(heard: Latin1): readonly Latin1[] {
  const found: Latin1[] = [];
  for (const [run] of heard.matchAll(/[A-Za-z0-9+/_-]{8,}={0,2}/g)) {
    found.push(Buffer.from(run, "base64").toString("latin1"));
    if (/^(?:[0-9a-fA-F]{2})+$/.test(run)) found.push(Buffer.from(run, "hex").toString("latin1"));
  }
  return found;
}

/** Everything that a process has received or opened, as it is and decoded, as texts. */
function heardBy({ events, crypto }: Trace, at: string): readonly string[] {
  const raw: Latin1[] = [];
  for (const e of events) if (e.kind === "received" && e.at === at) raw.push(latin1(e.bytes));
  for (const op of crypto) if (op.by === at && op.backwards) raw.push(contentOf(op));
  const open = raw.flatMap((heard) => [heard, ...decoded(heard)]);
  // Programs read bytes as UTF-8 or, byte by byte, as Latin-1.
  const texts = open.flatMap((heard) => [lossyText(fromLatin1(heard)), heard]);
  return texts.flatMap((heard) => [heard, unescaped(heard)]);
}

/** What has come from the network: a mark with what follows it, or only with what precedes it. */
export type Heard = "with what follows" | "with what precedes" | undefined;

/** @param marks finds the characters in question, such as line breaks. */
export function heardOnNetwork(trace: Trace, at: string, line: string, marks: RegExp): Heard {
  const heard = heardBy(trace, at);
  const has = (window: string): boolean => heard.some((one) => one.includes(window));
  const { before, after } = windowsIn(line, marks, beside);
  if (after.some(has)) return "with what follows";
  return before.some(has) ? "with what precedes" : undefined;
}

/** Each mark with so many characters before it, and with as many after it. */
export function windowsIn(
  line: string,
  marks: RegExp,
  length: number,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const found = [...line.matchAll(new RegExp(marks, "g"))];
  const long = (windows: readonly string[]): readonly string[] =>
    windows.filter((window) => window.length > beside);
  return {
    before: long(found.map((m) => line.slice(Math.max(0, m.index - length), m.index + 1))),
    after: long(found.map((m) => line.slice(m.index, m.index + 1 + length))),
  };
}
