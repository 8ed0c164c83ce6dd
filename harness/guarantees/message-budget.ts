import type { Guarantee } from "./guarantee.ts";

export const messageBudget: Guarantee = {
  id: "message-budget",
  statement: "No datagram is longer than the limit that the protocol states for itself.",
  source: "RFC 7228 §2.1 (constrained devices); the protocol's own statement",
  twin: "preshared?budget=off",
  layered: false,
  secrecy: false,
  safety: true,
  notApplicable: ({ protocol }) =>
    protocol.limits?.datagramBytes === undefined ? "no limit is stated" : undefined,
  judge(trace, { protocol }) {
    const limit = protocol.limits?.datagramBytes ?? Number.POSITIVE_INFINITY;
    const honest = trace.packets.filter((p) => p.byAttacker === undefined);
    const long = honest.find((p) => p.bytes.length > limit);
    if (long === undefined) return { atStake: honest.length };
    const because = `packet ${long.nth} from ${long.from} to ${long.to} has ${long.bytes.length} bytes; the limit is ${limit}`;
    return { atStake: honest.length, violation: { because } };
  },
};
