/** The process around the command line: terminal, signals, and exit. */
import type { Io } from "./io.ts";
import { exitCode } from "./io.ts";
import { main } from "./main.ts";

/** What suits a file or a pipe. */
const columnsElsewhere = 100;

type Listener = () => void;

/** The first Ctrl-C interrupts, the second one kills. */
function interrupts(): Io["onInterrupt"] {
  const listeners = new Set<Listener>();
  let asked = false;
  const onSignal = (): void => {
    if (asked || listeners.size === 0) process.exit(exitCode.interrupted);
    asked = true;
    for (const listener of listeners) listener();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
}

export async function runAsProcess(): Promise<void> {
  const { stdin, stdout, stderr } = process;
  // The program that reads our output may stop reading, as head does.
  const leaveOnClosedPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code === "EPIPE") process.exit(exitCode.asExpected);
    throw error;
  };
  stdout.on("error", leaveOnClosedPipe);
  stderr.on("error", leaveOnClosedPipe);
  process.exitCode = await main({
    args: process.argv.slice(2),
    env: process.env,
    cwd: process.cwd(),
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    interactive: stdin.isTTY === true && stdout.isTTY === true && process.env.TERM !== "dumb",
    columns: () =>
      stdout.isTTY ? stdout.columns : stderr.isTTY ? stderr.columns : columnsElsewhere,
    now: () => performance.now(),
    onInterrupt: interrupts(),
  });
}
