import { attackerHost } from "../../../attacker/move.ts";
import type { KeySwap } from "../../../attacker/own-key-kit.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../../protocol/kit/crypto.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../../protocol/kit/recorder.ts";

interface World {
  readonly log: OpRecord[];
  readonly random: Random;
}

/** Exchanges private keys that the adversary lacks for its own, and the public keys with them. */
class OwnKeySwap implements KeySwap {
  readonly shown = new Map<Latin1, Latin1>();
  readonly #instead = new Map<Latin1, Uint8Array | undefined>();
  readonly #own: OwnKeys;
  readonly #knows: (value: Latin1) => boolean;

  constructor(own: OwnKeys, knows: (value: Latin1) => boolean) {
    this.#own = own;
    this.#knows = knows;
  }

  insteadOf(privateKey: Latin1): Uint8Array | undefined {
    if (this.#instead.has(privateKey)) return this.#instead.get(privateKey);
    const made = this.#own.madeFrom(privateKey);
    if (made === undefined) return undefined;
    const pair = this.#knows(privateKey) ? undefined : this.#own.pairLike(made);
    this.#instead.set(privateKey, pair?.privateKey);
    if (pair !== undefined) this.shown.set(made.output, latin1(pair.publicKey));
    return pair?.privateKey;
  }
}

/** The adversary's own key pairs, one of each kind that is in use. */
export class OwnKeys {
  readonly #world: World;
  readonly #learn: (value: Latin1) => void;
  #crypto: CryptoRecorder | undefined;
  readonly #pairs = new Map<string, KeyPair>();

  /** @param learn called for each value that the adversary draws: what it draws, it knows. */
  constructor(world: World, learn: (value: Latin1) => void) {
    this.#world = world;
    this.#learn = learn;
  }

  /** @returns a public key of the same kind as `like`; `undefined` if that is no public key. */
  like(like: Uint8Array): Uint8Array | undefined {
    const wanted = latin1(like);
    const made = this.#world.log.find(
      (op) => operations[op.op].keyPair === true && op.output === wanted,
    );
    return made === undefined ? undefined : this.pairLike(made)?.publicKey.slice();
  }

  /** A pair of a kind that is in use in this run, by the algorithm of its `public-key` records. */
  ofKind(algorithm: string): KeyPair | undefined {
    const made = this.#world.log.find(
      (op) => operations[op.op].keyPair === true && op.algorithm === algorithm,
    );
    return made && this.pairLike(made);
  }

  /** The record of the public key that belongs to a private one. */
  madeFrom(privateKey: Latin1): OpRecord | undefined {
    return this.#world.log.find(
      ({ op, inputs }) => operations[op].keyPair === true && inputs[0] === privateKey,
    );
  }

  /** A pair of the kind that a record of a public key is about. */
  pairLike(made: OpRecord): KeyPair | undefined {
    const { op, algorithm } = made;
    let pair = this.#pairs.get(algorithm);
    if (pair === undefined) {
      pair = operations[op].ownLike?.(this.#kit(), made);
      if (pair !== undefined) this.#pairs.set(algorithm, pair);
    }
    return pair;
  }

  /**
   * @param secrets of the principal that is played: their public keys are exchanged from the start.
   * @param knows what the adversary knows it uses as it is.
   */
  swap(secrets: readonly Uint8Array[], knows: (value: Latin1) => boolean): KeySwap {
    const swap = new OwnKeySwap(this, knows);
    for (const secret of secrets) swap.insteadOf(latin1(secret));
    return swap;
  }

  #kit(): CryptoRecorder {
    const { log, random } = this.#world;
    this.#crypto ??= new CryptoRecorder(log, random.fork(attackerHost), attackerHost, {
      done: (op) => {
        if (operations[op.op].fresh === true) this.#learn(op.output);
      },
      failed: () => undefined,
      compare: (a, b) => a === b,
    });
    return this.#crypto;
  }
}
