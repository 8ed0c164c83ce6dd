/** Moves in English, one sentence each. Bytes are shown in hex, so nothing needs escaping. */
import {
  attackerAddress,
  attackerHost,
  bystanderAddress,
  type Edit,
  type Moment,
  type Move,
  type PacketRef,
} from "./move.ts";

function ordinal(n: number): string {
  const tens = n % 100;
  if (tens >= 11 && tens <= 13) return `${n}th`;
  return `${n}${["th", "st", "nd", "rd"][n % 10] ?? "th"}`;
}

export const describePacket = (p: PacketRef): string =>
  `the ${ordinal(p.nth)} packet from ${p.from} to ${p.to}`;

function describeMoment(when: Moment | "end"): string {
  if (when === "start") return "at the start";
  if (when === "end") return "after everything is over";
  if ("atMs" in when) return `at ${when.atMs} ms`;
  return `after ${describePacket(when.after)}`;
}

const shownHexDigits = 48;
function describeBytes(hex: string): string {
  if (hex === "") return "an empty packet";
  const bytes = hex.length / 2;
  const shown = hex.length > shownHexDigits ? `${hex.slice(0, shownHexDigits)}…` : hex;
  return `${bytes} byte${bytes === 1 ? "" : "s"} (${shown})`;
}

const where = (edit: Edit): string =>
  edit.inside === undefined || edit.inside.length === 0
    ? ""
    : ` inside its ${edit.inside.join(" › ")}`;
const place = (at: number): string => (at < 0 ? `byte ${-at} from the end` : `byte ${at}`);

function describeEdit(edit: Edit): string {
  switch (edit.edit) {
    case "flip":
      return `flips ${place(edit.at)} by ${edit.mask.toString(16).padStart(2, "0")}${where(edit)}`;
    case "set":
      return `sets ${place(edit.at)} to ${edit.hex}${where(edit)}`;
    case "truncate":
      return `cuts it to ${edit.length} bytes${where(edit)}`;
    case "extend":
      return `appends ${edit.hex}${where(edit)}`;
    case "remove":
      return `removes ${edit.length} bytes at ${edit.at}${where(edit)}`;
    case "insert":
      return `inserts ${edit.hex} at ${edit.at}${where(edit)}`;
    case "replace":
      return `replaces it by ${describeBytes(edit.hex)}${where(edit)}`;
    case "own-key":
      return `puts a public key of its own in${where(edit)}`;
    case "substitute":
      return `replaces ${shownText(edit.find)} by ${shownText(edit.hex)}${where(edit)}`;
    case "paste":
      return `replaces it by ${pasted(edit)}${where(edit)}`;
  }
}

/** Printable text as text, anything else in hex. */
function shownText(hex: string): string {
  const text = Buffer.from(hex, "hex").toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) ? `“${text}”` : hex;
}

function pasted(edit: Extract<Edit, { edit: "paste" }>): string {
  const field =
    edit.source === undefined || edit.source.length === 0 ? "" : ` (${edit.source.join(" › ")})`;
  const part =
    edit.start === undefined && edit.length === undefined
      ? ""
      : ` from byte ${edit.start ?? 0}${edit.length === undefined ? "" : `, ${edit.length} long`}`;
  return `${describePacket(edit.packet)}${field}${part}`;
}

function as(from: string | undefined, times: number | undefined): string {
  const many = times !== undefined && times > 1 ? `, ${times} times` : "";
  if (from === undefined || from === attackerAddress) {
    return many === "" ? "" : `${many} from as many addresses`;
  }
  return `${many}, in the name of ${from === bystanderAddress ? "a bystander" : from}`;
}

function describePuppet(move: Extract<Move, { move: "puppet" }>): string {
  const who = move.as === attackerHost ? "as itself" : `posing as ${move.as}`;
  const place =
    move.insteadOf === undefined ? "in a session of its own" : `in the place of ${move.insteadOf}`;
  const handed = move.handsTo === undefined ? "" : `; what it accepts, ${move.handsTo} sends on`;
  const carried =
    move.carries === undefined ? "" : "; until it has a session, it repeats what the other hears";
  const sight = move.watching === true ? ", watching the others" : "";
  const reuse = move.reuses === undefined ? "" : ", with a random value it has seen for its own";
  const set = Object.entries(move.settings ?? {}).map(([name, value]) => `${name}=${value}`);
  const settings = set.length === 0 ? "" : `, set to ${set.join(" and ")}`;
  const n = move.leaves;
  const leaving = n === undefined ? "" : `, for ${n} ${n === 1 ? "packet" : "packets"} only`;
  const renamed = move.renames === undefined ? "" : `, writing “${move.renames}” for its own name`;
  const blind = move.blind === true ? ", going on whatever it cannot open" : "";
  const when =
    move.when === undefined || move.when === "start" ? "" : `, ${describeMoment(move.when)}`;
  return `plays the ${move.role} (${move.name}) toward ${move.facing}, ${who}, ${place}${settings}${leaving}${renamed}${blind}${sight}${reuse}${handed}${carried}${when}`;
}

/** @returns a sentence without a full stop, starting with a verb. */
export function describeMove(move: Move): string {
  switch (move.move) {
    case "drop":
      return `drops ${describePacket(move.packet)}`;
    case "hold":
      return `holds ${describePacket(move.packet)} back for ${move.delayMs} ms`;
    case "duplicate":
      return `delivers ${describePacket(move.packet)} twice`;
    case "replay": {
      const edits = move.edits?.map(describeEdit).join(", then ");
      const changed = edits === undefined ? "" : ` (${edits})`;
      const how = as(move.from, move.times);
      return `sends ${describePacket(move.packet)}${changed} again to ${move.to}${how}, ${describeMoment(move.when)}`;
    }
    case "reflect": {
      const when = move.when === undefined ? "" : `, ${describeMoment(move.when)}`;
      return `sends ${describePacket(move.packet)} back to its sender${when}`;
    }
    case "redirect":
      return `sends ${describePacket(move.packet)} to ${move.to} instead`;
    case "inject": {
      const how = as(move.from, move.times);
      return `sends ${describeBytes(move.hex)} to ${move.to}${how}, ${describeMoment(move.when)}`;
    }
    case "modify":
      return `changes ${describePacket(move.packet)}: ${move.edits.map(describeEdit).join(", then ")}`;
    case "puppet":
      return describePuppet(move);
    case "hijack":
      return `goes on in the place of ${move.process}, after ${describePacket(move.after)}`;
    case "cut":
      return `cuts the connection after ${describePacket(move.packet)}`;
    case "participate":
      return move.as === attackerHost
        ? "takes part as a registered user"
        : `runs the service of ${move.as}`;
    case "disclose": {
      const what =
        move.what === "long-term" ? "long-term secrets" : move.what.replace(/^store:/, "store ");
      return `learns ${move.principal}'s ${what}, ${describeMoment(move.when)}`;
    }
  }
}
