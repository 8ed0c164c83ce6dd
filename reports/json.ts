/**
 * Reports for programs: `mallory/matrix@1`. The shape is a contract; fields may be added, but
 * none may change its meaning or go away.
 */
import type {
  Finding,
  GuaranteeVerdict,
  MatrixReport,
  ProtocolReport,
} from "../harness/verdict.ts";

/** Where an attack was saved, or `null` if it was not. */
export type AttackFile = (finding: Finding) => string | null;

function attackJson(finding: Finding, attackFile: AttackFile): unknown {
  return { moves: finding.attack.moves, file: attackFile(finding) };
}

function findingJson(finding: Finding, attackFile: AttackFile): unknown {
  return {
    capability: finding.capability,
    needs: finding.needs,
    compute: finding.compute,
    because: finding.because,
    attack: attackJson(finding, attackFile),
    digest: finding.digest,
  };
}

function verdictJson(verdict: GuaranteeVerdict, attackFile: AttackFile): unknown {
  const { finding, layer } = verdict;
  return {
    guarantee: verdict.guarantee,
    verdict: verdict.verdict,
    claimed: verdict.claimed,
    capability: verdict.capability,
    needs: finding?.needs ?? [],
    compute: finding?.compute ?? null,
    because: verdict.because,
    ...(layer === undefined
      ? {}
      : {
          layer: {
            verdict: layer.verdict,
            capability: layer.capability,
            because: layer.because,
          },
        }),
    attack: finding === undefined ? null : attackJson(finding, attackFile),
    digest: finding?.digest ?? null,
    others: verdict.others.map((other) => findingJson(other, attackFile)),
    heldAgainst: verdict.heldAgainst,
    runs: verdict.runs,
    strategies: verdict.strategies,
    atStake: verdict.atStake,
    effective: verdict.effective,
    exhaustiveDepth: verdict.exhaustiveDepth,
  };
}

function protocolJson(
  protocol: ProtocolReport,
  attackFile: AttackFile,
  grades: object | undefined,
): unknown {
  const { honest } = protocol;
  return {
    name: protocol.name,
    options: protocol.options,
    source: protocol.source,
    ...(protocol.faults === undefined ? {} : { faults: protocol.faults }),
    ...(protocol.remarks === undefined ? {} : { remarks: protocol.remarks }),
    ...(protocol.failedPuppets === undefined ? {} : { failedPuppets: protocol.failedPuppets }),
    ...(protocol.composed === undefined ? {} : { composed: protocol.composed }),
    verdicts: protocol.verdicts.map((verdict) => verdictJson(verdict, attackFile)),
    honest: {
      delivered: honest.delivered,
      submitted: honest.submitted,
      datagrams: honest.datagrams,
      largestDatagram: honest.largestDatagram,
    },
    ...(grades === undefined ? {} : { grades }),
  };
}

/**
 * The document that `mallory matrix --json` prints.
 * @param grades of the messages of each protocol, in the order of the report; see grades-json.ts.
 */
export function matrixJson(
  report: MatrixReport,
  attackFile: AttackFile = () => null,
  grades: readonly (object | undefined)[] = [],
): unknown {
  return {
    schema: report.schema,
    seed: report.seed,
    version: report.version,
    protocols: report.protocols.map((p, i) => protocolJson(p, attackFile, grades[i])),
    runs: report.runs,
    seconds: report.seconds,
    ...(report.incomplete === undefined ? {} : { incomplete: report.incomplete }),
  };
}
