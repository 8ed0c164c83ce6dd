/** Inputs and outputs as lines of a transcript. */
import type { Address, Input, Output } from "../endpoint.ts";
import { lossyText } from "../kit/bytes.ts";

/** What is called how in a transcript. */
export interface Names {
  end(address: Address): string;
  /** What bytes on the wire are, in a few words; those that depend on keys do not belong there. */
  packet(bytes: Uint8Array): string;
}

/** For protocols whose packets have a type; the number is that of the bytes. */
export const byType =
  (typeOf: (packet: { readonly bytes: Uint8Array }) => string) =>
  (bytes: Uint8Array): string =>
    `${typeOf({ bytes })} (${bytes.length})`;
export const byLength = (bytes: Uint8Array): string => `${bytes.length} bytes`;

const mostOfText = 72;
const mostOfLog = 100;

function quoted(message: Uint8Array): string {
  const text = lossyText(message);
  if (text.length <= mostOfText) return JSON.stringify(text);
  return `${JSON.stringify(`${text.slice(0, mostOfText)}…`)} (${message.length} bytes)`;
}
const cut = (line: string): string =>
  line.length <= mostOfLog ? line : `${line.slice(0, mostOfLog)}…`;

function toWhom({ to, toAll }: Extract<Input, { kind: "send" }>): string {
  const all = toAll ?? (to === undefined ? [] : [to]);
  return all.length === 0 ? "" : ` to ${all.join(" and ")}`;
}

export function tellInput(input: Input, names: Names): string {
  switch (input.kind) {
    case "send":
      return `send ${quoted(input.message)}${toWhom(input)}`;
    case "datagram":
    case "chunk":
      return `${input.kind} ${names.packet(input.bytes)} from ${names.end(input.from)}`;
    case "connected":
    case "closed":
      return `${input.kind} ${names.end(input.peer)}`;
    default:
      return input.kind;
  }
}

export function tellOutput(output: Output, names: Names): string {
  const to = "to" in output && output.to !== undefined ? ` to ${names.end(output.to)}` : "";
  switch (output.kind) {
    case "transmit":
      return `transmit ${names.packet(output.bytes)}${to}`;
    case "ready":
      return output.messages === undefined ? "ready" : `ready for ${output.messages}`;
    case "submit":
      return `submit ${output.purpose} ${quoted(output.message)}`;
    case "deliver": {
      const purpose = output.purpose === "login" ? "login " : "";
      return `deliver ${purpose}${quoted(output.message)} from ${output.from ?? "its peer"}`;
    }
    case "confirm":
    case "give-up":
      return `${output.kind} ${quoted(output.message)}`;
    case "end":
      return `end of what ${output.from} says`;
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer ?? "anonymous"}`;
    case "reject":
      return `reject ${output.reason}`;
    case "log":
      return `log ${cut(output.line)}`;
    case "alarm":
      return `alarm ${output.text}`;
    case "ran-code":
      return `ran-code ${output.code}`;
    case "show":
      return `show ${quoted(output.value)}${to}`;
    case "negotiated":
      return `negotiated ${output.suite}`;
    case "close":
    case "connect":
      return `${output.kind}${to}`;
    case "exit":
      return `exit ${output.ok ? "ok" : `because ${output.because ?? "of nothing"}`}`;
  }
}
