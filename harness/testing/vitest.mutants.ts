/** The tests that `npm run mutants` runs: those beside the code, without the slow ones. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "attacker/puppet.test.ts",
      "attacker/knowledge/*.test.ts",
      "harness/guarantees/*.test.ts",
    ],
    exclude: ["harness/guarantees/laws.test.ts"],
    pool: "forks",
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
