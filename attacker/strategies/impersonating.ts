/**
 * The attacker plays roles itself: as somebody else in a session of its own, in place of one end,
 * between two ends, and on from the middle of a session.
 */
import type { Move } from "../move.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

export type Puppet = Extract<Move, { move: "puppet" }>;

/** Pairs that talk to each other: who starts, and who answers. */
export function talkingPairs(scene: Scene): readonly (readonly [SeenProcess, SeenProcess])[] {
  const byId = new Map(scene.processes.map((p) => [p.id, p]));
  const seen = new Set<string>();
  const pairs: (readonly [SeenProcess, SeenProcess])[] = [];
  for (const { ref } of scene.packets) {
    const [a, b] = [byId.get(ref.from), byId.get(ref.to)];
    if (a === undefined || b === undefined || seen.has(`${b.id}>${a.id}`)) continue;
    if (seen.has(`${a.id}>${b.id}`)) continue;
    seen.add(`${a.id}>${b.id}`);
    pairs.push([a, b]);
  }
  return pairs;
}

/** Whoever calls the attacker by its own name, as a user like others. */
export const callersOf = (scene: Scene): readonly SeenProcess[] =>
  scene.processes.filter((p) => scene.callers.includes(p.id));

/** A puppet that plays `who`, toward `facing`. */
export const playing = (
  name: string,
  who: SeenProcess,
  facing: SeenProcess,
  more: Partial<Puppet> = {},
): Puppet => ({
  move: "puppet",
  name,
  role: who.role,
  as: who.principal,
  facing: facing.id,
  ...more,
});

/**
 * Whoever only answers can be posed as by sitting on the wire; whoever asks, also from outside.
 * For attackers who see the traffic anyway.
 */
export function* impersonations(scene: Scene): Iterable<Puppet> {
  for (const [asker, answerer] of talkingPairs(scene)) {
    yield playing("puppet-a", answerer, asker, { insteadOf: answerer.id });
    yield playing("puppet-a", asker, answerer, { insteadOf: asker.id });
    yield playing("puppet-a", asker, answerer);
    // Where the latest to come is the one who is meant.
    const first = scene.packets.find((p) => p.ref.from === asker.id)?.ref;
    if (first !== undefined) yield playing("puppet-a", asker, answerer, { when: { after: first } });
  }
}

export const impersonating: Strategy = {
  id: "impersonate",
  title: "one end is played by the attacker, from what it knows",
  capability: "on-path",
  *attacks(scene) {
    for (const puppet of impersonations(scene)) {
      yield attack(puppet);
      const seeing =
        puppet.insteadOf === undefined ? { ...puppet, watching: true as const } : puppet;
      if (seeing !== puppet) yield attack(seeing);
      yield attack({ ...seeing, reuses: 1 });
      yield attack({ ...seeing, blind: true });
    }
    // Where it is the address that tells one user from another.
    if (scene.transport.connected) return;
    for (const [asker, answerer] of talkingPairs(scene)) {
      yield attack(playing("puppet-a", asker, answerer, { spoofs: asker.id }));
    }
  },
};

/** Two puppets back to back; the outer one opens a connection of its own, where there are any. */
export function splice(
  scene: Scene,
  asker: SeenProcess,
  answerer: SeenProcess,
  more: Partial<Puppet> = {},
): readonly Move[] {
  const own = scene.transport.connected ? {} : { insteadOf: asker.id };
  const inner = { insteadOf: answerer.id, handsTo: "puppet-b", ...more };
  return [
    playing("puppet-a", answerer, asker, inner),
    playing("puppet-b", asker, answerer, { ...own, handsTo: "puppet-a", ...more }),
  ];
}

export const splicing: Strategy = {
  id: "splice",
  title: "the attacker sits in the middle and plays each end toward the other",
  capability: "on-path",
  *attacks(scene) {
    for (const [asker, answerer] of talkingPairs(scene)) {
      yield attack(...splice(scene, asker, answerer));
    }
  },
};

export const hijacking: Strategy = {
  id: "hijack",
  title: "the attacker goes on in the place of either end, after each packet",
  capability: "on-path",
  *attacks(scene) {
    for (const { ref: after } of scene.packets) {
      for (const process of new Set([after.from, after.to])) {
        yield attack({ move: "hijack", name: "puppet-a", process, after });
      }
    }
  },
};

/** How many packets of its own it takes to lead somebody astray, before the real one goes on. */
const briefly = [1, 2, 3];

export const otherwiseSet: Strategy = {
  id: "other-settings",
  title: "one end is played with another setting, and perhaps only for its first packets",
  capability: "on-path",
  *attacks(scene) {
    for (const [asker, answerer] of talkingPairs(firstOfTheirKind(scene))) {
      for (const { option, value } of scene.otherSettings) {
        const settings = { [option]: value };
        for (const [who, facing] of [
          [answerer, asker],
          [asker, answerer],
        ] as const) {
          const puppet = playing("puppet-a", who, facing, { insteadOf: who.id, settings });
          yield attack(puppet);
          for (const leaves of briefly) yield attack({ ...puppet, leaves });
        }
      }
    }
  },
};
