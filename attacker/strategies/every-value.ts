/**
 * What is agreed in the clear, anybody on the path can agree otherwise: key lengths, versions,
 * suites, flags. The receiver's code tells which values it takes alike; of each such class a few
 * are tried, alone, and together with what hides the change: where the answer shows it, the answer
 * is changed back; where several packets say the same, both are changed.
 */
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { inField } from "../fields.ts";
import { formBytes, writtenNumbers } from "../learnt-fields.ts";
import { type Edit, type Move, roleOf } from "../move.ts";
import { attack, isBack, type Scene, type SeenPacket, type Strategy } from "./strategy.ts";
import { kindsOf } from "./templates.ts";
import { spread, type Told, ValueClasses } from "./value-classes.ts";

/** Limits. Forms are short, and what comes first settles most. */
const mostPackets = 12;
const mostTogether = 8;
const mostCovered = 8;
const mostCoveredBytes = 4;

/** One of each kind in each direction, whoever plays the roles. */
function kinds(scene: Scene): readonly SeenPacket[] {
  const found = new Map<string, SeenPacket>();
  for (const packet of kindsOf(scene)) {
    const { ref, bytes } = packet;
    const key = `${roleOf(ref.from)} ${roleOf(ref.to)} ${bytes.length} ${bytes[0]}`;
    if (!found.has(key)) found.set(key, packet);
  }
  return [...found.values()].slice(0, mostPackets);
}

const change = (packet: SeenPacket, ...edits: readonly Edit[]): Move => ({
  move: "modify",
  packet: packet.ref,
  edits: [...edits],
});
const made = ({ place, value }: Told): Move => change(place.packet, ...place.write(value));

/** What turns an answer back into what it would have been, if it differs in a few places only. */
function turnedBack(reply: Uint8Array, { bytes, elsewhere }: SeenPacket): readonly Edit[] {
  if (elsewhere === undefined) return [];
  const said = writtenNumbers(reply, reply);
  const meant = writtenNumbers(bytes, elsewhere);
  if (said.length > 0 && said.length === meant.length) {
    return said.flatMap(({ path, value }, i): Edit[] => {
      const { value: other = value } = meant[i] ?? {};
      return other === value
        ? []
        : [{ edit: "replace", hex: hex(utf8(`${other}`)), ...inField(path) }];
    });
  }
  if (reply.length !== bytes.length) return [];
  return formBytes(bytes, elsewhere).flatMap(({ path, at, value }): Edit[] =>
    path.length > 0 || reply[at] === value
      ? []
      : [{ edit: "set", at, hex: hex(Uint8Array.of(value)) }],
  );
}

/** Where an answer of the same form says something else then, that is changed back. */
function coverUp({ place: { packet }, reaction }: Told, scene: Scene): Move | undefined {
  const after = scene.packets.slice(scene.packets.indexOf(packet) + 1);
  const answers = after.filter((p) => isBack(p.ref, packet.ref));
  for (const [i, reply] of reaction.replies.entries()) {
    const answer = answers[i];
    const edits = answer === undefined ? [] : turnedBack(reply, answer);
    if (answer === undefined || edits.length === 0 || edits.length > mostCoveredBytes) continue;
    return change(answer, ...edits);
  }
  return undefined;
}

/** Two packets that say the same say the same other thing. */
function* together(told: readonly Told[]) {
  const places = [...new Set(told.map(({ place }) => place))];
  const pairs = places.flatMap((a, i) =>
    places.slice(i + 1).flatMap((b) => {
      const alike = a.value === b.value && a.width === b.width && a.packet !== b.packet;
      return alike && a.packet.session === b.packet.session ? [[a, b] as const] : [];
    }),
  );
  for (const [a, b] of pairs.slice(0, mostTogether)) {
    const values = told.flatMap(({ place, value }) => (place === a || place === b ? [value] : []));
    for (const value of spread(
      [...new Set(values)].sort((x, y) => x - y),
      2,
    )) {
      yield attack(...[a, b].map(({ packet, write }) => change(packet, ...write(value))));
    }
  }
}

export const everyValue: Strategy = {
  id: "every-value",
  title: "what no key protects is set to each value that its receiver takes in another way",
  capability: "on-path",
  *attacks(scene) {
    const told = new ValueClasses(scene).of(kinds(scene));
    let covered = 0;
    for (const each of told) {
      yield attack(made(each));
      const cover = covered < mostCovered ? coverUp(each, scene) : undefined;
      if (cover === undefined) continue;
      covered++;
      yield attack(made(each), cover);
    }
    yield* together(told);
  },
};
