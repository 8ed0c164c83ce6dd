/** As much of pcap-parser as is used; it has no types of its own. */
declare module "pcap-parser" {
  import type { Readable } from "node:stream";

  interface ParsedPacket {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }
  interface Parser {
    on(event: "packet", listener: (packet: ParsedPacket) => void): Parser;
    on(event: "end", listener: () => void): Parser;
    on(event: "error", listener: (error: Error) => void): Parser;
  }
  const parser: { parse(input: Readable | string): Parser };
  export default parser;
}
