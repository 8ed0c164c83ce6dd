/** What is wrong with a file of the user's own that throws or cannot be imported, in one line. */
import { spawnSync } from "node:child_process";
import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { definitionOf } from "./definition-place.ts";
import { importedAt, thrownAt } from "./written-place.ts";

export interface NamedFile {
  /** As the user wrote it. */
  readonly shown: string;
  readonly path: string;
  readonly cwd: string;
}

/** What a person calls a file: as it was named, or its path from the working directory. */
function shownPath(file: NamedFile, path: string): string {
  if (path === file.path) return file.shown;
  const short = relative(file.cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : `.${sep}${short}`;
}

/** Lines are cut: whoever throws may put a whole file into one. */
const longestLine = 500;
const firstLine = (text: string): string =>
  (text.slice(0, 4 * longestLine).split("\n", 1)[0] ?? "").slice(0, longestLine);

/** What was thrown, in one line; it may be anything at all. */
export function thrownWords(error: unknown): string {
  try {
    if (error instanceof Error) {
      const name = error.name === "Error" ? "" : `${error.name}: `;
      return firstLine(`${name}${error.message}`).trim() || "an Error without a message";
    }
    if (typeof error === "string") return `"${firstLine(error)}"`;
    return typeof error === "object" && error !== null
      ? `${firstLine(String(error))}, which is no Error`
      : firstLine(String(error));
  } catch {
    return "something that cannot be shown";
  }
}

/** Why a file could not be imported, in one line. */
export function importComplaint(file: NamedFile, error: unknown): string {
  if (!(error instanceof Error)) {
    const at = typeof error === "string" ? thrownAt(file.path, error) : undefined;
    const place = at === undefined ? file.shown : `${file.shown}:${at}`;
    return `${place}: throws on load: ${thrownWords(error)}`;
  }
  return (
    compileComplaint(file, error) ??
    missingComplaint(file, error) ??
    `${placeOf(file, error)}: throws on load: ${thrownWords(error)}`
  );
}

/** esbuild writes `path:line:column: ERROR: text`; its columns count from 0. */
const esbuildError = /^(.+?):(\d+):(\d+): ERROR: (.+)$/m;
const nodeError = /^(?:file:\/\/)?(\/.+|[A-Za-z]:.+):(\d+)$/;

function compileComplaint(file: NamedFile, error: Error): string | undefined {
  const found = esbuildError.exec(error.message);
  if (found !== null) {
    const [, path = "", line, column, text = ""] = found;
    const place = `${shownPath(file, path)}:${line}:${Number(column) + 1}`;
    return `${place}: does not compile: ${text}`;
  }
  if (!(error instanceof SyntaxError)) return undefined;
  const at = nodeError.exec(firstLine(error.stack ?? ""));
  const line = at === null ? lineOfMistake(file.path) : undefined;
  const place =
    at !== null
      ? `${shownPath(file, at[1] ?? "")}:${at[2]}:1`
      : line === undefined
        ? file.shown
        : `${file.shown}:${line}:1`;
  return `${place}: does not compile: ${firstLine(error.message)}`;
}

const checkMs = 10_000;

/** Node tells the line of a mistake in a module only where it ends a program. */
function lineOfMistake(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", path], {
    encoding: "utf8",
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
    timeout: checkMs,
  });
  const at = nodeError.exec(firstLine(stderr ?? ""));
  return at?.[1] === path ? at[2] : undefined;
}

/** An import that leads nowhere, in the words of either module system of Node. */
function missingComplaint(file: NamedFile, error: Error): string | undefined {
  const code = "code" in error ? error.code : undefined;
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  const text = firstLine(error.message);
  const what = /Cannot find (?:module|package) '([^']*)'/.exec(text)?.[1] ?? text;
  const stack: unknown = "requireStack" in error ? error.requireStack : undefined;
  const first: unknown = Array.isArray(stack) ? stack[0] : undefined;
  const importer = typeof first === "string" ? first : /imported from (.+)$/.exec(text)?.[1];
  const shown = isAbsolute(what) ? shownPath(file, what) : what;
  const missing = /^[./]/.test(shown) || isAbsolute(shown) ? "does not exist" : "is not installed";
  const from = importer ?? file.path;
  const at = importedAt(from, what);
  const place = at === undefined ? shownPath(file, from) : `${shownPath(file, from)}:${at}`;
  return `${place}: imports "${shown}", which ${missing}`;
}

/** Where the lab itself is, with a separator at its end. */
export const labFolder = fileURLToPath(new URL("../../", import.meta.url));
const foreignFrame = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:)[^()]*?):(\d+):(\d+)\)?$/;

function stackOf(error: unknown): string {
  try {
    const stack: unknown = error instanceof Error ? error.stack : "";
    return typeof stack === "string" ? stack.slice(0, 100_000) : "";
  } catch {
    return "";
  }
}

/** `./x.ts:3:7`, the innermost place in the user's code, as far as the stack knows one. */
export function placeOf(file: NamedFile, error: unknown): string {
  return stackPlace(file, error) ?? file.shown;
}

/** The same; `undefined` if the stack knows none, as that of what is no Error. */
export function stackPlace(file: NamedFile, error: unknown): string | undefined {
  return framePlace(file, framesOf(error));
}

/** The frames of an error's stack that are in files, innermost first. */
export function framesOf(error: unknown): readonly Frame[] {
  return stackOf(error)
    .split("\n")
    .flatMap((line) => {
      const match = /^\s+at /.test(line) ? foreignFrame.exec(line) : null;
      if (match === null) return [];
      const [, place = "", row, column] = match;
      const path = place.startsWith("file://") ? fileURLToPath(place) : place;
      return [{ path: path.replace(/\?.*$/, ""), at: `${row}:${column}` }];
    });
}

/** Code that is on a stack: which file, and where in it, as `line:column`. */
export interface Frame {
  readonly path: string;
  readonly at: string;
}

/** The innermost of these frames that is the user's own. */
export function framePlace(file: NamedFile, frames: readonly Frame[]): string | undefined {
  const own = frames.find((f) => f.path === file.path);
  const outside = frames.find((f) => !f.path.startsWith(labFolder));
  const frame = own ?? outside;
  return frame === undefined ? undefined : `${shownPath(file, frame.path)}:${frame.at}`;
}

/** The same of a function of the user's own, which has returned; `undefined`: not known. */
export function definitionPlace(file: NamedFile, written: unknown): string | undefined {
  const found = definitionOf(written);
  if (found === undefined || found.path.startsWith(labFolder)) return undefined;
  return `${shownPath(file, found.path)}:${found.line}:${found.column}`;
}
