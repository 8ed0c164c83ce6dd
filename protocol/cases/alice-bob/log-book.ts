/**
 * Alice's log file: one for each connection, named by the moment at which it was made. It is meant
 * for non-repudiation by Bob, and every user of the machine can read it. Texts go in as they came,
 * line breaks included.
 */
import type { Address, Millis, Store } from "../../endpoint.ts";
import { concat, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { dateDigits, dateText } from "./clock.ts";

export interface LoggedMessage {
  readonly id: number;
  readonly hash: Uint8Array;
  readonly date: Uint8Array;
  readonly text: Uint8Array;
}

export class LogBook {
  readonly #crypto: CryptoKit;
  readonly #file: Store;
  readonly #everything: boolean;

  /** @param everything keys, hashes and texts as well; otherwise dates alone. */
  constructor(crypto: CryptoKit, open: (name: string) => Store, everything: boolean, now: Millis) {
    this.#crypto = crypto;
    this.#everything = everything;
    this.#file = open(`${dateDigits(now)}.log`);
  }

  connection(peer: Address): void {
    this.#file.append(utf8(`connection from ${peer}\n`));
  }

  key(key: Uint8Array): void {
    if (this.#everything) this.#file.append(concat(utf8("session key: "), key, utf8("\n")));
  }

  alarm(text: string): void {
    this.#file.append(utf8(`${text}\n`));
  }

  /** @returns the entry: what Alice would show as proof of the message. */
  message(message: LoggedMessage, now: Millis): Uint8Array {
    const confirmed = utf8(`confirmed: ${dateText(now)}\n`);
    const entry = this.#everything ? concat(this.#details(message), confirmed) : confirmed;
    this.#file.append(entry);
    return entry;
  }

  #details({ id, hash, date, text }: LoggedMessage): Uint8Array {
    const line = (name: string, value: Uint8Array) => concat(utf8(`${name}: `), value, utf8("\n"));
    return concat(
      line("number", utf8(`${id}`)),
      line("hash", this.#crypto.encode("hex", hash)),
      line("sent", date),
      line("text", text),
    );
  }
}
