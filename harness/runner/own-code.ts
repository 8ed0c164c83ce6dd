/** Which code is the protocol's own, and what its files are called in reports. */
import { createRequire } from "node:module";
import { dirname, isAbsolute, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { CodePlace } from "../code-places.ts";
import type { SourcePlace } from "./definition-place.ts";
import { labFolder } from "./load-complaints.ts";

/** What the lab consists of, below its folder; a protocol of one's own may lie beside it. */
const labParts = "protocol|attacker|harness|scenarios|reports|node_modules|index\\.";
/** Bundled protocols are in folders of this one. */
const bundled = "protocol/(?!kit/)[^/]+/";

const escaped = (text: string): string => text.replace(/[^\w/]/g, "\\$&");

/** The same folder as a path and as the inspector may write it, as the beginning of a URL. */
const beginning = (folder: string): string =>
  `(?:${escaped(folder)}|${escaped(pathToFileURL(folder).href)})`;

/**
 * Matches the paths and the URLs of all code that is not the protocol's own.
 * @param file of the protocol, as a whole path; `undefined`: it is bundled.
 * @param except files of the lab, from its folder, that do not match either.
 */
export function foreignCode(file: string | undefined, except: readonly string[] = []): RegExp {
  const lab = beginning(labFolder);
  const kept = except.map((path) => escaped(path));
  if (file === undefined) return new RegExp(`^(?!${lab}(?:${[bundled, ...kept].join("|")}))`);
  const beside = relative(labFolder, dirname(file)).split(sep).join("/");
  const isInside = beside !== "" && !beside.startsWith("..") && !isAbsolute(beside);
  const own = [...(isInside ? [`${escaped(beside)}/`] : []), ...kept];
  const but = own.length === 0 ? "" : `(?!${own.join("|")})`;
  return new RegExp(
    `^(?:node:|(?!/|[A-Za-z]:|file:|data:)|.*(?:/|%2F)node_modules(?:/|%2F)|${lab}${but}(?:${labParts}))`,
  );
}

/** The folder of the package, whether the lab in it is built or not. */
const packageFolder = dirname(createRequire(import.meta.url).resolve("mallory/package.json"));

/**
 * A place as reports name it.
 * @param cwd the working folder; `undefined` for what is bundled, wherever the lab is installed.
 */
export function codePlace({ path, line, column }: SourcePlace, cwd: string | undefined): CodePlace {
  const at = { line, column };
  const base = cwd === undefined ? "package" : "working-folder";
  const short = relative(cwd ?? packageFolder, path);
  const isBelow = !short.startsWith("..") && !isAbsolute(short);
  const named = (isBelow ? short : path).split(sep).join("/");
  return { path: named, base: isBelow ? base : undefined, ...at };
}
