/**
 * A log in which every entry is chained to all before it:
 *
 *     length 2 ‖ entry ‖ H(previous hash ‖ entry) 32
 *     entry = kind 1 ‖ time 6 ‖ peer length 1 ‖ peer ‖ detail
 *
 * Changing, dropping or moving an entry breaks the chain there. Rewriting all that follows, or
 * cutting off the end, does not: for that the last hash has to be known elsewhere, such as to the
 * peer or on paper.
 *
 * It is written to be shown to others. So it holds neither keys nor messages: of a message there is
 * the hash, or the evidence that its sender signed.
 */
import { InvariantError, type Millis, type Principal, type Store } from "../endpoint.ts";
import { concat, equalBytes, readUint, text, uintBytes, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";

const kinds = ["opened", "sent", "received", "evidence", "closed"] as const;
type JournalKind = (typeof kinds)[number];
const hashBytes = 32;
const timeBytes = 6;
const start = utf8("mallory secure-channel journal");

interface JournalEntry {
  readonly kind: JournalKind;
  readonly timeMs: Millis;
  readonly peer: Principal;
  /** Of `sent` and `received`, the message's SHA-256; of `evidence`, what signing.ts made. */
  readonly detail: Uint8Array;
}

/** What may be written down. */
export type JournalNote =
  | { readonly kind: "opened" | "closed"; readonly peer: Principal }
  | {
      readonly kind: "sent" | "received";
      readonly peer: Principal;
      readonly message: Uint8Array;
    }
  | { readonly kind: "evidence"; readonly peer: Principal; readonly evidence: Uint8Array };

/** Writes a journal, or goes on with one. */
export class Journal {
  readonly #crypto: CryptoKit;
  readonly #store: Store;
  #last: Uint8Array;

  /** A journal that is broken already is gone on with: {@link readJournal} will say where. */
  constructor(crypto: CryptoKit, store: Store) {
    this.#crypto = crypto;
    this.#store = store;
    const before = store.read();
    this.#last =
      before.length < hashBytes ? crypto.hash("sha256", start) : before.slice(-hashBytes);
  }

  /** The last hash, 32 bytes: who keeps it notices when the end is cut off. */
  get head(): Uint8Array {
    return this.#last.slice();
  }

  note(note: JournalNote, now: Millis): void {
    const peer = utf8(note.peer);
    const kind = Uint8Array.of(kinds.indexOf(note.kind));
    const detail = this.#detail(note);
    const time = uintBytes(now, timeBytes);
    const entry = concat(kind, time, Uint8Array.of(peer.length), peer, detail);
    if (peer.length > 255 || entry.length > 65_535)
      throw new InvariantError("the entry is too long");
    this.#last = this.#crypto.hash("sha256", concat(this.#last, entry));
    this.#store.append(concat(uintBytes(entry.length, 2), entry, this.#last));
  }

  #detail(note: JournalNote): Uint8Array {
    if ("message" in note) return this.#crypto.hash("sha256", note.message);
    return "evidence" in note ? note.evidence : new Uint8Array(0);
  }
}

export type JournalReading =
  | { readonly intact: true; readonly entries: readonly JournalEntry[]; readonly head: Uint8Array }
  /** `firstBroken` counts from 0; the entries before it are good. */
  | {
      readonly intact: false;
      readonly entries: readonly JournalEntry[];
      readonly firstBroken: number;
    };

/**
 * Verifies a journal.
 * @param bytes untrusted.
 * @param head the last hash, if it is known from elsewhere. Without it a missing end is not seen.
 */
export function readJournal(
  crypto: CryptoKit,
  bytes: Uint8Array,
  head?: Uint8Array,
): JournalReading {
  const entries: JournalEntry[] = [];
  let last = crypto.hash("sha256", start);
  for (let at = 0; at < bytes.length; ) {
    const atHash = at + 2 + readUint(bytes, at, 2);
    const body = bytes.slice(at + 2, atHash);
    const hash = bytes.slice(atHash, atHash + hashBytes);
    const entry = decodeEntry(body);
    last = crypto.hash("sha256", concat(last, body));
    if (entry === undefined || !equalBytes(hash, last)) {
      return { intact: false, entries, firstBroken: entries.length };
    }
    entries.push(entry);
    at = atHash + hashBytes;
  }
  if (head !== undefined && !equalBytes(head, last)) {
    return { intact: false, entries, firstBroken: entries.length };
  }
  return { intact: true, entries, head: last };
}

function decodeEntry(body: Uint8Array): JournalEntry | undefined {
  const kind = kinds[body[0] ?? kinds.length];
  const atPeer = 2 + timeBytes;
  const atDetail = atPeer + (body[atPeer - 1] ?? 0);
  const peer = text(body.slice(atPeer, atDetail));
  if (kind === undefined || peer === undefined || body.length < Math.max(atPeer, atDetail)) {
    return undefined;
  }
  return { kind, timeMs: readUint(body, 1, timeBytes), peer, detail: body.slice(atDetail) };
}
