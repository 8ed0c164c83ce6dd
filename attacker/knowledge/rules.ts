/**
 * What each kind of cryptographic operation gives away: the Dolev–Yao rules, one row each.
 *
 * `compose` says which inputs suffice to compute the output; `decompose` what the output gives to
 * whoever has certain other values. A new primitive is a new row here and a name in
 * protocol/kit/recorder.ts; the inputs of each kind are listed there.
 */
import { bytesBigint, fromLatin1, type Latin1 } from "../../protocol/kit/bytes.ts";
import type { OpName, OpRecord } from "../../protocol/kit/recorder.ts";

/** What the rules may ask about. */
export interface Derivability {
  /** Can the attacker produce these bytes? */
  has(value: Latin1): boolean;
  /** The private key of a public key, if it was ever computed in this run. */
  privateKeyOf(publicKey: Latin1): Latin1 | undefined;
  /** The public key of a private key, if it was ever computed in this run. */
  publicKeyOf(privateKey: Latin1): Latin1 | undefined;
}

export interface Rule {
  /** Can the output be computed by whoever can derive what `d` has? */
  compose(op: OpRecord, d: Derivability): boolean;
  /** Which further values does the operation give to whoever has its output? */
  decompose?(op: OpRecord, d: Derivability): readonly Latin1[];
}

const input = (op: OpRecord, i: number): Latin1 => op.inputs[i] ?? "";
const allInputs: Rule = { compose: (op, d) => op.inputs.every((i) => d.has(i)) };
const never: Rule = { compose: () => false };

/** 0, 1 and −1 have only trivial powers, whatever the exponent. */
function isTrivial(modulus: bigint, value: Latin1): boolean {
  const residue = bytesBigint(fromLatin1(value)) % modulus;
  return residue <= 1n || residue === modulus - 1n;
}

const sharedSecret: Rule = {
  compose(op, d) {
    const [own, peer] = [input(op, 0), input(op, 1)];
    if (d.has(own)) return d.has(peer);
    if (op.field !== undefined && isTrivial(op.field.modulus, peer)) return true;
    const peersPrivate = d.privateKeyOf(peer);
    const ownPublic = d.publicKeyOf(own);
    return (
      peersPrivate !== undefined &&
      ownPublic !== undefined &&
      d.has(peersPrivate) &&
      d.has(ownPublic)
    );
  },
};

/**
 * A point and a scalar's multiple of a base that everybody knows. Either of the points gives the
 * other to whoever has the scalar; both of them do not give the scalar, but a guess at it can be
 * tested against them.
 */
const pointSum: Rule = {
  compose: (op, d) => op.inputs.every((i) => d.has(i)),
  decompose: (op, d) => (d.has(input(op, 1)) ? [input(op, 0)] : []),
};

/** Nonces and IVs count as public: they are sent, or counted. */
const aead: Rule = {
  compose: (op, d) => d.has(input(op, 0)) && d.has(input(op, 2)) && d.has(input(op, 3)),
  decompose: (op, d) => (d.has(input(op, 0)) ? [input(op, 3)] : []),
};
const cipher: Rule = {
  compose: (op, d) => d.has(input(op, 0)) && d.has(input(op, 2)),
  decompose: (op, d) => (d.has(input(op, 0)) ? [input(op, 2)] : []),
};

const publicKeyEncryption: Rule = {
  compose(op, d) {
    if (op.backwards) return false;
    return op.inputs.every((i) => d.has(i));
  },
  decompose(op, d) {
    const key = input(op, 0);
    // A record of a decryption holds the private key; one of an encryption, the public key.
    const secret = op.backwards ? key : d.privateKeyOf(key);
    return secret !== undefined && d.has(secret) ? [input(op, 1)] : [];
  },
};

const xor: Rule = {
  compose: (op, d) => d.has(input(op, 0)) && d.has(input(op, 1)),
  decompose: (op, d) => {
    const [a, b] = [input(op, 0), input(op, 1)];
    if (d.has(a)) return [b];
    return d.has(b) ? [a] : [];
  },
};

const encoding: Rule = {
  compose: (op, d) => d.has(input(op, 0)),
  decompose: (op) => [input(op, 0)],
};

export const rules: Readonly<Record<OpName, Rule>> = {
  random: never,
  hash: allInputs,
  hmac: allInputs,
  kdf: allInputs,
  "public-key": allInputs,
  "shared-secret": sharedSecret,
  "point-sum": pointSum,
  reduce: allInputs,
  sign: allInputs,
  verify: never,
  aead,
  cipher,
  "pk-encrypt": publicKeyEncryption,
  "password-hash": allInputs,
  xor,
  encode: encoding,
  compare: never,
};

/**
 * Operations that any guess at one input fits: another input is then computed so that it does.
 * @returns the terms of the equation, in one order however it was computed; `undefined` for all
 *   other operations.
 */
export function equationOf(op: OpRecord): string | undefined {
  if (op.op === "xor") return ["xor", ...[...op.inputs, op.output].toSorted()].join("\u0100");
  if (op.op !== "point-sum") return undefined;
  const [group, sign] = op.algorithm.split(" ");
  const [bare, masked] = sign === "plus" ? [input(op, 0), op.output] : [op.output, input(op, 0)];
  return [group, bare, input(op, 1), input(op, 2), masked].join("\u0100");
}

/** Kinds whose output is a value of its own and not a mere statement about the inputs. */
export const hasOutput = (op: OpRecord): boolean => op.op !== "verify" && op.op !== "compare";
