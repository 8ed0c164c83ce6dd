/** From a captured packet to what UDP or TCP carries in it. */
import type { CapturedPacket } from "./capture.ts";
import { ipText } from "./ip-text.ts";
import { ipIn, isKnownLink } from "./links.ts";

export interface End {
  /** As text: such as `10.0.0.1`. */
  readonly ip: string;
  readonly port: number;
}

export interface Carried {
  readonly packet: CapturedPacket;
  readonly from: End;
  readonly to: End;
  readonly payload: Uint8Array;
  /** Of TCP. */
  readonly tcp?: {
    readonly seq: number;
    readonly syn: boolean;
    readonly ack: boolean;
    readonly fin: boolean;
    readonly rst: boolean;
  };
}

/** Why a packet carries nothing that is looked at. */
export type Unread = "another link" | "no IP" | "a fragment" | "neither UDP nor TCP" | "damaged";

const udp = 17;
const tcp = 6;
/** Headers of IPv6 that may stand before. */
const extensions: ReadonlySet<number> = new Set([0, 43, 60]);
const fragment = 44;
const mostExtensions = 8;

interface Inner {
  readonly protocol: number;
  readonly from: string;
  readonly to: string;
  readonly content: Uint8Array;
}

export function dissect(packet: CapturedPacket): Carried | Unread {
  if (!isKnownLink(packet.link)) return "another link";
  const ip = ipIn(packet.data, packet.link);
  if (ip === undefined) return "no IP";
  const version = (ip[0] ?? 0) >> 4;
  const inner = version === 4 ? inIpv4(ip) : version === 6 ? inIpv6(ip) : "no IP";
  if (typeof inner === "string") return inner;
  const { protocol, content } = inner;
  if (protocol !== udp && protocol !== tcp) return "neither UDP nor TCP";
  if (content.length < (protocol === udp ? 8 : 20)) return "damaged";
  const from = { ip: inner.from, port: u16(content, 0) };
  const to = { ip: inner.to, port: u16(content, 2) };
  if (protocol === udp) {
    const length = u16(content, 4);
    // No length: the packet is longer than the field can say.
    if (length !== 0 && length < 8) return "damaged";
    const payload = content.subarray(8, length === 0 ? undefined : length);
    return { packet, from, to, payload };
  }
  const header = ((content[12] ?? 0) >> 4) * 4;
  if (header < 20 || header > content.length) return "damaged";
  const bits = content[13] ?? 0;
  const [fin, syn, rst, ack] = [1, 2, 4, 16].map((bit) => (bits & bit) !== 0) as [
    boolean,
    boolean,
    boolean,
    boolean,
  ];
  const payload = content.subarray(header);
  return { packet, from, to, payload, tcp: { seq: u32(content, 4), syn, ack, fin, rst } };
}

function inIpv4(ip: Uint8Array): Inner | Unread {
  const header = ((ip[0] ?? 0) & 0x0f) * 4;
  if (header < 20 || ip.length < header) return "damaged";
  const total = u16(ip, 2);
  // Network cards that cut packets up themselves leave the length to be seen.
  if (total !== 0 && total < header) return "damaged";
  if ((u16(ip, 6) & 0x3fff) !== 0) return "a fragment";
  return {
    protocol: ip[9] ?? 0,
    from: ipText(ip.subarray(12, 16)),
    to: ipText(ip.subarray(16, 20)),
    content: ip.subarray(header, total === 0 ? undefined : total),
  };
}

function inIpv6(ip: Uint8Array): Inner | Unread {
  if (ip.length < 40) return "damaged";
  const length = u16(ip, 4);
  const all = ip.subarray(0, length === 0 ? undefined : 40 + length);
  let protocol = ip[6] ?? 0;
  let at = 40;
  for (let n = 0; extensions.has(protocol); n++) {
    if (n >= mostExtensions || at + 8 > all.length) return "damaged";
    protocol = all[at] ?? 0;
    at += 8 + (all[at + 1] ?? 0) * 8;
  }
  if (protocol === fragment) return "a fragment";
  if (at > all.length) return "damaged";
  const [from, to] = [ipText(ip.subarray(8, 24)), ipText(ip.subarray(24, 40))];
  return { protocol, from, to, content: all.subarray(at) };
}

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const u32 = (bytes: Uint8Array, at: number): number =>
  u16(bytes, at) * 0x10000 + u16(bytes, at + 2);
