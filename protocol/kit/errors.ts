/** Misuse by the local application, such as sending before the handshake ends. */
export class MisuseError extends Error {}

/** A bug in the lab or in a protocol, never the peer's doing. */
export class InvariantError extends Error {}
