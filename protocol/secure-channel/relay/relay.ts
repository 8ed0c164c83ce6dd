/**
 * The relay: a server that hands the pieces of one user to another. It joins nothing, keeps
 * nothing and repeats nothing: one record comes in, at most one goes out, also where it is asked
 * for a certificate. Who a piece is from it takes from the session, and not from the piece.
 */

import {
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type Principal,
  type RejectReason,
} from "../../endpoint.ts";
import type { Frame, RelayFrame } from "../frames.ts";
import type { Identity } from "../identity.ts";
import { Server } from "../server.ts";
import { answerTo } from "./fetching.ts";
import { type MailAddresses, portOf, ports } from "./mail.ts";

/** What users ask the relay for. */
export type Store = "keys" | "certificates" | "nothing";

export class Relay implements Endpoint {
  readonly #env: Env;
  readonly #book: MailAddresses;
  readonly #server: Server;
  readonly #arrived: { readonly frame: Frame; readonly from: Principal }[] = [];
  /** The last key that each user named; only where users ask for keys here. */
  readonly #keys: Map<Principal, Uint8Array> | undefined;
  /** Where users ask for certificates here. */
  readonly #certificates: Identity["directory"] | undefined;

  constructor(env: Env, identity: Identity, book: MailAddresses, store: Store) {
    this.#env = env;
    this.#book = book;
    this.#keys = store === "keys" ? new Map() : undefined;
    this.#certificates = store === "certificates" ? identity.directory : undefined;
    this.#server = new Server(env, identity, (frame, from) => this.#arrived.push({ frame, from }));
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "send") throw new MisuseError("the relay has nothing to say");
    const outputs = this.#server.handle(input, now).flatMap((output): readonly Output[] => {
      if (output.kind === "deliver") return rejected("unexpected");
      // The relay has no application to be ready for, and nothing happens that is worth a line.
      return output.kind === "ready" || output.kind === "log" ? [] : [output];
    });
    const arrived = this.#arrived.splice(0);
    return [...outputs, ...arrived.flatMap(({ frame, from }) => this.#pass(frame, from, now))];
  }

  deadline(): Millis | undefined {
    return this.#server.deadline();
  }

  stateSize(): number {
    return this.#server.stateSize();
  }

  #pass(frame: Frame, from: Principal, now: Millis): readonly Output[] {
    const peer = this.#book.kidOf(from);
    if (frame.kind !== "relay" || peer === undefined) return rejected("unexpected");
    const to = this.#book.nameOf(frame.peer);
    if (to === undefined || to === this.#env.self) return rejected("unknown-peer");
    const { port } = portOf(frame);
    if (port === ports.directory) return this.#tell(frame, from, to, now);
    if (port === ports.certificates) return this.#show(frame, from, to, now);
    if (port > ports.certificates) return rejected("malformed");
    const sent = to === from ? undefined : this.#server.carry({ ...frame, peer }, to, now);
    return sent ?? rejected("unknown-peer");
  }

  /** Takes the key of one user, and answers with that of another, or with nothing. */
  #tell(frame: RelayFrame, from: Principal, about: Principal, now: Millis): readonly Output[] {
    if (this.#keys === undefined) return rejected("unexpected");
    this.#keys.set(from, frame.inner);
    const inner = this.#keys.get(about) ?? new Uint8Array(0);
    return this.#server.carry({ ...frame, index: 0, last: 0, inner }, from, now) ?? [];
  }

  /** Answers with one piece of a certificate. */
  #show(frame: RelayFrame, from: Principal, about: Principal, now: Millis): readonly Output[] {
    if (this.#certificates === undefined) return rejected("unexpected");
    const { bytes } = this.#certificates.named(about)?.certificate ?? {};
    const inner = bytes && answerTo(frame.inner, bytes);
    if (inner === undefined) return rejected("malformed");
    return this.#server.carry({ ...frame, index: 0, last: 0, inner }, from, now) ?? [];
  }
}

const rejected = (reason: RejectReason): readonly Output[] => [{ kind: "reject", reason }];
