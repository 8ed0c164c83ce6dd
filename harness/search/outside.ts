/** The world beside a run: clocks, chance, and cryptography that nothing records. */
import type { Protocol } from "../../protocol/endpoint.ts";

export type SurroundingKind = "clock" | "chance" | "cryptography";

/** Something that code has used and that no plan decides. */
export interface Surrounding {
  /** Cryptography beside `env.crypto` is followed by nothing; clocks and chance change runs. */
  readonly kind: SurroundingKind;
  /** Such as `Date.now()`. */
  readonly what: string;
  /** As `./file.ts:line:column`. */
  readonly place: string;
}

/** What clocks and chance say to the protocol's code: one thing, or another. */
export interface ClockAndChance {
  readonly clock: "usual" | "other";
  readonly chance: "usual" | "other";
}

export const settings = {
  usual: { clock: "usual", chance: "usual" },
  clock: { clock: "other", chance: "usual" },
  chance: { clock: "usual", chance: "other" },
  other: { clock: "other", chance: "other" },
} as const satisfies Readonly<Record<string, ClockAndChance>>;

/** The world beside a run, where the protocol's code is watched. */
export interface Outside {
  /** What the code has used first of that kind. */
  used?(kind: SurroundingKind): Surrounding | undefined;
  /** Runs code with clocks and chance set, so that two runs can differ in them alone, or not. */
  within?<T>(setting: ClockAndChance, code: () => T): T;
  /** The protocol from an instance of its file that was loaded at another time, by other chance. */
  readonly loadedOtherwise?: Protocol;
}
