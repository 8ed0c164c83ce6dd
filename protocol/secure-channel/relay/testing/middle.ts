/**
 * A relay that is each user to the other one: it answers for both, under a key of its own, which
 * it names as theirs where it is asked, and hands on what it likes.
 */
import type { Endpoint, Input, Millis, Output, Principal } from "../../../endpoint.ts";
import { lossyText, utf8 } from "../../../kit/bytes.ts";
import type { KeyPair } from "../../../kit/crypto.ts";
import { sharePair } from "../../edhoc/shares.ts";
import { FirstUseDirectory, unsigned } from "../first-use-directory.ts";
import { earliest, type InnerOutput } from "../inner.ts";
import { InnerChannels } from "../inner-channels.ts";
import { Cutter, Joiner, portOf, ports } from "../mail.ts";
import { curve } from "../parties.ts";
import type { RelayPlaybook } from "../playbook-settings.ts";
import { relayName } from "../secure-channel-relay.ts";
import { envOf, type Passing, type Rogue } from "./rogue.ts";

export class Middle implements Endpoint {
  readonly #play: RelayPlaybook;
  readonly #says: (words: string) => string;
  readonly #pair: KeyPair;
  readonly #known = new Map<Principal, FirstUseDirectory>();
  readonly #ends = new Map<Principal, InnerChannels>();
  readonly #joiner = new Joiner();
  readonly #cutter = new Cutter();

  /** @param says what it makes of a message. */
  constructor(play: RelayPlaybook, says: (words: string) => string) {
    this.#play = play;
    this.#says = says;
    const { book } = play.parties;
    const crypto = play.installation.crypto("middle");
    this.#pair = sharePair(crypto, curve);
    for (const self of ["alice", "bob"]) {
      const directory = new FirstUseDirectory(crypto, book);
      const env = { ...envOf(play, self, "user", "middle"), crypto };
      const own = unsigned(self, book.kidOf(self) ?? 0, this.#pair);
      const identity = { ...play.parties.identity(env), own, directory };
      this.#known.set(self, directory);
      this.#ends.set(self, new InnerChannels(env, identity, false));
    }
    // Where its timers run.
    play.endpoints.set("middle:0", this);
  }

  handle(_: Input, now: Millis): readonly Output[] {
    const due = [...this.#ends].flatMap(([self, end]) => this.#as(self, end.expire(now)));
    const relay = this.#play.endpoint(relayName) as Rogue;
    return due.flatMap((passing) => relay.tell(passing, now));
  }

  deadline(): Millis | undefined {
    return earliest([...this.#ends.values()].map((end) => end.deadline()));
  }

  tamper({ to, frame }: Passing, from: Principal): readonly Passing[] {
    const { port, again } = portOf(frame);
    if (port === ports.directory) {
      for (const directory of this.#known.values()) directory.hear(from, frame.inner);
      const peer = this.#play.parties.book.kidOf(to) ?? 0;
      const inner = to === from ? frame.inner : this.#pair.publicKey;
      return [{ to: from, frame: { ...frame, peer, inner } }];
    }
    const bytes = this.#joiner.accept(frame);
    if (bytes === undefined) return [];
    const letter = { peer: from, port, again, bytes };
    return this.#as(to, this.#ends.get(to)?.receive(letter, this.#play.now) ?? []);
  }

  #as(self: Principal, outputs: readonly InnerOutput[]): readonly Passing[] {
    return outputs.flatMap((output): readonly Passing[] => {
      if (output.kind === "post") {
        const peer = this.#play.parties.book.kidOf(self) ?? 0;
        const frames = this.#cutter.cut(peer, output);
        return frames.map((frame) => ({ to: output.peer, frame }));
      }
      if (output.kind !== "deliver" || output.from === undefined) return [];
      const words = utf8(this.#says(lossyText(output.message)));
      const said = this.#ends.get(output.from)?.send(self, words, this.#play.now) ?? [];
      return this.#as(output.from, said);
    });
  }
}
