/**
 * Lets this thread import TypeScript. Every thread needs it for itself: Node 20 cannot start a
 * worker from a .ts file, so worker.mjs starts here too.
 */
import { fileURLToPath } from "node:url";

// Otherwise tsx takes any tsconfig.json that lies in the working directory, broken or not.
process.env.TSX_TSCONFIG_PATH ??= fileURLToPath(new URL("../../tsconfig.json", import.meta.url));
const [esm, cjs] = await Promise.all([import("tsx/esm/api"), import("tsx/cjs/api")]);
// A .ts file outside of any package counts as CommonJS, which goes another way through Node.
cjs.register();
esm.register();
