/** A stage on which time passes: packets arrive, timers run out, users say what they have to. */

import type { Address, Input, Millis, Output } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import { transportOf } from "../transport.ts";
import type { OpenSettings } from "./installation.ts";
import { Stage } from "./stage.ts";
import { type Saying, Typing } from "./typing.ts";
import type { Due, Packet } from "./wire.ts";

const mostSteps = 200_000;

const isBroadcast = /^\*:/;

export class Course extends Stage {
  readonly #typing = new Typing();

  /** Now, or as soon as it may; of several, each in its turn. */
  say(end: string, message: string | Uint8Array, about: Saying = {}): this {
    const at = this.addressOf(end);
    this.#typing.add(at, typeof message === "string" ? utf8(message) : message, about);
    this.#type(at, about.session);
    return this;
  }

  /** Starts a client; what both ends have to say in its session they say as soon as they may. */
  converse(
    client: string,
    says: readonly string[] = [],
    answers: readonly string[] = [],
    about?: OpenSettings,
  ): this {
    const session = this.addressOf(client);
    const server = this.installation.peerOf(session);
    for (const text of says) this.say(client, text);
    if (server !== undefined) for (const text of answers) this.say(server, text, { session });
    return this.open(client, about);
  }

  override handle(end: string, input: Input, now = this.now, isGiven = true): readonly Output[] {
    const at = this.addressOf(end);
    const outputs = super.handle(at, input, now, isGiven);
    for (const output of outputs) {
      if (output.kind !== "ready") continue;
      this.#typing.allow(at, output.messages ?? Infinity, output.session);
      this.#type(at, output.session);
    }
    return outputs;
  }

  #type(at: Address, session: string | undefined): void {
    const { typingMs = 0 } = this.settings;
    for (;;) {
      const input = this.#typing.take(at, session);
      if (input === undefined) return;
      if (typingMs > 0) this.plan(this.now + typingMs, at, input);
      else this.handle(at, input, this.now, false);
    }
  }

  /** Lets something happen at a certain time. */
  plan(at: Millis, end: string, input: Input): this {
    this.wire.plan({ at, end: this.addressOf(end), what: input });
    return this;
  }

  /** Lets bytes arrive at a certain time that no end has sent. */
  planPacket(at: Millis, { from, to, bytes }: Packet): this {
    const [source, end] = [this.addressOf(from), this.addressOf(to)];
    this.wire.plan({ at, end, what: { from: source, to: end, bytes } });
    return this;
  }

  /** As it reaches a program. */
  arrival({ from, bytes }: Pick<Packet, "from" | "bytes">): Input {
    const kind = transportOf(this.settings.protocol).connected ? "chunk" : "datagram";
    return { kind, bytes, from: this.addressOf(from) };
  }

  /** Delivers a packet at once, be it of an end or of the adversary. */
  inject(packet: Packet): readonly Output[] {
    return this.handle(packet.to, this.arrival(packet));
  }

  /** Delivers a packet and returns the answer, which is neither recorded nor carried out. */
  probe(packet: Packet): readonly Output[] {
    const endpoint = this.endpoints.get(this.addressOf(packet.to));
    return endpoint?.handle(this.arrival(packet), this.now) ?? [];
  }

  /** Until nothing is under way and no timer is set, or until then. */
  run(until?: Millis, before?: (packet: Packet) => void): this {
    const last = until ?? this.settings.untilMs ?? Infinity;
    for (let step = 0; step < mostSteps; step++) {
      const timer = this.#timer();
      const arrival = this.wire.next?.at ?? Infinity;
      const next = Math.min(timer.at, arrival);
      if (next === Infinity || next > last) {
        if (until !== undefined && until < Infinity) this.now = Math.max(this.now, until);
        return this;
      }
      this.now = Math.max(this.now, next);
      this.#happen(arrival <= timer.at ? this.wire.take() : timer, before);
    }
    throw new Error("the conversation does not come to rest");
  }

  /** Until nothing is under way; no timer runs out meanwhile. */
  settle(): this {
    for (let step = 0; step < mostSteps; step++) {
      const due = this.wire.take();
      if (due === undefined) return this;
      this.now = Math.max(this.now, due.at);
      this.#happen(due);
    }
    throw new Error("the conversation does not come to rest");
  }

  #timer(): Due {
    let first: Due = { at: Infinity, end: "", what: { kind: "timeout" } };
    for (const [end, endpoint] of this.endpoints) {
      const at = this.isDeaf(end) ? Infinity : (endpoint.deadline?.() ?? Infinity);
      if (at < first.at) first = { ...first, at, end };
    }
    return first;
  }

  #happen(due: Due | undefined, before?: (packet: Packet) => void): void {
    if (due === undefined) return;
    const { end, what } = due;
    if ("kind" in what) {
      this.handle(end, what, this.now, false);
      return;
    }
    before?.(what);
    const isStream = transportOf(this.settings.protocol).connected;
    // There is no empty chunk on a stream.
    if (isStream && what.bytes.length === 0) return;
    const port = end.slice(end.indexOf(":"));
    const all = isBroadcast.test(end)
      ? [...this.endpoints.keys()].filter((at) => at.endsWith(port) && at !== what.from)
      : [end];
    for (const at of all) {
      const { receiveBufferBytes } = this.installation.roleAt(at);
      const bytes = what.bytes.subarray(0, receiveBufferBytes);
      this.handle(at, this.arrival({ ...what, bytes }), this.now, false);
    }
  }
}
