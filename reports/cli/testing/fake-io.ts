/** For tests: a command line without a process. */
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { makePool } from "../../../harness/runner/worker-pool.ts";
import type { Io } from "../io.ts";
import { main } from "../main.ts";

export const checkout = fileURLToPath(new URL("../../../", import.meta.url));

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Conditions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with a function that presses Ctrl-C, as soon as it is handled. */
  onListening?(press: () => void): void;
  onPrint?(): void;
  /** Progress is drawn on a terminal; called with what is drawn. */
  onDraw?(text: string): void;
  /** Threads of its own, as many as --workers says, which takes a second or two. */
  readonly ownThreads?: boolean;
  /** Where the dashboard is drawn, if a test needs it. */
  readonly terminal?: NonNullable<Io["terminal"]>;
}

let shared: ReturnType<typeof makePool> | undefined;

/** Ends the threads that all command lines of a test file share. */
export async function endThreads(): Promise<void> {
  await shared?.destroy();
  shared = undefined;
}

export async function run(args: readonly string[], conditions: Conditions): Promise<Ended> {
  shared ??= makePool(2);
  let out = "";
  let err = "";
  const code = await main({
    args,
    env: conditions.env ?? {},
    cwd: conditions.cwd,
    out: (text) => {
      conditions.onPrint?.();
      out += text;
    },
    err: (text) => {
      err += text;
      conditions.onDraw?.(text);
    },
    outIsTerminal: false,
    errIsTerminal: conditions.onDraw !== undefined,
    interactive: conditions.terminal !== undefined,
    ...(conditions.terminal === undefined ? {} : { terminal: conditions.terminal }),
    ...(conditions.ownThreads === true ? {} : { pool: shared }),
    columns: () => 100,
    now: () => performance.now(),
    onInterrupt: (listener) => {
      conditions.onListening?.(() => listener("stopped by Ctrl-C"));
      return () => {};
    },
  });
  return { code, out, err };
}

export interface FakeTerminal {
  readonly input: PassThrough;
  readonly output: PassThrough;
  /** Everything drawn so far, escape sequences taken out. */
  screen(): string;
}

/** Keys go in, and what would be drawn comes out. */
export function fakeTerminal(): FakeTerminal {
  const size = { isTTY: true, columns: 120, rows: 40 };
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input });
  const output = Object.assign(new PassThrough(), size);
  let drawn = "";
  output.on("data", (bytes: Buffer) => {
    drawn += bytes.toString("utf8");
  });
  // oxlint-disable-next-line no-control-regex -- that is what a terminal reads
  const sequence = /\x1b(?:\[[\d;?]*[A-Za-z]|[()][A-Z0-9]|.)/g;
  return { input, output, screen: () => drawn.replace(sequence, "") };
}
