/** What became of each packet of a run, and what the attacker had to do with it. */
import { isAdversaryAddress, type Move, packetKey } from "../../../attacker/move.ts";
import type { AnnotatedPacket, Arrival } from "../../../harness/annotation/byte-range.ts";
import type { Recording } from "../../../harness/capture/recording.ts";
import type { Packet } from "../../../harness/trace/trace.ts";
import { hex } from "../../../protocol/kit/bytes.ts";
import { visible } from "../../escape.ts";

export interface Fate {
  readonly packet: Packet;
  readonly arrivals: readonly Arrival[];
  /** When, and by whose doing, it got lost. */
  readonly lost: { readonly t: number; readonly by: string } | undefined;
  /** It came to the one it was for, once, as it was sent, and without delay. */
  readonly isPlain: boolean;
  /** What it is. */
  readonly is: string;
  /** What became of it on its way; empty if nothing did. */
  readonly sending: string;
  /** The same for each arrival. */
  readonly arriving: readonly string[];
}

/** Shown so much of what was there before a change, in bytes. */
const mostChange = 16;
const mostChanges = 6;

export function fatesOf(recording: Recording): readonly Fate[] {
  const { packets, moves, events } = recording;
  const lost = new Map(events.flatMap((e) => (e.kind === "lost" ? [[e.packet, e] as const] : [])));
  const isCutOff = events.some((e) => e.kind === "stopped");
  const words = new Words(recording);
  return packets.map((packet): Fate => {
    const { arrivals = [] } = recording.annotated[packet.index] ?? ({} as Partial<AnnotatedPacket>);
    const own = moves.filter((m) => "packet" in m && isOn(m, packet));
    const loss = lost.get(packet.index);
    const seen = { packet, arrivals, own, loss: loss?.by, isCutOff };
    const sending = words.sending(seen);
    const arriving = arrivals.map((arrival, i) => words.arriving(seen, arrival, i));
    return {
      packet,
      arrivals,
      lost: loss && { t: loss.t, by: loss.by },
      isPlain: words.isUntouched(seen) && arriving.every((a) => a === ""),
      is: words.identity(packet),
      sending,
      arriving,
    };
  });
}

/** Moves on a packet on its way; those that send it again are packets of their own. */
function isOn(move: Move, packet: Packet): boolean {
  if (!("packet" in move) || packet.byAttacker !== undefined) return false;
  if (move.move === "replay" || move.move === "reflect") return false;
  return packetKey(move.packet) === packetKey(packet);
}

interface Seen {
  readonly packet: Packet;
  readonly arrivals: readonly Arrival[];
  readonly own: readonly Move[];
  readonly loss: string | undefined;
  readonly isCutOff: boolean;
}

const nthWords = (n: number): string => {
  const tens = n % 100;
  const ending = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${ending}`;
};

class Words {
  readonly #recording: Recording;
  readonly #latencyMs: number;

  constructor(recording: Recording) {
    const { latencyMs, jitterMs } = recording.network;
    this.#recording = recording;
    this.#latencyMs = latencyMs + jitterMs;
  }

  identity({ from, to, nth, bytes, source, byAttacker, copyOf }: Packet): string {
    const what = `${nthWords(nth)} packet from ${from} to ${to}, ${bytes.length} bytes`;
    const spoofed = isAdversaryAddress(source) ? "" : `, with ${source} as its sender`;
    switch (byAttacker) {
      case "injected":
        return `Attacker: injected${spoofed}: ${what}`;
      case "puppet":
        return `Attacker: sent by its puppet ${this.#played(from)}: ${what}`;
      case "replayed": {
        const original = copyOf === undefined ? undefined : this.#recording.packets[copyOf];
        const of =
          original === undefined
            ? "a packet sent before"
            : `the ${nthWords(original.nth)} packet from ${original.from} to ${original.to}`;
        return `Attacker: replayed ${of}${spoofed}: ${what}`;
      }
      default:
        return what;
    }
  }

  /** Where nobody is there to take a packet, nothing was done to it either. */
  isUntouched({ own, loss, arrivals }: Seen): boolean {
    if (loss === undefined) return own.length === 0 && (arrivals.length > 0 || !this.#isSeized);
    return own.length === 0 && loss === "nobody-there";
  }

  sending({ packet, arrivals, own, loss, isCutOff }: Seen): string {
    const said: string[] = [];
    const taken = packet.byAttacker === undefined && this.#isSeized ? "holds every packet" : "";
    if (loss === "attacker") {
      said.push(own.some((m) => m.move === "drop") ? "dropped" : `kept; it ${taken || "is its"}`);
    }
    for (const move of own) {
      if (move.move === "redirect") said.push(`led to ${move.to} instead`);
      if (move.move === "cut") said.push("cut the connection after it");
      if (move.move === "hold") said.push(`held back for ${move.delayMs} ms`);
      if (move.move === "duplicate") said.push("doubled");
      if (move.move === "modify" && arrivals.some((a) => a.changed.length > 0))
        said.push("changed on its way");
    }
    const attacker = said.length === 0 ? "" : `Attacker: ${said.join("; ")}.`;
    return [attacker, lossWords(loss, arrivals.length, isCutOff)].filter((w) => w !== "").join(" ");
  }

  /** @param i which of its arrivals it is, from 0. */
  arriving(seen: Seen, { at, t, bytes, changed }: Arrival, i: number): string {
    const { packet, own, arrivals } = seen;
    const said: string[] = [];
    if (changed.length > 0)
      said.push(`Attacker: changed ${changeWords(packet.bytes, bytes, changed)}`);
    else if (bytes.length < packet.bytes.length) {
      said.push(`Cut to the ${bytes.length} bytes that the receiver has room for.`);
    }
    const isMade = packet.byAttacker === "injected" || packet.byAttacker === "replayed";
    const late = t - packet.sentMs - this.#latencyMs;
    // What is for everybody arrives at several, and once at each.
    if (arrivals.slice(0, i).some((a) => a.at === at)) {
      const by = own.some((m) => m.move === "duplicate")
        ? "Attacker: doubled"
        : "Doubled by the network";
      said.push(`${by}: it arrives once more.`);
    } else if (!isMade && late > 0.001) {
      const by = own.some((m) => m.move === "hold") ? "Attacker: held back" : "Late";
      said.push(`${by}: ${round(t - packet.sentMs)} ms on its way.`);
    }
    if (at.startsWith("puppet-") && at !== packet.to) {
      said.push(`Attacker: taken by its puppet ${this.#played(at)}, in the place of ${packet.to}.`);
    } else if (at !== packet.to && own.some((m) => m.move === "redirect")) {
      said.push(`Attacker: led to ${at} instead of ${packet.to}.`);
    }
    return said.join(" ");
  }

  get #isSeized(): boolean {
    return this.#recording.moves.some((m) => m.move === "seize");
  }

  #played(name: string): string {
    const move = this.#recording.moves.find((m) => "name" in m && m.name === name);
    if (move?.move === "puppet") return `${name} (the code of ${move.role}, as ${move.as})`;
    if (move?.move === "hijack") return `${name} (which goes on in the place of ${move.process})`;
    return name;
  }
}

function lossWords(loss: string | undefined, arrived: number, isCutOff: boolean): string {
  if (loss === "network") return "Lost by the network: it never arrives.";
  if (loss === "nobody-there" && arrived === 0) return "Never arrives: nobody is there to take it.";
  if (loss === "attacker") return "It never arrives.";
  if (arrived > 0) return "";
  if (isCutOff) return "Still on its way when the run was cut off.";
  return "Never arrives: nobody is there to take it.";
}

/** What was there, and what is there now, at each place. */
function changeWords(before: Uint8Array, after: Uint8Array, changed: Arrival["changed"]): string {
  const isResized = before.length !== after.length;
  const shown = changed.slice(0, mostChanges).map(({ from, to }) => {
    const removed = isResized ? to + before.length - after.length : to;
    const was = hexWords(before, from, removed);
    return `at byte ${from} (${was} was sent, ${hexWords(after, from, to)} arrives)`;
  });
  const more =
    changed.length > mostChanges ? ` and at ${changed.length - mostChanges} more places` : "";
  const size = isResized ? `; ${before.length} bytes were sent, ${after.length} arrive` : "";
  return visible(`${shown.join(", ")}${more}${size}.`);
}

function hexWords(bytes: Uint8Array, from: number, to: number): string {
  if (to <= from) return "nothing";
  const part = bytes.subarray(from, Math.min(to, from + mostChange));
  return `${hex(part)}${to - from > mostChange ? "…" : ""}`;
}

const round = (ms: number): number => Math.round(ms * 1_000) / 1_000;
