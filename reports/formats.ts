/** The kinds of document that a report is written as. A new one is one entry here. */
import { guarantees } from "../harness/guarantees/catalog.ts";
import { jsonText } from "../harness/json-text.ts";
import type { Finding, MatrixReport } from "../harness/verdict.ts";
import { matrixHtml } from "./html.ts";
import { matrixJson } from "./json.ts";
import { matrixMarkdown } from "./markdown.ts";
import { matrixText } from "./text.ts";

/** What a document is made of. */
export interface DocumentSource {
  /** As programs read it: protocols by their own names. */
  readonly report: MatrixReport;
  /** As people read it: protocols by distinct names. */
  readonly shownReport: MatrixReport;
  /** Where an attack was saved; `null` if it was not. */
  attackFile(finding: Finding): string | null;
  /** The command that shows an attack again. */
  replayCommand(finding: Finding): string;
}

export interface ReportFormat {
  readonly id: string;
  /** Of the file's name, without a dot. */
  readonly ending: string;
  render(source: DocumentSource): string | Uint8Array;
}

const textColumns = 100;
const statement = (id: string): string | undefined =>
  guarantees.find((g) => g.id === id)?.statement;
const replayOf = (source: DocumentSource) => (finding: Finding) => source.replayCommand(finding);

export const reportFormats: readonly ReportFormat[] = [
  {
    id: "html",
    ending: "html",
    render: (s) => matrixHtml(s.shownReport, { replayCommand: replayOf(s), statement }),
  },
  {
    id: "markdown",
    ending: "md",
    render: (s) => matrixMarkdown(s.shownReport, { replayCommand: replayOf(s), statement }),
  },
  {
    id: "json",
    ending: "json",
    render: (s) => jsonText(matrixJson(s.report, (finding) => s.attackFile(finding))),
  },
  {
    id: "text",
    ending: "txt",
    render: (s) =>
      matrixText(s.shownReport, { color: false, width: textColumns, replayCommand: replayOf(s) }),
  },
];
