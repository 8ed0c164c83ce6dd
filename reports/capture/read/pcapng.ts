/** Captures with comments and names: pcapng (draft-ietf-opsawg-pcapng), both byte orders. */
import { lossyText } from "../../../protocol/kit/bytes.ts";
import { type Bytes, bytesOf } from "./byte-order.ts";
import {
  type Capture,
  type CapturedPacket,
  CaptureError,
  cutShort,
  limits,
  tooMany,
} from "./capture.ts";
import { type Clock, clockOf } from "./clock.ts";
import { namesIn } from "./name-records.ts";
import { optionsIn } from "./options.ts";

const types = {
  section: 0x0a0d0d0a,
  interface: 1,
  oldPacket: 2,
  simplePacket: 3,
  names: 4,
  packet: 6,
} as const;
const codes = { comment: 1, name: 2, resolution: 9, offset: 14 } as const;

interface Interface {
  readonly link: number;
  readonly name: string | undefined;
  readonly clock: Clock;
  readonly snap: number;
}

export const isPcapng = (file: Buffer): boolean =>
  file.length >= 4 && file.readUInt32BE(0) === types.section;

/** @throws CaptureError */
export function readPcapng(file: Buffer): Capture {
  const reader = new Reader(file);
  while (reader.block());
  return reader.capture;
}

class Reader {
  readonly #file: Buffer;
  readonly #packets: CapturedPacket[] = [];
  readonly #names = new Map<string, string>();
  readonly #comments: string[] = [];
  readonly #notes: string[] = [];
  #interfaces: Interface[] = [];
  #commentBytes = 0;
  #order: Bytes;
  #at = 0;
  #blocks = 0;

  constructor(file: Buffer) {
    this.#file = file;
    this.#order = bytesOf(file, false);
  }

  get capture(): Capture {
    const [packets, names, comments] = [this.#packets, this.#names, this.#comments];
    return { format: "pcapng", packets, names, comments, notes: this.#notes };
  }

  /** @returns false at the end. */
  block(): boolean {
    const [file, at] = [this.#file, this.#at];
    if (at >= file.length) return false;
    const left = file.length - at;
    const what = `block ${++this.#blocks}`;
    if (left < 12) return this.#cut(`${what} ends within its header`);
    if (file.readUInt32BE(at) === types.section) {
      if (left < 28) return this.#cut(`${what} ends within its header`);
      this.#section(what);
    }
    const type = this.#order.u32(at);
    const length = this.#order.u32(at + 4);
    if (length < 12 || length % 4 !== 0) {
      throw new CaptureError(`${what}, at byte ${at}, says that it is ${length} bytes long`);
    }
    if (length > left) return this.#cut(`of the ${length} bytes of ${what}, ${left} are there`);
    if (this.#order.u32(at + length - 4) !== length) {
      throw new CaptureError(`${what}, at byte ${at}, does not end with its own length`);
    }
    const end = at + length - 4;
    this.#at = at + length;
    return this.#take(type, at + 8, end, what);
  }

  #cut(what: string): false {
    // A file whose first block is not there is none.
    if (this.#blocks === 1) throw new CaptureError(cutShort(what));
    this.#notes.push(cutShort(what));
    return false;
  }

  #section(what: string): void {
    const magic = this.#file.readUInt32BE(this.#at + 8);
    if (magic !== 0x1a2b3c4d && magic !== 0x4d3c2b1a) {
      throw new CaptureError(`${what} has no byte order: it is no section of pcapng`);
    }
    this.#order = bytesOf(this.#file, magic === 0x1a2b3c4d);
    const major = this.#order.u16(this.#at + 12);
    if (major !== 1) throw new CaptureError(`is pcapng of version ${major}; only 1 is known`);
    this.#interfaces = [];
  }

  /** @param from where its body begins. @returns false if there is to be no more. */
  #take(type: number, from: number, end: number, what: string): boolean {
    switch (type) {
      case types.section:
        for (const comment of this.#commentsIn(from + 16, end)) this.#keep(comment);
        return true;
      case types.interface:
        this.#interface(from, end, what);
        return true;
      case types.names:
        namesIn(this.#file.subarray(from, end), this.#order, from, this.#names);
        return true;
      case types.packet:
      case types.oldPacket:
        return this.#packet(type, from, end, what);
      case types.simplePacket:
        return this.#simplePacket(from, end, what);
      default:
        return true;
    }
  }

  #interface(from: number, end: number, what: string): void {
    if (end - from < 8) throw new CaptureError(`${what}, an interface, is too short`);
    if (this.#interfaces.length >= limits.interfaces) {
      throw new CaptureError(`has more than ${limits.interfaces} interfaces`);
    }
    let name: string | undefined;
    let resolution = 6;
    let offset = 0n;
    for (const { code, at, length } of optionsIn(this.#order, from + 8, end)) {
      const value = this.#file.subarray(at, at + length);
      if (code === codes.name) name = lossyText(value.subarray(0, 200));
      if (code === codes.resolution && length >= 1) resolution = value[0] ?? 6;
      if (code === codes.offset && length >= 8) offset = this.#order.i64(at);
    }
    const clock = clockOf(resolution, offset);
    if (clock === undefined) throw new CaptureError(`${what} has times of a unit without sense`);
    const link = this.#order.u16(from);
    this.#interfaces.push({ link, name, clock, snap: this.#order.u32(from + 4) });
  }

  #packet(type: number, from: number, end: number, what: string): boolean {
    if (end - from < 20) throw new CaptureError(`${what}, a packet, is too short`);
    const order = this.#order;
    const id = type === types.packet ? order.u32(from) : order.u16(from);
    const length = order.u32(from + 12);
    if (length > end - from - 20 || length > limits.packetBytes) {
      throw new CaptureError(`${what}, a packet, says that it has ${length} bytes`);
    }
    const seen = this.#seenOn(id, what);
    const ticks = (BigInt(order.u32(from + 4)) << 32n) | BigInt(order.u32(from + 8));
    const start = from + 20;
    const [comment] = this.#commentsIn(start + Math.ceil(length / 4) * 4, end);
    return this.#add({
      ns: seen.clock(ticks),
      data: this.#file.subarray(start, start + length),
      link: seen.link,
      ...(comment === undefined ? {} : { comment }),
      ...(seen.name === undefined ? {} : { seenOn: seen.name }),
    });
  }

  /** It has no time of its own, and is as long as the block, or as the interface allows. */
  #simplePacket(from: number, end: number, what: string): boolean {
    if (end - from < 4) throw new CaptureError(`${what}, a packet, is too short`);
    const { snap, link } = this.#seenOn(0, what);
    const most = snap === 0 ? limits.packetBytes : snap;
    const length = Math.min(this.#order.u32(from), end - from - 4, most, limits.packetBytes);
    const data = this.#file.subarray(from + 4, from + 4 + length);
    return this.#add({ ns: this.#packets.at(-1)?.ns ?? 0n, data, link });
  }

  #seenOn(id: number, what: string): Interface {
    const seen = this.#interfaces[id];
    if (seen !== undefined) return seen;
    throw new CaptureError(`${what}, a packet, is of interface ${id}, which there is none of`);
  }

  #add(packet: Omit<CapturedPacket, "number">): boolean {
    if (this.#packets.length >= limits.packets) {
      this.#notes.push(tooMany(limits.packets));
      return false;
    }
    this.#packets.push({ number: this.#packets.length + 1, ...packet });
    return true;
  }

  #commentsIn(from: number, end: number): readonly string[] {
    const list = [...optionsIn(this.#order, from, end)].filter((o) => o.code === codes.comment);
    return list.map(({ at, length }) => lossyText(this.#file.subarray(at, at + length)));
  }

  #keep(comment: string): void {
    this.#commentBytes += comment.length;
    if (this.#commentBytes <= limits.commentsBytes) this.#comments.push(comment);
  }
}
