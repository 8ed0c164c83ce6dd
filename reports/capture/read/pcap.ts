/**
 * Classic captures. Those in microseconds go through pcap-parser, which trusts what it is fed: it
 * takes nanoseconds for no capture at all, ends silently where a file is cut short, and waits for
 * four gigabytes if one packet says so. So every header is checked before it is fed anything.
 */
import { Readable } from "node:stream";
import {
  type Capture,
  type CapturedPacket,
  CaptureError,
  cutShort,
  limits,
  tooMany,
} from "./capture.ts";
import { parser } from "./pcap-parser.ts";

export interface Checked {
  readonly isNano: boolean;
  readonly isBigEndian: boolean;
  readonly link: number;
  /** Headers of whole packets begin here. */
  readonly offsets: readonly number[];
  /** Where the last of them ends. */
  readonly end: number;
  readonly notes: readonly string[];
}

const headerBytes = 24;
const recordBytes = 16;
const magics = new Map<number, { readonly isNano: boolean; readonly isBigEndian: boolean }>([
  [0xa1b2c3d4, { isNano: false, isBigEndian: true }],
  [0xd4c3b2a1, { isNano: false, isBigEndian: false }],
  [0xa1b23c4d, { isNano: true, isBigEndian: true }],
  [0x4d3cb2a1, { isNano: true, isBigEndian: false }],
]);

export const isPcap = (file: Buffer): boolean =>
  file.length >= 4 && magics.has(file.readUInt32BE(0));

/** @throws CaptureError */
export function checkPcap(file: Buffer): Checked {
  const magic = magics.get(file.readUInt32BE(0));
  if (magic === undefined)
    throw new CaptureError("is no capture: its first four bytes are unknown");
  if (file.length < headerBytes) throw new CaptureError(cutShort("it ends within its header"));
  const { isNano, isBigEndian } = magic;
  const u32 = (at: number): number => (isBigEndian ? file.readUInt32BE(at) : file.readUInt32LE(at));
  const u16 = (at: number): number => (isBigEndian ? file.readUInt16BE(at) : file.readUInt16LE(at));
  const [major, minor] = [u16(4), u16(6)];
  if (major !== 2 || minor > 4) {
    throw new CaptureError(`is a capture of version ${major}.${minor}; only up to 2.4 is known`);
  }
  // Some programs write nothing for "as much as there is".
  const snap = u32(16);
  const most = snap === 0 ? limits.packetBytes : Math.min(snap, limits.packetBytes);
  const offsets: number[] = [];
  const notes: string[] = [];
  let at = headerBytes;
  while (at < file.length) {
    if (offsets.length >= limits.packets) {
      notes.push(tooMany(limits.packets));
      break;
    }
    const n = offsets.length + 1;
    if (file.length - at < recordBytes) {
      notes.push(cutShort(`packet ${n} ends within its header`));
      break;
    }
    const length = u32(at + 8);
    if (length > most) {
      throw new CaptureError(
        `packet ${n} says that it has ${length} bytes; at most ${most} can be`,
      );
    }
    const fraction = u32(at + 4);
    if (fraction >= (isNano ? 1_000_000_000 : 1_000_000)) {
      throw new CaptureError(`packet ${n} has no time: ${fraction} parts of a second are too many`);
    }
    if (file.length - at - recordBytes < length) {
      notes.push(cutShort(`of packet ${n}, ${file.length - at - recordBytes} bytes are there`));
      break;
    }
    offsets.push(at);
    at += recordBytes + length;
  }
  // The upper half may say how long checksums are.
  return { isNano, isBigEndian, link: u32(20) & 0xffff, offsets, end: at, notes };
}

/** @throws CaptureError */
export async function readPcap(file: Buffer): Promise<Capture> {
  const checked = checkPcap(file);
  const packets = checked.isNano
    ? nanosecondPackets(file, checked)
    : await parsedPackets(file, checked);
  const format = checked.isNano ? "pcap-ns" : "pcap";
  return { format, packets, names: new Map(), comments: [], notes: checked.notes };
}

function nanosecondPackets(file: Buffer, checked: Checked): readonly CapturedPacket[] {
  const { isBigEndian, link, offsets } = checked;
  const u32 = (at: number): number => (isBigEndian ? file.readUInt32BE(at) : file.readUInt32LE(at));
  return offsets.map((at, i) => ({
    number: i + 1,
    ns: BigInt(u32(at)) * 1_000_000_000n + BigInt(u32(at + 4)),
    data: file.subarray(at + recordBytes, at + recordBytes + u32(at + 8)),
    link,
  }));
}

/** What is checked goes to the parser in one piece: it copies all that it has for each more. */
async function parsedPackets(
  file: Buffer,
  { end, link, offsets }: Checked,
): Promise<readonly CapturedPacket[]> {
  // One that holds no packet gives the parser nothing to say.
  if (offsets.length === 0) return [];
  const packets: CapturedPacket[] = [];
  await new Promise<void>((resolve, reject) => {
    parser
      .parse(Readable.from([file.subarray(0, end)]))
      .on("packet", ({ header, data }) => {
        const { timestampSeconds, timestampMicroseconds } = header;
        const micros = BigInt(timestampSeconds) * 1_000_000n + BigInt(timestampMicroseconds);
        packets.push({ number: packets.length + 1, ns: micros * 1_000n, data, link });
      })
      .on("end", resolve)
      .on("error", (error) => reject(new CaptureError(`cannot be parsed: ${error.message}`)));
  });
  return packets;
}
