/**
 * Packets that anybody can write who knows the format: what differs between two installations is
 * filled with something of one's own, and all else is a constant, which nobody has to see.
 */
import { concat, equalBytes, hex, latin1 } from "../../protocol/kit/bytes.ts";
import { applyEdits } from "../edit.ts";
import { fieldsOf, inField, innerOf, isWithin } from "../fields.ts";
import { attackerHost, type Edit, type FieldPath, type Moment, packetKey } from "../move.ts";
import type { Scene, SeenPacket, SeenProcess } from "./strategy.ts";

const context = { packet: () => undefined };

/** Are these parts of a sentence in a document? It is the sentence that somebody fills in. */
const isPartOfText = (path: FieldPath): boolean =>
  path[0]?.startsWith("json:") === true && path.some((step) => step.startsWith("split: "));

/** The fields that have no other ones in them. */
export function leavesOf(bytes: Uint8Array): readonly FieldPath[] {
  const paths = fieldsOf(bytes).filter((path) => !isPartOfText(path));
  return paths.filter((path) => !paths.some((p) => p.length > path.length && isWithin(p, path)));
}

/** How many bytes at the beginning are the same in another installation. */
export function constantStart({ bytes, elsewhere }: SeenPacket): number {
  if (elsewhere === undefined) return 0;
  const differs = bytes.findIndex((byte, i) => byte !== elsewhere[i]);
  return differs < 0 ? bytes.length : differs;
}

/** A number before so many bytes says how many they are. */
const lengthWidths = [1, 2];
const counted = (width: number, bytes: Uint8Array): Uint8Array =>
  concat(new Uint8Array(width - 1), Uint8Array.of(bytes.length & 0xff), bytes);
/** The bytes by themselves, and behind their length. */
export const withLengths = (bytes: Uint8Array): readonly Uint8Array[] => [
  bytes,
  ...lengthWidths.map((width) => counted(width, bytes)),
];

/** Names of types, versions and members are of this kind; what users say mostly is not. */
export const isWord = (bytes: Uint8Array): boolean => /^[\w.-]{1,16}$/.test(latin1(bytes));

/**
 * @param at the field that holds `content`; all others that differ between installations, or are
 *   more than a word, hold `filler`.
 * @returns `undefined` if something else differs.
 */
export function filled(
  { bytes, elsewhere }: SeenPacket,
  at: FieldPath,
  content: Uint8Array,
  filler: Uint8Array,
): Uint8Array | undefined {
  if (elsewhere === undefined) return undefined;
  const others = leavesOf(bytes).filter((path) => {
    const inner = innerOf(bytes, path);
    const isConstant = isWord(inner) && equalBytes(inner, innerOf(elsewhere, path));
    return !isWithin(path, at) && !isConstant;
  });
  const edits: Edit[] = [
    ...others.map((path): Edit => ({ edit: "replace", hex: hex(filler), ...inField(path) })),
    { edit: "replace", hex: hex(content), ...inField(at) },
  ];
  const [own, other] = [bytes, elsewhere].map((each) => applyEdits(each, edits, context));
  return own !== undefined && other !== undefined && equalBytes(own, other) ? own : undefined;
}

export interface Target {
  readonly receiver: SeenProcess;
  /** What it receives in the first session, one of each kind. */
  readonly packets: readonly SeenPacket[];
  /** In the midst of that, when it is ready for more than a greeting. */
  readonly when: Moment;
  /** The sources of what is sent to it: a stranger, and where sources can be spoofed, its peer. */
  readonly from: readonly (string | undefined)[];
}

const mostKinds = 3;
const beginning = 4;

/** Packets of one kind have the same fields, or begin alike. */
const kindOf = ({ bytes, ref }: SeenPacket): string => {
  const fields = fieldsOf(bytes).slice(1);
  const shape = fields.length > 0 ? fields.join(" ") : hex(bytes.slice(0, beginning));
  return `${ref.from} ${shape}`;
};

/** Whoever takes packets of others: services, and without connections everybody. */
export function targetsOf(scene: Scene): readonly Target[] {
  const { connected } = scene.transport;
  const first = scene.packets[0]?.session;
  return scene.processes.flatMap((receiver) => {
    const isFirst = receiver.service || receiver.session === first;
    const all = scene.packets.filter((p) => p.ref.to === receiver.id);
    const middle = all[all.length >> 1];
    if (middle === undefined || !isFirst || (connected && !receiver.service)) return [];
    if (receiver.principal === attackerHost) return [];
    const kinds = [...new Map(all.map((p) => [kindOf(p), p])).values()].slice(0, mostKinds);
    const stranger = receiver.service ? [undefined] : [];
    const from = connected ? stranger : [...stranger, middle.ref.from];
    return [{ receiver, packets: kinds, when: { after: middle.ref }, from }];
  });
}

/** A source of its own for each of many packets, so that what one does is not undone by another. */
export const strangerNo = (n: number): string => `${attackerHost}-${n}:6666`;

/** One of each kind of packet, in each direction. */
export function kindsOf(scene: Scene): readonly SeenPacket[] {
  const seen = new Map<string, SeenPacket>();
  for (const p of scene.packets) {
    const key = `${p.ref.to} ${kindOf(p)}`;
    if (!seen.has(key)) seen.set(key, p);
  }
  return [...new Map([...seen.values()].map((p) => [packetKey(p.ref), p])).values()];
}
