/** The text form of disclosures: files, traces and digests rest on it. */
import { expect, test } from "vitest";
import {
  type Disclosure,
  disclosureOf,
  disclosureSchema,
  disclosureText,
  outlastsSessions,
} from "./disclosure.ts";

const forms: readonly (readonly [string, Disclosure])[] = [
  ["long-term", { kind: "long-term" }],
  ["store:users", { kind: "store", name: "users" }],
  ["store:a:b", { kind: "store", name: "a:b" }],
];

test.each(forms)("%s is read and written", (text, disclosure) => {
  expect(disclosureSchema.parse(text)).toBe(text);
  expect(disclosureOf(text)).toEqual(disclosure);
  expect(disclosureText(disclosure)).toBe(text);
  expect(outlastsSessions(text)).toBe(true);
});

test.each(["", "long-terms", "store", "store:", "a store:x"])("%j is none", (text) => {
  const issues = disclosureSchema.safeParse(text).error?.issues.map((i) => i.message);
  expect(issues).toEqual(["must be long-term or store:<name>"]);
});
