import { transportOf } from "../../protocol/transport.ts";
import { delivery } from "./delivery.ts";
import type { Guarantee } from "./guarantee.ts";

export const reconnection: Guarantee = {
  id: "reconnection",
  statement: "After a connection is cut, everything that was sent is delivered over another one.",
  source: "J. Saltzer, D. Reed, D. Clark: End-to-end arguments in system design, 1984",
  twin: "statement",
  layered: false,
  secrecy: false,
  safety: false,
  vacuousBecause: "no connection was cut while there was something to deliver",
  counts: (attack) => attack.length > 0 && attack.every((m) => m.move === "cut"),
  notApplicable: ({ protocol }) =>
    transportOf(protocol).connected ? undefined : "there are no connections",
  judge: (trace, baseline) => delivery.judge(trace, baseline),
};
