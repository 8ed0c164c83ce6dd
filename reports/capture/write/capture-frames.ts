/** The frames of a capture of a run, in order. */
import { attackerHost } from "../../../attacker/move.ts";
import { portInCapture } from "../../../harness/capture/ports.ts";
import type { Recording } from "../../../harness/capture/recording.ts";
import type { Carried, Frame } from "./frame.ts";
import { mostPayload, payloadAt, type Side, tcpFrame, udpFrame } from "./frames.ts";
import { type Hosts, placeOf, type View } from "./hosts.ts";
import { type Sent, streamFrames } from "./stream-frames.ts";
import { type Item, timelineOf } from "./timeline.ts";

/** The run begins at 2025-01-01T00:00:00Z, whenever it is made. */
export const epochNs = 1_735_689_600_000_000_000n;

/** Times of a run, in milliseconds, may have fractions. */
export const nsAt = (ms: number): bigint => epochNs + BigInt(Math.round(ms * 1_000_000));

/** Byte streams go over TCP; whatever keeps messages apart goes over UDP, each in a datagram. */
export function framesOf(recording: Recording, hosts: Hosts): readonly Frame[] {
  const items = timelineOf(recording);
  const frames = recording.transport.keepsMessages
    ? items.flatMap((item) => datagrams(item, hosts))
    : streamFrames(recording, items).map((sent) => segmentFrame(sent, hosts));
  return frames.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
}

/** A message that is too long for one datagram goes into several, and the comment says so. */
function datagrams(item: Item, hosts: Hosts): readonly Frame[] {
  const { bytes, view } = item;
  const [from, to] = sidesOf(item, hosts, view, item);
  const parts = Math.max(1, Math.ceil(bytes.length / mostPayload));
  return Array.from({ length: parts }, (_, i): Frame => {
    const start = i * mostPayload;
    const part = bytes.subarray(start, start + mostPayload);
    const which = parts === 1 ? "" : `Part ${i + 1} of ${parts}. `;
    return {
      ns: nsAt(item.t),
      view,
      bytes: udpFrame(from, to, part),
      comment: `${which}${item.comment}`,
      carries: carried(item, payloadAt.udp, start, part),
    };
  });
}

function segmentFrame(sent: Sent, hosts: Hosts): Frame {
  const { segment, view, item } = sent;
  const [from, to] = sidesOf(sent, hosts, view, item);
  const bytes = tcpFrame(from, to, segment);
  const frame = { ns: nsAt(segment.t), view, bytes };
  if (item === undefined) return frame;
  const which = sent.from === 0 ? "" : `From byte ${sent.from} on. `;
  return {
    ...frame,
    comment: `${which}${item.comment}`,
    carries: carried(item, payloadAt.tcp, sent.from, segment.payload),
  };
}

const carried = (
  { packet, bytes: whole }: Item,
  at: number,
  from: number,
  bytes: Uint8Array,
): Carried => ({ packet, at, from, bytes, whole });

/** Addresses can be borrowed; the cable is the one of whoever sends. */
function sidesOf(
  { source, destination }: { readonly source: string; readonly destination: string },
  hosts: Hosts,
  view: View,
  by: Pick<Item, "fromAttacker" | "toAttacker"> | undefined,
): readonly [from: Side, to: Side] {
  const side = (address: string, isAttacker: boolean): Side => {
    const { host, port } = placeOf(address);
    const cable = isAttacker ? attackerHost : host;
    return { mac: hosts.mac(cable), ip: hosts.ip(host, view), port: portInCapture(port) };
  };
  return [side(source, by?.fromAttacker === true), side(destination, by?.toAttacker === true)];
}
