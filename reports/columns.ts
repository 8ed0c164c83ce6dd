/** Text in columns: how wide it shows on a terminal, cutting, padding and wrapping it. */

/** East Asian wide and full-width blocks, and emoji: two columns each. */
const wideBlocks =
  "\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff" +
  "\\ufe30-\\ufe6f\\uff01-\\uff60\\uffe0-\\uffe6\\u{20000}-\\u{3fffd}";
const wide = new RegExp(`[${wideBlocks}\\p{Emoji_Presentation}]`, "u");
const zeroWide = /[\p{Mn}\p{Me}]/u;

function characterWidth(character: string): number {
  if (character <= "\u02ff") return 1;
  if (zeroWide.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Columns that visible text takes. It must hold no control characters; see escape.ts. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** At most `width` columns; what does not fit is cut and marked by an ellipsis. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width < 1) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    const next = characterWidth(character);
    if (used + next > width - 1) break;
    kept += character;
    used += next;
  }
  return `${kept}…`;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Exactly `width` columns. */
export function toWidth(text: string, width: number): string {
  return padEnd(cut(text, width), width);
}

/** Breaks one word that is longer than a line. */
function hardBreak(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const character of word) {
    const next = characterWidth(character);
    if (used + next > width && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += character;
    used += next;
  }
  pieces.push(piece);
  return pieces;
}

/** Lines of at most `width` columns, broken at spaces where there are any. Never empty. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(2, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (displayWidth(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = hardBreak(word, room);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? "";
  }
  lines.push(line);
  return lines;
}

/** Wrapped text with `first` before its first line and as much space before the others. */
export function hanging(first: string, text: string, width: number): string[] {
  const indent = displayWidth(first);
  return wrap(text, width - indent).map((line, i) =>
    i === 0 ? first + line : " ".repeat(indent) + line,
  );
}
