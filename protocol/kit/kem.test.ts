/** Key encapsulation through the recorder: what comes out, and what is written down. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, latin1 } from "./bytes.ts";
import type { KemName } from "./crypto.ts";
import { MisuseError } from "./errors.ts";
import type { OpRecord } from "./operations.ts";
import { curvePublicKey, curveSharedSecret } from "./primitives/curves.ts";
import { mlKemDecapsulate, mlKemEncapsulate, mlKemKeyPair } from "./primitives/ml-kem.ts";
import { Random } from "./random.ts";
import { CryptoRecorder } from "./recorder.ts";

/** Draws what it is given, in order. */
class GivenRandom extends Random {
  readonly #given: Uint8Array[];

  constructor(given: readonly Uint8Array[]) {
    super("given");
    this.#given = [...given];
  }

  override bytes(length: number): Uint8Array {
    const next = this.#given.shift();
    if (next?.length !== length) throw new Error(`asked for ${length} bytes`);
    return next;
  }
}

const kit = (given: readonly Uint8Array[], log: OpRecord[] = []) =>
  new CryptoRecorder(log, new GivenRandom(given), "alice#0");
const drawing = (seed: string, log: OpRecord[] = []) =>
  new CryptoRecorder(log, new Random(seed), "alice#0");
const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const flip = (value: Uint8Array, at: number) =>
  value.map((byte, i) => (i === at ? byte ^ 1 : byte));
const hybrid = "x25519-mlkem768";

// No vectors are published; both halves have theirs, and this is how the draft joins them.
test("every value of the hybrid is that of ML-KEM-768 and then that of X25519", () => {
  fc.assert(
    fc.property(bytes(64), bytes(32), bytes(32), bytes(32), (kemSeed, a, coins, b) => {
      const pair = kit([kemSeed, a]).kemKeyPair(hybrid);
      const half = mlKemKeyPair(kemSeed);
      expect(pair.privateKey).toEqual(concat(half.privateKey, a));
      expect(pair.publicKey).toEqual(concat(half.publicKey, curvePublicKey("x25519", a)));
      const made = kit([coins, b]).encapsulate(hybrid, pair.publicKey);
      const inner = mlKemEncapsulate(half.publicKey, coins);
      const curve = curveSharedSecret("x25519", a, curvePublicKey("x25519", b));
      if (!(made && inner && curve)) throw new Error("all keys are good");
      expect(made.ciphertext).toEqual(concat(inner.ciphertext, curvePublicKey("x25519", b)));
      expect(made.sharedSecret).toEqual(concat(inner.sharedSecret, curve));
      const secret = kit([]).decapsulate(hybrid, pair.privateKey, made.ciphertext);
      expect(secret).toEqual(made.sharedSecret);
    }),
    { numRuns: 10 },
  );
});

describe.each<[KemName, number, number, number]>([
  ["ml-kem-768", 2400, 1184, 1088],
  ["x25519-mlkem768", 2432, 1216, 1120],
])("%s", (name, privateBytes, publicBytes, ciphertextBytes) => {
  const pair = drawing("pair").kemKeyPair(name);
  const made = drawing("coins").encapsulate(name, pair.publicKey);
  if (made === undefined) throw new Error("the key is good");

  test("has values of these lengths", () => {
    const { privateKey, publicKey } = pair;
    expect([privateKey.length, publicKey.length, made.ciphertext.length]).toEqual([
      privateBytes,
      publicBytes,
      ciphertextBytes,
    ]);
  });

  test("a changed ciphertext gives another secret, and no error", () => {
    const forged = flip(made.ciphertext, 0);
    const secret = kit([]).decapsulate(name, pair.privateKey, forged);
    expect(secret?.subarray(0, 32)).toEqual(
      mlKemDecapsulate(pair.privateKey.slice(0, 2400), forged.slice(0, 1088)),
    );
    expect(secret?.subarray(0, 32)).not.toEqual(made.sharedSecret.subarray(0, 32));
    expect(secret?.subarray(32)).toEqual(made.sharedSecret.subarray(32));
  });

  test("what has another length gives nothing, or is misuse where it is the private key", () => {
    for (const size of [0, 32, 1087, 1121, 1183, 1217]) {
      const bad = new Uint8Array(size);
      expect(drawing("x").encapsulate(name, bad)).toBeUndefined();
      expect(kit([]).decapsulate(name, pair.privateKey, bad)).toBeUndefined();
      expect(() => kit([]).decapsulate(name, bad, made.ciphertext)).toThrow(MisuseError);
    }
    const numbersTooLarge = pair.publicKey.slice().fill(255, 0, 1184);
    expect(drawing("x").encapsulate(name, numbersTooLarge)).toBeUndefined();
  });

  test("both ends write down how they came to the same secret", () => {
    const log: OpRecord[] = [];
    drawing("coins", log).encapsulate(name, pair.publicKey);
    drawing("none", log).decapsulate(name, pair.privateKey, made.ciphertext);
    const secrets = log.filter((op) => op.op === "kem-secret");
    expect(secrets.map((op) => op.output)).toEqual([
      latin1(made.sharedSecret.subarray(0, 32)),
      latin1(made.sharedSecret.subarray(0, 32)),
    ]);
    expect(secrets.map((op) => op.backwards)).toEqual([false, true]);
  });
});

test("an X25519 half of low order gives nothing", () => {
  const pair = drawing("pair").kemKeyPair(hybrid);
  const weak = concat(pair.publicKey.subarray(0, 1184), new Uint8Array(32));
  expect(drawing("coins").encapsulate(hybrid, weak)).toBeUndefined();
  const made = drawing("coins").encapsulate(hybrid, pair.publicKey);
  const weakAnswer = concat((made?.ciphertext ?? weak).subarray(0, 1088), new Uint8Array(32));
  expect(kit([]).decapsulate(hybrid, pair.privateKey, weakAnswer)).toBeUndefined();
});
