/** Which output of an honest process a violation comes down to. */
import { quote } from "../guarantees/exchanges.ts";
import type { ProcessId, Trace, TraceEvent } from "./trace.ts";

/** In the place of an output: the code has thrown. */
export const crash = "crash";

/** What the output of an event is called in the code that made it; `undefined`: it is none. */
export function outputKindOf(e: TraceEvent): string | undefined {
  switch (e.kind) {
    case "submit":
    case "deliver":
    case "confirm":
    case "give-up":
    case "running":
    case "commit":
    case "secret":
    case "evidence":
    case "negotiated":
    case "reject":
    case "log":
    case "alarm":
    case "ran-code":
      return e.kind;
    case "sent":
      return "transmit";
    case "ended":
      return "end";
    case "shown":
      return "show";
    case "crashed":
      return crash;
    case "exited":
      return e.because === "is restarted" ? undefined : "exit";
    default:
      return undefined;
  }
}

/** With these a process believes something, or hands it on as believed. */
const accepting: ReadonlySet<TraceEvent["kind"]> = new Set([
  "deliver",
  "confirm",
  "commit",
  "secret",
  "evidence",
  "negotiated",
  "ended",
  "ran-code",
]);

/**
 * @param because the sentence of the verdict, which names processes and quotes messages.
 * @param until after so many events the guarantee is broken.
 * @param shows what shows it: the last of these events (`moment`), or what one who looks on sees of
 *   the packets (`outside`); `undefined`: neither is known.
 * @returns the index of the event; `undefined` if no honest process has said anything.
 */
export function decisiveEvent(
  trace: Trace,
  because: string,
  until: number,
  shows: "moment" | "outside" | undefined,
): number | undefined {
  const honest = new Set(trace.processes.map((p) => p.id));
  const named = new Set([...because.matchAll(/[a-z][a-z0-9-]*#\d+/g)].map(([id]) => id));
  const isNamed = (at: ProcessId): boolean => named.size === 0 || named.has(at);
  const outputs = trace.events
    .map((event, index) => ({ event, index }))
    .slice(0, until)
    .filter(({ event }) => honest.has(event.at) && outputKindOf(event) !== undefined);
  const last = outputs.at(-1);
  if (shows === "moment" && last?.index === until - 1 && isNamed(last.event.at)) return last.index;
  if (shows === "outside") {
    const [sender] = named;
    const sent = outputs.find(({ event: e }) => e.kind === "sent" && e.at === sender);
    if (sent !== undefined) return sent.index;
  }
  const about = outputs.filter(({ event }) => isNamed(event.at));
  const quoted = about.filter(({ event }) => quotes(because, event));
  const believed = about.filter(({ event }) => accepting.has(event.kind));
  const found = quoted.at(-1) ?? believed.at(-1) ?? about.at(-1) ?? last;
  if (found?.event.kind !== "submit") return found?.index;
  // That its user has handed it something is nothing that it did: what it sends next is.
  const { at } = found.event;
  const sent = outputs.find(
    ({ event, index }) => index > found.index && event.at === at && event.kind === "sent",
  );
  return (sent ?? found).index;
}

const quotes = (because: string, event: TraceEvent): boolean =>
  (event.kind === "submit" || event.kind === "deliver") && because.includes(quote(event.message));
