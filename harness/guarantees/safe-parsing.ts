import type { Guarantee } from "./guarantee.ts";

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
  judge(trace) {
    let atStake = 0;
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
      const because = `the log of ${e.at} shows a line that came from the network: “${forged}”`;
      return { atStake, violation: { because } };
    }
    return { atStake };
  },
};
