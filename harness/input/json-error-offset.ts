/** Where a text stops being JSON; V8 says what is wrong, but not always where. */

const space = String.raw`[ \t\r\n]*`;
const white = new RegExp(space, "y");
const punctuation = String.raw`([{}[\]:,])`;
const number = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
/** One token, unless it is a string. */
const token = new RegExp(`${punctuation}|(?:${number}|true|false|null)`, "y");
/** What must not stand in a string, as RFC 8259 §7 has them. */
const wrongInString = /[\u0000-\u001f]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/;

/**
 * By hand: of a very long string, a regular expression would remember every character.
 * @param start where its first quotation mark is.
 * @returns the offset after a string; `undefined` if it does not end.
 */
export function stringEnd(text: string, start: number): number | undefined {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return undefined;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** @returns the offset after a string, if it is one. */
function validStringEnd(text: string, start: number): number | undefined {
  const end = stringEnd(text, start);
  // Pairs of backslashes are taken away first, so that what follows them is looked at by itself.
  const content = text.slice(start + 1, (end ?? 0) - 1).replaceAll("\\\\", "");
  return end === undefined || wrongInString.test(content) ? undefined : end;
}

type Wanted = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "nothing";

/** @returns the offset of the first token that does not fit, or the end if the rest is missing. */
export function jsonErrorOffset(text: string): number {
  const open: ("[" | "{")[] = [];
  let wanted: Wanted = "value";
  let offset = 0;
  const afterValue = (): Wanted => (open.length === 0 ? "nothing" : ", or end");
  for (;;) {
    white.lastIndex = offset;
    white.exec(text);
    const start = white.lastIndex;
    token.lastIndex = start;
    const isString = text[start] === '"';
    const match = isString ? null : token.exec(text);
    const end = isString
      ? validStringEnd(text, start)
      : match === null
        ? undefined
        : token.lastIndex;
    if (end === undefined) return Math.min(start, text.trimEnd().length);
    const next = follow(wanted, match?.[1], isString, open, afterValue);
    if (next === undefined) return start;
    wanted = next;
    offset = end;
  }
}

/** What must come after this token; `undefined` if it must not be here. */
function follow(
  wanted: Wanted,
  mark: string | undefined,
  isString: boolean,
  open: ("[" | "{")[],
  afterValue: () => Wanted,
): Wanted | undefined {
  const value = wanted === "value" || wanted === "value or ]";
  if (mark === undefined) {
    if (value) return afterValue();
    return isString && (wanted === "key" || wanted === "key or }") ? ":" : undefined;
  }
  const inside = open.at(-1);
  switch (mark) {
    case "{":
    case "[":
      if (!value) return undefined;
      open.push(mark);
      return mark === "{" ? "key or }" : "value or ]";
    case "}":
    case "]": {
      const empty = mark === "}" ? "key or }" : "value or ]";
      const fits =
        inside === (mark === "}" ? "{" : "[") && (wanted === ", or end" || wanted === empty);
      if (!fits) return undefined;
      open.pop();
      return afterValue();
    }
    case ":":
      return wanted === ":" ? "value" : undefined;
    default:
      if (wanted !== ", or end") return undefined;
      return inside === "{" ? "key" : "value";
  }
}
