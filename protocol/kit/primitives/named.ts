import { MisuseError } from "../errors.ts";

/**
 * Looks up an algorithm in its table. Types keep programs from misspelling one; a file that was
 * never type-checked is told here.
 * @param what such as "hash function".
 * @throws MisuseError if there is none of that name.
 */
export function named<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(table).join(", ");
  throw new MisuseError(`there is no ${what} ${JSON.stringify(name)}; there are ${names}`);
}
