/**
 * What two processes have computed is alike if what they have computed it from is: unification (A.
 * Robinson, 1965) through the record. So a key, a signature's text or a sum over messages leads
 * back to the choices of the adversary that it follows from.
 */
import type { Term } from "../../../attacker/recipe/terms.ts";
import {
  bytesBigint,
  fromLatin1,
  type Latin1,
  latin1,
  uintBytes,
  utf8,
} from "../../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import type { Wish } from "./demands.ts";
import { constant } from "./remake.ts";
import type { Scene } from "./scene.ts";

const telling = 8;

export class Alike {
  readonly #scene: Scene;
  readonly #later = new Map<Latin1, OpRecord>();

  /** @param later what was computed since. */
  constructor(scene: Scene, later: readonly OpRecord[]) {
    this.#scene = scene;
    for (const op of later) {
      if (op.output.length >= telling && !op.backwards) this.#later.set(op.output, op);
    }
  }

  /** @returns ways to have both alike, each a set of wishes that may be met from either side. */
  ways(a: Latin1, b: Latin1): readonly (readonly Wish[])[] {
    const [x, y] = [this.#recordOf(a), this.#recordOf(b)];
    if (x === undefined || y === undefined) return this.#piecewise(a, b);
    const isSame = x.op === y.op && x.algorithm === y.algorithm;
    const { fresh, keyPair } = operations[x.op];
    if (!isSame || fresh === true || keyPair === true) return [];
    if (operations[x.op].purpose === "key exchange") return agreeing(x, y);
    return x.inputs.length === y.inputs.length ? [pairs(x.inputs, y.inputs)] : [];
  }

  #recordOf(value: Latin1): OpRecord | undefined {
    return this.#later.get(value) ?? this.#scene.terms.byValue.get(value)?.record;
  }

  /** Rows of values that stand in the same places. */
  #piecewise(a: Latin1, b: Latin1): readonly (readonly Wish[])[] {
    if (a.length !== b.length) return [];
    const [x, y] = [this.#piecesOf(a), this.#piecesOf(b)];
    if (x.length < 2 || x.length !== y.length) return [];
    if (x.some((piece, i) => piece.length !== (y[i] as Latin1).length)) return [];
    return [pairs(x, y)];
  }

  #piecesOf(bytes: Latin1): readonly Latin1[] {
    return pieces(this.#scene.terms.read(bytes));
  }
}

/** Its parts, one after the other; none where there is something encoded or counted in it. */
function pieces(term: Term): readonly Latin1[] {
  switch (term.is) {
    case "constant":
    case "said":
      return [term.bytes];
    case "name":
      return [latin1(utf8(term.name)).padEnd(term.filled?.bytes ?? 0, term.filled?.with ?? " ")];
    case "value":
      return [term.of.value];
    case "join":
      return term.parts.flatMap(pieces);
    case "counted": {
      const length = uintBytes(term.bytes.length, term.width);
      return [latin1(term.lowFirst ? length.reverse() : length), ...pieces(term.inner)];
    }
    default:
      return [];
  }
}

/**
 * With one private key, if they have one public key; or with public keys of no order. That each has
 * the other's public key comes about where packets are passed on.
 */
function agreeing(x: OpRecord, y: OpRecord): readonly (readonly Wish[])[] {
  const [mine = "", theirs = ""] = x.inputs;
  const [own = "", peer = ""] = y.inputs;
  if (mine === own) return [pairs([theirs], [peer])];
  const ways: Wish[][] = [];
  if (hasNoOrder(x, theirs)) ways.push([{ actual: peer, wanted: theirs, as: constant(theirs) }]);
  if (hasNoOrder(y, peer)) ways.push([{ actual: theirs, wanted: peer, as: constant(peer) }]);
  return ways;
}

function pairs(xs: readonly Latin1[], ys: readonly Latin1[]): Wish[] {
  return xs.flatMap((actual, i) => {
    const wanted = ys[i] as Latin1;
    return actual === wanted ? [] : [{ actual, wanted, either: true }];
  });
}

/** Of such a key, every power is one, zero or minus one. */
function hasNoOrder({ field }: OpRecord, publicKey: Latin1): boolean {
  if (field === undefined) return false;
  const n = bytesBigint(fromLatin1(publicKey)) % field.modulus;
  return n <= 1n || n === field.modulus - 1n;
}
