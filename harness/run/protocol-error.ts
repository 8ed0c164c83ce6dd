/** The protocol under test violates the interface: not an attack, but an error to report. */
export class ProtocolError extends Error {}
