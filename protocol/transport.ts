/**
 * What carries bytes between two addresses. A protocol names its transport; whatever depends on
 * it, in the network, in the moves and in the judges, reads one of these traits and never the name.
 * Another transport is one more entry below.
 *
 * None of the traits is security. An attacker on the path sits below them: on a reliable transport
 * too it suppresses, changes and inserts what is sent, and the two ends see nothing of it.
 */
export type Transport = Connectionless | MessageConnection | ByteConnection;

interface Traits {
  /** The network by itself loses nothing, doubles nothing, and takes any length. */
  readonly reliable: boolean;
  /** Nothing overtakes what was sent earlier from the same address to the same address. */
  readonly ordered: boolean;
  /** What is sent in one piece arrives in one piece. Otherwise only the bytes and their order do. */
  readonly keepsMessages: boolean;
  /**
   * There has to be a connection before anything can be sent. So whoever sends has shown that the
   * address is its own, and only an attacker on the path can use another one; nothing reaches
   * several at once; and the connection may end at any time, which both ends are told. What
   * arrives is a `chunk`. Without connections it is a `datagram`.
   */
  readonly connected: boolean;
}
interface Connectionless extends Traits {
  readonly connected: false;
  readonly ordered: false;
  readonly keepsMessages: true;
}
interface MessageConnection extends Traits {
  readonly connected: true;
  readonly keepsMessages: true;
}
/** Bytes make sense only if all of them come, and in their order. */
interface ByteConnection extends Traits {
  readonly connected: true;
  readonly keepsMessages: false;
  readonly reliable: true;
  readonly ordered: true;
}

export const transports = {
  /** UDP. */
  datagram: { reliable: false, ordered: false, keepsMessages: true, connected: false },
  /** TCP. */
  stream: { reliable: true, ordered: true, keepsMessages: false, connected: true },
  /** WebSocket, SCTP: each message arrives whole, in its turn. */
  messages: { reliable: true, ordered: true, keepsMessages: true, connected: true },
} as const satisfies Readonly<Record<string, Transport>>;

export type TransportName = keyof typeof transports;
export const transportNames = Object.keys(transports) as readonly TransportName[];

/** The traits of the transport that a protocol runs over. */
export const transportOf = (protocol: { readonly transport: TransportName }): Transport =>
  transports[protocol.transport];
