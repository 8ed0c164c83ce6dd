import type { Deployment, Principal, Store } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";

type OnWrite = (principal: Principal, name: string, bytes: Uint8Array) => void;

/** Stores of all principals, in memory. */
export class Stores {
  readonly #content = new Map<string, Uint8Array>();
  readonly #onWrite: OnWrite | undefined;
  readonly #below: Stores | undefined;

  /** @param below the contents until something else is written here; never modified. */
  constructor(onWrite?: OnWrite, below?: Stores) {
    this.#onWrite = onWrite;
    this.#below = below;
  }

  of(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const content = this.#content;
    const onWrite = this.#onWrite;
    const now = (): Uint8Array => this.read(principal, name) ?? new Uint8Array(0);
    return {
      read() {
        return now().slice();
      },
      write(bytes) {
        content.set(key, bytes.slice());
        onWrite?.(principal, name, bytes.slice());
      },
      append(bytes) {
        content.set(key, concat(now(), bytes));
        onWrite?.(principal, name, bytes.slice());
      },
    };
  }

  /** The contents as they are now. */
  copy(): Stores {
    const copy = new Stores();
    copy.take(this);
    return copy;
  }

  /** Has from now on the contents of the others. */
  take(others: Stores): void {
    for (const [key, content] of others.#content) this.#content.set(key, content);
  }

  /** Everything that a principal has written and not replaced. */
  allOf(principal: Principal): readonly Uint8Array[] {
    const own = [...this.#content].filter(([key]) => key.startsWith(`${principal}/`));
    return own.map(([, content]) => content);
  }

  read(principal: Principal, name: string): Uint8Array | undefined {
    return this.#content.get(`${principal}/${name}`) ?? this.#below?.read(principal, name);
  }
}

/**
 * The stores that one principal's deployment sees: its own, and copies of the others' that nobody
 * else sees. What it writes while keys are dealt has been written by the first deployment already.
 */
export class StoresOfOne {
  readonly #owner: Principal | undefined;
  readonly #real: Pick<Stores, "of">;
  readonly #copies = new Stores();
  readonly #isFirst: boolean;
  #isDealt = false;

  /**
   * @param owner whose stores are the real ones; nobody's for the adversary's deployment.
   * @param isFirst whether it stands for the first deployment, which has everybody's real stores.
   */
  constructor(owner: Principal | undefined, real: Pick<Stores, "of">, isFirst = false) {
    this.#owner = owner;
    this.#real = real;
    this.#isFirst = isFirst;
  }

  /** All keys are dealt: from now on the owner's stores are the real ones. */
  dealt(): void {
    this.#isDealt = true;
  }

  of(principal: Principal, name: string): Store {
    const copy = this.#copies.of(principal, name);
    if (principal !== this.#owner && !this.#isFirst) return copy;
    const real = this.#real.of(principal, name);
    const now = (): Store => (this.#isDealt ? real : copy);
    return {
      read() {
        return now().read();
      },
      write(bytes) {
        now().write(bytes);
      },
      append(bytes) {
        now().append(bytes);
      },
    };
  }
}

/** A protocol with its keys dealt, and its stores. */
export interface Installation {
  readonly deployment: Deployment;
  readonly stores: Stores;
}
