/**
 * Shorter ways to write moves in a scenario, turned into those of attacker/move.ts:
 *
 * - `packet: 2 of client#0 to server#0` (also under `after`) for `{ from, to, nth }`;
 * - `text: unlock 6` for `hex: 756e6c6f636b2036`;
 * - `inside: base64` (also `source`) for `inside: [base64]`.
 */
import type { DataPath, Diagnostic } from "../harness/input/diagnostic.ts";
import { hex, utf8 } from "../protocol/kit/bytes.ts";

/** As a text, so that the JSON Schema can say it too. */
export const packetPattern =
  "^(?:packet )?([1-9][0-9]*)(?:st|nd|rd|th)? of ([a-z][a-z0-9-]*(?:#[0-9]+)?) to " +
  "([a-z][a-z0-9-]*(?:#[0-9]+)?)$";
export const packetExample = "2 of client#0 to server#0";

/** What is wrong with one of the short forms. */
export class ShortFormError extends Error {
  readonly complaint: Diagnostic;

  constructor(path: DataPath, says: string) {
    super(says);
    this.complaint = { path, says, aboutKey: false };
  }
}

/** Deeper than any move; anything below is left for the schema to refuse. */
const deepest = 12;

/**
 * Rewrites all short forms below `value`; everything else stays as it is, right or wrong.
 * @throws ShortFormError
 */
export function plainMoves(value: unknown, path: DataPath = []): unknown {
  if (path.length > deepest) return value;
  if (Array.isArray(value)) return value.map((v, i) => plainMoves(v, [...path, i]));
  if (typeof value !== "object" || value === null) return value;
  const hasHex = "hex" in value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const inner = [...path, key];
      if ((key === "packet" || key === "after") && typeof entry === "string") {
        return [key, packetOf(entry, inner)];
      }
      if ((key === "inside" || key === "source") && typeof entry === "string") {
        return [key, [entry]];
      }
      if (key === "text" && !hasHex && typeof entry === "string") return ["hex", hex(utf8(entry))];
      return [key, plainMoves(entry, inner)];
    }),
  );
}

function packetOf(text: string, path: DataPath): unknown {
  const match = new RegExp(packetPattern).exec(text.trim());
  if (match === null) {
    throw new ShortFormError(path, `must be like "${packetExample}", not "${text}"`);
  }
  return { from: match[2], to: match[3], nth: Number(match[1]) };
}
