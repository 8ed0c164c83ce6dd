/** Packets change on their way: bytes, lengths, and what is inside encodings. */
import { fieldsOf, inField, innerOf } from "../fields.ts";
import type { Edit, FieldPath } from "../move.ts";
import { attack, directions, type SeenPacket, type Strategy } from "./strategy.ts";

const masks = [0x01, 0x20, 0x80] as const;

/** The first bytes (headers, types, counters), some in between, and the last (tags, padding). */
function positions(length: number): readonly number[] {
  const all = [0, 1, 2, 3, 4, 8, length >> 2, length >> 1, (3 * length) >> 2];
  const found = [...all, length - 2, length - 1].filter((i) => i >= 0 && i < length);
  return [...new Set(found)].sort((a, b) => a - b);
}

interface EditPlace {
  readonly path: FieldPath;
  readonly length: number;
}

function placesOf(packet: SeenPacket): readonly EditPlace[] {
  return fieldsOf(packet.bytes).map((path) => ({
    path,
    length: innerOf(packet.bytes, path).length,
  }));
}

export const flipping: Strategy = {
  id: "flip",
  title: "single bits flip, in the packet and inside its encodings",
  capability: "on-path",
  *attacks(scene) {
    for (const packet of scene.packets) {
      for (const { path, length } of placesOf(packet)) {
        for (const position of positions(length)) {
          for (const mask of masks) {
            const edit: Edit = { edit: "flip", at: position, mask, ...inField(path) };
            yield attack({ move: "modify", packet: packet.ref, edits: [edit] });
          }
        }
      }
    }
  },
};

const sweptPackets = 3;
const sweptPositions = 128;

/** Some from the beginning, the middle and the end, since they may be of different kinds. */
function samples(list: readonly SeenPacket[]): readonly SeenPacket[] {
  if (list.length <= sweptPackets) return list;
  return [0, list.length >> 1, list.length - 1].map((i) => list[i] as SeenPacket);
}

export const sweeping: Strategy = {
  id: "sweep",
  title: "in some packets of each direction, the lowest bits of every byte flip",
  capability: "on-path",
  *attacks(scene) {
    for (const list of directions(scene).values()) {
      for (const packet of samples(list)) {
        const step = Math.max(1, Math.ceil(packet.bytes.length / sweptPositions));
        for (let at = 0; at < packet.bytes.length; at += step) {
          for (const mask of [1, 2]) {
            const edit: Edit = { edit: "flip", at, mask };
            yield attack({ move: "modify", packet: packet.ref, edits: [edit] });
          }
        }
      }
    }
  },
};

export const resizing: Strategy = {
  id: "resize",
  title: "packets and fields are emptied, cut short, cut at the front and lengthened",
  capability: "on-path",
  *attacks(scene) {
    for (const packet of scene.packets) {
      for (const { path, length } of placesOf(packet)) {
        const inside = inField(path);
        const shorter = [0, 1, length >> 1, length - 1].filter((n) => n >= 0 && n < length);
        const edits: Edit[] = [...new Set(shorter)].map((n) => ({
          edit: "truncate",
          length: n,
          ...inside,
        }));
        if (length > 1) edits.push({ edit: "remove", at: 0, length: 1, ...inside });
        edits.push(
          { edit: "extend", hex: "00", ...inside },
          { edit: "extend", hex: "41", ...inside },
        );
        for (const edit of edits) {
          yield attack({ move: "modify", packet: packet.ref, edits: [edit] });
        }
      }
    }
  },
};

/** Values that programs stumble over. */
const awkward = ["", "00", "ff", "2d31", "30", "31", "39393939393939393939", "0a", "41".repeat(64)];

export const overwriting: Strategy = {
  id: "overwrite",
  title: "fields are set to awkward values: nothing, zero, minus one, huge, not text",
  capability: "on-path",
  *attacks(scene) {
    for (const packet of scene.packets) {
      for (const { path } of placesOf(packet)) {
        for (const hex of awkward) {
          const edit: Edit = { edit: "replace", hex, ...inField(path) };
          yield attack({ move: "modify", packet: packet.ref, edits: [edit] });
        }
      }
    }
  },
};

export const transplanting: Strategy = {
  id: "transplant",
  title: "a field of one packet takes the place of a field of another",
  capability: "on-path",
  *attacks(scene) {
    for (const [i, packet] of scene.packets.entries()) {
      const targets = placesOf(packet).filter((p) => p.path.length > 0);
      if (targets.length === 0) continue;
      for (const source of scene.packets.slice(0, i)) {
        for (const { path } of placesOf(source).filter((p) => p.path.length > 0)) {
          for (const target of targets) {
            const edit: Edit = {
              edit: "paste",
              packet: source.ref,
              source: [...path],
              inside: [...target.path],
            };
            yield attack({ move: "modify", packet: packet.ref, edits: [edit] });
          }
        }
      }
    }
  },
};
