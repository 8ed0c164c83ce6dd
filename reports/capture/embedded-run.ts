/** The run behind a capture, kept in the comments of its section: what repeats it, as JSON. */
import type { SavedRun } from "../../harness/replay.ts";

const mark = "mallory-run";
/** The length of an option is two bytes. */
const mostPiece = 60_000;
const mostPieces = 64;

/**
 * @returns comments, in order; `undefined` if it is too long to be kept: then the capture is still
 *   one of this run, and cannot repeat it.
 */
export function commentsFor(saved: SavedRun): readonly string[] | undefined {
  // ASCII, so that a character is a byte, and every piece is whole.
  const json = JSON.stringify(saved).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const count = Math.ceil(json.length / mostPiece);
  if (count > mostPieces) return undefined;
  return Array.from(
    { length: count },
    (_, i) => `${mark} ${i + 1}/${count} ${json.slice(i * mostPiece, (i + 1) * mostPiece)}`,
  );
}

/** @returns the JSON that is kept in these comments, unread; `undefined` if none is whole. */
export function runIn(comments: readonly string[]): string | undefined {
  const pieces: string[] = [];
  let count = 0;
  for (const comment of comments) {
    const match = /^mallory-run (\d{1,2})\/(\d{1,2}) /.exec(comment);
    if (match === null || Number(match[1]) !== pieces.length + 1) continue;
    count = Number(match[2]);
    pieces.push(comment.slice(match[0].length));
    if (pieces.length === count) return pieces.join("");
  }
  return undefined;
}
