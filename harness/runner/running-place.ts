/**
 * Where the code of another thread is just now: what a debugger would show that stops it. Code that
 * never returns leaves no stack behind, and a thread that computes hears of nothing else.
 */
import { type Debugger, Session } from "node:inspector";
import { fileURLToPath } from "node:url";
import { mapOf } from "./definition-place.ts";
import { type Frame, framePlace, type NamedFile } from "./load-complaints.ts";

/** A thread that waits in the operating system does not stop for a debugger. */
const patienceMs = 3_000;

type Script = Pick<Debugger.ScriptParsedEventDataType, "url" | "sourceMapURL">;
type FromThread =
  | { readonly method: "Debugger.scriptParsed"; readonly params: Script & { scriptId: string } }
  | { readonly method: "Debugger.paused"; readonly params: Debugger.PausedEventDataType }
  | { readonly method?: undefined };

/**
 * @param thread the `threadId` of a worker of this process.
 * @returns `./x.ts:3:7`, the innermost place in the user's code; `undefined` if there is none, or
 *   if the thread cannot be stopped. It goes on afterwards.
 */
export async function runningPlace(thread: number, file: NamedFile): Promise<string | undefined> {
  const session = new Session();
  try {
    session.connect();
    return framePlace(file, await framesIn(session, thread));
  } catch {
    // An inspector may be missing from Node.
    return undefined;
  } finally {
    session.disconnect();
  }
}

function framesIn(session: Session, thread: number): Promise<readonly Frame[]> {
  return new Promise((resolve) => {
    const scripts = new Map<string, Script>();
    let id = 0;
    let sessionId = "";
    const ask = (method: string): void => {
      const message = JSON.stringify({ id: ++id, method });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
    };
    const timer = setTimeout(() => resolve([]), patienceMs);
    session.on("NodeWorker.attachedToWorker", ({ params }) => {
      // The inspector numbers workers on its own; the title has Node's number.
      if (!params.workerInfo.title.startsWith(`[worker ${thread}]`)) return;
      sessionId = params.sessionId;
      ask("Debugger.enable");
      ask("Debugger.pause");
    });
    session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      if (params.sessionId !== sessionId) return;
      const told = JSON.parse(params.message) as FromThread;
      if (told.method === "Debugger.scriptParsed") scripts.set(told.params.scriptId, told.params);
      if (told.method !== "Debugger.paused") return;
      clearTimeout(timer);
      ask("Debugger.resume");
      resolve(told.params.callFrames.flatMap((frame) => written(frame, scripts)));
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  });
}

/** What was compiled is led back to what was written. */
function written(
  { location }: Debugger.CallFrame,
  scripts: ReadonlyMap<string, Script>,
): readonly Frame[] {
  const { url = "", sourceMapURL = "" } = scripts.get(location.scriptId) ?? {};
  if (!url.startsWith("file://")) return [];
  const { lineNumber, columnNumber = 0 } = location;
  const entry = mapOf(sourceMapURL)?.findEntry(lineNumber, columnNumber);
  const found = entry !== undefined && "originalLine" in entry ? entry : undefined;
  const line = (found?.originalLine ?? lineNumber) + 1;
  const column = (found?.originalColumn ?? columnNumber) + 1;
  return [{ path: fileURLToPath(url).replace(/\?.*$/, ""), at: `${line}:${column}` }];
}
