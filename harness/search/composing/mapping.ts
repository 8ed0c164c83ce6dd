/** Whose values stand for whose, when a message of one session is made for another. */
import type { Knowledge } from "../../../attacker/knowledge/knowledge.ts";
import type { Principal } from "../../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import type { ProcessId, Trace } from "../../trace/trace.ts";

export interface Mapping {
  readonly names: ReadonlyMap<Principal, Principal>;
  readonly processes: ReadonlyMap<ProcessId, ProcessId>;
  /** Long-term keys, and the public keys that belong to them. */
  readonly values: ReadonlyMap<Latin1, Latin1>;
}

/** The long-term secrets of every principal. */
export type Secrets = ReadonlyMap<Principal, readonly Latin1[]>;

export function secretsOf(trace: Trace, names: readonly Principal[]): Secrets {
  return new Map(
    names.map((name) => [name, trace.deployment.longTermSecrets(name).map((s) => latin1(s))]),
  );
}

/** Under other names, values by whose they are, and public keys. */
export function valuesUnder(
  names: ReadonlyMap<Principal, Principal>,
  secrets: Secrets,
  knows: Pick<Knowledge, "publicKeyOf">,
): ReadonlyMap<Latin1, Latin1> {
  const values = new Map<Latin1, Latin1>();
  for (const [a, b] of names) {
    const [mine, theirs] = [secrets.get(a) ?? [], secrets.get(b) ?? []];
    if (mine.length !== theirs.length) continue;
    for (const [i, x] of mine.entries()) values.set(x, theirs[i] as Latin1);
    for (const [x, y] of publicKeysUnder([a, b], secrets, knows)) values.set(x, y);
  }
  return values;
}

/** The public keys of one principal, and in the same places those of another. */
export function publicKeysUnder(
  [a, b]: readonly [Principal, Principal],
  secrets: Secrets,
  knows: Pick<Knowledge, "publicKeyOf">,
): ReadonlyMap<Latin1, Latin1> {
  const values = new Map<Latin1, Latin1>();
  const [mine, theirs] = [secrets.get(a) ?? [], secrets.get(b) ?? []];
  if (mine.length !== theirs.length) return values;
  for (const [i, x] of mine.entries()) {
    const [px, py] = [knows.publicKeyOf(x), knows.publicKeyOf(theirs[i] as Latin1)];
    if (px !== undefined && py !== undefined) values.set(px, py);
  }
  return values;
}
