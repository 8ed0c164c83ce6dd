/**
 * The client's table of connections: five slots and a count. A new one goes into the slot that the
 * count names, free or not, and the search for one to remove stumbles over empty slots before it.
 */
import type { Address } from "../../endpoint.ts";
import { Uncaught } from "./wire.ts";

export interface Connection {
  readonly address: Address;
  /** SPKI DER of the device's key. */
  readonly key: Uint8Array;
}

const slotCount = 5;

export class Slots {
  readonly #slots: (Connection | undefined)[] = Array.from({ length: slotCount });
  #size = 0;

  /** @returns false if the count says that all are taken. */
  add(connection: Connection): boolean {
    if (this.#size + 1 > slotCount) return false;
    this.#slots[this.#size++] = connection;
    return true;
  }

  find(address: Address): Connection | undefined {
    return this.#slots.find((slot) => slot?.address === address);
  }

  /** @throws Uncaught at the first empty slot, if the connection was not found before it. */
  remove(address: Address): void {
    for (const [i, slot] of this.#slots.entries()) {
      if (slot === undefined) throw new Uncaught("AttributeError: NoneType has no attribute conn");
      if (slot.address !== address) continue;
      this.#size--;
      this.#slots[i] = undefined;
      return;
    }
  }
}
