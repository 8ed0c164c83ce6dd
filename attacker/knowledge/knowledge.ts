/**
 * What an adversary knows: deduction over real bytes (Dolev and Yao 1983, on the bytes of a run
 * instead of on terms).
 *
 * The set of known byte strings is closed under parsing (a recorded value inside a known string is
 * known), decoding (base64, hex, decimal, JSON, separated fields), the rules of
 * protocol/kit/operations.ts, and building: a string is derivable if every secret part in it is.
 * What lies between the parts are constants, and constants are public (Kerckhoffs 1883).
 */
import {
  bigintBytes,
  bytesBigint,
  fromLatin1,
  type Latin1,
  latin1,
} from "../../protocol/kit/bytes.ts";
import {
  contentOf,
  type Derivability,
  type OpRecord,
  operations,
} from "../../protocol/kit/operations.ts";
import { discreteLog } from "./discrete-log.ts";
import type { Guess } from "./guess-of-key.ts";
import { declaredFromBytes, guessableBelowBytes } from "./lengths.ts";
import { type Origin, sourceOf } from "./origin.ts";
import { PartsCache } from "./parts-cache.ts";
import { Pieces } from "./pieces.ts";
import { recordedCost } from "./recorded-costs.ts";
import { Slices } from "./slices.ts";
import { decodedParts, without } from "./text-parts.ts";
import { ValueIndex } from "./value-index.ts";

export class Knowledge implements Derivability {
  readonly #ops: OpRecord[] = [];
  /** Ops that may still give something. */
  #open: OpRecord[] = [];
  readonly #known = new Map<Latin1, Origin>();
  /** Values that only the protocol could have made: fresh ones, outputs, declared secrets. */
  readonly #secret = new Set<Latin1>();
  /** Every value that occurs in the record. */
  readonly #recorded = new ValueIndex();
  readonly #declared: Latin1[] = [];
  readonly #slices = new Slices(this.#secret, this.#declared, (bytes) => this.#whereSeen(bytes));
  readonly #texts: Latin1[] = [];
  readonly #pieces = new Pieces(this.#texts);
  /** What was encrypted by operations that were run forwards, by their outputs. */
  readonly #made = new Map<Latin1, Latin1[]>();
  readonly #privateOf = new Map<Latin1, Latin1>();
  readonly #publicOf = new Map<Latin1, Latin1>();
  readonly #partsCache = new PartsCache(this.#texts);
  /** Looked for, but not secret: that such a value exists is public. */
  readonly #markers = new Set<Latin1>();
  /** Keys that can be guessed, and have not been yet. */
  #guesses: readonly Guess[];
  #dirty = true;

  /**
   * @param declared secrets that are looked for exactly, such as payloads and passwords.
   * @param markers values that are looked for as well, but whose bytes are no secret, such as
   *   names: the adversary may write them, and the question is only whether it has read them.
   * @param guesses keys that it finds by trying as soon as it has seen what they are close to.
   */
  constructor(
    declared: Iterable<Uint8Array>,
    markers: Iterable<Uint8Array> = [],
    guesses: readonly Guess[] = [],
  ) {
    this.#guesses = guesses;
    for (const bytes of declared) {
      if (bytes.length < declaredFromBytes) continue;
      const value = latin1(bytes);
      this.#declared.push(value);
      this.#secret.add(value);
      this.#index(value);
    }
    for (const bytes of markers) {
      if (bytes.length < declaredFromBytes) continue;
      const value = latin1(bytes);
      this.#markers.add(value);
      this.#index(value);
    }
  }

  /** An honest party computed this: it can now be recognised, and undone with the right key. */
  learnOperation(op: OpRecord): void {
    const { hasOutput, fresh, keyPair, openableFrom, seedBits } = operations[op.op];
    this.#ops.push(op);
    if (hasOutput && fresh !== true) this.#open.push(op);
    this.#addOpened(op);
    for (const value of op.inputs) this.#index(value);
    if (openableFrom !== undefined) this.#index(openableFrom(op));
    if (hasOutput && op.output.length >= this.#leastSecret(op)) {
      this.#hide(op.output);
      this.#index(op.output);
    }
    if (keyPair === true) {
      this.#privateOf.set(op.output, op.inputs[0] ?? "");
      this.#publicOf.set(op.inputs[0] ?? "", op.output);
    }
    this.#dirty = true;
    const bits = seedBits?.(op) ?? 8 * guessableBelowBytes;
    if (bits >= 8 * guessableBelowBytes) return;
    this.#add(op.output, { kind: "guessed", cost: `2^${bits} guesses: ${op.algorithm}` });
  }

  /** A short ciphertext of a short secret must not count as guessable. */
  #leastSecret(op: OpRecord): number {
    if (op.output.length >= guessableBelowBytes || op.output.length < declaredFromBytes) {
      return guessableBelowBytes;
    }
    const touches = op.inputs.some((i) => this.#declared.some((d) => i.includes(d)));
    return touches ? declaredFromBytes : guessableBelowBytes;
  }

  /**
   * Decrypting what no honest party encrypted (a modified ciphertext) makes a new value. It is as
   * secret as the key, and must not count as a constant.
   */
  #addOpened(op: OpRecord): void {
    if (operations[op.op].content === undefined) return;
    const plaintext = contentOf(op);
    const made = this.#made.get(op.output);
    if (!op.backwards) {
      if (made === undefined) this.#made.set(op.output, [plaintext]);
      else made.push(plaintext);
      return;
    }
    if (plaintext.length < guessableBelowBytes) return;
    if (made?.includes(plaintext) !== true) this.#hide(plaintext);
  }

  /** From now on the value is not a constant, wherever it occurs. */
  #hide(value: Latin1): void {
    if (this.#secret.has(value)) return;
    this.#secret.add(value);
    this.#partsCache.note(value);
  }

  #index(value: Latin1): void {
    const declared = this.#secret.has(value) || this.#markers.has(value);
    const least = declared ? declaredFromBytes : guessableBelowBytes;
    if (value.length < least || this.#recorded.has(value)) return;
    this.#recorded.add(value);
    this.#partsCache.note(value);
    // It may have been inside something that is already known.
    for (const known of this.#texts) {
      if (known.length > value.length && known.includes(value)) {
        this.#add(value, { kind: "part", of: known });
        return;
      }
    }
  }

  /** The adversary sees, or is given, these bytes. */
  observe(bytes: Uint8Array | Latin1): void {
    this.#add(typeof bytes === "string" ? bytes : latin1(bytes), { kind: "seen" });
  }

  /** The adversary finds the value by trying; `cost` says what that takes. */
  guess(value: Latin1, cost: string): void {
    this.#add(value, { kind: "guessed", cost });
  }

  #add(value: Latin1, origin: Origin): void {
    if (value.length === 0) return;
    const before = this.#known.get(value);
    if (before !== undefined && !this.#isNowRead(before, origin)) return;
    this.#known.set(value, origin);
    if (before === undefined) this.#texts.push(value);
    this.#dirty = true;
    for (const part of this.#readIn(value)) {
      if (this.#isTold(part, origin)) this.#add(part, { kind: "part", of: value });
    }
    for (const inner of decodedParts(value)) {
      if (this.#isTold(inner, origin)) this.#add(inner, { kind: "decoded", of: value });
    }
  }

  /** Does what lies within something of this origin become known with it? */
  #isTold(part: Latin1, origin: Origin): boolean {
    return !this.#markers.has(part) || this.#isRead(origin);
  }

  /** A computable value is seen: now the names in it count as read. */
  #isNowRead(before: Origin, origin: Origin): boolean {
    return this.#markers.size > 0 && !this.#isRead(before) && this.#isRead(origin);
  }

  /** Names in what the adversary can compute itself were put there by it. */
  #isRead(origin: Origin): boolean {
    let from: Origin = origin;
    for (const seen = new Set<Latin1>(); ; ) {
      const of = sourceOf(from);
      const next = of === undefined || seen.has(of) ? undefined : this.#known.get(of);
      if (of === undefined || next === undefined) return from.kind !== "computed";
      seen.add(of);
      from = next;
    }
  }

  /** Recorded values inside `value`; where one of them only begins, that is noted. */
  #readIn(value: Latin1): readonly Latin1[] {
    return this.#recorded.inside(value, (candidate, at) => {
      if (!this.#secret.has(candidate) || this.#known.has(candidate)) return;
      this.#pieces.noteHead(candidate, value, at);
    });
  }

  /** Secret values that `value` is built of, or that it is a piece of. */
  #parts(value: Latin1): readonly Latin1[] {
    const before = this.#partsCache.get(value);
    if (before !== undefined) return before;
    const inside = this.#recorded.inside(value).filter((part) => this.#secret.has(part));
    // Beside whole secrets there may be slices of others.
    const slices = without(value, inside).flatMap((rest) => this.#slices.wholesOf(rest));
    // What is written in hex or base64 is no constant for that.
    const written = decodedParts(value).flatMap((inner) => this.#writtenIn(inner));
    const parts = [...new Set([...inside, ...slices, ...written])];
    // A slice that is new today may have been seen tomorrow.
    this.#partsCache.set(value, parts, slices.length + written.length > 0);
    return parts;
  }

  #writtenIn(inner: Latin1): readonly Latin1[] {
    if (this.#secret.has(inner)) return [inner];
    const inside = this.#recorded.inside(inner).filter((part) => this.#secret.has(part));
    return [...inside, ...without(inner, inside).flatMap((rest) => this.#slices.wholesOf(rest))];
  }

  /** Do these bytes occur in something that the adversary has? */
  #isSeen(bytes: Latin1): boolean {
    return this.#whereSeen(bytes) !== undefined;
  }

  #whereSeen(bytes: Latin1): Latin1 | undefined {
    return this.#texts.find((text) => text.includes(bytes));
  }

  /** Do these bytes occur in something that the adversary has? */
  occurs(bytes: Latin1): boolean {
    this.close();
    return this.#isSeen(bytes);
  }

  /** Can the adversary produce these bytes? */
  has(value: Latin1): boolean {
    this.close();
    return this.#has(value, 0);
  }

  #has(value: Latin1, depth: number): boolean {
    if (this.#known.has(value)) return true;
    if (this.#secret.has(value)) return false;
    if (value.length < guessableBelowBytes) {
      // Guessable, unless it is a declared secret, for which a lower length limit applies.
      return (
        value.length < declaredFromBytes || this.#parts(value).every((p) => this.#known.has(p))
      );
    }
    if (depth > 8) return false;
    return this.#parts(value).every((part) => this.#has(part, depth + 1));
  }

  derivable(bytes: Uint8Array): boolean {
    return this.has(latin1(bytes));
  }

  privateKeyOf(publicKey: Latin1): Latin1 | undefined {
    return this.#privateOf.get(publicKey);
  }

  publicKeyOf(privateKey: Latin1): Latin1 | undefined {
    return this.#publicOf.get(privateKey);
  }

  originOf(value: Latin1): Origin | undefined {
    return this.#known.get(value);
  }

  /** Applies the rules until nothing new follows. */
  close(): void {
    if (!this.#dirty) return;
    const view: Derivability = {
      has: (value) => this.#has(value, 0),
      privateKeyOf: (key) => this.privateKeyOf(key),
      publicKeyOf: (key) => this.publicKeyOf(key),
    };
    while (this.#dirty) {
      this.#dirty = false;
      this.#open = this.#open.filter((op) => !this.#apply(op, view));
      if (!this.#pieces.isEmpty) {
        this.#pieces.join(
          (value) => this.#known.has(value),
          (value, of) => this.#add(value, { kind: "joined", of }),
        );
      }
      if (!this.#dirty && this.#guesses.length > 0) this.#tryGuesses();
    }
  }

  #tryGuesses(): void {
    this.#guesses = this.#guesses.filter(({ key, cost, seen }) => {
      if (!seen.every((bytes) => this.#isSeen(bytes))) return true;
      this.guess(key, cost);
      return false;
    });
  }

  /** @returns true if the operation has nothing more to give. */
  #apply(op: OpRecord, view: Derivability): boolean {
    const { compose, decompose, keyPair, openableFrom } = operations[op.op];
    const known = this.#known.has(op.output);
    if (!known && op.output.length > 0 && compose(op, view)) {
      this.#add(op.output, { kind: "computed", op });
    }
    if (decompose === undefined) {
      if (keyPair === true) this.#tryLogarithm(op);
      return this.#known.has(op.output);
    }
    const isSeen =
      view.has(op.output) || (openableFrom !== undefined && this.#known.has(openableFrom(op)));
    if (!isSeen) return false;
    const gained = decompose(op, view);
    for (const value of gained) this.#add(value, { kind: "opened", op });
    return gained.length > 0 && this.#known.has(op.output);
  }

  #tryLogarithm(op: OpRecord): void {
    const key = op.inputs[0] ?? "";
    if (op.field === undefined || this.#known.has(key) || !this.#has(op.output, 0)) return;
    const { modulus, generator } = op.field;
    const found = discreteLog(modulus, generator, bytesBigint(fromLatin1(op.output)));
    const cost = found === undefined ? recordedCost(modulus) : `${found.steps} steps`;
    if (cost === undefined) return;
    this.#add(key, { kind: "logarithm", op, cost });
    if (found === undefined) return;
    this.#add(latin1(bigintBytes(found.exponent)), { kind: "logarithm", op, cost });
  }

  /** The secrets that `value` is built of, where it is not known as a whole. */
  partsOf(value: Latin1): readonly Latin1[] {
    return this.#parts(value);
  }

  /**
   * A copy that more facts can be added to, for "what if the adversary guessed this".
   * @param keeps which of the operations the copy may use.
   */
  suppose(values: readonly Uint8Array[], keeps?: (op: OpRecord) => boolean): Knowledge {
    this.close();
    const copy = new Knowledge([], [], this.#guesses);
    copy.#declared.push(...this.#declared);
    for (const secret of this.#secret) copy.#secret.add(secret);
    for (const marker of this.#markers) copy.#markers.add(marker);
    for (const value of this.#recorded.values) copy.#index(value);
    for (const op of this.#ops) if (keeps?.(op) ?? true) copy.learnOperation(op);
    for (const [value, origin] of this.#known) {
      copy.#known.set(value, origin);
      copy.#texts.push(value);
    }
    for (const value of values) copy.observe(value);
    return copy;
  }

  /** How much is known; it only grows. */
  get size(): number {
    this.close();
    return this.#known.size;
  }

  /** All that is known, in the order in which it was found. */
  get texts(): readonly Latin1[] {
    this.close();
    return this.#texts;
  }

  get operations(): readonly OpRecord[] {
    return this.#ops;
  }

  /** Is it one of the secrets that are looked for exactly? */
  isDeclared(value: Latin1): boolean {
    return this.#declared.includes(value);
  }

  knows(value: Latin1): boolean {
    this.close();
    return this.#known.has(value);
  }
}
