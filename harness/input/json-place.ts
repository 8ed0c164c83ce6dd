/** Finds where a part of a JSON text stands, in one pass over the text. */
import { stringEnd } from "./json-error-offset.ts";

const space = /[ \t\r\n]*/y;
const scalar = /[^\s,\]}:]+/y;

interface Inside {
  readonly kind: "list" | "object";
  /** The number of the entry of a list. */
  entry: number;
  /** Has the next text its key still to come? */
  wantsKey: boolean;
}

/**
 * @param text valid JSON.
 * @param aboutKey the key itself, rather than what stands under it.
 * @returns the offset of that part; where there is none, of the innermost one around it. Of a key
 *   that is there twice, the last one counts, as for `JSON.parse`.
 */
export function jsonOffset(text: string, path: readonly PropertyKey[], aboutKey: boolean): number {
  const open: Inside[] = [];
  let best = { depth: -1, offset: 0 };
  /** How many keys of the path lead to where the scan is; one more than open where it leaves it. */
  let fits = 0;
  const value = (offset: number): void => {
    if (fits === open.length && fits >= best.depth && !(aboutKey && fits === path.length)) {
      best = { depth: fits, offset };
    }
  };
  const enter = (key: PropertyKey): void => {
    const depth = open.length - 1;
    if (fits > depth) fits = depth;
    if (fits === depth && depth < path.length && String(path[depth]) === String(key)) fits++;
  };
  let at = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  };
  for (match(space); at < text.length; match(space)) {
    const inside = open.at(-1);
    const mark = text[at];
    if (mark === "{" || mark === "[") {
      value(at++);
      open.push({ kind: mark === "{" ? "object" : "list", entry: 0, wantsKey: mark === "{" });
      if (mark === "[") enter(0);
    } else if (mark === "}" || mark === "]") {
      at++;
      open.pop();
      fits = Math.min(fits, open.length);
    } else if (mark === ",") {
      at++;
      if (inside === undefined) continue;
      inside.wantsKey = inside.kind === "object";
      if (inside.kind === "object") continue;
      inside.entry += 1;
      enter(inside.entry);
    } else if (mark === ":") {
      at++;
    } else if (inside?.wantsKey === true) {
      const offset = at;
      at = stringEnd(text, at) ?? text.length;
      enter(JSON.parse(text.slice(offset, at)) as string);
      inside.wantsKey = false;
      if (aboutKey && fits === path.length && open.length === fits) best = { depth: fits, offset };
    } else {
      value(at);
      if (mark === '"') at = stringEnd(text, at) ?? text.length;
      else if (match(scalar) === "") return best.offset;
    }
  }
  return best.offset;
}
