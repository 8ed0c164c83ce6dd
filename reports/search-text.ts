/** What longer searches report beside their verdicts, for a terminal. */
import pc from "picocolors";
import type { Composed } from "../harness/verdict.ts";
import { hanging } from "./columns.ts";
import { composedBound, composedEffort } from "./composed-words.ts";
import { terminalText } from "./escape.ts";
import { counted, grouped } from "./model.ts";
import type { TextOptions } from "./text.ts";

export interface ExploreWords {
  readonly depth: number;
  /** Only so many sessions of the workload were attacked. */
  readonly sessions?: number;
  readonly runs: number;
  /** Was everything tried? */
  readonly complete: boolean;
  /** Beside those moves: the search in which the adversary composes what it sends. */
  readonly composed?: Composed;
}

const onFirst = (sessions: number | undefined): string => {
  if (sessions === undefined) return "";
  return ` on the first ${sessions === 1 ? "session" : counted(sessions, "session")}`;
};

/** How far the exhaustive search went, and what it left out because it cannot matter. */
export function exploreText(words: ExploreWords, options: TextOptions): string {
  const { depth, sessions, runs, complete } = words;
  const colors = pc.createColors(options.color);
  const moves = `${counted(depth, "move")}${onFirst(sessions)}`;
  const covered = `${counted(runs, "attack")} covered`;
  const said = complete
    ? `all attacks of up to ${moves}: ${covered}, ` +
      "not counting those that only repeat one of them, or that can change no verdict"
    : `NOT all attacks of up to ${moves}: ${covered}`;
  const width = Math.max(40, options.width);
  const lines = hanging("", said, width).map((l) => (complete ? l : colors.yellow(l)));
  return `${[...lines, ...composedLines(words.composed, width)].join("\n")}\n`;
}

/** A sample, and never all there is: how large it was. */
function composedLines(composed: Composed | undefined, width: number): readonly string[] {
  if (composed === undefined) return [];
  return hanging("", `${composedBound(composed)}: ${composedEffort(composed)}`, width);
}

export interface FuzzWords {
  /** Only so many sessions of the workload were attacked. */
  readonly sessions?: number;
  readonly runs: number;
  readonly shards: number;
  readonly transitions: number;
  readonly effective: number;
  /** Attacks worth keeping. */
  readonly kept: number;
  /** Guarantees and the runs of its shard after which the first shard broke them. */
  readonly firstBroken: Readonly<Record<string, number>>;
  /** Runs of earlier, interrupted searches. */
  readonly resumedAfter?: number;
  /** Where the attacks worth keeping are, and how to go on. */
  readonly corpus?: { readonly folder: string; readonly size: number; readonly command: string };
}

export function fuzzText(words: FuzzWords, options: TextOptions): string {
  const width = Math.max(40, options.width);
  const colors = pc.createColors(options.color);
  const { runs, shards, resumedAfter, corpus } = words;
  const earlier =
    resumedAfter === undefined ? "" : `, ${grouped(resumedAfter)} of them in earlier sittings`;
  const lines = hanging(
    "random search  ",
    `${counted(runs, "run")}${onFirst(words.sessions)} in ${counted(shards, "shard")}${earlier}; ` +
      `${counted(words.transitions, "transition")} covered; ` +
      `${counted(words.effective, "attack")} changed the course; ` +
      `${counted(words.kept, "attack")} reached or broke something new`,
    width,
  );
  const broken = Object.entries(words.firstBroken).sort(
    ([a, m], [b, n]) => m - n || (a < b ? -1 : 1),
  );
  if (broken.length > 0) {
    const list = broken.map(([id, n]) => `${terminalText(id)} ${grouped(n)}`).join(", ");
    lines.push(...hanging("first broken   ", `after so many runs of a shard: ${list}`, width));
  }
  if (corpus !== undefined) {
    const where = `${counted(corpus.size, "attack")} in ${terminalText(corpus.folder, 200)}`;
    lines.push(...hanging("corpus         ", where, width));
    // Not wrapped: it is there to be copied.
    lines.push(`go on with     ${colors.cyan(terminalText(corpus.command))}`);
  }
  return `${lines.join("\n")}\n`;
}
