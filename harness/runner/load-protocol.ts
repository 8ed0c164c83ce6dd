/**
 * Finds the protocol that a name stands for. A user's own file is imported, so this belongs into
 * a worker thread that can be ended; anything that is wrong with the file becomes one line.
 */
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import type { Protocol } from "../../protocol/endpoint.ts";
import { codeEndings, fillOptions, type ProtocolName } from "../input/protocol-reference.ts";
import { listed, nearest, unknownName } from "../input/suggestions.ts";
import { UserError } from "../input/user-error.ts";
import { type ClockAndChance, settings } from "../search/outside.ts";
import type { Subject } from "../subject.ts";
import { muted } from "./console.ts";
import { ContractMonitor } from "./contract-monitor.ts";
import { Misfit } from "./foreign-value.ts";
import { guarded, readProtocol } from "./guarded-protocol.ts";
import { importComplaint, type NamedFile } from "./load-complaints.ts";
import { type Flaw, protocolFlaw, resemblesProtocol } from "./protocol-shape.ts";
import { type ForeignUse, whileWatchedAsync, withinAsync } from "./surroundings.ts";
import { importUserCode, isByTsx } from "./user-code.ts";
import type { Watchdog } from "./watchdog.ts";
import { writtenAt } from "./written-place.ts";

export interface Loaded {
  readonly subject: Subject;
  /** From an instance that was loaded at another time and by other chance: see `Outside`. */
  readonly otherwise?: Protocol;
  /** Present for protocols that are not bundled. */
  readonly guard?: ContractMonitor;
}

/** @throws UserError, in one line, if there is no such protocol or its file is wrong. */
export async function loadSubject(
  name: ProtocolName,
  cwd: string,
  watchdog: Watchdog,
): Promise<Loaded> {
  if (name.file === undefined) {
    // A thread with a user's own protocol never loads the others.
    const { bundledSubject } = await import("../input/bundled-protocols.ts");
    return { subject: bundledSubject(name) };
  }
  const file = { shown: name.file, path: resolve(cwd, name.file), cwd };
  const { protocol, copies, uses, otherwise } = await loadProtocol(file, name.exportName, watchdog);
  const guard = new ContractMonitor(watchdog, uses);
  const options = fillOptions(name.source, protocol.options, name.given);
  return {
    subject: {
      protocol: guarded(protocol, guard),
      copies: copies.map((copy) => guarded(copy, guard)),
      options,
      source: name.source,
    },
    guard,
    ...(otherwise === undefined ? {} : { otherwise: guarded(otherwise, guard) }),
  };
}

/**
 * Protocols that this thread has loaded, by path and export, with the time of the file's last
 * change. Kept is only the author's own object, as it was exported. That is sound because Node
 * keeps a module as long as its thread lives: to import the file again for the next task would
 * give the same object, and its shape was checked when it was first loaded. Nothing that belongs
 * to a task is kept: the options, the monitor of the contract and the guard around the protocol
 * are made anew for each. Failures are not kept, since their messages say how the file was named.
 */
const loadedProtocols = new Map<string, LoadedProtocol & { readonly mtimeMs: number }>();

interface LoadedProtocol {
  /** What the exported object said when it was loaded, with functions that call it. */
  readonly protocol: Protocol;
  /** The same from further instances of its file, for the deployments of further principals. */
  readonly copies: readonly Protocol[];
  /** What its file has used of the world outside while it was loaded. */
  readonly uses: readonly ForeignUse[];
  readonly otherwise?: Protocol;
}

/** More principals than that share instances, as if they were those of fewer. */
const mostCopies = 3;

async function loadProtocol(
  file: NamedFile,
  exportName: string | undefined,
  watchdog: Watchdog,
): Promise<LoadedProtocol> {
  // Each time: the file may have been deleted or changed since.
  const { mtimeMs } = checkedFile(file);
  const key = `${file.path}#${exportName ?? ""}`;
  const known = loadedProtocols.get(key);
  if (known?.mtimeMs === mtimeMs) return known;
  const uses: ForeignUse[] = [];
  const note = (use: ForeignUse): void => {
    // The first of each kind is all that is ever told.
    if (!isByTsx(use) && uses.every((u) => u.kind !== use.kind)) uses.push(use);
  };
  const imported = () => importFile(file, exportName, watchdog);
  const first = await whileWatchedAsync(note, () => withinAsync(settings.usual, imported));
  const copies: Protocol[] = [];
  for (let copy = 1; copy <= mostCopies; copy++) {
    const again = await anotherInstance(file, exportName, watchdog, { copy });
    if (again !== undefined && again.exported !== first.exported) copies.push(again.protocol);
  }
  const otherwise = await anotherInstance(file, exportName, watchdog, {
    copy: mostCopies + 1,
    setting: settings.other,
  });
  const loaded = {
    mtimeMs,
    protocol: first.protocol,
    copies,
    uses,
    ...(otherwise === undefined ? {} : { otherwise: otherwise.protocol }),
  };
  loadedProtocols.set(key, loaded);
  return loaded;
}

/** @returns `undefined` for files that can be loaded once only, such as some of CommonJS. */
async function anotherInstance(
  file: NamedFile,
  exportName: string | undefined,
  watchdog: Watchdog,
  { copy, setting = settings.usual }: { readonly copy: number; readonly setting?: ClockAndChance },
): Promise<Imported | undefined> {
  try {
    const imported = () => withinAsync(setting, () => importFile(file, exportName, watchdog, copy));
    return await muted(() => whileWatchedAsync(() => {}, imported));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function checkedFile({ shown, path }: NamedFile): Stats {
  const stat = statOf(shown, path);
  if (stat === undefined) throw new UserError(`${shown}: does not exist${neighbour(shown, path)}`);
  if (stat.isDirectory()) {
    throw new UserError(`${shown}: is a folder; name the file in it that exports the protocol`);
  }
  if (!stat.isFile()) throw new UserError(`${shown}: is no regular file`);
  if (!(codeEndings as readonly string[]).includes(extname(path))) {
    const endings = listed(codeEndings.filter((e) => !e.startsWith(".c")));
    throw new UserError(`${shown}: a protocol is a ${endings} file`);
  }
  return stat;
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

interface Imported {
  /** The author's own object. */
  readonly exported: object;
  readonly protocol: Protocol;
}

async function importFile(
  file: NamedFile,
  exportName: string | undefined,
  watchdog: Watchdog,
  copy = 0,
): Promise<Imported> {
  watchdog.enter("load");
  try {
    const namespace: unknown = await importUserCode(file.path, copy);
    // Reading what is exported may run code of the file, too.
    const isObject = typeof namespace === "object" && namespace !== null;
    return chosenExport(file, isObject ? namespace : {}, exportName);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(importComplaint(file, error));
  } finally {
    watchdog.leave();
  }
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

function chosenExport(file: NamedFile, namespace: object, wanted: string | undefined): Imported {
  const { shown } = file;
  const found = exportsOf(namespace);
  if (wanted !== undefined) {
    if (!found.has(wanted)) {
      const known = [...found.keys()];
      const says = known.length === 0 ? "it exports nothing" : unknownName("export", wanted, known);
      throw new UserError(`${shown}: ${says}`);
    }
    return fitting(file, wanted, found.get(wanted));
  }
  // The same protocol under two names, such as its own and `default`, is one.
  const meant = new Map<unknown, string>();
  for (const [name, value] of found) {
    const before = meant.get(value);
    if (!resemblesProtocol(value) || (before !== undefined && before !== "default")) continue;
    meant.set(value, name);
  }
  const fit = [...meant].filter(([value]) => !isFlaw(imported(value)));
  const candidates = fit.length > 0 ? fit : [...meant];
  const [only, ...others] = candidates;
  if (only === undefined) {
    const [name] = found.keys();
    const place = name === undefined ? shown : placeIn(file, name);
    throw new UserError(
      `${place}: exports no Protocol (see protocol/endpoint.ts); ${exportList(found)}`,
    );
  }
  if (others.length > 0) {
    const names = candidates.map(([, name]) => name);
    const [first = ""] = names;
    throw new UserError(
      `${shown}: exports several protocols (${listed(names, "and")}); write ${shown}#${first}`,
    );
  }
  return fitting(file, only[1], only[0]);
}

/** `./x.ts:3:7`, as far as the text of the file tells. */
function placeIn({ shown, path }: NamedFile, name: string, keys: Flaw["keys"] = []): string {
  const at = writtenAt(path, name, keys);
  return at === undefined ? shown : `${shown}:${at}`;
}

function fitting(file: NamedFile, name: string, value: unknown): Imported {
  if (!resemblesProtocol(value)) {
    const what = `${name} is ${kindOf(value)}, not a Protocol`;
    throw new UserError(`${placeIn(file, name)}: ${what}; see protocol/endpoint.ts`);
  }
  const found = imported(value);
  if (!isFlaw(found)) return found;
  throw new UserError(`${placeIn(file, name, found.keys)}: ${name} is no Protocol: ${found.says}`);
}

const isFlaw = (found: Imported | Flaw): found is Flaw => "says" in found;

/** @returns what is wrong with it, if anything is. */
function imported(value: unknown): Imported | Flaw {
  try {
    const exported = value as object;
    const protocol = readProtocol(exported);
    return protocolFlaw(protocol) ?? { exported, protocol };
  } catch (error) {
    if (error instanceof Misfit) return { says: error.message, keys: [] };
    throw error;
  }
}
