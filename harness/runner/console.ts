/** What a protocol prints must not get between the lab's own lines, nor into its JSON. */

const mostLines = 5;
const mostCharacters = 500;

type Write = NodeJS.WriteStream["write"];
type Listener = (line: string) => void;

let listener: Listener = () => {};
let lines = 0;
/** The line that has not ended yet. */
let rest = "";

let isMuted = false;

/** Runs code whose lines have been heard already, such as a file that is loaded another time. */
export async function muted<T>(code: () => Promise<T>): Promise<T> {
  isMuted = true;
  try {
    return await code();
  } finally {
    isMuted = false;
    rest = "";
  }
}

function passOn(line: string): void {
  if (isMuted) return;
  lines += 1;
  if (lines <= mostLines) listener(line.slice(0, mostCharacters));
  else if (lines === mostLines + 1) listener("(further lines are left out)");
}

/** Where lines go from now on, up to a bound; `undefined`: nowhere. */
export function redirectConsole(to: Listener | undefined): void {
  if (rest !== "") passOn(rest);
  rest = "";
  lines = 0;
  listener = to ?? (() => {});
}

/** Takes the console of this thread away from the code that runs in it, for good. */
export function takeOverConsole(): void {
  const write = ((chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk as Uint8Array);
    const ended = (rest + text).split("\n");
    rest = (ended.pop() ?? "").slice(0, mostCharacters);
    for (const line of ended) passOn(line);
    const callback = typeof encoding === "function" ? encoding : done;
    if (typeof callback === "function") queueMicrotask(() => callback());
    return true;
  }) as Write;
  process.stdout.write = write;
  process.stderr.write = write;
  // In a worker this would end the thread without a word.
  process.exit = (() => {
    throw new Error("calls process.exit()");
  }) as typeof process.exit;
  const failed = (error: unknown): void => {
    passOn(`a callback or promise of its own failed: ${String(error).split("\n", 1)[0]}`);
  };
  process.on("uncaughtException", failed);
  process.on("unhandledRejection", failed);
}
