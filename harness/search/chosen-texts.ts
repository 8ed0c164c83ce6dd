/**
 * Texts that the attacker has a user send, chosen for what it has seen: where it knows the IV of
 * the next encryption beforehand, it makes the first block of its text come out as an earlier block
 * would, if a guess at that one is right (P. Rogaway: Problems with proposed IP cryptography, 1995;
 * G. Bard: The vulnerability of SSL to chosen-plaintext attack, 2004; BEAST, 2011).
 *
 * The lab need not know which ciphers mix the IV into their first block so: for all others, the two
 * worlds look alike as well.
 */
import type { Move } from "../../attacker/move.ts";
import { fromLatin1, hex, type Latin1, latin1 } from "../../protocol/kit/bytes.ts";
import { contentOf, type OpRecord, operations } from "../../protocol/kit/operations.ts";
import type { Packet, ProcessId, Trace } from "../trace/trace.ts";

type Part = NonNullable<Extract<Move, { move: "choose" }>["xor"]>[number];

/** Shorter nonces are no block. */
const ivBytes = 8;
/** Texts for so many pairs of a user's messages. */
const mostChoices = 4;

/** The encryption of a message, and how many packets had been sent when it was typed. */
interface Sealed {
  readonly op: OpRecord;
  readonly process: ProcessId;
  /** It is the nth message of the process. From 1. */
  readonly nth: number;
  readonly message: Latin1;
  readonly seen: number;
  /** Its place among the encryptions of the process. */
  readonly place: number;
}

/**
 * @param equal an undisturbed run in which all messages are the same.
 * @param again the same with other randomness: what is equal in both, anybody knows beforehand.
 */
export function* chosenTexts(equal: Trace, again: Trace): Iterable<Move> {
  const sealed = messagesSealed(equal);
  const constant = new Set(messagesSealed(again).map((s) => `${s.process} ${s.place} ${ivOf(s)}`));
  const known = (s: Sealed, before: number): Part | Latin1 | undefined =>
    constant.has(`${s.process} ${s.place} ${ivOf(s)}`)
      ? ivOf(s)
      : placeOf(ivOf(s), equal.packets.slice(0, before));
  let choices = 0;
  for (const target of sealed) {
    for (const own of sealed) {
      if (own.seen <= target.seen || keyOf(own) !== keyOf(target)) continue;
      // Its own IV must have been seen before its text is typed.
      const ivs = [known(target, own.seen), known(own, own.seen)];
      const [first, second] = ivs;
      if (first === undefined || second === undefined || ivOf(target) === ivOf(own)) continue;
      yield choice(own, [first, second]);
      if (++choices >= mostChoices) return;
    }
  }
}

function choice({ process, nth, message }: Sealed, ivs: readonly (Part | Latin1)[]): Move {
  const text = fromLatin1(message);
  const xor: Part[] = [];
  for (const iv of ivs) {
    if (typeof iv !== "string") xor.push(iv);
    else {
      for (let i = 0; i < Math.min(iv.length, text.length); i++) {
        text[i] = (text[i] as number) ^ iv.charCodeAt(i);
      }
    }
  }
  return { move: "choose", process, nth, hex: hex(text), ...(xor.length === 0 ? {} : { xor }) };
}

const ivOf = ({ op }: Sealed): Latin1 => op.inputs[operations[op.op].nonce ?? -1] ?? "";
const keyOf = ({ op }: Sealed): Latin1 => op.inputs[operations[op.op].key ?? -1] ?? "";

function placeOf(iv: Latin1, packets: readonly Packet[]): Part | undefined {
  for (const { from, to, nth, bytes, byAttacker } of packets) {
    const start = byAttacker === undefined ? latin1(bytes).indexOf(iv) : -1;
    if (start >= 0) return { packet: { from, to, nth }, start, length: iv.length };
  }
  return undefined;
}

/** Encryptions whose text begins with a message, in the order in which the messages were typed. */
function messagesSealed({ events, crypto }: Trace): readonly Sealed[] {
  const found: Sealed[] = [];
  const counts = new Map<ProcessId, number>();
  let seen = 0;
  for (const e of events) {
    if (e.kind === "sent") seen++;
    if (e.kind !== "submit" || e.purpose !== "message") continue;
    const nth = (counts.get(e.at) ?? 0) + 1;
    counts.set(e.at, nth);
    const message = latin1(e.message);
    const own = crypto.filter((op) => op.by === e.at && !op.backwards && seals(op, message));
    const op = own[nth - 1];
    if (op === undefined) continue;
    found.push({ op, process: e.at, nth, message, seen, place: nth });
  }
  return found;
}

function seals(op: OpRecord, message: Latin1): boolean {
  const { nonce, purpose } = operations[op.op];
  if (purpose !== "encryption" || nonce === undefined) return false;
  return (op.inputs[nonce] ?? "").length >= ivBytes && contentOf(op).startsWith(message);
}
