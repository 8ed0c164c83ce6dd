/**
 * A user: a channel with the relay, and in it the datagrams of channels with other users.
 *
 * The two layers meet here and nowhere else. The outer one is a client as it is; the frames that
 * it has no use for come up, are joined to datagrams, and go to the inner one. What that wants to
 * be sent is cut up and goes down.
 */
import type { Endpoint, Env, Input, Millis, Output, OutputBody } from "../../endpoint.ts";
import { Client } from "../client.ts";
import type { Frame } from "../frames.ts";
import type { Identity } from "../identity.ts";
import { earliest, type Inner, type InnerOutput } from "./inner.ts";
import { Cutter, Joiner, type MailAddresses, portOf, ports } from "./mail.ts";

/** Others may need as long to get here; shorter than the silence of inner channels. */
const lingerMs = 50_000;

export class User implements Endpoint {
  readonly #env: Env;
  readonly #book: MailAddresses;
  readonly #outer: Client;
  readonly #inner: Inner;
  readonly #arrived: Frame[] = [];
  readonly #cutter = new Cutter();
  readonly #joiner = new Joiner();
  #over = false;

  /** @param identity for the channel with the relay. */
  constructor(env: Env, identity: Identity, inner: Inner, book: MailAddresses) {
    this.#env = env;
    this.#book = book;
    this.#inner = inner;
    const above = (frame: Frame): void => void this.#arrived.push(frame);
    this.#outer = new Client(env, identity, { above, lingerMs });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#over) return [];
    switch (input.kind) {
      case "send":
        return this.#send(input, now);
      case "timeout": {
        // First the inner channels: what they send keeps the outer one open.
        const inner = this.#down(this.#inner.expire(now), now);
        return [...inner, ...this.#up(this.#outer.handle(input, now), now)];
      }
      default:
        return this.#up(this.#outer.handle(input, now), now);
    }
  }

  deadline(): Millis | undefined {
    return this.#over ? undefined : earliest([this.#outer.deadline(), this.#inner.deadline()]);
  }

  stateSize(): number {
    return this.#inner.stateSize() + this.#joiner.size;
  }

  /** To one user, or to all others: to each in a channel of its own. */
  #send({ message, to }: Input & { kind: "send" }, now: Millis): readonly Output[] {
    const { self, peer: relay } = this.#env;
    const others = this.#book.names.filter((name) => name !== self && name !== relay);
    const receivers = to === undefined ? others : [to];
    return receivers.flatMap((name) => this.#down(this.#inner.send(name, message, now), now));
  }

  /** What comes of the channel with the relay. */
  #up(outputs: readonly OutputBody[], now: Millis): readonly Output[] {
    const out: Output[] = [];
    for (const output of outputs) {
      // The relay has nothing to say to users.
      if (output.kind === "deliver") out.push({ kind: "reject", reason: "unexpected" });
      else if (output.kind === "exit") out.push(...this.#leave(output, now));
      else out.push(output);
      if (output.kind === "ready") out.push(...this.#down(this.#inner.start(now), now));
    }
    for (const frame of this.#arrived.splice(0)) out.push(...this.#accept(frame, now));
    return out;
  }

  #accept(frame: Frame, now: Millis): readonly Output[] {
    if (frame.kind !== "relay" || this.#over) return [];
    const { port, again } = portOf(frame);
    const peer = this.#book.nameOf(frame.peer);
    const own = peer === this.#env.self && port !== ports.directory;
    if (peer === undefined || own) return [{ kind: "reject", reason: "unknown-peer" }];
    if (!Object.values<number>(ports).includes(port)) {
      return [{ kind: "reject", reason: "malformed" }];
    }
    const bytes = this.#joiner.accept(frame);
    return bytes === undefined
      ? []
      : this.#down(this.#inner.receive({ peer, port, again, bytes }, now), now);
  }

  /** What comes of the inner channels. */
  #down(outputs: readonly InnerOutput[], now: Millis): readonly Output[] {
    return outputs.flatMap((output): readonly Output[] => {
      if (output.kind !== "post") return [output];
      const kid = this.#book.kidOf(output.peer);
      if (kid === undefined) return [];
      const frames = this.#cutter.cut(kid, output);
      return frames.flatMap((frame) => this.#outer.carry(frame, now));
    });
  }

  #leave({ ok, because }: OutputBody & { kind: "exit" }, now: Millis): readonly Output[] {
    const lost = this.#down(this.#inner.abandon(), now);
    this.#over = true;
    const why = because === undefined ? {} : { because };
    return [...lost, { kind: "exit", ok: ok && lost.length === 0, ...why }];
  }
}
