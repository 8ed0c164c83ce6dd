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

export class ContractMonitor {
  readonly #watchdog: Watchdog;
  /** What did not fit the interface, in words, and an error that knows the place, if one does. */
  #violation: { readonly says: string; readonly error: Error | undefined } | undefined;
  /** What is running, for messages. */
  #where = "";
  /** The last exception that came out of the protocol's code, and from where. */
  #thrown: { readonly error: unknown; readonly where: string } | undefined;
  #firstThrown: unknown;
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
  get firstThrown(): unknown {
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
  call<T>(kind: ForeignCall, where: string, role: number, code: () => T): T {
    this.#watchdog.enter(kind, role);
    this.#where = where;
    const before = tellMisuse(this.#onMisuse);
    try {
      return whileWatched(this.#onUse, code);
    } catch (thrown) {
      const error = ownThrown(thrown);
      this.#thrown = { error, where };
      this.#firstThrown ??= error;
      throw error;
    } finally {
      tellMisuse(before);
      this.#watchdog.leave();
    }
  }

  /** Where in the protocol's code an exception came from; `undefined` if it is not from there. */
  origin(error: unknown): string | undefined {
    return this.#thrown !== undefined && this.#thrown.error === error
      ? this.#thrown.where
      : undefined;
  }

  /**
   * Notes what does not fit. Thrown at once it would look like a crash of the protocol, which is
   * a finding; so it waits for the next {@link throwContractViolation}.
   */
  note(says: string, error?: Error): void {
    this.#violation ??= { says, error };
  }

  /** An error that knows where the interface was misused, if one does. */
  get violationError(): Error | undefined {
    return this.#violation?.error;
  }

  /** @throws ProtocolError if the protocol has returned something that does not fit. */
  throwContractViolation(): void {
    if (this.#violation !== undefined) throw new ProtocolError(this.#violation.says);
  }

  refuse(complaint: string): never {
    this.note(complaint);
    throw new ProtocolError(complaint);
  }
}
