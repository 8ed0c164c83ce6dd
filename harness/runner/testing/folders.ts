/** For tests: protocols that are there to be loaded, and folders to write into. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

/** A folder of its own, which the test that made it removes again. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "mallory-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
