/** The moves of an attack, arranged by what sets them off. */
import { type Attack, type Moment, type Move, packetKey } from "../../attacker/move.ts";

export interface IndexedMove {
  readonly index: number;
  readonly move: Move;
}

const momentOf = (move: Move): Moment | "end" | undefined => {
  switch (move.move) {
    case "replay":
    case "inject":
    case "disclose":
      return move.when;
    case "participate":
      return "start";
    case "puppet":
      return move.when ?? "start";
    case "hijack":
      return { after: move.after };
    case "reflect":
      return move.when ?? { after: move.packet };
    default:
      return undefined;
  }
};

/** Looks moves up by packet; built once per run. */
export class AttackPlan {
  /** Moves that act on a packet while it is on its way. */
  readonly #on = new Map<string, IndexedMove[]>();
  /** Moves that follow a packet's arrival. */
  readonly #after = new Map<string, IndexedMove[]>();
  readonly atStart: readonly IndexedMove[];
  readonly atTime: readonly (IndexedMove & { readonly t: number })[];
  readonly atEnd: readonly IndexedMove[];

  constructor(attack: Attack) {
    const atStart: IndexedMove[] = [];
    const atTime: (IndexedMove & { t: number })[] = [];
    const atEnd: IndexedMove[] = [];
    attack.forEach((move, index) => {
      const when = momentOf(move);
      const entry = { index, move };
      if (when === undefined) {
        if ("packet" in move) push(this.#on, packetKey(move.packet), entry);
      } else if (when === "start") atStart.push(entry);
      else if (when === "end") atEnd.push(entry);
      else if ("atMs" in when) atTime.push({ ...entry, t: when.atMs });
      else push(this.#after, packetKey(when.after), entry);
    });
    this.atStart = atStart;
    this.atTime = atTime;
    this.atEnd = atEnd;
  }

  on(key: string): readonly IndexedMove[] {
    return this.#on.get(key) ?? none;
  }

  after(key: string): readonly IndexedMove[] {
    return this.#after.get(key) ?? none;
  }
}

const none: readonly IndexedMove[] = [];

function push(map: Map<string, IndexedMove[]>, key: string, entry: IndexedMove): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
