/**
 * Where the client of a session is. A NAT that has forgotten a client gives it another address in
 * the middle of a session, and tells neither end.
 *
 * A genuine record shows who made it, and not where it was made: an on-path attacker can copy it,
 * and send the copy first, from any address. So it only makes the server ask, there and where the
 * client was. Everything else goes to the latter, until the answer comes from where the question
 * went. A newer record from where the client was shows that it is there still.
 *
 * Nothing here has a timer. Where a question or an answer is lost, the next record from there makes
 * the server ask again: an unvalidated address is sent no more than comes from it. An answer alone
 * makes it ask nothing, or two addresses of one client could keep it asking for ever.
 *
 * An attacker that also relays the question to the client, and is always first with what the client
 * says, can have the session sent to itself. It could as well drop everything, and has the session
 * only until it falls behind: the client's next record brings the session back.
 *
 * @see RFC 9000 §8.2, §9.1 and §9.3
 */
import type { Address, Millis } from "../endpoint.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { type Frame, tokenBytes } from "./frames.ts";

/** An address is asked at once, and then no sooner than after 0.5 s, 0.75 s, … */
const waitMs = (tries: number): Millis => 500 * 1.5 ** (tries - 1);
/** So often in a row; then it is left in peace for a while. */
export const pathTries = 7;
export const pathRestMs = 60_000;

/** What is known of the way of a record that has verified. */
export interface PathArrival {
  readonly from: Address;
  /** None came before that was sent later. */
  readonly isNewest: boolean;
  readonly frames: readonly Frame[];
}

/** The one question that is open. */
interface Asked {
  readonly address: Address;
  readonly token: Uint8Array;
  readonly tries: number;
  /** When it may be asked again. */
  readonly againMs: Millis;
}

export class Path {
  readonly #crypto: CryptoKit;
  #address: Address;
  #asked: Asked | undefined;

  /** @param address has been shown to be the client's. */
  constructor(crypto: CryptoKit, address: Address) {
    this.#crypto = crypto;
    this.#address = address;
  }

  /** Where everything goes, but for the challenges. */
  get address(): Address {
    return this.#address;
  }

  /**
   * Takes note of where a genuine record came from.
   * @returns the 8 bytes to challenge that address with, now; mostly there is nothing to ask.
   */
  arrived({ from, isNewest, frames }: PathArrival, now: Millis): Uint8Array | undefined {
    if (from === this.#address) {
      // What was sent before the client moved may come after that.
      if (isNewest) this.#asked = undefined;
      return undefined;
    }
    const asked = this.#asked?.address === from ? this.#asked : undefined;
    if (asked !== undefined && frames.some((f) => this.#answers(f, asked))) {
      this.#address = from;
      this.#asked = undefined;
      return undefined;
    }
    const isAnswer = frames.length > 0 && frames.every((f) => f.kind === "path-response");
    const isSoon = asked !== undefined && now < asked.againMs;
    if (!isNewest || isAnswer || isSoon) return undefined;
    return this.#ask(from, asked?.tries ?? 0, now);
  }

  #answers(frame: Frame, { token }: Asked): boolean {
    return frame.kind === "path-response" && this.#crypto.equal(frame.token, token);
  }

  /** Each time with another token: RFC 9000 §8.2.1. */
  #ask(address: Address, before: number, now: Millis): Uint8Array {
    const token = this.#crypto.random(tokenBytes);
    const tries = before < pathTries ? before + 1 : 1;
    const againMs = now + (tries < pathTries ? waitMs(tries) : pathRestMs);
    this.#asked = { address, token, tries, againMs };
    return token;
  }
}
