/** Writes what the lab leaves behind; what keeps it from being written is one line. */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../input/user-error.ts";

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

/** What else may be wrong with a path is told when something is written there. */
export function isFile(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Writes a file, and the folders it needs.
 * @param setting what the caller's user calls the setting that the path comes from.
 * @throws UserError, which names that setting.
 */
export function writeOut(
  cwd: string,
  path: string,
  content: string | Uint8Array,
  setting: string,
): void {
  const full = resolve(cwd, path);
  try {
    mkdirSync(resolve(full, ".."), { recursive: true });
    writeFileSync(full, content);
  } catch (error) {
    throw new UserError(`${path}: cannot be written (${codeOf(error)}); choose another ${setting}`);
  }
}
