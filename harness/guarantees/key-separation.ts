import { isAdversaryProcess } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../protocol/kit/operations.ts";
import { processOf } from "../trace/process-of.ts";
import type { ProcessId, Trace } from "../trace/trace.ts";
import type { Guarantee } from "./guarantee.ts";

/** Shorter values are counters or labels in the place of a key. */
const keyFromBytes = 8;

/** So much of a code, shown or compared, tells that it is one. */
const shownBytes = 8;

interface Use {
  /** What it is used for, and with which algorithm if that matters: for reports. */
  readonly purpose: string;
  readonly by: ProcessId;
}

/** What is known about one key so far. */
interface KeyUses {
  first: Use | undefined;
  /** Who was the first to compute each result under it. */
  readonly made: Map<Latin1, Principal>;
  /** Who was the first to encrypt under it with each nonce. */
  readonly nonces: Map<Latin1, Principal>;
  /** Does no nonce keep its senders apart? */
  mixed: boolean;
  /** Whose results whom reached, as `alice>bob`. */
  readonly ways: Set<string>;
}

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
  judge(trace) {
    const about = keysOf(trace);
    const uses = new Map<Latin1, KeyUses>();
    for (const op of trace.crypto) {
      if (op.by === "deployment" || isAdversaryProcess(op.by) || !isUse(op)) continue;
      const key = about.owned(op.inputs[operations[op.op].key ?? 0] ?? "");
      if (key.length < keyFromBytes || isConstant(key)) continue;
      let known = uses.get(key);
      if (known === undefined) {
        known = {
          first: undefined,
          made: new Map(),
          nonces: new Map(),
          mixed: false,
          ways: new Set(),
        };
        uses.set(key, known);
      }
      const because =
        otherPurpose(known, op, about, trace) ?? bothDirections(known, op, about, trace);
      if (because !== undefined) return { atStake: uses.size, violation: { because } };
    }
    return { atStake: uses.size };
  },
};

const isUse = ({ op }: OpRecord): boolean => operations[op].purpose !== undefined;

/** All zeros and the like: a salt in the place of a key, known to everybody. */
const isConstant = (key: Latin1): boolean => key === key.charAt(0).repeat(key.length);

interface Keys {
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

function keysOf({ crypto, packets }: Trace): Keys {
  const pairs = new Map<Latin1, Latin1>();
  const privateKeys = new Set<Latin1>();
  const keys = new Set<Latin1>();
  const drawn = new Set<Latin1>();
  const shown = new Set<Latin1>();
  for (const { op, inputs, output } of crypto) {
    const { keyPair, key, purpose, fresh, light } = operations[op];
    if (fresh === true) drawn.add(output);
    else if (light === true) for (const i of inputs) shown.add(i.slice(0, shownBytes));
    const used = key === undefined ? undefined : inputs[key];
    if (used === undefined) continue;
    if (keyPair === true) {
      pairs.set(output, used);
      privateKeys.add(used);
    } else if (purpose !== undefined) keys.add(used);
  }
  let wire: Latin1 | undefined;
  return {
    owned: (key) => pairs.get(key) ?? key,
    isPair: (key) => privateKeys.has(key) || pairs.has(key),
    isKey: (value) => keys.has(value),
    isDrawn: (value) => drawn.has(value),
    isShown(value) {
      const start = value.slice(0, shownBytes);
      if (shown.has(start)) return true;
      wire ??= packets.map((p) => latin1(p.bytes)).join("");
      return wire.includes(start);
    },
  };
}

/**
 * A code that is neither sent nor compared, but is a key in turn, was computed to derive that key;
 * one that is none of it is a by-product of a derivation.
 */
function purposeOf(op: OpRecord, { isKey, isShown }: Keys): string | undefined {
  const { purpose } = operations[op.op];
  if (purpose === "authentication" && !isShown(op.output)) {
    return isKey(op.output) ? "derivation" : undefined;
  }
  return purpose === "encryption" ? `encryption with ${op.algorithm}` : purpose;
}

function otherPurpose(known: KeyUses, op: OpRecord, keys: Keys, trace: Trace): string | undefined {
  const purpose = purposeOf(op, keys);
  if (purpose === undefined) return undefined;
  const use: Use = { purpose, by: op.by };
  const { first } = known;
  known.first ??= use;
  if (first === undefined) return undefined;
  if (first.purpose !== use.purpose) {
    const [a, b] = [first, use].map(({ purpose, by }) => `for ${purpose} by ${by}`);
    return `one key is used ${a} and ${b}`;
  }
  const [here, there] = [processOf(trace, op.by), processOf(trace, first.by)];
  if (!keys.isPair(use.by === first.by ? "" : keyOf(op, keys))) return undefined;
  if (here === undefined || there === undefined || here.principal !== there.principal) {
    return undefined;
  }
  const { roles } = trace.plan.protocol;
  const faces = (a: string, b: string): boolean => roles.some((r) => r.name === a && r.peer === b);
  if (here.role === there.role || faces(here.role, there.role) || faces(there.role, here.role)) {
    return undefined;
  }
  return `${here.principal} uses one key for ${use.purpose} as ${there.role} and as ${here.role}`;
}

const keyOf = (op: OpRecord, keys: Keys): Latin1 =>
  keys.owned(op.inputs[operations[op.op].key ?? 0] ?? "");

/** Whose code or ciphertext another one checks or opens, who sends under the same key as well? */
function bothDirections(uses: KeyUses, op: OpRecord, keys: Keys, trace: Trace): string | undefined {
  const { made, nonces, ways } = uses;
  const purpose = purposeOf(op, keys);
  if (purpose === undefined || !/^(encryption|authentication)/.test(purpose)) return undefined;
  const by = processOf(trace, op.by)?.principal;
  if (by === undefined) return undefined;
  const what = `${op.algorithm} ${op.output}`;
  const maker = made.get(what);
  if (maker === undefined) {
    if (op.backwards) return undefined;
    made.set(what, by);
    const nonce = op.inputs[operations[op.op].nonce ?? -1] ?? "";
    // A nonce that nobody drew is counted, or made of a name and a count: several senders under
    // one key keep apart with it, as long as no two of them come to the same one.
    if (nonce === "" || keys.isDrawn(nonce) || (nonces.get(nonce) ?? by) !== by) uses.mixed = true;
    nonces.set(nonce, by);
    return undefined;
  }
  if (maker !== by) ways.add(`${maker}>${by}`);
  if (!uses.mixed || !ways.has(`${maker}>${by}`) || !ways.has(`${by}>${maker}`)) return undefined;
  return `one key serves both directions: ${by} and ${maker} use it for ${purpose} toward each other`;
}
