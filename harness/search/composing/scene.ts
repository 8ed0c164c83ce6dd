/** A state of the search: the run that leads to it, read as terms, and what is known in it. */
import type { Knowledge } from "../../../attacker/knowledge/knowledge.ts";
import { attackerHost, packetKey } from "../../../attacker/move.ts";
import { bytesOfValue, cook, type Kitchen } from "../../../attacker/recipe/cook.ts";
import { type Recipe, recipeKey, within } from "../../../attacker/recipe/recipe.ts";
import { RecordedValues } from "../../../attacker/recipe/recorded-values.ts";
import { Terms } from "../../../attacker/recipe/terms.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import { Random } from "../../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../../protocol/kit/recorder.ts";
import { OwnKeys } from "../../run/adversary/own-keys.ts";
import { coinsOf, freshBytes, freshNamed } from "../../run/deliveries.ts";
import { knowledgeOf } from "../../trace/trace-knowledge.ts";
import type { Delivery } from "./delivery.ts";
import type { Templates } from "./templates.ts";
import type { Outcome, Run } from "./world.ts";

export class Scene {
  readonly run: Run;
  readonly terms: Terms;
  readonly knows: Knowledge;
  readonly #kitchen: Kitchen;
  readonly #bytes = new Map<string, Latin1 | undefined>();
  /** Recipes of the adversary's own values, by their bytes. */
  readonly #own = new Map<Latin1, Recipe>();
  #has = new Map<Latin1, boolean>();
  #said: Set<Latin1> | undefined;
  #apart: readonly Delivery[] | undefined;
  #open: readonly Latin1[] | undefined;

  constructor(run: Run, about: Pick<Templates, "names" | "said" | "encodings">) {
    this.run = run;
    const { trace } = run;
    this.terms = new Terms(trace.crypto, about.names, about.said, about.encodings);
    this.knows = knowledgeOf(trace);
    this.#kitchen = kitchenOf(run);
    for (const record of trace.crypto) this.#noteOwn(record);
    for (const { delivery } of run.outcomes) this.#noteMade(delivery.recipe);
  }

  /** What the adversary has made is found again by how it was made. */
  #noteMade(whole: Recipe): void {
    for (const { recipe } of within(whole)) {
      if (!("make" in recipe)) continue;
      const bytes = this.bytesOf(recipe);
      if (bytes !== undefined && !this.#own.has(bytes)) this.#own.set(bytes, recipe);
    }
  }

  #noteOwn({ by, op, algorithm, inputs, output }: OpRecord): void {
    if (by !== attackerHost) return;
    const fresh = freshNamed(algorithm);
    if (fresh !== undefined) this.#own.set(output, fresh);
    if (operations[op].keyPair !== true) return;
    this.#own.set(output, { own: "public", kind: algorithm });
    this.#own.set(inputs[0] ?? "", { own: "private", kind: algorithm });
  }

  /** Can the adversary produce these bytes by now? */
  has(value: Latin1): boolean {
    let answer = this.#has.get(value);
    if (answer === undefined) {
      answer = this.knows.has(value);
      this.#has.set(value, answer);
    }
    return answer;
  }

  /** The adversary's own choice of these bytes, if it is one. */
  ownRecipe(value: Latin1): Recipe | undefined {
    return this.#own.get(value);
  }

  /** The adversary's own value of at least so many bytes that is a part of these. */
  ownWithin(bytes: Latin1, least: number): readonly [Latin1, Recipe] | undefined {
    for (const [value, recipe] of this.#own) {
      const fits = value.length >= least && value.length < bytes.length;
      if (fits && bytes.includes(value)) return [value, recipe];
    }
    return undefined;
  }

  /** The bytes that a recipe makes here, once it is delivered. */
  bytesOf(recipe: Recipe): Latin1 | undefined {
    const key = recipeKey(recipe);
    if (this.#bytes.has(key)) return this.#bytes.get(key);
    const bytes = cook(recipe, this.#kitchen);
    const value = bytes === undefined ? undefined : latin1(bytes);
    this.#bytes.set(key, value);
    if (value !== undefined && "fresh" in recipe) this.#own.set(value, recipe);
    return value;
  }

  /** Deliveries with packets as what they consist of, so that parts of them may be others. */
  apart(
    deliveries: readonly Delivery[],
    made: { recipeOf(bytes: Latin1): Recipe | undefined },
  ): readonly Delivery[] {
    this.#apart ??= deliveries.map((delivery) => {
      const bytes = "packet" in delivery.recipe ? this.bytesOf(delivery.recipe) : undefined;
      const recipe = bytes === undefined ? undefined : made.recipeOf(bytes);
      return recipe === undefined ? delivery : { ...delivery, recipe };
    });
    return this.#apart;
  }

  /** Was a packet of just these bytes sent by an honest process? */
  wasSaid(bytes: Latin1): boolean {
    this.#said ??= new Set(
      this.run.trace.packets.flatMap((p) => (p.byAttacker === undefined ? [latin1(p.bytes)] : [])),
    );
    return this.#said.has(bytes);
  }

  /** Does it stand in an honest packet as it is, or as text? */
  isOpenlySent(value: Latin1): boolean {
    return this.#openly().some((text) => text.includes(value));
  }

  #openly(): readonly Latin1[] {
    if (this.#open !== undefined) return this.#open;
    const { packets, crypto } = this.run.trace;
    const open = packets.flatMap((p) => (p.byAttacker === undefined ? [latin1(p.bytes)] : []));
    for (const { op, inputs, output } of crypto.toReversed()) {
      if (operations[op].light !== true || !operations[op].hasOutput || output === "") continue;
      if (open.some((text) => text.includes(output))) open.push(inputs[0] ?? "");
    }
    this.#open = open;
    return open;
  }

  get processes() {
    return this.run.trace.processes;
  }
}

function kitchenOf({ trace }: Run): Kitchen {
  const { seed } = trace.plan;
  const random = new Random(seed);
  const values = new RecordedValues(trace.crypto);
  const packets = new Map(
    trace.packets.flatMap((p) =>
      p.byAttacker === undefined ? [[packetKey(p), p.bytes] as const] : [],
    ),
  );
  let keys: OwnKeys | undefined;
  const ownKeys = (): OwnKeys => {
    if (keys !== undefined) return keys;
    keys = new OwnKeys({ log: [...trace.crypto], random }, () => undefined);
    // In the order in which the run has drawn them.
    for (const { by, op, algorithm } of trace.crypto) {
      if (by === attackerHost && operations[op].keyPair === true) keys.ofKind(algorithm);
    }
    return keys;
  };
  return {
    kit: (recipe) => new CryptoRecorder([], coinsOf(random, recipe), attackerHost),
    value: (name) => bytesOfValue(values.find(name)),
    packet: (ref) => packets.get(packetKey(ref)),
    fresh: (id, length) => freshBytes(random, id, length),
    own(which, kind) {
      const pair = ownKeys().ofKind(kind);
      return which === "public" ? pair?.publicKey.slice() : pair?.privateKey.slice();
    },
    derivable: () => true,
  };
}

/** What each process was given and took, in order, as text: its state, since it has no other. */
export function localsOf(outcomes: readonly Outcome[]): ReadonlyMap<string, string> {
  const per = new Map<string, string>();
  for (const { accepted, bytes, delivery } of outcomes) {
    if (!accepted || bytes === undefined) continue;
    per.set(delivery.to, `${per.get(delivery.to) ?? ""}${taking(delivery.from, bytes)}`);
  }
  return per;
}

const taking = (from: string, bytes: Uint8Array): string => `<${from}:${latin1(bytes)}`;

/** The order between processes does not matter to them. */
export const stateKey = (locals: ReadonlyMap<string, string>): string =>
  [...locals]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([process, past]) => process + past)
    .join("\n");

/** The state that an accepted delivery leads to; of an oracle, only what it said matters. */
export function keyAfter(
  locals: ReadonlyMap<string, string>,
  { delivery, bytes, said }: Outcome,
  isOracle: boolean,
): string {
  const per = new Map(locals);
  const past = per.get(delivery.to) ?? "";
  const taken = isOracle ? `>${said.join(">")}` : taking(delivery.from, bytes ?? new Uint8Array(0));
  per.set(delivery.to, past + taken);
  return stateKey(per);
}
