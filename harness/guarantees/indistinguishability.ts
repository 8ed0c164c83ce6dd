import type { Attack } from "../../attacker/move.ts";
import { latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { Trace } from "../trace/trace.ts";
import { knowledgeFromWire } from "../trace/trace-knowledge.ts";
import { isOfUsers } from "../workload.ts";
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
import { otherContentsOrUser, triesPassword, usedByAttacker } from "./worlds.ts";

/** What all guarantees have in common that compare runs which differ in contents or users. */
export const inPairs = {
  layered: false,
  secrecy: false,
  safety: true,
  vacuousBecause: "no message is sent, and nobody logs in with a password",
  counts: withoutDisclosure,
  judge: () => ({ atStake: 0 }),
  otherWorld: otherContentsOrUser,
} satisfies Partial<Guarantee>;

export const indistinguishability: Guarantee = {
  id: "indistinguishability",
  statement:
    "Two runs under one attack that differ only in the contents of messages, in who of those acts " +
    "that do not say so, or in whether anybody has the name that a stranger tries or, under a name " +
    "that nobody has, the password, look alike outside.",
  source:
    "M. Abadi, A. Gordon: A calculus for cryptographic protocols, 1999 (testing equivalence); " +
    "S. Vaudenay: Security flaws induced by CBC padding, 2002",
  twin: "cbc-records?iv=chained",
  ...inPairs,
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
  if (isOfUsers(here.plan.workloadName)) return usersShow(here) ? 0 : here.packets.length;
  const said = [here, there].map(
    (t) => t.events.filter((e) => e.kind === "submit" && e.purpose === "message").length,
  );
  if (took === 0 && (said[0] === 0 || said[0] !== said[1])) return 0;
  return here.packets.length;
}

/** Users who say openly who they are keep no secret here: identity-hiding has that to judge. */
function usersShow(trace: Trace): boolean {
  const { credentials, identities = [] } = trace.deployment;
  const names = trace.processes.filter((p) => !p.service).map((p) => utf8(p.principal));
  const knowledge = knowledgeFromWire(trace);
  const known = [...credentials.map((c) => c.user), ...identities, ...names].map(latin1);
  const wire = trace.packets.map((p) => latin1(p.bytes));
  return known.some((name) => knowledge.knows(name) || wire.some((bytes) => bytes.includes(name)));
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
  // A program that is told another password says other things: only the answers count.
  const seen = { of: own, answersOnly: triesPassword(attack) };
  const isWatching = attack.length === 0 || own.size > 0;
  const shape = { look: shapeOf(seen), words: changed };
  const repeats = {
    look: repeatsOf(seen),
    words: ({ place, here, there }: Difference) =>
      here === undefined || there === undefined
        ? `${place}, no longer repeats what is in ${there ?? here}`
        : `${place}, repeats what is in ${here} instead of ${there}`,
  };
  const bytes = {
    look: bytesOf(seen, isWatching ? undefined : answerers(attack)),
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
