import type { Attack } from "../../attacker/move.ts";
import { latin1 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { type Guarantee, type Worlds, withoutDisclosure } from "./guarantee.ts";
import {
  bytesOf,
  type Difference,
  differenceSeen,
  type Look,
  repeatsOf,
  shapeOf,
  shownBy,
} from "./outside-view.ts";
import { otherContentsOrUser, usedByAttacker } from "./worlds.ts";

export const indistinguishability: Guarantee = {
  id: "indistinguishability",
  statement:
    "Two runs under one attack that differ only in the contents of messages, or in whether " +
    "somebody has the name that a stranger tries, look alike from outside.",
  source:
    "M. Abadi, A. Gordon: A calculus for cryptographic protocols, 1999 (testing equivalence); " +
    "S. Vaudenay: Security flaws induced by CBC padding, 2002",
  twin: "cbc-records?iv=chained",
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "no message is sent, and nobody logs in with a password",
  counts: withoutDisclosure,
  judge: () => ({ atStake: 0 }),
  otherWorld: otherContentsOrUser,
  distinguish(worlds) {
    const atStake = packetsAtStake(worlds);
    if (atStake === 0) return { atStake };
    const { attack } = worlds.pair(0).here.plan;
    for (const { look, words } of looks(attack)) {
      const seen = differenceSeen(worlds, look);
      if (seen === undefined) continue;
      return { atStake, violation: { because: `${worlds.secret}, ${words(seen)}` } };
    }
    return { atStake };
  },
};

/** @returns 0 if the protocol does not get so far in both worlds that they can be compared. */
export function packetsAtStake(worlds: Worlds): number {
  const { here, there } = worlds.pair(0);
  const took = here.plan.attack.filter((m) => m.move === "log-in" || m.move === "choose").length;
  const effects = new Set(here.events.flatMap((e) => (e.kind === "attack" ? [e.move] : [])));
  if (effects.size < took || holdsKeys(here) || holdsKeys(there)) return 0;
  const said = [here, there].map(
    (t) => t.events.filter((e) => e.kind === "submit" && e.purpose === "message").length,
  );
  if (took === 0 && (said[0] === 0 || said[0] !== said[1])) return 0;
  return here.packets.length;
}

/** A stranger has the program of the user, and nothing that the user has to keep. */
function holdsKeys({ plan, deployment, processes, crypto }: Trace): boolean {
  const own = usedByAttacker(plan.attack);
  if (own.size === 0) return false;
  const typed = deployment.credentials.flatMap((c) => [c.user, c.password]).map(latin1);
  const keys = new Set(
    processes
      .filter((p) => own.has(p.id))
      .flatMap((p) => deployment.longTermSecrets(p.principal).map(latin1))
      .filter((key) => !typed.includes(key)),
  );
  return crypto.some((op) => own.has(op.by) && op.inputs.some((i) => keys.has(i)));
}

interface Looking {
  readonly look: Look;
  readonly words: (seen: Difference) => string;
}

const changed = ({ here, there }: Difference): string =>
  `“${there ?? "nothing"}” becomes “${here ?? "nothing"}”`;

/** What tells most comes first. */
function looks(attack: Attack): readonly Looking[] {
  const own = usedByAttacker(attack);
  const isWatching = attack.length === 0 || own.size > 0;
  const shape = { look: shapeOf(own), words: changed };
  const repeats = {
    look: repeatsOf(own),
    words: ({ place, here, there }: Difference) =>
      here === undefined || there === undefined
        ? `${place}, no longer repeats what is in ${there ?? here}`
        : `${place}, repeats what is in ${here} instead of ${there}`,
  };
  const bytes = {
    look: bytesOf(own, isWatching ? undefined : answerers(attack)),
    words: ({ place, here, there }: Difference) => `${place} is always ${here} instead of ${there}`,
  };
  const shown = {
    look: shownBy(own),
    words: (seen: Difference) => `what the program shows differs: ${changed(seen)}`,
  };
  return own.size > 0 ? [shape, shown, repeats, bytes] : [shape, repeats, bytes];
}

/** Where packets are changed, their receivers' answers tell: all else is as it was. */
const answerers = (attack: Attack): ReadonlySet<string> =>
  new Set(attack.flatMap((m) => (m.move === "modify" ? [m.packet.to] : [])));
