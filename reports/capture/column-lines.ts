import { displayWidth, padEnd } from "../columns.ts";
import { terminalText } from "../escape.ts";

const mostCell = 400;

/** Rows in columns; the last one is not padded. */
export function columnLines(rows: readonly (readonly string[])[]): readonly string[] {
  const safe = rows.map((row) => row.map((cell) => terminalText(cell, mostCell)));
  const widths: number[] = [];
  for (const row of safe) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell));
  }
  return safe.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : padEnd(cell, widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
