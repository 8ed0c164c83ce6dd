/** Runs cryptography and records it: see recording.ts for what that is for. */
import { bigintBytes, bytesBigint, concat, latin1 } from "./bytes.ts";
import type { CryptoKit, Encapsulation, Group, KemName, KeyPair, RsaPadding } from "./crypto.ts";
import type { KeyKind } from "./key-kinds.ts";
import { compute } from "./memo.ts";
import {
  curvePrivateKey,
  curvePublicKey,
  curveSeedBytes,
  curveSharedSecret,
} from "./primitives/curves.ts";
import { ed25519PublicKey } from "./primitives/ed25519.ts";
import { fieldPublicKey, fieldSharedSecret } from "./primitives/finite-field.ts";
import {
  mlKemCiphertextBytes,
  mlKemDecapsulate,
  mlKemEncapsulate,
  mlKemKeyPair,
  mlKemKeySeedBytes,
  mlKemPrivateKeyBytes,
  mlKemPublicKeyBytes,
  mlKemSeedBytes,
} from "./primitives/ml-kem.ts";
import { named } from "./primitives/named.ts";
import {
  type PointGroup,
  pointDifference,
  pointSum,
  reduceScalar,
  sharedPoint,
  wholePoint,
} from "./primitives/points.ts";
import { rsaLabKey } from "./primitives/rsa-lab-keys.ts";
import { rsaPaddings } from "./primitives/rsa-paddings.ts";
import { boxKey } from "./primitives/secretbox.ts";
import { type SignatureScheme, signatureSchemes } from "./primitives/signatures.ts";
import { SymmetricRecorder } from "./symmetric-recorder.ts";

const groupName = (group: Group): string =>
  typeof group === "string" ? group : `mod ${group.modulus} base ${group.generator}`;

const empty = new Uint8Array(0);
/** Bytes of a finite-field exponent beyond the modulus, so that reduction leaves no bias. */
const extraExponentBytes = 8;

const kem = "ml-kem-768";
const x25519Bytes = 32;

const halves = (bytes: Uint8Array, at: number): readonly [Uint8Array, Uint8Array] => [
  bytes.slice(0, at),
  bytes.slice(at),
];

export class CryptoRecorder extends SymmetricRecorder implements CryptoKit {
  keyPair(group: Group): KeyPair {
    let privateKey: Uint8Array;
    if (typeof group === "string") {
      const seed = this.draws.bytes(curveSeedBytes(group));
      const of = compute("private-key", group, [seed], () => curvePrivateKey(group, seed));
      privateKey = (of.bytes as Uint8Array).slice();
    } else {
      const size = bigintBytes(group.modulus).length;
      const wide = bytesBigint(this.draws.bytes(size + extraExponentBytes));
      privateKey = bigintBytes((wide % (group.modulus - 2n)) + 1n);
    }
    this.record("random", `${groupName(group)} private key`, [], latin1(privateKey));
    return { privateKey, publicKey: this.publicKey(group, privateKey) };
  }

  publicKey(group: Group, privateKey: Uint8Array): Uint8Array {
    return typeof group === "string"
      ? this.#publicKey(group, privateKey, () => curvePublicKey(group, privateKey))
      : this.forward(
          "public-key",
          groupName(group),
          [privateKey],
          () => fieldPublicKey(group.modulus, group.generator, privateKey),
          group,
        );
  }

  #publicKey(kind: KeyKind, privateKey: Uint8Array, work: () => Uint8Array): Uint8Array {
    return this.forward("public-key", kind, [privateKey], work);
  }

  sharedSecret(
    group: Group,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined {
    return this.valid(
      "shared-secret",
      groupName(group),
      [privateKey, peerPublicKey],
      () =>
        typeof group === "string"
          ? curveSharedSecret(group, privateKey, peerPublicKey)
          : fieldSharedSecret(group.modulus, privateKey, peerPublicKey),
      typeof group === "string" ? undefined : group,
    );
  }

  sharedPoint(
    group: PointGroup,
    privateKey: Uint8Array,
    peerPublicKey: Uint8Array,
  ): Uint8Array | undefined {
    return this.valid("shared-secret", `${group} point`, [privateKey, peerPublicKey], () =>
      sharedPoint(group, privateKey, peerPublicKey),
    );
  }

  addToPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined {
    return this.valid("point-sum", `${group} plus`, [point, scalar, base], () =>
      pointSum(group, point, scalar, base),
    );
  }

  subtractFromPoint(
    group: PointGroup,
    point: Uint8Array,
    scalar: Uint8Array,
    base: Uint8Array,
  ): Uint8Array | undefined {
    return this.valid("point-sum", `${group} minus`, [point, scalar, base], () =>
      pointDifference(group, point, scalar, base),
    );
  }

  wholePoint(group: PointGroup, point: Uint8Array): Uint8Array | undefined {
    return this.valid("encode", `${group} point`, [point], () => wholePoint(group, point));
  }

  reduceScalar(group: PointGroup, wide: Uint8Array): Uint8Array {
    return this.forward("reduce", group, [wide], () => reduceScalar(group, wide));
  }

  boxKey(privateKey: Uint8Array, peerPublicKey: Uint8Array): Uint8Array | undefined {
    const secret = this.sharedSecret("x25519", privateKey, peerPublicKey);
    if (secret === undefined) return undefined;
    return this.forward("kdf", "hsalsa20 32", [secret, empty, empty], () => boxKey(secret));
  }

  kemKeyPair(name: KemName): KeyPair {
    const seed = this.draws.bytes(mlKemKeySeedBytes);
    const of = compute("kem-key-pair", kem, [seed], () => {
      const made = mlKemKeyPair(seed);
      return concat(made.privateKey, made.publicKey);
    });
    const [privateKey, made] = halves(of.bytes as Uint8Array, mlKemPrivateKeyBytes);
    this.record("random", `${kem} private key`, [], latin1(privateKey));
    const publicKey = this.#publicKey(kem, privateKey, () => made);
    if (name === kem) return { privateKey, publicKey };
    const curve = this.keyPair("x25519");
    return {
      privateKey: concat(privateKey, curve.privateKey),
      publicKey: concat(publicKey, curve.publicKey),
    };
  }

  /** In all values of the hybrid, ML-KEM stands first (draft-ietf-tls-ecdhe-mlkem §4). */
  encapsulate(name: KemName, publicKey: Uint8Array): Encapsulation | undefined {
    if (name === kem) return this.#encapsulate(publicKey);
    const [kemKey, peer] = halves(publicKey, mlKemPublicKeyBytes);
    if (peer.length !== x25519Bytes) return undefined;
    const first = this.#encapsulate(kemKey);
    if (first === undefined) return undefined;
    const curve = this.keyPair("x25519");
    const second = this.sharedSecret("x25519", curve.privateKey, peer);
    if (second === undefined) return undefined;
    return {
      ciphertext: concat(first.ciphertext, curve.publicKey),
      sharedSecret: concat(first.sharedSecret, second),
    };
  }

  #encapsulate(publicKey: Uint8Array): Encapsulation | undefined {
    const coins = this.draws.bytes(mlKemSeedBytes);
    const of = compute("encapsulate", kem, [publicKey, coins], () => {
      const made = mlKemEncapsulate(publicKey, coins);
      return made && concat(made.ciphertext, made.sharedSecret);
    });
    if (of.bytes === null) return undefined;
    const [ciphertext, sharedSecret] = halves(of.bytes, mlKemCiphertextBytes);
    const [pk = "", m = ""] = of.inputs;
    const ct = latin1(ciphertext);
    this.record("random", `${kem} coins`, [], m);
    this.record("kem-ciphertext", kem, [pk, m], ct);
    this.record("kem-secret", kem, [pk, m, ct], latin1(sharedSecret));
    return { ciphertext, sharedSecret };
  }

  decapsulate(
    name: KemName,
    privateKey: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined {
    if (name === kem) return this.#decapsulate(privateKey, ciphertext);
    const [kemKey, curveKey] = halves(privateKey, mlKemPrivateKeyBytes);
    const [sealed, peer] = halves(ciphertext, mlKemCiphertextBytes);
    const first = this.#decapsulate(kemKey, sealed);
    const second = this.sharedSecret("x25519", curveKey, peer);
    return first === undefined || second === undefined ? undefined : concat(first, second);
  }

  #decapsulate(privateKey: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
    const of = compute("decapsulate", kem, [privateKey, ciphertext], () =>
      mlKemDecapsulate(privateKey, ciphertext),
    );
    if (of.bytes === null) return undefined;
    const [sk = "", ct = ""] = of.inputs;
    this.record("kem-secret", kem, [sk, "", ct], of.output, true);
    return of.bytes.slice();
  }

  signingKeyPair(kind: "ed25519" | "p256" = "ed25519"): KeyPair {
    if (kind === "p256") return this.keyPair(kind);
    const privateKey = this.drawn(32, "ed25519 private key");
    const publicKey = this.#publicKey(kind, privateKey, () => ed25519PublicKey(privateKey));
    return { privateKey, publicKey };
  }

  sign(
    privateKey: Uint8Array,
    message: Uint8Array,
    scheme: SignatureScheme = "ed25519",
  ): Uint8Array {
    const content = this.signable(message);
    const { coinBytes, sign } = named("signature scheme", signatureSchemes, scheme);
    if (coinBytes === 0) {
      return this.forward("sign", scheme, [privateKey, content], () =>
        sign(privateKey, content, empty),
      );
    }
    const coins = this.drawn(coinBytes, `${scheme} salt`);
    return this.forward("sign", scheme, [privateKey, content, coins], () =>
      sign(privateKey, content, coins),
    );
  }

  verify(
    publicKey: Uint8Array,
    message: Uint8Array,
    signature: Uint8Array,
    scheme: SignatureScheme = "ed25519",
  ): boolean {
    const of = compute("verify", scheme, [publicKey, message, signature], () =>
      named("signature scheme", signatureSchemes, scheme).verify(publicKey, message, signature)
        ? empty
        : undefined,
    );
    if (of.bytes === null) {
      this.failed("verify", scheme, of.inputs);
      return false;
    }
    this.record("verify", scheme, of.inputs, "", true);
    return true;
  }

  rsaKeyPair(bits: 2048 | 4096, index: number): KeyPair {
    const pair = rsaLabKey(bits, index);
    const kind: KeyKind = `rsa-${bits}`;
    const [sk, pk] = [latin1(pair.privateKey), latin1(pair.publicKey)];
    this.record("random", `${kind} private key`, [], sk);
    this.record("public-key", kind, [sk], pk);
    return { privateKey: pair.privateKey.slice(), publicKey: pair.publicKey.slice() };
  }

  rsaEncrypt(
    padding: RsaPadding,
    publicKey: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array | undefined {
    const { name, seedName, seedBytes, encrypt } = named("RSA padding", rsaPaddings, padding);
    const seed = this.draws.bytes(seedBytes);
    const content = this.wrappable(plaintext);
    const of = compute("encrypt", name, [publicKey, content, seed], () =>
      encrypt(publicKey, content, seed),
    );
    if (of.bytes === null) return undefined;
    this.record("random", seedName, [], latin1(seed));
    this.record("pk-encrypt", name, of.inputs, of.output);
    return of.bytes.slice();
  }

  rsaDecrypt(
    padding: RsaPadding,
    privateKey: Uint8Array,
    ciphertext: Uint8Array,
  ): Uint8Array | undefined {
    const { name, decrypt } = named("RSA padding", rsaPaddings, padding);
    const of = compute("decrypt", name, [privateKey, ciphertext], () =>
      decrypt(privateKey, ciphertext),
    );
    const [sk = "", ct = ""] = of.inputs;
    if (of.bytes === null) return this.refused("pk-encrypt", name, [sk, "", ""], ct);
    // The public key belongs to the private one by an earlier `public-key` record.
    this.record("pk-encrypt", name, [sk, of.output, ""], ct, true);
    return this.readable(of.bytes.slice());
  }
}
