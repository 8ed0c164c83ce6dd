/** @returns an argument of the kit with all byte strings in it, at any depth, given to `change`. */
export function withBytes(argument: unknown, change: (bytes: Uint8Array) => Uint8Array): unknown {
  if (argument instanceof Uint8Array) return change(argument);
  if (typeof argument !== "object" || argument === null) return argument;
  return Object.fromEntries(
    Object.entries(argument).map(([name, value]) => [name, withBytes(value, change)]),
  );
}
