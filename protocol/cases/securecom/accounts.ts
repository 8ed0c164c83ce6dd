/** The user database, a CSV file on the server's disk, and what a login is compared with. */
import type { Credential, Principal } from "../../endpoint.ts";
import { concat, fromLatin1, latin1, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";

export const databaseName = "users.csv";
const header = "id,user_id,token";

export interface Account {
  /** `x01`, `x02`, … */
  readonly id: string;
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly token: Uint8Array;
}

/** What is hashed, and with `auth=password` sent: name, colon, password; no two users collide. */
export const loginText = ({ user, password }: Credential): Uint8Array =>
  concat(user, utf8(":"), password);

/** SHA-256 without salt or rounds, in hex: 64 bytes. It is stored, and it is also what is sent. */
export const tokenOf = (crypto: CryptoKit, login: Uint8Array): Uint8Array =>
  crypto.encode("hex", crypto.hash("sha256", login));

export function writeDatabase(crypto: CryptoKit, credentials: readonly Credential[]): Uint8Array {
  const rows = credentials.map((credential, i) => {
    const id = `x${String(i + 1).padStart(2, "0")}`;
    const fields = [utf8(id), credential.user, tokenOf(crypto, loginText(credential))];
    return fields.map(latin1).join(",");
  });
  return fromLatin1([header, ...rows, ""].join("\n"));
}

export function readDatabase(bytes: Uint8Array): readonly Account[] {
  const rows = latin1(bytes).split("\n").slice(1);
  return rows.flatMap((row) => {
    const [id, name, token] = row.split(",");
    if (id === undefined || name === undefined || token === undefined) return [];
    return [{ id, name, token: fromLatin1(token) }];
  });
}

/** In this lab Alice is the principal `alice`. A name without an account is no principal's. */
export const principalNamed = (name: string): Principal => name.toLowerCase();
export const nameOf = (principal: Principal): string =>
  principal.slice(0, 1).toUpperCase() + principal.slice(1);
