/** Frames on a stream: one JSON object each, ended by a blank line. */
import { concat, fromLatin1, latin1, text, utf8 } from "../../kit/bytes.ts";

/** A frame as it came: its fields, and its bytes without the blank line. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly fields: Readonly<Record<string, unknown>>;
}

const blankLine = "\n\n";
/** A longer frame is not awaited to its end. The lab's own bound: the report names none. */
const longestFrame = 65_536;

/** @returns the frame's bytes without the blank line; `fields` keep their order. */
export const frameOf = (fields: Readonly<Record<string, unknown>>): Uint8Array =>
  utf8(JSON.stringify(fields));

export const withBlankLine = (frame: Uint8Array): Uint8Array => concat(frame, utf8(blankLine));

export class FrameReader {
  #rest = "";

  /** @returns the frames that are complete now; `undefined` in the place of one that is no JSON. */
  push(chunk: Uint8Array): readonly (Frame | undefined)[] {
    const parts = (this.#rest + latin1(chunk)).split(blankLine);
    this.#rest = parts.pop() ?? "";
    const frames = parts.map((part) => parse(fromLatin1(part)));
    if (this.#rest.length <= longestFrame) return frames;
    this.#rest = "";
    return [...frames, undefined];
  }
}

function parse(bytes: Uint8Array): Frame | undefined {
  try {
    const fields: unknown = JSON.parse(text(bytes) ?? "");
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) return undefined;
    return { bytes, fields: { ...fields } };
  } catch {
    return undefined;
  }
}

/** A field that has to be a string, as bytes. */
export function bytesField(frame: Frame, name: string): Uint8Array | undefined {
  const value = frame.fields[name];
  return typeof value === "string" ? utf8(value) : undefined;
}

export function textField(frame: Frame, name: string): string | undefined {
  const value = frame.fields[name];
  return typeof value === "string" ? value : undefined;
}

/** A field that has to be a list of strings. */
export function listField(frame: Frame, name: string): readonly string[] | undefined {
  const value = frame.fields[name];
  if (!Array.isArray(value)) return undefined;
  return value.filter((item): item is string => typeof item === "string");
}
