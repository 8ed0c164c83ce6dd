/** A capture as lines for a terminal. Whatever the file says is made harmless. */
import { columnLines } from "./column-lines.ts";
import { endWords, type Imported } from "./imported.ts";
import type { Payload } from "./read/conversations.ts";

/** More are counted only; JSON has them all. */
const mostPayloads = 200;
const mostConversations = 50;

/** @param file its name. @returns lines, not yet escaped. */
export function importedLines(file: string, imported: Imported): readonly string[] {
  const { capture, conversations } = imported;
  const { list, unread } = conversations;
  const counts = [plural(capture.packets.length, "packet"), plural(list.length, "conversation")];
  const lines = [`${file}: ${[capture.format, ...counts].join(", ")}`];
  const first = capture.packets[0]?.ns ?? 0n;
  let left = mostPayloads;
  for (const [i, conversation] of list.slice(0, mostConversations).entries()) {
    const { carrier, opener, other, payloads, seenOn } = conversation;
    const bytes = payloads.reduce((sum, p) => sum + p.bytes.length, 0);
    const ends = [opener, other].map((end) => endWords(capture, end));
    const place = seenOn === undefined ? "" : `, ${seenOn}`;
    const size = `${plural(payloads.length, "payload")}, ${bytes} bytes`;
    lines.push("", `${i + 1}. ${ends.join(" ↔ ")}, ${carrier}, ${size}${place}`);
    const shown = payloads.slice(0, Math.max(0, left));
    left -= shown.length;
    const rows = shown.map((payload) => rowOf(payload, ends, first, imported));
    lines.push(...columnLines(rows).map((line) => `   ${line}`));
    if (payloads.length > shown.length) lines.push(`   … ${payloads.length - shown.length} more`);
  }
  if (list.length > mostConversations) {
    lines.push("", `… ${list.length - mostConversations} more conversations; --json has them all`);
  }
  for (const [why, n] of unread) lines.push("", `left out: ${plural(n, "packet")} (${why})`);
  return lines;
}

function rowOf(
  payload: Payload,
  ends: readonly string[],
  first: bigint,
  { fed }: Imported,
): readonly string[] {
  const { packet, fromOpener, bytes, missing } = payload;
  const [opener = "", other = ""] = ends;
  const way = fromOpener ? `${opener} → ${other}` : `${other} → ${opener}`;
  const gap = missing === 0 ? [] : [`${missing} bytes before it are not in the capture`];
  const reaction = fed?.get(payload);
  const taken =
    reaction === undefined ? [] : [`${reaction.to}: ${reaction.verdict}: ${reaction.says}`];
  const comment = reaction === undefined ? [packet.comment ?? ""] : [];
  const says = [...gap, ...taken, ...comment].filter((w) => w !== "").join("; ");
  return [`#${packet.number}`, secondsText(packet.ns - first), way, `${bytes.length} B`, says];
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Microseconds are enough for people; times may go back. */
export function secondsText(ns: bigint): string {
  const micros = (ns < 0n ? -ns : ns) / 1_000n;
  const fraction = String(micros % 1_000_000n).padStart(6, "0");
  return `${ns < 0n ? "-" : ""}${micros / 1_000_000n}.${fraction}`;
}
