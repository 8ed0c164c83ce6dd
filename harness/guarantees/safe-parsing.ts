import { roleOf } from "../../attacker/move.ts";
import type { Trace } from "../trace/trace.ts";
import type { Guarantee } from "./guarantee.ts";
import { heardOnNetwork, windowsIn } from "./heard-text.ts";

/** What starts a new line, or controls a terminal, in a log that is read line by line. */
const breaksLines = /[\n\r\u000b\u000c\u001b\u0085\u2028\u2029]/;

export const safeParsing: Guarantee = {
  id: "safe-parsing",
  statement: "No input makes code run, splits a record, or forges a line of the log.",
  source: "CWE-502 (deserialisation), CWE-93 and CWE-117 (line and log injection)",
  twin: "preshared?log-escaping=off",
  layered: false,
  secrecy: false,
  safety: true,
  judge(trace, { honest }) {
    let atStake = 0;
    let doubt: string | undefined;
    for (const e of trace.events) {
      if (e.kind === "received") atStake++;
      if (e.kind === "ran-code") {
        return { atStake, violation: { because: `${e.at} ran code that came in: ${e.code}` } };
      }
      if (e.kind !== "log" || !breaksLines.test(e.line)) continue;
      const forged = e.line
        .split(breaksLines)
        .slice(1)
        .find((line) => line.trim() !== "");
      if (forged === undefined) continue;
      const heard = heardOnNetwork(trace, e.at, e.line, breaksLines);
      const own = heard !== "with what follows" && saysItself(honest, e.at, e.line);
      if (own) continue;
      if (heard !== undefined) {
        const because = `the log of ${e.at} shows a line that came from the network: “${forged}”`;
        return { atStake, violation: { because } };
      }
      doubt ??= `the log of ${e.at} shows several lines at once, and whether its own code breaks them is not known: “${forged}”`;
    }
    return doubt === undefined ? { atStake } : { atStake, doubt };
  },
};

/** Does this role break lines in the same way where nobody attacks it? */
function saysItself({ events }: Trace, at: string, line: string): boolean {
  const said = events.flatMap((e) =>
    e.kind === "log" && roleOf(e.at) === roleOf(at) ? [e.line] : [],
  );
  // One side of a break may be what differs from run to run.
  const { before, after } = windowsIn(line, breaksLines, 4);
  return [...before, ...after].some((window) => said.some((one) => one.includes(window)));
}
