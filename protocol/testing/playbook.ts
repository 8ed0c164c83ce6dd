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
import type { Address, Claim, Input, Millis, Output } from "../endpoint.ts";
import { lossyText, utf8 } from "../kit/bytes.ts";
import { Course } from "./course.ts";
import { tellOutput } from "./tell.ts";
import type { Expected, Step } from "./transcript.ts";
import type { Sent } from "./wire.ts";

export type { Settings } from "./stage.ts";
export type { Expected } from "./transcript.ts";
export type { Arrival, Network, Packet, Sent } from "./wire.ts";

type Kind = Output["kind"];
type OutputOf<K extends Kind> = Extract<Output, { readonly kind: K }>;
type ClaimOf<K extends Claim["kind"]> = Extract<Claim, { readonly kind: K }>;

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

export class Playbook extends Course {
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

  /** Lines of the transcript: all, or those of one end. */
  lines(end?: string): readonly string[] {
    const at = end === undefined ? undefined : this.addressOf(end);
    const { steps } = this.transcript;
    const those = at === undefined ? steps : steps.filter((step) => step.at === at);
    return those.map((step) => this.transcript.line(step));
  }

  /** Outputs as lines that do not say whose they are. */
  tell(outputs: readonly Output[]): readonly string[] {
    return outputs.map((output) => tellOutput(output, this.transcript.names));
  }

  /** All outputs in order, and whose they are. */
  get outputs(): readonly { readonly at: Address; readonly output: Output }[] {
    return this.transcript.steps.filter((step) => step.kind === "output");
  }

  /** The outputs of one kind that one end has put out. */
  said<K extends Kind>(end: string, kind: K): readonly OutputOf<K>[] {
    const at = this.addressOf(end);
    return this.outputs.flatMap(({ at: by, output }) =>
      by === at && output.kind === kind ? [output as OutputOf<K>] : [],
    );
  }

  /** What one end delivered, confirmed or gave up, in full; logins are no messages. */
  texts(end: string, kind: "deliver" | "confirm" | "give-up"): readonly string[] {
    return this.said(end, kind).flatMap((output) =>
      "purpose" in output && output.purpose === "login" ? [] : [lossyText(output.message)],
    );
  }

  /** The claims of one end: all, or those of one kind. */
  claims<K extends Claim["kind"] = Claim["kind"]>(end: string, kind?: K): readonly ClaimOf<K>[] {
    return this.said(end, "claim").flatMap(({ claim }) =>
      kind === undefined || claim.kind === kind ? [claim as ClaimOf<K>] : [],
    );
  }

  /** How an end has ended: `exit …`, `crash …`, or `waits` for one that has not. */
  fate(end: string): string {
    return this.ended.get(this.addressOf(end)) ?? "waits";
  }

  /** The same of all ends that have a name. */
  get fates(): Readonly<Record<string, string>> {
    const names = Object.keys(this.settings.ends ?? {});
    return Object.fromEntries(names.map((name) => [name, this.fate(name)]));
  }

  /** What was put on the wire, in order: all, or from one end, or from one to another. */
  packets(from?: string, to?: string): readonly Sent[] {
    return this.wire.sent.filter(
      (packet) =>
        (from === undefined || packet.from === this.addressOf(from)) &&
        (to === undefined || packet.to === this.addressOf(to)),
    );
  }
}
