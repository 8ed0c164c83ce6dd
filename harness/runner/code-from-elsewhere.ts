/** What code a file of data may have run without being asked about. */
import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";

/** Links are followed, as far as there is something to follow. */
function whole(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(whole(folder), basename(path));
  }
}

function isBelow(folder: string, path: string): boolean {
  const from = relative(folder, path);
  return from !== "" && !/^\.\.(?:[\\/]|$)/.test(from) && !isAbsolute(from);
}

/**
 * Does code lie neither with the file of data that names it nor in the working folder? What is
 * there, a person has put there; anything else may be a program that was meant for other things.
 * @param file the file of data. @param code the code that it names; both from `cwd`.
 */
export function isFromElsewhere(file: string, code: string, cwd: string): boolean {
  const path = whole(resolve(cwd, code));
  const folders = [whole(cwd), whole(dirname(resolve(cwd, file)))];
  return !folders.some((folder) => isBelow(folder, path));
}
