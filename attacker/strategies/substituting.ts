/** Recognised values are replaced by others of their kind: keys, random values, names. */
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import type { Edit, Move } from "../move.ts";
import { attack, type Scene, type SeenValue, type Strategy } from "./strategy.ts";

const inside = (value: SeenValue): { inside: string[] } => ({
  inside: [...value.path, `bytes:${value.start}-${value.start + value.length}`],
});

const modify = (value: SeenValue, edit: Edit): Move => ({
  move: "modify",
  packet: value.packet,
  edits: [edit],
});

export const substitutingKeys: Strategy = {
  id: "substitute-keys",
  title: "public keys are replaced by the attacker's own, singly, in pairs and everywhere",
  capability: "on-path",
  *attacks(scene) {
    const keys = scene.values.filter((v) => v.kind === "public-key");
    const own = keys.map((v) => modify(v, { edit: "own-key", ...inside(v) }));
    for (const move of own) yield attack(move);
    for (const [i, a] of own.entries()) {
      for (const b of own.slice(i + 1)) yield attack(a, b);
    }
    if (own.length > 2) yield attack(...own);
  },
};

export const substitutingNonces: Strategy = {
  id: "substitute-nonces",
  title: "a random value in one packet is replaced by one from an earlier packet",
  capability: "on-path",
  *attacks(scene) {
    const nonces = scene.values.filter((v) => v.kind === "random");
    for (const [i, target] of nonces.entries()) {
      for (const source of nonces.slice(0, i)) {
        if (source.length !== target.length) continue;
        const edit: Edit = {
          edit: "paste",
          packet: source.packet,
          source: inside(source).inside,
          ...inside(target),
        };
        yield attack(modify(target, edit));
      }
    }
  },
};

function* renamings(scene: Scene): Iterable<readonly [string, string]> {
  const names = [...new Set([...scene.principals, "mallory"])].map((n) => hex(utf8(n)));
  for (const a of names) for (const b of names) if (a !== b) yield [a, b];
}

export const substitutingNames: Strategy = {
  id: "substitute-names",
  title: "names are replaced by other names",
  capability: "on-path",
  *attacks(scene) {
    for (const [find, other] of renamings(scene)) {
      for (const p of scene.packets) {
        if (!hex(p.bytes).includes(find)) continue;
        const edit: Edit = { edit: "substitute", find, hex: other };
        yield attack({ move: "modify", packet: p.ref, edits: [edit] });
      }
    }
  },
};
