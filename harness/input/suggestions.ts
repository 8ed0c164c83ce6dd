/** Suggestions for misspelt names: the nearest name, and all that are allowed. */

/** How many insertions, deletions, replacements and swaps of neighbours lead from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** Longer words are cut, which bounds the work. */
const comparedLength = 80;

/** The candidate that `word` was most likely meant to be; `undefined` if none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const written = word.slice(0, comparedLength).toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong; of three or fewer, one.
  const length = written.length;
  let bound = length < 2 ? 0 : length < 4 ? 1 : Math.max(2, Math.floor(length / 3));
  for (const candidate of candidates) {
    const distance = editDistance(written, candidate.slice(0, comparedLength).toLowerCase());
    if (distance > bound || (distance === bound && best !== undefined)) continue;
    best = candidate;
    bound = distance;
  }
  return best ?? abbreviated(written, candidates);
}

/** The first candidate that `word` nearly begins. */
function abbreviated(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 4) return undefined;
  for (const candidate of candidates) {
    const start = candidate.toLowerCase();
    const lengths = [word.length, word.length + 1];
    if (lengths.some((n) => editDistance(word, start.slice(0, n)) <= 1)) return candidate;
  }
  return undefined;
}

const mostListed = 16;

/** `a, b or c`; long lists are cut and say so. */
export function listed(values: readonly string[], conjunction: "or" | "and" = "or"): string {
  if (values.length > mostListed) {
    const more = values.length - mostListed;
    return `${values.slice(0, mostListed).join(", ")} and ${more} more`;
  }
  const last = values.at(-1) ?? "nothing";
  return values.length < 2 ? last : `${values.slice(0, -1).join(", ")} ${conjunction} ${last}`;
}

/** `there is no protocol "objct"; did you mean "object"? There are: …`, in one line. */
export function unknownName(what: string, word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates);
  const suggestion = near === undefined ? "" : ` did you mean "${near}"?`;
  const all = `there are: ${listed(candidates, "and")}`;
  return near === undefined
    ? `there is no ${what} "${word}"; ${all}`
    : `there is no ${what} "${word}";${suggestion} (${all})`;
}
