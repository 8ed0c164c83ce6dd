/**
 * What a process would have taken in the place of what it was given: read off what it computed and
 * compared, and what failed. This is what guides the search, as comparisons guide grey-box fuzzers
 * (C. Aschermann et al., "REDQUEEN: fuzzing with input-to-state correspondence", NDSS 2019).
 */
import { attackerHost } from "../../../attacker/move.ts";
import type { Recipe } from "../../../attacker/recipe/recipe.ts";
import type { Recorded } from "../../../attacker/recipe/terms.ts";
import type { Latin1 } from "../../../protocol/kit/bytes.ts";
import { carriedInputs } from "../../../protocol/kit/carry-out.ts";
import {
  contentOf,
  isOpening,
  type OpRecord,
  operations,
} from "../../../protocol/kit/operations.ts";
import type { Scene } from "./scene.ts";
import type { Making } from "./workshop.ts";
import type { Outcome } from "./world.ts";

/** Some bytes would have to be others. */
export interface Wish {
  readonly actual: Latin1;
  readonly wanted: Latin1;
  /** How the wanted bytes are made, where that is known. */
  readonly as?: Recipe;
  /** Or the wanted bytes would have to be the actual ones. */
  readonly either?: boolean;
}

/** All of it together would do. */
export interface Demand {
  readonly wishes: readonly Wish[];
  /** Bytes that would have to be made so, as a whole. */
  readonly made?: { readonly actual: Latin1; readonly how: Operating };
}

/** An operation that the adversary would have to carry out. */
export interface Operating {
  readonly record: OpRecord;
  /** Its inputs as the process has them; `undefined` for what only the maker knows. */
  readonly inputs: readonly (Latin1 | undefined)[];
}

const most = { perFailure: 8 } as const;

/** @returns ways to satisfy it, for each thing that the process did not like. */
export function demandsOf(outcome: Outcome, scene: Scene, maker: Making): readonly Demand[] {
  const { operations: done, failed, accepted } = outcome;
  const unequal = done.filter(isUnequal);
  const loud = [
    ...unequal.flatMap((op) => ofComparison(op, outcome, scene)),
    ...failed.flatMap((op) => ofFailure(op, scene)),
  ];
  if (accepted || unequal.length + failed.length > 0) return loud;
  return [...loud, ...done.filter(isOpening).flatMap((op) => ofContent(op, scene, maker))];
}

/** Something was opened, and not liked, though nothing was said about it: what is usually in it? */
function ofContent(opened: OpRecord, scene: Scene, maker: Making): readonly Demand[] {
  const at = operations[opened.op].content as number;
  const actual = opened.inputs[at] ?? "";
  const recipe = scene.terms.byValue.get(opened.output);
  if (recipe === undefined) return [];
  return maker.shop.slots
    .of({ value: recipe.name })
    .flatMap((of) => maker.alternatives(maker.shop.honest.read(contentOf(of.record))).slice(0, 2))
    .flatMap((a) => {
      const wanted = scene.bytesOf(a.recipe);
      return wanted === undefined ? [] : [{ wishes: [{ actual, wanted, as: a.recipe }] }];
    });
}

/** Was something compared, and found to differ? */
export const isUnequal = ({ op, inputs }: OpRecord): boolean =>
  operations[op].checks !== undefined && !operations[op].hasOutput && inputs.length === 2
    ? operations[op].checks({ op, inputs } as OpRecord) === false
    : false;

function ofComparison(
  op: OpRecord,
  { operations: done }: Outcome,
  scene: Scene,
): readonly Demand[] {
  const [a = "", b = ""] = op.inputs;
  const plain = [{ wishes: [{ actual: a, wanted: b }] }, { wishes: [{ actual: b, wanted: a }] }];
  // What was computed under a key: it may have been computed elsewhere, of something else.
  const computed = done.flatMap((made) => {
    const at = operations[made.op].key;
    const mine = made.output === a ? b : made.output === b ? a : undefined;
    if (at === undefined || mine === undefined || made.output.length < 8) return [];
    return elsewhere(made, scene).flatMap((other) =>
      eitherWay(made, other.record, { actual: mine, wanted: other.value }),
    );
  });
  // What was opened: another box under the key may do, if that is made to hold what is wanted.
  const opened = done.filter(isOpening).flatMap((made) => {
    const content = contentOf(made);
    const wanted = content === a ? b : content === b ? a : undefined;
    if (wanted === undefined) return [];
    return elsewhere(made, scene)
      .filter((other) => other.value !== made.output)
      .map((other) => ({
        wishes: [
          ...differing(made, other.record, true),
          { actual: made.output, wanted: other.value },
          { actual: contentOf(other.record), wanted },
        ],
      }));
  });
  return [...plain, ...computed, ...opened];
}

/** Other outputs of the operation under the same key, which the adversary has. */
function elsewhere({ op, algorithm, inputs }: OpRecord, scene: Scene): readonly Recorded[] {
  const { key } = operations[op];
  if (key === undefined) return [];
  return scene.terms.all
    .filter(({ record, value }) => {
      const fits = record.op === op && record.algorithm === algorithm && !record.backwards;
      if (!fits || record.by === attackerHost) return false;
      return record.inputs[key] === inputs[key] && scene.has(value);
    })
    .slice(-most.perFailure);
}

/** Either is made like the other: what is computed now, or what was computed elsewhere before. */
const eitherWay = (mine: OpRecord, other: OpRecord, instead: Wish): readonly Demand[] => [
  { wishes: [...differing(mine, other), instead] },
  { wishes: [...differing(other, mine), instead] },
];

/** Inputs but the key, and what is to be found inside, that would have to be those of another. */
function differing(mine: OpRecord, other: OpRecord, isOpened = false): readonly Wish[] {
  const { key, content } = operations[mine.op];
  return mine.inputs.slice(0, carriedInputs(mine.op)).flatMap((actual, i) => {
    const wanted = other.inputs[i];
    const isLeft = i === key || (isOpened && i === content);
    return isLeft || wanted === undefined || wanted === actual ? [] : [{ actual, wanted }];
  });
}

function ofFailure(failed: OpRecord, scene: Scene): readonly Demand[] {
  return operations[failed.op].hasOutput ? ofOpening(failed, scene) : ofVerifying(failed, scene);
}

/** Something could not be opened: what would? */
function ofOpening(failed: OpRecord, scene: Scene): readonly Demand[] {
  const { key = 0, content } = operations[failed.op];
  const opensWith = failed.inputs[key] ?? "";
  const isPublic = operations[failed.op].opensWith === "private-key";
  const seals = isPublic ? (scene.knows.publicKeyOf(opensWith) ?? "") : opensWith;
  const inputs = failed.inputs.map((input, i) =>
    i === content ? undefined : i === key ? seals : input,
  );
  const like = { ...failed, inputs: inputs.map((i) => i ?? "") };
  const others = elsewhere(like, scene).map((other) => ({
    wishes: [
      ...differing(like, other.record, true),
      { actual: failed.output, wanted: other.value },
    ],
  }));
  const made = { actual: failed.output, how: { record: failed, inputs } };
  return [{ wishes: [], made }, ...others, ...ofOtherKey(like, scene)];
}

/** Drawn, and not computed from anything that could be otherwise. */
function isGiven(key: Latin1, scene: Scene): boolean {
  const record = scene.terms.byValue.get(key)?.record;
  if (record === undefined) return false;
  return operations[record.op].fresh === true || operations[record.op].keyPair === true;
}

/** It was made by somebody, under another key or in another place: those might be these. */
function ofOtherKey({ op, algorithm, inputs, output }: OpRecord, scene: Scene): readonly Demand[] {
  const { key = 0, content } = operations[op];
  const made = scene.terms.byValue.get(output)?.record;
  const isOthers = made !== undefined && made.by !== attackerHost && !made.backwards;
  if (!isOthers || made.op !== op || made.algorithm !== algorithm) return [];
  const keys = [inputs[key] ?? "", made.inputs[key] ?? ""];
  if (keys[0] === keys[1] || keys.some((k) => isGiven(k, scene))) return [];
  const wishes = inputs.slice(0, carriedInputs(op)).flatMap((actual, i) => {
    const wanted = made.inputs[i] ?? "";
    return i === content || actual === wanted ? [] : [{ actual, wanted, either: true }];
  });
  return [{ wishes }];
}

function ofVerifying(failed: OpRecord, scene: Scene): readonly Demand[] {
  const [publicKey = "", message = "", signature = ""] = failed.inputs;
  const privateKey = scene.knows.privateKeyOf(publicKey);
  if (privateKey === undefined) return [];
  const signed = scene.terms.all.filter(({ record, value }) => {
    const signs = operations[record.op].purpose === "signing" && operations[record.op].hasOutput;
    return (
      signs && record.inputs[0] === privateKey && record.by !== attackerHost && scene.has(value)
    );
  });
  const others = signed.slice(-most.perFailure).flatMap(({ record, value }) => {
    const instead = { actual: signature, wanted: value };
    const [, said = ""] = record.inputs;
    if (said === message) return [{ wishes: [instead] }];
    // What is verified now is what was signed; or what was signed is what is verified now.
    return [
      { wishes: [{ actual: message, wanted: said }, instead] },
      { wishes: [{ actual: said, wanted: message }, instead] },
    ];
  });
  const like =
    signed[0]?.record ??
    scene.terms.all.find(
      ({ record }) =>
        operations[record.op].purpose === "signing" &&
        operations[record.op].hasOutput &&
        record.algorithm === failed.algorithm,
    )?.record;
  if (like === undefined) return others;
  const made = { actual: signature, how: { record: like, inputs: [privateKey, message] } };
  return [{ wishes: [], made }, ...others];
}
