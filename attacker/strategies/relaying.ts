/**
 * The adversary runs the relay. It reads what it relays; and between two of its clients it plays
 * two relays: one to each client, with the other client impersonated behind it.
 */
import type { Move } from "../move.ts";
import { impersonations, playing } from "./impersonating.ts";
import { attack, type Scene, type SeenProcess, type Strategy } from "./strategy.ts";

interface Relayed {
  readonly relay: SeenProcess;
  /** Two clients of the relay in one session. */
  readonly clients: readonly [SeenProcess, SeenProcess];
}

/** Services that two different principals of one role, in one session, talk to. */
function relayed(scene: Scene): readonly Relayed[] {
  const asks = (p: SeenProcess, relay: SeenProcess): boolean =>
    scene.packets.some(({ ref }) => ref.from === p.id && ref.to === relay.id);
  return scene.processes
    .filter((p) => p.service)
    .flatMap((relay) => {
      const clients = scene.processes.filter((p) => !p.service && asks(p, relay));
      return clients.flatMap((a, i) =>
        clients
          .slice(i + 1)
          .filter((b) => a.session === b.session && a.role === b.role)
          .filter((b) => a.principal !== b.principal)
          .map((b): Relayed => ({ relay, clients: [a, b] })),
      );
    });
}

/** Four puppets in a row: what either client sends goes through the two in the middle. */
function between({ relay, clients: [a, b] }: Relayed): readonly Move[] {
  const asRelay = (name: string, facing: SeenProcess): Move =>
    playing(name, relay, facing, { insteadOf: relay.id });
  const behind = (name: string, who: SeenProcess, facing: string, handsTo: string): Move => ({
    ...playing(name, who, relay),
    facing,
    handsTo,
  });
  return [
    asRelay("puppet-a", a),
    behind("puppet-b", b, "puppet-a", "puppet-d"),
    asRelay("puppet-c", b),
    behind("puppet-d", a, "puppet-c", "puppet-b"),
  ];
}

export const relaying: Strategy = {
  id: "relay",
  title: "the attacker runs the relay: it listens, poses as either client, sits between the two",
  capability: "relay",
  *attacks(scene) {
    for (const pair of relayed(scene)) {
      const runsIt: Move = { move: "participate", as: pair.relay.principal };
      yield attack(runsIt);
      yield attack(runsIt, ...between(pair));
      for (const puppet of impersonations(scene)) yield attack(runsIt, puppet);
    }
  },
};
