/** Saves the attacks of findings, and looks up their files. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseProtocolName } from "../../harness/input/protocol-reference.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { checkFolder, writeOut } from "../../harness/runner/files.ts";
import type { Finding, GuaranteeVerdict, SavedAttack } from "../../harness/verdict.ts";
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
  /** Saved files by their content, and what each of them holds by now. */
  readonly #paths = new Map<string, string>();
  readonly #contents = new Map<string, string>();
  readonly #folders = new Map<string, string>();
  #problem: UserError | undefined;

  /** @throws UserError if `out` cannot be a folder. */
  constructor(cwd: string, out: string) {
    this.#cwd = cwd;
    this.#out = out;
    checkFolder(cwd, out, "--out");
  }

  get saved(): number {
    return this.#contents.size;
  }

  /** The error that kept a file from being written, if any. */
  get problem(): UserError | undefined {
    return this.#problem;
  }

  /**
   * Saves all findings of a verdict.
   * @param about the protocol: `id` is unique in one report, `name` is for display.
   * @param isFinal nothing will be found any more: what came to nothing is taken back.
   */
  save(about: Owner, verdict: GuaranteeVerdict, isFinal = false): void {
    const { guarantee, found, finding, layer, others } = verdict;
    if (found !== undefined) this.#write(about, guarantee, found);
    else if (finding === undefined && isFinal) this.#withdraw(about, guarantee);
    if (finding !== undefined) this.#write(about, guarantee, finding.attack);
    if (layer?.finding !== undefined)
      this.#write(about, `${guarantee}-layer`, layer.finding.attack);
    for (const other of others)
      this.#write(about, `${guarantee}-${other.capability}`, other.attack);
  }

  /** Saves the attack that caps the grade of a message. */
  saveCap(about: Owner, name: string, cap: SavedFrom): void {
    this.#write(about, `message-${name}`, cap.attack);
  }

  #path(about: Owner, name: string): string {
    return join(this.#out, "attacks", this.#folder(about), `${fileName(name)}.json`);
  }

  /** What was found on the way came to nothing. */
  #withdraw(about: Owner, name: string): void {
    const path = this.#path(about, name);
    if (this.#contents.delete(path)) rmSync(resolve(this.#cwd, path), { force: true });
  }

  #write(about: Owner, name: string, attack: SavedAttack): void {
    const content = jsonText(attack);
    const path = this.#path(about, name);
    if (this.#problem !== undefined) return;
    // The same attack under another name needs no second file, if the first still holds it.
    const known = this.#paths.get(content);
    if (known !== undefined && this.#contents.get(known) === content) return;
    try {
      writeOut(this.#cwd, path, content, "--out");
      this.#paths.set(content, path);
      this.#contents.set(path, content);
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
    const content = jsonText(finding.attack);
    const path = this.#paths.get(content);
    return path !== undefined && this.#contents.get(path) === content ? path : null;
  }

  replayCommand(finding: SavedFrom): string {
    const path = this.pathOf(finding);
    if (path === null) return "(not saved)";
    // A protocol of one's own is code, which a replay runs only when it is told to.
    const isOwn = parseProtocolName(finding.attack.protocol).file !== undefined;
    return `npx mallory replay ${shellWord(path)}${isOwn ? " --trust" : ""}`;
  }
}
