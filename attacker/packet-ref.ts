/** Packets are named by meaning, never by a global index. */
import { z } from "zod";

export const processId = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9-]*(#\d+)?$/, "must look like client#0");

/** The `nth` packet (from 1) that process `from` sends to process `to`. */
export const packetRef = z.strictObject({
  from: processId,
  to: processId,
  nth: z.number().int().min(1),
});
export type PacketRef = z.infer<typeof packetRef>;
/** The same as text, for maps. */
export const packetKey = (ref: PacketRef): string => {
  const { from, to, nth } = ref;
  let kept = keys.get(from)?.get(to);
  if (kept === undefined) kept = keepKeys(from, to);
  kept[nth] ??= `${from}>${to}:${nth}`;
  return kept[nth];
};
/** The same strings again, since the hash of a new one has to be worked out. */
const keys = new Map<string, Map<string, string[]>>();
function keepKeys(from: string, to: string): string[] {
  if (keys.size > 2_000) keys.clear();
  const own = keys.get(from) ?? new Map<string, string[]>();
  const kept: string[] = [];
  keys.set(from, own.size > 2_000 ? new Map([[to, kept]]) : own.set(to, kept));
  return kept;
}
