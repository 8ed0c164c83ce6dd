/**
 * Writes down what was computed from what, which makes an adversary's knowledge computable
 * (Dolev–Yao deduction over real bytes). Inputs and outputs are kept as Latin-1 strings: they serve
 * as map keys, and a protocol that overwrites its buffers cannot change the record.
 */
import { type Latin1, latin1 } from "./bytes.ts";
import type { FiniteField } from "./crypto.ts";
import { InvariantError } from "./errors.ts";
import type { Gate } from "./gate.ts";
import { compute } from "./memo.ts";
import type { OpName, OpRecord } from "./operations.ts";
import type { Random } from "./random.ts";

/** An operation that is about to be carried out. */
type Work = () => Uint8Array | undefined;

export abstract class Recording {
  readonly #log: OpRecord[];
  readonly #by: string;
  readonly #gate: Gate | undefined;
  readonly #attempts: OpRecord[] | undefined;
  /** Where all that is drawn here comes from. */
  protected readonly draws: Random;

  /**
   * @param log every operation is appended to it. @param by who computes: a process's id.
   * @param gate is told of every operation, and may refuse what follows from it.
   * @param attempts operations that check something and fail are appended to it. They are no part
   *   of the log: nothing follows from them but what their caller looked for.
   */
  constructor(log: OpRecord[], random: Random, by: string, gate?: Gate, attempts?: OpRecord[]) {
    this.#log = log;
    this.draws = random;
    this.#by = by;
    this.#gate = gate;
    this.#attempts = attempts;
  }

  protected record(
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

  /** Fresh bytes for use inside another operation, as its coins. */
  protected drawn(length: number, what: string): Uint8Array {
    const out = this.draws.bytes(length);
    this.record("random", what, [], latin1(out));
    return out;
  }

  /** Carries out work that only a local mistake can make fail. */
  protected forward(
    op: OpName,
    algorithm: string,
    inputs: readonly Uint8Array[],
    work: Work,
    field?: FiniteField,
  ): Uint8Array {
    const of = compute(op, algorithm, inputs, work);
    if (of.bytes === null) throw new InvariantError(`${op} ${algorithm} gave nothing`);
    this.record(op, algorithm, of.inputs, of.output, false, field);
    return of.bytes.slice();
  }

  /** Likewise for work that untrusted inputs can make fail: then nothing is recorded. */
  protected valid(
    op: OpName,
    algorithm: string,
    inputs: readonly Uint8Array[],
    work: Work,
    field?: FiniteField,
  ): Uint8Array | undefined {
    const of = compute(op, algorithm, inputs, work);
    if (of.bytes === null) return undefined;
    this.record(op, algorithm, of.inputs, of.output, false, field);
    return of.bytes.slice();
  }

  /** A check failed. The inputs are those of the record that it would have made. */
  protected failed(op: OpName, algorithm: string, inputs: readonly Latin1[], output = ""): void {
    this.#attempts?.push({ op, algorithm, inputs, output, by: this.#by, backwards: true });
  }

  /** An opening failed: only the owner of the key can tell. */
  protected refused(
    op: OpName,
    algorithm: string,
    inputs: readonly Latin1[],
    output: Latin1,
  ): undefined {
    this.failed(op, algorithm, inputs, output);
    this.#gate?.failed(inputs[0] ?? "");
    return undefined;
  }

  protected passes(a: Latin1, b: Latin1): boolean {
    return this.#gate === undefined ? a === b : this.#gate.compare(a, b);
  }

  /** What is signed, authenticated or encrypted in the place of `content`. */
  protected signable(content: Uint8Array): Uint8Array {
    return this.#gate?.rewriteSigned?.(content) ?? content;
  }

  /** What is encrypted in the place of `plaintext`. */
  protected sealable(plaintext: Uint8Array): Uint8Array {
    const signable = this.signable(plaintext);
    return this.#gate?.rewritePlaintext?.(signable) ?? signable;
  }

  /** What is encrypted to a public key in the place of `plaintext`. */
  protected wrappable(plaintext: Uint8Array): Uint8Array {
    const signable = this.signable(plaintext);
    return this.#gate?.rewriteWrapped?.(signable) ?? signable;
  }

  /** What the code is given in the place of an opened `plaintext`. */
  protected readable(plaintext: Uint8Array): Uint8Array {
    return this.#gate?.rewriteOpened?.(plaintext) ?? plaintext;
  }
}
