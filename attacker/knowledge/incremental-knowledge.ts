/**
 * Knowledge as it grows, worked out once for all runs: what follows from the same evidence, told
 * in the same order and thought about at the same moments, is looked up. Only what nobody has asked
 * before is deduced.
 */
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { remembers } from "../../protocol/kit/memo.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Knowledge } from "./knowledge.ts";

/** What puppets ask of what the attacker knows. */
export type KnowledgeQueries = Pick<Knowledge, "has" | "derivable" | "occurs" | "knows" | "size">;

interface Branch {
  readonly op: OpRecord;
  readonly place: Place;
}

/**
 * A place in the tree of all evidence: the way to it is the evidence, and when it was thought
 * about, since a value that could be computed before it was seen has another origin. A tree, and
 * no map by text: records of the same computation share their strings, which then need not be read
 * again.
 */
class Place {
  /** All that follows here; nothing may be added to it. */
  knowledge: Knowledge | undefined;
  size: number | undefined;
  #texts: Map<string, Place> | undefined;
  #operations: Map<Latin1, Branch[]> | undefined;
  #answers: Map<string, boolean> | undefined;
  #thought: Place | undefined;

  /** The same evidence, thought about. */
  get thought(): Place {
    this.#thought ??= newPlace();
    return this.#thought;
  }

  afterText(text: string): Place {
    this.#texts ??= new Map();
    let place = this.#texts.get(text);
    if (place === undefined) {
      place = newPlace();
      this.#texts.set(text, place);
    }
    return place;
  }

  after(op: OpRecord): Place {
    this.#operations ??= new Map();
    const branches = this.#operations.get(op.output);
    const known = branches?.find((b) => isSame(b.op, op));
    if (known !== undefined) return known.place;
    const branch = { op, place: newPlace() };
    if (branches === undefined) this.#operations.set(op.output, [branch]);
    else branches.push(branch);
    return branch.place;
  }

  /** @returns what was answered here before. */
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

/** Places, and what knowledge rests on, taken together: a kilobyte or less for each. */
const mostWeight = 150_000;
const perFact = 2;
let weight = 0;
function newPlace(): Place {
  weight++;
  return new Place();
}
let root = new Place();

/** Where all begins for a list of declared values, for as long as the list is there. */
let beginnings = new WeakMap<readonly Uint8Array[], Place>();

/** Where nothing is to be remembered, the root of a tree of its own. */
function start(declared: readonly Uint8Array[], markers: readonly Uint8Array[]): Place {
  if (!remembers()) return new Place();
  if (weight > mostWeight) {
    root = new Place();
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
  return place;
}

/** Among what it was told: here it was asked something. */
const thinks = Symbol("thinks");

export class IncrementalKnowledge implements KnowledgeQueries {
  readonly #declared: readonly Uint8Array[];
  readonly #markers: readonly Uint8Array[];
  readonly #told: (OpRecord | Latin1 | typeof thinks)[] = [];
  /** How many facts it was told: more whenever anything new may follow. */
  told = 0;
  #place: Place;
  /** What has been worked out in here, and from how much of what it was told. */
  #own: Knowledge | undefined;
  #used = 0;

  /** See {@link Knowledge}. */
  constructor(declared: readonly Uint8Array[], markers: readonly Uint8Array[] = []) {
    this.#declared = declared;
    this.#markers = markers;
    this.#place = start(declared, markers);
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

  /** @returns all that follows by now; it is shared, and nothing may be added to it. */
  whole(): Knowledge {
    const place = this.#think();
    if (place.knowledge === undefined) {
      place.knowledge = this.#deduced();
      weight += perFact * this.#told.length;
      // If more is told, that is worked out from the beginning.
      this.#own = undefined;
      this.#used = 0;
    }
    return place.knowledge;
  }

  #think(): Place {
    if (this.#told.at(-1) !== thinks) {
      this.#told.push(thinks);
      this.#place = this.#place.thought;
    }
    return this.#place;
  }

  #deduced(): Knowledge {
    if (this.#place.knowledge !== undefined) return this.#place.knowledge;
    this.#own ??= new Knowledge(this.#declared, this.#markers);
    for (; this.#used < this.#told.length; this.#used++) {
      const fact = this.#told[this.#used] as OpRecord | Latin1 | typeof thinks;
      if (fact === thinks) this.#own.close();
      else if (typeof fact === "string") this.#own.observe(fact);
      else this.#own.learnOperation(fact);
    }
    return this.#own;
  }
}
