/** What honest users do in a run: the default workload of a protocol, and variations of it. */
import { attackerHost } from "../attacker/move.ts";
import type {
  Millis,
  OptionValues,
  PlannedMessage,
  PlannedSession,
  Principal,
  Protocol,
  Workload,
} from "../protocol/endpoint.ts";
import { utf8 } from "../protocol/kit/bytes.ts";
import { unknownName } from "./input/suggestions.ts";
import {
  isParallel,
  parallelWorkload,
  parallelWorkloads,
  whyNotParallel,
} from "./parallel-workloads.ts";
import { ProtocolError } from "./run/protocol-error.ts";

/** Longest message of the length variations, where the protocol states no limit. */
const longMessageBytes = 200;
const words =
  "open valve one then report the pressure and close the gate before the night shift begins ";

/** Readable text of exactly `length` bytes that starts with `label`. */
function sampleText(label: string, length: number): Uint8Array {
  const text = `${label} ${words.repeat(Math.ceil(length / words.length))}`;
  return utf8(text.slice(0, length));
}

/** Two sessions, one after the other, in which the initiator sends three messages. */
function madeUp(protocol: Protocol): Workload {
  const talkers = protocol.roles.filter((r) => r.process === "session" || r.peer !== undefined);
  const first = talkers[0] ?? protocol.roles[0];
  if (first === undefined) throw new ProtocolError(`${protocol.name} has no roles`);
  const limit = protocol.limits?.messageBytes ?? longMessageBytes;
  const messages = (session: number): PlannedMessage[] =>
    [
      `valve ${session}1`,
      `close the gate number ${session}2 now`,
      `report the pressure ${session}3`,
    ].map((words) => ({
      from: first.name,
      message: utf8(words.slice(0, limit)),
    }));
  return {
    sessions: [
      { start: 0, messages: messages(0) },
      { start: "after-previous", messages: messages(1) },
    ],
  };
}

export const defaultWorkload = (protocol: Protocol, options: OptionValues): Workload =>
  protocol.workload?.(options) ?? madeUp(protocol);

/** The workload that attacks are tried on. */
export const baseWorkload = "within-limits";

/**
 * The default workload without messages that the protocol does not guarantee to deliver. Their
 * fate is judged in undisturbed runs, and must not count as the effect of an attack.
 */
function withinLimits(workload: Workload, limit: number): Workload {
  const sessions = workload.sessions.map((session) => ({
    ...session,
    messages: session.messages.filter((m) => m.message.length <= limit),
  }));
  const busy = sessions.filter((s, i) => {
    return s.messages.length > 0 || workload.sessions[i]?.messages.length === 0;
  });
  return { ...workload, sessions: busy.length > 0 ? busy : sessions };
}

/** Same sessions and message counts; every message but commands is of about `length` bytes. */
function withLengths(workload: Workload, length: number): Workload {
  let n = 0;
  return {
    ...workload,
    sessions: workload.sessions.map((session) => ({
      ...session,
      messages: session.messages.map((m) =>
        m.isCommand === true ? m : { ...m, message: sampleText(`m${n++}`, length) },
      ),
    })),
  };
}

/** Other payloads of the same lengths: what differs between such runs is not a constant. */
function withOtherContent(workload: Workload): Workload {
  let n = 0;
  const other = (length: number): Uint8Array =>
    utf8(`other text ${n++} in place of it, all through the run `.repeat(20).slice(0, length));
  const long = (length: number): Uint8Array => {
    let out = other(length);
    while (out.length < length) out = new Uint8Array([...out, ...other(length - out.length)]);
    return out;
  };
  return {
    ...workload,
    sessions: workload.sessions.map((session) => ({
      ...session,
      messages: session.messages.map((m) =>
        m.isCommand === true ? m : { ...m, message: long(m.message.length) },
      ),
    })),
  };
}

/** Who a message is from, by name. */
const speakerOf = (
  { roles }: Protocol,
  { principals = {} }: PlannedSession,
  from: string,
): Principal => principals[from] ?? roles.find((r) => r.name === from)?.principals[0] ?? from;

/**
 * The same messages as a conversation: the speakers of a session take turns, and nobody goes on
 * before what is meant for them, and comes before, has been delivered to them.
 */
function inTurn(protocol: Protocol, workload: Workload): Workload {
  return {
    ...workload,
    sessions: workload.sessions.map((session) => {
      const speakers = [...new Set(session.messages.map((m) => m.from))];
      const rounds = Math.max(0, ...speakers.map((from) => by(session, from).length));
      const turns = Array.from({ length: rounds }, (_, i) =>
        speakers.flatMap((from) => by(session, from)[i] ?? []),
      ).flat();
      const messages = turns.map((m, i): PlannedMessage => {
        const name = speakerOf(protocol, session, m.from);
        const heard = turns
          .slice(0, i)
          .filter(({ from, to }) => from !== m.from && (to === undefined || to === name));
        return heard.length === 0 ? m : { ...m, afterHearing: heard.length };
      });
      return { ...session, messages };
    }),
  };
}

/** Blocks of sixteen bytes repeat in such a message wherever it begins in a packet. */
const contentBytes = 48;
const letters = "bcdefghijklmnopqrstuvwxyz";

/**
 * Messages of one length, all the same and of one letter, or each of other letters than the last:
 * the two differ in nothing but contents, and in those as much as they can.
 */
function withContents(workload: Workload, length: number, equal: boolean): Workload {
  let n = 1;
  const next = (): string => {
    n = (n * 48_271) % 2_147_483_647;
    return letters.charAt(n % letters.length);
  };
  const content = (): Uint8Array =>
    utf8(equal ? "a".repeat(length) : Array.from({ length }, next).join(""));
  return {
    ...workload,
    sessions: workload.sessions.map((session) => ({
      ...session,
      messages: session.messages.map((m) => ({ ...m, message: content() })),
    })),
  };
}

/**
 * The first two users of the role that asks change places, if they have names of one length.
 * @returns the workload as it was, if there are no two such users.
 */
export function withSwappedUsers(protocol: Protocol, workload: Workload): Workload {
  const role = protocol.roles.find((r) => r.process === "session" && r.peer !== undefined);
  const [usual] = role?.principals ?? [];
  if (role === undefined || usual === undefined || role.principals.length > 1) return workload;
  const userOf = ({ principals }: PlannedSession): string => principals?.[role.name] ?? usual;
  const [first = "", second = ""] = new Set(workload.sessions.map(userOf));
  const named = workload.sessions.flatMap((s) => s.messages.flatMap((m) => [m.from, m.to ?? ""]));
  const isNamed = named.some((name) => name === first || name === second);
  if (isNamed || first.length !== second.length || [first, second].includes(attackerHost)) {
    return workload;
  }
  const others = new Map([
    [first, second],
    [second, first],
  ]);
  return {
    ...workload,
    sessions: workload.sessions.map((session) => {
      const user = userOf(session);
      const principals = { ...session.principals, [role.name]: others.get(user) ?? user };
      return { ...session, principals };
    }),
  };
}

const by = ({ messages }: PlannedSession, from: string): readonly PlannedMessage[] =>
  messages.filter((m) => m.from === from);

/** Only the first sessions, the very first one at once. */
function firstSessions(workload: Workload, count: number): Workload {
  const kept = workload.sessions.slice(0, count);
  return {
    ...workload,
    sessions: kept.map((session, i) => (i === 0 ? { ...session, start: 0 } : session)),
  };
}

/** Users who have typed before they are asked, and users who type while packets are on their way. */
const typings = {
  "typed-at-once": { firstMs: 0, nextMs: 0 },
  "typed-in-between": { firstMs: 5, nextMs: 15 },
} as const;

/**
 * Other starts for the sessions that begin at a planned time; those that wait for others still do.
 * @param pick from the planned times, in order, that of the nth of those sessions.
 */
function startingOtherwise(
  workload: Workload,
  pick: (times: readonly Millis[], nth: number) => Millis | undefined,
): Workload {
  const times = workload.sessions.flatMap(({ start }) =>
    start === "after-previous" ? [] : [start],
  );
  let nth = 0;
  const sessions = workload.sessions.map((session) =>
    session.start === "after-previous"
      ? session
      : { ...session, start: pick(times, nth++) ?? session.start },
  );
  return { ...workload, sessions };
}

/** The names that {@link workloadNamed} knows, without how many sessions. */
export const workloadNames = [
  "default",
  "within-limits",
  "other-content",
  "in-turn",
  "in-turn-other-content",
  "lengths-short",
  "lengths-middle",
  "lengths-long",
  "typed-at-once",
  "typed-in-between",
  "opened-at-once",
  "opened-in-reverse",
  "contents-equal",
  "contents-different",
  "users-swapped",
  ...parallelWorkloads,
] as const;

/**
 * Why a protocol has no workload of that name, as the end of a sentence.
 * @returns `undefined` if it has.
 */
export function whyNoWorkload(
  protocol: Protocol,
  options: OptionValues,
  name: string,
): string | undefined {
  if (workloadNamed(protocol, options, name) !== undefined) return undefined;
  const plain = scope.exec(name)?.[1] ?? name;
  const known = (workloadNames as readonly string[]).includes(plain);
  if (!known) return unknownName("workload", name, workloadNames);
  const why = isParallel(plain)
    ? whyNotParallel(protocol, defaultWorkload(protocol, options), plain)
    : undefined;
  return `${protocol.name} has no workload "${name}"${why === undefined ? "" : `: ${why}`}`;
}

const scope = /^([a-z-]+)\/([1-9]\d{0,3})$/;

/** @returns the name of the same workload, cut down to so many sessions: `within-limits/1`. */
export const withSessions = (name: string, sessions: number | undefined): string =>
  sessions === undefined || scope.test(name) ? name : `${name}/${sessions}`;

/** @returns the name of another workload, with as many sessions as this one has. */
export const alike = (name: string, other: string): string => {
  const sessions = scope.exec(name)?.[2];
  return withSessions(other, sessions === undefined ? undefined : Number(sessions));
};

export const lengthVariants = ["lengths-short", "lengths-middle", "lengths-long"] as const;
/** Is it one of these variants, of however many sessions? */
const isAmong = (name: string, variants: readonly string[]): boolean =>
  variants.includes(scope.exec(name)?.[1] ?? name);
export const isOfLengths = (name: string): boolean => isAmong(name, lengthVariants);
export const isOfContents = (name: string): boolean => isAmong(name, contentVariants);
export const isOfUsers = (name: string): boolean => isAmong(name, [swappedUsers]);
export const contentVariants = ["contents-equal", "contents-different"] as const;
export const swappedUsers = "users-swapped";

/**
 * The workload that a saved attack names: `default`, `within-limits`, `in-turn`, `other-content`,
 * one of {@link lengthVariants} or {@link contentVariants}, {@link swappedUsers}, `typed-at-once`,
 * `typed-in-between`, `opened-at-once` or `opened-in-reverse`, or one of those in
 * parallel-workloads.ts; with `/2`, only its first two sessions.
 * @returns `undefined` for an unknown name.
 */
export function workloadNamed(
  protocol: Protocol,
  options: OptionValues,
  name: string,
): Workload | undefined {
  const [, whole, sessions] = scope.exec(name) ?? [];
  const base = defaultWorkload(protocol, options);
  if (whole === undefined) return variant(protocol, base, name);
  return variant(protocol, firstSessions(base, Number(sessions)), whole);
}

function variant(protocol: Protocol, base: Workload, name: string): Workload | undefined {
  const stated = protocol.limits?.messageBytes ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(protocol.limits?.messageBytes ?? longMessageBytes, longMessageBytes);
  if (isParallel(name)) return parallelWorkload(protocol, withinLimits(base, stated), name);
  switch (name) {
    case "default":
      return base;
    case "within-limits":
      return withinLimits(base, stated);
    case "in-turn":
      return inTurn(protocol, withinLimits(base, stated));
    case "in-turn-other-content":
      return withOtherContent(inTurn(protocol, withinLimits(base, stated)));
    case "other-content":
      return withOtherContent(withinLimits(base, stated));
    case "typed-at-once":
    case "typed-in-between":
      return { ...withinLimits(base, stated), typing: typings[name] };
    case "opened-at-once":
      return startingOtherwise(withinLimits(base, stated), ([first]) => first);
    case "opened-in-reverse": {
      const reversed = startingOtherwise(withinLimits(base, stated), (t, n) => t.at(-1 - n));
      return { ...reversed, opening: "in-reverse" };
    }
    case "contents-equal":
    case "contents-different": {
      const bytes = Math.min(contentBytes, stated);
      return withContents(withinLimits(base, stated), bytes, name === "contents-equal");
    }
    case swappedUsers:
      return withSwappedUsers(protocol, withinLimits(base, stated));
    case "lengths-short":
      return withLengths(base, Math.min(8, limit));
    case "lengths-middle":
      return withLengths(base, Math.ceil(limit / 2));
    case "lengths-long":
      return withLengths(base, limit);
    default:
      return undefined;
  }
}
