/** The messages of an undisturbed run, and where they stand in it. */
import type { Principal } from "../../protocol/endpoint.ts";
import { exchangesOf, type Handover } from "../guarantees/exchanges.ts";
import type { ProcessInfo, Trace } from "../trace/trace.ts";
import type { MessagePlace } from "./message-grade.ts";

export interface SeenMessage extends MessagePlace {
  readonly message: Uint8Array;
  readonly content: string;
  readonly inHandshake: boolean;
  /** False for one that does not arrive even if nobody attacks. */
  readonly arrives: boolean;
}

/** All messages that honest users send each other, in the order in which they are sent. */
export function messagesOf(honest: Trace): readonly SeenMessage[] {
  const { submissions, deliveries } = exchangesOf(honest);
  const left = deliveries.filter((d) => d.purpose === "message");
  return submissions.flatMap((s): readonly SeenMessage[] => {
    if (s.purpose !== "message") return [];
    const sender = s.end.process;
    const at = left.findIndex((d) => isOf(d, s));
    const [delivery] = at < 0 ? [] : left.splice(at, 1);
    const receiver = delivery?.end.process ?? meant(honest, s);
    const session = sender.plannedSession ?? receiver?.plannedSession;
    if (receiver === undefined || session === undefined) return [];
    return [
      {
        session,
        from: sender.principal,
        to: receiver.principal,
        sender: sender.id,
        receiver: receiver.id,
        nth: delivery === undefined ? 0 : nthOf(delivery, deliveries),
        message: s.message,
        content: s.content,
        inHandshake: !hasKey(honest, s),
        arrives: delivery !== undefined,
      },
    ];
  });
}

const isOf = (d: Handover, s: Handover): boolean =>
  d.index > s.index &&
  d.content === s.content &&
  d.other === s.end.process.principal &&
  d.end.process.id !== s.end.process.id &&
  (s.other === undefined || s.other === d.end.process.principal);

/** A process of whom a message that never arrived is meant for. */
function meant(honest: Trace, { other, end }: Handover): ProcessInfo | undefined {
  const session = end.process.plannedSession;
  const isMeant = (p: ProcessInfo): boolean => p.principal === other && p.id !== end.process.id;
  return (
    honest.processes.find((p) => isMeant(p) && p.plannedSession === session) ??
    honest.processes.find(isMeant)
  );
}

/** Which of the messages from its sender it is that this end has accepted, from 1. */
export const nthOf = (delivery: Handover, deliveries: readonly Handover[]): number =>
  deliveries.filter(
    (d) =>
      d.end === delivery.end &&
      d.other === delivery.other &&
      d.purpose === "message" &&
      d.index <= delivery.index,
  ).length;

const hasKey = (honest: Trace, { end, index }: Handover): boolean =>
  honest.events.some(
    (e, i) =>
      i < index && e.kind === "secret" && e.at === end.process.id && e.session === end.session,
  );

/** Principals that have a part in messages. */
export const partiesOf = (messages: readonly MessagePlace[]): readonly Principal[] => [
  ...new Set(messages.flatMap((m) => [m.from, m.to])),
];
