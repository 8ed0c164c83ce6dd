/**
 * How well a payload is protected, as Noise §7.7 grades it, computed from the tokens that were
 * processed before the payload; a test holds the results against the specification's table.
 *
 * Source, 0 to 2: not authenticated; authenticated, unless the recipient's static key has been
 * compromised; authenticated. Destination, 0 to 5: in the clear; to any ephemeral key; to
 * the recipient's static key alone; the same with forward secrecy of three strengths, according to
 * how well the recipient's ephemeral key is authenticated.
 */
import type { Part } from "../end.ts";
import { type HandshakePattern, otherPart, type Token } from "./parse-pattern.ts";

/** A payload: of a handshake message, or of the first transport messages after the handshake. */
export interface PayloadPlace {
  readonly sender: Part;
  /** All tokens processed before it. */
  readonly done: readonly Token[];
  /** The source grade of the recipient's own payloads before it. */
  readonly answers: number;
}

const tokensOf = (pattern: HandshakePattern, count: number): readonly Token[] =>
  pattern.messages.slice(0, count).flatMap((m) => m.tokens);

/** @param done the tokens processed before the sender's payload. @returns 0, 1 or 2. */
function sourceOf(sender: Part, done: readonly Token[]): number {
  if (done.includes(sender === "initiator" ? "se" : "es")) return 2;
  return done.includes("ss") ? 1 : 0;
}

/** @returns the source grade of the payload of the message with this index, or of later ones. */
export const sourceGrade = (pattern: HandshakePattern, sender: Part, index: number): number =>
  sourceOf(sender, tokensOf(pattern, index + 1));

/** The best that this end ever does to authenticate itself. */
export const bestSource = (pattern: HandshakePattern, sender: Part): number =>
  sender === "responder" && pattern.oneWay ? 0 : sourceGrade(pattern, sender, Infinity);

export const source = ({ sender, done }: PayloadPlace): number => sourceOf(sender, done);

export function destination({ sender, done, answers }: PayloadPlace): number {
  const isToStatic = done.includes(sender === "initiator" ? "es" : "se") || done.includes("ss");
  const isToEphemeral = done.includes("ee");
  if (!isToStatic) return isToEphemeral ? 1 : 0;
  return isToEphemeral ? 3 + answers : 2;
}

/** The payloads of the handshake, then one of each end in turn, as far as both may send. */
export function payloads(pattern: HandshakePattern): readonly PayloadPlace[] {
  const count = pattern.messages.length;
  const places: PayloadPlace[] = [];
  let next: Part = "initiator";
  for (let i = 0; i < count + 2; i++) {
    const sender: Part = pattern.messages[i]?.sender ?? next;
    next = otherPart(sender);
    if (pattern.oneWay && sender === "responder") continue;
    const before = places.findLast((p) => p.sender === next);
    const answers = before === undefined ? 0 : source(before);
    places.push({ sender, done: tokensOf(pattern, i + 1), answers });
  }
  return places;
}

/** Where each static public key is sent, as if it were a payload. */
export function sentStatics(pattern: HandshakePattern): readonly PayloadPlace[] {
  return pattern.messages.flatMap(({ sender, tokens }, i) => {
    const at = tokens.indexOf("s");
    if (at < 0) return [];
    const done = [...tokensOf(pattern, i), ...tokens.slice(0, at)];
    const answers = i === 0 ? 0 : sourceGrade(pattern, otherPart(sender), i - 1);
    return [{ sender, done, answers }];
  });
}
