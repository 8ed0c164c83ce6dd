/**
 * Watches a user's own protocol: notes which of its functions is running, so that an endless loop
 * can be named, whose exception it is, and what does not fit the interface. guarded-protocol.ts
 * puts it around a protocol.
 */
import { ProtocolError } from "../run/protocol-error.ts";
import { tellMisuse } from "./foreign-process.ts";
import { ownThrown } from "./foreign-value.ts";
import { type ForeignUse, whileWatched } from "./surroundings.ts";
import type { ForeignCall, Watchdog } from "./watchdog.ts";

/** A call of foreign code. */
export interface Call {
  readonly kind: ForeignCall;
  /** For messages. */
  readonly where: string;
  /** Index of the role that it plays; -1: none. */
  readonly role: number;
  /** The function that is called: its place is named where no stack has one. */
  readonly written: unknown;
}

/** What came out of a call instead of a value. */
export interface Thrown extends Pick<Call, "where" | "written"> {
  readonly error: unknown;
}

/** What did not fit the interface, and whatever knows the place. */
export interface Violation {
  readonly says: string;
  /** Made where it was done. */
  readonly error: Error | undefined;
  /** The function that has returned it. */
  readonly returnedBy: unknown;
}

export class ContractMonitor {
  readonly #watchdog: Watchdog;
  /** What did not fit the interface. */
  #violation: Violation | undefined;
  /** What each role's last endpoint answers with. */
  readonly #handles = new Map<string, unknown>();
  /** What is running, for messages. */
  #where = "";
  /** The last exception that came out of the protocol's code. */
  #thrown: Thrown | undefined;
  #firstThrown: Thrown | undefined;
  /** What was used first of each kind that no plan decides. */
  readonly #uses = new Map<ForeignUse["kind"], ForeignUse>();
  readonly #onUse = (use: ForeignUse): void => {
    if (!this.#uses.has(use.kind)) this.#uses.set(use.kind, use);
  };
  readonly #onMisuse = (says: string, error: Error): void => {
    this.note(`${this.#where} ${says}`, error);
  };

  /** @param uses what the protocol's file has used while it was loaded. */
  constructor(watchdog: Watchdog, uses: readonly ForeignUse[] = []) {
    this.#watchdog = watchdog;
    for (const use of uses) this.#onUse(use);
  }

  /** The first exception that came out of the protocol's code. */
  get firstThrown(): Thrown | undefined {
    return this.#firstThrown;
  }

  /** What was used first of a kind that no plan decides. */
  foreignUse(kind: ForeignUse["kind"]): ForeignUse | undefined {
    return this.#uses.get(kind);
  }

  /**
   * Runs foreign code, and what reads its values: nothing of its own must be touched outside.
   * @throws what it throws, as an error that can be looked at without running foreign code.
   */
  call<T>({ kind, where, role, written }: Call, code: () => T): T {
    this.#watchdog.enter(kind, role);
    this.#where = where;
    const before = tellMisuse(this.#onMisuse);
    try {
      return whileWatched(this.#onUse, code);
    } catch (thrown) {
      const error = ownThrown(thrown);
      this.#thrown = { error, where, written };
      this.#firstThrown ??= this.#thrown;
      throw error;
    } finally {
      tellMisuse(before);
      this.#watchdog.leave();
    }
  }

  /** Where in the protocol's code an exception came from; `undefined` if it is not from there. */
  origin(error: unknown): Thrown | undefined {
    return this.#thrown !== undefined && this.#thrown.error === error ? this.#thrown : undefined;
  }

  /**
   * Notes what does not fit. Thrown at once it would look like a crash of the protocol, which is
   * a finding; so it waits for the next {@link throwContractViolation}.
   */
  note(says: string, error?: Error, returnedBy?: unknown): void {
    this.#violation ??= { says, error, returnedBy };
  }

  /** What did not fit first, if anything did not. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** An endpoint was opened. @param handle the author's own function. */
  opened(role: string, handle: unknown): void {
    this.#handles.set(role, handle);
  }

  /** The function that answers for a role; `undefined` if it was never opened. */
  handleOf(role: string): unknown {
    return this.#handles.get(role);
  }

  /** @throws ProtocolError if the protocol has returned something that does not fit. */
  throwContractViolation(): void {
    if (this.#violation !== undefined) throw new ProtocolError(this.#violation.says);
  }

  refuse(complaint: string, returnedBy: unknown): never {
    this.note(complaint, undefined, returnedBy);
    throw new ProtocolError(complaint);
  }
}
