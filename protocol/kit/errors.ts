/** Misuse by the local application, such as sending before the handshake ends. */
export class MisuseError extends Error {}

/** A bug in the lab or in a protocol, never the peer's doing. */
export class InvariantError extends Error {}

/** Ends a switch over a union that must name every kind: a forgotten one does not compile. */
export function unreachable(value: never): never {
  throw new InvariantError(`a kind that is not known here: ${JSON.stringify(value)}`);
}
