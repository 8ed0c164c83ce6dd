/**
 * Secure channels from user to user, one for each direction: the sender opens a channel as its
 * client and speaks in it; the other end, the server, acknowledges. Two who begin at the same time
 * simply have two channels, so there is nothing to resolve, and what one says to the other stays in
 * one channel and in order.
 *
 * A channel that was closed in peace is followed by another one when there is more to say. Where
 * something was given up, nothing follows: else it could arrive after what was said later.
 */
import type { Address, Env, Millis, Output, OutputBody, Principal } from "../../endpoint.ts";
import { equalBytes } from "../../kit/bytes.ts";
import { Client } from "../client.ts";
import type { Frame } from "../frames.ts";
import type { Identity } from "../identity.ts";
import { Server } from "../server.ts";
import { earliest, givenUp, type Inner, type InnerOutput, mostWaiting, repeated } from "./inner.ts";
import { type Letter, ports } from "./mail.ts";

/** Well before the server at the other end forgets a silent channel. */
const lingerMs = 60_000;

/** What we have to say to one user. */
interface Line {
  client: Client;
  phase: "opening" | "open" | "closing" | "failed";
  readonly waiting: Uint8Array[];
  /** Handed over to the channel, not confirmed. */
  readonly underWay: Uint8Array[];
}

/** Addresses of inner channels are names: they lead nowhere but to the relay. */
const suffix = ":0";
const addressOf = (name: Principal): Address => `${name}${suffix}`;
const nameAt = (address: Address): Principal => address.slice(0, -suffix.length);

export class InnerChannels implements Inner {
  readonly #env: Env;
  readonly #identity: Identity;
  readonly #receipts: boolean;
  readonly #server: Server;
  readonly #lines = new Map<Principal, Line>();

  /** @param receipts users read what they get at once, and say so. */
  constructor(env: Env, identity: Identity, receipts: boolean) {
    this.#env = env;
    this.#identity = identity;
    this.#receipts = receipts;
    this.#server = new Server(this.#innerEnv(), identity);
  }

  start(now: Millis): readonly InnerOutput[] {
    return this.#answered(this.#server.handle({ kind: "start" }, now), now);
  }

  send(to: Principal, message: Uint8Array, now: Millis): readonly InnerOutput[] {
    if (to === this.#env.self || this.#identity.directory.named(to) === undefined) {
      return givenUp([message]);
    }
    const line = this.#lines.get(to);
    if (line === undefined) return this.#open(to, [message], now);
    if (line.phase === "open") return this.#say(to, line, message, now);
    const full = line.waiting.length >= mostWaiting;
    if (full || line.phase === "failed") return givenUp([message]);
    line.waiting.push(message);
    return [];
  }

  receive(letter: Letter, now: Millis): readonly InnerOutput[] {
    const outputs = this.#receive(letter, now);
    return letter.again ? repeated(outputs) : outputs;
  }

  #receive({ peer, port, bytes }: Letter, now: Millis): readonly InnerOutput[] {
    const input = { kind: "datagram", bytes, from: addressOf(peer) } as const;
    if (port === ports.answering) return this.#answered(this.#server.handle(input, now), now);
    const line = port === ports.asking ? this.#lines.get(peer) : undefined;
    if (line === undefined) return [{ kind: "reject", reason: "unexpected" }];
    return this.#asked(peer, line, line.client.handle(input, now), now);
  }

  expire(now: Millis): readonly InnerOutput[] {
    const out: InnerOutput[] = [];
    for (const [peer, line] of this.#lines) {
      if ((line.client.deadline() ?? now + 1) > now) continue;
      // With nothing under way it is silence that has lasted too long.
      const silent = line.phase === "open" && line.underWay.length === 0;
      if (silent) line.phase = "closing";
      const due = this.#asked(peer, line, line.client.handle({ kind: "timeout" }, now), now);
      out.push(...(silent ? due : repeated(due)));
    }
    if ((this.#server.deadline() ?? now + 1) > now) return out;
    const due = this.#answered(this.#server.handle({ kind: "timeout" }, now), now);
    return [...out, ...repeated(due)];
  }

  deadline(): Millis | undefined {
    const lines = [...this.#lines.values()].map(({ client }) => client.deadline());
    return earliest([this.#server.deadline(), ...lines]);
  }

  abandon(): readonly InnerOutput[] {
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    return givenUp(lines.flatMap(({ underWay, waiting }) => [...underWay, ...waiting]));
  }

  stateSize(): number {
    return this.#server.stateSize();
  }

  #innerEnv(peer?: Principal): Env {
    const { self, role, crypto } = this.#env;
    const store = (name: string) => this.#env.store(name);
    const env = { self, role, address: addressOf(self), crypto, store };
    return peer === undefined ? env : { ...env, peer };
  }

  #open(to: Principal, waiting: Uint8Array[], now: Millis): readonly InnerOutput[] {
    const above = (frame: Frame): void => void this.#read.push(frame);
    const client = new Client(this.#innerEnv(to), this.#identity, { lingerMs, above });
    const line: Line = { client, phase: "opening", waiting, underWay: [] };
    this.#lines.set(to, line);
    return this.#asked(to, line, client.handle({ kind: "start" }, now), now);
  }

  /** Receipts that came while a client was at work. */
  readonly #read: Frame[] = [];

  #say(to: Principal, line: Line, message: Uint8Array, now: Millis): readonly InnerOutput[] {
    line.underWay.push(message);
    return this.#asked(to, line, line.client.handle({ kind: "send", message }, now), now);
  }

  /** What comes of a client of ours. */
  #asked(
    peer: Principal,
    line: Line,
    outputs: readonly Output[],
    now: Millis,
  ): readonly InnerOutput[] {
    const out: InnerOutput[] = outputs.flatMap((output) => {
      const { kind } = output;
      if (kind === "confirm" || kind === "give-up") forget(line.underWay, output.message);
      if (kind === "transmit") return [post(peer, ports.answering, output.bytes)];
      if (kind === "ready") return this.#opened(peer, line, now);
      return kind === "exit" ? this.#ended(peer, line, output.ok, now) : [output];
    });
    for (const frame of this.#read.splice(0)) {
      if (frame.kind !== "receipt") continue;
      out.push({ kind: "log", line: `what was said up to number ${frame.id} was read` });
    }
    return out;
  }

  #opened(peer: Principal, line: Line, now: Millis): readonly InnerOutput[] {
    line.phase = "open";
    return line.waiting.splice(0).flatMap((message) => this.#say(peer, line, message, now));
  }

  #ended(peer: Principal, line: Line, ok: boolean, now: Millis): readonly InnerOutput[] {
    const waiting = line.waiting.splice(0);
    const spoke = line.phase !== "opening";
    if (!ok && spoke) line.phase = "failed";
    else this.#lines.delete(peer);
    if (!ok) return givenUp(waiting);
    return waiting.length === 0 ? [] : this.#open(peer, waiting, now);
  }

  /** What comes of the server, which has a label for each session and an address for each reply. */
  #answered(outputs: readonly Output[], now: Millis): readonly InnerOutput[] {
    return outputs.flatMap((labelled): readonly InnerOutput[] => {
      const output = withoutLabel(labelled);
      if (output.kind === "ready") return [];
      if (output.kind === "transmit") {
        return [post(nameAt(output.to ?? ""), ports.asking, output.bytes)];
      }
      if (output.kind !== "deliver" || !this.#receipts) return [output];
      return [output, ...this.#answered(this.#server.read(output.from ?? "", now), now)];
    });
  }
}

const post = (peer: Principal, port: number, bytes: Uint8Array): InnerOutput => ({
  kind: "post",
  peer,
  port,
  again: false,
  bytes,
});

function withoutLabel(output: Output): OutputBody {
  const { session: _, ...body } = output;
  return body;
}

function forget(messages: Uint8Array[], message: Uint8Array): void {
  const index = messages.findIndex((m) => equalBytes(m, message));
  if (index >= 0) messages.splice(index, 1);
}
