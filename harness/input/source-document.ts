/** Reads YAML and JSON so that every diagnostic names file, line and column. */
import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
} from "yaml";
import type { z } from "zod";
import { type DataPath, type Diagnostic, diagnosticWords, validate } from "./diagnostic.ts";
import { jsonErrorOffset } from "./json-error-offset.ts";
import { jsonOffset } from "./json-place.ts";
import { UserError } from "./user-error.ts";

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The only form in which errors in files are reported: editors parse it. */
export const errorAt = (file: string, { line, column }: Position, says: string): UserError =>
  new UserError(`${file}:${line}:${column}: ${says}`);

/** More aliases than any hand-written file needs; a few lines can otherwise unfold to gigabytes. */
const mostAliases = 100;
const mostCharacters = 1_000_000;

interface Parsed {
  readonly document: Document;
  readonly lines: LineCounter;
}

function parse(text: string): Parsed {
  const lines = new LineCounter();
  // Keys are compared below: the parser would compare each of them with every other.
  const options = { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: false };
  return { document: parseDocument(text, options), lines };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  // An empty file has no lines to look the offset up in.
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** The place of a key or value; where there is none, that of the innermost enclosing one. */
function placeOf({ document, lines }: Parsed, path: DataPath, aboutKey: boolean): Position {
  if (aboutKey) {
    const key = keyOffset(document, path);
    if (key !== undefined) return position(lines, key);
  }
  for (let depth = path.length; depth >= 0; depth--) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    const range = isScalar(node) || isCollection(node) ? node.range : undefined;
    if (range) return position(lines, range[0]);
  }
  return { line: 1, column: 1 };
}

function keyOffset(document: Document, path: DataPath): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const key = parent.items.map((i) => i.key).find((k) => isScalar(k) && k.value === path.at(-1));
  return isScalar(key) ? key.range?.[0] : undefined;
}

/** Data, and the position of each part of it. */
export class SourceDocument {
  readonly file: string;
  readonly data: unknown;
  readonly #position: (path: DataPath, aboutKey: boolean) => Position;
  readonly #firstLine: number;

  /** @param position where a part of it stands, or the innermost part around it. */
  constructor(
    file: string,
    data: unknown,
    position: (path: DataPath, aboutKey: boolean) => Position,
    firstLine = 1,
  ) {
    this.file = file;
    this.data = data;
    this.#position = position;
    this.#firstLine = firstLine;
  }

  /** Where a part of the data stands, or the innermost part around it, as `file:line:column`. */
  placeOf(path: DataPath): string {
    const { line, column } = this.#position(path, false);
    return `${this.file}:${line + this.#firstLine - 1}:${column}`;
  }

  complain(complaint: Diagnostic): UserError {
    const { line, column } = this.#position(complaint.path, complaint.aboutKey);
    const place = { line: line + this.#firstLine - 1, column };
    return errorAt(this.file, place, diagnosticWords(complaint));
  }

  /** @param data what is validated, if it differs from what was read. @throws UserError */
  checked<T>(schema: z.ZodType<T>, data: unknown = this.data): T {
    const result = validate(schema, data);
    if (result.ok) return result.value;
    throw this.complain(result.complaint);
  }
}

/** @throws UserError if a key is there twice in one map, or an alias has no anchor before it. */
function checkNames(file: string, { document, lines }: Parsed): void {
  const anchors = new Set<string>();
  const complain = (offset: number | undefined, says: string): UserError =>
    errorAt(file, position(lines, offset ?? 0), says);
  visit(document, {
    Alias: (_, { source, range }) => {
      if (anchors.has(source)) return;
      throw complain(range?.[0], `there is no anchor &${source} before this alias`);
    },
    Map: (_, map) => {
      if (map.anchor !== undefined) anchors.add(map.anchor);
      const keys = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (keys.has(key.value)) throw complain(key.range?.[0], "Map keys must be unique");
        keys.add(key.value);
      }
    },
    Seq: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Scalar: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
  });
}

const mostUnclosed = 2_000;

/** The parser would take minutes to find out. */
function isNestedTooDeeply(text: string): boolean {
  let unclosed = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    unclosed += bracket === "[" || bracket === "{" ? 1 : -1;
    if (unclosed > mostUnclosed) return true;
  }
  return false;
}

const oneLine = (message: string): string => message.split("\n", 1)[0] ?? message;

/** @throws UserError with file, line and column if it is not YAML. */
export function readYaml(file: string, text: string): SourceDocument {
  if (text.length > mostCharacters)
    throw new UserError(`${file}: too long for a file of this kind`);
  if (isNestedTooDeeply(text)) throw new UserError(`${file}: nested too deeply`);
  try {
    const parsed = parse(text);
    const [problem] = [...parsed.document.errors, ...parsed.document.warnings];
    if (problem !== undefined) {
      throw errorAt(file, position(parsed.lines, problem.pos[0]), oneLine(problem.message));
    }
    checkNames(file, parsed);
    return new SourceDocument(
      file,
      parsed.document.toJS({ maxAliasCount: mostAliases }),
      (path, aboutKey) => placeOf(parsed, path, aboutKey),
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof ReferenceError) {
      throw new UserError(`${file}: more aliases than ${mostAliases}; write the values out`);
    }
    if (error instanceof RangeError) throw new UserError(`${file}: nested too deeply`);
    throw error;
  }
}

/**
 * @param firstLine number of the line in the file that the text begins with.
 * @throws UserError with file, line and column if it is not JSON.
 */
export function readJson(file: string, text: string, firstLine = 1): SourceDocument {
  try {
    const place = (path: DataPath, aboutKey: boolean): Position =>
      positionOf(text, jsonOffset(text, path, aboutKey));
    return new SourceDocument(file, JSON.parse(text), place, firstLine);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const offset = jsonErrorOffset(text);
      const { line, column } = positionOf(text, offset);
      throw errorAt(file, { line: line + firstLine - 1, column }, jsonWords(text, offset));
    }
    if (error instanceof RangeError) throw new UserError(`${file}: nested too deeply`);
    throw error;
  }
}

const jsonWords = (text: string, offset: number): string => {
  const written = text.trim();
  if (written === "") return "the file is empty";
  const unfinished = /^[[{]/.test(written) && !/[\]}]$/.test(written);
  return unfinished || offset >= text.trimEnd().length
    ? "the file is cut off: this is not the end of a JSON document"
    : "this is not JSON";
};

/** Line and column of an offset. */
function positionOf(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", start)) {
    line++;
    start = end + 1;
  }
  return { line, column: offset - start + 1 };
}
