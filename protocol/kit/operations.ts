/**
 * What each kind of cryptographic operation means to this lab: one descriptor per kind, and all of
 * it in this file. Deduction (attacker/knowledge), puppets, strategies and guarantees read it here
 * and never ask for an operation by its name.
 *
 * A new kind of operation is a name in {@link OpName} and a row in {@link operations}; the compiler
 * asks for everything else. A new algorithm of a known kind (another cipher, another curve) needs
 * no row; a new kind of key needs one in key-kinds.ts, so that the adversary can make its own.
 */
import { bytesBigint, fromLatin1, type Latin1 } from "./bytes.ts";
import type { CryptoKit, FiniteField, KeyPair } from "./crypto.ts";
import { bitsOfDraw, bitsOfWeakDraw } from "./draws.ts";
import { ownKeyPair } from "./key-kinds.ts";
import { type AeadName, aeadBody } from "./primitives/aead.ts";

/**
 * The kinds of operation, with their inputs in order:
 *
 * - `random`: none. `hash`: data. `hmac`: key, data. `mac`: key, data. `kdf`: key, salt, info.
 * - `public-key`: private key. `shared-secret`: private key, peer's public key.
 * - `point-sum`: point, scalar, base (`plus` or `minus` in the algorithm). `reduce`: wide number.
 * - `sign`: private key, message, coins (where the scheme draws some).
 *   `verify`: public key, message, signature (output empty).
 * - `aead`: key, nonce, associated data, plaintext; the output is the ciphertext, also when it
 *   was opened. `cipher`: key, iv, plaintext; likewise.
 * - `pk-encrypt`: public key, plaintext, coins (empty where it was decrypted; the key is then the
 *   private one).
 * - `kem-ciphertext`: public key, coins. `kem-secret`: public key, coins, ciphertext (where it was
 *   decapsulated: private key, nothing, ciphertext).
 * - `password-hash`: password, salt. `xor`: a, b. `encode`: data. `compare`: a, b.
 */
export type OpName =
  | "random"
  | "hash"
  | "hmac"
  | "mac"
  | "kdf"
  | "public-key"
  | "shared-secret"
  | "point-sum"
  | "reduce"
  | "sign"
  | "verify"
  | "aead"
  | "cipher"
  | "pk-encrypt"
  | "kem-ciphertext"
  | "kem-secret"
  | "password-hash"
  | "xor"
  | "encode"
  | "compare";

/** One operation as it was carried out. */
export interface OpRecord {
  readonly op: OpName;
  /** Algorithm and parameters, for people and for telling operations apart. */
  readonly algorithm: string;
  readonly inputs: readonly Latin1[];
  readonly output: Latin1;
  /** The process that computed it; `deployment` for the dealing of keys. */
  readonly by: string;
  /** `true` where the operation was run backwards: opened, decrypted, decoded, verified. */
  readonly backwards: boolean;
  /** The finite field, where the group is one: weak ones are attacked for real. */
  readonly field?: FiniteField;
}

/** What the rules may ask about an adversary's knowledge. */
export interface Derivability {
  /** Can the adversary produce these bytes? */
  has(value: Latin1): boolean;
  /** The private key of a public key, if it was ever computed in this run. */
  privateKeyOf(publicKey: Latin1): Latin1 | undefined;
  /** The public key of a private key, if it was ever computed in this run. */
  publicKeyOf(privateKey: Latin1): Latin1 | undefined;
}

/** Positions of inputs; `all`: every one of them. */
type Positions = readonly number[] | "all";

/** What a key is used for; one key, one purpose (NIST SP 800-57 part 1, revision 5, §5.2). */
export type Purpose =
  | "encryption"
  | "authentication"
  | "derivation"
  | "key exchange"
  | "signing"
  | "public-key encryption";

/** All that the lab knows about a kind of operation. */
export interface Operation {
  // --- the Dolev–Yao rules ---
  /** Can an adversary that derives what `d` has compute the output? */
  compose(op: OpRecord, d: Derivability): boolean;
  /** Which further values does the output give to an adversary that derives what `d` has? */
  decompose?(op: OpRecord, d: Derivability): readonly Latin1[];
  /** Less than the whole output from which it can be decomposed as well. */
  openableFrom?(op: OpRecord): Latin1;

  // --- what its inputs and its output are ---
  /** `false` where the output only states something about the inputs. */
  readonly hasOutput: boolean;
  /** The output is drawn, and depends on nothing. */
  readonly fresh?: true;
  /** Of how many bits the seed is that it was drawn from, where that is known to be few. */
  seedBits?(op: OpRecord): number | undefined;
  /** Of a draw: the binary logarithm of how many values it can have. */
  drawnBits?(op: OpRecord): number;
  /** The input is a private key, and the output the public key that belongs to it. */
  readonly keyPair?: true;
  /** Which input is the key, and which the nonce or IV. */
  readonly key?: number;
  readonly nonce?: number;
  /** What the key is for, where it is used for anything but finding the public key to it. */
  readonly purpose?: Purpose;
  /** So little work that its time tells nothing. */
  readonly light?: true;
  /** Which input is encrypted, and found again by running the operation backwards. */
  readonly content?: number;
  /** Inputs that carry keys or messages: the lab has to know where they come from. */
  readonly weighty: Positions;

  // --- what it tells ---
  /** Did the operation check something, and successfully? Never, where it is left out. */
  checks?(op: OpRecord): boolean;
  /** What is checked by it. */
  checked?(op: OpRecord): Latin1;
  /**
   * What tells a right guess at an input from a wrong one: the output, if it was seen; that the
   * check succeeds; or nothing.
   */
  readonly guess: "by-output" | "by-check" | "never";
  /** What takes the content out of the output: the key, or the private key that belongs to it. */
  readonly opensWith?: "key" | "private-key";
  /**
   * How a guess shows to be right once something is taken out of the output with it: a tag tells,
   * whatever comes out; or only what comes out does, since any guess gives some string.
   */
  readonly shows?: "by-tag" | "by-content";
  /**
   * The terms of an equation that any guess at one input fits, since another input can be computed
   * so that it does; in one order, however it was computed.
   */
  equation?(op: OpRecord): string;

  // --- what the adversary makes of it ---
  /** A key pair of the adversary's own, of the same kind as the recorded one. */
  ownLike?(kit: CryptoKit, op: OpRecord): KeyPair;
}

const input = (op: OpRecord, i: number): Latin1 => op.inputs[i] ?? "";
const lastInput = (op: OpRecord): Latin1 => op.inputs.at(-1) ?? "";
const all = (op: OpRecord, d: Derivability): boolean => op.inputs.every((i) => d.has(i));
const never = (): boolean => false;
const term = "\u0100";

/** 0, 1 and −1 have only trivial powers, whatever the exponent. */
function isTrivial(modulus: bigint, value: Latin1): boolean {
  const residue = bytesBigint(fromLatin1(value)) % modulus;
  return residue <= 1n || residue === modulus - 1n;
}

/** A function of all its inputs that tells nothing about them. */
const oneWay = { compose: all, hasOutput: true, guess: "by-output" } as const;

const sharedSecret: Operation = {
  ...oneWay,
  key: 0,
  purpose: "key exchange",
  weighty: [0],
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
 * A point and a scalar's multiple of a public base. Either of the points gives the other to an
 * adversary that has the scalar; both of them do not give the scalar, but a guess at it can be
 * tested against them.
 */
const pointSum: Operation = {
  ...oneWay,
  weighty: [0, 1],
  decompose: (op, d) => (d.has(input(op, 1)) ? [input(op, 0)] : []),
  equation(op) {
    const [group, sign] = op.algorithm.split(" ");
    const [bare, masked] = sign === "plus" ? [input(op, 0), op.output] : [op.output, input(op, 0)];
    return [group, bare, input(op, 1), input(op, 2), masked].join(term);
  },
};

const xor: Operation = {
  ...oneWay,
  light: true,
  weighty: "all",
  decompose(op, d) {
    const [a, b] = [input(op, 0), input(op, 1)];
    if (d.has(a)) return [b];
    return d.has(b) ? [a] : [];
  },
  equation: (op) => ["xor", ...[...op.inputs, op.output].toSorted()].join(term),
  shows: "by-content",
};

/** A nonce or IV counts as public: it is sent, or counted. */
const aead: Operation = {
  compose: (op, d) => d.has(input(op, 0)) && d.has(input(op, 2)) && d.has(input(op, 3)),
  decompose: (op, d) => (d.has(input(op, 0)) ? [input(op, 3)] : []),
  // A receiver that decrypts without looking at the tag does not need it.
  openableFrom: ({ output, algorithm }) => aeadBody(algorithm as AeadName, output),
  hasOutput: true,
  key: 0,
  purpose: "encryption",
  nonce: 1,
  content: 3,
  weighty: [0, 3],
  checks: ({ backwards }) => backwards,
  checked: ({ output }) => output,
  guess: "by-output",
  opensWith: "key",
  shows: "by-tag",
};

const cipher: Operation = {
  compose: (op, d) => d.has(input(op, 0)) && d.has(input(op, 2)),
  decompose: (op, d) => (d.has(input(op, 0)) ? [input(op, 2)] : []),
  hasOutput: true,
  key: 0,
  purpose: "encryption",
  nonce: 1,
  content: 2,
  weighty: [0, 2],
  checks: ({ backwards }) => backwards,
  checked: ({ output }) => output,
  guess: "by-output",
  opensWith: "key",
  shows: "by-content",
  equation: ({ algorithm, inputs, output }) => ["cipher", algorithm, ...inputs, output].join(term),
};

/** The private key: of a record of a decryption its own input, else that of the public key. */
const decryptionKey = (op: OpRecord, d: Derivability): Latin1 | undefined =>
  op.backwards ? input(op, 0) : d.privateKeyOf(input(op, 0));

const publicKeyEncryption: Operation = {
  ...oneWay,
  key: 0,
  purpose: "public-key encryption",
  content: 1,
  weighty: "all",
  opensWith: "private-key",
  compose: (op, d) => !op.backwards && all(op, d),
  decompose(op, d) {
    const secret = decryptionKey(op, d);
    return secret !== undefined && d.has(secret) ? [input(op, 1)] : [];
  },
};

/** The secret follows from the coins, or from the ciphertext for the owner of the private key. */
const kemSecret: Operation = {
  ...oneWay,
  weighty: [0, 1],
  compose(op, d) {
    if (!op.backwards && d.has(input(op, 0)) && d.has(input(op, 1))) return true;
    const secret = decryptionKey(op, d);
    return secret !== undefined && d.has(secret) && d.has(input(op, 2));
  },
};

export const operations: Readonly<Record<OpName, Operation>> = {
  random: {
    compose: never,
    hasOutput: true,
    fresh: true,
    light: true,
    seedBits: ({ algorithm }) => bitsOfWeakDraw(algorithm),
    drawnBits: ({ algorithm, output }) => bitsOfDraw(algorithm, output.length),
    weighty: [],
    guess: "never",
  },
  hash: { ...oneWay, weighty: "all" },
  hmac: { ...oneWay, key: 0, purpose: "authentication", weighty: [0] },
  mac: { ...oneWay, key: 0, purpose: "authentication", weighty: [0] },
  kdf: { ...oneWay, key: 0, purpose: "derivation", weighty: [0] },
  "public-key": {
    ...oneWay,
    keyPair: true,
    key: 0,
    weighty: [0],
    ownLike: (kit, { algorithm, field }) =>
      field === undefined ? ownKeyPair(kit, algorithm) : kit.keyPair(field),
  },
  "shared-secret": sharedSecret,
  "point-sum": pointSum,
  reduce: { ...oneWay, weighty: "all" },
  sign: { ...oneWay, key: 0, purpose: "signing", weighty: [0] },
  verify: {
    compose: never,
    hasOutput: false,
    key: 0,
    purpose: "signing",
    weighty: [0],
    checks: () => true,
    checked: lastInput,
    guess: "by-check",
  },
  aead,
  cipher,
  "pk-encrypt": publicKeyEncryption,
  "kem-ciphertext": { ...oneWay, weighty: "all" },
  "kem-secret": kemSecret,
  "password-hash": { ...oneWay, weighty: "all" },
  xor,
  encode: { ...oneWay, light: true, weighty: "all", decompose: (op) => [input(op, 0)] },
  compare: {
    compose: never,
    light: true,
    hasOutput: false,
    weighty: "all",
    checks: ({ inputs }) => inputs[0] === inputs[1],
    checked: lastInput,
    guess: "never",
  },
};

const always = (): boolean => true;
/** Longer outputs are keys of other kinds, which have a structure of their own. */
const longestElementBytes = 64;

/**
 * An element of a group, as it is written: odd lengths begin with a byte that says how (SEC 1
 * §2.3.3), and in short fields the first byte is small. Without that, a random string passes for
 * one, but for a bit or two (S. Bellovin, M. Merritt 1992, §3): less than the eight that a byte
 * has, and less than the lab counts.
 */
function isElementLikeAnyString({ output, field }: OpRecord): boolean {
  if (field === undefined) return output.length % 2 === 0 && output.length <= longestElementBytes;
  return field.modulus >> BigInt(8 * output.length - 8) >= 0x80n;
}

const uniform: Partial<Record<OpName, (op: OpRecord) => boolean>> = {
  // Drawn characters are few of all bytes, and RSA keys are numbers with a structure.
  random: ({ algorithm }) => !/characters|rsa/.test(algorithm),
  hash: always,
  hmac: always,
  mac: always,
  kdf: always,
  "password-hash": always,
  aead: always,
  cipher: always,
  xor: always,
  "kem-secret": always,
  "public-key": isElementLikeAnyString,
  "shared-secret": isElementLikeAnyString,
};

/**
 * Is the output a string like any other of its length, to all who do not know the inputs? Then what
 * a wrong guess gives in its place looks no different.
 */
export const isUniform = (op: OpRecord): boolean => uniform[op.op]?.(op) ?? false;

/** What was encrypted, or is found when it is opened; the last input where there is no such thing. */
export function contentOf(op: OpRecord): Latin1 {
  const at = operations[op.op].content;
  return at === undefined ? lastInput(op) : input(op, at);
}

/** Does this record show that a plaintext was taken out of a ciphertext? */
export const isOpening = ({ op, backwards }: OpRecord): boolean =>
  backwards && operations[op].content !== undefined;

/** Values of a record that the lab has to explain. */
export function weightyInputs({ op, inputs }: OpRecord): readonly Latin1[] {
  const { weighty } = operations[op];
  return weighty === "all" ? inputs : weighty.map((i) => inputs[i] ?? "");
}
