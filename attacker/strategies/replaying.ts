/** Recorded packets come again: later, elsewhere, or in place of others. */
import { attackerAddress, bystanderAddress, type Edit, roleOf } from "../move.ts";
import {
  attack,
  directions,
  runsOf,
  type Scene,
  type SeenPacket,
  type Strategy,
} from "./strategy.ts";

const again = (p: SeenPacket, after: SeenPacket, from: string) =>
  ({ move: "replay", packet: p.ref, to: p.ref.to, from, when: { after: after.ref } }) as const;

const indexOf = (scene: Scene, p: SeenPacket): number => scene.packets.indexOf(p);

/** Moments at which a recorded run can be played: after each packet that follows it. */
function laterThan(scene: Scene, run: readonly SeenPacket[]): readonly SeenPacket[] {
  const last = run.at(-1);
  return last === undefined ? [] : scene.packets.slice(indexOf(scene, last));
}

export const replaying: Strategy = {
  id: "replay",
  title: "each packet, and each run of a few, is sent again at every later moment",
  capability: "on-path",
  *attacks(scene) {
    // Where they run together, it often takes several writes to make a message.
    const lengths = scene.transport.keepsMessages ? [1, 2, 3] : [1, 2, 3, 4];
    for (const run of lengths.flatMap((length) => runsOf(scene, length))) {
      for (const after of laterThan(scene, run)) {
        if (run[0]?.session !== after.session) continue;
        yield attack(...run.map((p) => again(p, after, p.ref.from)));
      }
    }
  },
};

export const replayingAcross: Strategy = {
  id: "replay-across",
  acrossSessions: true,
  title: "what one session sent is sent again in another one, in pieces and whole",
  capability: "on-path",
  *attacks(scene) {
    for (const list of directions(scene).values()) {
      const first = list[0];
      if (first === undefined) continue;
      const later = scene.packets.filter(
        (p) => p.session !== first.session && indexOf(scene, p) > indexOf(scene, first),
      );
      for (const after of later) {
        // To whoever plays that role there: from the old address, and from the one in use now.
        for (const from of [first.ref.from, talkerOf(after)]) {
          const sent = list.filter((p) => indexOf(scene, p) <= indexOf(scene, after));
          const here = sent.map((p) => ({ ...again(p, after, from), to: listenerOf(p, after) }));
          yield attack(...here);
          for (const move of here) yield attack(move);
        }
      }
      const end = list.at(-1);
      if (end === undefined) continue;
      const last = scene.packets.filter((p) => p.session === end.session).at(-1) ?? end;
      yield attack(...list.map((p) => again(p, last, p.ref.from)));
      yield attack(...list.map((p) => ({ ...again(p, last, attackerAddress) })));
    }
  },
};

/** The end of `after` that plays the role to which `p` was sent. */
const listenerOf = (p: SeenPacket, after: SeenPacket): string =>
  [after.ref.to, after.ref.from].find((id) => roleOf(id) === roleOf(p.ref.to)) ?? p.ref.to;
const talkerOf = (after: SeenPacket): string => after.ref.from;

export const replacing: Strategy = {
  id: "replace",
  title: "each packet, and each pair, is replaced by one that was recorded before",
  capability: "on-path",
  *attacks(scene) {
    for (const length of [1, 2]) {
      const runs = runsOf(scene, length);
      for (const target of runs) {
        for (const source of runs) {
          const [t, s] = [target[0], source[0]];
          if (t === undefined || s === undefined || t === s) continue;
          const later = (p: SeenPacket | undefined, i: number): boolean =>
            p !== undefined && indexOf(scene, p) > indexOf(scene, target[i] ?? t);
          if (source.some(later)) continue;
          yield attack(
            ...target.map((p, i) => {
              const packet = source[i]?.ref ?? p.ref;
              const edits: Edit[] = [{ edit: "paste", packet }];
              return { move: "modify", packet: p.ref, edits } as const;
            }),
          );
        }
      }
    }
  },
};

export const reflecting: Strategy = {
  id: "reflect",
  title: "each packet, and each run of two or three, comes back to its sender",
  capability: "on-path",
  *attacks(scene) {
    for (const length of [1, 2, 3]) {
      for (const run of runsOf(scene, length)) {
        for (const after of laterThan(scene, run)) {
          if (run[0]?.session !== after.session) continue;
          const when = { after: after.ref };
          yield attack(...run.map((p) => ({ move: "reflect", packet: p.ref, when }) as const));
        }
      }
    }
  },
};

export const redirecting: Strategy = {
  id: "redirect",
  title: "each packet goes to somebody else",
  capability: "on-path",
  *attacks(scene) {
    for (const { ref: packet } of scene.packets) {
      for (const { id: to } of scene.processes) {
        if (to !== packet.to && to !== packet.from) yield attack({ move: "redirect", packet, to });
      }
    }
  },
};

const flood = 200;

export const spoofingBystander: Strategy = {
  id: "spoof-bystander",
  title: "recorded packets come in the name of a bystander, or of many strangers",
  capability: "on-path",
  *attacks(scene) {
    for (const p of scene.packets) {
      const when = { after: p.ref };
      const { ref: packet } = p;
      yield attack({ move: "replay", packet, to: packet.to, from: bystanderAddress, when });
      yield attack({ move: "replay", packet, to: packet.to, when, times: flood });
    }
  },
};
