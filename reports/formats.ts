/** The kinds of document that a report is written as. A new one is one entry here. */

import type { AttackPlaces } from "../harness/code-places.ts";
import type { GradesReport } from "../harness/grades/message-grade.ts";
import { guarantees } from "../harness/guarantees/catalog.ts";
import { jsonText } from "../harness/json-text.ts";
import type { Finding, MatrixReport } from "../harness/verdict.ts";
import { gradesJson } from "./grades-json.ts";
import { gradesText } from "./grades-text.ts";
import { matrixHtml } from "./html.ts";
import { matrixJson } from "./json.ts";
import { matrixJunit } from "./junit.ts";
import { matrixMarkdown } from "./markdown.ts";
import { columnsOf } from "./model.ts";
import { matrixSarif } from "./sarif.ts";
import { matrixText } from "./text.ts";
import type { TitleData } from "./title-data.ts";

/** What a document is made of. */
export interface DocumentSource {
  /** As programs read it: protocols by their own names. */
  readonly report: MatrixReport;
  /** As people read it: protocols by distinct names. */
  readonly shownReport: MatrixReport;
  /** How well each message is protected: of each protocol, in the order of the reports. */
  readonly grades?: readonly (GradesReport | undefined)[];
  /** Course, author and the like, for documents that people read. */
  readonly title?: TitleData;
  /** Where in the code attacks came through; asked for by formats that need it. */
  readonly places?: ReadonlyMap<Finding, AttackPlaces>;
  /** Where an attack was saved; `null` if it was not. */
  attackFile(finding: Pick<Finding, "attack">): string | null;
  /** The command that shows an attack again. */
  replayCommand(finding: Pick<Finding, "attack">): string;
}

export interface ReportFormat {
  readonly id: string;
  /** Of the file's name, without a dot. */
  readonly ending: string;
  /** It says where in the code attacks came through: they are run again for that. */
  readonly needsPlaces?: true;
  render(source: DocumentSource): string | Uint8Array;
}

const textColumns = 100;
const rule = (id: string) => guarantees.find((g) => g.id === id);
const statement = (id: string): string | undefined => rule(id)?.statement;
/** What documents for people are made with. */
const optionsOf = (source: DocumentSource) => ({
  replayCommand: (finding: Pick<Finding, "attack">) => source.replayCommand(finding),
  statement,
  ...(source.grades === undefined ? {} : { grades: source.grades }),
  ...(source.title === undefined ? {} : { title: source.title }),
});

/** Each table of grades on its own, below the matrix. */
function gradesBelow({ shownReport, grades = [], ...source }: DocumentSource): string {
  const options = { color: false, width: textColumns, replayCommand: source.replayCommand };
  return columnsOf(shownReport)
    .flatMap(({ label }, i) => {
      const report = grades[i];
      return report === undefined ? [] : [`\n${gradesText({ label, report }, options)}`];
    })
    .join("");
}

export const reportFormats: readonly ReportFormat[] = [
  { id: "html", ending: "html", render: (s) => matrixHtml(s.shownReport, optionsOf(s)) },
  { id: "markdown", ending: "md", render: (s) => matrixMarkdown(s.shownReport, optionsOf(s)) },
  {
    id: "json",
    ending: "json",
    render: (s) => {
      const file = (saved: Pick<Finding, "attack">): string | null => s.attackFile(saved);
      const grades = s.grades?.map((g) => g && gradesJson(g, file));
      return jsonText(matrixJson(s.report, file, grades));
    },
  },
  {
    id: "text",
    ending: "txt",
    render: (s) => {
      const options = { color: false, width: textColumns, ...optionsOf(s) };
      return matrixText(s.shownReport, options) + gradesBelow(s);
    },
  },
  { id: "junit", ending: "xml", render: (s) => matrixJunit(s.shownReport, optionsOf(s)) },
  {
    id: "sarif",
    ending: "sarif",
    needsPlaces: true,
    render: (s) => {
      const placesOf = (finding: Finding) => s.places?.get(finding);
      return jsonText(matrixSarif(s.shownReport, { ...optionsOf(s), rule, placesOf }));
    },
  },
];
