/** What was given for the flags that commands share, checked: a mistake is told in one line. */
import type { Capability } from "../../attacker/move.ts";
import {
  checkCapabilities,
  checkGuarantees,
  parseProtocolName,
  withWeaker,
} from "../../harness/input/protocol-reference.ts";
import { UserError } from "../../harness/input/user-error.ts";
import type { Budget } from "../../harness/runner/settings.ts";
import { defaultSeed } from "../../harness/subject.ts";

export interface Flags {
  readonly seed: string;
  readonly json: boolean;
  readonly out: string;
  readonly guarantees?: readonly string[];
  /** All that the attacker may do, what follows from it included. */
  readonly capabilities?: readonly Capability[];
  readonly budget?: Budget;
  readonly workers?: number;
  /** Only the first so many sessions of the workload. */
  readonly sessions?: number;
  readonly bail: boolean;
  readonly color: boolean;
  readonly quiet: boolean;
  readonly debug: boolean;
}

/** As commander hands them over. */
export interface RawFlags {
  readonly seed?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly guarantee?: readonly string[];
  readonly capability?: readonly string[];
  readonly budget?: string;
  readonly workers?: string;
  readonly sessions?: string;
  readonly bail?: boolean;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

const mostWorkers = 256;
const mostSessions = 1_000;

/** Values of a flag that takes several: `a b`, `a,b`, and the flag twice. */
const several = (values: readonly string[] | undefined): readonly string[] | undefined =>
  values?.flatMap((v) => v.split(",")).filter((v) => v !== "");

/** Protocols must come before a flag that takes several values, or they count as one of them. */
function misplacedProtocol(
  names: readonly string[],
  flag: string,
  bundled: readonly string[],
): void {
  const misplaced = names.find((name) => isProtocol(name, bundled));
  if (misplaced === undefined) return;
  throw new UserError(
    `--${flag} takes every word after it, "${misplaced}" too; write protocols first`,
  );
}

function isProtocol(text: string, bundled: readonly string[]): boolean {
  try {
    const { file, source } = parseProtocolName(text);
    return file !== undefined || bundled.includes(source);
  } catch {
    return false;
  }
}

export function parseBudget(text: string): Budget {
  const match = /^(\d{1,9}) ?(s|m|h|runs?)$/.exec(text.trim());
  const n = Number(match?.[1]);
  if (match === null || n < 1) {
    throw new UserError(`--budget "${text}": write a number of runs or seconds: 5000runs or 30s`);
  }
  const unit = match[2] ?? "";
  if (unit.startsWith("run")) return { unit: "runs", runs: n };
  return { unit: "seconds", seconds: n * (unit === "h" ? 3600 : unit === "m" ? 60 : 1) };
}

function parseNumber(flag: string, text: string, most: number): number {
  const n = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (n >= 1 && n <= most) return n;
  throw new UserError(`--${flag} "${text}": write a number from 1 to ${most}`);
}

/**
 * @param bundled names of bundled protocols, to see one that stands in the wrong place.
 * @throws UserError
 */
export function flagsOf(raw: RawFlags, noColor: boolean, bundled: readonly string[] = []): Flags {
  const guarantees = several(raw.guarantee);
  const capabilities = several(raw.capability);
  if (guarantees !== undefined) misplacedProtocol(guarantees, "guarantee", bundled);
  if (capabilities !== undefined) misplacedProtocol(capabilities, "capability", bundled);
  return {
    seed: raw.seed ?? defaultSeed,
    json: raw.json === true,
    out: raw.out ?? "mallory-out",
    ...(guarantees === undefined ? {} : { guarantees: checkGuarantees(guarantees) }),
    ...(capabilities === undefined
      ? {}
      : { capabilities: withWeaker(checkCapabilities(capabilities)) }),
    ...(raw.budget === undefined ? {} : { budget: parseBudget(raw.budget) }),
    ...(raw.workers === undefined
      ? {}
      : { workers: parseNumber("workers", raw.workers, mostWorkers) }),
    ...(raw.sessions === undefined
      ? {}
      : { sessions: parseNumber("sessions", raw.sessions, mostSessions) }),
    bail: raw.bail === true,
    color: raw.color !== false && !noColor,
    quiet: raw.quiet === true,
    debug: raw.debug === true,
  };
}
