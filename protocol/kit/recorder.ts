/**
 * Runs cryptography and writes down what was computed from what.
 *
 * The record is what makes an attacker's knowledge computable (Dolev–Yao deduction over real
 * bytes). Inputs and outputs are kept as Latin-1 strings: they serve as map keys, and a protocol
 * that overwrites its buffers cannot change the record.
 */

import { bigintBytes, bytesBigint, type Latin1, latin1 } from "./bytes.ts";
import type { CryptoKit, Encoding, FiniteField, Group, HkdfParameters, KeyPair } from "./crypto.ts";
import { InvariantError, MisuseError } from "./errors.ts";
import type { KeyKind } from "./key-kinds.ts";
import { compute } from "./memo.ts";
import type { OpName, OpRecord } from "./operations.ts";
import { type AeadName, aeadOpen, aeadSeal } from "./primitives/aead.ts";
import { type CipherMode, cipherDecrypt, cipherEncrypt } from "./primitives/aes-modes.ts";
import {
  curvePrivateKey,
  curvePublicKey,
  curveSeedBytes,
  curveSharedSecret,
} from "./primitives/curves.ts";
import { ed25519PublicKey, ed25519Sign, ed25519Verify } from "./primitives/ed25519.ts";
import { decodeText, encodeText } from "./primitives/encodings.ts";
import { fieldPublicKey, fieldSharedSecret } from "./primitives/finite-field.ts";
import { type HashName, hash, hkdf, hkdfExpand, hkdfExtract, hmac } from "./primitives/hash.ts";
import { hashPassword, type PasswordHash } from "./primitives/password.ts";
import {
  type PointGroup,
  pointDifference,
  pointSum,
  reduceScalar,
  sharedPoint,
  wholePoint,
} from "./primitives/points.ts";
import { rsaOaepDecrypt, rsaOaepEncrypt, rsaOaepSeedBytes } from "./primitives/rsa.ts";
import { rsaLabKey } from "./primitives/rsa-lab-keys.ts";
import type { Random } from "./random.ts";

/**
 * Stands between a puppet and cryptography: whoever runs honest code with an attacker's knowledge
 * may see a plaintext only if the attacker could; see attacker/puppet.ts. A gate throws to refuse.
 */
export interface Gate {
  /** An operation was carried out. */
  done(record: OpRecord): void;
  /** Opening failed (a bad tag): only whoever has the key can tell. */
  failed(key: Latin1): void;
  /** What a comparison is to yield. */
  compare(a: Latin1, b: Latin1): boolean;
  /** What is encrypted, signed or authenticated instead of this. */
  rewriteSigned?(content: Uint8Array): Uint8Array;
  /** What comes out instead of this, of the same length, where it was opened or decrypted. */
  rewriteOpened?(plaintext: Uint8Array): Uint8Array;
  /** What is to be encrypted instead of this, of the same length. */
  rewritePlaintext?(plaintext: Uint8Array): Uint8Array;
}

const groupName = (group: Group): string =>
  typeof group === "string" ? group : `mod ${group.modulus} base ${group.generator}`;

const empty = new Uint8Array(0);
/** Bytes of a finite-field exponent beyond the modulus, so that reduction leaves no bias. */
const extraExponentBytes = 8;

export class CryptoRecorder implements CryptoKit {
  readonly #log: OpRecord[];
  readonly #random: Random;
  readonly #by: string;
  readonly #gate: Gate | undefined;

  constructor(log: OpRecord[], random: Random, by: string, gate?: Gate) {
    this.#log = log;
    this.#random = random;
    this.#by = by;
    this.#gate = gate;
  }

  #record(
    op: OpName,
    algorithm: string,
    inputs: readonly Latin1[],
    output: Latin1,
    backwards = false,
    field?: FiniteField,
  ): void {
    const by = this.#by;
    const record: OpRecord =
      field === undefined
        ? { op, algorithm, inputs, output, by, backwards }
        : { op, algorithm, inputs, output, by, backwards, field };
    this.#log.push(record);
    this.#gate?.done(record);
  }

  #refused(key: Latin1): undefined {
    this.#gate?.failed(key);
    return undefined;
  }

  #worded(content: Uint8Array): Uint8Array {
    return this.#gate?.rewriteSigned?.(content) ?? content;
  }

  /** What is encrypted in the place of `plaintext`. */
  #content(plaintext: Uint8Array): Uint8Array {
    const worded = this.#worded(plaintext);
    return this.#gate?.rewritePlaintext?.(worded) ?? worded;
  }

  #opened(plaintext: Uint8Array): Uint8Array {
    return this.#gate?.rewriteOpened?.(plaintext) ?? plaintext;
  }

  #forward(
    op: OpName,
    algorithm: string,
    inputs: readonly Uint8Array[],
    work: () => Uint8Array,
    field?: FiniteField,
  ): Uint8Array {
    const of = compute(op, algorithm, inputs, work);
    if (of.bytes === null) throw new InvariantError(`${op} ${algorithm} gave nothing`);
    this.#record(op, algorithm, of.inputs, of.output, false, field);
    return of.bytes.slice();
  }

  /** Like `#forward`, for work that untrusted inputs can make fail: then nothing is recorded. */
  #valid(
    op: OpName,
    algorithm: string,
    inputs: readonly Uint8Array[],
    work: () => Uint8Array | undefined,
  ): Uint8Array | undefined {
    const of = compute(op, algorithm, inputs, work);
    if (of.bytes !== null) this.#record(op, algorithm, of.inputs, of.output);
    return of.bytes?.slice();
  }

  random(length: number): Uint8Array {
    const out = this.#random.bytes(length);
    this.#record("random", `${length} bytes`, [], latin1(out));
    return out;
  }

  randomText(length: number, alphabet: string): Uint8Array {
    const out = this.#random.text(length, alphabet);
    this.#record("random", `${length} characters`, [], latin1(out));
    return out;
  }

  randomInt(below: number): number {
    return this.#random.below(below);
  }

  hash(name: HashName, data: Uint8Array): Uint8Array {
    return this.#forward("hash", name, [data], () => hash(name, data));
  }

  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
    const content = this.#worded(data);
    return this.#forward("hmac", name, [key, content], () => hmac(name, key, content));
  }

  hkdf(p: HkdfParameters): Uint8Array {
    const inputs = [p.key, p.salt ?? empty, p.info ?? empty];
    return this.#forward("kdf", `hkdf-${p.hash} ${p.length}`, inputs, () =>
      hkdf(p.hash, p.key, p.salt, p.info, p.length),
    );
  }

  hkdfExtract(name: HashName, key: Uint8Array, salt: Uint8Array): Uint8Array {
    return this.#forward("kdf", `hkdf-extract-${name}`, [key, salt, empty], () =>
      hkdfExtract(name, key, salt),
    );
  }

  hkdfExpand(name: HashName, key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return this.#forward("kdf", `hkdf-expand-${name} ${length}`, [key, empty, info], () =>
      hkdfExpand(name, key, info, length),
    );
  }

  keyPair(group: Group): KeyPair {
    let privateKey: Uint8Array;
    if (typeof group === "string") {
      const seed = this.#random.bytes(curveSeedBytes(group));
      const of = compute("private-key", group, [seed], () => curvePrivateKey(group, seed));
      privateKey = (of.bytes as Uint8Array).slice();
    } else {
      const size = bigintBytes(group.modulus).length;
      const wide = bytesBigint(this.#random.bytes(size + extraExponentBytes));
      privateKey = bigintBytes((wide % (group.modulus - 2n)) + 1n);
    }
    this.#record("random", `${groupName(group)} private key`, [], latin1(privateKey));
    return { privateKey, publicKey: this.publicKey(group, privateKey) };
  }

  publicKey(group: Group, privateKey: Uint8Array): Uint8Array {
    return this.#forward(
      "public-key",
      groupName(group),
      [privateKey],
      () =>
        typeof group === "string"
          ? curvePublicKey(group, privateKey)
          : fieldPublicKey(group.modulus, group.generator, privateKey),
      typeof group === "string" ? undefined : group,
    );
  }

  sharedSecret(
    group: Group,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined {
    const name = groupName(group);
    const of = compute("shared-secret", name, [privateKey, peerPublicKey], () =>
      typeof group === "string"
        ? curveSharedSecret(group, privateKey, peerPublicKey)
        : fieldSharedSecret(group.modulus, privateKey, peerPublicKey),
    );
    if (of.bytes === null) return undefined;
    const field = typeof group === "string" ? undefined : group;
    this.#record("shared-secret", name, of.inputs, of.output, false, field);
    return of.bytes.slice();
  }

  sharedPoint(
    group: PointGroup,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined {
    return this.#valid("shared-secret", `${group} point`, [privateKey, peerPublicKey], () =>
      sharedPoint(group, privateKey, peerPublicKey),
    );
  }

  addToPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined {
    return this.#valid("point-sum", `${group} plus`, [point, scalar, base], () =>
      pointSum(group, point, scalar, base),
    );
  }

  subtractFromPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined {
    return this.#valid("point-sum", `${group} minus`, [point, scalar, base], () =>
      pointDifference(group, point, scalar, base),
    );
  }

  wholePoint(group: PointGroup, point: Uint8Array): Uint8Array | undefined {
    return this.#valid("encode", `${group} point`, [point], () => wholePoint(group, point));
  }

  reduceScalar(group: PointGroup, wide: Uint8Array): Uint8Array {
    return this.#forward("reduce", group, [wide], () => reduceScalar(group, wide));
  }

  signingKeyPair(): KeyPair {
    const privateKey = this.#random.bytes(32);
    this.#record("random", "ed25519 private key", [], latin1(privateKey));
    const publicKey = this.#forward("public-key", "ed25519", [privateKey], () =>
      ed25519PublicKey(privateKey),
    );
    return { privateKey, publicKey };
  }

  sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
    const content = this.#worded(message);
    return this.#forward("sign", "ed25519", [privateKey, content], () =>
      ed25519Sign(privateKey, content),
    );
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const of = compute("verify", "ed25519", [publicKey, message, signature], () =>
      ed25519Verify(publicKey, message, signature) ? empty : undefined,
    );
    if (of.bytes === null) return false;
    this.#record("verify", "ed25519", of.inputs, "", true);
    return true;
  }

  seal(
    name: AeadName,
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associatedData: Uint8Array = empty,
  ): Uint8Array {
    const content = this.#content(plaintext);
    return this.#forward("aead", name, [key, nonce, associatedData, content], () =>
      aeadSeal(name, key, nonce, content, associatedData),
    );
  }

  open(
    name: AeadName,
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    associatedData: Uint8Array = empty,
  ): Uint8Array | undefined {
    const of = compute("open", name, [key, nonce, associatedData, ciphertext], () =>
      aeadOpen(name, key, nonce, ciphertext, associatedData),
    );
    const [k = "", n = "", data = "", sealed = ""] = of.inputs;
    if (of.bytes === null) return this.#refused(k);
    this.#record("aead", name, [k, n, data, of.output], sealed, true);
    return this.#opened(of.bytes.slice());
  }

  encrypt(mode: CipherMode, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const content = this.#content(plaintext);
    return this.#forward("cipher", mode, [key, iv, content], () =>
      cipherEncrypt(mode, key, iv, content),
    );
  }

  decrypt(
    mode: CipherMode,
    key: Uint8Array,
    iv: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined {
    const of = compute("decrypt", mode, [key, iv, ciphertext], () =>
      cipherDecrypt(mode, key, iv, ciphertext),
    );
    const [k = "", v = "", ct = ""] = of.inputs;
    if (of.bytes === null) return this.#refused(k);
    this.#record("cipher", mode, [k, v, of.output], ct, true);
    return this.#opened(of.bytes.slice());
  }

  rsaKeyPair(bits: 2048 | 4096, index: number): KeyPair {
    const pair = rsaLabKey(bits, index);
    const [sk, pk] = [latin1(pair.privateKey), latin1(pair.publicKey)];
    this.#record("random", `rsa-${bits} private key`, [], sk);
    this.#record("public-key", `rsa-${bits}`, [sk], pk);
    return { privateKey: pair.privateKey.slice(), publicKey: pair.publicKey.slice() };
  }

  rsaEncrypt(
    hashName: "sha1" | "sha256",
    publicKey: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | undefined {
    const seed = this.#random.bytes(rsaOaepSeedBytes(hashName));
    const content = this.#worded(plaintext);
    const name = `rsa-oaep-${hashName}`;
    const of = compute("encrypt", name, [publicKey, content, seed], () =>
      rsaOaepEncrypt(hashName, publicKey, content, seed),
    );
    if (of.bytes === null) return undefined;
    this.#record("random", "oaep seed", [], latin1(seed));
    this.#record("pk-encrypt", name, of.inputs, of.output);
    return of.bytes.slice();
  }

  rsaDecrypt(
    hashName: "sha1" | "sha256",
    privateKey: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined {
    const name = `rsa-oaep-${hashName}`;
    const of = compute("decrypt", name, [privateKey, ciphertext], () =>
      rsaOaepDecrypt(hashName, privateKey, ciphertext),
    );
    const [sk = "", ct = ""] = of.inputs;
    if (of.bytes === null) return this.#refused(sk);
    // The public key belongs to the private one by an earlier `public-key` record.
    this.#record("pk-encrypt", name, [sk, of.output, ""], ct, true);
    return this.#opened(of.bytes.slice());
  }

  passwordHash(how: PasswordHash, password: Uint8Array, salt: Uint8Array): Uint8Array {
    return this.#forward("password-hash", JSON.stringify(how), [password, salt], () =>
      hashPassword(how, password, salt),
    );
  }

  xor(a: Uint8Array, b: Uint8Array): Uint8Array {
    if (a.length !== b.length) {
      throw new MisuseError(`xor needs equal lengths, not ${a.length} and ${b.length} bytes`);
    }
    return this.#forward("xor", "", [a, b], () => a.map((byte, i) => byte ^ (b[i] as number)));
  }

  encode(encoding: Encoding, data: Uint8Array): Uint8Array {
    return this.#forward("encode", encoding, [data], () => encodeText(encoding, data));
  }

  decode(encoding: Encoding, data: Uint8Array): Uint8Array | undefined {
    const of = compute("decode", encoding, [data], () => decodeText(encoding, data));
    if (of.bytes === null) return undefined;
    this.#record("encode", encoding, [of.output], of.inputs[0] ?? "", true);
    return of.bytes.slice();
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    const [x, y] = [latin1(a), latin1(b)];
    this.#record("compare", "", [x, y], x === y ? "\u0001" : "\u0000");
    return this.#gate === undefined ? x === y : this.#gate.compare(x, y);
  }
}
