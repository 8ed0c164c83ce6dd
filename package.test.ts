/**
 * The package as its consumers get it: packed from a copy of this checkout, unpacked into an empty
 * folder, and used from there. Nothing is downloaded; dependencies are those of the checkout.
 */
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "./package.json" with { type: "json" };

const root = fileURLToPath(new URL(".", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mallory-test-"));
const consumer = join(folder, "consumer");
const installed = join(consumer, "node_modules", "mallory");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(command: string, args: readonly string[], cwd = consumer): Ended {
  const { PATH } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { PATH, HOME: folder, npm_config_offline: "true", npm_config_update_notifier: "false" },
  });
  return { code: status, out: stdout, err: stderr };
}

/** Files of a folder, with slashes. */
const filesIn = (path: string): readonly string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();

/** Makes a module of the checkout, or all of them, one of the consumer's. */
function link(name: string, from = join(root, "node_modules", name)): void {
  const to = join(consumer, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to, "junction");
}

beforeAll(() => {
  const checkout = join(folder, "checkout");
  const left = new Set(["node_modules", ".git", "mallory-out", "coverage", "dist"]);
  for (const name of readdirSync(root).filter((n) => !left.has(n))) {
    cpSync(join(root, name), join(checkout, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"), "junction");
  const { code, err } = run("npm", ["pack", "--pack-destination", folder], checkout);
  if (code !== 0) throw new Error(err);
  mkdirSync(installed, { recursive: true });
  const packed = `${manifest.name}-${manifest.version}.tgz`;
  // A path of its own for the archive: some versions of tar take a colon in it for a host.
  run("tar", ["-xzf", packed, "-C", relative(folder, installed), "--strip-components=1"], folder);
  for (const name of Object.keys(manifest.dependencies)) if (name !== "tsx") link(name);
  mkdirSync(join(consumer, "node_modules", ".bin"));
  symlinkSync(join(installed, manifest.bin.mallory), join(consumer, "node_modules/.bin/mallory"));
});

/** As `npx mallory` runs it, without npm's second before it. */
const mallory = (...args: readonly string[]): Ended =>
  run(process.execPath, [join("node_modules", ".bin", "mallory"), ...args]);

const quick = ["--guarantee", "replay", "--budget", "40runs", "--json", "-q"] as const;
const verdictOf = ({ out }: Ended): unknown => JSON.parse(out).protocols[0].verdicts[0];

/** A protocol in plain JavaScript: everything that is sent is accepted. */
const naive = (imports: string, exports: string): string => `${imports}
const open = (role) => ({
  handle(input) {
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind === "send") return [{ kind: "transmit", bytes: concat(input.message) }];
    if (input.kind !== "datagram" || role === "sensor") return [];
    return [{ kind: "deliver", message: input.bytes, from: "alice" }];
  },
});
const protocol = {
  name: "naive", title: "Bare messages", flow: "A → B: message", transport: "datagram",
  roles: [
    { name: "sensor", principals: ["alice"], process: "session", peer: "station" },
    { name: "station", principals: ["bob"], process: "service", port: 9000 },
  ],
  claims: [{ guarantee: "replay", says: "Once is enough." }],
  deploy: () => ({ open, longTermSecrets: () => [] }),
};
${exports}
`;

const assessing = `
const { verdicts } = assess(protocol, {}, { guarantees: ["replay"], budgetRuns: 40 });
console.log(verdicts[0].verdict, matrixText(assess(protocol, {}, { budgetRuns: 1 })).length > 0);
`;

test("holds what is needed, and no tests, vectors or sources", () => {
  const files = filesIn(installed);
  const superfluous =
    /\.test\.|\/(?:testing|fixtures|vectors|bench)\/|(?<!\.d|starting\/protocol)\.ts$/;
  expect(files.filter((f) => superfluous.test(f) || /^(?:harness|protocol)\//.test(f))).toEqual([]);
  const named = [manifest.bin.mallory, manifest.types, manifest.exports["./scenario.schema.json"]];
  for (const path of [...named, manifest.exports["."].default]) {
    expect(existsSync(join(installed, path)), path).toBe(true);
  }
  expect(files).toContain("dist/scenarios/preshared.yaml");
});

test("what is public is as it was committed; after a change on purpose: vitest -u", async () => {
  const api: Readonly<Record<string, unknown>> = await import("./index.ts");
  const values = Object.keys(api).map((name) => {
    const value = api[name];
    return `${name}: ${Array.isArray(value) ? "list" : typeof value}`;
  });
  const types = filesIn(join(installed, "dist"))
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => {
      const text = readFileSync(join(installed, "dist", file), "utf8");
      return `// ${file}\n${text.replace(/\/\*\*[\s\S]*?\*\/\s*/g, "")}`;
    });
  await expect([...values.sort(), "", ...types].join("\n")).toMatchFileSnapshot("./public-api.txt");
});

describe("without tsx, which is there for TypeScript only", () => {
  test("the command says its version, and knows what is bundled", () => {
    expect(mallory("--version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
    const run = mallory("matrix", "preshared", ...quick);
    expect(run.err).toBe("");
    expect(verdictOf(run)).toMatchObject({ guarantee: "replay" });
  });

  test("JavaScript imports it, as a module and with require", () => {
    const names = "assess, concat, matrixText";
    writeFileSync(
      join(consumer, "use.mjs"),
      naive(`import { ${names} } from "mallory";`, assessing),
    );
    writeFileSync(
      join(consumer, "use.cjs"),
      naive(`const { ${names} } = require("mallory");`, assessing),
    );
    for (const file of ["use.mjs", "use.cjs"]) {
      expect(run(process.execPath, [file])).toMatchObject({ code: 0, out: "broken true\n" });
    }
  });

  test("a protocol in JavaScript, in a folder without a package.json", () => {
    const text = naive('import { concat } from "mallory";', "export { protocol };");
    writeFileSync(join(consumer, "naive.js"), text);
    const run = mallory("matrix", "./naive.js", ...quick);
    expect({ code: run.code, err: run.err }).toEqual({ code: 1, err: "" });
    expect(verdictOf(run)).toMatchObject({ verdict: "broken" });
  });
});

describe("with TypeScript", () => {
  beforeAll(() => link("tsx"));

  test("npx finds the command; a new protocol runs, and is sound for the strictest compiler", () => {
    const made = run("npx", ["--no-install", "mallory", "new", "protocol", "own"]);
    expect(made.out).toContain("npx mallory matrix ./own.ts");
    const assessed = mallory("matrix", "./own.ts", ...quick);
    expect({ code: assessed.code, err: assessed.err }).toEqual({ code: 1, err: "" });
    expect(verdictOf(assessed)).toMatchObject({ verdict: "broken" });
    writeFileSync(
      join(consumer, "use.ts"),
      [
        'import { assess, simulate } from "mallory";',
        'import type { Finding, ProtocolReport, Trace } from "mallory";',
        'import { protocol } from "./own.js";',
        "const report: ProtocolReport = assess(protocol);",
        "const findings: readonly Finding[] = report.verdicts.flatMap((v) => v.finding ?? []);",
        "const attack = findings[0]?.attack.moves;",
        "export const trace: Trace = simulate(protocol, {}, { attack });",
      ].join("\n"),
    );
    const compilerOptions = {
      module: "nodenext",
      target: "es2023",
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      types: [],
    };
    writeFileSync(
      join(consumer, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["own.ts", "use.ts"] }),
    );
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    expect(run(process.execPath, [tsc, "-p", "."])).toMatchObject({ code: 0, out: "" });
  });

  test("mistakes have their place: in what compiles, in what throws, and in a run", () => {
    const typed = "export type Gap = {\n  a: 1;\n};\n";
    const broken = "export const p = {\n  a: 1\n  b: 2,\n};\n";
    const own = readFileSync(join(consumer, "own.ts"), "utf8");
    const later = own.replace("deploy({ crypto }) {", '$&\n    throw new Error("later");');
    const line = later.slice(0, later.indexOf("throw new")).split("\n").length;
    const cases = [
      ["broken.ts", broken, '3:3: does not compile: Expected "}" but found "b"'],
      ["throws.ts", `${typed}throw new Error("boom");\n`, "4:7: throws on load: boom"],
      ["later.ts", later, `${line}:11: deploy() throws: later`],
    ] as const;
    for (const [file, text, says] of cases) {
      writeFileSync(join(consumer, file), text);
      expect(mallory("matrix", `./${file}`, "-q").err).toBe(`./${file}:${says}\n`);
    }
  });
});

test("`npm start` runs what is built, builds it when a source is newer, and leaves files to tsx", () => {
  const checkout = join(folder, "checkout");
  const index = join(checkout, "dist/index.js");
  const start = (...args: readonly string[]): Ended =>
    run(process.execPath, [join(checkout, "reports/cli/start.mjs"), ...args], checkout);
  const ageOf = (path: string): number => statSync(path).mtimeMs;

  const before = ageOf(index);
  expect(start("--version").out.trim()).toBe(manifest.version);
  expect(ageOf(index)).toBe(before);

  appendFileSync(join(checkout, "harness/json-text.ts"), "\n");
  expect(start("--version").out.trim()).toBe(manifest.version);
  expect(ageOf(index)).toBeGreaterThan(before);

  const built = join(checkout, "dist/reports/cli/process.js");
  writeFileSync(built, 'export const runAsProcess = async () => console.log("built");\n');
  expect(start("--version").out).toBe("built\n");
  expect(start("matrix", "./missing.ts").err).toContain("./missing.ts");
});
