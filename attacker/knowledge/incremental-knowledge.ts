/**
 * Knowledge as it grows, memoised across runs: what follows from the same evidence, added in the
 * same order and closed at the same moments, is looked up. Only new queries are deduced.
 */
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { remembers } from "../../protocol/kit/memo.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Guess } from "./guess-of-key.ts";
import { Knowledge } from "./knowledge.ts";

/** The queries puppets make about the adversary's knowledge. */
export type KnowledgeQueries = Pick<Knowledge, "has" | "derivable" | "occurs" | "knows" | "size">;

interface Branch {
  readonly op: OpRecord;
  readonly place: KnowledgeNode;
}

/**
 * A node in the tree of all evidence: the path to it is the evidence, and when it was closed under
 * deduction, since a value that could be computed before it was seen has another origin. A tree,
 * not a map by text: records of the same computation share their strings, which then need not be
 * compared again.
 */
class KnowledgeNode {
  /** Everything that follows at this node; it must not be changed. */
  knowledge: Knowledge | undefined;
  size: number | undefined;
  #texts: Map<string, KnowledgeNode> | undefined;
  #operations: Map<Latin1, Branch[]> | undefined;
  #answers: Map<string, boolean> | undefined;
  #thought: KnowledgeNode | undefined;

  /** The same evidence, closed under deduction. */
  get thought(): KnowledgeNode {
    this.#thought ??= newPlace();
    return this.#thought;
  }

  afterText(text: string): KnowledgeNode {
    this.#texts ??= new Map();
    let place = this.#texts.get(text);
    if (place === undefined) {
      place = newPlace();
      this.#texts.set(text, place);
    }
    return place;
  }

  after(op: OpRecord): KnowledgeNode {
    this.#operations ??= new Map();
    const branches = this.#operations.get(op.output);
    const known = branches?.find((b) => isSame(b.op, op));
    if (known !== undefined) return known.place;
    const branch = { op, place: newPlace() };
    if (branches === undefined) this.#operations.set(op.output, [branch]);
    else branches.push(branch);
    return branch.place;
  }

  /** @returns the memoised answer. */
  answer(question: string): boolean | undefined {
    return this.#answers?.get(question);
  }

  keep(question: string, answer: boolean): boolean {
    this.#answers ??= new Map();
    this.#answers.set(question, answer);
    return answer;
  }
}

const isSame = (a: OpRecord, b: OpRecord): boolean =>
  a === b ||
  (a.op === b.op &&
    a.algorithm === b.algorithm &&
    a.backwards === b.backwards &&
    a.inputs.length === b.inputs.length &&
    a.inputs.every((input, i) => input === b.inputs[i]));

/** Bound on nodes and facts held, counted together: a kilobyte or less for each. */
const mostWeight = 75_000;
const perFact = 2;
let weight = 0;
function newPlace(): KnowledgeNode {
  weight++;
  return new KnowledgeNode();
}
let root = new KnowledgeNode();

/** The start node for a list of declared values, for the lifetime of the list. */
let beginnings = new WeakMap<readonly Uint8Array[], KnowledgeNode>();

/** Without memoisation, each start node is the root of its own tree. */
function start(
  declared: readonly Uint8Array[],
  markers: readonly Uint8Array[],
  guesses: readonly Guess[],
): KnowledgeNode {
  if (!remembers()) return new KnowledgeNode();
  if (weight > mostWeight) {
    root = new KnowledgeNode();
    beginnings = new WeakMap();
    weight = 0;
  }
  let place = beginnings.get(declared);
  if (place === undefined) {
    place = root.afterText(`${declared.length}`);
    for (const bytes of declared) place = place.afterText(latin1(bytes));
    beginnings.set(declared, place);
  }
  place = place.afterText(`${markers.length}`);
  for (const bytes of markers) place = place.afterText(latin1(bytes));
  for (const { key, seen } of guesses) {
    place = place.afterText(`guess ${seen.length}`);
    for (const bytes of [key, ...seen]) place = place.afterText(bytes);
  }
  return place;
}

/** A marker among the facts: here a query closed them under deduction. */
const thinks = Symbol("thinks");

export class IncrementalKnowledge implements KnowledgeQueries {
  readonly #declared: readonly Uint8Array[];
  readonly #markers: readonly Uint8Array[];
  readonly #guesses: readonly Guess[];
  readonly #told: (OpRecord | Latin1 | typeof thinks)[] = [];
  /** Number of facts added: it grows whenever anything new may follow. */
  told = 0;
  #place: KnowledgeNode;
  /** What this object itself has deduced, and from how many of the facts. */
  #own: Knowledge | undefined;
  #used = 0;

  /** See {@link Knowledge}. */
  constructor(
    declared: readonly Uint8Array[],
    markers: readonly Uint8Array[] = [],
    guesses: readonly Guess[] = [],
  ) {
    this.#declared = declared;
    this.#markers = markers;
    this.#guesses = guesses;
    this.#place = start(declared, markers, guesses);
  }

  learnOperation(op: OpRecord): void {
    this.told++;
    this.#told.push(op);
    this.#place = this.#place.after(op);
  }

  observe(bytes: Uint8Array | Latin1): void {
    const text = typeof bytes === "string" ? bytes : latin1(bytes);
    this.told++;
    this.#told.push(text);
    this.#place = this.#place.afterText(text);
  }

  has(value: Latin1): boolean {
    const place = this.#think();
    return place.answer(value) ?? place.keep(value, this.#deduced().has(value));
  }

  derivable(bytes: Uint8Array): boolean {
    return this.has(latin1(bytes));
  }

  occurs(value: Latin1): boolean {
    this.#think();
    return this.#deduced().occurs(value);
  }

  knows(value: Latin1): boolean {
    this.#think();
    return this.#deduced().knows(value);
  }

  publicKeyOf(privateKey: Latin1): Latin1 | undefined {
    return this.#deduced().publicKeyOf(privateKey);
  }

  get size(): number {
    const place = this.#think();
    place.size ??= this.#deduced().size;
    return place.size;
  }

  /** @returns everything that follows by now; it is shared, and must not be changed. */
  whole(): Knowledge {
    const place = this.#think();
    if (place.knowledge === undefined) {
      place.knowledge = this.#deduced();
      weight += perFact * this.#told.length;
      // If more facts come, deduction starts from the beginning.
      this.#own = undefined;
      this.#used = 0;
    }
    return place.knowledge;
  }

  #think(): KnowledgeNode {
    if (this.#told.at(-1) !== thinks) {
      this.#told.push(thinks);
      this.#place = this.#place.thought;
    }
    return this.#place;
  }

  #deduced(): Knowledge {
    if (this.#place.knowledge !== undefined) return this.#place.knowledge;
    this.#own ??= new Knowledge(this.#declared, this.#markers, this.#guesses);
    for (; this.#used < this.#told.length; this.#used++) {
      const fact = this.#told[this.#used] as OpRecord | Latin1 | typeof thinks;
      if (fact === thinks) this.#own.close();
      else if (typeof fact === "string") this.#own.observe(fact);
      else this.#own.learnOperation(fact);
    }
    return this.#own;
  }
}
