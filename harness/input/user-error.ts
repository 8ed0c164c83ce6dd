/**
 * Bad input or misuse, told to a person: the message is one line that names the place and says
 * what would be right. The command line prints it and ends with exit code 2.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}
