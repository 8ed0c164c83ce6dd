import { type Attack, isAdversaryProcess } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { processOf } from "../trace/process-of.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import type { Guarantee } from "./guarantee.ts";

/** Shorter values are counters or labels in the place of a key. */
const keyFromBytes = 8;
/** So much of a code, shown or compared, tells that it is one. */
const shownBytes = 8;

export const keySeparation: Guarantee = {
  id: "key-separation",
  statement:
    "No key serves two purposes: two kinds of operation, two ciphers, two roles that do not face " +
    "each other, or both directions, where counted nonces do not keep them apart.",
  source:
    "NIST SP 800-57 part 1, revision 5, §5.2; RFC 5116 §3.2 (nonces of several senders); " +
    "J. Kelsey, B. Schneier, D. Wagner: Protocol interactions and the chosen protocol attack, 1997",
  twin: "cbc-records?keys=one",
  layered: false,
  secrecy: false,
  safety: true,
  notApplicable: ({ honest }) =>
    honest.crypto.some((op) => op.by !== "deployment" && isUse(op)) ? undefined : "no key is used",
  counts: leadsElsewhere,
  judge(trace) {
    const values = valuesOf(trace);
    const uses = usesOf(trace, values);
    for (const [key, ops] of uses) {
      const because =
        twoPurposes(ops, values) ??
        (values.isPair(key) ? twoRoles(ops, trace) : bothDirections(ops, values, trace));
      if (because !== undefined) return { atStake: uses.size, violation: { because } };
    }
    const doubt = unanswered(uses, values, trace);
    return doubt === undefined ? { atStake: uses.size } : { atStake: uses.size, doubt };
  },
};

/**
 * Which keys honest code uses, and what for, depends on whom it talks to about what. Packets that
 * are lost, late, or damaged do not change that, and are most of what is tried.
 */
function leadsElsewhere(attack: Attack): boolean {
  return attack.every((move) => {
    switch (move.move) {
      case "drop":
      case "hold":
      case "duplicate":
      case "cut":
      case "inject":
      case "disclose":
        return false;
      case "modify":
        return move.edits.every(({ edit }) => edit === "paste" || edit === "substitute");
      default:
        return true;
    }
  });
}

const isUse = ({ op }: OpRecord): boolean => operations[op].purpose !== undefined;

/** All zeros and the like: a salt in the place of a key, known to everybody. */
const isConstant = (key: Latin1): boolean => key === key.charAt(0).repeat(key.length);

/** What honest processes do with each key, in order; both keys of a pair are its private one. */
function usesOf({ crypto }: Trace, values: Values): ReadonlyMap<Latin1, readonly OpRecord[]> {
  const uses = new Map<Latin1, OpRecord[]>();
  for (const op of crypto) {
    if (op.by === "deployment" || !isUse(op) || isAdversaryProcess(op.by)) continue;
    const key = values.owned(op.inputs[operations[op.op].key ?? 0] ?? "");
    const before = uses.get(key);
    if (before !== undefined) before.push(op);
    else if (key.length >= keyFromBytes && !isConstant(key)) uses.set(key, [op]);
  }
  return uses;
}

/** What the judge asks about the values of a run. */
interface Values {
  /** The private key of a pair for either of its keys; any other key is itself. */
  owned(key: Latin1): Latin1;
  isPair(key: Latin1): boolean;
  /** Is this a key of some operation? */
  isKey(value: Latin1): boolean;
  /** Was the value drawn? */
  isDrawn(value: Latin1): boolean;
  /** Is the value sent, compared or encoded? */
  isShown(value: Latin1): boolean;
}

function valuesOf({ crypto, packets }: Trace): Values {
  const pairs = new Map<Latin1, Latin1>();
  const privateKeys = new Set<Latin1>();
  for (const { op, inputs, output } of crypto) {
    if (operations[op].keyPair !== true) continue;
    pairs.set(output, inputs[0] ?? "");
    privateKeys.add(inputs[0] ?? "");
  }
  const keys = once(
    () =>
      new Set(crypto.flatMap((o) => (isUse(o) ? [o.inputs[operations[o.op].key ?? 0] ?? ""] : []))),
  );
  const drawn = once(
    () => new Set(crypto.flatMap((o) => (operations[o.op].fresh === true ? [o.output] : []))),
  );
  const looked = once(
    () =>
      new Set(
        crypto.flatMap((o) =>
          operations[o.op].light === true ? o.inputs.map((i) => i.slice(0, shownBytes)) : [],
        ),
      ),
  );
  const wire = once(() => packets.map((p) => latin1(p.bytes)).join(""));
  return {
    owned: (key) => pairs.get(key) ?? key,
    isPair: (key) => privateKeys.has(key),
    isKey: (value) => keys().has(value),
    isDrawn: (value) => drawn().has(value),
    isShown(value) {
      const start = value.slice(0, shownBytes);
      return looked().has(start) || wire().includes(start);
    },
  };
}

/** Most runs never ask. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * A code that is neither sent nor compared, but is a key in turn, was computed to derive that key;
 * one that is none of it is a by-product of a derivation.
 */
function purposeOf(op: OpRecord, { isKey, isShown }: Values): string | undefined {
  const { purpose } = operations[op.op];
  if (purpose === "authentication" && !isShown(op.output)) {
    return isKey(op.output) ? "derivation" : undefined;
  }
  return purpose === "encryption" ? `encryption with ${op.algorithm}` : purpose;
}

function twoPurposes(ops: readonly OpRecord[], values: Values): string | undefined {
  const [first, ...others] = ops;
  const isAlike = (op: OpRecord) => op.op === first?.op && op.algorithm === first.algorithm;
  // Codes may be for two purposes though they are computed alike.
  if (first === undefined || (others.every(isAlike) && !isCode(first))) return undefined;
  let known: { readonly purpose: string; readonly by: string } | undefined;
  for (const op of ops) {
    const purpose = purposeOf(op, values);
    if (purpose === undefined) continue;
    if (known === undefined) known = { purpose, by: op.by };
    else if (known.purpose !== purpose) {
      return `one key is used for ${known.purpose} by ${known.by} and for ${purpose} by ${op.by}`;
    }
  }
  return undefined;
}

const isCode = ({ op }: OpRecord): boolean => operations[op].purpose === "authentication";

/** A private key that its owner uses in two roles that have nothing to do with each other. */
function twoRoles(ops: readonly OpRecord[], trace: Trace): string | undefined {
  const { roles } = trace.plan.protocol;
  const faces = (a: string, b: string): boolean => roles.some((r) => r.name === a && r.peer === b);
  const byPrincipal = new Map<Principal, string>();
  for (const op of ops) {
    const process = processOf(trace, op.by);
    // With a public key anybody may verify and encrypt.
    if (process === undefined || op.backwards !== usesPrivateKeyBackwards(op)) continue;
    const role = byPrincipal.get(process.principal) ?? process.role;
    byPrincipal.set(process.principal, role);
    if (role === process.role || faces(role, process.role) || faces(process.role, role)) continue;
    const purpose = operations[op.op].purpose;
    return `${process.principal} uses one key for ${purpose} as ${role} and as ${process.role}`;
  }
  return undefined;
}

/** What opens with a private key uses it where it opens, and everything else where it does not. */
const usesPrivateKeyBackwards = ({ op }: OpRecord): boolean =>
  operations[op].opensWith === "private-key";

/** Whose code or ciphertext another one checks or opens, who sends under the same key as well? */
function bothDirections(
  ops: readonly OpRecord[],
  values: Values,
  trace: Trace,
): string | undefined {
  const by = ({ by }: OpRecord): Principal | undefined => processOf(trace, by)?.principal;
  const senders = new Set(ops.filter((op) => !op.backwards && isSent(op)).map(by));
  const opensOwn = ops.some((op) => op.backwards && senders.has(by(op)));
  if (senders.size < 2 && !opensOwn) return undefined;
  const made = new Map<Latin1, Principal>();
  const nonces = new Map<Latin1, Principal>();
  const ways = new Set<string>();
  let mixed = false;
  for (const op of ops) {
    const purpose = isSent(op) ? purposeOf(op, values) : undefined;
    const own = by(op);
    if (purpose === undefined || own === undefined) continue;
    const maker = made.get(op.output);
    if (maker === undefined && !op.backwards) {
      made.set(op.output, own);
      const nonce = op.inputs[operations[op.op].nonce ?? -1] ?? "";
      // A nonce that nobody drew is counted, or made of a name and a count: several senders under
      // one key keep apart with it, as long as no two of them come to the same one.
      mixed ||= nonce === "" || values.isDrawn(nonce) || (nonces.get(nonce) ?? own) !== own;
      nonces.set(nonce, own);
    }
    if (maker === undefined) continue;
    // Whoever opens what it has sealed itself, under a key that it seals for another one with,
    // takes records of the other direction.
    const peer = op.backwards && maker === own ? opener(ways, own) : undefined;
    if (mixed && peer !== undefined) {
      return `one key serves both directions: ${own} opens what it has sealed for ${peer} itself`;
    }
    if (maker === own) continue;
    ways.add(`${maker}>${own}`);
    if (mixed && ways.has(`${own}>${maker}`)) {
      return `one key serves both directions: ${own} and ${maker} use it for ${purpose} toward each other`;
    }
  }
  return undefined;
}

/**
 * A key that both ends claim for theirs, and that seals as it is: were the other end to answer, it
 * would take the same. Where it never does, nothing is known about the other direction.
 */
function unanswered(
  uses: ReadonlyMap<Latin1, readonly OpRecord[]>,
  { isDrawn }: Values,
  trace: Trace,
): string | undefined {
  if (trace.plan.attack.length > 0) return undefined;
  for (const { value, at, peer } of eventsOf(trace, "secret")) {
    const ops = (uses.get(latin1(value)) ?? []).filter(isSent);
    const nonces = ops.map((op) => op.inputs[operations[op.op].nonce ?? -1] ?? "");
    if (ops.length === 0 || !nonces.some((nonce) => nonce === "" || isDrawn(nonce))) continue;
    return `the key that ${at} has with ${peer} seals as it is, and was used in one direction only`;
  }
  return undefined;
}

/** Who has opened what this principal sealed? */
function opener(ways: ReadonlySet<string>, maker: Principal): Principal | undefined {
  const way = [...ways].find((w) => w.startsWith(`${maker}>`));
  return way?.slice(maker.length + 1);
}

const isSent = ({ op }: OpRecord): boolean => {
  const { purpose } = operations[op];
  return purpose === "encryption" || purpose === "authentication";
};
