/**
 * Pairs of worlds: the same attack on the same protocol, where only a secret differs. Five kinds
 * of secrets: how long messages are, what is in them, who acts, whether somebody has a name, and
 * whether a password is somebody's.
 */
import type { Attack, Move } from "../../attacker/move.ts";
import { fromHex, hex } from "../../protocol/kit/bytes.ts";
import { alike, baseWorkload, isOfContents, isOfLengths, isOfUsers } from "../workload.ts";
import type { WorldRun } from "./guarantee.ts";

/** Messages of other lengths; only for those who watch and do nothing else. */
export const otherLengths = ({ workloadName, attack }: WorldRun): WorldRun | undefined =>
  isOfLengths(workloadName) && attack.length === 0
    ? { workloadName: alike(workloadName, "lengths-short"), attack }
    : undefined;

/**
 * Messages of the same lengths with other contents; another user; a name that a user has; or a
 * password that nobody has.
 */
export function otherContentsOrUser(run: WorldRun): WorldRun | undefined {
  const { workloadName, attack } = run;
  if (isOfContents(workloadName)) {
    return { workloadName: alike(workloadName, "contents-equal"), attack };
  }
  if (isOfUsers(workloadName)) return { workloadName: alike(workloadName, baseWorkload), attack };
  if (triesPassword(attack)) return { workloadName, attack: attack.map(withoutLuck) };
  return attack.some(typesName) ? { workloadName, attack: withoutName(attack) } : undefined;
}

type LogIn = Extract<Move, { move: "log-in" }>;
const typesName = (move: Move): move is LogIn => move.move === "log-in" && move.user !== undefined;

/** Is it the password that differs, for a name that nobody has? */
export const triesPassword = (attack: Attack): boolean =>
  attack.some((move) => typesName(move) && move.right === true);

function withoutLuck(move: Move): Move {
  if (move.move !== "log-in") return move;
  const { right: _, ...wrong } = move;
  return wrong;
}

function withoutName(attack: Attack): Attack {
  return attack.map((move) => {
    if (!typesName(move)) return move;
    const { user: _, ...known } = move;
    return known;
  });
}

/** Processes whose user is the attacker: it sees what they show, and their packets only. */
export const usedByAttacker = (attack: Attack): ReadonlySet<string> =>
  new Set(attack.flatMap((m) => (m.move === "log-in" ? [m.process] : [])));

/** What the two worlds differ in, as half a sentence about the first of them. */
export const secretOf = ({ workloadName, attack }: WorldRun): string => {
  if (triesPassword(attack)) return "with a user's password for a name that nobody has";
  if (attack.some(typesName)) return "for a name that nobody has";
  if (isOfUsers(workloadName)) return "with another user acting";
  return isOfContents(workloadName)
    ? "with other contents of the same lengths"
    : "with messages of another length";
};

/**
 * The nth pair is about other names and passwords that nobody has: what an answer repeats is not
 * its secret.
 */
export function withOtherNames(attack: Attack, n: number): Attack {
  if (n === 0) return attack;
  return attack.map((move) => {
    if (!typesName(move)) return move;
    return { ...move, user: lettersAfter(move.user, n), password: lettersAfter(move.password, n) };
  });
}

function lettersAfter(text: string | undefined, n: number): string {
  const bytes = fromHex(text ?? "") ?? new Uint8Array(0);
  return hex(bytes.map((byte, i) => letterAfter(byte, n + i)));
}

const [firstLetter, letterCount] = [0x61, 26];
const letterAfter = (byte: number, n: number): number =>
  firstLetter + ((byte - firstLetter + n + letterCount * 256) % letterCount);
