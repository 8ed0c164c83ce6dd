/** Reads scenario files, and finds the bundled ones. */
import { readdirSync } from "node:fs";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseProtocolName } from "../harness/input/protocol-reference.ts";
import { readTextFile } from "../harness/input/read-file.ts";
import { readYaml } from "../harness/input/source-document.ts";
import { unknownName } from "../harness/input/suggestions.ts";
import { UserError } from "../harness/input/user-error.ts";
import { type Scenario, scenarioOf, scenarioSchema } from "./scenario.ts";
import { plainMoves, ShortFormError } from "./short-forms.ts";

const bundledFolder = dirname(fileURLToPath(import.meta.url));
const ending = /\.ya?ml$/;

/**
 * @param file as it is named in messages. @param text its content.
 * @throws UserError with file, line and column.
 */
export function parseScenario(file: string, text: string): Scenario {
  const located = readYaml(file, text);
  const { data } = located;
  let plain = data;
  try {
    if (typeof data === "object" && data !== null && "attack" in data) {
      plain = { ...data, attack: plainMoves(data.attack, ["attack"]) };
    }
  } catch (error) {
    if (error instanceof ShortFormError) throw located.complain(error.complaint);
    throw error;
  }
  const written = located.checked(scenarioSchema, plain);
  const refuse = (key: string, says: string): UserError =>
    located.complain({ path: [key], says, aboutKey: true });
  if (written.attack === undefined) {
    for (const key of ["workload", "network", "delivers", "loses", "shows"] as const) {
      if (written[key] === undefined) continue;
      throw refuse(key, `"${key}" makes sense only with an attack; "attack: []" is nobody's`);
    }
  }
  const { expect, delivers, loses, shows } = written;
  if ([expect, delivers, loses, shows].every((wanted) => wanted === undefined)) {
    throw located.complain({ path: [], says: '"expect" is missing', aboutKey: false });
  }
  try {
    return scenarioOf(written, file, fromHere(file, written.protocol), (path) =>
      located.placeOf(path),
    );
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw located.complain({ path: ["protocol"], says: error.message, aboutKey: false });
  }
}

/** A path in a scenario starts at the scenario's file. */
function fromHere(file: string, protocol: string): string {
  const name = parseProtocolName(protocol);
  if (name.file === undefined || isAbsolute(name.file)) return protocol;
  const path = join(dirname(file), name.file);
  const shown = isAbsolute(path) || path.startsWith("..") ? path : `.${sep}${path}`;
  return shown + protocol.slice(name.file.length);
}

/** @throws UserError if the file cannot be read, or is not a scenario. */
export function loadScenario(file: string, cwd: string): Scenario {
  return parseScenario(file, readTextFile(file, cwd, "a scenario"));
}

/** All bundled scenarios, by name. @param cwd for how their files are named in messages. */
export function bundledScenarios(cwd: string): readonly Scenario[] {
  const files = readdirSync(bundledFolder).filter((name) => ending.test(name));
  return files.sort().map((name) => loadScenario(shortPath(join(bundledFolder, name), cwd), cwd));
}

function shortPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.length < path.length ? short : path;
}

/** A scenario by the name of a bundled one, or by path. @throws UserError */
export function scenarioNamed(name: string, cwd: string): Scenario {
  if (ending.test(name) || /[\\/]/.test(name)) return loadScenario(name, cwd);
  const all = bundledScenarios(cwd);
  const found = all.find((s) => s.name === name);
  if (found !== undefined) return found;
  throw new UserError(
    unknownName(
      "scenario",
      name,
      all.map((s) => s.name),
    ),
  );
}

/** What the whole catalogue is expected to find about a bundled protocol with default options. */
export function expectationFor(
  protocol: string,
  scenarios: readonly Scenario[],
): Scenario | undefined {
  return scenarios.find(
    (s) => s.run === undefined && s.protocol === protocol && Object.keys(s.options).length === 0,
  );
}
