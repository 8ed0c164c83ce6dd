/** What happened in a run, in short: to tell attacks that change something from those that do not. */
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace.ts";

/** Equal for two runs in which the honest processes did the same things in the same order. */
export function courseOf(trace: Trace): string {
  let out = "";
  for (const e of trace.events) {
    switch (e.kind) {
      case "attack":
      case "sent":
      case "received":
      case "lost":
      case "disclosed":
        continue;
      case "deliver":
      case "submit":
      case "confirm":
        out += `${e.kind} ${e.at} ${latin1(e.message)}\n`;
        continue;
      default:
        out += `${e.kind} ${e.at}\n`;
    }
  }
  return out;
}
