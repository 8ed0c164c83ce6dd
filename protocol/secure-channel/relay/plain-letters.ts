/**
 * What is left without inner channels: messages are numbered, repeated and acknowledged between
 * users, but nothing protects them from the relay, which reads all and can write anything.
 */
import type { Millis, Principal } from "../../endpoint.ts";
import { decodeFrames, encodeFrames, type Frame } from "../frames.ts";
import { Inbox } from "../inbox.ts";
import { Outbox } from "../outbox.ts";
import { earliest, givenUp, type Inner, type InnerOutput, repeated } from "./inner.ts";
import { type Letter, ports } from "./mail.ts";

const dataHeaderBytes = 4;

interface Line {
  readonly outbox: Outbox;
  readonly inbox: Inbox;
}

export class PlainLetters implements Inner {
  readonly #room: number;
  readonly #lines = new Map<Principal, Line>();

  /** @param room bytes for frames in each letter. */
  constructor(room: number) {
    this.#room = room;
  }

  start(): readonly InnerOutput[] {
    return [];
  }

  send(to: Principal, message: Uint8Array, now: Millis): readonly InnerOutput[] {
    const line = this.#line(to);
    const fits = message.length <= this.#room - dataHeaderBytes;
    if (!fits || line.outbox.push(message) === undefined) return givenUp([message]);
    return this.#flush(to, line, now);
  }

  receive({ peer, port, again, bytes }: Letter, now: Millis): readonly InnerOutput[] {
    const frames = port === ports.answering ? decodeFrames(bytes) : undefined;
    if (frames === undefined) return [{ kind: "reject", reason: "malformed" }];
    const line = this.#line(peer);
    const out = frames.flatMap((frame) => handled(line, frame, peer));
    if (line.inbox.ackDue) out.push(this.#post(peer, line.inbox.ack()));
    const all = [...out, ...this.#flush(peer, line, now)];
    return again ? repeated(all) : all;
  }

  expire(now: Millis): readonly InnerOutput[] {
    return repeated([...this.#lines].flatMap(([peer, line]) => this.#flush(peer, line, now)));
  }

  deadline(): Millis | undefined {
    return earliest([...this.#lines.values()].map(({ outbox }) => outbox.deadline()));
  }

  abandon(): readonly InnerOutput[] {
    return givenUp([...this.#lines.values()].flatMap(({ outbox }) => outbox.abandon()));
  }

  stateSize(): number {
    return 0;
  }

  #line(peer: Principal): Line {
    let line = this.#lines.get(peer);
    if (line === undefined) {
      line = { outbox: new Outbox(this.#room, 0), inbox: new Inbox() };
      this.#lines.set(peer, line);
    }
    return line;
  }

  #flush(peer: Principal, { outbox }: Line, now: Millis): readonly InnerOutput[] {
    const posts = outbox.due(now).map((frame) => this.#post(peer, frame));
    return outbox.gaveUp ? [...posts, ...givenUp(outbox.abandon())] : posts;
  }

  #post(peer: Principal, frame: Frame): InnerOutput {
    const bytes = encodeFrames([frame], this.#room);
    return { kind: "post", peer, port: ports.answering, again: false, bytes };
  }
}

function handled({ inbox, outbox }: Line, frame: Frame, from: Principal): InnerOutput[] {
  if (frame.kind === "ack") {
    return outbox.acknowledged(frame).map((message) => ({ kind: "confirm", message }));
  }
  if (frame.kind !== "data") return [];
  return inbox.accept(frame).map(({ message }) => ({ kind: "deliver", message, from }));
}
