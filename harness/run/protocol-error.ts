/** The protocol under test misuses the interface: not an attack, but a mistake to be told. */
export class ProtocolError extends Error {}
