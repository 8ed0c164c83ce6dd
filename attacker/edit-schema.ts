/** What a move changes in a packet. */
import { z } from "zod";
import { placeOfChecksum } from "./checksums.ts";
import { packetRef } from "./packet-ref.ts";

export const hexString = z
  .string()
  .regex(/^([0-9a-fA-F]{2})*$/, "must be an even number of hex digits");
export const count = z.number().int().min(0);

/**
 * A way into a packet: each step opens one layer, and what is changed there is packed up again.
 * `base64`, `base64-lines`, `hex`, `decimal`, `pem`, `percent`: the text is decoded. `json:/a/b`:
 * the string at that pointer.
 * `split:,:3`: the field with that index (from 0) between separators; the separator may be any
 * one character. `bytes:2-5`: the bytes from 2 up to, but not including, 5.
 */
const fieldPath = z.array(z.string().max(1_000)).max(32);
export type FieldPath = z.infer<typeof fieldPath>;

const inside = fieldPath.optional();
export const edit = z.discriminatedUnion("edit", [
  z.strictObject({ edit: z.literal("flip"), at: z.number().int(), mask: count.max(255), inside }),
  z.strictObject({ edit: z.literal("set"), at: z.number().int(), hex: hexString, inside }),
  z.strictObject({ edit: z.literal("truncate"), length: count, inside }),
  z.strictObject({ edit: z.literal("extend"), hex: hexString, inside }),
  z.strictObject({ edit: z.literal("remove"), at: count, length: count, inside }),
  z.strictObject({ edit: z.literal("insert"), at: count, hex: hexString, inside }),
  /** Replaces everything at `inside` by the bytes at `source` of another packet. */
  z.strictObject({
    edit: z.literal("paste"),
    packet: packetRef,
    source: fieldPath.optional(),
    start: count.optional(),
    length: count.optional(),
    inside,
  }),
  /** Replaces the public key at `inside` by one of the attacker's own, of the same kind. */
  z.strictObject({ edit: z.literal("own-key"), inside }),
  /** Replaces every occurrence of some bytes, such as a name, by others. */
  z.strictObject({ edit: z.literal("substitute"), find: hexString, hex: hexString, inside }),
  /** Makes a sum for errors right again: of what comes before it or after it, or of all. */
  z.strictObject({
    edit: z.literal("checksum"),
    ...placeOfChecksum,
    inside,
  }),
  /** Replaces everything at `inside` by these bytes. */
  z.strictObject({ edit: z.literal("replace"), hex: hexString, inside }),
]);
/** One change of a packet. Negative `at` counts from the end. Out of range changes nothing. */
export type Edit = z.infer<typeof edit>;
