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
const mostCharacters = 4_000_000;

interface Parsed {
  readonly document: Document;
  readonly lines: LineCounter;
}

function parse(text: string): Parsed {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true };
  return { document: parseDocument(text, options), lines };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  // An empty file has no lines to look the offset up in.
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** The place of a key or value; where there is none, that of the innermost enclosing one. */
function placeOf({ document, lines }: Parsed, complaint: Diagnostic): Position {
  const { path, aboutKey } = complaint;
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
  readonly #parsed: () => Parsed;
  readonly #firstLine: number;

  constructor(file: string, data: unknown, parsed: () => Parsed, firstLine = 1) {
    this.file = file;
    this.data = data;
    this.#parsed = parsed;
    this.#firstLine = firstLine;
  }

  /** Where a part of the data stands, or the innermost part around it, as `file:line:column`. */
  placeOf(path: DataPath): string {
    const { line, column } = placeOf(this.#parsed(), { path, says: "", aboutKey: false });
    return `${this.file}:${line + this.#firstLine - 1}:${column}`;
  }

  complain(complaint: Diagnostic): UserError {
    const { line, column } = placeOf(this.#parsed(), complaint);
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

function checkAliases(file: string, { document, lines }: Parsed): void {
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const says = `there is no anchor &${alias.source} before this alias`;
      throw errorAt(file, position(lines, alias.range?.[0] ?? 0), says);
    },
  });
}

const oneLine = (message: string): string => message.split("\n", 1)[0] ?? message;

/** @throws UserError with file, line and column if it is not YAML. */
export function readYaml(file: string, text: string): SourceDocument {
  if (text.length > mostCharacters)
    throw new UserError(`${file}: too long for a file of this kind`);
  try {
    const parsed = parse(text);
    const [problem] = [...parsed.document.errors, ...parsed.document.warnings];
    if (problem !== undefined) {
      throw errorAt(file, position(parsed.lines, problem.pos[0]), oneLine(problem.message));
    }
    checkAliases(file, parsed);
    return new SourceDocument(
      file,
      parsed.document.toJS({ maxAliasCount: mostAliases }),
      () => parsed,
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
    return new SourceDocument(file, JSON.parse(text), () => parse(text), firstLine);
  } catch (error) {
    if (error instanceof SyntaxError) {
      const { line, column } = positionOf(text, jsonErrorOffset(text));
      throw errorAt(file, { line: line + firstLine - 1, column }, jsonWords(text));
    }
    if (error instanceof RangeError) throw new UserError(`${file}: nested too deeply`);
    throw error;
  }
}

const jsonWords = (text: string): string => {
  if (text.trim() === "") return "the file is empty";
  const unfinished = /^\s*[[{]/.test(text) && !/[\]}]\s*$/.test(text);
  return unfinished || jsonErrorOffset(text) >= text.trimEnd().length
    ? "the file is cut off: this is not the end of a JSON document"
    : "this is not JSON";
};

/** Line and column of an offset. */
function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}
