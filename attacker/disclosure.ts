/**
 * What a `disclose` move gives the adversary. Files, traces and digests have it as text: the kind,
 * and for kinds with a name a colon and the name.
 */
import { z } from "zod";

export type Disclosure =
  /** Private keys, pre-shared keys, passwords. */
  | { readonly kind: "long-term" }
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
  store: { hasName: true, outlastsSessions: true },
};

/** Every form, with `name` for each name. */
const forms = (name: string): readonly string[] =>
  Object.entries(kinds).map(([kind, { hasName }]) => (hasName ? `${kind}:${name}` : kind));

export const disclosureSchema = z
  .string()
  .regex(new RegExp(`^(${forms(".+").join("|")})$`), `must be ${forms("<name>").join(" or ")}`);

/** Reads the text form, which the schema has validated. */
export function disclosureOf(text: string): Disclosure {
  const colon = text.indexOf(":");
  const parts =
    colon < 0 ? { kind: text } : { kind: text.slice(0, colon), name: text.slice(colon + 1) };
  return parts as Disclosure;
}

export const disclosureText = (disclosure: Disclosure): string =>
  "name" in disclosure ? `${disclosure.kind}:${disclosure.name}` : disclosure.kind;

export const outlastsSessions = (text: string): boolean =>
  kinds[disclosureOf(text).kind].outlastsSessions;
