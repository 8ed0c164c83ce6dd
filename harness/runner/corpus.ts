/**
 * The folder of a random search: one file for each attack worth keeping, a JSON list of moves
 * named by its content, and a state file from which an interrupted search goes on.
 */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import { z } from "zod";
import { type Attack, attackSchema } from "../../attacker/move.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { readTextFile } from "../input/read-file.ts";
import { readJson } from "../input/source-document.ts";
import { UserError } from "../input/user-error.ts";
import { jsonText } from "../json-text.ts";
import { checkFolder, errorCode, writeOut } from "./files.ts";
import type { SettingNames } from "./settings.ts";

const stateFile = "fuzz-state.json";
/** More would take longer to try again than they are worth. */
const mostAttacks = 10_000;
const mostComplaints = 10;

const count = z.number().int().min(0);
const attackFile = z.string().regex(/^[0-9a-f]{32}\.json$/, "must be a name this lab gave");
const attackFiles = z.array(attackFile);
const guaranteeId = z.enum(guarantees.map((g) => g.id));
const shardState = z.strictObject({
  round: count,
  runs: count,
  effective: count,
  kept: attackFiles,
  firstBroken: z.partialRecord(guaranteeId, count),
});
const stateSchema = z.strictObject({
  schema: z.literal("mallory/fuzz-state@1"),
  /** What must be the same for a search to go on. */
  about: z.strictObject({
    protocol: z.string(),
    seed: z.string(),
    guarantees: z.array(z.string()).nullable(),
    capabilities: z.array(z.string()).nullable(),
    sessions: z.number().int().min(1).nullable().default(null),
  }),
  /** How many runs were asked for. */
  runs: z.number().int().min(1),
  /** What the folder held at the beginning: a shard that has no state begins with it. */
  start: attackFiles,
  /** Shrunk attacks that broke something. */
  found: attackFiles,
  shards: z.array(shardState.nullable()).max(64),
});
export type FuzzState = z.infer<typeof stateSchema>;

/** The same for the same attack, in any order of its fields. */
export const contentOf = (attack: Attack): string => jsonText(attackSchema.parse(attack));
const nameOf = (content: string): string => `${hex(sha256(utf8(content))).slice(0, 32)}.json`;

export class Corpus {
  readonly folder: string;
  readonly #cwd: string;
  readonly #names: SettingNames;
  /** Files known to hold what their name says. */
  readonly #files = new Map<string, Attack>();

  /** @throws UserError if `folder` can be no folder. */
  constructor(cwd: string, folder: string, names: SettingNames) {
    this.#cwd = cwd;
    this.#names = names;
    this.folder = folder;
    checkFolder(cwd, folder, names.corpus);
  }

  get size(): number {
    return this.#files.size;
  }

  /**
   * The names of all attacks in the folder. Anything else is noted, and left alone; an
   * attack under a name of the user's own gets a copy under its right one.
   */
  load(note: (line: string) => void): readonly string[] {
    const complaints: string[] = [];
    for (const name of this.#listed()) {
      const path = join(this.folder, name);
      let attack: Attack;
      try {
        if (!name.endsWith(".json")) throw new UserError(`${path}: is no attack (.json)`);
        if (this.#files.size >= mostAttacks) {
          throw new UserError(`${path}: is one more than ${mostAttacks} attacks`);
        }
        attack = this.#read(path);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        complaints.push(`${error.message}; skipped`);
        continue;
      }
      if (name === nameOf(contentOf(attack))) this.#files.set(name, attack);
      else this.keep(attack);
    }
    for (const line of complaints.slice(0, mostComplaints)) note(line);
    const more = complaints.length - mostComplaints;
    if (more > 0) note(`${this.folder}: ${more} more files skipped`);
    return [...this.#files.keys()].sort();
  }

  #listed(): readonly string[] {
    try {
      const names = readdirSync(resolve(this.#cwd, this.folder));
      return names.filter((n) => !n.startsWith(".") && n !== stateFile).sort();
    } catch (error) {
      const code = errorCode(error);
      if (code === "ENOENT") return [];
      throw new UserError(
        `${this.folder}: cannot be read (${code}); choose another ${this.#names.corpus}`,
      );
    }
  }

  #read(path: string): Attack {
    const text = readTextFile(path, this.#cwd, "an attack");
    return readJson(path, text).checked(attackSchema);
  }

  /** Writes an attack, unless it is there. @returns its name. @throws UserError */
  keep(attack: Attack): string {
    const content = contentOf(attack);
    const name = nameOf(content);
    if (this.#files.has(name)) return name;
    writeOut(this.#cwd, join(this.folder, name), content, this.#names.corpus);
    this.#files.set(name, attack);
    return name;
  }

  /** An attack of the state file. @throws UserError if it is gone, or another one. */
  attackNamed(name: string): Attack {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const path = join(this.folder, name);
    const attack = this.#read(path);
    if (nameOf(contentOf(attack)) !== name) {
      throw this.cannotResume(`${path}: was changed, and the search cannot go on`);
    }
    this.#files.set(name, attack);
    return attack;
  }

  /** Why the search in this folder cannot go on, and what can be done instead. */
  cannotResume(says: string, instead = ""): UserError {
    return new UserError(`${says}; leave out ${this.#names.resume}${instead}`);
  }

  /** @throws UserError if there is none, or it is not readable. */
  loadState(): FuzzState {
    const path = join(this.folder, stateFile);
    let text: string;
    try {
      text = readTextFile(path, this.#cwd, "the state of a search");
    } catch (error) {
      if (!(error instanceof UserError) || !error.message.endsWith("does not exist")) throw error;
      throw this.cannotResume(`${this.folder}: holds no search to go on with`);
    }
    return readJson(path, text).checked(stateSchema);
  }

  /** @throws UserError; the older state is then still there. */
  saveState(state: FuzzState): void {
    const path = join(this.folder, stateFile);
    writeOut(this.#cwd, path, jsonText(state), this.#names.corpus);
  }
}
