/** From a frame to the packet of IP in it, for the kinds of links that captures usually have. */

const etherIpv4 = 0x0800;
const etherIpv6 = 0x86dd;
const vlanTags: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const mostTags = 4;

/** Where the type of what follows stands, or that there is none: then IP says it itself. */
const kinds = new Map<number, { readonly header: number; readonly typeAt?: number }>([
  [0, { header: 4 }],
  [1, { header: 14, typeAt: 12 }],
  [12, { header: 0 }],
  [14, { header: 0 }],
  [101, { header: 0 }],
  [108, { header: 4 }],
  [113, { header: 16, typeAt: 14 }],
  [228, { header: 0 }],
  [229, { header: 0 }],
  [276, { header: 20, typeAt: 0 }],
]);

export const isKnownLink = (link: number): boolean => kinds.has(link);

/** @returns the packet of IP, padding included; `undefined` if there is none. */
export function ipIn(frame: Uint8Array, link: number): Uint8Array | undefined {
  const kind = kinds.get(link);
  if (kind === undefined) return undefined;
  let { header } = kind;
  if (kind.typeAt !== undefined) {
    let type = u16(frame, kind.typeAt);
    for (let tags = 0; vlanTags.has(type) && tags < mostTags; tags++) {
      type = u16(frame, header + 2);
      header += 4;
    }
    if (type !== etherIpv4 && type !== etherIpv6) return undefined;
  }
  return header < frame.length ? frame.subarray(header) : undefined;
}

const u16 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
