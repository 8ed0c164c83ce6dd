/** How much an attack may be in all: a few lines of a file could otherwise ask for gigabytes. */
import type { z } from "zod";

/** As much of a move as has a size. */
interface SizedMove {
  readonly move: string;
  readonly times?: number | undefined;
  readonly hex?: string | undefined;
  readonly edits?:
    | readonly { readonly edit: string; readonly hex?: string | undefined }[]
    | undefined;
}

/** Fewer than a run may have steps without time passing, whose end would look like a flaw. */
const mostPackets = 4_000;
const mostEdits = 10_000;
/** As much as a run may send. */
const mostBytes = 4_000_000;

type Path = readonly PropertyKey[];

/** Adds up, and complains once, where the sum becomes too large. */
class Sum {
  readonly #most: number;
  readonly #says: string;
  readonly #complain: (path: Path, says: string) => void;
  #sum = 0;

  constructor(most: number, says: string, complain: (path: Path, says: string) => void) {
    this.#most = most;
    this.#says = says;
    this.#complain = complain;
  }

  add(amount: number, path: Path): void {
    const before = this.#sum;
    this.#sum += amount;
    if (before <= this.#most && this.#sum > this.#most) this.#complain(path, this.#says);
  }
}

/** Complains about an attack that is too large, at the place where it becomes so. */
export function checkSize(attack: readonly SizedMove[], context: z.core.$RefinementCtx): void {
  const complain = (path: Path, message: string): void => {
    context.addIssue({ code: "custom", path: [...path], message });
  };
  const packets = new Sum(mostPackets, `is too much: ${mostPackets} packets in all`, complain);
  const edits = new Sum(mostEdits, `are too many: ${mostEdits} edits in all`, complain);
  const bytes = new Sum(mostBytes, `is too much: ${mostBytes} bytes in all`, complain);
  for (const [i, { move, times, hex = "", edits: list = [] }] of attack.entries()) {
    const sends = move === "inject" || move === "replay";
    if (sends) packets.add(times ?? 1, times === undefined ? [i] : [i, "times"]);
    bytes.add(((times ?? 1) * hex.length) / 2, [i, "hex"]);
    edits.add(list.length, [i, "edits"]);
    for (const [j, edit] of list.entries()) {
      bytes.add((edit.hex ?? "").length / 2, [i, "edits", j, "hex"]);
    }
  }
}
