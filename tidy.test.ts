/** The house rules, as far as a program can check them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL(".", import.meta.url));
/** In the order in which data flows: a room uses itself and those before it. */
const rooms = ["protocol", "attacker", "harness", "scenarios", "reports"] as const;
type Room = (typeof rooms)[number];
const pureRooms: readonly Room[] = ["protocol", "attacker", "harness"];
/** The one folder of a pure room that has threads, files and time around it. */
const runner = "harness/runner/";
/** Beside the rooms, and above them. */
const publicFile = "index.ts";
const writtenForUsers = /^reports\/cli\/starting\//;
const mostLines = 70;
const mostColumns = 100;
const mostFileLines = 400;

const skipped = new Set(["node_modules", ".git", "mallory-out", "coverage", "dist"]);
function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly room: Room | undefined;
  readonly text: string;
  /** The same with comments and the content of strings blanked out, line by line. */
  readonly code: string;
  readonly isTest: boolean;
}

const sources: readonly Source[] = filesIn(root)
  .filter((file) => /\.[cm]?ts$/.test(file))
  .map((file) => {
    const path = relative(root, file).split(sep).join("/");
    const text = readFileSync(file, "utf8");
    const room = rooms.find((r) => path.startsWith(`${r}/`));
    const isTest = /\.test\.ts$|\/testing\//.test(path);
    return { path, room, text, code: codeOf(text), isTest };
  });
const shipped = sources.filter((s) => !s.isTest && (s.room !== undefined || s.path === publicFile));

/** Blanks comments, regular expressions and the content of strings; keeps every line break. */
function codeOf(text: string): string {
  const blank = (s: string): string => s.replace(/[^\n]/g, " ");
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/
      .source;
  const regex =
    /(?<=[(,=:[!&|?{};>]\s*|return\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/
      .source;
  return text.replace(new RegExp(`${token}|${regex}`, "g"), (found) => {
    // What is computed inside a template is code as well; its braces are balanced.
    if (found.startsWith("`")) return `\`${found.slice(1, -1).replace(/[^\n{}$]/g, " ")}\``;
    return found.length < 2 ? found : `${found[0]}${blank(found.slice(1, -1))}${found.at(-1)}`;
  });
}

interface Import {
  readonly from: string;
}
/** Where a file's imports come from; `import type` counts, and so does `import("…")`. */
function importsOf({ text }: Source): readonly Import[] {
  const statement = /^(?:import|export)\s+(?:type\s+)?(?:[^;"']*?\sfrom\s+)?"([^"]+)"/gm;
  const called = /\bimport\(\s*"([^"]+)"\s*\)/g;
  return [statement, called].flatMap((kind) =>
    [...text.matchAll(kind)].map((m) => ({ from: m[1] ?? "" })),
  );
}
const target = (source: Source, from: string): string =>
  join(dirname(source.path), from).split(sep).join("/");

/** One line per offence, so that a failure can be read. */
const expectNone = (offences: readonly string[]): void => expect(offences).toEqual([]);

test("the scanner sees code, and neither comments nor strings", () => {
  const code = codeOf('const a = "Date.now()"; // Math.random\n/* { */ f(/[}"]/g, `x {y} {`);\n');
  expect(code).not.toMatch(/Date|Math|"]/);
  expect(code.split("\n").length).toBe(3);
  expect(sources.length).toBeGreaterThan(50);
});

describe("rooms", () => {
  test("a folder imports only itself and those above it, tests included", () => {
    expectNone(
      sources.flatMap((source) => {
        const { room } = source;
        if (room === undefined) return [];
        return importsOf(source)
          .filter(({ from }) => from.startsWith("."))
          .map(({ from }) => target(source, from))
          .filter((to) => {
            const other = rooms.findIndex((r) => to.startsWith(`${r}/`));
            return other < 0 || other > rooms.indexOf(room);
          })
          .map((to) => `${source.path} imports ${to}`);
      }),
    );
  });

  test("own imports name their file, ending and all", () => {
    expectNone(
      sources.flatMap((source) =>
        importsOf(source)
          .filter(
            ({ from }) => from.startsWith(".") && !existsSync(join(root, target(source, from))),
          )
          .map(({ from }) => `${source.path} imports ${from}`),
      ),
    );
  });

  test("nothing imports what is public: it is made of all rooms", () => {
    expectNone(
      sources.flatMap((source) =>
        importsOf(source)
          .filter(({ from }) => from === "mallory" || target(source, from) === publicFile)
          .filter(() => !writtenForUsers.test(source.path) && !source.isTest)
          .map(({ from }) => `${source.path} imports ${from}`),
      ),
    );
  });

  test("the pure rooms do not know the runner", () => {
    expectNone(
      sources
        .filter(({ path }) => pureRooms.some((r) => path.startsWith(`${r}/`)))
        .filter(({ path }) => !path.startsWith(runner))
        .flatMap((source) =>
          importsOf(source)
            .filter(({ from }) => from.startsWith("."))
            .map(({ from }) => target(source, from))
            .filter((to) => to.startsWith(runner))
            .map((to) => `${source.path} imports ${to}`),
        ),
    );
  });

  test("nothing imports itself in a circle, not even for types", () => {
    const edges = new Map(
      sources.map((source) => [
        source.path,
        importsOf(source)
          .filter(({ from }) => from.startsWith("."))
          .map(({ from }) => target(source, from)),
      ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      const at = trail.indexOf(path);
      if (at >= 0) circles.push([...trail.slice(at), path].join(" → "));
      if (at >= 0 || done.has(path)) return;
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of edges.keys()) visit(path, []);
    expectNone(circles);
  });

  test("only the screen draws on a terminal", () => {
    expectNone(
      sources
        .filter((s) => importsOf(s).some(({ from }) => from === "blessed"))
        .map((s) => s.path)
        .filter((path) => path !== "reports/dashboard/screen.ts")
        .filter((path) => !/^reports\/dashboard\/.*(\.test\.ts|\/testing\/)/.test(path)),
    );
  });
});

const clocksAndChance: readonly RegExp[] = [
  /\bDate\.now\b/,
  // With a time it is a function of that time; without one it is the clock.
  /\bnew Date(?:\(\s*\)|\b(?!\())/,
  /\bMath\.random\b/,
  /\brandomBytes\b/,
  /\bgetRandomValues\b/,
  /\brandomUUID\b/,
  /\bset(?:Timeout|Interval|Immediate)\b/,
  /\bperformance\b\s*\./,
  /\bhrtime\b/,
];
const surroundings: readonly RegExp[] = [
  /\bprocess\s*\.\s*(?:env|argv|stdin|stdout|stderr|exit)\b/,
];
const waiting: readonly RegExp[] = [/\basync\b/, /\bawait\b/, /\bPromise\b/, /\bqueueMicrotask\b/];

function offences(files: readonly Source[], banned: readonly RegExp[]): readonly string[] {
  return files.flatMap(({ path, code }) =>
    code.split("\n").flatMap((line, i) => {
      const found = banned.map((b) => b.exec(line)?.[0]).find((f) => f !== undefined);
      return found === undefined ? [] : [`${path}:${i + 1}: ${found}`];
    }),
  );
}

describe("purity", () => {
  const pure = shipped.filter(
    ({ room, path }) => room !== undefined && pureRooms.includes(room) && !path.startsWith(runner),
  );
  test("pure rooms have no clock, no chance and no surroundings", () => {
    expectNone(offences(pure, [...clocksAndChance, ...surroundings]));
  });
  test("a run waits for nothing", () => expectNone(offences(pure, waiting)));
  test("elsewhere only the runner, the command line, the benchmark and the screen do", () => {
    const edge = /^harness\/runner\/|^reports\/(?:cli\/|bench\/|dashboard\/screen\.ts$)/;
    const others = shipped.filter((s) => !pure.includes(s) && !edge.test(s.path));
    expectNone(offences(others, [...clocksAndChance, ...surroundings]));
  });
});

test("what an operation means is asked of its descriptor, and never of its name", () => {
  const byName = /\bop(?:\.op)? [!=]== "|switch \((?:\w+\.)?op\)/;
  const elsewhere = shipped.filter(({ path }) => path !== "protocol/kit/operations.ts");
  expectNone(
    elsewhere.flatMap(({ path, text }) =>
      text
        .split("\n")
        .flatMap((line, i) => (byName.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    ),
  );
});

describe("catalogues", () => {
  test.each([
    ["Protocol", "protocol", "protocol/catalog.ts"],
    ["Guarantee", "harness/guarantees", "harness/guarantees/catalog.ts"],
    ["Strategy", "attacker/strategies", "attacker/strategies/catalog.ts"],
  ])("every %s is listed", (type, folder, catalog) => {
    const list = sources.find((s) => s.path === catalog)?.code ?? "";
    const exported = new RegExp(`^export const (\\w+): ${type} =`, "gm");
    const found = shipped
      .filter((s) => s.path.startsWith(`${folder}/`))
      .flatMap((s) => [...s.code.matchAll(exported)].map((m) => [m[1] ?? "", s.path] as const));
    expect(found.length).toBeGreaterThan(0);
    // Once where it is imported, and once where it is listed.
    expectNone(
      found
        .filter(([name]) => (list.match(new RegExp(`\\b${name}\\b`, "g")) ?? []).length < 2)
        .map(([name, path]) => `${name} of ${path} is not in ${catalog}`),
    );
  });
});

/** Function bodies by their first and last line, read off the braces. */
function functionsOf(code: string): readonly { readonly line: number; readonly lines: number }[] {
  const found: { line: number; lines: number }[] = [];
  const open: { at: number; isFunction: boolean; statement: number; parens: number }[] = [];
  let statement = 0;
  let parens = 0;
  const lineAt = (index: number): number => code.slice(0, index).split("\n").length;
  for (let i = 0; i < code.length; i++) {
    const c = code[i];
    if (c === "(" || c === "[") parens++;
    if (c === ")" || c === "]") parens--;
    if (c === ";" && parens === 0) statement = i + 1;
    if (c === "{") {
      const head = code.slice(statement, i);
      const at = statement + (/^\s*/.exec(head)?.[0].length ?? 0);
      open.push({ at, isFunction: opensFunction(head, parens), statement, parens });
      [statement, parens] = [i + 1, 0];
    }
    if (c !== "}") continue;
    const body = open.pop();
    parens = body?.parens ?? 0;
    statement = parens > 0 ? (body?.statement ?? 0) : i + 1;
    if (body?.isFunction !== true) continue;
    const line = lineAt(body.at);
    found.push({ line, lines: lineAt(i) - line + 1 });
  }
  return found;
}

/** Is the brace after `head` that of a function's body? */
function opensFunction(head: string, parens: number): boolean {
  const control =
    /^\s*(?:else|if|for|while|do|switch|try|catch|finally|(?:export\s+)?(?:class|interface|type))\b/;
  const method = /^\s*(?:(?:static|override|get|set)\s+)*[#*\w]+\s*(?:<[\s\S]*>)?\s*\(/;
  if (/=>\s*$/.test(head)) return true;
  if (parens > 0 || control.test(head) || !/\)\s*(?::[\s\S]*)?$/.test(head)) return false;
  return /\bfunction\b/.test(head) || method.test(head);
}

describe("size", () => {
  test("the scanner finds functions", () => {
    const sample = [
      "export function a(b: { c: number }): void {",
      "  if (b) {",
      "    return;",
      "  }",
      "}",
      "class X {",
      "  #m<T>(t: T): T[] {",
      "    return [t];",
      "  }",
      "}",
      "const f = (x: number) => {",
      "  return x;",
      "};",
    ].join("\n");
    const found = functionsOf(codeOf(sample)).map((f) => `${f.line}+${f.lines}`);
    expect(found).toEqual(expect.arrayContaining(["1+5", "7+3", "11+3"]));
    expect(found.length).toBe(3);
  });

  test(`no function has more than ${mostLines} lines`, () => {
    expectNone(
      shipped.flatMap(({ path, code }) =>
        functionsOf(code)
          .filter((f) => f.lines > mostLines)
          .map((f) => `${path}:${f.line}: ${f.lines} lines`),
      ),
    );
  });

  test(`no file has more than ${mostFileLines} lines, and half of them no more than 120`, () => {
    const lengths = shipped.map((s) => s.text.split("\n").length - 1).toSorted((a, b) => a - b);
    expectNone(
      shipped
        .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
        .filter(({ lines }) => lines > mostFileLines)
        .map(({ path, lines }) => `${path}: ${lines} lines`),
    );
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(120);
  });

  test(`no line has more than ${mostColumns} columns, but for what cannot be broken`, () => {
    expectNone(
      sources.flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, i) => {
          // A string or a regular expression that is longer by itself stays in one piece.
          const unbreakable = /["`/][^"`]{60,}["`/]/.test(line);
          return line.length > mostColumns && !unbreakable
            ? [`${path}:${i + 1}: ${line.length} columns`]
            : [];
        }),
      ),
    );
  });
});

test("no file knows the machine it was written on", () => {
  // Written in pieces, so that this file does not contain what it looks for.
  // What a case study's attacker would create on its victim is a payload, and no path of ours.
  const pieces = ["/wor", "k/|/home/", "\\w|/Use", "rs/\\w|/tm", "p/(?!mallory)\\w"];
  const machine = new RegExp(pieces.join(""));
  const registry = /"resolved":\s*"(?!https:\/\/registry\.npmjs\.org\/)/;
  const text = /\.(?:[cm]?[jt]s|json|ya?ml|md|py|txt|html|sh)$|\/run$|LICENSE$|\.gitignore$/;
  expectNone(
    filesIn(root)
      .filter((file) => text.test(file))
      .flatMap((file) => {
        const content = readFileSync(file, "utf8");
        const name = relative(root, file);
        const found = machine.exec(content)?.[0] ?? registry.exec(content)?.[0];
        return found === undefined ? [] : [`${name}: ${found}`];
      }),
  );
});
