/** Reads files that users name; any error becomes one line. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "./user-error.ts";

const largestBytes = 256 * 1024 * 1024;

/**
 * @param file as it is named in messages, relative to `cwd`.
 * @param what what it should be, for messages: `a scenario`.
 * @throws UserError
 */
export const readTextFile = (file: string, cwd: string, what: string): string =>
  readBytesFile(file, cwd, what).toString("utf8");

/** The same for files that are no text. @throws UserError */
export function readBytesFile(file: string, cwd: string, what: string): Buffer {
  let fd: number | undefined;
  try {
    // A pipe that nobody writes to would otherwise be waited for.
    fd = openSync(resolve(cwd, file), constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new UserError(`${file}: is a folder; name ${what} in it`);
    if (!stat.isFile()) throw new UserError(`${file}: is no regular file, and cannot be ${what}`);
    if (stat.size > largestBytes) throw new UserError(`${file}: is too large to be ${what}`);
    return readFileSync(fd);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") throw new UserError(`${file}: does not exist`);
    throw new UserError(`${file}: cannot be read (${code})`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
