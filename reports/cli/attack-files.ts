/** Saves the attacks of findings, and looks up their files. */
import { join, resolve } from "node:path";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { isFile, writeOut } from "../../harness/runner/files.ts";
import type { Finding, GuaranteeVerdict } from "../../harness/verdict.ts";
import { fileName } from "../escape.ts";

/** A command-line word that needs no quoting in a shell. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

interface Owner {
  readonly id: string;
  readonly name: string;
}

/** Whatever has an attack behind it. */
type SavedFrom = Pick<Finding, "attack">;

export class AttackFiles {
  readonly #cwd: string;
  readonly #out: string;
  /** Saved files by their content. */
  readonly #paths = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  #problem: UserError | undefined;

  /** @throws UserError if `out` cannot be a folder. */
  constructor(cwd: string, out: string) {
    this.#cwd = cwd;
    this.#out = out;
    if (isFile(resolve(cwd, out))) throw new UserError(`${out}: is a file; --out needs a folder`);
  }

  get saved(): number {
    return this.#paths.size;
  }

  /** The error that kept a file from being written, if any. */
  get problem(): UserError | undefined {
    return this.#problem;
  }

  /**
   * Saves all findings of a verdict.
   * @param about the protocol: `id` is unique in one report, `name` is for display.
   */
  save(about: Owner, { guarantee, finding, layer, others }: GuaranteeVerdict): void {
    if (finding !== undefined) this.#write(about, guarantee, finding);
    if (layer?.finding !== undefined) this.#write(about, `${guarantee}-layer`, layer.finding);
    for (const other of others) this.#write(about, `${guarantee}-${other.capability}`, other);
  }

  /** Saves the attack that caps the grade of a message. */
  saveCap(about: Owner, name: string, cap: SavedFrom): void {
    this.#write(about, `message-${name}`, cap);
  }

  #write(about: Owner, name: string, finding: SavedFrom): void {
    const content = jsonText(finding.attack);
    if (this.#paths.has(content) || this.#problem !== undefined) return;
    const path = join(this.#out, "attacks", this.#folder(about), `${fileName(name)}.json`);
    try {
      writeOut(this.#cwd, path, content, "--out");
      this.#paths.set(content, path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#problem = error;
    }
  }

  /** Two names may become equal when made safe; their files must differ. */
  #folder({ id, name }: Owner): string {
    let folder = this.#folders.get(id);
    if (folder === undefined) {
      const taken = new Set(this.#folders.values());
      const safe = fileName(name);
      folder = safe;
      for (let n = 2; taken.has(folder); n++) folder = `${safe}-${n}`;
      this.#folders.set(id, folder);
    }
    return folder;
  }

  pathOf(finding: SavedFrom): string | null {
    return this.#paths.get(jsonText(finding.attack)) ?? null;
  }

  replayCommand(finding: SavedFrom): string {
    const path = this.pathOf(finding);
    return path === null ? "(not saved)" : `npx mallory replay ${shellWord(path)}`;
  }
}
