/** The protocol under test violates the interface: not an attack, but an error to report. */
export class ProtocolError extends Error {
  /** The role whose endpoint did it, if one did. */
  readonly role: string | undefined;

  constructor(message: string, role?: string) {
    super(message);
    this.role = role;
  }
}
