/** Knowledge by what it follows from, so that the same evidence is worked out once. */
import { Knowledge } from "../attacker/knowledge/knowledge.ts";
import { type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import { remembers } from "../protocol/kit/memo.ts";
import type { OpRecord } from "../protocol/kit/recorder.ts";

/** All that knowledge follows from. */
export interface Evidence {
  readonly declared: readonly Uint8Array[];
  readonly identities: readonly Uint8Array[];
  readonly operations: readonly OpRecord[];
  /** What was seen, or handed over, in order. */
  readonly observed: readonly Uint8Array[];
}

interface Branch {
  readonly op: OpRecord;
  readonly place: Place;
}

/**
 * A place in the tree of all evidence: the way to it is the evidence. A tree, and no map by text:
 * records of the same computation share their strings, which then need not be read again.
 */
class Place {
  knowledge: Knowledge | undefined;
  readonly #texts = new Map<string, Place>();
  readonly #operations = new Map<Latin1, Branch[]>();

  afterText(text: string): Place {
    let place = this.#texts.get(text);
    if (place === undefined) {
      place = newPlace();
      this.#texts.set(text, place);
    }
    return place;
  }

  after(op: OpRecord): Place {
    const branches = this.#operations.get(op.output);
    const known = branches?.find((b) => isSame(b.op, op));
    if (known !== undefined) return known.place;
    const branch = { op, place: newPlace() };
    if (branches === undefined) this.#operations.set(op.output, [branch]);
    else branches.push(branch);
    return branch.place;
  }
}

const isSame = (a: OpRecord, b: OpRecord): boolean =>
  a.op === b.op &&
  a.algorithm === b.algorithm &&
  a.backwards === b.backwards &&
  a.inputs.length === b.inputs.length &&
  a.inputs.every((input, i) => input === b.inputs[i]);

/** Places, and what knowledge rests on, taken together: a kilobyte or two for each. */
const mostWeight = 60_000;
let weight = 0;
function newPlace(): Place {
  weight++;
  return new Place();
}
let root = new Place();

/** @returns what follows; it is shared, and nothing may be added to it. */
export function knowledgeFrom(evidence: Evidence): Knowledge {
  const { declared, identities, operations, observed } = evidence;
  if (!remembers()) return workedOut(evidence);
  if (weight > mostWeight) {
    root = new Place();
    weight = 0;
  }
  let place = root.afterText(`${declared.length} ${identities.length} ${operations.length}`);
  for (const bytes of declared) place = place.afterText(latin1(bytes));
  for (const bytes of identities) place = place.afterText(latin1(bytes));
  for (const op of operations) place = place.after(op);
  for (const bytes of observed) place = place.afterText(latin1(bytes));
  place.knowledge ??= workedOut(evidence);
  return place.knowledge;
}

function workedOut({ declared, identities, operations, observed }: Evidence): Knowledge {
  weight += operations.length + observed.length;
  const knowledge = new Knowledge(declared, identities);
  for (const op of operations) knowledge.learnOperation(op);
  for (const bytes of observed) knowledge.observe(bytes);
  return knowledge;
}
