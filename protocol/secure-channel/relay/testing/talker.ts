/** Mallory, as a user who tells the relay what it likes. */
import type { Output } from "../../../endpoint.ts";
import { utf8 } from "../../../kit/bytes.ts";
import { Client } from "../../client.ts";
import type { Frame } from "../../frames.ts";
import type { RelayPlaybook } from "../playbook-settings.ts";
import { relayName } from "../secure-channel-relay.ts";
import { envOf } from "./rogue.ts";

export class Talker {
  readonly #play: RelayPlaybook;
  readonly #client: Client;

  constructor(play: RelayPlaybook) {
    this.#play = play;
    const env = { ...envOf(play, "mallory", "user", "talker"), peer: relayName };
    this.#client = new Client(env, play.parties.identity(env));
    play.endpoints.set(env.address, this.#client);
    play.in("mallory", { kind: "start" }).run(1_000);
  }

  /** @returns what the relay makes of it; where it is sent on, it is under way. */
  tell(frame: Frame): readonly Output[] {
    return this.#arrive(this.#client.carry(frame, this.#play.now));
  }

  send(words: string): readonly Output[] {
    const input = { kind: "send", message: utf8(words) } as const;
    return this.#arrive(this.#client.handle(input, this.#play.now));
  }

  #arrive(outputs: readonly Output[]): readonly Output[] {
    return outputs.flatMap((output) =>
      output.kind === "transmit"
        ? this.#play.inject({ from: "mallory", to: relayName, bytes: output.bytes })
        : [],
    );
  }
}
