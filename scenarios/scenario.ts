/**
 * Scenarios: a named situation with its expected verdicts, as a YAML file.
 *
 * With an `attack`, one run is made and judged; without one, the whole generic catalogue of
 * attacks is tried, as `mallory matrix` does. `mallory run` compares the results with `expect`.
 */
import { z } from "zod";
import { attackSchema, capabilities } from "../attacker/move.ts";
import type { NetworkName } from "../attacker/strategies/strategy.ts";
import type { Expectation } from "../harness/expectation.ts";
import { guarantees } from "../harness/guarantees/catalog.ts";
import type { DataPath } from "../harness/input/diagnostic.ts";
import { calmNetwork, networks } from "../harness/run/network/conditions.ts";
import type { ScenarioRun } from "../harness/scenario-run.ts";
import { defaultSeed } from "../harness/subject.ts";
import { chunkings, type NetworkConditions } from "../harness/trace/trace.ts";
import type { Status } from "../harness/verdict.ts";
import { workloadNames } from "../harness/workload.ts";
import type { OptionValues } from "../protocol/endpoint.ts";

const statuses = ["broken", "holds", "unknown", "not-applicable"] as const satisfies Status[];
const status = z.enum(statuses);

const expectation = z.union([
  status,
  z.strictObject({
    verdict: status,
    capability: z
      .enum(capabilities)
      .optional()
      .describe("The weakest attacker who breaks it; left out: any."),
    layer: status
      .optional()
      .describe("The verdict with the handshake left untouched; left out: not looked at."),
  }),
]);

const expectations = z.strictObject(
  Object.fromEntries(
    guarantees.map((g) => [g.id, expectation.optional().describe(g.statement)]),
  ) as Record<string, z.ZodOptional<typeof expectation>>,
);

const probability = z.number().min(0).max(1);
const milliseconds = z.number().min(0);
const networkFields = z.strictObject({
  latencyMs: milliseconds.optional().describe("One-way delay."),
  jitterMs: milliseconds.optional().describe("How much the delay varies at random."),
  loss: probability.optional().describe("How likely a datagram is lost, from 0 to 1."),
  duplication: probability.optional().describe("How likely it arrives twice."),
  reordering: probability.optional().describe("How likely it falls behind later ones."),
  faultsEndMs: milliseconds.optional().describe("When losses, copies and disorder end."),
  mtuBytes: z.number().int().min(1).optional().describe("Longer datagrams do not arrive."),
  chunking: z.enum(chunkings).optional().describe("How streams are cut into chunks."),
});

/** YAML reads `128` and `true` as what they are; options are text. */
const optionValue = z.union([z.string(), z.number(), z.boolean()]);

export const scenarioSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, "must be lower-case letters, digits and hyphens")
    .max(80)
    .describe("What `mallory run` calls it: the name of the file without .yaml."),
  title: z.string().min(1).describe("What it shows, in one line."),
  about: z.string().optional().describe("Why: what happens and what it means."),
  protocol: z
    .string()
    .min(1)
    .describe("A bundled protocol, or the path of a file from this one; options as in a?b=c."),
  options: z
    .record(z.string(), optionValue)
    .optional()
    .describe("Options of the protocol, beside or instead of those in its name."),
  seed: z.union([z.string(), z.number()]).optional().describe("Decides all randomness."),
  workload: z
    .enum(workloadNames)
    .optional()
    .describe(
      "What the honest users do; only with an attack. Those named parallel- are made from the " +
        "protocol's roles, with little said in each session: its own first two at once, the first " +
        "one alone, twice, with roles exchanged, with mallory called, or once more later.",
    ),
  network: z
    .union([z.enum(Object.keys(networks) as NetworkName[]), networkFields])
    .optional()
    .describe("The network without any attacker; only with an attack. Default: calm."),
  attack: attackSchema
    .optional()
    .describe("The moves of the attacker. An empty list: nobody attacks. Left out: all attacks."),
  expect: expectations.optional().describe("What must come out, guarantee by guarantee."),
  delivers: z
    .array(z.string())
    .optional()
    .describe("Texts that must be among the delivered messages; only with an attack."),
  loses: z
    .array(z.string())
    .optional()
    .describe("Messages of the workload that must not be delivered; only with an attack."),
  shows: z
    .array(z.string())
    .optional()
    .describe("What must stand in some line of a log, or in an alarm; only with an attack."),
});

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly about: string | undefined;
  /** As on the command line, from the working directory. */
  readonly protocol: string;
  readonly options: OptionValues;
  readonly seed: string;
  readonly expect: ReadonlyMap<string, Expectation>;
  /** One run, where the scenario has an attack; `undefined`: the whole catalogue. */
  readonly run: ScenarioRun | undefined;
  /** The file, as it was named. */
  readonly file: string;
  /** Where a part of it stands, as `file:line:column`. */
  placeOf(path: DataPath): string;
}

type Written = z.infer<typeof scenarioSchema>;

function networkOf(written: Written["network"]): NetworkConditions {
  if (written === undefined) return calmNetwork;
  if (typeof written === "string") return networks[written];
  const given = Object.entries(written).filter(([, value]) => value !== undefined);
  return { ...calmNetwork, ...Object.fromEntries(given) };
}

function expectOf(written: Written["expect"]): ReadonlyMap<string, Expectation> {
  const map = new Map<string, Expectation>();
  for (const [guarantee, value] of Object.entries(written ?? {})) {
    if (value === undefined) continue;
    if (typeof value === "string") {
      map.set(guarantee, { verdict: value });
      continue;
    }
    const { verdict, capability, layer } = value;
    map.set(guarantee, {
      verdict,
      ...(capability === undefined ? {} : { capability }),
      ...(layer === undefined ? {} : { layer }),
    });
  }
  return map;
}

/** Fills in what was left out. @param protocol the name, seen from the working directory. */
export function scenarioOf(
  written: Written,
  file: string,
  protocol: string,
  placeOf: Scenario["placeOf"],
): Scenario {
  const { name, title, about, attack } = written;
  const options = Object.entries(written.options ?? {}).map(([k, v]) => [k, String(v)] as const);
  return {
    name,
    title,
    about: about?.trim(),
    protocol,
    options: Object.fromEntries(options),
    seed: String(written.seed ?? defaultSeed),
    expect: expectOf(written.expect),
    run:
      attack === undefined
        ? undefined
        : {
            attack,
            network: networkOf(written.network),
            workload: written.workload ?? "default",
            delivers: written.delivers ?? [],
            loses: written.loses ?? [],
            shows: written.shows ?? [],
          },
    file,
    placeOf,
  };
}
