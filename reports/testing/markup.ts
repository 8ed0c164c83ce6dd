/** For tests: a strict reader of tags, good enough to notice that text broke out of its place. */

const voids = new Set(["meta", "br", "hr", "img", "link", "input"]);

export interface Markup {
  /** What does not fit: a tag closed that is not open, or left open. Empty if all is well. */
  readonly problems: readonly string[];
  readonly tags: readonly string[];
  readonly attributes: readonly string[];
  readonly ids: readonly string[];
  readonly links: readonly string[];
}

export function readMarkup(markup: string): Markup {
  const body = markup
    .replace(/<!doctype html>/, "")
    .replace(/<style>[^<]*<\/style>/, "<style></style>");
  const open: string[] = [];
  const problems: string[] = [];
  const tags = new Set<string>();
  const attributes = new Set<string>();
  const ids: string[] = [];
  const links: string[] = [];
  const rest = body.replace(/<(\/?)([a-zA-Z0-9]+)((?:\s+[\w:-]+="[^"<>]*")*)\s*(\/?)>/g, (...m) => {
    const [, closing, tag = "", attributeText = "", selfClosing] = m as string[];
    if (closing === "/") {
      if (open.pop() !== tag) problems.push(`</${tag}> does not fit`);
      return "";
    }
    tags.add(tag);
    for (const [, name = "", value = ""] of attributeText.matchAll(/([\w:-]+)="([^"]*)"/g)) {
      attributes.add(name);
      if (name === "id") ids.push(value);
      if (name === "href") links.push(value);
    }
    if (selfClosing !== "/" && !voids.has(tag)) open.push(tag);
    return "";
  });
  const stray = /[<>]/.exec(rest);
  if (stray !== null) problems.push(`stray ${rest.slice(stray.index, stray.index + 40)}`);
  for (const tag of open) problems.push(`<${tag}> is never closed`);
  return { problems, tags: [...tags], attributes: [...attributes], ids, links };
}
