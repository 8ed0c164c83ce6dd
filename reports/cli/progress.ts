/** Progress while protocols are being tried: one line that changes, or plain lines. */
import pc from "picocolors";
import type { Observer } from "../../harness/runner/settings.ts";
import type { MatrixProgress } from "../../harness/verdict.ts";
import { cut } from "../columns.ts";
import { terminalText } from "../escape.ts";
import { counted, grouped } from "../model.ts";
import type { Io } from "./io.ts";

interface Standing {
  fraction: number;
  runs: number;
  strategy: string;
  readonly broken: Set<string>;
}

export interface ProgressView extends Required<Omit<Observer, "begin">> {
  /** Restores the terminal. */
  close(): void;
}

const betweenDrawingsMs = 100;
/** For files and pipes, where every line stays. */
const betweenLinesMs = 10_000;
const clearLine = "\r\x1b[2K";

/** `1 h 2 min`, `3 min`, `12 s`. */
export function timeLeft(seconds: number): string {
  if (seconds >= 3600)
    return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return seconds >= 90
    ? `${Math.round(seconds / 60)} min`
    : `${Math.max(1, Math.round(seconds))} s`;
}

/** Counts for all protocols together. */
export class Standings {
  readonly #by = new Map<string, Standing>();

  constructor(labels: readonly string[]) {
    for (const label of labels) {
      this.#by.set(label, { fraction: 0, runs: 0, strategy: "", broken: new Set() });
    }
  }

  take(event: MatrixProgress): void {
    const name = event.kind === "finished" ? event.report.name : event.name;
    const standing = this.#by.get(name);
    if (standing === undefined) return;
    if (event.kind === "step") {
      standing.fraction = event.total === 0 ? 0 : event.done / event.total;
      standing.runs = event.runs;
      standing.strategy = event.strategy;
    } else if (event.kind === "cell" && event.verdict.verdict === "broken") {
      standing.broken.add(event.verdict.guarantee);
    } else if (event.kind === "finished") {
      standing.fraction = 1;
      standing.runs = event.report.runs;
    }
  }

  done(label: string): void {
    const standing = this.#by.get(label);
    if (standing !== undefined) standing.fraction = 1;
  }

  /** @param seconds since the beginning. */
  words(seconds: number): string {
    const all = [...this.#by.values()];
    const sum = (of: (s: Standing) => number): number => all.reduce((n, s) => n + of(s), 0);
    const runs = sum((s) => s.runs);
    const fraction = all.length === 0 ? 1 : sum((s) => s.fraction) / all.length;
    const parts = [
      `${Math.floor(fraction * 100)} %`,
      counted(runs, "run"),
      ...(seconds > 0.5 ? [`${grouped(runs / seconds)}/s`] : []),
      `${grouped(sum((s) => s.broken.size))} broken`,
    ];
    // Early on, a guess would only mislead.
    if (fraction > 0.05 && fraction < 1 && seconds > 1) {
      parts.push(`about ${timeLeft((seconds * (1 - fraction)) / fraction)} left`);
    }
    const busy = [...this.#by].find(([, s]) => s.fraction < 1);
    if (busy !== undefined) parts.push(`${busy[0]}: ${busy[1].strategy || "starting"}`);
    return parts.join(" · ");
  }
}

export function openProgress(
  io: Io,
  labels: readonly string[],
  { color, quiet }: { readonly color: boolean; readonly quiet: boolean },
): ProgressView {
  const colors = pc.createColors(color && io.errIsTerminal);
  const live = io.errIsTerminal && !quiet;
  const standings = new Standings(labels);
  const startedMs = io.now();
  let drawnMs = live ? Number.NEGATIVE_INFINITY : startedMs;
  const line = (text: string): void => io.err(`${live ? clearLine : ""}${text}\n`);
  return {
    note: (text) => {
      if (!quiet) line(terminalText(text, 600));
    },
    progress: (event) => {
      standings.take(event);
      if (quiet) return;
      if (event.kind === "finished" && labels.length > 1) {
        const broken = event.report.verdicts.filter((v) => v.verdict === "broken").length;
        const runs = counted(event.report.runs, "run");
        line(colors.dim(terminalText(`${event.report.name}: ${broken} broken, ${runs}`, 200)));
      }
      const now = io.now();
      if (now - drawnMs < (live ? betweenDrawingsMs : betweenLinesMs)) return;
      drawnMs = now;
      const words = terminalText(standings.words((now - startedMs) / 1000));
      io.err(live ? clearLine + colors.dim(cut(words, io.columns() - 1)) : `${words}\n`);
    },
    done: (label) => standings.done(label),
    close: () => {
      if (live) io.err(clearLine);
    },
  };
}
