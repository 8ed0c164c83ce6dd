/** What a report says of itself, as its author gives it: nothing of it is found out. */
import { htmlText, markdownText } from "./escape.ts";

export interface TitleData {
  readonly course?: string | undefined;
  readonly author?: string | undefined;
  readonly institution?: string | undefined;
  /** As it is to stand there: no clock is asked. */
  readonly date?: string | undefined;
}

const order = ["course", "author", "institution", "date"] as const;
const names: Readonly<Record<(typeof order)[number], string>> = {
  course: "Course",
  author: "Author",
  institution: "Institution",
  date: "Date",
};

/** Names and texts of what was given, in the order of a title page. */
function given(title: TitleData): readonly (readonly [string, string])[] {
  return order.flatMap((key) => {
    const text = title[key]?.trim() ?? "";
    return text === "" ? [] : [[names[key], text] as const];
  });
}

/** A list of terms; empty if nothing was given. */
export function titleHtml(title: TitleData = {}): string {
  const entries = given(title).map(([name, text]) => `<dt>${name}</dt><dd>${htmlText(text)}</dd>`);
  return entries.length === 0 ? "" : `<dl class="title">${entries.join("")}</dl>`;
}

/** Lines with an empty one behind them; none if nothing was given. */
export function titleMarkdownLines(title: TitleData = {}): readonly string[] {
  const lines = given(title).map(([name, text]) => `- ${name}: ${markdownText(text)}`);
  return lines.length === 0 ? [] : [...lines, ""];
}
