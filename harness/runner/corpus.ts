/**
 * The folder of a random search: one file for each attack worth keeping, a JSON list of moves
 * named by its content, and a state file from which an interrupted search goes on.
 */
import { readdirSync, renameSync } from "node:fs";
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
import type { Checkpoint } from "../search/fuzz.ts";
import { isFile, writeOut } from "./files.ts";
import type { Reached } from "./worker-task.ts";

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

/** The same for the same attack, in whatever order its fields were written. */
export const contentOf = (attack: Attack): string => jsonText(attackSchema.parse(attack));
const nameOf = (content: string): string => `${hex(sha256(utf8(content))).slice(0, 32)}.json`;

export class Corpus {
  readonly folder: string;
  readonly #cwd: string;
  /** Files known to hold what their name says. */
  readonly #files = new Map<string, Attack>();

  /** @throws UserError if `folder` can be no folder. */
  constructor(cwd: string, folder: string) {
    this.#cwd = cwd;
    this.folder = folder;
    if (isFile(resolve(cwd, folder))) {
      throw new UserError(`${folder}: is a file; --corpus needs a folder`);
    }
  }

  get size(): number {
    return this.#files.size;
  }

  /**
   * The names of all attacks in the folder. Whatever else is there is told, and left alone; an
   * attack under a name of the user's own gets a copy under its right one.
   */
  load(tell: (line: string) => void): readonly string[] {
    const complaints: string[] = [];
    for (const name of this.#names()) {
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
    for (const line of complaints.slice(0, mostComplaints)) tell(line);
    const more = complaints.length - mostComplaints;
    if (more > 0) tell(`${this.folder}: ${more} more files skipped`);
    return [...this.#files.keys()].sort();
  }

  #names(): readonly string[] {
    try {
      const names = readdirSync(resolve(this.#cwd, this.folder));
      return names.filter((n) => !n.startsWith(".") && n !== stateFile).sort();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      if (code === "ENOENT") return [];
      throw new UserError(`${this.folder}: cannot be read (${code}); choose another --corpus`);
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
    writeOut(this.#cwd, join(this.folder, name), content, "--corpus");
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
      throw new UserError(`${path}: was changed, and the search cannot go on; leave out --resume`);
    }
    this.#files.set(name, attack);
    return attack;
  }

  /** @throws UserError if there is none, or it is not readable. */
  loadState(): FuzzState {
    const path = join(this.folder, stateFile);
    let text: string;
    try {
      text = readTextFile(path, this.#cwd, "the state of a search");
    } catch (error) {
      if (!(error instanceof UserError) || !error.message.endsWith("does not exist")) throw error;
      throw new UserError(`${this.folder}: holds no search to go on with; leave out --resume`);
    }
    return readJson(path, text).checked(stateSchema);
  }

  /** All at once: a state that is cut off would be worth nothing. @throws UserError */
  saveState(state: FuzzState): void {
    const path = join(this.folder, stateFile);
    const draft = join(this.folder, `.${stateFile}`);
    writeOut(this.#cwd, draft, jsonText(state), "--corpus");
    try {
      renameSync(resolve(this.#cwd, draft), resolve(this.#cwd, path));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      throw new UserError(`${path}: cannot be written (${code}); choose another --corpus`);
    }
  }
}

/** Follows a search, and keeps its folder up to date. */
export class CorpusKeeper {
  readonly #corpus: Corpus;
  #state: FuzzState;
  #problem: UserError | undefined;

  constructor(corpus: Corpus, state: FuzzState) {
    this.#corpus = corpus;
    this.#state = state;
  }

  /** What kept a file from being written, if anything did. */
  get problem(): UserError | undefined {
    return this.#problem;
  }

  reach(index: number, { added, ...counts }: Reached): void {
    this.#write(() => {
      const kept = this.#state.shards[index]?.kept ?? [];
      const names = added.map((attack) => this.#corpus.keep(attack));
      this.#set(index, { ...counts, kept: [...kept, ...names] });
    });
  }

  /** The last word of a shard, which may be ahead of what was told before. */
  finish(index: number, { kept, ...counts }: Checkpoint): void {
    this.#write(() => {
      this.#set(index, { ...counts, kept: kept.map((attack) => this.#corpus.keep(attack)) });
    });
  }

  /** Attacks that are no part of how the search goes on, but worth trying next time. */
  found(attacks: readonly Attack[], broken: readonly Attack[]): void {
    this.#write(() => {
      for (const attack of attacks) this.#corpus.keep(attack);
      const names = broken.filter((a) => a.length > 0).map((a) => this.#corpus.keep(a));
      this.#state = { ...this.#state, found: [...new Set([...this.#state.found, ...names])] };
      this.#corpus.saveState(this.#state);
    });
  }

  #set(index: number, shard: FuzzState["shards"][number]): void {
    this.#state = { ...this.#state, shards: this.#state.shards.with(index, shard) };
    this.#corpus.saveState(this.#state);
  }

  #write(write: () => void): void {
    if (this.#problem !== undefined) return;
    try {
      write();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#problem = error;
    }
  }
}
