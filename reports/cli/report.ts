/** `mallory report`: assesses protocols and writes the result as documents. */
import { join } from "node:path";
import { guarantees } from "../../harness/guarantees/catalog.ts";
import { nearest } from "../../harness/input/suggestions.ts";
import { UserError } from "../../harness/input/user-error.ts";
import { jsonText } from "../../harness/json-text.ts";
import { type MatrixRun, shownReport } from "../../harness/runner/assess-all.ts";
import { writeOut } from "../../harness/runner/files.ts";
import { terminalText } from "../escape.ts";
import { matrixHtml } from "../html.ts";
import { matrixJson } from "../json.ts";
import { matrixMarkdown } from "../markdown.ts";
import { matrixText } from "../text.ts";
import type { AttackFiles } from "./attack-files.ts";
import { type Format, formats } from "./choices.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { campaignOf, codeOf } from "./matrix.ts";

const endings: Readonly<Record<Format, string>> = {
  html: "html",
  markdown: "md",
  json: "json",
  text: "txt",
};

/** @throws UserError */
export function parseFormats(words: readonly string[]): readonly Format[] {
  const asked = words.flatMap((w) => w.split(",")).filter((w) => w !== "");
  const known = asked.map((word) => {
    const format = formats.find((f) => f === word || endings[f] === word);
    if (format !== undefined) return format;
    const near = nearest(word, formats);
    const meant = near === undefined ? "" : ` did you mean "${near}"?`;
    throw new UserError(`--format "${word}":${meant} there are ${formats.join(", ")}`);
  });
  return [...new Set(known)];
}

const textColumns = 100;

function documentOf(format: Format, campaign: MatrixRun, files: AttackFiles): string {
  const report = shownReport(campaign);
  const replayCommand = files.replayCommand.bind(files);
  const statement = (id: string): string | undefined =>
    guarantees.find((g) => g.id === id)?.statement;
  switch (format) {
    case "html":
      return matrixHtml(report, { replayCommand, statement });
    case "markdown":
      return matrixMarkdown(report, { replayCommand, statement });
    case "json":
      return jsonText(matrixJson(campaign.report, (finding) => files.pathOf(finding)));
    case "text":
      return matrixText(report, { color: false, width: textColumns, replayCommand });
  }
}

export async function reportCommand(
  names: readonly string[],
  wanted: readonly Format[],
  flags: Flags,
  io: Io,
): Promise<number> {
  const { campaign, files } = await campaignOf(names, flags, io);
  for (const format of campaign.report.protocols.length === 0 ? [] : wanted) {
    const path = join(flags.out, `report.${endings[format]}`);
    writeOut(io.cwd, path, documentOf(format, campaign, files));
    io.out(`${terminalText(path)}\n`);
  }
  return codeOf(campaign, files, 0, flags, io);
}
