/**
 * Carries out an operation that is known by its record: the same kind, the same algorithm, and
 * inputs of one's own. So what an adversary builds out of what it knows is computed by the same
 * kit as what honest code computes.
 */
import type { CryptoKit, Encoding, FiniteField, Group } from "./crypto.ts";
import type { OpName, OpRecord } from "./operations.ts";
import type { AeadName } from "./primitives/aead.ts";
import type { CipherMode } from "./primitives/aes-modes.ts";
import type { CurveName } from "./primitives/curves.ts";
import type { HashName } from "./primitives/hash.ts";
import type { PasswordHash } from "./primitives/password.ts";
import { type RsaPadding, rsaPaddings } from "./primitives/rsa-paddings.ts";
import type { SignatureScheme } from "./primitives/signatures.ts";

type Inputs = readonly Uint8Array[];
type CarriedOut = (kit: CryptoKit, algorithm: string, inputs: Inputs) => Uint8Array | undefined;

const none = new Uint8Array(0);
const at = (inputs: Inputs, i: number): Uint8Array => inputs[i] ?? none;

const fieldPattern = /^mod (\d+) base (\d+)$/;
function groupOf(algorithm: string): Group {
  const [, modulus, generator] = fieldPattern.exec(algorithm) ?? [];
  if (modulus === undefined || generator === undefined) return algorithm as CurveName;
  return { modulus: BigInt(modulus), generator: BigInt(generator) } satisfies FiniteField;
}

const paddingOf = (algorithm: string): RsaPadding | undefined =>
  (Object.keys(rsaPaddings) as RsaPadding[]).find((p) => rsaPaddings[p].name === algorithm);

function kdf(kit: CryptoKit, algorithm: string, inputs: Inputs): Uint8Array | undefined {
  const [key, salt, info] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const [, how, hash = "", length] =
    /^hkdf(-extract|-expand)?-(\w+)(?: (\d+))?$/.exec(algorithm) ?? [];
  const name = hash as HashName;
  if (how === "-extract") return kit.hkdfExtract(name, key, salt);
  if (length === undefined) return undefined;
  return how === "-expand"
    ? kit.hkdfExpand(name, key, info, Number(length))
    : kit.hkdf({ hash: name, key, salt, info, length: Number(length) });
}

/** One row for each kind that can be carried out forwards, with the inputs of its record. */
const table: Partial<Record<OpName, CarriedOut>> = {
  hash: (kit, name, inputs) => kit.hash(name as HashName, at(inputs, 0)),
  hmac: (kit, name, inputs) => kit.hmac(name as HashName, at(inputs, 0), at(inputs, 1)),
  mac: (kit, _, inputs) => kit.cmac(at(inputs, 0), at(inputs, 1)),
  kdf,
  "public-key": (kit, group, inputs) => kit.publicKey(groupOf(group), at(inputs, 0)),
  "shared-secret": (kit, group, inputs) =>
    kit.sharedSecret(groupOf(group), at(inputs, 0), at(inputs, 1)),
  sign: (kit, scheme, inputs) => kit.sign(at(inputs, 0), at(inputs, 1), scheme as SignatureScheme),
  aead: (kit, name, inputs) =>
    kit.seal(name as AeadName, at(inputs, 0), at(inputs, 1), at(inputs, 3), at(inputs, 2)),
  cipher: (kit, mode, inputs) =>
    kit.encrypt(mode as CipherMode, at(inputs, 0), at(inputs, 1), at(inputs, 2)),
  "pk-encrypt": (kit, algorithm, inputs) => {
    const padding = paddingOf(algorithm);
    return padding && kit.rsaEncrypt(padding, at(inputs, 0), at(inputs, 1));
  },
  "password-hash": (kit, how, inputs) =>
    kit.passwordHash(JSON.parse(how) as PasswordHash, at(inputs, 0), at(inputs, 1)),
  xor: (kit, _, inputs) => kit.xor(at(inputs, 0), at(inputs, 1)),
  encode: (kit, encoding, inputs) => kit.encode(encoding as Encoding, at(inputs, 0)),
};

/** Those with coins: drawn whenever it is carried out. */
const coined: Partial<Record<OpName, number>> = { sign: 2, "pk-encrypt": 2 };
/** How many inputs of a record are not coins. */
export const carriedInputs = (op: OpName): number => coined[op] ?? Number.POSITIVE_INFINITY;

export const canCarryOut = (op: OpName): boolean => table[op] !== undefined;

/**
 * @param inputs in the order of the record; coins are drawn afresh, and need not be among them.
 * @returns the output; `undefined` if the kind, the algorithm or the inputs do not allow it.
 */
export function carryOut(
  kit: CryptoKit,
  { op, algorithm }: Pick<OpRecord, "op" | "algorithm">,
  inputs: Inputs,
): Uint8Array | undefined {
  try {
    return table[op]?.(kit, algorithm, inputs);
  } catch {
    // An algorithm that the kit does not have, or a key of the wrong length.
    return undefined;
  }
}

/**
 * A shared secret follows from either private key and the other public one.
 * @returns the inputs by which the peer would compute it; `undefined` where there is no such thing.
 */
export function fromTheOtherEnd(
  op: OpRecord,
  keys: {
    privateKeyOf(publicKey: string): string | undefined;
    publicKeyOf(privateKey: string): string | undefined;
  },
): readonly string[] | undefined {
  if (!otherEnds.has(op.op)) return undefined;
  const [own = "", peer = ""] = op.inputs;
  const peersPrivate = keys.privateKeyOf(peer);
  const ownPublic = keys.publicKeyOf(own);
  return peersPrivate === undefined || ownPublic === undefined
    ? undefined
    : [peersPrivate, ownPublic];
}
const otherEnds: ReadonlySet<OpName> = new Set(["shared-secret"]);
