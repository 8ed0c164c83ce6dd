/**
 * Makes attacks small: first fewer moves, then fewer edits, then smaller values. The result is
 * 1-minimal: taking away any one move makes the violation vanish.
 */
import { disclosureOf, disclosureText } from "../../attacker/disclosure.ts";
import type { Attack, Move } from "../../attacker/move.ts";
import { simplerDeliveries } from "./simpler-deliveries.ts";

/** Runs the attack and says whether it still violates. */
export type StillViolates = (attack: Attack) => boolean;

/** How many long-term secrets a principal has. */
export type CountSecrets = (principal: string) => number;

/** More are not tried one by one. */
const mostSecrets = 16;

const mostTrials = 3_000;

/** As many as a move may name. */
const mostSymbolsGuessed = 16;

/** @param secretsOf tells which disclosures can be made smaller: to one secret of several. */
export function shrink(
  attack: Attack,
  violates: StillViolates,
  secretsOf: CountSecrets = () => 0,
): Attack {
  let trials = 0;
  const check = (candidate: Attack): boolean => trials++ < mostTrials && violates(candidate);
  let current = attack;
  for (let changed = true; changed; ) {
    changed = false;
    for (const candidate of smaller(current, secretsOf)) {
      if (!check(candidate)) continue;
      current = candidate;
      changed = true;
      break;
    }
  }
  return current;
}

/** Simpler attacks, the boldest simplification first. */
function* smaller(attack: Attack, secretsOf: CountSecrets): Iterable<Attack> {
  yield* simplerDeliveries(attack);
  if (attack.length > 3) {
    const half = attack.length >> 1;
    yield attack.slice(0, half);
    yield attack.slice(half);
  }
  for (let i = attack.length - 1; i >= 0; i--) yield attack.filter((_, k) => k !== i);
  for (const [i, move] of attack.entries()) {
    for (const simpler of simplerMoves(move)) {
      yield attack.map((m, k) => (k === i ? simpler : m));
    }
    for (const simpler of singleSecrets(move, secretsOf)) {
      yield attack.map((m, k) => (k === i ? simpler : m));
    }
  }
}

/** Which one of several secrets suffices? */
function* singleSecrets(move: Move, secretsOf: CountSecrets): Iterable<Move> {
  if (move.move !== "disclose" || disclosureOf(move.what).kind !== "long-term") return;
  const count = Math.min(mostSecrets, secretsOf(move.principal));
  if (count < 2) return;
  for (let n = 1; n <= count; n++) {
    yield { ...move, what: disclosureText({ kind: "long-term-key", name: String(n) }) };
  }
}

/** Of how many symbols has the guess to be right? */
function* fewerGuesses(move: Extract<Move, { move: "puppet" }>): Iterable<Move> {
  const { guesses } = move;
  if (guesses === undefined) return;
  const most = guesses === true ? mostSymbolsGuessed : guesses - 1;
  for (let count = 1; count <= most; count++) yield { ...move, guesses: count };
}

function* simplerMoves(move: Move): Iterable<Move> {
  if ((move.move === "modify" || move.move === "replay") && (move.edits?.length ?? 0) > 1) {
    const { edits = [] } = move;
    for (let i = 0; i < edits.length; i++) {
      yield { ...move, edits: edits.filter((_, k) => k !== i) };
    }
  }
  if (move.move === "replay" && move.edits !== undefined) {
    const { edits: _, ...same } = move;
    yield same;
  }
  if ((move.move === "inject" || move.move === "replay") && (move.times ?? 1) > 1) {
    const times = move.times ?? 1;
    const { times: _, ...once } = move;
    yield once;
    if (times > 2) yield { ...move, times: times >> 1 };
  }
  if (move.move === "inject" && move.hex.length > 0) {
    yield { ...move, hex: "" };
    if (move.hex.length > 2) yield { ...move, hex: move.hex.slice(0, (move.hex.length >> 2) << 1) };
  }
  if ((move.move === "inject" || move.move === "replay") && move.from !== undefined) {
    const { from: _, ...own } = move;
    yield own;
  }
  if (move.move === "hold" && move.delayMs > 1) yield { ...move, delayMs: 1 };
  if (move.move === "puppet") {
    for (const list of ["says", "seals"] as const) {
      const all = move[list];
      if (all === undefined || all.length < 2) continue;
      for (const one of all) yield { ...move, [list]: [one] };
    }
    if (move.insteadOf !== undefined) {
      const { insteadOf: spoofs, ...outside } = move;
      yield outside;
      yield { ...outside, spoofs };
    }
    for (const part of [
      "when",
      "reuses",
      "handsTo",
      "carries",
      "blind",
      "guesses",
      "matches",
      "renames",
      "settings",
      "leaves",
      "talks",
      "unready",
      "told",
      "says",
      "seals",
      "watching",
      "spoofs",
      "ownKeys",
    ] as const) {
      if (move[part] === undefined) continue;
      const { [part]: _, ...simpler } = move;
      yield simpler;
    }
    yield* fewerGuesses(move);
  }
}
