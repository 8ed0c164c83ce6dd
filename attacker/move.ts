/**
 * Attacks as data: a list of moves that prints as text, is saved as JSON, shrinks and replays.
 *
 * Packets are named by meaning ("the 2nd packet client#0 sends to server#0"), never by a global
 * index, so that a move keeps its sense when another one is taken away. A packet is a datagram, a
 * message on a connection, or one write on a stream.
 */
import { z } from "zod";
import { type TransportName, transports } from "../protocol/transport.ts";
import { checkSize } from "./attack-size.ts";
import { disclosureSchema } from "./disclosure.ts";
import { count, edit, hexString } from "./edit-schema.ts";
import { packetKey, packetRef, processId } from "./packet-ref.ts";
import { recipeSchema } from "./recipe/recipe.ts";
import { usesOthersTraffic } from "./recipe/sight.ts";

export type { Edit, FieldPath } from "./edit-schema.ts";
export type { PacketRef } from "./packet-ref.ts";
export { packetKey };

/** What an attacker must be able to do, weakest first. `none`: no attacker at all. */
export const capabilities = [
  "none",
  "passive",
  "off-path",
  "on-path",
  "insider",
  "relay",
  "disclosure",
  "compromise",
] as const;
export type Capability = (typeof capabilities)[number];
export const capabilityRank = (capability: Capability): number => capabilities.indexOf(capability);

/** One line per capability, for people. */
export const capabilityMeaning: Readonly<Record<Capability, string>> = {
  none: "nobody attacks: an ordinary network suffices",
  passive: "sees the traffic",
  "off-path": "sends packets of its own, with any source address, but sees nothing",
  "on-path": "sees, delays, drops, changes and inserts packets",
  insider: "is a registered user as well",
  relay: "runs a relay, or one of the services",
  disclosure: "reads keys, stores or random draws after the sessions",
  compromise: "holds keys, stores or random draws while sessions run",
};

const principal = z.string().max(200);
const puppetName = z.string().regex(/^puppet-[a-z0-9]+$/, "must look like puppet-a");

/**
 * When the attacker acts on its own: as the run starts, right after a packet has passed, or, with
 * `step`, once everything has come to rest after all steps with lower numbers.
 */
const moment = z.union([
  z.literal("start"),
  z.strictObject({ after: packetRef }),
  z.strictObject({ atMs: z.number().min(0) }),
  z.strictObject({ step: z.number().int().min(1).max(10_000) }),
]);
export type Moment = z.infer<typeof moment>;

/** What is sent, and as whom. `from` is a spoofed source; without it, the attacker's address. */
const sending = { to: processId, from: principal.optional(), when: moment };

const move = z.discriminatedUnion("move", [
  z.strictObject({ move: z.literal("drop"), packet: packetRef }),
  z.strictObject({ move: z.literal("hold"), packet: packetRef, delayMs: z.number().min(0) }),
  z.strictObject({
    move: z.literal("duplicate"),
    packet: packetRef,
    delayMs: z.number().min(0).optional(),
  }),
  /** Sends a recorded packet again, perhaps changed, perhaps to somebody else. */
  z.strictObject({
    move: z.literal("replay"),
    packet: packetRef,
    edits: z.array(edit).optional(),
    times: z.number().int().min(1).max(4_000).optional(),
    ...sending,
  }),
  /** Sends a packet back to its sender, as if from the one it was meant for. */
  z.strictObject({ move: z.literal("reflect"), packet: packetRef, when: moment.optional() }),
  z.strictObject({ move: z.literal("redirect"), packet: packetRef, to: processId }),
  /** Sends bytes of the attacker's own. */
  z.strictObject({
    move: z.literal("inject"),
    hex: hexString,
    times: z.number().int().min(1).max(4_000).optional(),
    ...sending,
  }),
  /** Changes a packet on its way. */
  z.strictObject({
    move: z.literal("modify"),
    packet: packetRef,
    edits: z.array(edit).min(1),
  }),
  /**
   * Runs the code of `role` as `as`, held to what the attacker knows, toward the process `facing`.
   * With `insteadOf` it sits on the wire: it gets what `facing` sends to that process, and answers
   * from that process's address. It may also face another puppet. From outside it knows of the
   * traffic only what is sent to it, unless it is `watching` as well.
   *
   * - `handsTo`: what it accepts is sent on by another puppet.
   * - `carries`: it seals so many contents of its own, and then, until it has a session, what the
   *   one that hands to it has opened in the same place.
   * - `blind`: what it cannot open, it takes for bytes of the attacker's own.
   * - `guesses`: of what it cannot know it guesses the first symbols, so many, or as many as seven
   *   bytes can be written in, and makes up the rest.
   * - `renames`: what it seals, signs or authenticates says this name for its own.
   * - `ownKeys`: for a private key that it lacks it takes a pair of the attacker's own, and shows
   *   the public key of that pair.
   * - `settings`: its code is set otherwise than the others'.
   * - `leaves`: it gives its place up after so many packets of its own.
   * - `talks`: it says something of its own as soon and as often as its code lets it.
   * - `spoofs`: it sends from the address of this process, and gets nothing of what is sent there.
   * - `unready`: it says its words even if its code never says `ready`, and leaves out what it
   *   cannot send, such as a login: for the other end may not ask for that.
   * - `told`: once its code has asked to send so many packets, it is given these bytes for an
   *   answer of the one it faces. They may come from an installation of the attacker's own.
   * - `matches`: it acts once that other puppet has shown its user's few digits or the like, and
   *   makes its own the same, by choosing what it draws, or else by luck.
   * - `says`: these are its words. `seals`: the nth time that it is to say something, the nth of
   *   these is all that it seals or encrypts then.
   */
  z.strictObject({
    move: z.literal("puppet"),
    name: puppetName,
    role: principal,
    as: principal,
    facing: processId,
    insteadOf: processId.optional(),
    handsTo: puppetName.optional(),
    carries: z.number().int().min(0).optional(),
    watching: z.literal(true).optional(),
    /** Its first random draw of fitting length is the nth value known by then, or one whose
     * public key is: then the puppet can do with it only what anybody could. From 1. */
    reuses: z.number().int().min(1).optional(),
    blind: z.literal(true).optional(),
    guesses: z.union([z.literal(true), z.number().int().min(1).max(16)]).optional(),
    renames: principal.min(1).optional(),
    ownKeys: z.literal(true).optional(),
    settings: z.record(z.string(), z.string()).optional(),
    leaves: z.number().int().min(1).optional(),
    talks: z.literal(true).optional(),
    spoofs: processId.optional(),
    unready: z.literal(true).optional(),
    matches: puppetName.optional(),
    says: z.array(hexString).min(1).max(20).optional(),
    seals: z.array(hexString).min(1).max(20).optional(),
    told: z
      .array(z.strictObject({ after: count.max(1_000), hex: hexString }))
      .max(20)
      .optional(),
    when: moment.optional(),
  }),
  /**
   * Goes on in the place of a process, from the state it has after a packet has arrived. With
   * `again`, from the state that it had before its nth input (from 1, and the first is its start):
   * it takes that input once more, in a session of its own, at an address of the attacker's.
   */
  z.strictObject({
    move: z.literal("hijack"),
    name: puppetName,
    process: processId,
    after: packetRef,
    talks: z.literal(true).optional(),
    again: z.number().int().min(1).optional(),
  }),
  /**
   * From then on every honest packet is in the attacker's hands: what arrives is what it sends. But
   * packets from and to those that are spared arrive.
   */
  z.strictObject({
    move: z.literal("seize"),
    sparing: z.array(principal).min(1).optional(),
    when: moment.optional(),
  }),
  /** Sends what a recipe makes of what the attacker has by then; see recipe/recipe.ts. */
  z.strictObject({ move: z.literal("deliver"), recipe: recipeSchema, ...sending }),
  /** Cuts a connection right after this packet. */
  z.strictObject({ move: z.literal("cut"), packet: packetRef }),
  /**
   * The attacker takes part under this name: as the operator of a service, as a `member` of a group
   * of users, or, as `mallory`, as a registered user. Its long-term secrets are the attacker's own,
   * nobody who ends up with it was deceived by that, and puppets may play it.
   */
  z.strictObject({
    move: z.literal("participate"),
    as: principal,
    member: z.literal(true).optional(),
  }),
  /**
   * The user of this process sends, as the nth message, a text of the attacker's choosing: `hex`,
   * with parts of packets that have been sent by then XORed into its beginning.
   */
  z.strictObject({
    move: z.literal("choose"),
    process: processId,
    nth: z.number().int().min(1),
    hex: hexString,
    xor: z.array(z.strictObject({ packet: packetRef, start: count, length: count })).optional(),
  }),
  /**
   * The attacker is the user of this process, and types a password of its own; and, with `user`,
   * that name in the place of the user's. With `right`, the password happens to be the user's.
   * After forty packets it leaves.
   */
  z.strictObject({
    move: z.literal("log-in"),
    process: processId,
    password: hexString,
    user: hexString.optional(),
    right: z.literal(true).optional(),
  }),
  /** Hands the attacker what disclosure.ts lists, of one principal. */
  z.strictObject({
    move: z.literal("disclose"),
    principal,
    what: disclosureSchema,
    when: z.union([moment, z.literal("end")]),
  }),
]);
export type Move = z.infer<typeof move>;

/** Moves on a packet while it is on its way. */
export type PacketMove = Extract<
  Move,
  { move: "drop" | "hold" | "duplicate" | "modify" | "redirect" | "cut" }
>;
/** Moves that the attacker makes by itself, at a moment of its choosing. */
export type OwnMove = Exclude<Move, PacketMove>;

export const attackSchema = z.array(move).max(1_000).superRefine(checkSize);
export type Attack = readonly Move[];
export const moveSchema = move;

/** The attacker's own address, and that of a bystander whose address it borrows. */
export const attackerHost = "mallory";
export const attackerAddress = "mallory:6666";
export const bystanderAddress = "victim:9999";

/** One of the attacker's own addresses: when it is many strangers, each has a host of its own. */
export const isAdversaryAddress = (address: string): boolean =>
  address.startsWith(`${attackerHost}:`) || address.startsWith(`${attackerHost}-`);

/** The role that a process plays, by its name. */
export const roleOf = (id: string): string => id.split("#")[0] ?? id;

/** Did the attacker, or one of its puppets, do this? */
export const isAdversaryProcess = (by: string): boolean =>
  by === attackerHost || by.startsWith("puppet-");

/**
 * Which capabilities a move needs. Dropping, delaying and duplicating is what unreliable networks
 * do by themselves, so a few such moves need no attacker; on a reliable transport they need one on
 * the path. So does sending on a connection in another name: answers that only the path sees have
 * to be taken.
 */
export function needs(move: Move, transport: TransportName): readonly Capability[] {
  const { reliable, connected } = transports[transport];
  switch (move.move) {
    case "drop":
    case "hold":
    case "duplicate":
      return reliable ? ["on-path"] : [];
    case "cut":
      return [];
    case "inject":
      return [connected && !isOwnSource(move.from) ? "on-path" : "off-path"];
    case "replay": {
      const place = connected && !isOwnSource(move.from) ? "on-path" : "off-path";
      return isHeardAnyway(move) ? [place] : ["passive", place];
    }
    case "reflect":
      return connected ? ["on-path"] : ["passive", "off-path"];
    case "deliver": {
      const place = connected && !isOwnSource(move.from) ? "on-path" : "off-path";
      return usesOthersTraffic(move.recipe, isOwnName) ? ["passive", place] : [place];
    }
    case "modify":
    case "redirect":
    case "seize":
      return ["on-path"];
    case "puppet":
      return puppetNeeds(move, connected);
    case "hijack":
    case "choose":
      return ["passive", "off-path"];
    case "log-in":
      return ["off-path"];
    case "participate":
      return [move.as === attackerHost || move.member === true ? "insider" : "relay"];
    case "disclose":
      return [move.when === "end" ? "disclosure" : "compromise"];
  }
}

/** Is something sent that no honest process has sent like that? */
export const isComposed = (move: Move): boolean =>
  move.move === "deliver" && !("packet" in move.recipe);

/** What a registered user does beyond being one. */
export const withoutRegistration = (attack: Attack): Attack =>
  attack.filter((m) => m.move !== "participate" || m.as !== attackerHost);

/** Is this principal the attacker, under its own name or as the operator of a service? */
export const isCorrupt = (principal: string, attack: Attack): boolean =>
  principal === attackerHost || attack.some((m) => m.move === "participate" && m.as === principal);

/** A puppet, mallory, or one of the hosts that she has when she is many strangers. */
const isOwnName = (id: string): boolean => isAdversaryProcess(id) || isAdversaryAddress(id);

const isOwnSource = (from: string | undefined): boolean =>
  from === undefined || isAdversaryAddress(from);

/** What the attacker has sent itself, or was sent, it need not watch others for. */
function isHeardAnyway({ packet, edits = [] }: Extract<Move, { move: "replay" }>): boolean {
  const pasted = edits.flatMap((e) => (e.edit === "paste" ? [e.packet] : []));
  return [packet, ...pasted].every((p) => isAdversaryProcess(p.from) || isAdversaryProcess(p.to));
}

/** Is this mallory under its own name, with keys that nobody has registered? */
export const isStranger = (move: Move): boolean =>
  move.move === "puppet" && move.as === attackerHost && move.ownKeys === true;

/**
 * Taking somebody's place on the wire takes more than opening a session of one's own, and more than
 * sending in somebody's name what is not answered.
 */
function puppetNeeds(
  move: Extract<Move, { move: "puppet" }>,
  connected: boolean,
): readonly Capability[] {
  const taken = move.insteadOf !== undefined || (connected && move.spoofs !== undefined);
  const place: Capability = taken ? "on-path" : "off-path";
  const sight: readonly Capability[] = move.watching === true ? ["passive"] : [];
  const registered = move.as === attackerHost && !isStranger(move);
  return registered ? [place, ...sight, "insider"] : [place, ...sight];
}

/** The weakest single capability that covers a whole attack. */
export function capabilityOf(attack: Attack, transport: TransportName): Capability {
  let strongest = 0;
  let sees = false;
  let sends = false;
  for (const move of attack) {
    for (const c of needs(move, transport)) {
      sees ||= c === "passive";
      sends ||= c === "off-path";
      strongest = Math.max(strongest, capabilityRank(c));
    }
  }
  if (sees && sends) strongest = Math.max(strongest, capabilityRank("on-path"));
  return capabilities[strongest] ?? "none";
}

/** Does the attacker see what others send each other? From outside it does not. */
export const seesTraffic = (attack: Attack, transport: TransportName): boolean =>
  capabilityOf(withoutRegistration(attack), transport) !== "off-path";

/** The exact capabilities, for reports: a replayer need not be able to stop anything. */
export function capabilitiesOf(attack: Attack, transport: TransportName): readonly Capability[] {
  const all = new Set(attack.flatMap((m) => needs(m, transport)));
  return capabilities.filter((c) => all.has(c));
}
