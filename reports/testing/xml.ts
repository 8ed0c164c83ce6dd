/** For tests: reads XML 1.0 as far as reports write it, and refuses everything else. */

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Character data between the children, entities resolved. */
  readonly text: string;
}

/** Char of XML 1.0 (§2.2): no other character may occur, not even as a reference. */
const characters = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;
const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};
const token = /<(\/?)([A-Za-z][\w.-]*)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>|[^<]+/gy;

function resolved(text: string): string {
  const left = text.replace(/&(?:amp|lt|gt|quot|apos);/g, "");
  if (left.includes("&")) throw new Error(`a bare & in ${text}`);
  return text.replace(/&(\w+);/g, (_, name: string) => entities[name] ?? "");
}

/** @throws Error if it is not well-formed. */
export function readXml(document: string): XmlElement {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!document.startsWith(declaration)) throw new Error("no declaration");
  if (!characters.test(document)) throw new Error("a character that XML forbids");
  const root: { name: string; children: XmlElement[]; text: string } = open("");
  const stack = [root];
  token.lastIndex = declaration.length;
  while (token.lastIndex < document.length) {
    const at = token.lastIndex;
    const match = token.exec(document);
    if (match === null) throw new Error(`no XML: ${document.slice(at, at + 60)}`);
    const [text, closing, name = "", written = "", empty] = match;
    const inside = stack.at(-1);
    if (inside === undefined) throw new Error("something after the end");
    if (closing === undefined) {
      inside.text += resolved(text);
    } else if (closing === "/") {
      if (stack.pop()?.name !== name) throw new Error(`</${name}> does not fit`);
    } else {
      const element = { ...open(name), attributes: attributesIn(written) };
      inside.children.push(element);
      if (empty !== "/") stack.push(element);
    }
  }
  if (stack.length !== 1) throw new Error(`<${stack.at(-1)?.name}> is never closed`);
  const [only, ...others] = root.children;
  if (only === undefined || others.length > 0) throw new Error("not one root");
  return only;
}

const open = (name: string) => ({ name, children: [] as XmlElement[], text: "" });

function attributesIn(written: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [, name = "", value = ""] of written.matchAll(/([\w.-]+)="([^"]*)"/g)) {
    if (name in found) throw new Error(`${name} twice`);
    found[name] = resolved(value);
  }
  return found;
}
