import { latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { type End, exchangesOf } from "./exchanges.ts";
import { type Guarantee, withoutDisclosure } from "./guarantee.ts";

export const keyAgreement: Guarantee = {
  id: "key-agreement",
  statement:
    "Two ends that both finish hold the same key, and ends that hold the same key agree on who is who.",
  source: "S. Blake-Wilson, A. Menezes: Unknown key-share attacks on STS, 1999",
  twin: "preshared?confirmation=off",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "nobody finishes with a key",
  counts: withoutDisclosure,
  notApplicable: ({ honest }) =>
    eventsOf(honest, "commit").length > 0 && eventsOf(honest, "secret").length > 0
      ? undefined
      : "nobody ever claims to have finished with a key",
  judge(trace) {
    const finished = exchangesOf(trace).ends.filter(
      (e) => e.commits.length > 0 && e.keys.length > 0,
    );
    for (const a of finished) {
      for (const b of finished) {
        if (a === b || a.process.role === b.process.role) continue;
        const because = sameKeyOtherNames(a, b) ?? otherKeys(trace, a, b);
        if (because !== undefined) return { atStake: finished.length, violation: { because } };
      }
    }
    return { atStake: finished.length };
  },
};

const keyOf = (end: End): string | undefined => end.keys.at(-1);
const peerOf = (end: End): string | undefined => end.commits.at(-1)?.peer;

function sameKeyOtherNames(a: End, b: End): string | undefined {
  if (keyOf(a) !== keyOf(b) || peerOf(a) === b.process.principal) return undefined;
  return `${a.process.id} and ${b.process.id} share a key, but ${a.process.id} believes to share it with ${peerOf(a)}, not with ${b.process.principal}`;
}

/** The last key that an end claims to share with the peer it finished with. */
function keyWithPeer(trace: Trace, end: End): string | undefined {
  const { process, session } = end;
  const own = eventsOf(trace, "secret").findLast(
    (e) => e.at === process.id && e.session === session && e.peer === peerOf(end),
  );
  return own === undefined ? keyOf(end) : latin1(own.value);
}

function otherKeys(trace: Trace, a: End, b: End): string | undefined {
  const connected = a.process.address === b.session || b.process.address === a.session;
  // An address may be used for one session after another.
  const together = a.firstMs <= b.lastMs && b.firstMs <= a.lastMs;
  if (!connected || !together) return undefined;
  if (keyWithPeer(trace, a) === keyWithPeer(trace, b)) return undefined;
  if (peerOf(a) !== b.process.principal || peerOf(b) !== a.process.principal) return undefined;
  return `${a.process.id} and ${b.process.id} have both finished with each other, with different keys`;
}
