/** The text form of disclosures: files, traces and digests rest on it. */
import { expect, test } from "vitest";
import {
  type Disclosure,
  disclosureOf,
  disclosureSchema,
  disclosureText,
  outlastsSessions,
} from "./disclosure.ts";

const forms: readonly (readonly [string, Disclosure, boolean])[] = [
  ["long-term", { kind: "long-term" }, true],
  ["long-term-key:2", { kind: "long-term-key", name: "2" }, true],
  ["store:users", { kind: "store", name: "users" }, true],
  ["store:a:b", { kind: "store", name: "a:b" }, true],
  ["session-keys", { kind: "session-keys" }, false],
  ["randomness", { kind: "randomness" }, false],
  ["state", { kind: "state" }, false],
];

test.each(forms)("%s is read and written", (text, disclosure, outlasts) => {
  expect(disclosureSchema.parse(text)).toBe(text);
  expect(disclosureOf(text)).toEqual(disclosure);
  expect(disclosureText(disclosure)).toBe(text);
  expect(outlastsSessions(text)).toBe(outlasts);
});

test.each(["", "long-terms", "store", "store:", "a store:x", "long-term-key:0", "long-term-key:x"])(
  "%j is none",
  (text) => {
    const issues = disclosureSchema.safeParse(text).error?.issues.map((i) => i.message);
    expect(issues).toEqual([
      "must be long-term, long-term-key:<n>, session-keys, randomness, state or store:<name>",
    ]);
  },
);
