import type { Principal, Store } from "../../protocol/endpoint.ts";
import { concat } from "../../protocol/kit/bytes.ts";

type OnWrite = (principal: Principal, name: string, bytes: Uint8Array) => void;

/** Stores of all principals, in memory. */
export class Stores {
  readonly #content = new Map<string, Uint8Array>();
  readonly #onWrite: OnWrite | undefined;

  constructor(onWrite?: OnWrite) {
    this.#onWrite = onWrite;
  }

  of(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const content = this.#content;
    const onWrite = this.#onWrite;
    return {
      read() {
        return content.get(key)?.slice() ?? new Uint8Array(0);
      },
      write(bytes) {
        content.set(key, bytes.slice());
        onWrite?.(principal, name, bytes.slice());
      },
      append(bytes) {
        content.set(key, concat(content.get(key) ?? new Uint8Array(0), bytes));
        onWrite?.(principal, name, bytes.slice());
      },
    };
  }

  read(principal: Principal, name: string): Uint8Array | undefined {
    return this.#content.get(`${principal}/${name}`);
  }
}
