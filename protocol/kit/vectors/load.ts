/** Reads the published vectors, for the tests beside the code. */
import { readFileSync } from "node:fs";
import { fromHex } from "../bytes.ts";

/** A Wycheproof case: its own fields, and what all of them have. */
export type Case<Fields extends string> = Readonly<Record<Fields, string>> & {
  readonly tcId: number;
  readonly comment: string;
  readonly flags: readonly string[];
  readonly result: "valid" | "invalid" | "acceptable";
};

/** @param name a path below this folder. @returns its JSON, whose shape the caller vouches for. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8")) as T;
}

/** @returns all cases of a Wycheproof file in one list, each with what its group has. */
export function wycheproof<Group, Test extends Case<never>>(name: string): (Group & Test)[] {
  interface File {
    readonly testGroups: readonly (Group & { readonly tests: readonly Test[] })[];
  }
  const file = readVectors<File>(`wycheproof/${name}_test.json`);
  return file.testGroups.flatMap((group) => group.tests.map((test) => ({ ...group, ...test })));
}

/**
 * Runs `check` on every case. A test expects the empty list, which shows all failures at once
 * without thousands of registered tests.
 * @returns a line for each case where `check` threw or did not return `true`.
 */
export function failures<Test extends Case<never>>(
  tests: readonly Test[],
  check: (test: Test) => boolean,
): string[] {
  const lines: string[] = [];
  for (const test of tests) {
    const { tcId, comment, result } = test;
    const report = (what: string) => lines.push(`tcId ${tcId} (${result}, ${comment}): ${what}`);
    try {
      if (!check(test)) report("differs");
    } catch (error) {
      report(`threw ${String(error)}`);
    }
  }
  return lines;
}

/** Hex that a vector file is trusted to spell right. */
export function unhex(value: string): Uint8Array {
  const bytes = fromHex(value);
  if (bytes === undefined) throw new Error(`not hex: ${value}`);
  return bytes;
}
