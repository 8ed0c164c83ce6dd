/** Handshake patterns as data, and how they are read from the notation of Noise §7. */
import { InvariantError } from "../../endpoint.ts";
import type { Part } from "../end.ts";

/** What is done in one step of a message (Noise §7.1; `psk`: §9.2). */
export const tokens = ["e", "s", "ee", "es", "se", "ss", "psk"] as const;
export type Token = (typeof tokens)[number];

export interface MessagePattern {
  readonly sender: Part;
  readonly tokens: readonly Token[];
}

export interface HandshakePattern {
  readonly name: string;
  /** Whose static public key the other end has before the handshake. */
  readonly known: Readonly<Record<Part, boolean>>;
  readonly messages: readonly MessagePattern[];
  /** Only the initiator ever sends. */
  readonly oneWay: boolean;
  /** Is there a pre-shared key? Then ephemeral keys are mixed into the key too (Noise §9.2). */
  readonly hasPsk: boolean;
}

function parseLine(line: string): MessagePattern {
  const [, arrow, list = ""] = /^\s*(->|<-)\s+(.+)$/.exec(line) ?? [];
  const words = list.split(", ");
  const read = words.flatMap((word) => tokens.find((token) => token === word) ?? []);
  if (arrow === undefined || read.length !== words.length) {
    throw new InvariantError(`not a message pattern: "${line}"`);
  }
  return { sender: arrow === "->" ? "initiator" : "responder", tokens: read };
}

/** @param table the name and a colon, then a line for each message. */
export function parsePattern(table: string): HandshakePattern {
  const [head = "", ...lines] = table.split("\n");
  const dots = lines.findIndex((line) => line.trim() === "...");
  const before = lines.slice(0, Math.max(0, dots)).map(parseLine);
  const messages = lines.slice(dots + 1).map(parseLine);
  const isKnown = (part: Part): boolean => before.some((m) => m.sender === part);
  return {
    name: head.replace(":", ""),
    known: { initiator: isKnown("initiator"), responder: isKnown("responder") },
    messages,
    oneWay: messages.length === 1,
    hasPsk: false,
  };
}

/**
 * `psk0` puts the token before the first message, `pskN` after the N-th one.
 * @param modifiers such as `psk3` or `psk0+psk2`; the empty string for none.
 * @returns `undefined` if the pattern has no such message.
 * @see Noise §9.3
 */
export function withModifiers(
  pattern: HandshakePattern,
  name: string,
  modifiers: string,
): HandshakePattern | undefined {
  const places = [...modifiers.matchAll(/\d/g)].map(Number);
  if (places.some((place) => place > pattern.messages.length)) return undefined;
  const messages = pattern.messages.map(({ sender, tokens: own }, i) => {
    const first: readonly Token[] = i === 0 && places.includes(0) ? ["psk"] : [];
    const last: readonly Token[] = places.includes(i + 1) ? ["psk"] : [];
    return { sender, tokens: [...first, ...own, ...last] };
  });
  return { ...pattern, name, messages, hasPsk: places.length > 0 };
}

/** Does this end send its static public key? */
export const transmits = ({ messages }: HandshakePattern, part: Part): boolean =>
  messages.some((m) => m.sender === part && m.tokens.includes("s"));

/** Does this end have a static key at all? */
export const hasStatic = (pattern: HandshakePattern, part: Part): boolean =>
  pattern.known[part] || transmits(pattern, part);

export const otherPart = (part: Part): Part => (part === "initiator" ? "responder" : "initiator");
