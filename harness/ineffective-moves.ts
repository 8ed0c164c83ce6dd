/** Moves that did nothing in a run, and why: usually they name what is not there. */
import type { Move, PacketRef } from "../attacker/move.ts";
import { within } from "../attacker/recipe/recipe.ts";
import { nearest } from "./input/suggestions.ts";
import type { Trace } from "./trace/trace.ts";

export interface IneffectiveMove {
  /** From 0. */
  readonly index: number;
  /** Half a sentence. */
  readonly because: string;
  /** The reference within the move that leads nowhere, as a path. */
  readonly path: readonly string[];
}

export function ineffectiveMoves(trace: Trace): readonly IneffectiveMove[] {
  const { plan, events } = trace;
  const active = new Set(events.flatMap((e) => (e.kind === "attack" ? [e.move] : [])));
  return plan.attack.flatMap((move, index) =>
    active.has(index) ? [] : [{ index, ...reasonOf(move, trace) }],
  );
}

type Reason = Omit<IneffectiveMove, "index">;

function reasonOf(move: Move, trace: Trace): Reason {
  for (const { ref, path } of packetsOf(move)) {
    const because = whyNoPacket(ref, trace);
    if (because !== undefined) return { because, path };
  }
  for (const { name, path } of namesOf(move)) {
    const because = whyNoProcess(name, trace);
    if (because !== undefined) return { because, path };
  }
  return { because: "what it acts on never comes, or stays as it is", path: [] };
}

/** The packets that a move names, and where in it. */
function packetsOf(
  move: Move,
): readonly { readonly ref: PacketRef; readonly path: readonly string[] }[] {
  const found: { ref: PacketRef; path: readonly string[] }[] = [];
  if ("packet" in move) found.push({ ref: move.packet, path: ["packet"] });
  if (move.move === "deliver") {
    for (const { recipe } of within(move.recipe)) {
      if ("packet" in recipe) found.push({ ref: recipe.packet, path: ["recipe"] });
    }
  }
  if ("when" in move && typeof move.when === "object" && "after" in move.when) {
    found.push({ ref: move.when.after, path: ["when", "after"] });
  }
  return found;
}

/** The processes and addresses that a move names, and where in it. */
function namesOf(
  move: Move,
): readonly { readonly name: string; readonly path: readonly string[] }[] {
  const named = (["to", "facing", "insteadOf", "process"] as const).flatMap((key) => {
    const name: unknown = Reflect.get(move, key);
    return typeof name === "string" ? [{ name, path: [key] }] : [];
  });
  if (move.move !== "deliver") return named;
  const values = [...within(move.recipe)].flatMap(({ recipe }) =>
    "value" in recipe ? [{ name: recipe.value.by, path: ["recipe"] }] : [],
  );
  return [...named, ...values];
}

function processNames({ processes, packets, plan }: Trace): readonly string[] {
  const puppets = plan.attack.flatMap((m) => (m.move === "puppet" ? [m.name] : []));
  const seen = packets.flatMap((p) => [p.from, p.to]);
  return [...new Set([...processes.map((p) => p.id), ...seen, ...puppets])];
}

function whyNoProcess(name: string, trace: Trace): string | undefined {
  const names = processNames(trace);
  if (names.includes(name) || !name.includes("#")) return undefined;
  const near = nearest(name, names);
  const meant =
    near === undefined ? ` (there are ${names.join(", ")})` : `; did you mean "${near}"?`;
  return `there is no process "${name}"${meant}`;
}

function whyNoPacket({ from, to, nth }: PacketRef, trace: Trace): string | undefined {
  const missing = whyNoProcess(from, trace) ?? whyNoProcess(to, trace);
  if (missing !== undefined) return missing;
  const sent = trace.packets.filter((p) => p.from === from && p.to === to).length;
  if (sent >= nth) return undefined;
  const packets = sent === 1 ? "one packet" : `${sent === 0 ? "no" : sent} packets`;
  return `${from} sends ${packets} to ${to}, and there is no packet ${nth}`;
}
