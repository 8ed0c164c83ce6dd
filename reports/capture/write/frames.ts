/** Ethernet frames with IPv4 and UDP (RFC 768) or TCP (RFC 9293), checksums and all. */
import { concat } from "../../../protocol/kit/bytes.ts";
import { internetChecksum } from "./checksum.ts";

const etherIpv4 = 0x0800;
const protocols = { udp: 17, tcp: 6 } as const;
const ipv4Header = 20;
const udpHeader = 8;
/** So long a payload fits into one packet of IPv4, whatever carries it. */
export const mostPayload = 0xffff - ipv4Header - 40;
/** Where the payload of a frame begins; a TCP segment with options has none. */
export const payloadAt = { udp: 14 + ipv4Header + udpHeader, tcp: 14 + ipv4Header + 20 } as const;

export interface Side {
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Four bytes. */
  readonly ip: Uint8Array;
  readonly port: number;
}

export const flags = { fin: 1, syn: 2, psh: 8, ack: 16 } as const;

export interface Segment {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

export function udpFrame(from: Side, to: Side, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(udpHeader);
  const view = new DataView(header.buffer);
  view.setUint16(0, from.port);
  view.setUint16(2, to.port);
  view.setUint16(4, udpHeader + payload.length);
  // A sum of zero would say that there is none.
  view.setUint16(6, transportSum(from, to, "udp", header, payload) || 0xffff);
  return inIpv4(from, to, "udp", concat(header, payload));
}

/** Largest segment, and the window counted in units of 128 bytes: for the first two segments. */
const synOptions = Uint8Array.of(2, 4, 0xff, 0xd7, 1, 3, 3, 7);

export function tcpFrame(from: Side, to: Side, segment: Segment): Uint8Array {
  const options = (segment.flags & flags.syn) === 0 ? new Uint8Array(0) : synOptions;
  const header = new Uint8Array(20 + options.length);
  header.set(options, 20);
  const view = new DataView(header.buffer);
  view.setUint16(0, from.port);
  view.setUint16(2, to.port);
  view.setUint32(4, segment.seq);
  view.setUint32(8, segment.ack);
  view.setUint8(12, (header.length / 4) << 4);
  view.setUint8(13, segment.flags);
  view.setUint16(14, 0xffff);
  view.setUint16(16, transportSum(from, to, "tcp", header, segment.payload));
  return inIpv4(from, to, "tcp", concat(header, segment.payload));
}

type Carrier = keyof typeof protocols;

/** Over the pseudo header, the header and the payload. Headers are of even length. */
function transportSum(
  from: Side,
  to: Side,
  carrier: Carrier,
  header: Uint8Array,
  payload: Uint8Array,
): number {
  const length = header.length + payload.length;
  const pseudo = Uint8Array.of(0, protocols[carrier], length >> 8, length & 0xff);
  return internetChecksum(from.ip, to.ip, pseudo, header, payload);
}

function inIpv4(from: Side, to: Side, carrier: Carrier, content: Uint8Array): Uint8Array {
  const header = new Uint8Array(ipv4Header);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, ipv4Header + content.length);
  // Never in fragments, so that no identification is needed (RFC 6864).
  view.setUint16(6, 0x4000);
  view.setUint8(8, 64);
  view.setUint8(9, protocols[carrier]);
  header.set(from.ip, 12);
  header.set(to.ip, 16);
  view.setUint16(10, internetChecksum(header));
  const type = Uint8Array.of(etherIpv4 >> 8, etherIpv4 & 0xff);
  return concat(to.mac, from.mac, type, header, content);
}
