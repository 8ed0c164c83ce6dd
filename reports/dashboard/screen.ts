/**
 * The dashboard on a terminal: the only file that knows blessed. It turns keys and progress into
 * events for model.ts, and the lines of panels.ts into what the terminal shows.
 */
import type { Readable, Writable } from "node:stream";
import blessed from "blessed";
import type { Finding, MatrixProgress, MatrixReport } from "../../harness/verdict.ts";
import type { PanelOptions } from "./attack.ts";
import { type Region, regions, type Size } from "./layout.ts";
import {
  type DashboardEvent,
  type DashboardState,
  initialState,
  type Key,
  reduce,
  selectedVerdict,
} from "./model.ts";
import { attackLength, frames } from "./panels.ts";
import type { Line, Span, Style } from "./styled.ts";

export interface DashboardOptions extends PanelOptions {
  /** Terminals; by default those of the process. */
  readonly input?: Readable;
  readonly output?: Writable;
  /** False if the terminal or the user wants no colours. */
  readonly color?: boolean;
  /** A clock in milliseconds, for runs per second. */
  now?(): number;
  /** The user quits; the terminal is as it was before. */
  onQuit?(): void;
  /** The user opens a cell that has an attack. */
  onOpen?(finding: Finding): void;
}

export interface Dashboard {
  progress(event: MatrixProgress): void;
  finish(report: MatrixReport): void;
  message(text: string): void;
  /** Restores the terminal, as if the user had quit, but without `onQuit`. */
  close(): void;
  /** Settles when the terminal has been left. */
  readonly closed: Promise<void>;
}

/** Colours of the 256-colour palette: a dark editor. */
const ground: Readonly<Record<Region, { readonly fg: number; readonly bg: number }>> = {
  title: { fg: 252, bg: 237 },
  explorer: { fg: 252, bg: 235 },
  main: { fg: 252, bg: 234 },
  details: { fg: 252, bg: 234 },
  status: { fg: 231, bg: 25 },
};
const looks: Readonly<Record<Style, string>> = {
  plain: "",
  faint: "38;5;245",
  strong: "1;38;5;231",
  accent: "38;5;75",
  changed: "38;5;179",
  "tone-alarm": "1;38;5;210",
  "tone-broken": "38;5;179",
  "tone-holds": "38;5;114",
  "tone-unknown": "38;5;110",
  "tone-none": "38;5;243",
};
const plainLooks: Readonly<Partial<Record<Style, string>>> = {
  strong: "1",
  accent: "1",
  "tone-alarm": "1",
};

/** Progress is drawn with a delay, since it comes faster than a user can read; keys at once. */
const redrawMs = 40;

const keyNames: Readonly<Record<string, Key>> = {
  up: "up",
  down: "down",
  left: "left",
  right: "right",
  k: "up",
  j: "down",
  h: "left",
  l: "right",
  home: "home",
  end: "end",
  pageup: "page-up",
  pagedown: "page-down",
  enter: "enter",
  escape: "back",
  backspace: "back",
  n: "next",
  "S-n": "previous",
  q: "quit",
  "C-c": "quit",
};

function spanText({ text, style, selected }: Span, color: boolean): string {
  // The panels have made all text visible; this is the second safeguard.
  const safe = text.replace(/[\p{Cc}]/gu, "?");
  const chosen = selected === true;
  const codes = [
    color ? looks[style] : (plainLooks[style] ?? ""),
    chosen ? (color ? "48;5;24" : "7") : "",
  ].filter((code) => code !== "");
  return codes.length === 0 ? safe : `\x1b[${codes.join(";")}m${safe}\x1b[m`;
}

const contentOf = (lines: readonly Line[], color: boolean): string =>
  lines.map((line) => line.map((span) => spanText(span, color)).join("")).join("\n");

function makeScreen(options: DashboardOptions): blessed.Widgets.Screen {
  const streams = {
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.output === undefined ? {} : { output: options.output }),
  };
  // The types of blessed forget `terminal` and the streams.
  const settings: unknown = {
    ...streams,
    terminal: "xterm-256color",
    smartCSR: true,
    fullUnicode: true,
    forceUnicode: true,
    resizeTimeout: 0,
  };
  const screen = blessed.screen(settings as blessed.Widgets.IScreenOptions);
  // Lines and dots as Unicode, not as letters in an alternate character set, which a copy of
  // the screen (tmux, screen readers) would show as letters.
  const { tput } = screen as unknown as { readonly tput?: { brokenACS: boolean } };
  if (tput !== undefined) tput.brokenACS = true;
  return screen;
}

function makeBoxes(
  screen: blessed.Widgets.Screen,
  color: boolean,
): Readonly<Record<Region, blessed.Widgets.BoxElement>> {
  const box = (region: Region): blessed.Widgets.BoxElement => {
    const { fg, bg } = ground[region];
    // Numbers are palette entries; the types know only names.
    const style: unknown = color ? { fg, bg } : region === "status" ? { inverse: true } : {};
    return blessed.box({
      parent: screen,
      tags: false,
      wrap: false,
      hidden: true,
      style: style ?? {},
    });
  };
  return {
    title: box("title"),
    explorer: box("explorer"),
    main: box("main"),
    details: box("details"),
    status: box("status"),
  };
}

/** Calls `gone` when a terminal goes: nobody is there to press a key. @returns an unsubscribe. */
function whenGone(input: Readable, gone: () => void): () => void {
  input.once("end", gone);
  input.once("error", gone);
  return () => input.off("end", gone);
}

/** Takes over the terminal and shows the matrix until the user leaves. */
export function openDashboard(options: DashboardOptions = {}): Dashboard {
  const now = options.now ?? (() => performance.now());
  const color = options.color ?? true;
  const screen = makeScreen(options);
  const boxes = makeBoxes(screen, color);
  let state: DashboardState = initialState;
  let timer: NodeJS.Timeout | undefined;
  let left = false;
  let settle = (): void => {};
  const closed = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const size = (): Size => ({ width: Number(screen.width), height: Number(screen.height) });

  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (left) return;
    for (const region of regions) boxes[region].hide();
    for (const { region, box, lines } of frames(state, size(), options)) {
      const element = boxes[region];
      element.left = box.left;
      element.top = box.top;
      element.width = box.width;
      element.height = box.height;
      element.setContent(contentOf(lines, color));
      element.show();
    }
    screen.render();
  };
  const close = (): void => {
    if (left) return;
    left = true;
    clearTimeout(timer);
    screen.destroy();
    settle();
  };
  const happen = (event: DashboardEvent): void => {
    if (left) return;
    state = reduce(state, event);
    if (event.kind === "key") draw();
    else timer ??= setTimeout(draw, redrawMs);
  };
  const press = (key: Key): void => {
    const main = frames(state, size(), options).find((f) => f.region === "main");
    const { page, maxScroll } = attackLength(state, main?.box ?? size(), options);
    const wasOpen = state.open;
    happen({ kind: "key", key, page, maxScroll });
    const finding = selectedVerdict(state)?.finding;
    if (state.open && !wasOpen && finding !== undefined) options.onOpen?.(finding);
    if (!state.leaving || left) return;
    close();
    options.onQuit?.();
  };
  screen.on("keypress", (ch: string | undefined, pressed: { full?: string } | undefined) => {
    const key = keyNames[pressed?.full ?? ch ?? ""];
    if (key !== undefined) press(key);
  });
  screen.on("resize", draw);
  void closed.then(whenGone(options.input ?? process.stdin, close));
  draw();
  return {
    progress: (event) => happen({ kind: "progress", event, atMs: now() }),
    finish: (report) => happen({ kind: "report", report }),
    message: (text) => happen({ kind: "message", text }),
    close,
    closed,
  };
}
