/** tsx, which lets a thread import TypeScript. It takes a fifth of a second: only where needed. */
import { fileURLToPath } from "node:url";

/** @type {Promise<void> | undefined} */
let started;

/** Once it is there, it stays as long as the thread. */
export function startTsx() {
  started ??= register();
  return started;
}

async function register() {
  // Otherwise tsx takes whatever tsconfig.json lies in the working directory, broken or not.
  const settings = fileURLToPath(new URL("./tsx.json", import.meta.url));
  process.env.TSX_TSCONFIG_PATH ??= settings;
  const [esm, cjs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
  // Files that count as CommonJS go another way through Node.
  cjs.register();
  esm.register();
}

/**
 * From here, and not from a file of TypeScript: what that calls `./x.js` may be `./x.ts` to tsx.
 * @param {string} href @returns {Promise<unknown>}
 */
export const importAsNamed = (href) => import(href);
