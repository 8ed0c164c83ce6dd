/** Records and stores of a principal whose past is lived through again: they stay as they are. */
import type { Principal, Store } from "../../protocol/endpoint.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Written } from "./conversations.ts";
import { Stores } from "./stores.ts";

/** The record of a run, in which the past is not written down a second time. */
export class HeldLog extends Array<OpRecord> {
  readonly #log: OpRecord[];
  isHeld = false;
  /** How many operations have been held back. */
  heldBack = 0;

  constructor(log: OpRecord[]) {
    super();
    this.#log = log;
  }

  override push(...ops: OpRecord[]): number {
    if (!this.isHeld) return this.#log.push(...ops);
    this.heldBack += ops.length;
    return 0;
  }
}

/** A principal's own stores: in its past as they were then. */
export class HeldStores {
  readonly #real: Stores;
  readonly #dealt: () => Stores;
  #past: Stores | undefined;
  /** Whose they are; until that is known, keys are dealt. */
  owner: Principal | undefined;
  isHeld = false;
  /** What is written now is noted here. */
  written: Written[] = [];
  /** It reached for the store of another principal: it is not by itself. */
  isShared = false;

  /** @param dealt the stores as they were when all keys were dealt; not modified. */
  constructor(real: Stores, dealt: () => Stores) {
    this.#real = real;
    this.#dealt = dealt;
  }

  /** What its owner wrote in another run, to a store of its own. */
  rewrite({ name, how, bytes }: Written): void {
    this.#real.of(this.owner as Principal, name)[how](bytes);
  }

  of(principal: Principal, name: string): Store {
    const real = this.#real.of(principal, name);
    const now = (): Store => {
      if (this.owner !== undefined && this.owner !== principal) this.isShared = true;
      if (!this.isHeld) return real;
      this.#past ??= new Stores(undefined, this.#dealt());
      return this.#past.of(principal, name);
    };
    const note = (how: Written["how"], bytes: Uint8Array): void => {
      if (this.owner !== undefined && !this.isHeld) {
        this.written.push({ name, how, bytes: bytes.slice() });
      }
    };
    return {
      read() {
        return now().read();
      },
      write(bytes) {
        now().write(bytes);
        note("write", bytes);
      },
      append(bytes) {
        now().append(bytes);
        note("append", bytes);
      },
    };
  }
}
