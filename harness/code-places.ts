/** Places in the source of a protocol, as reports name them. */

/** Lines and columns count from 1. */
export interface CodePlace {
  /** With forward slashes: relative to `base`, or absolute where it has none. */
  readonly path: string;
  /** The working folder; the package of the lab, for what is bundled; or neither. */
  readonly base: "working-folder" | "package" | undefined;
  readonly line: number;
  readonly column: number;
}

/** Where in the code an attack came through, as a run shows that was watched. */
export interface AttackPlaces {
  /** The process that accepted, or said, what the verdict is about. */
  readonly at: string;
  /** Where the output is written that was the last one before the violation. */
  readonly output: CodePlace;
  /** What that output was, such as `deliver`. */
  readonly kind: string;
  /** Who asked for the last operations before it, while the same input was handled; in order. */
  readonly operations: readonly CodePlace[];
  /** How far the code got with each input: its last recorded operation, or where it begins. */
  readonly handled: readonly HandledInput[];
}

export interface HandledInput {
  readonly t: number;
  /** A process of an honest principal. */
  readonly at: string;
  readonly place: CodePlace;
}
