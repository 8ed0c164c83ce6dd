/** What users have to say, and how much of it they may say by now. */
import type { Address, Input, Principal } from "../endpoint.ts";

/** For whom a message is, or in which session of a service it is said. */
export interface Saying {
  readonly to?: Principal;
  /** The label that comes with `ready`, or its first word, which is the client's address. */
  readonly session?: string;
}

interface Allowance {
  count: number;
  readonly session: string | undefined;
}

export class Typing {
  readonly #waiting = new Map<string, { readonly message: Uint8Array; readonly about: Saying }[]>();
  readonly #allowed = new Map<string, Allowance>();

  add(at: Address, message: Uint8Array, about: Saying): void {
    const key = keyOf(at, about.session);
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), { message, about }]);
  }

  allow(at: Address, count: number, session: string | undefined): void {
    this.#allowed.set(keyOf(at, session), { count, session });
  }

  /** The next message that may be handed over now. */
  take(at: Address, session: string | undefined): Input | undefined {
    const key = keyOf(at, session);
    const allowed = this.#allowed.get(key);
    if (allowed === undefined || allowed.count === 0) return undefined;
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) return undefined;
    allowed.count--;
    const label = allowed.session === undefined ? {} : { session: allowed.session };
    return { kind: "send", message: next.message, ...next.about, ...label };
  }
}

const keyOf = (at: Address, session: string | undefined): string =>
  session === undefined ? at : `${at} ${session.split(" ", 1)[0]}`;
