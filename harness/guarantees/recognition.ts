/**
 * How somebody can be recognised by her public keys, which are no secret. Neither her name nor a
 * key need be readable for that: it is enough that something fits the one of many candidates.
 */
import { offlineTest } from "../../attacker/knowledge/guess.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import { guessableBelowBytes } from "../../attacker/knowledge/lengths.ts";
import { isAdversaryProcess } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { knowledgeFrom } from "../trace/evidence.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";

/** Shorter values say nothing about where they come from. */
const tellingBytes = guessableBelowBytes;

/** Somebody who has public keys. */
export interface Known {
  readonly principal: Principal;
  readonly secrets: readonly Latin1[];
  readonly publics: readonly Latin1[];
}

/** @returns `undefined` for those who have no public key. */
export function knownBy(trace: Trace, principal: Principal): Known | undefined {
  const secrets = trace.deployment.longTermSecrets(principal).map(latin1);
  const publics = trace.crypto.flatMap(({ op, inputs, output }) =>
    operations[op].keyPair === true && secrets.includes(inputs[0] ?? "") ? [output] : [],
  );
  return publics.length === 0 ? undefined : { principal, secrets, publics };
}

const named = ({ op, algorithm }: OpRecord): string => `${op} ${algorithm}`.trim();

// --- by listening --------------------------------------------------------------------------------

/**
 * @returns how the packets of honest parties give her away, if they do: her key is in them, or
 *   whoever supposes that it is hers can compute something that is.
 */
export function givenAway(trace: Trace, { principal, publics }: Known): string | undefined {
  const isHers = (value: Uint8Array): boolean => publics.some((p) => latin1(value).includes(p));
  const knowledge = seenUnknowing(trace, isHers);
  if (publics.some((p) => knowledge.knows(p))) {
    return `${principal}'s public key is sent in the clear`;
  }
  const card = (trace.deployment.publicValues ?? []).filter(isHers);
  const test = offlineTest(knowledge, ...publics.map(fromLatin1), ...card);
  return test === undefined
    ? undefined
    : `whoever has ${principal}'s public key can tell from the packets that ${principal} takes part (${named(test.check)})`;
}

/** What was sent, as somebody sees it who does not have her key: only then can it tell anything. */
function seenUnknowing(trace: Trace, isHers: (value: Uint8Array) => boolean): Knowledge {
  const others = (trace.deployment.publicValues ?? []).filter((value) => !isHers(value));
  const sent = trace.packets.filter((p) => p.byAttacker === undefined).map((p) => p.bytes);
  return knowledgeFrom({
    declared: [],
    identities: [],
    operations: trace.crypto,
    observed: [...others, ...trace.attackerKnows, ...sent],
  });
}

// --- by connecting -------------------------------------------------------------------------------

/**
 * @returns by which check a stranger who connects, and tries her key, finds that it is her who
 *   answers: something that she computed with her keys fits what the stranger computed for them.
 */
export function shown(trace: Trace, { principal, secrets, publics }: Known): string | undefined {
  const knowledge = knowledgeFromWire(trace);
  const tests = trace.crypto.filter(
    (op) => checks(op) && isAdversaryProcess(op.by) && op.inputs.every((i) => knowledge.has(i)),
  );
  if (tests.length === 0) return undefined;
  const own = new Set(trace.processes.filter((p) => p.principal === principal).map((p) => p.id));
  const byHer = madeOf(
    [...secrets, ...publics],
    trace.crypto.filter((op) => own.has(op.by)),
  );
  const test = tests.find((t) => {
    if (!reaches(byHer, checked(t))) return false;
    const byTester = trace.crypto.filter((op) => op.by === t.by && op !== t);
    const forCandidate = madeOf(publics, byTester);
    return t.inputs.some((i) => reaches(forCandidate, i));
  });
  return test === undefined
    ? undefined
    : `a stranger who connects can tell that it is ${principal} who answers (${named(test)})`;
}

/** Does one of these contain the other, so that one may have been made of the other? */
const touches = (a: Latin1, b: Latin1): boolean =>
  a.length >= tellingBytes && b.length >= tellingBytes && (a.includes(b) || b.includes(a));

function reaches(from: ReadonlySet<Latin1>, value: Latin1): boolean {
  if (from.has(value)) return true;
  for (const f of from) if (touches(f, value)) return true;
  return false;
}

/** Encrypted under a public key, whose owner opens it. */
const isSealedFor = ({ op }: OpRecord): boolean => operations[op].opensWith === "private-key";

/** All that these operations, in their order, made of `seeds`. */
function madeOf(seeds: readonly Latin1[], operations: Iterable<OpRecord>): ReadonlySet<Latin1> {
  const from = new Set(seeds);
  for (const operation of operations) {
    const { inputs, output, backwards } = operation;
    const content = contentOf(operation);
    if (!backwards && inputs.some((i) => reaches(from, i))) from.add(output);
    // What was sealed for her only she can go on with; and what was opened comes from the sealed.
    const sealed = backwards
      ? [...inputs.filter((i) => i !== content), output]
      : inputs.slice(0, 1);
    if ((backwards || isSealedFor(operation)) && sealed.some((i) => reaches(from, i))) {
      from.add(content);
    }
  }
  return from;
}

/** Operations that succeed, or make sense, only if something is what it ought to be. */
const checks = (op: OpRecord): boolean => operations[op.op].checks?.(op) ?? false;

/** What is being checked by such an operation. */
const checked = (op: OpRecord): Latin1 => operations[op.op].checked?.(op) ?? "";
