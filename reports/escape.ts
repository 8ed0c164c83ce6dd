/**
 * Makes hostile text harmless, once per kind of output.
 *
 * Labels, reasons and names in a report may hold bytes that an attacker chose. Nothing below
 * throws or forbids: what could act is made visible instead, so that a reader sees what was there.
 */

/**
 * Characters that act rather than show: controls (ESC and the C1 set among them), invisible and
 * bidirectional formatting, private and unassigned code points, lone surrogates, line separators.
 */
const acting = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
/** More than three combining marks on one letter run into the lines above and below. */
const piledMarks = /(?<=\p{M}{3})\p{M}/gu;

const shortNames: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function pictured(character: string): string {
  const short = shortNames[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code <= 0xff ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
}

/**
 * One line of text in which every character is visible and none acts: ESC becomes `\x1b`, a line
 * feed `\n`, a bidirectional override `\u{202e}`. Not the control pictures (␛), which many fonts
 * lack. Backslashes stay single: this is for readers, and cannot be undone.
 */
export function visible(text: string): string {
  const shown = text.replace(acting, pictured).replace(piledMarks, pictured);
  // A leading mark would sit on whatever the report prints before it.
  return /^\p{M}/u.test(shown) ? `◌${shown}` : shown;
}

/** For a terminal. Also cut to `limit` characters, so that one label cannot flood the screen. */
export function terminalText(text: string, limit = 2_000): string {
  return clipped(visible(text), limit);
}

/** Cuts after `limit` code points and says so with an ellipsis. */
export function clipped(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = Array.from(text);
  return points.length <= limit ? text : `${points.slice(0, Math.max(0, limit - 1)).join("")}…`;
}

const htmlEntities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** For HTML and SVG: element content and quoted attribute values alike. */
export function htmlText(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (c) => htmlEntities[c] ?? c);
}

const xmlEntities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** For XML 1.0, which has no way at all to write most control characters: they are shown instead. */
export function xmlText(text: string): string {
  return visible(text).replace(/[&<>"']/g, (c) => xmlEntities[c] ?? c);
}

/** For running text and table cells in GitHub-flavoured Markdown. */
export function markdownText(text: string): string {
  return (
    visible(text)
      .replace(/[\\*_[\]~$`]/g, "\\$&")
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/>/g, "&gt;")
      // An entity, because table rows are split before backslashes are looked at.
      .replace(/\|/g, "&#124;")
      // Nothing an attacker wrote becomes a link by itself.
      .replace(/:\/\//g, ":\\/\\/")
      .replace(/www\./gi, (www) => `${www.slice(0, 3)}\\.`)
      // What would start a heading, list or rule if it came first in a line.
      .replace(/^(\s*)([#+=-])/, "$1\\$2")
      .replace(/^(\s*\d+)([.)])(?=\s|$)/, "$1\\$2")
  );
}

const longestRun = (text: string, character: string): number => {
  let longest = 0;
  let run = 0;
  for (const c of text) {
    run = c === character ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
};

/** Inline code for Markdown, in running text and in tables. */
export function markdownCode(text: string): string {
  const shown = visible(text);
  // In a table a pipe ends the cell even inside backticks.
  if (shown.includes("|") || shown.trim() === "") return `<code>${markdownText(text)}</code>`;
  const fence = "`".repeat(longestRun(shown, "`") + 1);
  const gap = /^[` ]|[` ]$/.test(shown) ? " " : "";
  return `${fence}${gap}${shown}${gap}${fence}`;
}

/** A fenced block for Markdown whose content cannot close it. */
export function markdownBlock(language: string, lines: readonly string[]): string {
  const shown = lines.map(visible);
  const ticks = Math.max(2, ...shown.map((line) => longestRun(line, "`"))) + 1;
  const fence = "`".repeat(ticks);
  return [`${fence}${language}`, ...shown, fence].join("\n");
}

/**
 * For labels and names in Mermaid. Everything but plain letters, digits and a few harmless signs
 * becomes `#code;`, which Mermaid shows as the character; words of its grammar lose their first
 * letter to the same treatment.
 */
export function mermaidText(text: string): string {
  const entity = (c: string): string => `#${c.codePointAt(0) ?? 0};`;
  const shown = visible(text)
    .replace(/[^\p{L}\p{M}\p{N} ,./()=+_…→-]/gu, entity)
    .replace(/(?<![A-Za-z#])(end|style|classDef|loop|alt|opt|par|rect|note)(?![A-Za-z])/gi, (w) =>
      entity(w.charAt(0)).concat(w.slice(1)),
    );
  // An empty label is a syntax error.
  return shown.trim() === "" ? "#32;" : shown;
}

const reservedOnWindows = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/**
 * A file name on every system: `a-z0-9-.` only, at most `limit` (at least 8) characters, never
 * empty, and starting and ending with a letter or digit, so it is neither hidden nor an option.
 */
export function fileName(text: string, limit = 80): string {
  const trimmed = (s: string): string => s.replace(/^[-.]+/, "").replace(/[-.]+$/, "");
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/-*\.[-.]*/g, ".");
  const name = trimmed(trimmed(plain).slice(0, limit));
  if (name === "") return "unnamed";
  return reservedOnWindows.test(name) ? trimmed(`x-${name}`.slice(0, limit)) : name;
}
