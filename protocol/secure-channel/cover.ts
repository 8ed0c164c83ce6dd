/**
 * One record at every beat, whether there is something to say or not: then neither when nor how
 * much is said can be seen, only that the session is open. Padding alone hides only how long each
 * message is.
 *
 * The price is delay, of half a beat on average, and a bound on how much can be said. The beat must
 * not follow the traffic: it is fixed beforehand and is the same for all.
 */
import type { Millis } from "../endpoint.ts";
import { type Frame, frameBytes } from "./frames.ts";

export class CoverSchedule {
  readonly #beatMs: Millis;
  readonly #room: number;
  #nextMs: Millis;
  /** A message that is sent again while it waits here is the same frame: it waits once. */
  readonly #waiting = new Set<Frame>();

  /**
   * @param beatMs time from record to record.
   * @param room bytes for frames in one record.
   */
  constructor(beatMs: Millis, room: number, now: Millis) {
    this.#beatMs = beatMs;
    this.#room = room;
    this.#nextMs = now + beatMs;
  }

  /** How many frames wait for a beat. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Frames to be sent when their turn comes. A newer acknowledgement takes an older one's place. */
  offer(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.kind === "ack") this.#forgetAck();
      this.#waiting.add(frame);
    }
  }

  /** When the next record goes out. */
  deadline(): Millis {
    return this.#nextMs;
  }

  /**
   * @returns the frames of the record to send now, possibly none: it is sent all the same;
   *   `undefined` if it is not time yet. Beats that were missed are not made up for: a burst would
   *   say that something had happened.
   */
  due(now: Millis): readonly Frame[] | undefined {
    if (now < this.#nextMs) return undefined;
    const missed = Math.floor((now - this.#nextMs) / this.#beatMs);
    this.#nextMs += (missed + 1) * this.#beatMs;
    const frames: Frame[] = [];
    let left = this.#room;
    for (const frame of this.#waiting) {
      const size = frameBytes(frame);
      // What does not fit waits; a shorter one behind it may go first, but nothing waits for ever.
      if (size > left) continue;
      left -= size;
      frames.push(frame);
      this.#waiting.delete(frame);
    }
    return frames;
  }

  #forgetAck(): void {
    for (const frame of this.#waiting) if (frame.kind === "ack") this.#waiting.delete(frame);
  }
}
