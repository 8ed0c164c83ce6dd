import { expect, test } from "vitest";
import { scenarioJsonSchema, scenarioSchemaFile } from "./schema.ts";

// Renew it with: npx vitest run scenarios -u
test("the schema for editors is up to date", async () => {
  await expect(scenarioSchemaFile()).toMatchFileSnapshot("./scenario.schema.json");
});

test("it allows the short forms of moves", () => {
  const text = JSON.stringify(scenarioJsonSchema());
  expect(text).toContain("of ([a-z]");
  expect(text).toContain('"oneOf":[{"required":["hex"]},{"required":["text"]}]');
  // An id on the root would make editors look for the schema on the network.
  expect(scenarioJsonSchema()).not.toHaveProperty("$id");
});
