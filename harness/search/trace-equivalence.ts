/** What happened in a run, in short: to tell attacks that change something from those that do not. */
import { equalBytes } from "../../protocol/kit/bytes.ts";
import type { Trace, TraceEvent } from "../trace/trace.ts";

/** Did the honest processes do the same things in the same order in both runs? */
export function observablyEqual(a: Trace, b: Trace): boolean {
  let i = 0;
  for (const event of a.events) {
    if (isAside(event)) continue;
    while (i < b.events.length && isAside(b.events[i] as TraceEvent)) i++;
    const other = b.events[i++];
    if (other === undefined || !isSame(event, other)) return false;
  }
  return b.events.slice(i).every(isAside);
}

/** What the network and the attacker did. */
function isAside({ kind }: TraceEvent): boolean {
  switch (kind) {
    case "attack":
    case "sent":
    case "received":
    case "lost":
    case "disclosed":
      return true;
    default:
      return false;
  }
}

function isSame(a: TraceEvent, b: TraceEvent): boolean {
  if (a.kind !== b.kind || a.at !== b.at) return false;
  switch (a.kind) {
    case "deliver":
    case "submit":
    case "confirm":
      return equalBytes(a.message, (b as typeof a).message);
    default:
      return true;
  }
}
