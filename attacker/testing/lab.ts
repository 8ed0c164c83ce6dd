/** Does cryptography, and answers what follows from what was seen. */

import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { Knowledge } from "../knowledge/knowledge.ts";

export class Lab {
  readonly log: OpRecord[] = [];
  readonly crypto: CryptoRecorder;

  constructor(seed = "lab") {
    this.crypto = new CryptoRecorder(this.log, new Random(seed), "alice");
  }

  /** Knowledge of an observer who saw these bytes and knows the recorded operations. */
  seeing(seen: readonly Uint8Array[], declared: readonly Uint8Array[] = []): Knowledge {
    const knowledge = new Knowledge(declared);
    for (const op of this.log) knowledge.learnOperation(op);
    for (const bytes of seen) knowledge.observe(bytes);
    return knowledge;
  }
}
