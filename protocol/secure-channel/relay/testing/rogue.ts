/** A malicious relay: it has the relay's keys, and does with frames what it likes. */
import type { Endpoint, Env, Input, Millis, Output, Principal } from "../../../endpoint.ts";
import type { Playbook } from "../../../testing/playbook.ts";
import type { Frame, RelayFrame } from "../../frames.ts";
import { Server } from "../../server.ts";
import type { Parties } from "../parties.ts";
import { relayName } from "../secure-channel-relay.ts";

/** A frame on its way through the relay; `peer` is the sender that the receiver is told. */
export interface Passing {
  readonly to: Principal;
  readonly frame: RelayFrame;
}
/** What a malicious relay makes of a frame that an honest one would pass on. */
export type Tamper = (passing: Passing, from: Principal, index: number) => readonly Passing[];

/** The surroundings of a process that the adversary runs in the name of `self`. */
export function envOf(play: Playbook, self: Principal, role: string, label: string): Env {
  return {
    self,
    role,
    address: play.addressOf(self),
    crypto: play.installation.crypto(label),
    store: () => {
      throw new Error("no stores");
    },
  };
}

export class Rogue implements Endpoint {
  readonly #parties: Parties;
  readonly #server: Server;
  readonly #tamper: Tamper;
  readonly #arrived: { readonly frame: Frame; readonly from: Principal }[] = [];
  /** All that it got to see. */
  readonly seen: RelayFrame[] = [];

  constructor(play: Playbook, parties: Parties, tamper: Tamper) {
    this.#parties = parties;
    this.#tamper = tamper;
    const env = envOf(play, relayName, "relay", play.addressOf(relayName));
    this.#server = new Server(env, parties.identity(env), (frame, from) => {
      this.#arrived.push({ frame, from });
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    const { book } = this.#parties;
    const outputs = [...this.#server.handle(input, now)];
    for (const { frame, from } of this.#arrived.splice(0)) {
      const peer = book.kidOf(from);
      const to = frame.kind === "relay" ? book.nameOf(frame.peer) : undefined;
      if (frame.kind !== "relay" || peer === undefined || to === undefined) continue;
      const index = this.seen.push(frame) - 1;
      const passed = this.#tamper({ to, frame: { ...frame, peer } }, from, index);
      for (const p of passed) outputs.push(...this.tell(p, now));
    }
    return outputs;
  }

  /** Sends a user any frame. */
  tell({ to, frame }: Passing, now: Millis): readonly Output[] {
    return this.#server.carry(frame, to, now) ?? [];
  }

  deadline(): Millis | undefined {
    return this.#server.deadline();
  }
}
