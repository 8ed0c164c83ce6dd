/**
 * Public keys and random values become zero, or one: with such a key, what is agreed is the same
 * for everybody, on both ends, so that even who compares it sees nothing (small subgroups; van
 * Oorschot and Wiener 1996).
 */
import type { Edit, Move } from "../move.ts";
import { attack, type SeenValue, type Strategy } from "./strategy.ts";

/** Limit on the values that are tried one by one; those that come first are agreed on first. */
const mostValues = 12;

const bytes = (length: number, last: string): string => "00".repeat(length - 1) + last;

const changed = ({ packet, path, start, length }: SeenValue, last: string): Move => {
  const inside = [...path, `bytes:${start}-${start + length}`];
  const edit: Edit = { edit: "replace", hex: bytes(length, last), inside };
  return { move: "modify", packet, edits: [edit] };
};

export const degenerating: Strategy = {
  id: "degenerate",
  title: "public keys and random values become zero or one, singly and everywhere",
  capability: "on-path",
  *attacks({ values }) {
    const keys = values.filter((v) => v.kind === "public-key");
    for (const last of ["00", "01"]) {
      if (keys.length > 1) yield attack(...keys.map((v) => changed(v, last)));
      for (const value of values.slice(0, mostValues)) yield attack(changed(value, last));
    }
  },
};
