/**
 * What the dashboard knows and where the user is, changed only by events: progress of the
 * matrix, the finished report, messages and keys. A key never steers the search.
 */
import type {
  GuaranteeVerdict,
  MatrixProgress,
  MatrixReport,
  ProtocolReport,
} from "../../harness/verdict.ts";
import { columnsOf, guaranteesOf, type Tone, toneOf } from "../model.ts";

export interface ProtocolState {
  /** As the harness names it; identifies the protocol in progress events. */
  readonly name: string;
  readonly label: string;
  readonly guarantees: readonly string[];
  readonly cells: ReadonlyMap<string, GuaranteeVerdict>;
  readonly strategy: string;
  readonly done: number;
  readonly total: number;
  readonly runs: number;
  /** When its first step was seen, and how many runs there were by then. */
  readonly since: { readonly ms: number; readonly runs: number } | undefined;
  readonly seenMs: number;
  readonly finished: boolean;
}

export interface DashboardState {
  readonly protocols: readonly ProtocolState[];
  /** All guarantees, in the order in which they first appeared. */
  readonly guarantees: readonly string[];
  readonly cursor: { readonly protocol: number; readonly guarantee: number };
  /** Whether the selected cell is open as a list of steps, and how far that is scrolled. */
  readonly open: boolean;
  readonly scroll: number;
  readonly message: string;
  readonly report: MatrixReport | undefined;
  readonly leaving: boolean;
}

export type Key =
  | "up"
  | "down"
  | "left"
  | "right"
  | "home"
  | "end"
  | "page-up"
  | "page-down"
  | "enter"
  | "back"
  | "next"
  | "previous"
  | "quit";

export type DashboardEvent =
  | { readonly kind: "progress"; readonly event: MatrixProgress; readonly atMs: number }
  | { readonly kind: "report"; readonly report: MatrixReport }
  | { readonly kind: "message"; readonly text: string }
  | {
      readonly kind: "key";
      readonly key: Key;
      /** Lines on one page of the open attack, and how far it can be scrolled at most. */
      readonly page: number;
      readonly maxScroll: number;
    };

export const initialState: DashboardState = {
  protocols: [],
  guarantees: [],
  cursor: { protocol: 0, guarantee: 0 },
  open: false,
  scroll: 0,
  message: "",
  report: undefined,
  leaving: false,
};

export const selectedProtocol = (state: DashboardState): ProtocolState | undefined =>
  state.protocols[state.cursor.protocol];
export const selectedGuarantee = (state: DashboardState): string | undefined =>
  state.guarantees[state.cursor.guarantee];
export function selectedVerdict(state: DashboardState): GuaranteeVerdict | undefined {
  return selectedProtocol(state)?.cells.get(selectedGuarantee(state) ?? "");
}

/** Runs per second since the protocol was first seen at work; 0 while nothing can be said. */
export function runsPerSecond(protocol: ProtocolState): number {
  if (protocol.since === undefined) return 0;
  const seconds = (protocol.seenMs - protocol.since.ms) / 1000;
  return seconds <= 0 ? 0 : (protocol.runs - protocol.since.runs) / seconds;
}

/** Done, from 0 to 1. */
export function fraction(protocol: ProtocolState): number {
  if (protocol.finished) return 1;
  return protocol.total === 0 ? 0 : Math.min(1, Math.max(0, protocol.done / protocol.total));
}

export function reduce(state: DashboardState, event: DashboardEvent): DashboardState {
  switch (event.kind) {
    case "progress":
      return onProgress(state, event.event, event.atMs);
    case "report":
      return onReport(state, event.report);
    case "message":
      return { ...state, message: event.text };
    case "key":
      return onKey({ ...state, message: "" }, event.key, event.page, event.maxScroll);
  }
}

const unseen = (name: string): ProtocolState => ({
  name,
  label: name,
  guarantees: [],
  cells: new Map(),
  strategy: "",
  done: 0,
  total: 0,
  runs: 0,
  since: undefined,
  seenMs: 0,
  finished: false,
});

/** Changes one protocol; a new one is added. */
function withProtocol(
  state: DashboardState,
  name: string,
  change: (protocol: ProtocolState) => ProtocolState,
): DashboardState {
  const known = state.protocols.some((p) => p.name === name);
  const before = known ? state.protocols : [...state.protocols, unseen(name)];
  const protocols = before.map((p) => (p.name === name ? change(p) : p));
  const guarantees = [...new Set(protocols.flatMap((p) => p.guarantees))];
  return { ...state, protocols, guarantees };
}

function onProgress(state: DashboardState, event: MatrixProgress, atMs: number): DashboardState {
  switch (event.kind) {
    case "protocol":
      return withProtocol(state, event.name, (p) => ({ ...p, guarantees: event.guarantees }));
    case "step":
      return withProtocol(state, event.name, (p) => ({
        ...p,
        strategy: event.strategy,
        done: event.done,
        total: event.total,
        runs: event.runs,
        since: p.since ?? { ms: atMs, runs: event.runs },
        seenMs: atMs,
      }));
    case "cell":
      return withProtocol(state, event.name, (p) => ({
        ...p,
        guarantees: p.guarantees.includes(event.verdict.guarantee)
          ? p.guarantees
          : [...p.guarantees, event.verdict.guarantee],
        cells: new Map(p.cells).set(event.verdict.guarantee, event.verdict),
      }));
    case "finished":
      return withProtocol(state, event.report.name, (p) => finished(p, event.report, p.label));
  }
}

function finished(before: ProtocolState, report: ProtocolReport, label: string): ProtocolState {
  return {
    ...before,
    label,
    guarantees: report.verdicts.map((v) => v.guarantee),
    cells: new Map(report.verdicts.map((v) => [v.guarantee, v])),
    runs: report.runs,
    finished: true,
  };
}

function onReport(state: DashboardState, report: MatrixReport): DashboardState {
  const protocols = columnsOf(report).map(({ label, protocol }, i) => {
    const seen = state.protocols.find((p) => p.name === label || p.name === protocol.name);
    return finished(seen ?? state.protocols[i] ?? unseen(label), protocol, label);
  });
  const guarantees = guaranteesOf(report.protocols);
  return clamped({ ...state, protocols, guarantees, report });
}

function clamped(state: DashboardState): DashboardState {
  const within = (n: number, count: number): number => Math.max(0, Math.min(count - 1, n));
  const protocol = within(state.cursor.protocol, state.protocols.length);
  const guarantee = within(state.cursor.guarantee, state.guarantees.length);
  return { ...state, cursor: { protocol, guarantee } };
}

function moved(state: DashboardState, protocol: number, guarantee: number): DashboardState {
  return clamped({
    ...state,
    cursor: {
      protocol: state.cursor.protocol + protocol,
      guarantee: state.cursor.guarantee + guarantee,
    },
  });
}

function onKey(state: DashboardState, key: Key, page: number, maxScroll: number): DashboardState {
  if (key === "quit") return { ...state, leaving: true };
  if (key === "next") return toBroken(state, 1);
  if (key === "previous") return toBroken(state, -1);
  return state.open ? onKeyInAttack(state, key, page, maxScroll) : onKeyInMatrix(state, key);
}

function onKeyInAttack(
  state: DashboardState,
  key: Key,
  page: number,
  maxScroll: number,
): DashboardState {
  const to = (scroll: number): DashboardState => ({
    ...state,
    scroll: Math.max(0, Math.min(maxScroll, scroll)),
  });
  switch (key) {
    case "enter":
    case "back":
      return { ...state, open: false, scroll: 0 };
    case "up":
      return to(state.scroll - 1);
    case "down":
      return to(state.scroll + 1);
    case "page-up":
      return to(state.scroll - page);
    case "page-down":
      return to(state.scroll + page);
    case "home":
      return to(0);
    case "end":
      return to(maxScroll);
    case "left":
      return { ...moved(state, -1, 0), scroll: 0 };
    case "right":
      return { ...moved(state, 1, 0), scroll: 0 };
    default:
      return state;
  }
}

function onKeyInMatrix(state: DashboardState, key: Key): DashboardState {
  const far = Number.MAX_SAFE_INTEGER;
  switch (key) {
    case "up":
      return moved(state, 0, -1);
    case "down":
      return moved(state, 0, 1);
    case "left":
      return moved(state, -1, 0);
    case "right":
      return moved(state, 1, 0);
    case "page-up":
      return moved(state, 0, -10);
    case "page-down":
      return moved(state, 0, 10);
    case "home":
      return moved(state, -far, 0);
    case "end":
      return moved(state, far, 0);
    case "enter":
      return selectedProtocol(state) === undefined ? state : { ...state, open: true, scroll: 0 };
    default:
      return state;
  }
}

/** Moves to the next cell, protocol by protocol, that is broken: a claim, if any claim is. */
function toBroken(state: DashboardState, direction: 1 | -1): DashboardState {
  const rows = state.guarantees.length;
  const cells = state.protocols.length * rows;
  const toneAt = (index: number): Tone | undefined => {
    const cell = state.protocols[Math.floor(index / rows)]?.cells.get(
      state.guarantees[index % rows] ?? "",
    );
    return cell === undefined ? undefined : toneOf(cell);
  };
  const start = state.cursor.protocol * rows + state.cursor.guarantee;
  for (const wanted of ["alarm", "broken"] as const) {
    for (let step = 1; step <= cells; step += 1) {
      const index = (start + direction * step + cells * 2) % cells;
      if (toneAt(index) !== wanted) continue;
      const cursor = { protocol: Math.floor(index / rows), guarantee: index % rows };
      return { ...state, cursor, scroll: 0 };
    }
  }
  return { ...state, message: "nothing is broken" };
}
