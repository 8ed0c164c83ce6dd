/** The process around the command line: terminal, signals, and exit. */
import { allEnded, endByForce } from "../../harness/runner/unended-threads.ts";
import type { Io } from "./io.ts";
import { exitCode } from "./io.ts";
import { main } from "./main.ts";

/** What suits a file or a pipe. */
const columnsElsewhere = 100;

type Listener = (reason: string) => void;

/** Signals that end the work, and what reports say then. */
const signals = {
  SIGINT: "stopped by Ctrl-C",
  SIGTERM: "stopped by a signal (SIGTERM)",
  SIGHUP: "stopped, since its terminal was closed",
} as const;

/** The first Ctrl-C interrupts, the second one kills. */
class Interrupts {
  readonly #listeners = new Set<Listener>();
  #asked = false;

  constructor() {
    for (const [signal, reason] of Object.entries(signals)) {
      process.on(signal, () => {
        if (this.#asked || this.#listeners.size === 0) process.exit(exitCode.interrupted);
        this.interrupt(reason);
      });
    }
  }

  interrupt(reason: string): void {
    if (this.#asked) return;
    this.#asked = true;
    for (const listener of this.#listeners) listener(reason);
  }

  readonly onInterrupt: Io["onInterrupt"] = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** Nobody reads any more: the program at the other end of a pipe, or a terminal that is gone. */
const readerGone: ReadonlySet<string | undefined> = new Set(["EPIPE", "EIO", "ENXIO", "EBADF"]);

/** Where text goes; after an error, nowhere. */
class Output {
  readonly #stream: NodeJS.WriteStream;
  #error: NodeJS.ErrnoException | undefined;

  /** @param onGone nobody reads it any more. */
  constructor(stream: NodeJS.WriteStream, onGone: () => void) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#error !== undefined) return;
      this.#error = error;
      if (readerGone.has(error.code)) onGone();
    });
  }

  write(text: string): void {
    if (this.#error === undefined) this.#stream.write(text);
  }

  /** Waits until all of it is written. @returns what is wrong, unless only the reader has gone. */
  async end(): Promise<string | undefined> {
    if (this.#error === undefined) {
      await new Promise<void>((resolve) => {
        this.#stream.write("", () => resolve());
      });
    }
    const error = this.#error;
    return error === undefined || readerGone.has(error.code) ? undefined : (error.code ?? "error");
  }
}

export async function runAsProcess(): Promise<void> {
  const { stdin, stdout, stderr } = process;
  const interrupts = new Interrupts();
  // The program that reads our output may stop reading, as head does: what is found is saved.
  const stop = (): void => interrupts.interrupt("stopped, since nobody reads what it prints");
  const out = new Output(stdout, stop);
  const err = new Output(stderr, stop);
  stdin.on("error", () => {});
  const code = await main({
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    out: (text) => out.write(text),
    err: (text) => err.write(text),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    interactive: stdin.isTTY === true && stdout.isTTY === true && process.env.TERM !== "dumb",
    columns: () =>
      stdout.isTTY ? stdout.columns : stderr.isTTY ? stderr.columns : columnsElsewhere,
    now: () => performance.now(),
    onInterrupt: interrupts.onInterrupt,
  });
  const problem = await out.end();
  if (problem !== undefined) err.write(`standard output cannot be written (${problem})\n`);
  await err.end();
  const isLost = problem !== undefined && code !== exitCode.ownError;
  process.exitCode = isLost ? exitCode.badInput : code;
  if (!(await allEnded())) {
    err.write("a thread does not end, so this process is ended by force; all is written\n");
    await err.end();
    endByForce(process.exitCode);
  }
}
