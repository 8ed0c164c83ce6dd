/** What would make a careless reader run code, wherever a reader may meet it. */
import { concat, hex, utf8 } from "../../protocol/kit/bytes.ts";
import { dangerous, dangerousStarts } from "../dangerous-payloads.ts";
import { inField } from "../fields.ts";
import { attackerHost, type Edit, type Move } from "../move.ts";
import { type Puppet, playing, talkingPairs } from "./impersonating.ts";
import { firstOfTheirKind } from "./session-representatives.ts";
import { attack, type Scene, type SeenPacket, type Strategy } from "./strategy.ts";
import {
  constantStart,
  filled,
  kindsOf,
  leavesOf,
  strangerNo,
  type Target,
  targetsOf,
  withLengths,
} from "./templates.ts";

const filler = utf8("mallory");
const mostFields = 4;
const mostAtOnce = 200;

/** Each in a packet of its own, all in one run; shrinking leaves the one that did it. */
function* together({ receiver, when }: Target, from: string | undefined, all: Uint8Array[]) {
  const to = receiver.id;
  const distinct = [...new Set(all.map(hex))].slice(0, mostAtOnce);
  if (distinct.length === 0) return;
  yield attack(
    ...distinct.map(
      (each, i): Move => ({ move: "inject", hex: each, to, from: from ?? strangerNo(i + 1), when }),
    ),
  );
}

/** A packet with one of its fields replaced, or all that follows its constant beginning. */
function forms(packet: SeenPacket, payload: Uint8Array): readonly Uint8Array[] {
  const leaves = leavesOf(packet.bytes).filter((path) => path.length > 0);
  const inFields = leaves
    .slice(0, mostFields)
    .flatMap((path) => filled(packet, path, payload, filler) ?? []);
  if (leaves.length > 0) return inFields;
  const start = packet.bytes.slice(0, constantStart(packet));
  if (!dangerous.includes(payload)) return start.length === 0 ? [] : [concat(start, payload)];
  const heads = [1, 2, 4, start.length].filter((n) => n > 0 && n <= start.length);
  return [...new Set(heads)].flatMap((n) =>
    withLengths(payload).map((body) => concat(start.slice(0, n), body)),
  );
}

function* fromOutside(scene: Scene) {
  for (const target of targetsOf(scene)) {
    const to = target.receiver.id;
    for (const from of target.from) {
      for (const payload of dangerous) {
        const when = target.receiver.service ? "start" : target.when;
        const source = from === undefined ? {} : { from };
        yield attack({ move: "inject", hex: hex(payload), to, when, ...source });
      }
      yield* together(target, from, [...dangerous.flatMap(withLengths), ...dangerousStarts]);
      for (const packet of target.packets) {
        const all = [...dangerous, ...dangerousStarts].flatMap((each) => forms(packet, each));
        yield* together(target, from, all);
      }
    }
  }
}

/** In the place of what a packet on its way has in one of its fields. */
function* onTheWay(scene: Scene) {
  for (const packet of kindsOf(scene)) {
    const leaves = leavesOf(packet.bytes).slice(0, mostFields);
    const kept = leaves.length > 1 ? 0 : Math.min(constantStart(packet), 4);
    for (const path of leaves) {
      for (const payload of dangerous) {
        const edits: Edit[] =
          kept === 0
            ? [{ edit: "replace", hex: hex(payload), ...inField(path) }]
            : [
                { edit: "truncate", length: kept },
                { edit: "extend", hex: hex(payload) },
              ];
        yield attack({ move: "modify", packet: packet.ref, edits });
      }
    }
  }
}

/** Said, or sealed, in a session of somebody else's or of its own. */
function* inSessions(scene: Scene) {
  for (const [asker, answerer] of talkingPairs(scene)) {
    const places: readonly Puppet[] = [
      playing("puppet-a", asker, answerer),
      playing("puppet-a", asker, answerer, { as: attackerHost }),
      playing("puppet-a", answerer, asker, { insteadOf: answerer.id }),
    ];
    for (const [first, puppet] of places.entries()) {
      // Where only one thing can be said, it is another one in each place.
      const all = [...dangerous.slice(first), ...dangerous.slice(0, first)].map(hex);
      yield attack({ ...puppet, says: all });
      yield attack({ ...puppet, seals: all });
    }
  }
}

export const runningCode: Strategy = {
  id: "run-code",
  title: "what makes careless readers run code: in packets, in fields, in what is said and sealed",
  capability: "insider",
  *attacks(whole) {
    const scene = firstOfTheirKind(whole);
    yield* fromOutside(scene);
    yield* inSessions(scene);
    yield* onTheWay(scene);
  },
};
