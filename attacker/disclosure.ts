/**
 * What a `disclose` move gives the adversary. Files, traces and digests have it as text: the kind,
 * and for kinds with a name a colon and the name.
 */
import { z } from "zod";

export type Disclosure =
  /** Private keys, pre-shared keys, passwords. */
  | { readonly kind: "long-term" }
  /** The session keys that the principal has claimed, of sessions that are finished by then. */
  | { readonly kind: "session-keys" }
  /** What the principal's processes draw at random: all of it, from their start to their end. */
  | { readonly kind: "randomness" }
  /**
   * All that it holds at that moment: long-term secrets, stores, and whatever its processes have
   * drawn, computed or opened by then. Nothing is taken to have been erased.
   */
  | { readonly kind: "state" }
  /** One of the principal's stores, as it is at that moment. */
  | { readonly kind: "store"; readonly name: string };

interface DisclosureKind<Name extends boolean> {
  readonly hasName: Name;
  /** Does it outlive the sessions? Forward secrecy is judged only under such disclosures. */
  readonly outlastsSessions: boolean;
}
type HasName<K> = "name" extends keyof Extract<Disclosure, { kind: K }> ? true : false;

const kinds: { readonly [K in Disclosure["kind"]]: DisclosureKind<HasName<K>> } = {
  "long-term": { hasName: false, outlastsSessions: true },
  "session-keys": { hasName: false, outlastsSessions: false },
  randomness: { hasName: false, outlastsSessions: false },
  state: { hasName: false, outlastsSessions: false },
  store: { hasName: true, outlastsSessions: true },
};

/** Every form, with `name` for each name. */
const forms = (name: string): readonly string[] =>
  Object.entries(kinds).map(([kind, { hasName }]) => (hasName ? `${kind}:${name}` : kind));

/** As in `a, b or c`. */
const listed = (all: readonly string[]): string =>
  `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;

export const disclosureSchema = z
  .string()
  .regex(new RegExp(`^(${forms(".+").join("|")})$`), `must be ${listed(forms("<name>"))}`);

/** Reads the text form, which the schema has validated. */
export function disclosureOf(text: string): Disclosure {
  const colon = text.indexOf(":");
  const parts =
    colon < 0 ? { kind: text } : { kind: text.slice(0, colon), name: text.slice(colon + 1) };
  return parts as Disclosure;
}

export const disclosureText = (disclosure: Disclosure): string =>
  "name" in disclosure ? `${disclosure.kind}:${disclosure.name}` : disclosure.kind;

/** Is every disclosure of an attack of this kind, and is there one? */
export const disclosesOnly = (
  attack: readonly { readonly move: string; readonly what?: unknown }[],
  kind: Disclosure["kind"],
): boolean => {
  const told = attack.filter((m) => m.move === "disclose");
  return told.length > 0 && told.every((m) => disclosureOf(String(m.what)).kind === kind);
};

export const outlastsSessions = (text: string): boolean =>
  kinds[disclosureOf(text).kind].outlastsSessions;
