/** The message sequence of a run: the part of it that a sequence diagram shows. */
import { type Attack, attackerHost, type PacketRef } from "../../attacker/move.ts";
import { hex } from "../../protocol/kit/bytes.ts";
import { quote } from "../guarantees/exchanges.ts";
import type { MessageSequence, SequenceStep } from "../verdict.ts";
import { disclosedWords } from "./long-term-secrets.ts";
import type { Packet, Trace, TraceEvent } from "./trace.ts";

const mostSteps = 80;

/** Planned sessions worth showing: those the attack touches, and those the verdict names. */
function sessionsShown(trace: Trace, attack: Attack, because: string): ReadonlySet<number> {
  const shown = new Set<number>();
  const add = (id: string): void => {
    const session = trace.processes.find((p) => p.id === id)?.plannedSession;
    if (session !== undefined) shown.add(session);
  };
  const refs = JSON.stringify(attack).matchAll(/"(?:from|to)":"([a-z][a-z0-9-]*#\d+)"/g);
  for (const [, id] of refs) if (id !== undefined) add(id);
  for (const [id] of because.matchAll(/[a-z][a-z0-9-]*#\d+/g)) {
    add(id);
    // A service that is named stands for the sessions it served.
    for (const p of trace.packets)
      if (p.from === id || p.to === id) add(p.from === id ? p.to : p.from);
  }
  if (shown.size === 0) shown.add(0);
  return shown;
}

/** @param until after so many events it is violated; what comes later is not drawn. */
export function messageSequenceOf(
  trace: Trace,
  because: string | undefined,
  until = trace.events.length,
): MessageSequence {
  const sessions = sessionsShown(trace, trace.plan.attack, because ?? "");
  const visible = new Set(
    trace.processes
      .filter((p) => p.plannedSession !== undefined && sessions.has(p.plannedSession))
      .map((p) => p.id),
  );
  const relevant = (p: Packet): boolean =>
    p.byAttacker !== undefined || p.to === attackerHost || visible.has(p.from) || visible.has(p.to);
  const services = new Set(trace.packets.filter(relevant).flatMap((p) => [p.from, p.to]));
  const shown = new Set([...visible, ...services]);
  const events = trace.events.slice(0, until);
  const arrived = arrivedIn(trace);
  const steps = events.flatMap((e) => stepsOf(e, trace, { relevant, shown, arrived }));
  const cut = steps.length > mostSteps ? middleOut(steps) : steps;
  if (because !== undefined) {
    const last = cut.at(-1);
    const at = /[a-z][a-z0-9-]*#\d+/.exec(because)?.[0];
    const from =
      at !== undefined && shown.has(at) ? at : (last?.to ?? [...shown][0] ?? attackerHost);
    const t = until === trace.events.length ? trace.endMs : (events.at(-1)?.t ?? trace.endMs);
    cut.push({ t, from, to: from, kind: "violation", label: because });
  }
  const order = trace.processes.map((p) => p.id).filter((id) => shown.has(id));
  const used = new Set(cut.flatMap((s) => [s.from, s.to]));
  const others = [...used].filter((id) => !order.includes(id));
  const clients = order.filter((id) => visible.has(id) && used.has(id));
  const rest = order.filter((id) => !visible.has(id) && used.has(id));
  return { lifelines: [...clients, ...others, ...rest], steps: cut };
}

/** Keeps the beginning and, above all, the end. */
function middleOut(steps: SequenceStep[]): SequenceStep[] {
  const head = steps.slice(0, 12);
  const tail = steps.slice(-(mostSteps - 13));
  const left = steps.length - head.length - tail.length;
  const at = tail[0]?.from ?? attackerHost;
  const t = tail[0]?.t ?? 0;
  return [...head, { t, from: at, to: at, kind: "note", label: `… ${left} steps …` }, ...tail];
}

const label = (p: PacketRef, bytes: number): string => `#${p.nth} ${bytes} B`;

interface Drawn {
  readonly relevant: (p: Packet) => boolean;
  readonly shown: ReadonlySet<string>;
  /** Packets that somebody received, or that were lost. */
  readonly arrived: ReadonlySet<number>;
}

/** Where a run is cut off, packets are still on their way: nothing can be said of them. */
const arrivedIn = ({ events, packets }: Trace): ReadonlySet<number> =>
  new Set(
    events.some((e) => e.kind === "stopped")
      ? packets.keys()
      : events.flatMap((e) => (e.kind === "received" || e.kind === "lost" ? [e.packet] : [])),
  );

function stepsOf(e: TraceEvent, trace: Trace, { relevant, shown, arrived }: Drawn): SequenceStep[] {
  if (e.kind === "sent") {
    const p = trace.packets[e.packet];
    if (p === undefined || arrived.has(e.packet) || !relevant(p)) return [];
    // What nobody receives and nothing loses is in the attacker's hands.
    const meant = p.to === attackerHost ? "" : `, meant for ${p.to}`;
    const name = `${label(p, p.bytes.length)}${meant}`;
    const at = { t: e.t, from: p.from, to: attackerHost };
    return [{ ...at, kind: "packet", label: name, hex: hex(p.bytes) }];
  }
  if (e.kind === "received" || e.kind === "lost") {
    const p = trace.packets[e.packet];
    if (p === undefined || !relevant(p)) return [];
    const lost = e.kind === "lost";
    const kind = lost
      ? "lost"
      : p.byAttacker !== undefined
        ? "attack-packet"
        : e.changed
          ? "changed"
          : "packet";
    const bytes = lost ? p.bytes : e.bytes;
    const why = lost ? ` lost (${e.by})` : "";
    const name = `${label(p, bytes.length)}${p.byAttacker === undefined ? "" : ` ${p.byAttacker}`}`;
    return [{ t: e.t, from: p.from, to: e.at, kind, label: `${name}${why}`, hex: hex(bytes) }];
  }
  const text = noteOf(e, trace);
  if (text === undefined || !(shown.has(e.at) || e.kind === "disclosed")) return [];
  const at = e.kind === "disclosed" ? attackerHost : e.at;
  return [{ t: e.t, from: at, to: at, kind: "note", label: text }];
}

function noteOf(e: TraceEvent, trace: Trace): string | undefined {
  switch (e.kind) {
    case "submit":
      return `sends ${quote(e.message)}`;
    case "deliver":
      return `accepts ${quote(e.message)} from ${e.from ?? "its anonymous peer"}`;
    case "confirm":
      return `is told: ${quote(e.message)} was delivered`;
    case "give-up":
      return `gives ${quote(e.message)} up`;
    case "running":
      return `says that it runs with ${e.peer ?? "an anonymous peer"}`;
    case "commit":
      return `believes to have finished with ${e.peer}`;
    case "ended":
      return `is told: ${e.from} has said everything`;
    case "crashed":
      return `crashes: ${e.because}`;
    case "exited":
      if (e.ok) return e.because === "is restarted" ? e.because : undefined;
      return `gives up: ${e.because ?? "no reason given"}`;
    case "shown":
      return `shows ${e.to} ${quote(e.value)}`;
    case "matched":
      return `gets to see the same, 1 in ${e.tries}${e.byLuck ? "" : " tries"}`;
    case "alarm":
      return `raises the alarm: ${e.text}`;
    case "ran-code":
      return `runs code from the network: ${e.code}`;
    case "log":
      return /[\n\r]/.test(e.line) ? `logs ${JSON.stringify(e.line)}` : undefined;
    case "disclosed":
      return `learns ${e.principal}'s ${disclosedWords(trace, e.principal, e.what)}`;
    case "stopped":
      return `would not come to rest: ${e.because}`;
    default:
      return undefined;
  }
}
