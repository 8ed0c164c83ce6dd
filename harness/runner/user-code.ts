/**
 * Imports a user's own file, JavaScript or TypeScript, in a folder with or without a package.json.
 *
 * Node is asked first: newer versions strip types by themselves. What it does not do (other syntax
 * of TypeScript, imports of `./x.js` that mean `./x.ts`, .ts files of installed packages) is left
 * to tsx, which also knows the column of a mistake.
 */
import module from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type ForeignUse, whileWatchedAsync } from "./surroundings.ts";
import { importAsNamed, startTsx } from "./typescript.mjs";
import { asWritten, labItself } from "./user-code-hooks.mjs";

/** The lab itself is TypeScript where it is not built; then tsx is there from the beginning. */
const ownEnding = extname(import.meta.url);
const lab = new URL(`../../index${ownEnding}`, import.meta.url).href;

const ownFolder = fileURLToPath(new URL(".", import.meta.url));

/** Which way files are imported in this thread, and the hooks stand for. */
let way: "none yet" | "node" | "tsx" = "none yet";

/** Keeps a second attempt apart from the first one, which some versions of Node remember. */
const secondAttempt = "?tsx";

/**
 * @param copy another number gives another instance of the file, and of what lies beside it, with
 *   variables of its own.
 * @throws anything at all: what the file throws, or why it cannot be imported.
 */
export async function importUserCode(path: string, copy = 0): Promise<unknown> {
  const href = pathToFileURL(path).href + (copy === 0 ? "" : `?copy=${copy}`);
  if (copy > 0) forgetRequired();
  const format = formatOfNode();
  const suitsNode = ownEnding !== ".ts" && (format !== undefined || !/\.[cm]?ts$/.test(path));
  if (suitsNode && way !== "tsx") {
    if (way === "none yet") await unwatched(() => addHooks(format, ""));
    way = "node";
    try {
      return await importAsNamed(href);
    } catch (error) {
      if (!isForTsx(error)) throw error;
    }
  }
  if (way !== "tsx") {
    const query = way === "node" ? secondAttempt : "";
    await unwatched(startTsx);
    await unwatched(() => addHooks("module", query));
    way = "tsx";
  }
  try {
    return await importAsNamed(href);
  } catch (error) {
    throw withoutQuery(error);
  }
}

/** CommonJS modules of the user are loaded anew when they are required next; packages are not. */
function forgetRequired(): void {
  const { cache } = module.createRequire(import.meta.url);
  for (const path of Object.keys(cache)) {
    if (!/[\\/]node_modules[\\/]/.test(path) && !path.startsWith(ownFolder)) delete cache[path];
  }
}

/** What the lab does meanwhile is none of the file's doing. */
const unwatched = (code: () => Promise<void>): Promise<void> => whileWatchedAsync(undefined, code);

/** Was something used by tsx itself? In newer versions of Node it works in the same thread. */
export function isByTsx({ error }: ForeignUse): boolean {
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const user = frames.find((line) => !/[\\/]runner[\\/]surroundings\.[jt]s/.test(line));
  return user !== undefined && /[\\/]node_modules[\\/](?:tsx|esbuild)[\\/]/.test(user);
}

/** What Node calls a TypeScript module, if it knows any. */
function formatOfNode(): string | undefined {
  return "typescript" in process.features && process.features.typescript
    ? "module-typescript"
    : undefined;
}

const codesForTsx: ReadonlySet<unknown> = new Set([
  "ERR_MODULE_NOT_FOUND",
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_UNSUPPORTED_DIR_IMPORT",
  "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
  "MODULE_NOT_FOUND",
]);

/** Could not be imported as it is: nothing of it has run. */
const isForTsx = (error: unknown): boolean =>
  error instanceof SyntaxError ||
  (error instanceof Error && "code" in error && codesForTsx.has(error.code));

function withoutQuery(error: unknown): unknown {
  if (error instanceof Error && typeof error.stack === "string") {
    error.stack = error.stack.replaceAll(/\?(?:tsx|copy=\d+)(?:&copy=\d+)?/g, "");
  }
  return error;
}

type Resolved = Parameters<typeof asWritten>[0];
type Next = (specifier: string, context: object) => Resolved;

/** What the types of Node 20 do not have, or do not tell. */
interface NodeModule {
  registerHooks?(hooks: {
    resolve(specifier: string, context: object, next: Next): Resolved;
  }): void;
  _resolveFilename(request: string, ...rest: unknown[]): string;
}

const parentOf = (context: object): string | undefined =>
  "parentURL" in context && typeof context.parentURL === "string" ? context.parentURL : undefined;

/** The hooks that were added last are asked first. */
async function addHooks(typescript: string | undefined, query: string): Promise<void> {
  const settings = { lab, typescript, query };
  const node = module as unknown as NodeModule;
  if (node.registerHooks !== undefined) {
    node.registerHooks({
      resolve: (specifier, context, next) =>
        labItself(specifier, settings) ??
        asWritten(next(specifier, context), settings, parentOf(context)),
    });
    return;
  }
  const hooks = new URL(`./user-code-hooks.mjs${query}`, import.meta.url);
  module.register(hooks, { data: settings });
  // These hooks are not asked about `require`, which in an imported file leads to CommonJS only.
  const door = fileURLToPath(new URL("./required-lab.cjs", import.meta.url));
  Object.assign(globalThis, { [Symbol.for("mallory")]: await import(lab) });
  const { _resolveFilename: resolveFilename } = node;
  node._resolveFilename = (request, ...rest) =>
    request === "mallory" ? door : resolveFilename.call(node, request, ...rest);
}
