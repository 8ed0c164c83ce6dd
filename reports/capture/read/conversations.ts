/** Who speaks with whom in a capture, and what each payload is. */
import type { Capture, CapturedPacket } from "./capture.ts";
import { type Carried, dissect, type End, type Unread } from "./dissect.ts";
import { type Piece, Stream } from "./stream.ts";

export interface Payload {
  readonly packet: CapturedPacket;
  readonly fromOpener: boolean;
  readonly bytes: Uint8Array;
  /** So many bytes of the stream before it are not in the capture. */
  readonly missing: number;
}

export interface Conversation {
  readonly carrier: "udp" | "tcp";
  /** Whoever spoke first, or opened the connection. */
  readonly opener: End;
  readonly other: End;
  readonly seenOn: string | undefined;
  readonly payloads: readonly Payload[];
}

export interface Conversations {
  /** In the order in which they begin. */
  readonly list: readonly Conversation[];
  /** Packets that carry nothing that is looked at, by why. */
  readonly unread: ReadonlyMap<Unread, number>;
}

interface Open extends Conversation {
  readonly payloads: Payload[];
  readonly streams: Readonly<Record<"out" | "back", Stream<CapturedPacket>>>;
  /** Of the segment that opened it. */
  readonly seq: number | undefined;
}

export function conversationsIn({ packets }: Capture): Conversations {
  const list: Open[] = [];
  const current = new Map<string, Open>();
  const unread = new Map<Unread, number>();
  for (const packet of packets) {
    const carried = dissect(packet);
    if (typeof carried === "string") {
      unread.set(carried, (unread.get(carried) ?? 0) + 1);
      continue;
    }
    const key = keyOf(carried);
    let open = current.get(key);
    if (open === undefined || isNew(carried, open)) {
      if (open !== undefined) drain(open);
      open = begin(carried);
      current.set(key, open);
      list.push(open);
    }
    take(open, carried);
  }
  for (const open of list) drain(open);
  return { list, unread };
}

const endText = ({ ip, port }: End): string => `${ip}:${port}`;

/** The same for both directions, on the same interface. */
function keyOf({ from, to, tcp, packet }: Carried): string {
  const ends = [endText(from), endText(to)].sort();
  return [tcp === undefined ? "udp" : "tcp", packet.seenOn ?? "", ...ends].join(" ");
}

/** The same ports are used again. A segment that opens may come twice. */
const isNew = ({ tcp }: Carried, open: Open): boolean =>
  tcp?.syn === true && !tcp.ack && tcp.seq !== open.seq;

function begin({ from, to, tcp, packet }: Carried): Open {
  // Where the beginning is missing, the answer to it says who began.
  const isAnswer = tcp?.syn === true && tcp.ack;
  const [opener, other] = isAnswer ? [to, from] : [from, to];
  return {
    carrier: tcp === undefined ? "udp" : "tcp",
    opener,
    other,
    seenOn: packet.seenOn,
    payloads: [],
    streams: { out: new Stream(), back: new Stream() },
    seq: isAnswer ? undefined : tcp?.seq,
  };
}

function take(open: Open, { from, tcp, packet, payload }: Carried): void {
  const fromOpener = endText(from) === endText(open.opener);
  if (tcp === undefined) {
    open.payloads.push({ packet, fromOpener, bytes: payload, missing: 0 });
    return;
  }
  const stream = open.streams[fromOpener ? "out" : "back"];
  if (tcp.syn) stream.begin(tcp.seq);
  const seq = tcp.syn ? (tcp.seq + 1) % 0x100000000 : tcp.seq;
  push(open, fromOpener, stream.take(seq, payload, packet));
}

function push(open: Open, fromOpener: boolean, pieces: readonly Piece<CapturedPacket>[]): void {
  for (const { bytes, of: packet, missing } of pieces) {
    open.payloads.push({ packet, fromOpener, bytes, missing });
  }
}

function drain(open: Open): void {
  for (const direction of ["out", "back"] as const) {
    push(open, direction === "out", open.streams[direction].rest());
  }
}
