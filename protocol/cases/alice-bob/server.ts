/**
 * Alice: she waits for a client, serves the first one that comes, and ends with it.
 *
 * | state     | input                      | what she does; next state                     |
 * |-----------|----------------------------|-----------------------------------------------|
 * | –         | start                      | writes her port to a file; `waiting`          |
 * | `waiting` | a client connects          | key to them; `serving`                        |
 * | `serving` | bytes of that client       | see conversation.ts                           |
 * | `serving` | another client connects    | nothing: they stay in the queue of the socket |
 * | `serving` | the client's end is closed | exit                                          |
 *
 * With `framing=lengths` she serves all clients side by side, and does not end with any of them.
 */
import {
  type Address,
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import { Conversation } from "./conversation.ts";
import { type Dealt, port, type Settings } from "./settings.ts";

/** So many may be connected without having shown that they hold a key; then the oldest has to go. */
const mostStrangers = 16;

export class Server implements Endpoint {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #dealt: Dealt;
  readonly #conversations = new Map<Address, Conversation>();

  constructor(env: Env, settings: Settings, dealt: Dealt) {
    this.#env = env;
    this.#settings = settings;
    this.#dealt = dealt;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "start":
        this.#env.store("port").write(utf8(`${port}`));
        return [{ kind: "log", line: "listening" }];
      case "connected":
        return labelled(input.peer, this.#onConnected(input.peer, now));
      case "chunk": {
        const conversation = this.#conversations.get(input.from);
        return labelled(input.from, conversation?.read(input.bytes, now) ?? []);
      }
      case "closed":
        if (!this.#conversations.delete(input.peer) || this.#settings.framed) return [];
        return [{ kind: "exit", ok: true }];
      default:
        throw new MisuseError(`a server takes no ${input.kind}`);
    }
  }

  /** Unauthenticated connections. */
  stateSize(): number {
    return this.#strangers().length;
  }

  #strangers(): readonly Address[] {
    return [...this.#conversations].flatMap(([peer, c]) => (c.proven ? [] : [peer]));
  }

  #onConnected(peer: Address, now: Millis): readonly OutputBody[] {
    if (!this.#settings.framed && this.#conversations.size > 0) return [];
    const conversation = new Conversation(this.#env, this.#settings, this.#dealt, peer, now);
    this.#conversations.set(peer, conversation);
    return [...this.#makeRoom(), ...conversation.open()];
  }

  #makeRoom(): readonly OutputBody[] {
    const [oldest, ...others] = this.#strangers();
    if (oldest === undefined || others.length < mostStrangers) return [];
    this.#conversations.delete(oldest);
    return [{ kind: "close", to: oldest }];
  }
}

const labelled = (session: Address, outputs: readonly OutputBody[]): readonly Output[] =>
  outputs.map((output) => ({ ...output, session }));
