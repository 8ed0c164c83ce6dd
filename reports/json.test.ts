import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { attackSchema } from "../attacker/move.ts";
import { jsonText } from "../harness/json-text.ts";
import { matrixJson } from "./json.ts";
import { hostile, sampleReport } from "./testing/sample-report.ts";

const acts = /[\p{C}\p{Default_Ignorable_Code_Point}]/u;
const status = z.enum(["broken", "holds", "unknown", "not-applicable"]);
const attack = z.strictObject({ moves: attackSchema, file: z.string().nullable() });
const capability = z.string().nullable();
/** The contract `mallory/matrix@1`, with the extras it allows. */
const contract = z.strictObject({
  schema: z.literal("mallory/matrix@1"),
  seed: z.string(),
  version: z.string(),
  protocols: z.array(
    z.strictObject({
      name: z.string(),
      options: z.record(z.string(), z.string()),
      source: z.string(),
      verdicts: z.array(
        z.strictObject({
          guarantee: z.string(),
          verdict: status,
          claimed: z.boolean(),
          capability,
          compute: z.string().nullable(),
          because: z.string(),
          layer: z.strictObject({ verdict: status, capability, because: z.string() }).optional(),
          attack: attack.nullable(),
          digest: z.string().nullable(),
          runs: z.number(),
          strategies: z.number(),
          atStake: z.number(),
          exhaustiveDepth: z.number().nullable(),
          needs: z.array(z.string()),
          others: z.array(z.looseObject({ because: z.string(), attack })),
          heldAgainst: z.array(z.string()),
          effective: z.number(),
        }),
      ),
      honest: z.strictObject({
        delivered: z.number(),
        submitted: z.number(),
        datagrams: z.number(),
        largestDatagram: z.number(),
      }),
    }),
  ),
  runs: z.number(),
  seconds: z.number(),
});

test("the document has the shape of the contract", () => {
  const text = jsonText(matrixJson(sampleReport, (f) => `out/${f.attack.guarantee}.json`));
  const document = contract.parse(JSON.parse(text));
  const integrity = document.protocols[0]?.verdicts[1];
  expect(integrity).toMatchObject({
    guarantee: "integrity",
    verdict: "broken",
    claimed: true,
    capability: "on-path",
    attack: { file: "out/integrity.json" },
    layer: { verdict: "broken", capability: "on-path" },
  });
  expect(integrity?.others).toHaveLength(1);
  expect(document.protocols[1]?.verdicts[0]).toMatchObject({ attack: null, digest: null });
});

test("a cut short matrix says so, a complete one does not", () => {
  expect(matrixJson(sampleReport)).not.toHaveProperty("incomplete");
  const cut = matrixJson({ ...sampleReport, incomplete: "stopped" });
  expect(cut).toHaveProperty("incomplete", "stopped");
});

test("hostile text comes back exactly, and none of it acts on a terminal", () => {
  const text = jsonText({ hostile });
  expect(JSON.parse(text)).toEqual({ hostile });
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 20 }), (s) => {
      const json = jsonText({ [s]: [s] });
      expect(acts.test(json.replaceAll("\n", ""))).toBe(false);
      expect(JSON.parse(json)).toEqual({ [s]: [s] });
    }),
    { numRuns: 50 },
  );
});
