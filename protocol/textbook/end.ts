/** One end of a handshake that leads to sealed records: what the textbook's protocols share. */
import type { Address, Env, Millis, OutputBody, Principal, RoleSpec } from "../endpoint.ts";
import { finished, type Party, type Result } from "./party.ts";
import { type DirectionKeys, directionKeys, Records, type RecordsOptions } from "./records.ts";

export type Part = "initiator" | "responder";

/** Alice initiates, and Bob responds to every initiator. */
export const initiatorAndResponder = (port: number): readonly RoleSpec[] => [
  { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
  { name: "responder", principals: ["bob"], process: "service", port },
];

export abstract class End implements Party {
  done = false;
  protected readonly env: Env;
  readonly #part: Part;
  #records: Records | undefined;

  constructor(env: Env) {
    this.env = env;
    this.#part = env.role === "initiator" ? "initiator" : "responder";
  }

  /** Takes whatever comes before the session is open. */
  protected abstract handshake(bytes: Uint8Array, from: Address): Result;

  receive(bytes: Uint8Array, _now: Millis, from: Address): Result {
    return this.#records?.deliver(bytes) ?? this.handshake(bytes, from);
  }

  send(content: Uint8Array): readonly OutputBody[] {
    return this.#records?.transmit(content) ?? [];
  }

  protected get part(): Part {
    return this.#part;
  }

  protected get otherPart(): Part {
    return this.#part === "initiator" ? "responder" : "initiator";
  }

  /** Two values as initiator and responder have them, given as own and the other's. */
  protected inOrder<T>(own: T, theirs: T): readonly [T, T] {
    return this.#part === "initiator" ? [own, theirs] : [theirs, own];
  }

  /** From here on, records under keys from `key`. */
  protected finish(
    peer: Principal,
    key: Uint8Array,
    about: Partial<RecordsOptions> = {},
    keys: DirectionKeys = directionKeys(this.env.crypto, key),
    agreed: Uint8Array = key,
  ): readonly OutputBody[] {
    const [receive, send] = this.inOrder(keys.toInitiator, keys.toResponder);
    this.#records = new Records({ crypto: this.env.crypto, peer, send, receive, ...about });
    this.done = true;
    return finished(peer, key, agreed);
  }
}
