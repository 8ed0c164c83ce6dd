/**
 * Bad input or misuse, reported to the user: the message is one line that names the place and says
 * what would be right. The command line prints it and ends with exit code 2.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}
