import { createRequire } from "node:module";

/** By the package's own name: the way is the same from a checkout and from what is built of it. */
const manifest = createRequire(import.meta.url)("mallory/package.json") as { version: string };

export const version: string = manifest.version;
