/** What the bytes of an undisturbed run are, as a table in HTML and Markdown. */
import type { WireLine, WireRow } from "../harness/annotation/byte-range.ts";
import { htmlText, markdownText } from "./escape.ts";
import { counted, grouped } from "./model.ts";

const place = ({ from, to }: WireLine): string =>
  to - from === 1 ? `${from}` : `${from}–${to - 1}`;
const words = ({ label, text, known }: WireLine): string =>
  `${text === label ? label : `${label}: ${text}`}${known === undefined ? "" : ` (${known})`}`;
const left = (more: number): string => `… ${counted(more, "more line")}`;
const way = ({ from, to }: WireRow): string => `${from} → ${to}`;
const size = ({ t, length }: WireRow): string => `${grouped(Math.round(t))} ms, ${length} B`;

/** @param packets of the run, of which the table may show the first ones only. */
export function wireHtml(rows: readonly WireRow[], packets: number): string {
  if (rows.length === 0) return "";
  const line = (l: WireLine): string =>
    `<div class="wire-line" data-depth="${l.depth}"><code>${place(l)}</code> ` +
    `${htmlText(words(l))}</div>`;
  const body = rows.map(
    (row) =>
      `<tr><th scope="row">${row.n}</th><td>${htmlText(way(row))}<br><span class="faint">` +
      `${size(row)}</span><br><code>${row.head}</code></td><td class="any">` +
      `${row.lines.map(line).join("")}${row.more === 0 ? "" : htmlText(left(row.more))}</td></tr>`,
  );
  const note = packets > rows.length ? `<p class="faint">${notShown(rows, packets)}</p>` : "";
  return (
    `<details><summary>What is on the wire</summary><div class="scroll"><table class="wire">` +
    `<thead><tr><th scope="col">packet</th><th scope="col">from and to</th>` +
    `<th scope="col">bytes, and what they are</th></tr></thead><tbody>${body.join("")}</tbody>` +
    `</table></div>${note}</details>`
  );
}

export function wireMarkdownLines(rows: readonly WireRow[], packets: number): readonly string[] {
  if (rows.length === 0) return [];
  const body = rows.map((row) => {
    const lines = row.lines.map((l) => `${place(l)} ${markdownText(words(l))}`);
    const all = row.more === 0 ? lines : [...lines, left(row.more)];
    return `| ${row.n} | ${markdownText(way(row))} | ${size(row)} | ${all.join(" · ")} |`;
  });
  const note = packets > rows.length ? [`${notShown(rows, packets)}`, ""] : [];
  return [
    "### What is on the wire",
    "",
    "| packet | from and to | | bytes, and what they are |",
    "| --- | --- | --- | --- |",
    ...body,
    "",
    ...note,
  ];
}

const notShown = (rows: readonly WireRow[], packets: number): string =>
  `The first ${rows.length} of ${grouped(packets)} packets of an undisturbed run.`;
