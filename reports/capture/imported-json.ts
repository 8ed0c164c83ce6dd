/** A capture as data for other programs. */
import type { Fed } from "../../harness/capture/feeding.ts";
import { hex } from "../../protocol/kit/bytes.ts";
import { endWords, type Imported } from "./imported.ts";

export function importedJson(file: string, imported: Imported, fed: Fed | undefined): unknown {
  const { capture, conversations } = imported;
  const { format, packets, notes } = capture;
  return {
    schema: "mallory/pcap-import@1",
    file,
    format,
    packets: packets.length,
    conversations: conversations.list.map(({ carrier, opener, other, seenOn, payloads }) => ({
      carrier,
      opener: endWords(capture, opener),
      other: endWords(capture, other),
      ...(seenOn === undefined ? {} : { seenOn }),
      payloads: payloads.map((payload) => {
        const { packet, fromOpener, bytes, missing } = payload;
        const { number, ns, comment } = packet;
        const reaction = imported.fed?.get(payload);
        return {
          number,
          /** Nanoseconds since 1970: too many for a number. */
          ns: ns.toString(),
          from: fromOpener ? "opener" : "other",
          hex: hex(bytes),
          ...(missing === 0 ? {} : { missing }),
          ...(comment === undefined ? {} : { comment }),
          ...(reaction === undefined
            ? {}
            : { to: reaction.to, verdict: reaction.verdict, says: reaction.says }),
        };
      }),
    })),
    unread: Object.fromEntries(conversations.unread),
    notes,
    ...(fed === undefined
      ? {}
      : { protocol: fed.protocol, moves: fed.moves, left: fed.left, digest: fed.digest }),
  };
}
