/** The bundled protocols. A new one is one file (or folder) and one line here. */
import { objectSecurity } from "./cases/object-security/object-security.ts";
import type { Protocol } from "./endpoint.ts";
import { hashedLogin } from "./textbook/hashed-login.ts";
import { preshared } from "./textbook/preshared/preshared.ts";

export const protocols: readonly Protocol[] = [objectSecurity, preshared, hashedLogin];
