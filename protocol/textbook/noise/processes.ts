/**
 * Conversations as processes: those of the textbook, with the time that an application is given to
 * say something.
 */
import type { Input, Millis, Output, OutputBody } from "../../endpoint.ts";
import { Client, Service } from "../party.ts";
import type { Conversation } from "./conversation.ts";

const isDue = ({ deadline }: Conversation, now: Millis): boolean =>
  deadline !== undefined && deadline <= now;

export class NoiseClient extends Client {
  readonly #conversation: Conversation;

  constructor(conversation: Conversation) {
    super(conversation);
    this.#conversation = conversation;
  }

  override handle(input: Input, now: Millis): readonly Output[] {
    const isOwn = input.kind === "timeout" && isDue(this.#conversation, now);
    return isOwn ? this.#conversation.timeout() : super.handle(input, now);
  }

  override deadline(): Millis {
    return Math.min(super.deadline(), this.#conversation.deadline ?? Infinity);
  }
}

const labelled = (output: OutputBody, session: string): Output =>
  output.kind === "transmit" ? { ...output, session, to: session } : { ...output, session };

export class NoiseService extends Service {
  /** Those that wait for their application. */
  readonly #waiting: Set<Conversation>;

  constructor(open: () => Conversation) {
    const waiting = new Set<Conversation>();
    super(() => {
      const conversation = open();
      waiting.add(conversation);
      return conversation;
    });
    this.#waiting = waiting;
  }

  override handle(input: Input, now: Millis): readonly Output[] {
    const outputs = input.kind === "timeout" ? this.#timeout(now) : super.handle(input, now);
    for (const conversation of this.#waiting) {
      const isDiscarded = conversation.address === undefined;
      if (conversation.done || isDiscarded) this.#waiting.delete(conversation);
    }
    return outputs;
  }

  deadline(): Millis | undefined {
    const due = [...this.#waiting].map((c) => c.deadline ?? Infinity);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  #timeout(now: Millis): readonly Output[] {
    const due = [...this.#waiting].filter((c) => isDue(c, now));
    return due.flatMap((c) => c.timeout().map((output) => labelled(output, c.address ?? "")));
  }
}
