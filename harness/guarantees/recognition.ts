/**
 * Linkability: how a principal can be recognised by its public keys. Neither its name nor a key
 * need be readable for that: a test that distinguishes it among candidates suffices.
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

/** A principal with public keys. */
export interface KeyOwner {
  readonly principal: Principal;
  readonly secrets: readonly Latin1[];
  readonly publics: readonly Latin1[];
}

/** @returns `undefined` for a principal without public key. */
export function knownBy(trace: Trace, principal: Principal): KeyOwner | undefined {
  const secrets = trace.deployment.longTermSecrets(principal).map(latin1);
  const publics = trace.crypto.flatMap(({ op, inputs, output }) =>
    operations[op].keyPair === true && secrets.includes(inputs[0] ?? "") ? [output] : [],
  );
  return publics.length === 0 ? undefined : { principal, secrets, publics };
}

const named = ({ op, algorithm }: OpRecord): string => `${op} ${algorithm}`.trim();

// --- by listening --------------------------------------------------------------------------------

/**
 * @returns how the packets of honest parties identify the principal, if they do: its key is in
 *   them, or an observer who supposes the key can compute a value that is in them.
 */
export function givenAway(trace: Trace, { principal, publics }: KeyOwner): string | undefined {
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

/** Knowledge of an observer without the principal's public key: only then can a test exist. */
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
 * @returns by which check an adversary who connects, and tries the principal's key, finds out that
 *   it answers: a value computed with its keys matches one the adversary computed for them.
 */
export function shown(trace: Trace, { principal, secrets, publics }: KeyOwner): string | undefined {
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

/** Does one of these contain the other, so that one may have been made from the other? */
const touches = (a: Latin1, b: Latin1): boolean =>
  a.length >= tellingBytes && b.length >= tellingBytes && (a.includes(b) || b.includes(a));

function reaches(from: ReadonlySet<Latin1>, value: Latin1): boolean {
  if (from.has(value)) return true;
  for (const f of from) if (touches(f, value)) return true;
  return false;
}

/** Encrypted under a public key, whose owner decrypts it. */
const isSealedFor = ({ op }: OpRecord): boolean => operations[op].opensWith === "private-key";

/** All values that these operations, in their order, computed from `seeds`. */
function madeOf(seeds: readonly Latin1[], operations: Iterable<OpRecord>): ReadonlySet<Latin1> {
  const from = new Set(seeds);
  for (const operation of operations) {
    const { inputs, output, backwards } = operation;
    const content = contentOf(operation);
    if (!backwards && inputs.some((i) => reaches(from, i))) from.add(output);
    // Only the key's owner can decrypt; a decrypted plaintext comes from its ciphertext.
    const sealed = backwards
      ? [...inputs.filter((i) => i !== content), output]
      : inputs.slice(0, 1);
    if ((backwards || isSealedFor(operation)) && sealed.some((i) => reaches(from, i))) {
      from.add(content);
    }
  }
  return from;
}

/** Operations that succeed, or make sense, only if an input has the right value. */
const checks = (op: OpRecord): boolean => operations[op.op].checks?.(op) ?? false;

/** What is being checked by such an operation. */
const checked = (op: OpRecord): Latin1 => operations[op.op].checked?.(op) ?? "";
