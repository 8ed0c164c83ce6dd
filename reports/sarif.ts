/**
 * The matrix as SARIF 2.1.0 (OASIS), for code scanning and editors: a rule for each guarantee, a
 * result for each one that is broken, at the place in the protocol's source where the attack came
 * through. A broken claim is an error; what is broken without being claimed is a note. Nothing of
 * it is timed: the same report gives the same bytes.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { AttackPlaces } from "../harness/code-places.ts";
import type {
  Finding,
  GuaranteeVerdict,
  MatrixReport,
  ProtocolReport,
} from "../harness/verdict.ts";
import { hex, utf8 } from "../protocol/kit/bytes.ts";
import { markdownText, visible } from "./escape.ts";
import { type Column, columnsOf, guaranteesOf, neededNames, noMoves, noProof } from "./model.ts";
import { codeFlow, location, type SarifLocation, sarifMessage } from "./sarif-flow.ts";

/** What a guarantee means, and where it comes from. */
export interface RuleWords {
  readonly statement: string;
  readonly source: string;
}

export interface SarifOptions {
  replayCommand(finding: Finding): string;
  rule(guarantee: string): RuleWords | undefined;
  /** Where the attack came through, as far as it is known. */
  placesOf(finding: Finding): AttackPlaces | undefined;
}

const schema =
  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** The whole document, as plain data. */
export function matrixSarif(report: MatrixReport, options: SarifOptions): unknown {
  const ids = guaranteesOf(report.protocols);
  const results = columnsOf(report).flatMap((column) =>
    column.protocol.verdicts.flatMap((verdict) => {
      const { finding } = verdict;
      if (verdict.verdict !== "broken" || finding === undefined) return [];
      return [resultOf(column, verdict, finding, ids.indexOf(verdict.guarantee), options)];
    }),
  );
  const driver = {
    name: "Mallory",
    version: report.version,
    rules: ids.map((id) => ruleOf(id, options.rule(id))),
  };
  return {
    $schema: schema,
    version: "2.1.0",
    runs: [
      {
        tool: { driver },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: {
          SRCROOT: { description: { text: "The folder in which the report was made." } },
          PACKAGE: { description: { text: "The folder of the package mallory." } },
        },
        invocations: [invocationOf(report)],
        results,
        properties: { seed: report.seed, runs: report.runs },
      },
    ],
  };
}

function invocationOf({ incomplete }: MatrixReport): unknown {
  if (incomplete === undefined) return { executionSuccessful: true };
  const message = { text: sarifMessage(`Incomplete: ${incomplete}`) };
  return {
    executionSuccessful: true,
    toolExecutionNotifications: [{ level: "warning", message }],
  };
}

function ruleOf(id: string, words: RuleWords | undefined): unknown {
  const statement = words?.statement ?? id;
  const source = words === undefined ? "" : ` Reference: ${words.source}.`;
  const about = `${statement}${source}`;
  return {
    id,
    shortDescription: { text: sarifMessage(statement) },
    fullDescription: { text: sarifMessage(about) },
    help: {
      text: sarifMessage(`${about} ${noProof}`),
      markdown: markdownText(`${about} ${noProof}`),
    },
    defaultConfiguration: { level: "error" },
    properties: { tags: ["security", "protocol"] },
  };
}

function resultOf(
  { label, protocol }: Column,
  verdict: GuaranteeVerdict,
  finding: Finding,
  ruleIndex: number,
  options: SarifOptions,
): unknown {
  const places = options.placesOf(finding);
  const { guarantee, claimed, claim } = verdict;
  const said = claim === undefined ? "" : ` The authors claim: “${claim}”`;
  const related = (places?.operations ?? []).map((place, i) =>
    location(place, `operation ${i + 1} of ${places?.operations.length} with the same input`),
  );
  return {
    ruleId: guarantee,
    ruleIndex,
    level: claimed ? "error" : "note",
    message: { text: sarifMessage(`${label}: ${finding.because}.${said} ${attackWords(finding)}`) },
    locations: [placeOf(protocol, label, places)],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
    partialFingerprints: { "mallory/v1": fingerprint(protocol, guarantee) },
    codeFlows: [codeFlow(finding, places)],
    properties: {
      protocol: visible(protocol.name),
      options: protocol.options,
      claimed,
      ...(claim === undefined ? {} : { claim: visible(claim) }),
      capability: finding.capability,
      needs: finding.needs,
      steps: finding.steps.map(visible),
      digest: finding.digest,
      strategy: finding.strategy,
      replay: visible(options.replayCommand(finding)),
    },
  };
}

/** The smallest attack, and what it takes. */
function attackWords(finding: Finding): string {
  const { steps } = finding;
  const attack = steps.length === 0 ? noMoves(finding) : steps.join("; ");
  return `Attacker: ${neededNames(finding)}. Smallest attack: ${attack}.`;
}

/** Where the endpoint accepted; or its file, if that is all that is known. */
function placeOf(
  protocol: ProtocolReport,
  label: string,
  places: AttackPlaces | undefined,
): SarifLocation {
  const logicalLocations = [{ fullyQualifiedName: visible(label), kind: "module" }];
  if (places !== undefined) {
    const says = `${places.at}: ${places.kind}`;
    return { ...location(places.output, says), logicalLocations };
  }
  if (protocol.source === "bundled") return { logicalLocations };
  const path = protocol.source.replace(/^\.\//, "").replace(/#[^#/]*$/, "");
  const base = /^(?:\/|[A-Za-z]:|\.\.)/.test(path) ? undefined : "working-folder";
  return { ...location({ path, base, line: 1, column: 1 }, label), logicalLocations };
}

/** The same protocol and guarantee are the same finding, whatever line they have moved to. */
function fingerprint({ name, source, options }: ProtocolReport, guarantee: string): string {
  const written = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return hex(sha256(utf8(JSON.stringify([name, source, written, guarantee])))).slice(0, 32);
}
