/**
 * How imports in a user's own files are resolved; user-code.ts tells Node to ask here. Plain
 * JavaScript, since older versions of Node run it in a thread of its own.
 */
import { readFileSync } from "node:fs";

/**
 * @typedef {object} Settings
 * @property {string} lab URL of the running lab's public file.
 * @property {string | undefined} typescript the format of a .ts file with ES module syntax;
 *   without it .ts files are left alone.
 * @property {string} query makes the URLs of this attempt other ones than those of an earlier one.
 *
 * @typedef {{ url: string, format?: string | null | undefined, shortCircuit?: boolean }} Resolved
 */

/**
 * "mallory" is always the lab that runs, wherever the file lies and whatever is installed there.
 * @param {string} specifier @param {Settings} settings @returns {Resolved | undefined}
 */
export function labItself(specifier, { lab }) {
  return specifier === "mallory" ? { url: lab, format: "module", shortCircuit: true } : undefined;
}

const copyMark = /[?&]copy=(\d+)/;
/** Rooms of the lab itself, which are the same for all copies of a file that imports them. */
const labRooms = /^(?:protocol|attacker|harness|scenarios|reports)\//;

/**
 * What one copy of a file imports beside it belongs to that copy: variables of a module are then
 * those of the copy, and no other copy reads them.
 * @template {Resolved} T @param {T} resolved @param {Settings} settings
 * @param {string | undefined} parent URL of the file that imports. @returns {T}
 */
function inCopy(resolved, { lab }, parent) {
  const copy = copyMark.exec(parent ?? "")?.[1];
  // What tsx takes for CommonJS has a URL of tsx's own.
  const url = resolved.url.replace(/%3Ftsx-commonjs.*$/, "");
  const root = new URL(".", lab).href;
  const isLab = url.startsWith(root) && labRooms.test(url.slice(root.length));
  if (copy === undefined || isLab || copyMark.test(url)) return resolved;
  if (!userFile.test(url.split("?", 1)[0] ?? "")) return resolved;
  return { ...resolved, url: `${url}${url.includes("?") ? "&" : "?"}copy=${copy}` };
}

const userFile = /^file:(?!.*\/node_modules\/).*\.([cm]?[jt]s)$/;

/**
 * A file that is written as an ES module is one. Node would take the word of the next package.json,
 * which a folder need not have; and what counts as CommonJS cannot import every package.
 * @template {Resolved} T @param {T} found @param {Settings} settings
 * @param {string | undefined} parent URL of the file that imports. @returns {T}
 */
export function asWritten(found, settings, parent) {
  const resolved = inCopy(found, settings, parent);
  const { url, format } = resolved;
  const [path = "", rest = ""] = url.split("?", 2);
  const ending = userFile.exec(path)?.[1];
  if (ending === undefined) return resolved;
  const queries = [settings.query.slice(1), rest].filter((q) => q !== "").join("&");
  const again = { ...resolved, url: queries === "" ? path : `${path}?${queries}` };
  if (format === "module" || format === "module-typescript") return again;
  const meant = ending.endsWith("ts") ? settings.typescript : "module";
  const isModule = meant !== undefined && !ending.startsWith("c") && isWrittenAsModule(path);
  return isModule ? { ...again, format: meant } : again;
}

const comment = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
const moduleSyntax = /(?:^|[;}])\s*(?:import|export)(?:\s|[{*"'])/m;
/** Forms of TypeScript that stand for `require` and `module.exports`. */
const commonJsSyntax = /^\s*(?:export\s*=|import\s+(?:type\s+)?\w+\s*=)/m;

/** @param {string} url */
function isWrittenAsModule(url) {
  let text;
  try {
    text = readFileSync(new URL(url), "utf8").replace(comment, "");
  } catch {
    return false;
  }
  return moduleSyntax.test(text) && !commonJsSyntax.test(text);
}

/** @type {Settings} */
let settings;

/** For Node without `module.registerHooks`. @param {Settings} given */
export function initialize(given) {
  settings = given;
}

/**
 * @param {string} specifier @param {object} context
 * @param {(specifier: string, context: object) => Promise<Resolved>} next
 */
export async function resolve(specifier, context, next) {
  const parent = "parentURL" in context ? String(context.parentURL) : undefined;
  return (
    labItself(specifier, settings) ?? asWritten(await next(specifier, context), settings, parent)
  );
}
