/** The long-term secrets of a principal one by one, and what each of them is. */
import type { Principal } from "../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { longTermSecretsOf } from "../run/dealt-secrets.ts";
import type { Trace } from "./trace.ts";

/** In the order of their numbers. */
export const secretsIn = (
  { deployment, crypto: log, processes }: Trace,
  principal: Principal,
): readonly Uint8Array[] => longTermSecretsOf({ deployment, log, processes }, principal);

const usesAsKey = ({ op, inputs }: OpRecord, secret: Latin1): boolean => {
  const { key } = operations[op];
  return key !== undefined && inputs[key] === secret;
};

/** What a secret is, from what it is used for: `the private key for x25519`. */
export function secretWords({ crypto: log }: Trace, secret: Uint8Array): string {
  const value = latin1(secret);
  const pair = log.find((op) => operations[op.op].keyPair === true && op.inputs[0] === value);
  if (pair !== undefined) return `the private key for ${pair.algorithm}`;
  const use = log.find((op) => usesAsKey(op, value));
  const purpose = use === undefined ? undefined : operations[use.op].purpose;
  if (use !== undefined && purpose !== undefined) return `a key for ${purpose}: ${use.algorithm}`;
  return `${secret.length} bytes`;
}

/** `long-term secret 2 alone, the private key for x25519`; others as they are written. */
export function disclosedWords(trace: Trace, principal: Principal, what: string): string {
  const number = /^long-term-key:(\d+)$/.exec(what)?.[1];
  const secret = number === undefined ? undefined : secretsIn(trace, principal)[Number(number) - 1];
  return secret === undefined
    ? what
    : `long-term secret ${number} alone, ${secretWords(trace, secret)}`;
}
