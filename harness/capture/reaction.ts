/** What an endpoint did with a packet, in words. */
import { quote } from "../guarantees/exchanges.ts";
import type { TraceEvent } from "../trace/trace.ts";

export interface Reaction {
  /**
   * `accepted`: it did something with it; `silent`: nothing that can be seen, as with a part of a
   * message or a packet that is ignored; `absent`: nobody was there to take it.
   */
  readonly verdict: "accepted" | "rejected" | "crashed" | "silent" | "absent";
  /** What it did, in one line. It may quote what the packet says. */
  readonly says: string;
}

/** @param events of the receiver, after the packet; `undefined` if it was never received. */
export function wordsOfReaction(
  events: readonly TraceEvent[] | undefined,
  receiver: string,
): Reaction {
  if (events === undefined) return { verdict: "absent", says: `${receiver} is not there` };
  const crash = events.find((e) => e.kind === "crashed");
  if (crash !== undefined) return { verdict: "crashed", says: `crashes: ${crash.because}` };
  const refused = events.filter((e) => e.kind === "reject").map((e) => e.reason);
  const deeds = events.flatMap(deedOf);
  const says = [...new Set([...refused, ...deeds.map((d) => d.says)])].join("; ");
  if (deeds.some((d) => d.shows === "acceptance")) return { verdict: "accepted", says };
  if (refused.length > 0) return { verdict: "rejected", says };
  // Who refuses a packet may answer it, too; who only answers has taken it.
  if (deeds.some((d) => d.shows === "answer")) return { verdict: "accepted", says };
  return { verdict: "silent", says: says === "" ? "nothing to be seen" : says };
}

interface Deed {
  readonly says: string;
  readonly shows: "acceptance" | "answer" | "warning";
}

function deedOf(e: TraceEvent): readonly Deed[] {
  const deed = (says: string, shows: Deed["shows"] = "acceptance"): readonly Deed[] => [
    { says, shows },
  ];
  switch (e.kind) {
    case "sent":
      return deed("answers", "answer");
    case "deliver":
      return deed(`accepts ${quote(e.message)} from ${e.from ?? "its anonymous peer"}`);
    case "confirm":
      return deed(`takes ${quote(e.message)} for delivered`);
    case "commit":
      return deed(`has finished with ${e.peer}`);
    case "secret":
      return deed("has a session key");
    case "running":
      return deed("goes on with its run");
    case "ended":
      return deed(`takes it for the end of what ${e.from} says`);
    case "ran-code":
      return deed(`runs code from it: ${e.code}`);
    case "alarm":
      return deed(`raises the alarm: ${e.text}`, "warning");
    case "exited":
      if (e.ok) return deed("is done", "answer");
      return deed(`gives up: ${e.because ?? "no reason given"}`, "warning");
    default:
      return [];
  }
}
