import { defineConfig } from "vitest/config";

export default defineConfig({
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
