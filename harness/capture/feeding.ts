/**
 * Packets from a capture as material: handed to honest endpoints, in their order, in a run in which
 * nothing else arrives. What the endpoints do with each of them is read off that run.
 */
import { attackerHost, type Move } from "../../attacker/move.ts";
import { hex } from "../../protocol/kit/bytes.ts";
import { simulatePlainly } from "../search/judge-run.ts";
import type { Outside } from "../search/outside.ts";
import { simulateTwice } from "../search/reproducibility.ts";
import { planOf, type Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import type { CapturedPayload } from "./captured.ts";
import { type Reaction, wordsOfReaction } from "./reaction.ts";
import { endsOf } from "./who-is-who.ts";

export interface FeedAsk {
  readonly payloads: readonly CapturedPayload[];
  readonly seed: string;
}

/** What an endpoint made of one payload. */
export interface FedPayload extends Reaction {
  /** Which of those that were given, from 0. */
  readonly index: number;
  readonly to: string;
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
  const chosen: Chosen[] = [];
  let bytes = 0;
  for (const [index, payload] of payloads.entries()) {
    const { opener, other } = ends.get(payload.conversation) ?? {};
    const [from, to] = payload.fromOpener ? [opener, other] : [other, opener];
    if (to === undefined) continue;
    bytes += payload.bytes.length;
    if (chosen.length >= mostPayloads || bytes > mostBytes) break;
    chosen.push({ index, payload, to, from });
  }
  const moves: Move[] = [{ move: "seize" }, ...chosen.map(injection)];
  const trace = simulateTwice(planOf(subject, { seed, attack: moves }), outside);
  const reactions = reactionsIn(trace);
  return {
    protocol: name,
    fed: chosen.map(({ index, to }, i) => ({
      index,
      ...(reactions[i] ?? { to, ...wordsOfReaction(undefined, to) }),
    })),
    moves,
    left: payloads.length - chosen.length,
    digest: trace.digest,
  };
}

interface Chosen {
  readonly index: number;
  readonly payload: CapturedPayload;
  readonly to: string;
  /** Absent for a stranger. */
  readonly from: string | undefined;
}

function injection({ payload, to, from }: Chosen): Move {
  const when = { atMs: payload.t };
  const move = { move: "inject", hex: hex(payload.bytes), to, when } as const;
  return from === undefined ? move : { ...move, from };
}

/** For each injected packet, what its receiver did between it and the next one. */
function reactionsIn(trace: Trace): readonly Omit<FedPayload, "index">[] {
  const injected = trace.packets.filter((p) => p.from === attackerHost);
  const received = new Map(
    trace.events.flatMap((e, i) => (e.kind === "received" ? [[e.packet, i] as const] : [])),
  );
  const marks = injected.map((p) => received.get(p.index) ?? -1);
  return injected.map(({ to }, i) => {
    const at = marks[i] ?? -1;
    if (at < 0) return { to, ...wordsOfReaction(undefined, to) };
    const next = marks.find((m, k) => k > i && m > at) ?? trace.events.length;
    // Timers that run out later are no answer to it.
    const latest = (trace.events[at]?.t ?? 0) + chunkMs;
    const own = trace.events.slice(at + 1, next).filter((e) => e.at === to && e.t <= latest);
    return { to, ...wordsOfReaction(own, to) };
  });
}

/** A stream hands over what has arrived a moment later. */
const chunkMs = 1;
