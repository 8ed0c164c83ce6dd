/** The events of a run by kind: one pass, shared by all judges of the run. */
import { memoPerTrace } from "./recorded-trace.ts";
import type { Trace, TraceEvent } from "./trace.ts";

type Kind = TraceEvent["kind"];
/** Some events share a type, and have a discriminator within it. */
type Among<E, K> = E extends { readonly kind: Kind } ? (K extends E["kind"] ? E : never) : never;
type Of<K extends Kind> = Among<TraceEvent, K>;

interface Listed {
  readonly events: TraceEvent[];
  /** Their positions among all events. */
  readonly places: number[];
}

const nothing: Listed = { events: [], places: [] };

const listsOf = memoPerTrace((trace): ReadonlyMap<Kind, Listed> => {
  const lists = new Map<Kind, Listed>();
  for (let i = 0; i < trace.events.length; i++) {
    const event = trace.events[i] as TraceEvent;
    const list = lists.get(event.kind);
    if (list === undefined) lists.set(event.kind, { events: [event], places: [i] });
    else {
      list.events.push(event);
      list.places.push(i);
    }
  }
  return lists;
});
const listed = (trace: Trace, kind: Kind): Listed => listsOf(trace).get(kind) ?? nothing;

/** All events of one kind, in order. */
export const eventsOf = <K extends Kind>(trace: Trace, kind: K): readonly Of<K>[] =>
  listed(trace, kind).events as unknown as readonly Of<K>[];

/** Their positions among all events of the run. */
export const placesOf = (trace: Trace, kind: Kind): readonly number[] => listed(trace, kind).places;
