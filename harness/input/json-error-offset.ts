/** Where a text stops being JSON; V8 says what is wrong, but not always where. */

const space = String.raw`[ \t\r\n]*`;
const white = new RegExp(space, "y");
const punctuation = String.raw`([{}[\]:,])`;
const string = String.raw`("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")`;
const number = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`;
/** One token and the white space before it. Strings are as RFC 8259 §7 has them. */
const token = new RegExp(`${space}(?:${punctuation}|${string}|(?:${number}|true|false|null))`, "y");

type Wanted = "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" | "nothing";

/** @returns the offset of the first token that does not fit, or the end if the rest is missing. */
export function jsonErrorOffset(text: string): number {
  const open: ("[" | "{")[] = [];
  let wanted: Wanted = "value";
  let offset = 0;
  const afterValue = (): Wanted => (open.length === 0 ? "nothing" : ", or end");
  for (;;) {
    token.lastIndex = offset;
    const match = token.exec(text);
    white.lastIndex = offset;
    const start = offset + (white.exec(text)?.[0].length ?? 0);
    if (match === null) return Math.min(start, text.trimEnd().length);
    const next = follow(wanted, match[1], match[2] !== undefined, open, afterValue);
    if (next === undefined) return start;
    wanted = next;
    offset = token.lastIndex;
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
