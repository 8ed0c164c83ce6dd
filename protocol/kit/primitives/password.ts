/** Password hashing: functions that are slow on purpose. */
import { argon2id } from "@noble/hashes/argon2.js";
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { MisuseError } from "../errors.ts";
import { bcryptHash } from "./bcrypt.ts";
import type { HashName } from "./hash.ts";

/** Which function, and how much work. `length` counts the bytes of output, where they vary. */
export type PasswordHash =
  /** RFC 7914. `N` is a power of two; memory is 128 · N · r bytes. */
  | {
      readonly kind: "scrypt";
      readonly N: number;
      readonly r: number;
      readonly p: number;
      readonly length: number;
    }
  /** RFC 9106, version 1.3. */
  | {
      readonly kind: "argon2id";
      readonly iterations: number;
      readonly memoryKiB: number;
      readonly lanes: number;
      readonly length: number;
    }
  /** RFC 8018 §5.2, with HMAC. */
  | {
      readonly kind: "pbkdf2";
      readonly hash: HashName;
      readonly iterations: number;
      readonly length: number;
    }
  /** 23 bytes, without what `bcryptText` puts around them; the salt has 16 bytes. */
  | { readonly kind: "bcrypt"; readonly cost: number };

const functions = { md5, sha1, sha256, sha384, sha512 } as const;

/**
 * @param password any length. @param salt any length; Argon2id wants 8 bytes or more,
 *   and bcrypt 16.
 * @returns `how.length` bytes; 23 from bcrypt.
 * @throws MisuseError if the parameters are outside what the function is defined for.
 */
export function hashPassword(
  how: PasswordHash,
  password: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  try {
    return derive(how, password, salt);
  } catch (error) {
    // Nothing here depends on the values of password and salt, only on lengths and parameters.
    throw new MisuseError(`${how.kind}: ${String(error)}`, { cause: error });
  }
}

function derive(how: PasswordHash, password: Uint8Array, salt: Uint8Array): Uint8Array {
  if (how.kind === "bcrypt") return bcryptHash(how.cost, password, salt);
  const dkLen = how.length;
  switch (how.kind) {
    case "scrypt":
      return scrypt(password, salt, { N: how.N, r: how.r, p: how.p, dkLen });
    case "argon2id": {
      const { iterations: t, memoryKiB: m, lanes: p } = how;
      return argon2id(password, salt, { t, m, p, dkLen });
    }
    case "pbkdf2":
      return pbkdf2(functions[how.hash], password, salt, { c: how.iterations, dkLen });
  }
}
