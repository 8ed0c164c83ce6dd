/** The way in: from the network to the receiver, or to the adversary that takes its place. */
import type { Address, Input } from "../../../protocol/endpoint.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import type { Packet } from "../../trace/trace.ts";
import type { AdversarySession } from "../adversary/adversary-session.ts";
import type { AdversarySessions } from "../adversary/adversary-sessions.ts";
import type { Endpoints } from "../endpoints.ts";
import type { RunState } from "../run-state.ts";
import type { Arrival, ConnectionChange, Lost } from "../scheduled-event.ts";
import type { World } from "../world.ts";
import { stillArrives } from "./connections.ts";
import { append, type Pipe, takeChunk } from "./pipes.ts";

/** What takes inputs. */
export interface Receivers extends World {
  readonly endpoints: Endpoints;
  readonly adversarySessions: AdversarySessions;
}

/** So long a receiver may be busy with other things, while more arrives. */
const togetherMs = 25;

export function arrive(world: Receivers, item: Arrival): void {
  if (item.lost !== undefined) lose(world.run, item.packet, item.lost);
  else if (world.run.transport.keepsMessages) takeMessage(world, item);
  else write(world, item);
}

function lose({ now: t, events }: RunState, packet: Packet, by: Lost): void {
  events.push({ kind: "lost", t, at: packet.to, packet: packet.index, by });
}

/** A datagram, or a message on a connection: handed over whole, at once. */
function takeMessage(world: Receivers, { packet, bytes: whole, to }: Arrival): void {
  const { run } = world;
  const { now: t, events, transport } = run;
  const { index, source } = packet;
  const kind = transport.connected ? "chunk" : "datagram";
  const session = sessionFor(world, packet, to);
  const process = session === undefined ? run.listening.get(to) : undefined;
  if ((process ?? session) === undefined || !stillArrives(run, source, to)) {
    lose(run, packet, "nobody-there");
    return;
  }
  if (session !== undefined) {
    const at = session.puppet.id;
    events.push({ kind: "received", t, at, packet: index, bytes: whole, changed: false });
    world.adversarySessions.feed(session, { kind, bytes: whole.slice(), from: source });
    return;
  }
  if (process === undefined) return;
  const { receiveBufferBytes } = process.spec;
  const room = transport.connected ? undefined : receiveBufferBytes;
  // What a packet carries is never changed in place: only endpoints get a copy of their own.
  const bytes = whole.length > (room ?? Number.POSITIVE_INFINITY) ? whole.subarray(0, room) : whole;
  const changed = whole !== packet.bytes;
  events.push({ kind: "received", t, at: process.id, packet: index, bytes, changed });
  world.endpoints.handle(process, { kind, bytes: bytes.slice(), from: source }, source);
}

/** A connection is with whoever has its other end; a datagram is for the address it names. */
function sessionFor(
  { run, adversary }: World,
  { byAttacker, source }: Packet,
  to: Address,
): AdversarySession | undefined {
  if (run.transport.connected || byAttacker === undefined) return adversary.onWire(source, to);
  return byAttacker === "puppet" ? adversary.between(source, to) : undefined;
}

/** Bytes of a stream: read, with whatever else has come by then, after everything due now. */
function write({ run, adversary }: World, { packet, bytes, to }: Arrival): void {
  const { now: t, events, pipes, listening } = run;
  const pipe = pipes.get(packet.source, to);
  const session = adversary.onWire(packet.source, to);
  const process = listening.get(to);
  if (pipe?.broken !== false || (process === undefined && session === undefined)) {
    lose(run, packet, "nobody-there");
    return;
  }
  const changed = bytes !== packet.bytes;
  const at = session?.puppet.id ?? process?.id ?? packet.to;
  events.push({ kind: "received", t, at, packet: packet.index, bytes, changed });
  append(pipe, bytes);
  flushLater(run, pipe, run.plan.network.chunking === "together" ? togetherMs : 0);
}

function flushLater(run: RunState, pipe: Pipe, delay: number): void {
  if (pipe.flushScheduled) return;
  pipe.flushScheduled = true;
  run.enqueue(delay, { kind: "flush", pipe });
}

/** Hands over the next chunk of a stream. */
export function flush(world: Receivers, pipe: Pipe): void {
  const { run, adversary, endpoints, adversarySessions } = world;
  const { from, to } = pipe;
  pipe.flushScheduled = false;
  const session = adversary.onWire(from, to);
  const process = run.listening.get(to);
  if ((process ?? session) === undefined || pipe.pending.length === 0 || pipe.broken) return;
  const { chunking } = run.plan.network;
  const n = chunking === "random" ? run.count(`chunks ${from}`, to) : 0;
  const bytes = takeChunk(pipe, chunking, (): Random => {
    return run.random.fork("chunks").fork(`${from}>${to}`).fork(`${n}`);
  });
  const input: Input = { kind: "chunk", bytes, from };
  if (session !== undefined) adversarySessions.feed(session, input);
  else if (process !== undefined) endpoints.handle(process, input, from);
  if (pipe.pending.length > 0) flushLater(run, pipe, 1);
}

/** One end of a connection learns that it has begun or ended. */
export function changeConnection(world: Receivers, item: ConnectionChange): void {
  const { kind, at, peer } = item;
  const { now: t, events, listening, pipes } = world.run;
  const session = world.adversary.onWire(peer, at);
  const pipe = pipes.get(peer, at);
  if (session !== undefined) {
    if (kind === "closed" && pipe !== undefined) pipe.ended = true;
    world.adversarySessions.feed(session, { kind, peer });
    return;
  }
  const process = listening.get(at);
  if (kind === "closed" && pipe !== undefined) {
    pipe.ended = process === undefined || pipe.broken || !pipe.flushScheduled;
    if (pipe.broken) return;
  }
  if (process === undefined) return;
  if (kind === "closed" && pipe?.flushScheduled === true) {
    world.run.enqueue(1, item);
    return;
  }
  if (kind === "connected" && pipe?.open !== true) return;
  if (kind === "closed") events.push({ kind, t, at: process.id, peer });
  world.endpoints.handle(process, { kind, peer }, peer);
}
