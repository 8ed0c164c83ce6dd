import type { Address, Input } from "../../../protocol/endpoint.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import type { Packet } from "../../trace/trace.ts";
import type { Adversary } from "../adversary/adversary.ts";
import type { AdversarySession } from "../adversary/adversary-session.ts";
import type { AdversarySessions } from "../adversary/adversary-sessions.ts";
import type { Endpoints } from "../endpoints.ts";
import type { RunState } from "../run-state.ts";
import type { Arrival, ConnectionChange, Lost } from "../scheduled-event.ts";
import { append, type Pipe, takeChunk } from "./pipes.ts";

/** The way in: from the network to whoever listens, or to the attacker in that one's place. */
export class Ingress {
  readonly #run: RunState;
  readonly #adversary: Adversary;
  readonly #endpoints: Endpoints;
  readonly #adversarySessions: AdversarySessions;

  constructor(
    run: RunState,
    adversary: Adversary,
    endpoints: Endpoints,
    adversarySessions: AdversarySessions,
  ) {
    this.#run = run;
    this.#adversary = adversary;
    this.#endpoints = endpoints;
    this.#adversarySessions = adversarySessions;
  }

  packet(item: Arrival): void {
    if (item.lost !== undefined) this.#lose(item.packet, item.lost);
    else if (this.#run.datagram) this.#datagram(item);
    else this.#write(item);
  }

  #lose(packet: Packet, by: Lost): void {
    const t = this.#run.now;
    this.#run.events.push({ kind: "lost", t, at: packet.to, packet: packet.index, by });
  }

  #datagram({ packet, bytes: whole, to }: Arrival): void {
    const { now: t, events, listening } = this.#run;
    const { index, source } = packet;
    const session = this.#adversarySessionFor(packet, to);
    if (session !== undefined) {
      const at = session.puppet.id;
      events.push({ kind: "received", t, at, packet: index, bytes: whole, changed: false });
      this.#adversarySessions.feed(session, {
        kind: "datagram",
        bytes: whole.slice(),
        from: source,
      });
      return;
    }
    const process = listening.get(to);
    if (process === undefined) {
      this.#lose(packet, "nobody-there");
      return;
    }
    const room = process.spec.receiveBufferBytes ?? Number.POSITIVE_INFINITY;
    // What a packet carries is never changed in place: only endpoints get a copy of their own.
    const bytes = whole.length > room ? whole.subarray(0, room) : whole;
    const changed = whole !== packet.bytes;
    events.push({ kind: "received", t, at: process.id, packet: index, bytes, changed });
    const input: Input = { kind: "datagram", bytes: bytes.slice(), from: source };
    this.#endpoints.handle(process, input, source);
  }

  #adversarySessionFor({ byAttacker, source }: Packet, to: Address): AdversarySession | undefined {
    if (byAttacker === undefined) return this.#adversary.onWire(source, to);
    return byAttacker === "puppet" ? this.#adversary.between(source, to) : undefined;
  }

  /** A write to a stream: read, with whatever else has come by then, after everything due now. */
  #write({ packet, bytes, to }: Arrival): void {
    const { now: t, events, pipes, listening } = this.#run;
    const pipe = pipes.get(packet.source, to);
    const session = this.#adversary.onWire(packet.source, to);
    const process = listening.get(to);
    if (pipe === undefined || (process === undefined && session === undefined)) {
      this.#lose(packet, "nobody-there");
      return;
    }
    const changed = bytes !== packet.bytes;
    const at = session?.puppet.id ?? process?.id ?? packet.to;
    events.push({ kind: "received", t, at, packet: packet.index, bytes, changed });
    append(pipe, bytes);
    this.#flushLater(pipe, 0);
  }

  #flushLater(pipe: Pipe, delay: number): void {
    if (pipe.flushScheduled) return;
    pipe.flushScheduled = true;
    this.#run.enqueue(delay, { kind: "flush", pipe });
  }

  /** Hands over the next chunk of a stream. */
  flush(pipe: Pipe): void {
    const { from, to } = pipe;
    pipe.flushScheduled = false;
    const session = this.#adversary.onWire(from, to);
    const process = this.#run.listening.get(to);
    if ((process ?? session) === undefined || pipe.pending.length === 0) return;
    const n = this.#run.count(`chunks ${from}>${to}`);
    const chunk = takeChunk(
      pipe,
      this.#run.plan.network.chunking,
      (): Random => this.#run.random.fork("chunks").fork(`${from}>${to}`).fork(`${n}`),
    );
    const input: Input = { kind: "chunk", bytes: chunk, from };
    if (session !== undefined) this.#adversarySessions.feed(session, input);
    else if (process !== undefined) this.#endpoints.handle(process, input, from);
    if (pipe.pending.length > 0) this.#flushLater(pipe, 1);
  }

  /** One end of a connection learns that it has begun or ended. */
  connection(item: ConnectionChange): void {
    const { kind, at, peer } = item;
    const { now: t, events, listening, pipes } = this.#run;
    const session = this.#adversary.onWire(peer, at);
    if (session !== undefined) {
      this.#adversarySessions.feed(session, { kind, peer });
      return;
    }
    const process = listening.get(at);
    if (process === undefined) return;
    const pipe = pipes.get(peer, at);
    if (kind === "closed" && pipe?.flushScheduled === true) {
      this.#run.enqueue(1, item);
      return;
    }
    if (kind === "connected" && pipe?.open !== true) return;
    if (kind === "closed") events.push({ kind, t, at: process.id, peer });
    this.#endpoints.handle(process, { kind, peer }, peer);
  }
}
