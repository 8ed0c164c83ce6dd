/** The moves of an attack, indexed by what triggers them. */
import {
  type Attack,
  type Moment,
  type OwnMove,
  type PacketMove,
  packetKey,
} from "../../attacker/move.ts";

/** A move, and its place in the attack. */
export interface IndexedMove<M extends PacketMove | OwnMove> {
  readonly index: number;
  readonly move: M;
}
type OnPacket = IndexedMove<PacketMove>;
type OwnEntry = IndexedMove<OwnMove>;

function momentOf(move: OwnMove): Moment | "end" {
  switch (move.move) {
    case "replay":
    case "inject":
    case "disclose":
    case "deliver":
      return move.when;
    case "participate":
    case "choose":
    case "log-in":
      return "start";
    case "puppet":
    case "seize":
      return move.when ?? "start";
    case "hijack":
      return { after: move.after };
    case "reflect":
      return move.when ?? { after: move.packet };
  }
}

/** Looks moves up by packet; built once per run. */
export class AttackPlan {
  /** Moves that act on a packet while it is on its way. */
  readonly #on = new Map<string, OnPacket[]>();
  /** Moves that follow a packet's arrival. */
  readonly #after = new Map<string, OwnEntry[]>();
  readonly #atStart: OwnEntry[] = [];
  readonly #atTime: (OwnEntry & { readonly t: number })[] = [];
  readonly #atEnd: OwnEntry[] = [];
  /** The move by which the adversary has become the network, once it has. */
  seized: IndexedMove<Extract<OwnMove, { move: "seize" }>> | undefined;
  /** Moves that wait for rest, in order. */
  readonly #inSteps: (OwnEntry & { readonly step: number })[] = [];

  constructor(attack: Attack) {
    attack.forEach((move, index) => {
      switch (move.move) {
        case "drop":
        case "hold":
        case "duplicate":
        case "modify":
        case "redirect":
        case "cut":
          push(this.#on, packetKey(move.packet), { index, move });
          return;
        default:
          this.#plan({ index, move });
      }
    });
    this.#inSteps.sort((a, b) => a.step - b.step);
  }

  #plan(entry: OwnEntry): void {
    const when = momentOf(entry.move);
    if (when === "start") this.#atStart.push(entry);
    else if (when === "end") this.#atEnd.push(entry);
    else if ("step" in when) this.#inSteps.push({ ...entry, step: when.step });
    else if ("atMs" in when) this.#atTime.push({ ...entry, t: when.atMs });
    else push(this.#after, packetKey(when.after), entry);
  }

  get atStart(): readonly OwnEntry[] {
    return this.#atStart;
  }

  get atTime(): readonly (OwnEntry & { readonly t: number })[] {
    return this.#atTime;
  }

  get inSteps(): readonly OwnEntry[] {
    return this.#inSteps;
  }

  get atEnd(): readonly OwnEntry[] {
    return this.#atEnd;
  }

  on(key: string): readonly OnPacket[] {
    return this.#on.get(key) ?? none;
  }

  after(key: string): readonly OwnEntry[] {
    return this.#after.get(key) ?? none;
  }
}

const none: readonly never[] = [];

function push<Entry>(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}
