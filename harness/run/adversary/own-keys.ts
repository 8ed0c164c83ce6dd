import { attackerHost } from "../../../attacker/move.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../../protocol/kit/recorder.ts";

interface World {
  readonly log: OpRecord[];
  readonly random: Random;
}

/** The adversary's own key pairs, one of each kind that is in use. */
export class OwnKeys {
  readonly #world: World;
  readonly #learn: (value: Latin1) => void;
  #crypto: CryptoRecorder | undefined;
  readonly #publicKeys = new Map<string, Uint8Array>();

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
    if (made === undefined) return undefined;
    const { op, algorithm } = made;
    let key = this.#publicKeys.get(algorithm);
    if (key === undefined) {
      key = operations[op].ownLike?.(this.#kit(), made).publicKey;
      if (key !== undefined) this.#publicKeys.set(algorithm, key);
    }
    return key?.slice();
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
