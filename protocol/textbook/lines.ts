/** Messages on a stream: lines of text, some of them JSON. */
import { concat, text, utf8 } from "../kit/bytes.ts";

const maxLineBytes = 4_096;
const newline = 0x0a;

/** Puts chunks together and cuts them into lines, without their ends. */
export class Lines {
  #rest: Uint8Array = new Uint8Array(0);

  /** @returns `undefined` once a line is longer than anything that belongs here. */
  take(chunk: Uint8Array): readonly Uint8Array[] | undefined {
    const lines: Uint8Array[] = [];
    let rest = concat(this.#rest, chunk);
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      lines.push(rest.slice(0, end));
      rest = rest.slice(end + 1);
    }
    this.#rest = rest;
    return rest.length > maxLineBytes ? undefined : lines;
  }
}

/** A received JSON object; its members are not validated. */
export type Line = Readonly<Record<string, unknown>>;

export function readLine(bytes: Uint8Array): Line | undefined {
  try {
    const value: unknown = JSON.parse(text(bytes) ?? "");
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

export const writeLine = (value: Line): Uint8Array => utf8(`${JSON.stringify(value)}\n`);
