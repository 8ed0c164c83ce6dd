/**
 * The server: one conversation at a time, with any sender; the program ends with it. With
 * `errors=discard` it has one for each address, and goes on.
 *
 * The original sleeps a second before and a second after it sends its point. Datagrams that come
 * meanwhile wait in the socket's buffer and are taken in the same order, so that no sleep is
 * modelled here.
 */

import {
  type Address,
  type Endpoint,
  type Env,
  type Input,
  MisuseError,
  type Output,
  type OutputBody,
} from "../../endpoint.ts";
import { Conversation, type Installation } from "./conversation.ts";
import { Uncaught } from "./handshake.ts";

/** With `errors=discard`: how many unauthenticated handshakes may be open. The oldest goes. */
const mostPending = 16;

interface Kept {
  readonly conversation: Conversation;
  readonly label: string;
}

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #installation: Installation;
  readonly #only: Conversation;
  readonly #byClient = new Map<Address, Kept>();
  #opened = 0;

  constructor(env: Env, installation: Installation) {
    this.#env = env;
    this.#installation = installation;
    this.#only = new Conversation(env, installation);
  }

  handle(input: Input): readonly Output[] {
    if (input.kind === "start") return [log("starting"), log("up, waiting for a client")];
    if (input.kind !== "datagram") throw new MisuseError(`a server takes no ${input.kind}`);
    if (this.#installation.settings.discards) return this.#sort(input.bytes, input.from);
    const outputs = this.#only.take(input.bytes, input.from);
    // The label keeps the session in one piece, however many senders its datagrams have.
    return outputs.map((output) => ({ ...output, session: this.#only.client }));
  }

  /** One slot for one client, and any sender's first datagram takes it. */
  stateSize(): number {
    return this.#only.pending ? 1 : this.#pending().length;
  }

  #pending(): readonly Address[] {
    return [...this.#byClient].flatMap(([from, kept]) => (kept.conversation.pending ? [from] : []));
  }

  /** To the conversation with this address; nothing that it cannot use leaves a trace. */
  #sort(bytes: Uint8Array, from: Address): readonly Output[] {
    const known = this.#byClient.get(from);
    const { conversation, label } = known ?? {
      conversation: new Conversation(this.#env, this.#installation),
      // A second conversation with an address must not pass for the first one going on.
      label: `${from} (${this.#opened + 1})`,
    };
    let outputs: readonly OutputBody[];
    try {
      outputs = conversation.take(bytes, from);
    } catch (error) {
      if (error instanceof Uncaught) return [{ kind: "reject", reason: "malformed" }];
      throw error;
    }
    if (known === undefined) this.#keep(from, { conversation, label });
    if (conversation.ended) this.#byClient.delete(from);
    return outputs.map((output) => ({ ...output, session: label }));
  }

  #keep(from: Address, kept: Kept): void {
    this.#opened++;
    const pending = this.#pending();
    if (pending.length >= mostPending) this.#byClient.delete(pending[0] ?? from);
    this.#byClient.set(from, kept);
  }
}

const log = (line: string): Output => ({ kind: "log", line });
