import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { fixtures, temporaryFolder } from "./testing/folders.ts";
import { WorkerPool } from "./worker-pool.ts";

const folder = temporaryFolder();
let pool: WorkerPool;
beforeAll(() => {
  pool = new WorkerPool({ workers: 1, cwd: folder.path, stuckMs: 2_000 });
});
afterAll(async () => {
  await pool.close();
  folder.remove();
});

/** What comes out of looking at a protocol: its label, or the one line that says what is wrong. */
async function look(reference: string): Promise<string> {
  const protocol = { name: parseProtocolName(reference), label: reference };
  const result = await pool.run("check", protocol, {}).result;
  if (result.end === "done") return `fine: ${result.answer.label}`;
  return result.end === "stopped" ? "stopped" : `${result.end}: ${result.message}`;
}

const fields =
  '{ name: "p", title: "P", flow: "", transport: "datagram", claims: [], ' +
  'roles: [{ name: "server", principals: ["bob"], process: "service" }], ' +
  "deploy: () => ({ open: () => ({ handle: () => [] }), longTermSecrets: () => [] })";

const made = `const p: object = ${fields} }`;
const exported = `export const p = ${fields} };`;

/** Files outside of any package, and in packages of either kind: all of them are as written. */
describe.each(["loose", "module", "commonjs"])("a file in a %s folder", (kind) => {
  beforeAll(() => {
    mkdirSync(join(folder.path, kind));
    writeFileSync(join(folder.path, kind, "helper.ts"), "export const helped: number = 1;");
    if (kind === "loose") return;
    writeFileSync(join(folder.path, kind, "package.json"), JSON.stringify({ type: kind }));
  });

  test.each<[string, string, string]>([
    ["good.ts", `const p: object = ${fields} }; export { p }; export default p;`, "fine: "],
    ["good.mjs", `export default ${fields} };`, "fine: "],
    ["lab.ts", `import { assess } from "mallory"; assess.name; ${exported}`, "fine: "],
    ["lab.js", `import { assess } from "mallory"; assess.name; ${exported}`, "fine: "],
    ["lab.cjs", `require("mallory").assess.name; exports.p = ${fields} };`, "fine: "],
    ["lab.cts", `import m = require("mallory"); m.assess.name; export ${made};`, "fine: "],
    ["helped.js", `import { helped } from "./helper.ts"; helped + 1; ${exported}`, "fine: "],
    ["helped.ts", `import { helped } from "./helper.js"; helped + 1; ${exported}`, "fine: "],
    ["enum.ts", `enum E { a = 1 }\n${exported}; E.a;`, "fine: "],
    ["empty.ts", "", "exports no Protocol (see protocol/endpoint.ts); it exports nothing"],
    ["other.ts", "export const n = 1; export function f() {}", "it exports "],
    ["syntax.ts", "export const p = {\n  a: 1\n  b: 2 };", ":3:3: does not compile: Expected"],
    ["syntax.mjs", "export const p = {\n  a: 1\n  b: 2 };", ": does not compile: Unexpected"],
    ["chain.ts", 'export * from "./syntax.ts";', "/syntax.ts:3:3: does not compile"],
    [
      "lost.ts",
      'import { x } from "./lost-and-found.ts"; export const p = x;',
      "which does not exist",
    ],
    [
      "alien.ts",
      'import { x } from "no-such-package"; export const p = x;',
      'imports "no-such-package", which is not installed',
    ],
    ["throws.ts", '\nthrow new Error("boom\\nbang");', ":2:7: throws on load: boom"],
    ["throws-text.ts", 'throw "\\u001b[2J";', ': throws on load: "'],
    ["throws-null.ts", "throw null;", ": throws on load: null"],
    ["exits.ts", "process.exit(0);", "throws on load: calls process.exit()"],
    ["binary.ts", "\u0000\u0001\u0002*", ": does not compile: "],
    [
      "no-deploy.ts",
      `export const p = ${fields.replace("deploy", "deplyo")} };`,
      'unknown field "deplyo"; did you mean "deploy"?',
    ],
    [
      "transport.ts",
      `export const p = ${fields.replace("datagram", "pigeon")} };`,
      'transport must be "datagram", "stream" or "messages", not "pigeon"',
    ],
    [
      "role.ts",
      `export const p = ${fields.replace('"service"', '"sevice"')} };`,
      'roles[0].process must be "session" or "service"',
    ],
    [
      "peer.ts",
      `export const p = ${fields.replace('"service"', '"service", peer: "x"')} };`,
      'has the peer "x", which is no role',
    ],
    [
      "claim.ts",
      `export const p = ${fields.replace("[]", '[{ guarantee: "replays", says: "" }]')} };`,
      "claims[0].guarantee must be",
    ],
    [
      "option.ts",
      `export const p = ${fields}, options: { a: { default: "x", values: ["y"], about: "" } } };`,
      "options.a.default must be among its values",
    ],
    [
      "twice.ts",
      `export const a = ${fields} }; export const b = ${fields} };`,
      "exports several protocols (a and b); write ",
    ],
  ])("%s", async (name, text, says) => {
    const path = join(kind, name);
    writeFileSync(join(folder.path, path), text);
    const told = await look(`./${path}`);
    expect(told).toContain(says);
    expect(told).not.toContain("\n");
    expect(told).toContain(says.includes("syntax.ts") ? "syntax.ts" : path);
    expect(told).toMatch(says.startsWith("fine") ? /^fine: / : /^user: /);
  });
});

test("a file and its namesake in the other language are two", async () => {
  writeFileSync(join(folder.path, "twin.ts"), "export const n = 1;");
  writeFileSync(join(folder.path, "twin.js"), exported);
  expect(await look("./twin.js")).toBe("fine: ./twin.js");
});

describe("naming a file", () => {
  test("that is not there, or is none", async () => {
    writeFileSync(join(folder.path, "mine.ts"), "");
    expect(await look("./mien.ts")).toBe(
      'user: ./mien.ts: does not exist; did you mean "./mine.ts"?',
    );
    expect(await look("./mine")).toContain('did you mean "./mine.ts"?');
    expect(await look("./nowhere/mine.ts")).toContain("and neither does the folder");
    expect(await look("./mine.ts/more.ts")).toContain("does not exist");
    expect(await look(`./${"x".repeat(300)}.ts`)).toContain("cannot be read (ENAMETOOLONG)");
    expect(await look("./")).toContain("is a folder");
    writeFileSync(join(folder.path, "mine.py"), "");
    expect(await look("./mine.py")).toContain("a protocol is a .ts, .mts, .js or .mjs file");
  });

  test("and one of its exports, and options", async () => {
    const notes = join(fixtures, "notes.ts");
    expect(await look(`${notes}#notes?ink=blue`)).toBe(`fine: ${notes}#notes?ink=blue`);
    expect(await look(`${notes}#notes?ink=black`)).toBe(`fine: ${notes}#notes`);
    expect(await look(`${notes}#notse`)).toContain('did you mean "notes"?');
    expect(await look(`${notes}#Writer`)).toContain("is a function, not a Protocol");
    expect(await look(`${notes}#unfinished`)).toContain("title is missing; it must be a text");
    expect(await look(`${notes}#notes?inc=blue`)).toContain('no option "inc"; did you mean "ink"?');
    expect(await look(notes)).toContain("exports several protocols (modestNotes and notes)");
  });

  test("that never finishes loading, and the next one as if nothing had been", async () => {
    expect(await look(join(fixtures, "stuck-on-load.ts"))).toMatch(
      /^user: .*stuck-on-load\.ts:\d+:\d+: does not finish loading \(stuck for 2 s of computing\)$/,
    );
    expect(await look(join(fixtures, "throws-on-load.ts"))).toContain(
      "throws-on-load.ts:3:40: throws",
    );
    expect(await look(join(fixtures, "nothing.ts"))).toContain(
      "helper (a function) and list (a list)",
    );
  });
});
