/**
 * The packets of a run in the order of a capture.
 *
 * A conversation, which is what two addresses say to each other, in which everything arrived as it
 * was sent, is written once, at the times of sending. Where anything was lost, changed, held up,
 * doubled or put in, both sides are written, and each is whole: as it was sent, by honest senders,
 * and as it arrived, the attacker's packets among it. So what never arrived stands on the one side
 * alone, what was put in on the other, and what was changed on both; and a stream of TCP makes
 * sense on either of them.
 */
import { isAdversaryAddress, isAdversaryProcess } from "../../../attacker/move.ts";
import type { Recording } from "../../../harness/capture/recording.ts";
import { type Fate, fatesOf } from "./fates.ts";
import type { View } from "./hosts.ts";

/** Something that is carried from one address to another. */
export interface Item {
  readonly t: number;
  readonly view: View;
  readonly source: string;
  readonly destination: string;
  /** Whose cable it comes from, and goes to, where that is not those. */
  readonly fromAttacker: boolean;
  readonly toAttacker: boolean;
  readonly bytes: Uint8Array;
  readonly comment: string;
  readonly packet: number;
  /** Written to a connection that was gone, or never there. */
  readonly isAstray: boolean;
}

/** The same for both directions. */
export const pairOf = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);

/** In the order of time, on each side. */
export function timelineOf(recording: Recording): readonly Item[] {
  const fates = fatesOf(recording);
  const disturbed = new Set<string>();
  for (const fate of fates) {
    const { source, destination } = fate.packet;
    if (!fate.isPlain || isIntruding(fate)) disturbed.add(pairOf(source, destination));
  }
  const items = fates.flatMap((fate) => {
    const { source, destination } = fate.packet;
    return itemsOf(fate, disturbed.has(pairOf(source, destination)));
  });
  return items.sort((a, b) => a.t - b.t);
}

/** Does the attacker speak in the name of others? */
const isIntruding = ({ packet }: Fate): boolean =>
  packet.byAttacker !== undefined && !isAdversaryAddress(packet.source);

function itemsOf(fate: Fate, isDisturbed: boolean): readonly Item[] {
  const { packet, lost, arrivals, is, sending, arriving } = fate;
  const { source, destination, index, byAttacker } = packet;
  const isMade = byAttacker !== undefined;
  const shared = { source, destination, packet: index, fromAttacker: isMade };
  const at = `sent ${ms(packet.sentMs)}`;
  const sent: Item = {
    ...shared,
    t: packet.sentMs,
    view: isDisturbed && isMade ? "arrived" : "sent",
    toAttacker: isDisturbed && !isMade && arrivals.some((a) => isAdversaryProcess(a.at)),
    bytes: packet.bytes,
    comment: sentence(`${is}, ${at}. ${sending}`),
    isAstray: lost?.by === "nobody-there",
  };
  if (!isDisturbed) return [sent];
  const arrived = arrivals.map((arrival, i): Item => {
    const { at: receiver, t, bytes, changed } = arrival;
    const says = `${is}, ${at}, arrived at ${receiver} ${ms(t)}. ${arriving[i] ?? ""}`;
    return {
      ...shared,
      t,
      view: "arrived",
      fromAttacker: isMade || changed.length > 0,
      toAttacker: isAdversaryProcess(receiver),
      bytes,
      comment: sentence(says),
      isAstray: false,
    };
  });
  // What the attacker makes is seen where it arrives; or where it would have.
  return isMade && arrived.length > 0 ? arrived : [sent, ...arrived];
}

const ms = (t: number): string => `at ${Math.round(t * 1_000) / 1_000} ms`;

const sentence = (text: string): string => {
  const trimmed = text.trim();
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}`;
};
