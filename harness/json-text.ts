/** JSON as it is written to files and terminals. */

/**
 * Serialises exactly, but writes everything that could act on a terminal as `\uXXXX`:
 * JSON itself leaves DEL, C1 controls and bidirectional overrides as they are.
 */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  const escaped = json.replace(/[^\n\P{C}]|[\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu, (c) =>
    Array.from(
      { length: c.length },
      (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, "0")}`,
    ).join(""),
  );
  return `${escaped}\n`;
}
