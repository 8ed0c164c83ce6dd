/**
 * How many entries an endpoint holds, as far as that can be seen from outside: its maps, sets and
 * arrays. Private fields and closures cannot be; `stateSize()` is the way to show them.
 */

const deepest = 3;

/** @returns the entries in all visible collections; `undefined` if there is none to be seen. */
export function visibleEntries(endpoint: object): number | undefined {
  let collections = 0;
  let entries = 0;
  const seen = new Set<unknown>();
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    if (ArrayBuffer.isView(value) || depth > deepest) return;
    seen.add(value);
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      collections++;
      entries += Array.isArray(value) ? value.length : value.size;
      return;
    }
    for (const [key, member] of Object.entries(value)) {
      // What the lab supplied is not state of the endpoint.
      if (key !== "env" && key !== "crypto") visit(member, depth + 1);
    }
  };
  visit(endpoint, 0);
  return collections === 0 ? undefined : entries;
}
