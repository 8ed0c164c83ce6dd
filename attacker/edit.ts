/** Applies edits to packets. An edit that does not fit the packet changes nothing. */
import { concat, fromHex, fromLatin1, latin1 } from "../protocol/kit/bytes.ts";
import { withChecksum } from "./checksums.ts";
import { openField } from "./fields.ts";
import type { Edit, PacketRef } from "./move.ts";

/** What edits may ask of the run in which they are applied. */
export interface EditContext {
  /** The bytes of an earlier packet; `undefined` if it has not been sent. */
  packet(ref: PacketRef): Uint8Array | undefined;
  /** A public key of the adversary's, of the same kind as this one. */
  ownKey?(like: Uint8Array): Uint8Array | undefined;
}

/** An edit that would make a packet longer than this does not fit. */
const mostPacketBytes = 1_000_000;

const nothing = new Uint8Array(0);
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? nothing;

function change(bytes: Uint8Array, edit: Edit, context: EditContext): Uint8Array | undefined {
  switch (edit.edit) {
    case "flip": {
      const at = edit.at < 0 ? bytes.length + edit.at : edit.at;
      if (at < 0 || at >= bytes.length) return undefined;
      const out = bytes.slice();
      out[at] = (out[at] as number) ^ edit.mask;
      return out;
    }
    case "set": {
      const value = bytesOf(edit.hex);
      const at = edit.at < 0 ? bytes.length + edit.at : edit.at;
      if (at < 0 || at + value.length > bytes.length) return undefined;
      const out = bytes.slice();
      out.set(value, at);
      return out;
    }
    case "truncate":
      return edit.length < bytes.length ? bytes.slice(0, edit.length) : undefined;
    case "extend":
      return concat(bytes, bytesOf(edit.hex));
    case "remove":
      if (edit.at >= bytes.length) return undefined;
      return concat(bytes.slice(0, edit.at), bytes.slice(edit.at + edit.length));
    case "insert":
      if (edit.at > bytes.length) return undefined;
      return concat(bytes.slice(0, edit.at), bytesOf(edit.hex), bytes.slice(edit.at));
    case "replace":
      return bytesOf(edit.hex);
    case "checksum":
      return withChecksum(bytes, edit);
    case "own-key":
      return context.ownKey?.(bytes);
    case "substitute": {
      const [find, other] = [latin1(bytesOf(edit.find)), latin1(bytesOf(edit.hex))];
      const whole = latin1(bytes);
      if (find === "" || !whole.includes(find)) return undefined;
      const times = whole.split(find).length - 1;
      if (bytes.length + times * other.length > mostPacketBytes) return undefined;
      return fromLatin1(whole.replaceAll(find, () => other));
    }
    case "paste": {
      const whole = context.packet(edit.packet);
      const source = whole && openField(whole, edit.source ?? [])?.inner;
      if (source === undefined) return undefined;
      const start = edit.start ?? 0;
      const end = edit.length === undefined ? source.length : start + edit.length;
      return source.slice(start, end);
    }
  }
}

/** @returns the changed bytes; the same object if no edit fitted. */
export function applyEdits(
  bytes: Uint8Array,
  edits: readonly Edit[],
  context: EditContext,
): Uint8Array {
  let current = bytes;
  for (const edit of edits) {
    const field = openField(current, edit.inside ?? []);
    const changed = field && change(field.inner, edit, context);
    if (field === undefined || changed === undefined) continue;
    // Packets that grow without end fill memory before time.
    if (changed.length > mostPacketBytes && changed.length > field.inner.length) continue;
    current = field.close(changed);
  }
  return current;
}
