/** The guarded call of an endpoint. */
import type { Input, Millis, Output } from "../../protocol/endpoint.ts";
import type { Process } from "./processes.ts";
import { ProtocolError } from "./protocol-error.ts";

/** What came of handing an input to an endpoint. */
export type Handled =
  | { readonly ok: true; readonly outputs: readonly Output[] }
  | { readonly ok: false; readonly because: string };

const outputKinds: ReadonlySet<string> = new Set<Output["kind"]>([
  "transmit",
  "ready",
  "submit",
  "deliver",
  "confirm",
  "give-up",
  "end",
  "claim",
  "reject",
  "log",
  "alarm",
  "ran-code",
  "negotiated",
  "show",
  "close",
  "connect",
  "exit",
]);

/**
 * Calls the endpoint. An exception is a crash of the process, as the original program would have
 * crashed; a result that does not fit the interface is an error of the protocol's author.
 */
export function handleInput(process: Process, input: Input, now: Millis): Handled {
  let outputs: unknown;
  try {
    outputs = process.endpoint.handle(input, now);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, because: message.split("\n", 1)[0] as string };
  }
  checkOutputs(process, input, outputs);
  return { ok: true, outputs: outputs as readonly Output[] };
}

const callOf = (process: Process, input: Input): string =>
  `${process.spec.name}.handle({ kind: "${input.kind}" })`;

function checkOutputs(process: Process, input: Input, outputs: unknown): void {
  if (typeof outputs === "object" && outputs !== null && "then" in outputs) {
    throw new ProtocolError(
      `${callOf(process, input)} is async and must not be: nothing in a run waits, so it has to return its outputs at once`,
    );
  }
  if (!Array.isArray(outputs)) {
    throw new ProtocolError(
      `${callOf(process, input)} must return an array of outputs, not ${typeof outputs}`,
    );
  }
  for (const output of outputs) {
    const kind: unknown = output?.kind;
    if (typeof kind !== "string" || !outputKinds.has(kind)) {
      throw new ProtocolError(
        `${callOf(process, input)} returned an output of unknown kind ${JSON.stringify(kind)}`,
      );
    }
    const bytes = notBytesIn(output);
    if (bytes !== undefined) {
      throw new ProtocolError(
        `${callOf(process, input)} returned "${kind}" whose ${bytes} is not a Uint8Array`,
      );
    }
  }
}

/** @returns the field that should hold bytes and does not. */
function notBytesIn(output: Output): "bytes" | "message" | "value" | undefined {
  switch (output.kind) {
    case "transmit":
      return output.bytes instanceof Uint8Array ? undefined : "bytes";
    case "submit":
    case "deliver":
    case "confirm":
    case "give-up":
      return output.message instanceof Uint8Array ? undefined : "message";
    case "show":
      return output.value instanceof Uint8Array ? undefined : "value";
    default:
      return undefined;
  }
}
