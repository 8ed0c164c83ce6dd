/** The journal: what breaks its chain, and what it never holds. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Store } from "../endpoint.ts";
import { concat, hex, latin1, utf8 } from "../kit/bytes.ts";
import type { OpRecord } from "../kit/operations.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { Journal, type JournalNote, type JournalReading, readJournal } from "./journal.ts";
import { evidenceFrom, signMessage } from "./signing.ts";

class Memory implements Store {
  bytes: Uint8Array = new Uint8Array(0);
  read(): Uint8Array {
    return this.bytes;
  }
  write(bytes: Uint8Array): void {
    this.bytes = bytes;
  }
  append(bytes: Uint8Array): void {
    this.bytes = concat(this.bytes, bytes);
  }
}
const kit = (log: OpRecord[] = []) => new CryptoRecorder(log, new Random("journal"), "bob");
const crypto = kit();
const notes: readonly JournalNote[] = [
  { kind: "opened", peer: "alice" },
  { kind: "received", peer: "alice", message: utf8("hello") },
  { kind: "sent", peer: "alice", message: utf8("welcome") },
  { kind: "evidence", peer: "alice", evidence: utf8("signed by alice") },
  { kind: "closed", peer: "alice" },
];

/** A journal of these notes, one a second, and where each entry ends. */
function written(list = notes) {
  const store = new Memory();
  const journal = new Journal(crypto, store);
  const ends = [0];
  list.forEach((note, i) => {
    journal.note(note, 1_000 * i);
    ends.push(store.bytes.length);
  });
  return { bytes: store.bytes, ends, head: journal.head, store };
}
const brokenAt = (reading: JournalReading): number | undefined =>
  reading.intact ? undefined : reading.firstBroken;

describe("a journal", () => {
  test("is read as it was written", () => {
    const { bytes, head } = written();
    const reading = readJournal(crypto, bytes, head);
    expect(reading.intact && hex(reading.head)).toBe(hex(head));
    expect(reading.entries.map((e) => `${e.timeMs} ${e.kind} ${e.peer}`)).toEqual([
      "0 opened alice",
      "1000 received alice",
      "2000 sent alice",
      "3000 evidence alice",
      "4000 closed alice",
    ]);
    expect(reading.entries[1]?.detail).toEqual(crypto.hash("sha256", utf8("hello")));
    expect(reading.entries[3]?.detail).toEqual(utf8("signed by alice"));
  });

  test("is gone on with after a restart", () => {
    const { store } = written();
    const again = new Journal(crypto, store);
    again.note({ kind: "opened", peer: "carol" }, 9_000);
    const reading = readJournal(crypto, store.bytes, again.head);
    expect([reading.intact, reading.entries.length]).toEqual([true, 6]);
  });

  test("may be empty", () => {
    expect(readJournal(crypto, new Uint8Array(0)).intact).toBe(true);
    expect(brokenAt(readJournal(crypto, new Uint8Array(0), written().head))).toBe(0);
  });
});

describe("the first broken entry is named where", () => {
  test("any bit of it is changed", () => {
    const { bytes, ends } = written();
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const entry = ends.findIndex((end) => end > at) - 1;
      expect(brokenAt(readJournal(crypto, changed))).toBe(entry);
    }
  });

  test("it is cut in the middle", () => {
    const { bytes, ends } = written();
    for (let length = 0; length < bytes.length; length++) {
      const reading = readJournal(crypto, bytes.slice(0, length));
      const whole = ends.filter((end) => end <= length).length - 1;
      // Cut between two entries, it looks whole: only its head tells.
      expect(brokenAt(reading)).toBe(ends.includes(length) ? undefined : whole);
      expect(brokenAt(readJournal(crypto, bytes.slice(0, length), written().head))).toBe(whole);
    }
  });

  test("one is missing, moved, doubled, or of another journal", () => {
    const { bytes, ends } = written();
    const entry = (i: number): Uint8Array => bytes.slice(ends[i], ends[i + 1]);
    const other = written([{ kind: "opened", peer: "mallory" }, ...notes.slice(1)]);
    const join = (...parts: Uint8Array[]) => brokenAt(readJournal(crypto, concat(...parts)));
    expect(join(entry(0), entry(2), entry(3))).toBe(1);
    expect(join(entry(1))).toBe(0);
    expect(join(entry(0), entry(2), entry(1))).toBe(1);
    expect(join(entry(0), entry(1), entry(1))).toBe(2);
    expect(join(entry(0), other.bytes.slice(other.ends[1], other.ends[2]))).toBe(1);
  });

  test("anything else stands, and nothing throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        expect(brokenAt(readJournal(crypto, bytes))).toBe(0);
        expect(brokenAt(readJournal(crypto, concat(written().bytes, bytes)))).toBe(notes.length);
      }),
    );
  });
});

test("it holds neither keys nor messages", () => {
  const log: OpRecord[] = [];
  const c = kit(log);
  const { privateKey, publicKey } = c.signingKeyPair();
  const message = utf8("a message that is nobody's business");
  const stated = { sender: utf8("alice"), recipient: utf8("bob"), id: 1, timeMs: 5 };
  const signed = signMessage(c, privateKey, stated, message);
  const evidence = evidenceFrom(c, publicKey, stated, message, signed) ?? utf8("");
  const store = new Memory();
  const journal = new Journal(c, store);
  journal.note({ kind: "received", peer: "alice", message }, 1);
  journal.note({ kind: "evidence", peer: "alice", evidence }, 2);
  const content = latin1(store.bytes);
  const secrets = [
    ...log.filter((op) => op.op === "random").map((op) => op.output),
    latin1(message),
  ];
  expect(secrets.length).toBe(2);
  for (const secret of secrets) expect(content.includes(secret)).toBe(false);
});
