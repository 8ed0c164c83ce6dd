/** pcap-parser, which has no types of its own: as much of it as is used. */
import { createRequire } from "node:module";
import type { Readable } from "node:stream";

interface ParsedPacket {
  readonly header: {
    readonly timestampSeconds: number;
    readonly timestampMicroseconds: number;
  };
  readonly data: Buffer;
}

interface Parser {
  on(event: "packet", listener: (packet: ParsedPacket) => void): Parser;
  on(event: "end", listener: () => void): Parser;
  on(event: "error", listener: (error: Error) => void): Parser;
}

export const parser = createRequire(import.meta.url)("pcap-parser") as {
  parse(input: Readable): Parser;
};
