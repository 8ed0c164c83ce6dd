/**
 * What sessions leave behind is disclosed while others are still to come: session keys, random
 * draws, and all that one end holds.
 */
import { type Disclosure, disclosureText } from "../disclosure.ts";
import type { Moment, Move } from "../move.ts";
import { impersonations, playing, splice, talkingPairs } from "./impersonating.ts";
import { earlierOf, firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenPacket, type Strategy } from "./strategy.ts";

export const exposed = (
  principal: string,
  kind: Exclude<Disclosure["kind"], "store" | "long-term-key">,
  when: Moment | "end",
): Move => ({ move: "disclose", principal, what: disclosureText({ kind }), when });

const fromAll = (scene: Scene, kind: "session-keys" | "randomness", when: Moment | "end") =>
  scene.principals.map((principal) => exposed(principal, kind, when));

/** The last packet of each session that is attacked by itself: then it is finished. */
export function lastOfSessions(scene: Scene): readonly SeenPacket[] {
  const last = new Map<number | undefined, SeenPacket>();
  for (const p of firstOfTheirKind(scene).packets) last.set(p.session, p);
  return [...last.values()];
}

/** Inputs of a finished session that it may pay to go on from again; the first is its start. */
const repeatedInputs = [2, 3, 4];

/** What was recorded in a finished session comes again, from those who know its key by now. */
function* withOldKeys(scene: Scene, last: SeenPacket): Iterable<readonly Move[]> {
  const when: Moment = { after: last.ref };
  const own = scene.packets.filter((p) => p.session === last.session);
  const first = scene.processes.filter((p) => p.session === last.session && !p.service);
  for (const { id: process } of first) {
    for (const again of repeatedInputs) {
      yield [{ move: "hijack", name: "puppet-a", process, after: last.ref, again }];
    }
  }
  // Sessions of another kind count as well: one that resumes the first may rest on its key.
  const later = scene.packets.slice(scene.packets.indexOf(last) + 1);
  const others = later.filter((p) => p.session !== last.session);
  for (const [asker, answerer] of talkingPairs({ ...scene, packets: [...own, ...others] })) {
    yield [playing("puppet-a", asker, answerer, { watching: true, when })];
  }
  for (const [asker, answerer] of talkingPairs({ ...scene, packets: others })) {
    yield [playing("puppet-a", answerer, asker, { insteadOf: answerer.id, when })];
    yield splice(scene, asker, answerer);
  }
  const earlierLike = earlierOf(scene);
  for (const p of others) {
    const packet = earlierLike(p)?.ref;
    if (packet === undefined) continue;
    yield [{ move: "modify", packet: p.ref, edits: [{ edit: "paste", packet }] }];
  }
}

export const oldKeys: Strategy = {
  id: "old-session-keys",
  acrossSessions: true,
  title: "session keys of finished sessions become known, and are used in later ones",
  capability: "compromise",
  *attacks(scene) {
    for (const last of lastOfSessions(scene)) {
      const told = fromAll(scene, "session-keys", { after: last.ref });
      yield attack(...told);
      for (const moves of withOldKeys(scene, last)) yield attack(...told, ...moves);
    }
  },
};

export const leakingRandomness: Strategy = {
  id: "known-randomness",
  title: "what one end, or each, draws at random is known, and the attacker may be active",
  capability: "compromise",
  *attacks(scene) {
    for (const principal of scene.principals) {
      yield attack(exposed(principal, "randomness", "end"));
    }
    yield attack(...fromAll(scene, "randomness", "end"));
    const all = fromAll(scene, "randomness", "start");
    yield attack(...all);
    for (const puppet of impersonations(scene)) yield attack(...all, puppet);
    for (const [asker, answerer] of talkingPairs(scene)) {
      yield attack(...all, ...splice(scene, asker, answerer));
    }
  },
};

/** Moments in a session; more would hardly differ. */
const mostMoments = 8;

export const exposingState: Strategy = {
  id: "known-state",
  title: "all that one end holds becomes known at one moment, and nothing is disturbed",
  capability: "compromise",
  *attacks(scene) {
    const { packets } = scene;
    const step = Math.ceil(packets.length / mostMoments);
    const moments = packets.filter((_, i) => i % step === 0);
    const refs = new Set([...moments, ...lastOfSessions(scene)].map((p) => p.ref));
    for (const principal of scene.principals) {
      for (const after of refs) yield attack(exposed(principal, "state", { after }));
    }
  },
};
