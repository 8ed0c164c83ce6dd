import { expect, test } from "vitest";
import { clocksPage } from "./clock-checks.ts";

// Renew it with: npx vitest run scenarios/clock-checks.test.ts -u
test("the page on clock checks says what the lab finds", { timeout: 120_000 }, async () => {
  await expect(clocksPage()).toMatchFileSnapshot("./alice-bob-clocks.md");
});
