/**
 * jsfuzz (npm, 1.0.15) on the same moves: its corpus, its mutations and its feedback, which is how
 * much of the instrumented code has run. What it makes of bytes is an attack: each two
 * bytes name one move. The code under test, and all that runs it, is bundled for that and
 * instrumented, as jsfuzz does it with what a target requires.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Random } from "../../protocol/kit/random.ts";
import type { Hunt, Hunted } from "./hunt.ts";
import type * as Target from "./jsfuzz-target.ts";

const here = dirname(fileURLToPath(import.meta.url));
const installed = join(here, "jsfuzz", "node_modules", "jsfuzz");
const install = "npm ci --prefix reports/bench/jsfuzz";
/** The endpoints: what a fuzzer of theirs would look at. */
const instrumented = /[\\/]protocol[\\/](?:textbook|cases)[\\/].*\.ts$/;

interface Corpus {
  generateInput(): Buffer;
  putBuffer(buffer: Buffer): void;
}
interface Verse {
  Rhyme(): Buffer;
}
/** As much of esbuild as is used here. */
interface Bundler {
  transform(text: string, options: object): Promise<{ readonly code: string }>;
  build(options: object): Promise<{ readonly outputFiles: readonly { contents: Uint8Array }[] }>;
}
interface Loading {
  onLoad(
    which: { readonly filter: RegExp },
    load: (file: { readonly path: string }) => Promise<{ contents: string; loader: "js" }>,
  ): void;
}
interface Parts {
  readonly esbuild: Bundler;
  readonly Corpus: new (folders: readonly string[], onlyAscii: boolean) => Corpus;
  readonly BuildVerse: (before: Verse | null, buffer: Buffer) => Verse | null;
  readonly instrument: (code: string, file: string) => string;
}

function partsOf(): Parts {
  const require = createRequire(join(installed, "package.json"));
  const { createInstrumenter } = require("istanbul-lib-instrument");
  const instrumenter = createInstrumenter({ compact: true, esModules: true });
  return {
    esbuild: require("esbuild"),
    Corpus: require("./build/src/corpus").Corpus,
    BuildVerse: require("./build/src/versifier").BuildVerse,
    instrument: (code, file) => instrumenter.instrumentSync(code, file),
  };
}

/** @returns `undefined` if jsfuzz is not installed, which is said. */
export async function jsfuzzSearch(): Promise<((about: Hunt) => Hunted) | undefined> {
  if (!existsSync(installed)) {
    console.log(`\njsfuzz is left out: it is not installed; ${install}`);
    return undefined;
  }
  const parts = partsOf();
  const target = await bundled(parts);
  return (about) => search(parts, target, about);
}

async function bundled({ esbuild, instrument }: Parts): Promise<typeof Target> {
  const instrumenting = {
    name: "instrument",
    setup({ onLoad }: Loading) {
      onLoad({ filter: instrumented }, async ({ path }) => {
        const options = { loader: "ts", target: "es2018", sourcefile: path } as const;
        const { code } = await esbuild.transform(await readFile(path, "utf8"), options);
        return { contents: instrument(code, path), loader: "js" };
      });
    },
  };
  const built = await esbuild.build({
    entryPoints: [join(here, "jsfuzz-target.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "error",
    plugins: [instrumenting],
  });
  const folder = mkdtempSync(join(tmpdir(), "mallory-bench-"));
  try {
    const file = join(folder, "target.mjs");
    writeFileSync(file, built.outputFiles[0]?.contents ?? "");
    return await import(pathToFileURL(file).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How often each statement, each function, or each way of a branch has run. */
type Counter = Record<string, number>;
interface Counters {
  readonly s: Record<string, number>;
  readonly f: Record<string, number>;
  /** Lists, by the branch. */
  readonly b: Record<string, Counter>;
}

function countersOfAll(): readonly Counter[] {
  const { __coverage__: files = {} } = globalThis as { __coverage__?: Record<string, Counters> };
  return Object.values(files).flatMap(({ s, f, b }) => [s, f, ...Object.values(b)]);
}

/** How many of them have run at all, as jsfuzz counts them. */
function coverage(): number {
  let total = 0;
  for (const counter of countersOfAll()) {
    for (const n of Object.values(counter)) if (n > 0) total++;
  }
  return total;
}

/** What has run for another flaw does not count. */
function forget(): void {
  for (const counter of countersOfAll()) for (const key of Object.keys(counter)) counter[key] = 0;
}

/** The loop of jsfuzz's own fuzzer, with its chance decided by the seed. */
function search({ Corpus, BuildVerse }: Parts, target: typeof Target, about: Hunt): Hunted {
  const random = new Random(`${about.seed}/jsfuzz`);
  const chance = Math.random;
  Math.random = () => random.below(2 ** 32) / 2 ** 32;
  try {
    const corpus = new Corpus([], false);
    let verse: Verse | null = null;
    let covered = 0;
    forget();
    let buffer = corpus.generateInput();
    return target.hunt(about, (attempt) => {
      for (let n = 1; ; n++) {
        if (!attempt(buffer)) return;
        const now = coverage();
        if (now > covered) {
          covered = now;
          corpus.putBuffer(buffer);
          if (buffer.length > 0) verse = BuildVerse(verse, buffer);
        }
        const fresh = n % 10 !== 0 || verse === null;
        buffer = fresh ? corpus.generateInput() : (verse as unknown as Verse).Rhyme();
      }
    });
  } finally {
    Math.random = chance;
  }
}
