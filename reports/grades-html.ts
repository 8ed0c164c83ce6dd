/** Message grades as a part of a page. */
import type { GradesReport, MessageGrade } from "../harness/grades/message-grade.ts";
import { htmlText } from "./escape.ts";
import {
  alikeWords,
  attackWords,
  capsOf,
  doubtsOf,
  gradeName,
  gradeSign,
  gradesNote,
  meaningsIn,
  messagesWords,
  wayOf,
} from "./grades-model.ts";

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td class="any">${htmlText(cell)}</td>`).join("")}</tr>`;

function table(heads: readonly string[], rows: readonly string[]): string {
  const cells = heads.map((head) => `<th scope="col">${htmlText(head)}</th>`);
  return (
    `<div class="scroll"><table><thead><tr>${cells.join("")}</tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

const cellsOf = (message: MessageGrade, i: number): readonly string[] => [
  `${i + 1}`,
  `${message.session + 1}`,
  wayOf(message),
  gradeSign(message.source),
  gradeSign(message.destination),
  message.inHandshake ? "handshake" : "",
  message.said,
];

const heads = ["", "session", "from → to", "source", "destination", "sent in", "message"];

/** Everything about the messages of one protocol. */
export function gradesHtml(report: GradesReport): string {
  if (report.messages.length === 0) {
    return '<p class="faint">No honest user sends another a message.</p>';
  }
  const caps = capsOf(report).map((shared) =>
    row([
      gradeName(shared),
      messagesWords(shared.messages),
      shared.cap.because,
      attackWords(shared.cap),
    ]),
  );
  const meanings = meaningsIn(report).map(
    ({ aspect, grade, meaning }) => `<li><b>${aspect} ${grade}</b>: ${htmlText(meaning)}</li>`,
  );
  const doubts = doubtsOf(report).map(
    ({ aspect, messages, because }) =>
      `<li><b>${aspect} ?</b>, ${messagesWords(messages)}: ${htmlText(because)}</li>`,
  );
  const notes = [gradesNote, ...alikeWords(report).map((words) => `${words}.`)].join(" ");
  return (
    table(
      heads,
      report.messages.map((m, i) => row(cellsOf(m, i))),
    ) +
    `<ul>${[...meanings, ...doubts].join("")}</ul>` +
    (caps.length === 0 ? "" : table(["grade", "of", "what the run shows", "attack"], caps)) +
    `<p class="faint any">${htmlText(notes)}</p>`
  );
}
