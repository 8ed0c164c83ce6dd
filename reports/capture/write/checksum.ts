/** The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  // Parts continue each other in pairs of bytes: only the last one may be of odd length.
  for (const bytes of parts) {
    for (let i = 0; i < bytes.length; i += 2) {
      sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
