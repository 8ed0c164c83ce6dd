/** Finds protocols by their names. Those of files are loaded in a worker thread. */
import { type ProtocolName, parseProtocolName } from "../input/protocol-reference.ts";
import { UserError } from "../input/user-error.ts";
import { type CheckedProtocol, checkedProtocol } from "./checked-protocol.ts";
import { OwnError } from "./own-error.ts";
import type { Observer } from "./settings.ts";
import type { Failure, WorkerPool } from "./worker-pool.ts";

/** All bundled protocols but those that take minutes each. */
export async function everydayNames(): Promise<readonly string[]> {
  const { byNameOnly, protocols } = await import("../../protocol/catalog.ts");
  return protocols.filter((p) => !byNameOnly.includes(p)).map((p) => p.name);
}

/** What came wrong out of a worker, as the exception it stands for. */
export const errorOf = (failure: Failure): Error =>
  failure.end === "lab" ? new OwnError(failure) : new UserError(failure.message);

/**
 * Looks at every protocol before any work begins, so that a misspelt name costs no time.
 * @param references as names are written: `name?option=value`, `./file.ts#export`.
 * @returns one for each protocol; names of the same protocol with the same options are one.
 * @throws UserError if a name or a file is wrong, OwnError if the lab is.
 */
export function checkProtocols(
  pool: WorkerPool,
  references: readonly string[],
  observer: Observer,
): Promise<readonly CheckedProtocol[]> {
  return checkNames(pool, [...new Set(references)].map(parseProtocolName), observer);
}

/**
 * The same, but files that are wrong do not keep the others from being looked at.
 * @returns what is wrong with those files, besides the protocols that there are.
 * @throws UserError if a name is wrong, or the only file is; OwnError if the lab is.
 */
export async function checkEach(
  pool: WorkerPool,
  references: readonly string[],
  observer: Observer,
): Promise<{
  readonly checked: readonly CheckedProtocol[];
  readonly failures: readonly Failure[];
}> {
  const names = [...new Set(references)].map(parseProtocolName);
  const settled = await Promise.allSettled(names.map((name) => checkOne(pool, name, observer)));
  const found = new Map<string, CheckedProtocol>();
  const failures: Failure[] = [];
  for (const [i, one] of settled.entries()) {
    if (one.status === "fulfilled") {
      found.set(one.value.label, one.value);
      continue;
    }
    const isFile = names[i]?.file !== undefined;
    if (!isFile || names.length === 1 || !(one.reason instanceof UserError)) throw one.reason;
    failures.push({ end: "user", message: one.reason.message });
  }
  return { checked: [...found.values()], failures };
}

/** The same for names that have been read already. @throws UserError, OwnError */
export async function checkNames(
  pool: WorkerPool,
  names: readonly ProtocolName[],
  observer: Observer,
): Promise<readonly CheckedProtocol[]> {
  const checked = names.map((name) => checkOne(pool, name, observer));
  const settled = await Promise.allSettled(checked);
  const failed = settled.find((s) => s.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const found = await Promise.all(checked);
  return [...new Map(found.map((one) => [one.label, one])).values()];
}

/** @throws UserError, OwnError */
export async function checkReference(
  pool: WorkerPool,
  reference: string,
  observer: Observer,
): Promise<CheckedProtocol> {
  return checkOne(pool, parseProtocolName(reference), observer);
}

async function checkOne(
  pool: WorkerPool,
  name: ProtocolName,
  observer: Observer,
): Promise<CheckedProtocol> {
  if (name.file === undefined) {
    const { bundledSubject } = await import("../input/bundled-protocols.ts");
    return checkedProtocol(name, bundledSubject(name));
  }
  const print = (line: string): void => observer.note?.(line);
  const result = await pool.run("check", { name, label: name.source }, {}, { print }).result;
  if (result.end === "stopped") throw new UserError(`${name.source}: stopped`);
  if (result.end !== "done") throw errorOf(result);
  return result.answer;
}
