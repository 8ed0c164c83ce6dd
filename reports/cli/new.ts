/** `mallory new`: a commented file to start from, which works as it is. */
import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { unknownName } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { writeNew } from "../../harness/runner/files.ts";
import { terminalText } from "../escape.ts";
import { shellWord } from "./attack-files.ts";
import { exitCode, type Io } from "./io.ts";

interface Kind {
  readonly ending: string;
  readonly otherEnding: RegExp;
  /** The file it is made from; its own name stands for the new one. */
  readonly from: string;
  /** What the file names below the lab's folder, as it is written there; a path replaces it. */
  readonly reference?: RegExp;
  readonly command: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  protocol: {
    ending: ".ts",
    otherEnding: /\.[cm]?[jt]s$/,
    from: "protocol.ts",
    command: "matrix",
  },
  scenario: {
    ending: ".yaml",
    otherEnding: /\.ya?ml$/,
    from: "scenario.yaml",
    reference: /(?<=\$schema=)\.\.\/\.\.\/\.\.\/(scenarios\/\S+)/g,
    command: "run",
  },
};
export const newKinds: readonly string[] = Object.keys(kinds);

const startingFolder = fileURLToPath(new URL("./starting/", import.meta.url));
const labFolder = fileURLToPath(new URL("../../", import.meta.url));

/** @throws UserError */
export function newCommand(what: string, named: string, io: Io): number {
  const kind = Object.hasOwn(kinds, what) ? kinds[what] : undefined;
  if (kind === undefined)
    throw new UserError(unknownName("file to start from for", what, newKinds));
  const name = checkedName(basename(named).replace(kind.otherEnding, ""));
  const path = join(dirname(named), `${name}${kind.ending}`);
  const full = resolve(io.cwd, path);
  writeNew(io.cwd, path, contentOf(what, kind, name, dirname(full)));
  const shown = isAbsolute(path) || path.startsWith("..") ? path : `.${sep}${path}`;
  io.out(`${terminalText(shown)}\n`);
  io.out(`try it: npx mallory ${kind.command} ${terminalText(shellWord(shown))}\n`);
  return exitCode.asExpected;
}

function checkedName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,79}$/.test(name)) return name;
  const near = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 80);
  const meant = near === "" ? "" : `, such as ${near}`;
  throw new UserError(`"${name}": a name has lower-case letters, digits and hyphens${meant}`);
}

function contentOf(what: string, kind: Kind, name: string, folder: string): string {
  const text = readFileSync(join(startingFolder, kind.from), "utf8");
  const content = text.replaceAll(`my-${what}`, name);
  if (kind.reference === undefined) return content;
  return content.replace(kind.reference, (_, inLab: string) =>
    pathFrom(folder, join(labFolder, ...inLab.split("/"))),
  );
}

/** With slashes, and a dot first. */
function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  // From one drive to another there is no way but the whole one.
  if (isAbsolute(path)) return pathToFileURL(file).href;
  const slashed = path.split(sep).join("/");
  return slashed.startsWith(".") ? slashed : `./${slashed}`;
}
