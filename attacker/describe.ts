/** Moves in English, one sentence each. Bytes are shown in hex, so nothing needs escaping. */
import { type Disclosure, disclosureOf } from "./disclosure.ts";
import {
  attackerAddress,
  attackerHost,
  bystanderAddress,
  type Edit,
  type FieldPath,
  type Moment,
  type Move,
  type PacketRef,
} from "./move.ts";
import { describeRecipe, ordinal } from "./recipe/describe-recipe.ts";

const describePacket = (p: PacketRef): string =>
  `the ${ordinal(p.nth)} packet from ${p.from} to ${p.to}`;

function describeMoment(when: Moment | "end"): string {
  if (when === "start") return "at the start";
  if (when === "end") return "after everything is over";
  if ("atMs" in when) return `at ${when.atMs} ms`;
  if ("step" in when) return `in step ${when.step}`;
  return `after ${describePacket(when.after)}`;
}

const shownHexDigits = 48;
function describeBytes(hex: string): string {
  if (hex === "") return "an empty packet";
  const shown = hex.length > shownHexDigits ? `${hex.slice(0, shownHexDigits)}…` : hex;
  return `${counted(hex.length / 2)} (${shown})`;
}

/** Encodings do not say where a field is. */
const encodings = ["base64", "base64url", "base64-lines", "hex", "decimal", "pem", "percent"];

function describeStep(step: string): string {
  const [, name] = /^json:\/(.+)$/s.exec(step) ?? [];
  if (name !== undefined) {
    if (/^\d+$/.test(name)) return `entry ${name}`;
    return /^[\w./~-]+$/.test(name) ? name : `“${name}”`;
  }
  const [, separator, index] = /^split:(.):(\d+)$/s.exec(step) ?? [];
  if (separator !== undefined) {
    return `${ordinal(Number(index) + 1)} part between ${shownText(hexOf(separator))}`;
  }
  const [, start, end] = /^bytes:(\d+)-(\d+)$/.exec(step) ?? [];
  if (start !== undefined) return describeRange(Number(start), Number(end) - Number(start));
  return step;
}

const hexOf = (text: string): string => Buffer.from(text, "latin1").toString("hex");
const describeRange = (start: number, length: number): string =>
  length === 1 ? `byte ${start}` : `bytes ${start} to ${start + length - 1}`;
const describePath = (path: FieldPath): string => path.map(describeStep).join(" › ");

/** The field that an edit is about: nothing if it is the whole packet. */
const field = ({ inside = [] }: Edit): string => describePath(inside);
/** Names the field after a preposition. */
const its = (edit: Edit, before: string): string =>
  field(edit) === "" ? "" : ` ${before} its ${field(edit)}`;
const counted = (bytes: number): string => `${bytes} byte${bytes === 1 ? "" : "s"}`;
const place = (at: number): string => (at < 0 ? `byte ${-at} from the end` : `byte ${at}`);

function describeEdit(edit: Edit): string {
  switch (edit.edit) {
    case "flip": {
      const mask = edit.mask.toString(16).padStart(2, "0");
      return `XORs ${place(edit.at)}${its(edit, "of")} with ${mask}`;
    }
    case "set": {
      const what = edit.hex.length > 2 ? `what starts at ${place(edit.at)}` : place(edit.at);
      return `sets ${what}${its(edit, "of")} to ${edit.hex}`;
    }
    case "truncate":
      return `cuts ${field(edit) === "" ? "it" : `its ${field(edit)}`} to ${counted(edit.length)}`;
    case "extend":
      return `appends ${edit.hex}${its(edit, "to")}`;
    case "remove":
      return `removes ${counted(edit.length)} from byte ${edit.at} on${its(edit, "of")}`;
    case "insert":
      return `inserts ${edit.hex} before byte ${edit.at}${its(edit, "of")}`;
    case "replace":
      return replaced(edit, field(edit) === "" ? describeBytes(edit.hex) : describeValue(edit.hex));
    case "checksum":
      return `makes the ${edit.sum} at ${place(edit.at)}${its(edit, "of")} right`;
    case "own-key":
      return replaced(edit, "a public key of the attacker's");
    case "substitute":
      return `replaces ${shownText(edit.find)} by ${shownText(edit.hex)}${its(edit, "in")}`;
    case "paste":
      return describePaste(edit);
  }
}

const describeValue = (hex: string): string => (hex === "" ? "nothing" : describeBytes(hex));
const replaced = (edit: Edit, by: string): string =>
  field(edit) === "" ? `replaces it by ${by}` : `puts ${by} in the place of its ${field(edit)}`;

type Paste = Extract<Edit, { edit: "paste" }>;

function describePaste(edit: Paste): string {
  const { packet, source = [], inside = [], start, length } = edit;
  const whole = start === undefined && length === undefined;
  if (whole && source.length > 0 && source.join() === inside.join()) {
    // Decoded there and encoded here in the same way: it is the encoded field that is copied.
    const last = source.findLastIndex((step) => !encodings.includes(step));
    const same = describePath(source.slice(0, last + 1));
    if (same === "") return `replaces it by ${describePacket(packet)}`;
    return `puts the ${same} of ${describePacket(packet)} in the place of its own`;
  }
  const from = source.length === 0 ? "" : `the ${describePath(source)} of `;
  return replaced(edit, `${describePart(edit)}${from}${describePacket(packet)}`);
}

function describePart({ start = 0, length }: Paste): string {
  if (length !== undefined)
    return length === 0 ? "no byte of " : `${describeRange(start, length)} of `;
  return start === 0 ? "" : `everything from byte ${start} on of `;
}

/** Printable text as text, anything else in hex. */
function shownText(hex: string): string {
  if (hex === "") return "nothing";
  const text = Buffer.from(hex, "hex").toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) ? `“${text}”` : hex;
}

function as(from: string | undefined, times: number | undefined): string {
  const many = times !== undefined && times > 1 ? `, ${times} times` : "";
  if (from === undefined || from === attackerAddress) {
    return many === "" ? "" : `${many} from as many addresses`;
  }
  return `${many}, in the name of ${from === bystanderAddress ? "a bystander" : from}`;
}

function describePlace({ insteadOf, spoofs }: Extract<Move, { move: "puppet" }>): string {
  if (insteadOf !== undefined) return `in the place of ${insteadOf}`;
  if (spoofs === undefined) return "in a session of its own";
  return `from the spoofed address of ${spoofs}, without hearing answers`;
}

function describeGuess(count: true | number | undefined): string {
  if (count === undefined) return "";
  const first =
    count === true ? "beginning" : `first ${count === 1 ? "symbol" : `${count} symbols`}`;
  return `, guessing the ${first} of what it cannot know`;
}

function describePuppet(move: Extract<Move, { move: "puppet" }>): string {
  const who = move.as === attackerHost ? "as itself" : `posing as ${move.as}`;
  const place = describePlace(move);
  const handed = move.handsTo === undefined ? "" : `; what it accepts, ${move.handsTo} sends on`;
  const carried =
    move.carries === undefined ? "" : "; until it has a session, it repeats what the other hears";
  const sight = move.watching === true ? ", watching the others" : "";
  const reuse = move.reuses === undefined ? "" : ", with a random value it has seen for its own";
  const set = Object.entries(move.settings ?? {}).map(([name, value]) => `${name}=${value}`);
  const settings = set.length === 0 ? "" : `, set to ${set.join(" and ")}`;
  const m = move.leaves;
  const leaving = m === undefined ? "" : `, for ${m} ${m === 1 ? "packet" : "packets"} only`;
  const renamed = move.renames === undefined ? "" : `, writing “${move.renames}” for its own name`;
  const guessing = describeGuess(move.guesses);
  const keys = move.ownKeys === true ? ", with key pairs of its own for those it lacks" : "";
  const talking = move.talks === true ? ", saying things of its own whenever it may" : "";
  const blind = move.blind === true ? ", going on whatever it cannot open" : "";
  const unready = move.unready === true ? ", speaking whether it is let in or not" : "";
  const n = move.told?.length ?? 0;
  const told = n === 0 ? "" : `, itself making up ${n === 1 ? "an answer" : `${n} answers`} to it`;
  const list = (all: readonly string[]): string => all.map(describeBytes).join(", then ");
  const says = move.says === undefined ? "" : `, saying ${list(move.says)}`;
  const seals = move.seals === undefined ? "" : `, sealing ${list(move.seals)} instead`;
  const matching =
    move.matches === undefined ? "" : `, showing the same as ${move.matches} out of band`;
  const when =
    move.when === undefined || move.when === "start" ? "" : `, ${describeMoment(move.when)}`;
  return `plays the ${move.role} (${move.name}) toward ${move.facing}, ${who}, ${place}${settings}${leaving}${renamed}${keys}${blind}${guessing}${unready}${matching}${told}${says}${seals}${sight}${reuse}${talking}${handed}${carried}${when}`;
}

function describeHijack(move: Extract<Move, { move: "hijack" }>): string {
  const { process, after, again, talks } = move;
  const moment = `after ${describePacket(after)}`;
  const talking = talks === true ? "saying things of its own whenever it may, " : "";
  if (again === undefined) return `goes on in the place of ${process}, ${talking}${moment}`;
  return `repeats ${process} from its ${ordinal(again)} input on, in a session of its own, ${talking}${moment}`;
}

function describeChoice({
  process,
  nth,
  hex,
  xor = [],
}: Extract<Move, { move: "choose" }>): string {
  const parts = xor.map(
    ({ packet, start, length }) => `${describeRange(start, length)} of ${describePacket(packet)}`,
  );
  const mixed = parts.length === 0 ? "" : `, XORed with ${parts.join(" and with ")}`;
  return `has the user of ${process} send ${shownText(hex)}${mixed}, as the ${ordinal(nth)} message`;
}

function describeDisclosure(disclosure: Disclosure): string {
  switch (disclosure.kind) {
    case "long-term":
      return "long-term secrets";
    case "long-term-key":
      return `long-term secret ${disclosure.name} alone`;
    case "session-keys":
      return "session keys of finished sessions";
    case "randomness":
      return "random draws";
    case "state":
      return "state";
    case "store":
      return `store ${disclosure.name}`;
  }
}

function describeDelivery(move: Extract<Move, { move: "deliver" }>): string {
  const { recipe, to, from, when } = move;
  const moment = describeMoment(when);
  if ("packet" in recipe && recipe.packet.to === to) {
    const asWhom = from === recipe.packet.from ? "" : as(from, undefined);
    return `passes ${describePacket(recipe.packet)} on${asWhom}, ${moment}`;
  }
  return `sends ${describeRecipe(recipe)} to ${to}${as(from, undefined)}, ${moment}`;
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
    case "deliver":
      return describeDelivery(move);
    case "seize": {
      const { when = "start", sparing } = move;
      const since = when === "start" ? "" : `, from then on: ${describeMoment(when)}`;
      const but = sparing === undefined ? "" : ` but those from and to ${sparing.join(" and ")}`;
      return `stops every packet${but}${since}`;
    }
    case "modify":
      return `changes ${describePacket(move.packet)}: ${move.edits.map(describeEdit).join(", then ")}`;
    case "puppet":
      return describePuppet(move);
    case "hijack":
      return describeHijack(move);
    case "cut":
      return `cuts the connection after ${describePacket(move.packet)}`;
    case "participate":
      if (move.member === true) return `is ${move.as}, a member of the group`;
      return move.as === attackerHost
        ? "takes part as a registered user"
        : `runs the service of ${move.as}`;
    case "choose":
      return describeChoice(move);
    case "log-in": {
      const name = move.user === undefined ? "" : `the name ${shownText(move.user)} and `;
      const password =
        move.right === true
          ? "the password that happens to be its user's"
          : `the password ${shownText(move.password)}`;
      return `logs in with ${move.process}, typing ${name}${password}`;
    }
    case "disclose": {
      const what = describeDisclosure(disclosureOf(move.what));
      return `learns ${move.principal}'s ${what}, ${describeMoment(move.when)}`;
    }
  }
}
