/**
 * The matrix as a JUnit report, as continuous integration reads it: a suite for each protocol, a
 * test for each guarantee. Only broken claims fail. What is not known, does not apply, or is broken
 * without being claimed was no test that passed, and is skipped with the reason.
 *
 * The elements are those of the schema of the Jenkins xUnit plugin (junit-10.xsd), without times:
 * the same report gives the same bytes.
 */
import type { GuaranteeVerdict, MatrixReport, ProtocolReport } from "../harness/verdict.ts";
import { xmlText } from "./escape.ts";
import type { DocumentOptions } from "./html.ts";
import { columnsOf, neededNames, noMoves, noProof, optionWords, toneOf } from "./model.ts";

type Attributes = Readonly<Record<string, string | number>>;

const start = (name: string, attributes: Attributes): string => {
  const written = Object.entries(attributes).map(([key, v]) => ` ${key}="${xmlText(String(v))}"`);
  return `<${name}${written.join("")}`;
};
const element = (name: string, attributes: Attributes, lines: readonly string[] = []): string =>
  lines.length === 0
    ? `${start(name, attributes)}/>`
    : `${start(name, attributes)}>${lines.map(xmlText).join("\n")}</${name}>`;

interface Case {
  readonly name: string;
  readonly end: "passed" | "failed" | "skipped";
  /** The element within the test, if there is one. */
  readonly inside?: string;
}

/** The smallest attack, with all that it takes to see it again. */
function attackLines(verdict: GuaranteeVerdict, options: DocumentOptions): readonly string[] {
  const { finding, claim } = verdict;
  const said = claim === undefined ? [] : [`claim: “${claim}”`];
  if (finding === undefined) return [verdict.because, ...said];
  const steps =
    finding.steps.length === 0
      ? [`no attack: ${noMoves(finding)}`]
      : finding.steps.map((step, i) => `${i + 1}. ${step}`);
  return [
    finding.because,
    ...said,
    `attacker: ${neededNames(finding)}`,
    "smallest attack:",
    ...steps,
    `digest: ${finding.digest}`,
    `replay: ${options.replayCommand(finding)}`,
  ];
}

function caseOf(verdict: GuaranteeVerdict, options: DocumentOptions): Case {
  const { guarantee: name, because, capability } = verdict;
  const skipped = (says: string): Case => ({
    name,
    end: "skipped",
    inside: element("skipped", { message: says }),
  });
  switch (toneOf(verdict)) {
    case "alarm": {
      const about = { message: because, type: capability ?? "broken" };
      const inside = element("failure", about, attackLines(verdict, options));
      return { name, end: "failed", inside };
    }
    case "broken":
      return skipped(
        `broken (${capability ?? "broken"}), and the authors do not claim it: ${because}`,
      );
    case "holds":
      return { name, end: "passed" };
    case "unknown":
      return skipped(`unknown: ${because}`);
    case "none":
      return skipped(`not applicable: ${because}`);
  }
}

/** What is wrong before anything attacks. */
const faultsCase = (faults: readonly string[]): Case => ({
  name: "undisturbed run",
  end: "failed",
  inside: element("failure", { message: faults[0] ?? "", type: "fault" }, faults),
});

function propertiesOf(
  report: MatrixReport,
  protocol: ProtocolReport,
  options: DocumentOptions,
): readonly string[] {
  const broken = protocol.verdicts.flatMap(({ guarantee, finding }): [string, string][] =>
    finding === undefined
      ? []
      : [
          [`${guarantee}.capability`, finding.capability],
          [`${guarantee}.digest`, finding.digest],
          [`${guarantee}.replay`, options.replayCommand(finding)],
        ],
  );
  const cut: [string, string][] =
    report.incomplete === undefined ? [] : [["incomplete", report.incomplete]];
  const properties: readonly [string, string][] = [
    ["seed", report.seed],
    ["version", report.version],
    ["source", protocol.source],
    ["options", optionWords(protocol.options)],
    ["runs", String(protocol.runs)],
    ["holds", noProof],
    ...cut,
    ...broken,
  ];
  return properties.map(([name, value]) => element("property", { name, value }));
}

const countsOf = (cases: readonly Case[]): Attributes => ({
  tests: cases.length,
  failures: cases.filter((c) => c.end === "failed").length,
  errors: 0,
  skipped: cases.filter((c) => c.end === "skipped").length,
});

/** The whole document. */
export function matrixJunit(report: MatrixReport, options: DocumentOptions): string {
  const suites = columnsOf(report).map(({ label, protocol }) => {
    const verdicts = protocol.verdicts.map((v) => caseOf(v, options));
    const { faults = [] } = protocol;
    const cases = faults.length === 0 ? verdicts : [faultsCase(faults), ...verdicts];
    return { label, protocol, cases };
  });
  const all = suites.flatMap(({ cases }) => cases);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const { skipped: _, ...inAll } = countsOf(all);
  lines.push(`${start("testsuites", { name: "mallory", ...inAll })}>`);
  for (const { label, protocol, cases } of suites) {
    const written = optionWords(protocol.options);
    const classname = written === "" ? protocol.name : `${protocol.name}?${written}`;
    lines.push(`  ${start("testsuite", { name: label, ...countsOf(cases) })}>`, "    <properties>");
    lines.push(...propertiesOf(report, protocol, options).map((p) => `      ${p}`));
    lines.push("    </properties>");
    for (const { name, inside } of cases) {
      const opening = start("testcase", { name, classname });
      if (inside === undefined) lines.push(`    ${opening}/>`);
      else lines.push(`    ${opening}>`, `      ${inside}`, "    </testcase>");
    }
    lines.push("  </testsuite>");
  }
  lines.push("</testsuites>");
  return `${lines.join("\n")}\n`;
}
