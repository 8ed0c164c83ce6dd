/**
 * Packets from a capture as material: handed to honest endpoints, in their order, in a run in which
 * nothing else arrives. What the endpoints do with each of them is read off that run.
 */
import { attackerHost, type Move } from "../../attacker/move.ts";
import type { Millis, RoleSpec } from "../../protocol/endpoint.ts";
import { hex } from "../../protocol/kit/bytes.ts";
import { UserError } from "../input/user-error.ts";
import { simulatePlainly } from "../search/judge-run.ts";
import type { Outside } from "../search/outside.ts";
import { simulateTwice } from "../search/reproducibility.ts";
import { planOf, type Subject } from "../subject.ts";
import type { Trace, TraceEvent } from "../trace/trace.ts";
import { portInCapture } from "./ports.ts";
import { type Reaction, wordsOfReaction } from "./reaction.ts";

/** A payload of a capture. */
export interface CapturedPayload {
  /** Number of its packet in the capture. */
  readonly number: number;
  /** Which conversation it belongs to; conversations count from 0, in the order they begin. */
  readonly conversation: number;
  /** Ports tell which end plays which role. */
  readonly fromPort: number;
  readonly toPort: number;
  /** Does it come from the end that began the conversation? */
  readonly fromOpener: boolean;
  /** Since the beginning of the run that is made. */
  readonly t: Millis;
  readonly bytes: Uint8Array;
}

export interface FeedAsk {
  readonly payloads: readonly CapturedPayload[];
  readonly seed: string;
}

/** What an endpoint made of one payload. */
export interface FedPayload extends Reaction {
  readonly number: number;
  readonly to: string;
  readonly from: string;
}

export interface Fed {
  readonly protocol: string;
  readonly fed: readonly FedPayload[];
  /** As they can stand in the `attack` of a scenario. */
  readonly moves: readonly Move[];
  /** Payloads that were not handed over: there are too many, or nobody takes them. */
  readonly left: number;
  readonly digest: string;
}

/** An attack has at most 1,000 moves, and is checked for its size. */
const mostPayloads = 900;
const mostBytes = 1_000_000;

/** @throws UserError if no two roles of the protocol talk to each other; ProtocolError */
export function feed(subject: Subject, { payloads, seed }: FeedAsk, outside: Outside = {}): Fed {
  const { roles, name } = subject.protocol;
  const undisturbed = simulatePlainly(planOf(subject, { seed }));
  const ends = endsOf(payloads, roles, undisturbed);
  const chosen: {
    readonly payload: CapturedPayload;
    readonly to: string;
    readonly from: string;
  }[] = [];
  let bytes = 0;
  for (const payload of payloads) {
    const pair = ends.get(payload.conversation);
    bytes += payload.bytes.length;
    if (pair === undefined || chosen.length >= mostPayloads || bytes > mostBytes) break;
    const [from, to] = payload.fromOpener ? pair : ([pair[1], pair[0]] as const);
    chosen.push({ payload, to, from });
  }
  const moves: Move[] = [
    { move: "seize" },
    ...chosen.map(({ payload, to, from }): Move => {
      const when = { atMs: payload.t };
      return { move: "inject", hex: hex(payload.bytes), to, from, when };
    }),
  ];
  const trace = simulateTwice(planOf(subject, { seed, attack: moves }), outside);
  const reactions = reactionsIn(trace);
  return {
    protocol: name,
    fed: chosen.map(({ payload, to, from }, i) => {
      const reaction = reactions[i] ?? wordsOfReaction([], to);
      return { number: payload.number, to, from, ...reaction };
    }),
    moves,
    left: payloads.length - chosen.length,
    digest: trace.digest,
  };
}

type Ends = readonly [opener: string, other: string];

/** Which processes the ends of each conversation are: by ports, or else by who began. */
function endsOf(
  payloads: readonly CapturedPayload[],
  roles: readonly RoleSpec[],
  undisturbed: Trace,
): ReadonlyMap<number, Ends> {
  const talkers = roles.filter((r) => roles.some((other) => other.name === r.peer));
  if (talkers.length === 0) {
    throw new UserError("no role of this protocol talks to another one: nobody takes packets");
  }
  const ids = new Set(undisturbed.processes.map((p) => p.id));
  const ends = new Map<number, Ends>();
  const begun = new Map<string, number>();
  for (const { conversation, fromOpener, fromPort, toPort } of payloads) {
    if (ends.has(conversation)) continue;
    const port = fromOpener ? toPort : fromPort;
    const opener =
      talkers.find((r) => roles.some((o) => o.name === r.peer && isPort(o.port, port))) ??
      talkers[0];
    if (opener?.peer === undefined) continue;
    // The nth conversation is the nth session, as far as there are so many.
    const nth = begun.get(opener.name) ?? 0;
    begun.set(opener.name, nth + 1);
    const named = (role: string, n: number): string =>
      ids.has(`${role}#${n}`) ? `${role}#${n}` : `${role}#0`;
    const peer = roles.find((r) => r.name === opener.peer);
    ends.set(conversation, [
      named(opener.name, nth),
      named(opener.peer, peer?.process === "service" ? 0 : nth),
    ]);
  }
  return ends;
}

/** In captures of the lab's own some ports are others. */
const isPort = (own: number | undefined, port: number): boolean =>
  own !== undefined && (own === port || portInCapture(own) === port);

/** For each injected packet, what its receiver did between it and the next one. */
function reactionsIn(trace: Trace): readonly Reaction[] {
  const injected = trace.packets.filter((p) => p.from === attackerHost);
  const marks = injected.map((p) =>
    trace.events.findIndex((e) => e.kind === "received" && e.packet === p.index),
  );
  return injected.map((packet, i) => {
    const at = marks[i] ?? -1;
    if (at < 0) return wordsOfReaction(undefined, packet.to);
    const next = marks.slice(i + 1).find((m) => m > at) ?? trace.events.length;
    const own = trace.events.slice(at + 1, next).filter((e) => isAt(e, packet.to));
    const { t } = trace.events[at] as TraceEvent;
    // Timers that run out later are no answer to it.
    return wordsOfReaction(
      own.filter((e) => e.t <= t + chunkMs),
      packet.to,
    );
  });
}

/** A stream hands over what has arrived a moment later. */
const chunkMs = 1;

const isAt = (e: TraceEvent, id: string): boolean => e.at === id;
