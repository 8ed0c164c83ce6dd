/**
 * How protocols and their options are written on the command line and in files:
 * `object-security?seg=128&loop=true`, `./my-protocol.ts`, `./file.ts#exportName?option=value`.
 */

import { type Capability, capabilities } from "../../attacker/move.ts";
import type { OptionSpecs, OptionValues } from "../../protocol/endpoint.ts";
import { guarantees } from "../guarantees/catalog.ts";
import type { Subject } from "../subject.ts";
import { listed, nearest, unknownName } from "./suggestions.ts";
import { UserError } from "./user-error.ts";

/** Files that a protocol can be loaded from. */
export const codeEndings = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"] as const;

export interface ProtocolName {
  /** As written, without options: a bundled name, a path, or `path#exportName`. */
  readonly source: string;
  /** The path, where the protocol is named by one. */
  readonly file?: string;
  readonly exportName?: string;
  /** The options that were given. */
  readonly given: OptionValues;
}

/** A path with one of {@link codeEndings}; what follows must be options or an export's name. */
const codePath = /^(.*\.[cm]?[jt]s)(?=[?#]|$)(.*)$/s;
const plainPath = /^([^?#]*)(.*)$/s;
const suffix = /^(?:#([^?#]*))?(?:\?([^#]*))?(?:#([^?#]*))?$/s;

const looksLikePath = (text: string): boolean => /[\\/]/.test(text) || codePath.test(text);

/** @throws UserError if it cannot be read. Whether such a protocol exists is not looked at. */
export function parseProtocolName(text: string): ProtocolName {
  if (text.trim() === "") throw new UserError("the name of a protocol is empty");
  const named = (looksLikePath(text) ? codePath.exec(text) : null) ?? plainPath.exec(text);
  const base = named?.[1] ?? "";
  const rest = suffix.exec(named?.[2] ?? "");
  if (rest === null || (rest[1] !== undefined && rest[3] !== undefined)) {
    throw new UserError(
      `"${text}" cannot be read; write name?option=value&option=value, or ./file.ts#exportName`,
    );
  }
  const exportName = rest[1] ?? rest[3];
  const given = parseOptions(text, rest[2]);
  if (!looksLikePath(base)) {
    if (exportName === undefined) return { source: base, given };
    throw new UserError(`"${text}": only a file has exports; write ./file.ts#${exportName}`);
  }
  if (exportName === undefined || exportName === "") return { source: base, file: base, given };
  return { source: `${base}#${exportName}`, file: base, exportName, given };
}

function parseOptions(text: string, written: string | undefined): OptionValues {
  const given = new Map<string, string>();
  if (written === undefined || written === "") return {};
  for (const part of written.split("&")) {
    const equals = part.indexOf("=");
    const name = equals < 0 ? part : part.slice(0, equals);
    if (equals < 1) throw new UserError(`"${text}": "${part}" must be written option=value`);
    if (given.has(name)) throw new UserError(`"${text}" gives the option "${name}" twice`);
    given.set(name, part.slice(equals + 1));
  }
  return Object.fromEntries(given);
}

/** Every option of a protocol, with defaults where none is given. @throws UserError */
export function fillOptions(
  source: string,
  specs: OptionSpecs | undefined,
  given: OptionValues,
): OptionValues {
  const known = Object.entries(specs ?? {});
  const filled = Object.fromEntries(known.map(([name, spec]) => [name, spec.default]));
  for (const [name, value] of Object.entries(given)) {
    const spec = known.find(([id]) => id === name)?.[1];
    if (spec === undefined) {
      throw new UserError(
        known.length === 0
          ? `${source} has no options, so "${name}" cannot be set`
          : `${source}: ${unknownName(
              "option",
              name,
              known.map(([id]) => id),
            )}`,
      );
    }
    if (!spec.values.includes(value)) {
      const near = nearest(value, spec.values);
      const meant = near === undefined ? "" : `did you mean "${near}"? `;
      const allowed = `${name} can be ${listed(spec.values)}`;
      throw new UserError(`${source}: ${name}="${value}" is not allowed; ${meant}${allowed}`);
    }
    filled[name] = value;
  }
  return filled;
}

/** Options that differ from their defaults, as they are written: `seg=128&loop=true`, or "". */
export function writtenOptions(specs: OptionSpecs | undefined, options: OptionValues): string {
  return Object.entries(options)
    .filter(([name, value]) => specs?.[name]?.default !== value)
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** `source?option=value`, the shortest text that names the same subject. */
export function nameOf(subject: Subject): string {
  const options = writtenOptions(subject.protocol.options, subject.options);
  return options === "" ? subject.source : `${subject.source}?${options}`;
}

/** @throws UserError unless every name is a guarantee. */
export function checkGuarantees(names: readonly string[]): readonly string[] {
  const ids = guarantees.map((g) => g.id);
  const wrong = names.find((name) => !ids.includes(name));
  if (wrong !== undefined) throw new UserError(unknownName("guarantee", wrong, ids));
  return [...new Set(names)];
}

const isCapability = (name: string): name is Capability =>
  (capabilities as readonly string[]).includes(name);

/** @throws UserError unless every name is a capability. */
export function checkCapabilities(names: readonly string[]): readonly Capability[] {
  const wrong = names.find((name) => !isCapability(name));
  if (wrong !== undefined) throw new UserError(unknownName("capability", wrong, capabilities));
  return [...new Set(names.filter(isCapability))];
}

/**
 * An attacker who can do more can also do less: an attacker on the path sees the traffic and can
 * send, and no attacker is needed for a network to lose a packet.
 */
export function withWeaker(capabilities: readonly Capability[]): readonly Capability[] {
  const all = new Set<Capability>(["none", ...capabilities]);
  if (all.has("on-path")) all.add("passive").add("off-path");
  return [...all];
}
