/**
 * What a run exercised: transitions of the honest processes, as seen from outside. An attack that
 * reaches a new one is worth building on.
 */
import type { Trace } from "../trace/trace.ts";

/** Each as `role, what it last did, kind of input → what came of it`. */
export function transitionsOf(trace: Trace): ReadonlySet<string> {
  const found = new Set<string>();
  const state = new Map<string, string>();
  const input = new Map<string, string>();
  const outcome = new Map<string, string>();
  const settle = (id: string): void => {
    const role = id.split("#")[0];
    const before = state.get(id) ?? "new";
    const result = outcome.get(id) ?? "nothing";
    found.add(`${role} ${before} ${input.get(id) ?? "start"} → ${result}`);
    if (result !== "nothing") state.set(id, result);
    outcome.delete(id);
  };
  for (const e of trace.events) {
    if (e.kind === "attack" || e.kind === "lost" || e.kind === "disclosed") continue;
    if (e.kind === "received") {
      settle(e.at);
      const packet = trace.packets[e.packet];
      const kind = e.changed ? "changed" : (packet?.byAttacker ?? "packet");
      input.set(e.at, `${kind} from ${packet?.from.split("#")[0]}`);
      continue;
    }
    const what = e.kind === "reject" ? `reject ${e.reason}` : e.kind;
    const before = outcome.get(e.at);
    if (what === "log" || before?.endsWith(what)) continue;
    outcome.set(e.at, before === undefined ? what : `${before}, ${what}`);
  }
  for (const id of outcome.keys()) settle(id);
  return found;
}
