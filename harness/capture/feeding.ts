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
import type { Trace } from "../trace/trace.ts";
import { portInCapture } from "./ports.ts";
import { type Reaction, wordsOfReaction } from "./reaction.ts";

/** A payload of a capture. */
export interface CapturedPayload {
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

/** The processes at the ends of a conversation; a stranger is none. */
interface Ends {
  readonly opener: string | undefined;
  readonly other: string;
}

/**
 * Which processes the ends of each conversation are. In a capture of a run of the same protocol the
 * ports say so, and who has none of them is a stranger. Elsewhere the nth conversation is the nth
 * session, as far as there are so many.
 */
function endsOf(
  payloads: readonly CapturedPayload[],
  roles: readonly RoleSpec[],
  { processes }: Trace,
): ReadonlyMap<number, Ends> {
  const talkers = roles.filter((r) => roles.some((other) => other.name === r.peer));
  const [first] = talkers;
  if (first === undefined) {
    throw new UserError("no role of this protocol talks to another one: nobody takes packets");
  }
  const ids = new Set(processes.map((p) => p.id));
  const session = (role: RoleSpec, n: number): Ends => {
    const named = (name: string, k: number): string =>
      ids.has(`${name}#${k}`) ? `${name}#${k}` : `${name}#0`;
    const peer = roles.find((r) => r.name === role.peer) ?? role;
    const other = named(peer.name, peer.process === "service" ? 0 : n);
    return { opener: named(role.name, n), other };
  };
  const begun = beginnings(payloads);
  const known = new Map<number, Ends>();
  for (const { conversation, port } of begun) {
    const process = processes.find(
      (p) => talkers.some((r) => r.name === p.role) && isPort(portOf(p.address), port),
    );
    const role = talkers.find((r) => r.name === process?.role);
    if (process === undefined || role === undefined) continue;
    known.set(conversation, session(role, Number(process.id.split("#")[1])));
  }
  const ends = new Map<number, Ends>();
  const counts = new Map<string, number>();
  let latest = session(first, 0);
  for (const { conversation, peerPort } of begun) {
    const own = known.get(conversation);
    if (own !== undefined) latest = own;
    else if (known.size > 0) latest = { ...latest, opener: undefined };
    else {
      const role = talkers.find((r) =>
        roles.some((o) => o.name === r.peer && isPort(o.port, peerPort)),
      );
      const { name } = role ?? first;
      const n = counts.get(name) ?? 0;
      counts.set(name, n + 1);
      latest = session(role ?? first, n);
    }
    ends.set(conversation, latest);
  }
  return ends;
}

/** The first payload of each conversation says which ports it has. */
function beginnings(payloads: readonly CapturedPayload[]) {
  const found = new Map<
    number,
    { readonly conversation: number; readonly port: number; readonly peerPort: number }
  >();
  for (const { conversation, fromOpener, fromPort, toPort } of payloads) {
    const [port, peerPort] = fromOpener ? [fromPort, toPort] : [toPort, fromPort];
    if (!found.has(conversation)) found.set(conversation, { conversation, port, peerPort });
  }
  return [...found.values()];
}

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(":") + 1));

/** In captures of the lab's own some ports are others. */
const isPort = (own: number | undefined, port: number): boolean =>
  own !== undefined && (own === port || portInCapture(own) === port);

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
