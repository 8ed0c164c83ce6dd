/**
 * A program whose user is the attacker: whatever its user supplies is replaced by what the attacker
 * types, in all that the code gives to cryptography and in all that it sends. The program knows its
 * user's name and password as the lab deals them; a real one would have asked for them.
 */
import type { Endpoint, Output } from "../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import { withBytes } from "./kit-arguments.ts";

export interface Typed {
  /** What the user would have typed, and what is typed. */
  readonly instead: readonly (readonly [own: Latin1, typed: Latin1])[];
  /** Called whenever something was replaced. */
  onUse(): void;
}

function retyped(bytes: Uint8Array, typed: Typed): Uint8Array {
  const before = latin1(bytes);
  let after = before;
  for (const [own, instead] of typed.instead) after = after.replaceAll(own, () => instead);
  if (after === before) return bytes;
  typed.onUse();
  return fromLatin1(after);
}

export function typedKit(kit: CryptoKit, typed: Typed): CryptoKit {
  const meant = (argument: unknown): unknown =>
    withBytes(argument, (bytes) => retyped(bytes, typed));
  return new Proxy(kit, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => Reflect.apply(method, target, given.map(meant)) as unknown;
    },
  });
}

/** Then the attacker has seen what it wanted: programs may ask again for ever. */
const mostSent = 40;

export function typedEndpoint(endpoint: Endpoint, typed: Typed): Endpoint {
  let sent = 0;
  const retold = (output: Output): readonly Output[] => {
    if (output.kind !== "transmit" || !(output.bytes instanceof Uint8Array)) return [output];
    if (++sent > mostSent) return [{ kind: "exit", ok: false, because: "the attacker leaves" }];
    return [{ ...output, bytes: retyped(output.bytes, typed) }];
  };
  return {
    handle(input, now) {
      const outputs = endpoint.handle(input, now);
      return Array.isArray(outputs) ? outputs.flatMap(retold) : outputs;
    },
    deadline: () => endpoint.deadline?.(),
  };
}
