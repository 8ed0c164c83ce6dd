/**
 * Finds the protocol that a name stands for. Somebody's own file is imported, so this belongs
 * into a worker thread that can be ended; whatever is wrong with the file becomes one line.
 */
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Protocol } from "../../protocol/endpoint.ts";
import { codeEndings, fillOptions, type ProtocolName } from "../input/protocol-reference.ts";
import { listed, nearest, unknownName } from "../input/suggestions.ts";
import { UserError } from "../input/user-error.ts";
import type { Subject } from "../subject.ts";
import { ContractMonitor, guarded } from "./contract-monitor.ts";
import { protocolComplaint, resemblesProtocol } from "./protocol-shape.ts";
import { importUserCode } from "./user-code.ts";
import type { Watchdog } from "./watchdog.ts";

export interface Loaded {
  readonly subject: Subject;
  /** Present for protocols that are not bundled. */
  readonly guard?: ContractMonitor;
}

/** @throws UserError */
export async function loadSubject(
  name: ProtocolName,
  cwd: string,
  heart: Watchdog,
): Promise<Loaded> {
  if (name.file === undefined) {
    // A thread with a user's own protocol never loads the others.
    const { bundledSubject } = await import("../input/bundled-protocols.ts");
    return { subject: bundledSubject(name) };
  }
  const file = { shown: name.file, path: resolve(cwd, name.file), cwd };
  checkFile(file);
  const exported = await importFile(file, heart);
  const protocol = chosenExport(file.shown, exported, name.exportName);
  const guard = new ContractMonitor(heart);
  const options = fillOptions(name.source, protocol.options, name.given);
  return {
    subject: { protocol: guarded(protocol, guard), options, source: name.source },
    guard,
  };
}

interface NamedFile {
  /** As the user wrote it. */
  readonly shown: string;
  readonly path: string;
  readonly cwd: string;
}

function checkFile({ shown, path }: NamedFile): void {
  const stat = statOf(shown, path);
  if (stat === undefined) throw new UserError(`${shown}: does not exist${neighbour(shown, path)}`);
  if (stat.isDirectory()) {
    throw new UserError(`${shown}: is a folder; name the file in it that exports the protocol`);
  }
  if (!(codeEndings as readonly string[]).includes(extname(path))) {
    const endings = listed(codeEndings.filter((e) => !e.startsWith(".c")));
    throw new UserError(`${shown}: a protocol is a ${endings} file`);
  }
}

function statOf(shown: string, path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOTDIR") return undefined;
    throw new UserError(`${shown}: cannot be read (${code})`);
  }
}

/** A file beside the missing one that might have been meant. */
function neighbour(shown: string, path: string): string {
  let files: readonly string[];
  try {
    files = readdirSync(dirname(path));
  } catch {
    return `, and neither does the folder`;
  }
  const code = files.filter((f) => (codeEndings as readonly string[]).includes(extname(f)));
  const name = basename(path);
  const stem = (f: string): string => basename(f, extname(f));
  const nearStem = nearest(stem(name), code.map(stem));
  const near = code.find((f) => f.startsWith(`${name}.`)) ?? code.find((f) => stem(f) === nearStem);
  if (near === undefined) return "";
  return `; did you mean "${shown.slice(0, shown.length - name.length)}${near}"?`;
}

/** What a person calls a file: as it was named, or its path from the working directory. */
function shownPath(file: NamedFile, path: string): string {
  if (path === file.path) return file.shown;
  const short = relative(file.cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : `.${sep}${short}`;
}

async function importFile(file: NamedFile, heart: Watchdog): Promise<object> {
  heart.enter("load");
  try {
    const exported: unknown = await importUserCode(file.path);
    return typeof exported === "object" && exported !== null ? exported : {};
  } catch (error) {
    throw new UserError(importComplaint(file, error));
  } finally {
    heart.leave();
  }
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

/** What somebody threw, in one line; it may be anything at all. */
export function thrownWords(error: unknown): string {
  try {
    if (error instanceof Error) {
      const name = error.name === "Error" ? "" : `${error.name}: `;
      return firstLine(`${name}${error.message}`).trim() || "an Error without a message";
    }
    return typeof error === "string" ? `"${firstLine(error)}"` : firstLine(String(error));
  } catch {
    return "something that cannot be shown";
  }
}

function importComplaint(file: NamedFile, error: unknown): string {
  if (!(error instanceof Error)) return `${file.shown}: throws on load: ${thrownWords(error)}`;
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
  const place = at === null ? file.shown : `${shownPath(file, at[1] ?? "")}:${at[2]}:1`;
  return `${place}: does not compile: ${firstLine(error.message)}`;
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
  return `${shownPath(file, importer ?? file.path)}: imports "${shown}", which ${missing}`;
}

const labFolder = fileURLToPath(new URL("../../", import.meta.url));
const foreignFrame = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:)[^()]*?):(\d+):(\d+)\)?$/;

/** `./x.ts:3:7`, the innermost place in the user's code, as far as the stack knows one. */
export function placeOf(file: Pick<NamedFile, "shown" | "path" | "cwd">, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frames = stack.split("\n").flatMap((line) => {
    const match = /^\s+at /.test(line) ? foreignFrame.exec(line) : null;
    if (match === null) return [];
    const [, place = "", row, column] = match;
    const path = place.startsWith("file://") ? fileURLToPath(place) : place;
    return [{ path: path.replace(/\?.*$/, ""), at: `${row}:${column}` }];
  });
  const own = frames.find((f) => f.path === file.path);
  const outside = frames.find((f) => !f.path.startsWith(labFolder));
  const frame = own ?? outside;
  return frame === undefined ? file.shown : `${shownPath(file, frame.path)}:${frame.at}`;
}

function kindOf(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}

/** Names and values; CommonJS, which a lone .ts file counts as, hides them in `default`. */
function exportsOf(namespace: object): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>(Object.entries(namespace));
  const whole = found.get("default");
  const wrapped = typeof whole === "object" && whole !== null && !resemblesProtocol(whole);
  if (wrapped) {
    found.delete("default");
    for (const [name, value] of Object.entries(whole)) {
      if (!found.has(name)) found.set(name, value);
    }
    // An object that is no protocol and has no fields is what an empty file exports.
    if (Object.keys(whole).length === 0 && "default" in namespace && found.size > 0) {
      found.set("default", whole);
    }
  }
  found.delete("module.exports");
  found.delete("__esModule");
  return found;
}

const exportList = (found: ReadonlyMap<string, unknown>): string =>
  found.size === 0
    ? "it exports nothing"
    : `it exports ${listed(
        [...found].map(([n, v]) => `${n} (${kindOf(v)})`),
        "and",
      )}`;

function chosenExport(shown: string, namespace: object, wanted: string | undefined): Protocol {
  const found = exportsOf(namespace);
  if (wanted !== undefined) {
    if (!found.has(wanted)) {
      const known = [...found.keys()];
      const says = known.length === 0 ? "it exports nothing" : unknownName("export", wanted, known);
      throw new UserError(`${shown}: ${says}`);
    }
    return fitting(`${shown}#${wanted}`, found.get(wanted));
  }
  // The same protocol under two names, such as its own and `default`, is one.
  const meant = new Map<unknown, string>();
  for (const [name, value] of found) {
    const before = meant.get(value);
    if (!resemblesProtocol(value) || (before !== undefined && before !== "default")) continue;
    meant.set(value, name);
  }
  const fit = [...meant].filter(([value]) => protocolComplaint(value) === undefined);
  const candidates = fit.length > 0 ? fit : [...meant];
  const [only, ...others] = candidates;
  if (only === undefined) {
    throw new UserError(
      `${shown}: exports no Protocol (see protocol/endpoint.ts); ${exportList(found)}`,
    );
  }
  if (others.length > 0) {
    const names = candidates.map(([, name]) => name);
    const [first = ""] = names;
    throw new UserError(
      `${shown}: exports several protocols (${listed(names, "and")}); write ${shown}#${first}`,
    );
  }
  return fitting(shown, only[0]);
}

function fitting(shown: string, value: unknown): Protocol {
  if (!resemblesProtocol(value)) {
    throw new UserError(`${shown}: is ${kindOf(value)}, not a Protocol; see protocol/endpoint.ts`);
  }
  const complaint = protocolComplaint(value);
  if (complaint !== undefined) throw new UserError(`${shown}: is not a Protocol: ${complaint}`);
  return value as Protocol;
}
