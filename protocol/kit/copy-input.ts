import type { Input } from "../endpoint.ts";

/** @returns the input with bytes of its own: code may change what it was given. */
export function ownInput(input: Input): Input {
  switch (input.kind) {
    case "datagram":
    case "chunk":
      return { kind: input.kind, bytes: input.bytes.slice(), from: input.from };
    case "send":
      return { ...input, message: input.message.slice() };
    case "shown":
      return { ...input, value: input.value.slice() };
    default:
      return input;
  }
}
