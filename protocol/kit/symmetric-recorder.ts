import { latin1 } from "./bytes.ts";
import type { Encoding, HkdfParameters, SymmetricKit } from "./crypto.ts";
import { textDraw, weakDraw } from "./draws.ts";
import { MisuseError } from "./errors.ts";
import { compute } from "./memo.ts";
import { type AeadName, aeadOpen, aeadSeal } from "./primitives/aead.ts";
import { type CipherMode, cipherDecrypt, cipherEncrypt } from "./primitives/aes-modes.ts";
import { aesCmac } from "./primitives/cmac.ts";
import { decodeText, encodeText } from "./primitives/encodings.ts";
import { type HashName, hash, hkdf, hkdfExpand, hkdfExtract, hmac } from "./primitives/hash.ts";
import { hashPassword, type PasswordHash } from "./primitives/password.ts";
import { weakBytes } from "./random.ts";
import { Recording } from "./recording.ts";

const empty = new Uint8Array(0);

/** Recorded cryptography with one key, and what needs none. */
export abstract class SymmetricRecorder extends Recording implements SymmetricKit {
  random(length: number): Uint8Array {
    return this.drawn(length, `${length} bytes`);
  }

  weakRandom(length: number, bits: number): Uint8Array {
    const isFit = Number.isInteger(bits) && bits >= 1 && bits <= Math.min(256, 8 * length);
    if (!isFit) throw new MisuseError(`${bits} is no number of bits for ${length} weak bytes`);
    const out = weakBytes(this.draws, length, bits);
    this.record("random", weakDraw(length, bits), [], latin1(out));
    return out;
  }

  randomText(length: number, alphabet: string): Uint8Array {
    const out = this.draws.text(length, alphabet);
    this.record("random", textDraw(length, new Set(alphabet).size), [], latin1(out));
    return out;
  }

  randomInt(below: number): number {
    return this.draws.below(below);
  }

  hash(name: HashName, data: Uint8Array): Uint8Array {
    return this.forward("hash", name, [data], () => hash(name, data));
  }

  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array {
    const content = this.signable(data);
    return this.forward("hmac", name, [key, content], () => hmac(name, key, content));
  }

  cmac(key: Uint8Array, data: Uint8Array): Uint8Array {
    const content = this.signable(data);
    return this.forward("mac", "aes-cmac", [key, content], () => aesCmac(key, content));
  }

  hkdf(p: HkdfParameters): Uint8Array {
    const inputs = [p.key, p.salt ?? empty, p.info ?? empty];
    return this.forward("kdf", `hkdf-${p.hash} ${p.length}`, inputs, () =>
      hkdf(p.hash, p.key, p.salt, p.info, p.length),
    );
  }

  hkdfExtract(name: HashName, key: Uint8Array, salt: Uint8Array): Uint8Array {
    return this.forward("kdf", `hkdf-extract-${name}`, [key, salt, empty], () =>
      hkdfExtract(name, key, salt),
    );
  }

  hkdfExpand(name: HashName, key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
    return this.forward("kdf", `hkdf-expand-${name} ${length}`, [key, empty, info], () =>
      hkdfExpand(name, key, info, length),
    );
  }

  seal(
    name: AeadName,
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associatedData: Uint8Array = empty,
  ): Uint8Array {
    const content = this.sealable(plaintext);
    return this.forward("aead", name, [key, nonce, associatedData, content], () =>
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
    if (of.bytes === null) return this.refused("aead", name, [k, n, data, ""], sealed);
    this.record("aead", name, [k, n, data, of.output], sealed, true);
    return this.readable(of.bytes.slice());
  }

  encrypt(mode: CipherMode, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const content = this.sealable(plaintext);
    return this.forward("cipher", mode, [key, iv, content], () =>
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
    if (of.bytes === null) return this.refused("cipher", mode, [k, v, ""], ct);
    this.record("cipher", mode, [k, v, of.output], ct, true);
    return this.readable(of.bytes.slice());
  }

  passwordHash(how: PasswordHash, password: Uint8Array, salt: Uint8Array): Uint8Array {
    return this.forward("password-hash", JSON.stringify(how), [password, salt], () =>
      hashPassword(how, password, salt),
    );
  }

  xor(a: Uint8Array, b: Uint8Array): Uint8Array {
    if (a.length !== b.length) {
      throw new MisuseError(`xor needs equal lengths, not ${a.length} and ${b.length} bytes`);
    }
    return this.forward("xor", "", [a, b], () => a.map((byte, i) => byte ^ (b[i] as number)));
  }

  encode(encoding: Encoding, data: Uint8Array): Uint8Array {
    return this.forward("encode", encoding, [data], () => encodeText(encoding, data));
  }

  decode(encoding: Encoding, data: Uint8Array): Uint8Array | undefined {
    const of = compute("decode", encoding, [data], () => decodeText(encoding, data));
    if (of.bytes === null) return undefined;
    this.record("encode", encoding, [of.output], of.inputs[0] ?? "", true);
    return of.bytes.slice();
  }

  equal(a: Uint8Array, b: Uint8Array): boolean {
    const [x, y] = [latin1(a), latin1(b)];
    this.record("compare", "", [x, y], x === y ? "\u0001" : "\u0000");
    return this.passes(x, y);
  }
}
