/**
 * What a `disclose` move gives the adversary. Files, traces and digests have it as text: the kind,
 * and for kinds with a name a colon and the name.
 */
import { z } from "zod";

export type Disclosure =
  /** Private keys, pre-shared keys, passwords. */
  | { readonly kind: "long-term" }
  /** One of them, by its number (from 1): first those that it declares, in its own order. */
  | { readonly kind: "long-term-key"; readonly name: string }
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
  /** What its name may be, as a regular expression, and what that is called. */
  readonly named?: readonly [pattern: string, words: string];
}
type HasName<K> = "name" extends keyof Extract<Disclosure, { kind: K }> ? true : false;

const kinds: { readonly [K in Disclosure["kind"]]: DisclosureKind<HasName<K>> } = {
  "long-term": { hasName: false, outlastsSessions: true },
  "long-term-key": { hasName: true, outlastsSessions: true, named: ["[1-9]\\d{0,3}", "<n>"] },
  "session-keys": { hasName: false, outlastsSessions: false },
  randomness: { hasName: false, outlastsSessions: false },
  state: { hasName: false, outlastsSessions: false },
  store: { hasName: true, outlastsSessions: true },
};

const anyName = [".+", "<name>"] as const;

/** Every form, with the pattern of each name, or what it is called. */
const forms = (part: 0 | 1): readonly string[] =>
  Object.entries<DisclosureKind<boolean>>(kinds).map(([kind, { hasName, named = anyName }]) =>
    hasName ? `${kind}:${named[part]}` : kind,
  );

/** As in `a, b or c`. */
const listed = (all: readonly string[]): string =>
  `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;

export const disclosureSchema = z
  .string()
  .regex(new RegExp(`^(${forms(0).join("|")})$`), `must be ${listed(forms(1))}`);

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

/** Is it of what a principal keeps from session to session: all of it, or one of its keys? */
export const isLongTerm = (text: string): boolean => /^long-term(?:-key:|$)/.test(text);

export const outlastsSessions = (text: string): boolean =>
  kinds[disclosureOf(text).kind].outlastsSessions;
