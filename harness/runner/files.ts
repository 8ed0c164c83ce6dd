/**
 * Writes what the lab leaves behind; what keeps it from being written is one line. A file is there
 * whole or not at all: it is written under a name of its own, and then takes the place of an older
 * one. A full disk or a sudden end leaves the older one, and two writers do not meet.
 */
import { randomBytes } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../input/user-error.ts";

export const errorCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

const statOf = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });

/**
 * Finds out at once whether files can be written below a folder, which need not exist yet. Nothing
 * is left of the attempt.
 * @param setting what the caller's user calls the setting that the folder comes from.
 * @throws UserError if it can be no folder, or nothing can be written there.
 */
export function checkFolder(cwd: string, folder: string, setting: string): void {
  const full = resolve(cwd, folder);
  let made: string | undefined;
  try {
    const stat = statOf(full);
    if (stat !== undefined && !stat.isDirectory()) {
      throw new UserError(`${folder}: is a file; ${setting} needs a folder`);
    }
    made = makeFolders(full);
    accessSync(full, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `${folder}: can be no folder (${errorCode(error)}); choose another ${setting}`,
    );
  } finally {
    if (made !== undefined) removeFolders(full, made);
  }
}

/**
 * Makes a folder and those around it. One by one: where no folder can be made though none is
 * there, as below /proc, Node itself would try for ever.
 * @returns the outermost that was made, if any was.
 */
function makeFolders(full: string): string | undefined {
  const missing: string[] = [];
  for (let path = full; statOf(path) === undefined; path = dirname(path)) missing.unshift(path);
  for (const path of missing) {
    try {
      mkdirSync(path);
    } catch (error) {
      // Another writer needs it, too.
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
  return missing[0];
}

/** Removes a folder and those around it, up to the outermost one that was made for it. */
function removeFolders(innermost: string, outermost: string): void {
  try {
    for (let path = innermost; path.startsWith(outermost); path = dirname(path)) rmdirSync(path);
  } catch {
    // Somebody else has put something there meanwhile.
  }
}

/**
 * Writes a file, and the folders it needs.
 * @param setting what the caller's user calls the setting that the path comes from.
 * @throws UserError, which names that setting; then the file is as it was before.
 */
export function writeOut(
  cwd: string,
  path: string,
  content: string | Uint8Array,
  setting: string,
): void {
  try {
    const full = resolve(cwd, path);
    makeFolders(dirname(full));
    const stat = statOf(full);
    // What is no file, such as a pipe, has no older content to be kept.
    if (stat !== undefined && !stat.isFile()) writeFileSync(full, content);
    else replaceFile(stat === undefined ? full : realpathSync(full), content, stat?.mode);
  } catch (error) {
    const code = errorCode(error);
    throw new UserError(`${path}: cannot be written (${code}); choose another ${setting}`);
  }
}

/**
 * Writes a file that must not be there yet.
 * @throws UserError
 */
export function writeNew(cwd: string, path: string, content: string): void {
  const full = resolve(cwd, path);
  try {
    makeFolders(dirname(full));
    // Also a link that leads nowhere has the name.
    if (lstatSync(full, { throwIfNoEntry: false }) !== undefined) throw exists(path);
    const draft = writeDraft(full, content, undefined);
    try {
      linkSync(draft, full);
    } catch (error) {
      if (errorCode(error) === "EEXIST") throw exists(path);
      // Some file systems know no second name for a file.
      copyFileSync(draft, full, constants.COPYFILE_EXCL);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: cannot be written (${errorCode(error)})`);
  }
}

const exists = (path: string): UserError =>
  new UserError(`${path}: is there already; choose another name`);

function replaceFile(full: string, content: string | Uint8Array, mode: number | undefined): void {
  const draft = writeDraft(full, content, mode);
  try {
    renameSync(draft, full);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** @returns the path of a new file beside `full`. */
function writeDraft(full: string, content: string | Uint8Array, mode: number | undefined): string {
  const name = basename(full).slice(0, 100);
  const draft = join(dirname(full), `.${name}.${randomBytes(6).toString("hex")}.draft`);
  const fd = openSync(draft, "wx", mode === undefined ? undefined : mode & 0o777);
  try {
    writeFileSync(fd, content);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return draft;
}
