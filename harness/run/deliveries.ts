/** What the adversary makes by recipes, from what it has by the moment of the delivery. */
import { sha256 } from "@noble/hashes/sha2.js";
import { attackerHost, type Move, packetKey } from "../../attacker/move.ts";
import { bytesOfValue, cook, type Kitchen } from "../../attacker/recipe/cook.ts";
import { type Recipe, recipeKey } from "../../attacker/recipe/recipe.ts";
import { RecordedValues } from "../../attacker/recipe/recorded-values.ts";
import { hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import { operations } from "../../protocol/kit/operations.ts";
import type { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import type { Adversary } from "./adversary/adversary.ts";
import type { RunState } from "./run-state.ts";

export type DeliverMove = Extract<Move, { move: "deliver" }>;

export class Deliveries implements Kitchen {
  readonly #run: RunState;
  readonly #adversary: Adversary;
  readonly #values: RecordedValues;
  readonly #fresh = new Map<string, Uint8Array>();
  /** What was made once is the same wherever the same recipe stands. */
  readonly #made = new Map<string, Uint8Array>();

  constructor(run: RunState, adversary: Adversary) {
    this.#run = run;
    this.#adversary = adversary;
    this.#values = new RecordedValues(run.log);
  }

  /** @returns the bytes; `undefined` if the adversary cannot make them by now. */
  bytesOf(recipe: Recipe): Uint8Array | undefined {
    const key = recipeKey(recipe);
    const bytes = this.#made.get(key) ?? cook(recipe, this);
    if (bytes !== undefined) this.#made.set(key, bytes);
    return bytes;
  }

  kit(recipe: string): CryptoKit {
    return new CryptoRecorder(this.#run.log, coinsOf(this.#run.random, recipe), attackerHost, {
      done: (op) => {
        if (operations[op.op].fresh === true) this.#adversary.learns(op.output);
      },
      failed: () => undefined,
      compare: (a, b) => a === b,
    });
  }

  value: Kitchen["value"] = (name) => bytesOfValue(this.#values.find(name));

  packet: Kitchen["packet"] = (ref) => this.#run.named.get(packetKey(ref))?.bytes;

  fresh(id: number, length: number): Uint8Array {
    const key = `${id}/${length}`;
    let bytes = this.#fresh.get(key);
    if (bytes === undefined) {
      bytes = freshBytes(this.#run.random, id, length);
      this.#fresh.set(key, bytes);
      this.#adversary.learns(latin1(bytes));
      const output = latin1(bytes);
      const algorithm = freshName(id, length);
      const drawn = { op: "random", algorithm, inputs: [], output, by: attackerHost } as const;
      this.#run.log.push({ ...drawn, backwards: false });
    }
    return bytes;
  }

  own: Kitchen["own"] = (which, kind) => {
    const pair = this.#adversary.ownKeys.ofKind(kind);
    return which === "public" ? pair?.publicKey.slice() : pair?.privateKey.slice();
  };

  derivable(bytes: Uint8Array): boolean {
    if (this.#run.plan.probing !== undefined) return true;
    return this.#adversary.knowledge().derivable(bytes);
  }
}

/** The coins that the adversary tosses for a recipe: the same ones whenever it is made. */
export function coinsOf(random: Random, recipe: string): Random {
  const label = hex(sha256(utf8(recipe)).subarray(0, 16));
  return random.fork(attackerHost).fork("deliver").fork(label);
}

/** How the adversary's own values are recorded, so that they are found again by their number. */
const freshName = (id: number, length: number): string => `own value ${id} of ${length} bytes`;
/** @returns the recipe for the value that is recorded so, if it is one. */
export function freshNamed(algorithm: string): Recipe | undefined {
  const [, id, length] = /^own value (\d+) of (\d+) bytes$/.exec(algorithm) ?? [];
  return id === undefined ? undefined : { fresh: Number(id), length: Number(length) };
}

/** @param random that of the run. */
export const freshBytes = (random: Random, id: number, length: number): Uint8Array =>
  random.fork(attackerHost).fork("fresh").fork(`${id}`).bytes(length);
