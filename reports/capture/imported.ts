/** A capture as it is listed: who speaks with whom, and what each packet carries. */
import type { CapturedEnd, CapturedPayload } from "../../harness/capture/captured.ts";
import type { FedPayload } from "../../harness/capture/feeding.ts";
import { calmNetwork } from "../../harness/run/network/conditions.ts";
import type { Capture, CapturedPacket } from "./read/capture.ts";
import {
  type Conversation,
  type Conversations,
  conversationsIn,
  type Payload,
} from "./read/conversations.ts";
import type { End } from "./read/dissect.ts";
import { epochNs } from "./write/capture-frames.ts";
import { arrivedEnding } from "./write/hosts.ts";

export interface Imported {
  readonly capture: Capture;
  readonly conversations: Conversations;
  /** What endpoints made of payloads, by the number of the packet that brought them. */
  readonly fed?: ReadonlyMap<Payload, FedPayload>;
}

export const importedFrom = (capture: Capture): Imported => ({
  capture,
  conversations: conversationsIn(capture),
});

/** `alice:1978`, or the address where the file names nobody. */
export const endWords = ({ names }: Capture, { ip, port }: End): string =>
  `${names.get(ip) ?? ip}:${port}`;

/**
 * The payloads that endpoints are given, in the order of the capture: of a conversation that stands
 * in it twice, as sent and as arrived, those that arrived.
 */
export function payloadsToFeed({ capture, conversations }: Imported): readonly {
  readonly payload: Payload;
  readonly given: CapturedPayload;
}[] {
  const { list } = conversations;
  const arrived = new Set(
    list.filter((c) => c.seenOn === "as-arrived").map((c) => plainEnds(capture, c)),
  );
  const chosen = list.filter((c) => c.seenOn !== "as-sent" || !arrived.has(plainEnds(capture, c)));
  const all = chosen.flatMap((c, conversation) =>
    c.payloads.map((payload) => ({ payload, conversation, c })),
  );
  const times = new Times(capture);
  return all
    .map((one) => ({ ...one, ns: times.arrival(one.payload.packet) }))
    .sort((a, b) => times.order(a, b) || a.payload.packet.number - b.payload.packet.number)
    .map(({ payload, conversation, c, ns }) => {
      const { fromOpener, bytes } = payload;
      const [from = c.opener, to = c.other] = fromOpener ? [] : [c.other, c.opener];
      const t = times.next(ns);
      const ends = { from: namedEnd(capture, from), to: namedEnd(capture, to) };
      return { payload, given: { conversation, ...ends, fromOpener, t, bytes } };
    });
}

function namedEnd({ names }: Capture, { ip, port }: End): CapturedEnd {
  const name = names.get(ip);
  const plain = name?.endsWith(arrivedEnding) ? name.slice(0, -arrivedEnding.length) : name;
  return { host: ip === "255.255.255.255" ? "*" : plain, port };
}

/** The ends without what tells the two sides apart. */
function plainEnds(capture: Capture, { opener, other, carrier }: Conversation): string {
  const plain = (end: End): string => endWords(capture, end).replace(`${arrivedEnding}:`, ":");
  return [carrier, ...[plain(opener), plain(other)].sort()].join(" ");
}

/** Where others begin: by then every process is there. */
const firstMs = 100;
/** Nobody's patience is told by a pause of a foreign capture. */
const longestPauseMs = 10_000;
const dayNs = 86_400_000_000_000n;

/** So long is a packet of a run on its way, where it is not said when it arrived. */
const latencyNs = BigInt(calmNetwork.latencyMs * 1_000_000);

/** Times in a run that is made: those of an own capture are the run's own. They never go back. */
class Times {
  readonly #isOwn: boolean;
  #lastNs: bigint | undefined;
  #t = 0;

  constructor({ packets }: Capture) {
    const first = packets[0]?.ns ?? 0n;
    this.#isOwn = first >= epochNs && first < epochNs + dayNs;
  }

  /** When a packet arrives, in nanoseconds since 1970. */
  arrival({ ns, seenOn }: CapturedPacket): bigint {
    return this.#isOwn && seenOn !== "as-arrived" ? ns + latencyNs : ns;
  }

  /** Foreign packets come as they stand there, whatever times they have. */
  order(a: { readonly ns: bigint }, b: { readonly ns: bigint }): number {
    if (!this.#isOwn || a.ns === b.ns) return 0;
    return a.ns < b.ns ? -1 : 1;
  }

  /** @returns milliseconds */
  next(ns: bigint): number {
    if (this.#isOwn) {
      this.#t = Math.max(this.#t, Number(ns - epochNs) / 1_000_000);
      return this.#t;
    }
    const pause = this.#lastNs === undefined ? 0 : Number(ns - this.#lastNs) / 1_000_000;
    const before = this.#lastNs === undefined ? firstMs : this.#t;
    this.#lastNs = ns;
    this.#t = before + Math.min(Math.max(pause, 0), longestPauseMs);
    return this.#t;
  }
}
