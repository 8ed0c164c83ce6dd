/** What a test asks of a conversation, once it is over or on its way. */
import type { Address, Claim, Output } from "../endpoint.ts";
import { lossyText } from "../kit/bytes.ts";
import { Course } from "./course.ts";
import { tellOutput } from "./tell.ts";
import type { Sent } from "./wire.ts";

type Kind = Output["kind"];
type OutputOf<K extends Kind> = Extract<Output, { readonly kind: K }>;
type ClaimOf<K extends Claim["kind"]> = Extract<Claim, { readonly kind: K }>;

export class Queries extends Course {
  /** Lines of the transcript: all, or those of one end. */
  lines(end?: string): readonly string[] {
    const at = end === undefined ? undefined : this.addressOf(end);
    const { steps } = this.transcript;
    const those = at === undefined ? steps : steps.filter((step) => step.at === at);
    return those.map((step) => this.transcript.line(step));
  }

  /** What applications and judges see, as lines: no inputs, packets, rejections or logs. */
  get events(): readonly string[] {
    const unseen: readonly Kind[] = ["transmit", "reject", "log"];
    const { steps } = this.transcript;
    return steps
      .filter(
        (step) =>
          step.kind === "crash" || (step.kind === "output" && !unseen.includes(step.output.kind)),
      )
      .map((step) => this.transcript.line(step));
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
