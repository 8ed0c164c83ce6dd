/**
 * Where in its file a value is written that is data and no code: found by its keys in the text,
 * since nothing remembers where data came from.
 */
import { readFileSync } from "node:fs";
import { basename, isAbsolute } from "node:path";

/** Larger files are no protocols that somebody wrote. */
const longestText = 5_000_000;

const escaped = (name: string): string => name.replace(/[^\w]/g, "\\$&");

/** Names are looked for at the beginning of a line: comments and texts hold others. */
function exportStart(text: string, name: string): number {
  const own = escaped(name);
  const ways =
    name === "default"
      ? [/^export\s+default\b/m, /^(?:module\.)?exports(?:\.default)?\s*=/m]
      : [
          new RegExp(
            `^export\\s+(?:const|let|var|(?:async\\s+)?function\\*?|class)\\s+${own}\\b`,
            "m",
          ),
          new RegExp(`^(?:module\\.)?exports\\.${own}\\s*=`, "m"),
          new RegExp(`^(?:const|let|var|(?:async\\s+)?function\\*?|class)\\s+${own}\\b`, "m"),
        ];
  return ways.map((way) => text.search(way)).find((at) => at >= 0) ?? -1;
}

/** A key of an object where it is given a value, from `from` on; -1: there is none. */
function keyStart(text: string, key: string, from: number): number {
  const found = new RegExp(`^([ \\t]*|.*[{,][ \\t]*)(["']?)${escaped(key)}\\2\\s*[:(,}]`, "m");
  const match = found.exec(text.slice(from));
  if (match === null) return -1;
  const [, before = "", quote = ""] = match;
  return from + match.index + before.length + quote.length;
}

/**
 * @param name what it is exported as.
 * @param keys the keys that lead to it, outermost first; as far as they are found.
 * @returns `line:column`, both from 1; `undefined` if nothing of it is found.
 */
export function writtenAt(
  path: string,
  name: string,
  keys: readonly PropertyKey[],
): string | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  let at = exportStart(text, name);
  if (at < 0) return undefined;
  for (const key of keys) {
    // Which entry of a list is meant, the text alone does not show.
    if (typeof key !== "string") break;
    const next = keyStart(text, key, at);
    if (next < 0) break;
    at = next;
  }
  return lineAndColumn(text, at);
}

/**
 * Where a file imports something.
 * @param what a package, or the whole path of a file.
 * @returns as {@link writtenAt}.
 */
export function importedAt(path: string, what: string): string | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  const name = escaped(basename(what));
  const written = isAbsolute(what) ? `[^"'\\n]*${name}` : escaped(what);
  const at = text.search(new RegExp(`(?<=\\b(?:from|import|require)\\b[\\s(]*)["']${written}["']`));
  return at < 0 ? undefined : lineAndColumn(text, at);
}

/**
 * Where a file throws this text, which has no stack.
 * @returns as {@link writtenAt}; `undefined` also where it does so in several places.
 */
export function thrownAt(path: string, words: string): string | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  const literal = JSON.stringify(words).slice(1, -1);
  const places = [...text.matchAll(new RegExp(`\\bthrow\\s+(["'\`])${escaped(literal)}\\1`, "g"))];
  const [first] = places;
  return first === undefined || places.length > 1 ? undefined : lineAndColumn(text, first.index);
}

function textOf(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.length > longestText ? undefined : text;
  } catch {
    return undefined;
  }
}

function lineAndColumn(text: string, at: number): string {
  const before = text.slice(0, at);
  return `${before.split("\n").length}:${at - before.lastIndexOf("\n")}`;
}
