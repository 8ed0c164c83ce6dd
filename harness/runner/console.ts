/** What a protocol prints must not get between the lab's own lines, nor into its JSON. */

const mostLines = 5;
const mostCharacters = 500;

type Write = NodeJS.WriteStream["write"];
type Tell = (line: string) => void;

let tell: Tell = () => {};
let told = 0;
let rest = "";

function line(text: string): void {
  told += 1;
  if (told <= mostLines) tell(text.slice(0, mostCharacters));
  else if (told === mostLines + 1) tell("(further lines are left out)");
}

/** Where lines go from now on, up to a bound; `undefined`: nowhere. */
export function tellConsole(listener: Tell | undefined): void {
  if (rest !== "") line(rest);
  rest = "";
  told = 0;
  tell = listener ?? (() => {});
}

/** Takes the console of this thread away from the code that runs in it, for good. */
export function takeOverConsole(): void {
  const write = ((chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk as Uint8Array);
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, mostCharacters);
    for (const l of lines) line(l);
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
    line(`a callback or promise of its own failed: ${String(error).split("\n", 1)[0]}`);
  };
  process.on("uncaughtException", failed);
  process.on("unhandledRejection", failed);
}
