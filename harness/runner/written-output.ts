/** Where an output is written, in the text of the statements that ran. */
import { readFileSync } from "node:fs";
import type { SourcePlace } from "./definition-place.ts";

const longestText = 5_000_000;
/** No statement is longer than that. */
const longestStatement = 20_000;

/**
 * The places where the statements that ran write an output of this kind, in their order: the
 * literal `kind: "deliver"` in what is left of a statement from where the debugger came to it.
 * @param kind `deliver`; for claims that of the claim, `commit`.
 */
export function outputsWritten(
  steps: readonly SourcePlace[],
  kind: string,
  textOf: (path: string) => string | undefined = fileText,
): readonly SourcePlace[] {
  const texts = new Map<string, string | undefined>();
  const literal = new RegExp(
    `\\bkind["']?\\s*:\\s*["'\`]${kind.replace(/\W/g, "\\$&")}["'\`]`,
    "g",
  );
  const found: SourcePlace[] = [];
  for (const { path, line, column } of steps) {
    if (!texts.has(path)) texts.set(path, textOf(path));
    const text = texts.get(path);
    if (text === undefined) continue;
    const from = lineStart(text, line) + column - 1;
    for (const match of statementFrom(text, from).matchAll(literal)) {
      const place = { path, ...lineAndColumn(text, from + match.index) };
      // The parts of one statement are come to one after another.
      if (found.some((f) => samePlace(f, place))) continue;
      found.push(place);
    }
  }
  return found;
}

const samePlace = (a: SourcePlace, b: SourcePlace): boolean =>
  a.path === b.path && a.line === b.line && a.column === b.column;

/** Does a `return` begin there? */
export const isReturn = (place: SourcePlace): boolean => begins(place, /^return\b/);
/** Likewise. */
export const isThrow = (place: SourcePlace): boolean => begins(place, /^throw\b/);

function begins({ path, line, column }: SourcePlace, word: RegExp): boolean {
  const text = fileText(path);
  if (text === undefined) return false;
  const from = lineStart(text, line) + column - 1;
  return word.test(text.slice(from, from + 10));
}

function fileText(path: string): string | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.length > longestText ? undefined : text;
  } catch {
    return undefined;
  }
}

function lineStart(text: string, line: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

function lineAndColumn(text: string, at: number): Pick<SourcePlace, "line" | "column"> {
  const before = text.slice(0, at);
  return { line: before.split("\n").length, column: at - before.lastIndexOf("\n") };
}

const texts = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/;
const comments = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
const token = new RegExp(`${texts.source}|${comments.source}|=>\\s*\\{|[()[\\]{};\\n]`, "g");
/** A line that begins like this goes on with the statement of the line before. */
const goesOn = /^\s*(?:[?:.,|&+*/%=<>)\]}-]|in\b|of\b|instanceof\b|as\b)/;

/** What is left of a statement. Blanked are comments, and the bodies of functions, which run apart. */
function statementFrom(text: string, from: number): string {
  const rest = text.slice(from, from + longestStatement);
  let out = "";
  let depth = 0;
  let copied = 0;
  token.lastIndex = 0;
  for (let match = token.exec(rest); match !== null; match = token.exec(rest)) {
    const [found] = match;
    const isComment = found.startsWith("/");
    if (isComment || found.startsWith("=>")) {
      const end = isComment ? token.lastIndex : bodyEnd(rest, token.lastIndex);
      out += rest.slice(copied, match.index) + " ".repeat(end - match.index);
      copied = end;
      token.lastIndex = end;
    } else if ("([{".includes(found)) {
      // After a condition there follows what ran by itself, if it ran.
      if (found === "{" && depth === 0 && /\)\s*$/.test(rest.slice(0, match.index))) break;
      depth++;
    } else if (")]}".includes(found)) {
      depth--;
      if (depth < 0) return out + rest.slice(copied, match.index);
    } else if (depth === 0 && (found === ";" || found === "\n")) {
      if (found === ";" || !goesOn.test(rest.slice(token.lastIndex, token.lastIndex + 200))) {
        return out + rest.slice(copied, match.index);
      }
    }
    if (token.lastIndex >= rest.length) break;
  }
  return out + rest.slice(copied, token.lastIndex === 0 ? rest.length : token.lastIndex);
}

/** @param from behind the opening brace. @returns where the next thing begins. */
function bodyEnd(text: string, from: number): number {
  const brace = new RegExp(`${texts.source}|${comments.source}|[{}]`, "g");
  brace.lastIndex = from;
  let depth = 1;
  for (let match = brace.exec(text); match !== null; match = brace.exec(text)) {
    if (match[0] === "{") depth++;
    if (match[0] === "}" && --depth === 0) return brace.lastIndex;
  }
  return text.length;
}
