/**
 * Cryptography with the adversary's own key pairs in the place of those it lacks. A puppet that
 * plays alice without her private key signs with a pair of the adversary's, and shows that pair's
 * public key wherever alice's code would show hers: a receiver that takes a key from the packet
 * that it checks with it is deceived, and no other one is.
 */
import type { Endpoint, Output } from "../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import type { CryptoKit } from "../protocol/kit/crypto.ts";
import { withBytes } from "./kit-arguments.ts";

export interface KeySwap {
  /** The private key that is used instead of this one; `undefined` if it is used as it is. */
  insteadOf(privateKey: Latin1): Uint8Array | undefined;
  /** The public keys that are shown instead of others. */
  readonly shown: ReadonlyMap<Latin1, Latin1>;
}

/** @returns the bytes with every public key exchanged that is in them. */
export function swapped(bytes: Uint8Array, { shown }: KeySwap): Uint8Array {
  if (shown.size === 0) return bytes;
  const before = latin1(bytes);
  let after = before;
  for (const [key, own] of shown) after = after.replaceAll(key, () => own);
  return after === before ? bytes : fromLatin1(after);
}

/** The same cryptography, which is given the adversary's keys in the place of others. */
export function withOwnKeys(kit: CryptoKit, swap: KeySwap): CryptoKit {
  const exchanged = (bytes: Uint8Array): Uint8Array =>
    swap.insteadOf(latin1(bytes)) ?? swapped(bytes, swap);
  const meant = (argument: unknown): unknown => withBytes(argument, exchanged);
  return new Proxy(kit, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== "function") return method;
      return (...given: unknown[]) => Reflect.apply(method, target, given.map(meant)) as unknown;
    },
  });
}

/** The same endpoint; in what it sends, the adversary's public keys stand for others. */
export function showingOwnKeys(endpoint: Endpoint, swap: KeySwap): Endpoint {
  return {
    handle(input, now) {
      const outputs = endpoint.handle(input, now);
      if (!Array.isArray(outputs)) return outputs;
      return outputs.map((output: Output) =>
        output.kind === "transmit" && output.bytes instanceof Uint8Array
          ? { ...output, bytes: swapped(output.bytes, swap) }
          : output,
      );
    },
    ...(endpoint.deadline === undefined ? {} : { deadline: () => endpoint.deadline?.() }),
  };
}
