/**
 * Submissions, deliveries, and which sessions are partners. Shared by the guarantees about data.
 */

import { isCorrupt } from "../../attacker/move.ts";
import type { Address, Principal, Purpose } from "../../protocol/endpoint.ts";
import { hex, latin1, lossyText } from "../../protocol/kit/bytes.ts";
import { processOf } from "../trace/process-of.ts";
import { memoPerTrace } from "../trace/recorded-trace.ts";
import type { ProcessId, ProcessInfo, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

/** One end of one session: a process, and the label it gives the session. */
export interface End {
  readonly process: ProcessInfo;
  readonly session: string;
  /** Every value this end claimed as its session key. */
  readonly keys: readonly string[];
  readonly firstMs: number;
  readonly lastMs: number;
  readonly commits: readonly { readonly peer: Principal; readonly t: number }[];
}

export interface Handover {
  readonly end: End;
  readonly content: string;
  readonly message: Uint8Array;
  readonly purpose: Purpose;
  readonly t: number;
  /** Position among all events of the run. */
  readonly index: number;
  /** Submissions: the addressee, if it has one. Deliveries: the claimed sender. */
  readonly other: Principal | undefined;
  /** Submissions: all addressees; absent where it names none. */
  readonly addressees?: readonly Principal[] | undefined;
}

/** Is it for this principal, as far as it says for whom it is? */
export const isMeantFor = ({ addressees }: Handover, principal: Principal): boolean =>
  addressees?.includes(principal) ?? true;

export interface Exchanges {
  readonly ends: readonly End[];
  readonly submissions: readonly Handover[];
  readonly deliveries: readonly Handover[];
  /** Ends that may have talked to this one. */
  partners(end: End): readonly End[];
  /** Was the process alive at some time in the course of this end's session? */
  isThere(process: ProcessInfo, end: End): boolean;
}

/** From when to when a process was alive. */
interface Life {
  readonly fromMs: number;
  toMs: number;
}

interface OpenEnd {
  process: ProcessInfo;
  session: string;
  keys: string[];
  firstMs: number;
  lastMs: number;
  commits: { peer: Principal; t: number }[];
}

export const exchangesOf = memoPerTrace(collect);

function collect(trace: Trace): Exchanges {
  const ends = new Map<string, OpenEnd>();
  const submissions: Handover[] = [];
  const deliveries: Handover[] = [];
  trace.events.forEach((e, index) => {
    if (!("session" in e)) return;
    const process = processOf(trace, e.at);
    if (process === undefined) return;
    const end = endOf(process, e, ends);
    if (e.kind === "secret") end.keys.push(latin1(e.value));
    if (e.kind === "commit") end.commits.push({ peer: e.peer, t: e.t });
    if (e.kind !== "submit" && e.kind !== "deliver") return;
    const { message, purpose, t } = e;
    const content = latin1(message);
    if (e.kind === "deliver") {
      deliveries.push({ end, content, message, purpose, t, index, other: e.from });
      return;
    }
    const addressees = e.to === undefined ? undefined : [e.to].flat();
    const other = addressees?.length === 1 ? addressees[0] : undefined;
    submissions.push({ end, content, message, purpose, t, index, other, addressees });
  });
  const all = [...ends.values()];
  const lives = new Map<ProcessId, Life>();
  for (const e of eventsOf(trace, "started")) {
    lives.set(e.at, { fromMs: e.t, toMs: Number.POSITIVE_INFINITY });
  }
  for (const kind of ["crashed", "exited"] as const) {
    for (const e of eventsOf(trace, kind)) {
      const life = lives.get(e.at);
      if (life !== undefined) life.toMs = e.t;
    }
  }
  return {
    ends: all,
    submissions,
    deliveries,
    partners(end) {
      return partnersOf(end, all, lives);
    },
    isThere({ id }, { firstMs, lastMs }) {
      const life = lives.get(id);
      return life === undefined || (life.fromMs <= lastMs && life.toMs >= firstMs);
    },
  };
}

/** The end that an event belongs to; extends it to the event's time. */
function endOf(
  process: ProcessInfo,
  { at, session, t }: { readonly at: ProcessId; readonly session: string; readonly t: number },
  ends: Map<string, OpenEnd>,
): OpenEnd {
  const key = `${at}/${session}`;
  let end = ends.get(key);
  if (end === undefined) {
    end = { process, session, keys: [], firstMs: t, lastMs: t, commits: [] };
    ends.set(key, end);
  }
  end.lastMs = t;
  return end;
}

/**
 * Sessions that share a key are partners. Without a common key the address decides; without a
 * matching address, all other processes alive at the same time are partners.
 */
function partnersOf(
  end: End,
  all: readonly End[],
  lives: ReadonlyMap<ProcessId, Life>,
): readonly End[] {
  const others = all.filter((o) => o.process.role !== end.process.role || !o.process.service);
  const strangers = others.filter((o) => o.process.id !== end.process.id);
  const byKey = strangers.filter((o) => o.keys.some((k) => end.keys.includes(k)));
  if (byKey.length > 0) return byKey;
  const keyed = (o: End): boolean => o.keys.length > 0 && end.keys.length > 0;
  const byAddress = strangers.filter(
    (o) => isWithAddress(end, o.process.address) || isWithAddress(o, end.process.address),
  );
  if (byAddress.length > 0) return byAddress.filter((o) => !keyed(o) || o.firstMs <= end.lastMs);
  return strangers.filter((o) => {
    const life = lives.get(o.process.id) ?? { fromMs: o.firstMs, toMs: o.lastMs };
    const there = life.fromMs <= end.lastMs && life.toMs >= end.firstMs;
    return there && !(keyed(o) && end.process.service);
  });
}

/** Is this end at the other end of the address, as its label or what came in it says? */
export const isWithAddress = ({ process, session }: End, address: Address): boolean =>
  session === address || process.places?.get(session)?.has(address) === true;

/** Deliveries with an honest claimed sender, or none: those from corrupt principals are exempt. */
export const fromHonest = (trace: Trace, deliveries: readonly Handover[]): readonly Handover[] =>
  deliveries.filter((d) => d.other === undefined || !isCorrupt(d.other, trace.plan.attack));

/** Content in quotation marks, for reports; long content is cut. Non-text is shown in hex. */
export function quote(message: Uint8Array): string {
  const shown = lossyText(message);
  const strange = shown.match(/[\uFFFD\p{Cc}\p{Cn}\p{Co}]/gu)?.length ?? 0;
  if (strange * 4 > shown.length) {
    const more = message.length > 16 ? "…" : "";
    return `${hex(message.slice(0, 16))}${more} (${message.length} bytes)`;
  }
  return shown.length > 60 ? `“${shown.slice(0, 57)}…”` : `“${shown}”`;
}
