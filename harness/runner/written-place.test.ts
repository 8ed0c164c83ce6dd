/** The line that is named is the one with the mistake, in TypeScript too, whose code is compiled. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { assessAll } from "./assess-all.ts";
import { soundSensor } from "./testing/careless-sensor.ts";
import { temporaryFolder } from "./testing/folders.ts";
import { makePool } from "./worker-pool.ts";

const folder = temporaryFolder();
const pool = makePool(1);
afterAll(async () => {
  await pool.destroy();
  folder.remove();
});

/** Types and comments, which are gone when it runs. */
const types = `
/** A reading: what \`roles: []\`, title: and deploy( are told below. */
interface Reading {
  readonly degrees: number;

  readonly at?: number;
}
`;

let count = 0;
/** @param mark the place must be that of this text in the protocol. */
async function told(from: string, to: string, mark: string) {
  const text = types + soundSensor.replace(from, () => to).replace("(text)", "(text: string)");
  const name = `./written-${++count}.ts`;
  writeFileSync(join(folder.path, name), text);
  const budget = { unit: "runs", runs: 20 } as const;
  const settings = { cwd: folder.path, pool, budget, guarantees: ["integrity"] };
  const says = await assessAll([name], settings).then(
    ({ report, failures }) => failures[0]?.message ?? report.protocols[0]?.faults?.[0] ?? "",
    (error: Error) => error.message,
  );
  const before = text.slice(0, text.indexOf(mark, types.length));
  const line = before.split("\n").length;
  return { says, place: `${name}:${line}:${before.length - before.lastIndexOf("\n")}: ` };
}

test.each([
  ["an async handle", "handle(input) {", "async handle(input: any) {", "handle(input"],
  ["an async open", "open: (role", "open: async (role", "async"],
  ["an endpoint without a handle", "return endpoint;", "return [endpoint];", "(role, env)"],
  ["a null thrown", 'case "start":', 'case "start": throw null;', "handle("],
  ["a wrong deadline", "() => undefined", '() => "soon" as any', '() => "soon"'],
  ["a wrong role", '"session", peer', '"client", peer', "roles: ["],
  ["a missing field", '  title: "Readings with a MAC",\n', "", "export const"],
  ["a misspelt field", "claims: [", "clams: [", "clams"],
  ["an import of nothing", "const bytes", 'import "./nowhere.ts";\nconst bytes', '"./nowhere'],
])("%s", async (_, from, to, mark) => {
  const { says, place } = await told(from, to, mark);
  expect(says.slice(0, place.length)).toBe(place);
});
