/** What a capture file holds, whichever format it is in. */

/** As it stands in the file: nothing of it is trusted. */
export interface CapturedPacket {
  /** Counts from 1, as in Wireshark. */
  readonly number: number;
  /** Nanoseconds since 1970; whatever a file says. */
  readonly ns: bigint;
  readonly data: Uint8Array;
  /** What kind of link the packet was seen on; see links.ts. */
  readonly link: number;
  readonly comment?: string;
  /** Name of the interface it was seen on. */
  readonly seenOn?: string;
}

export interface Capture {
  readonly format: "pcap" | "pcap-ns" | "pcapng";
  readonly packets: readonly CapturedPacket[];
  /** Names that the file gives to addresses. */
  readonly names: ReadonlyMap<string, string>;
  /** What is said about the file as a whole. */
  readonly comments: readonly string[];
  /** What was left out, and why, one line each. */
  readonly notes: readonly string[];
}

/** A file that cannot be read, or not as what it seems to be. The message goes behind its name. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
}

export const limits = {
  /** A lab hour has some thousands. */
  packets: 200_000,
  /** Wireshark's own limit for one packet. */
  packetBytes: 262_144,
  interfaces: 1_000,
  names: 10_000,
  commentBytes: 4_000,
  /** Of the whole file: what an exported attack may take. */
  commentsBytes: 8_000_000,
} as const;

export const tooMany = (packets: number): string =>
  `only the first ${packets.toLocaleString("en-US")} packets were read`;

export const cutShort = (what: string): string => `the file is cut short: ${what}`;
