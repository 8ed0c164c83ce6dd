/**
 * Who is at the other end of a session whose peer stays anonymous? What such an end accepts is
 * attributed to nobody, and what it says is meant for nobody by name; still, its session has one
 * peer, and that is either an honest process or the adversary, which may be a stranger as well as
 * anybody else.
 */
import { attackerHost, isCorrupt } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { ProcessId, Trace } from "../trace/trace.ts";
import { eventsOf, placesOf } from "../trace/trace-index.ts";
import { type End, exchangesOf, type Handover } from "./exchanges.ts";

/** Is this end one that the anonymous peer may be? */
type IsPeer = (end: End) => boolean;
const anyone: IsPeer = () => true;

/**
 * The honest ends that the anonymous peer of an end may be, at the moment of a handover: those that
 * hold its key; where it has none, those at the address that it takes for its peer.
 * @returns `undefined` where none of them is: the peer is the adversary.
 */
export function anonymousPeer(trace: Trace, { end, index }: Handover): IsPeer | undefined {
  const claim = keyClaimAt(trace, end, index);
  return claim === undefined
    ? byAddress(trace, end, index)
    : holdersOf(trace, end, latin1(claim.value));
}

/** Did this end say by then that it has a key with a peer without a name? */
export const facesAnonymous = (trace: Trace, { end, index }: Handover): boolean => {
  const claim = keyClaimAt(trace, end, index);
  return claim !== undefined && claim.peer === undefined;
};

/** Does an honest end hold this key as well? */
export const isSharedWithHonest = (trace: Trace, at: ProcessId, key: string): boolean =>
  honestOthers(trace, at).some((o) => o.keys.includes(key));

/** The last key that the end had claimed by then; whatever came before is of an older session. */
function keyClaimAt(trace: Trace, { process, session }: End, index: number) {
  const places = placesOf(trace, "secret");
  return eventsOf(trace, "secret").findLast(
    (e, nth) => e.at === process.id && e.session === session && (places[nth] as number) < index,
  );
}

const honestOthers = (trace: Trace, id: ProcessId): readonly End[] =>
  exchangesOf(trace).ends.filter(
    ({ process }) => process.id !== id && !isCorrupt(process.principal, trace.plan.attack),
  );

function holdersOf(trace: Trace, end: End, key: string): IsPeer | undefined {
  const others = honestOthers(trace, end.process.id);
  const holders = others.filter((o) => o.keys.includes(key));
  if (holders.length > 0) return (o) => holders.includes(o);
  // One that has finished with the adversary in the middle, and with nobody else.
  const misled = others.filter(
    (o) =>
      o.keys.length > 0 &&
      (o.process.address === end.session || end.process.address === o.session) &&
      !o.keys.some((k) => isSharedWithHonest(trace, o.process.id, k)),
  );
  return misled.length === 0 ? undefined : (o) => misled.includes(o);
}

function byAddress(trace: Trace, end: End, index: number): IsPeer | undefined {
  const isOf = (host: string): boolean => end.session.startsWith(`${host}:`);
  const source = trace.processes.some((p) => p.address === end.session || isOf(attackerHost))
    ? end.session
    : sourceBefore(trace, end.process.id, index);
  if (source === undefined) return anyone;
  const owners = trace.processes.filter((p) => p.address === source);
  if (owners.length === 0) return undefined;
  // A service may only have passed it on.
  if (owners.some((p) => p.service)) return anyone;
  return (o) => owners.some((p) => p.id === o.process.id);
}

/** Where the last packet came from that the process had received by then. */
function sourceBefore(trace: Trace, id: ProcessId, index: number): string | undefined {
  const places = placesOf(trace, "received");
  const last = eventsOf(trace, "received").findLast(
    (e, nth) => e.at === id && (places[nth] as number) < index,
  );
  return last === undefined ? undefined : trace.packets[last.packet]?.source;
}
