/** Reads files that users name; any error becomes one line. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "./user-error.ts";

const largestBytes = 256 * 1024 * 1024;

/**
 * @param file as it is named in messages, relative to `cwd`.
 * @param what what it should be, for messages: `a scenario`.
 * @throws UserError
 */
export function readTextFile(file: string, cwd: string, what: string): string {
  try {
    const path = resolve(cwd, file);
    const stat = statSync(path);
    if (stat.isDirectory()) throw new UserError(`${file}: is a folder; name ${what} in it`);
    const endless = stat.isCharacterDevice() || stat.isBlockDevice();
    if (endless || stat.size > largestBytes) throw new UserError(`${file}: cannot be ${what}`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") throw new UserError(`${file}: does not exist`);
    throw new UserError(`${file}: cannot be read (${code})`);
  }
}
