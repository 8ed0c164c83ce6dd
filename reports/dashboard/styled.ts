/** Styled text without a terminal: spans, lines, and how to bring them to an exact width. */

import { cut, displayWidth, wrap } from "../columns.ts";
import { terminalText } from "../escape.ts";
import type { Tone } from "../model.ts";

/** What a piece of text is; screen.ts decides what that looks like. */
export type Style = "plain" | "faint" | "strong" | "accent" | "changed" | `tone-${Tone}`;

export interface Span {
  readonly text: string;
  readonly style: Style;
  readonly selected?: boolean;
}
export type Line = readonly Span[];

/**
 * Characters about whose width terminals and blessed (with its old tables) disagree; one of them
 * would shift everything to its right.
 */
const doubtful = /[\p{M}\p{Emoji_Presentation}\u{10000}-\u{10ffff}]/gu;

/** Makes untrusted text safe for a line of the dashboard. */
export function safe(text: string, limit = 2_000): string {
  return terminalText(text, limit).replace(
    doubtful,
    (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

export const span = (text: string, style: Style = "plain"): Span => ({ text, style });
export const line = (text: string, style: Style = "plain"): Line => [span(text, style)];
export const lineWidth = (spans: Line): number =>
  spans.reduce((width, s) => width + displayWidth(s.text), 0);

/** Exactly `width` columns: cut with an ellipsis, or filled up with spaces. */
export function fitLine(spans: Line, width: number): Line {
  const fitted: Span[] = [];
  let left = width;
  for (const s of spans) {
    if (left <= 0) break;
    const text = cut(s.text, left);
    fitted.push({ ...s, text });
    left -= displayWidth(text);
    if (text !== s.text) break;
  }
  if (left > 0) fitted.push(span(" ".repeat(left)));
  return fitted;
}

/** `left` and `right` at the two ends; `right` gives way where there is no room for both. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(left) - lineWidth(right);
  return room < 1 ? fitLine(left, width) : [...left, span(" ".repeat(room)), ...right];
}

/** Exactly `height` lines of exactly `width` columns. */
export function fitLines(lines: readonly Line[], width: number, height: number): Line[] {
  const shown = lines.slice(0, height).map((l) => fitLine(l, width));
  while (shown.length < height) shown.push(fitLine([], width));
  return shown;
}

/** A term, and wrapped text beside it. */
export function paragraph(term: Span, text: string, width: number, style: Style = "plain"): Line[] {
  const indent = displayWidth(term.text);
  return wrap(text, width - indent).map((part, i) => [
    i === 0 ? term : span(" ".repeat(indent)),
    span(part, style),
  ]);
}
