/**
 * For tests: the part of SARIF 2.1.0 that reports write, as strict schemas, so that a property that
 * the standard does not have at its place is an error. Written after the text of the standard
 * (OASIS, 27 March 2020, §3.13 to §3.58). Its JSON schema is not copied here: it comes under the
 * terms of OASIS and not under a licence for software.
 */
import { z } from "zod";

const message = z.strictObject({ text: z.string().min(1) });
const rich = z.strictObject({ text: z.string().min(1), markdown: z.string().min(1).optional() });
const bag = z.looseObject({ tags: z.array(z.string()).optional() });
/** A reference without what a URI has to escape (RFC 3986 §2). */
const uri = z.string().regex(/^(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]|%[0-9A-F]{2})+$/);
const level = z.enum(["none", "note", "warning", "error"]);

const artifactLocation = z.strictObject({ uri: uri.optional(), uriBaseId: z.string().optional() });
const location = z.strictObject({
  physicalLocation: z
    .strictObject({
      artifactLocation,
      region: z.strictObject({
        startLine: z.number().int().min(1),
        startColumn: z.number().int().min(1),
      }),
    })
    .optional(),
  logicalLocations: z
    .array(z.strictObject({ fullyQualifiedName: z.string(), kind: z.string() }))
    .optional(),
  message: message.optional(),
});

const threadFlowLocation = z.strictObject({
  location,
  executionOrder: z.number().int().min(-1).optional(),
  importance: z.enum(["important", "essential", "unimportant"]).optional(),
});
const codeFlow = z.strictObject({
  message,
  threadFlows: z.array(z.strictObject({ locations: z.array(threadFlowLocation).min(1) })).min(1),
});

const result = z.strictObject({
  ruleId: z.string(),
  ruleIndex: z.number().int().min(0),
  level,
  message,
  locations: z.array(location).min(1),
  relatedLocations: z.array(location).optional(),
  partialFingerprints: z.record(z.string(), z.string()),
  codeFlows: z.array(codeFlow),
  properties: bag,
});

const rule = z.strictObject({
  id: z.string(),
  shortDescription: rich,
  fullDescription: rich,
  help: rich,
  defaultConfiguration: z.strictObject({ level }),
  properties: bag,
});

const invocation = z.strictObject({
  executionSuccessful: z.boolean(),
  toolExecutionNotifications: z.array(z.strictObject({ level, message })).optional(),
});

const run = z.strictObject({
  tool: z.strictObject({
    driver: z.strictObject({ name: z.string(), version: z.string(), rules: z.array(rule) }),
  }),
  columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
  originalUriBaseIds: z.record(z.string(), z.strictObject({ description: message })),
  invocations: z.array(invocation),
  results: z.array(result),
  properties: bag,
});

export const sarifLog = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.array(run).length(1),
});
export type SarifLog = z.infer<typeof sarifLog>;

/**
 * What no schema says: rules are found again by their index, bases are declared, and flows count.
 * @throws ZodError, or Error if something does not fit together.
 */
export function checkedSarif(document: unknown): SarifLog {
  const log = sarifLog.parse(document);
  for (const { tool, results, originalUriBaseIds } of log.runs) {
    const ids = tool.driver.rules.map((r) => r.id);
    if (new Set(ids).size !== ids.length) throw new Error("two rules have one id");
    for (const { ruleId, ruleIndex, codeFlows, locations, relatedLocations = [] } of results) {
      if (ids[ruleIndex] !== ruleId) throw new Error(`${ruleId} is not rule ${ruleIndex}`);
      const steps = codeFlows.flatMap((c) => c.threadFlows.flatMap((t) => t.locations));
      for (const place of [...locations, ...relatedLocations, ...steps.map((s) => s.location)]) {
        const base = place.physicalLocation?.artifactLocation.uriBaseId;
        if (base !== undefined && !(base in originalUriBaseIds)) throw new Error(`no base ${base}`);
      }
      const orders = steps.flatMap((s) => s.executionOrder ?? []);
      if (orders.some((n, i) => n !== i + 1)) throw new Error("steps are out of order");
    }
  }
  return log;
}
