/**
 * A playbook for endpoints: inputs (`>>`) go in, outputs (`<<`) are expected, and what differs is
 * shown as the conversation up to there. A test drives one endpoint by hand,
 *
 *     new Playbook(settings)
 *       .open("server").out("server", "log listening")
 *       .in("server", datagram(bytes, "mallory:6666")).out("server", "reject malformed");
 *
 * or opens a whole installation, lets it talk, and holds all of it against a list of lines:
 *
 *     new Playbook({ ...settings, network })
 *       .open("server").open("client").say("client", "hi").run()
 *       .goes(["server >> start", "client >> start", "client << transmit 5 bytes", …]);
 *
 * The idea is that of mitmproxy's playbook tests.
 */
import type { Address, Input, Millis } from "../endpoint.ts";
import { utf8 } from "../kit/bytes.ts";
import { Queries } from "./queries.ts";
import type { Expected, Step } from "./transcript.ts";

export type { Settings } from "./stage.ts";
export type { Expected } from "./transcript.ts";
export type { Arrival, Network, Packet, Sent } from "./wire.ts";

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? utf8(content) : content;
export const start: Input = { kind: "start" };
export const timeout: Input = { kind: "timeout" };
export const datagram = (content: Uint8Array | string, from: Address): Input => ({
  kind: "datagram",
  bytes: bytesOf(content),
  from,
});
export const chunk = (content: Uint8Array | string, from: Address): Input => ({
  kind: "chunk",
  bytes: bytesOf(content),
  from,
});
export const send = (content: Uint8Array | string): Input => ({
  kind: "send",
  message: bytesOf(content),
});

export class Playbook extends Queries {
  /** `>>`: hands over an input; `handle` does the same, and returns the outputs. */
  in(end: string, input: Input, now?: Millis): this {
    this.handle(end, input, now);
    return this;
  }

  /** `<<`: since the last time this end has put out these, and nothing else has come of it. */
  out(end: string, ...lines: readonly string[]): this {
    const prefix = `${this.#name(end)} << `;
    const isGiven = (step: Step): boolean => step.kind === "input" && step.isGiven;
    return this.#compare(
      lines.map((line) => prefix + line),
      isGiven,
      this.out,
    );
  }

  /** All that has happened since the last time, inputs and outputs, but for what is left out. */
  goes(lines: readonly Expected[], leavingOut?: RegExp): this {
    const isLeftOut = (step: Step): boolean =>
      leavingOut?.test(this.transcript.line(step)) === true;
    return this.#compare(lines, isLeftOut, this.goes);
  }

  /** What has happened so far is not held against anything. */
  skip(): this {
    this.transcript.skip();
    return this;
  }

  #compare(lines: readonly Expected[], isLeftOut: (step: Step) => boolean, caller: object): this {
    try {
      this.transcript.compare(lines, isLeftOut);
    } catch (error) {
      // The place in the test is where it failed.
      Error.captureStackTrace(error as Error, caller as () => void);
      throw error;
    }
    return this;
  }

  #name(end: string): string {
    return this.transcript.names.end(this.addressOf(end));
  }
}
