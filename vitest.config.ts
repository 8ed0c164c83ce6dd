import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // What users import by name is this checkout, built or not.
  resolve: { alias: { mallory: fileURLToPath(new URL("./index.ts", import.meta.url)) } },
  test: {
    include: ["*.test.ts", "{protocol,attacker,harness,scenarios,reports}/**/*.test.ts"],
    // Two cores are what a small machine has; every worker keeps memo tables of its own.
    pool: "forks",
    maxWorkers: 2,
    // Runs are counted, not timed: these limits only end what would never end.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    coverage: {
      provider: "v8",
      include: ["{protocol,attacker,harness,reports}/**/*.ts"],
      exclude: ["**/*.test.ts", "**/testing/**"],
    },
  },
});
