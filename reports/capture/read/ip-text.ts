/** An address as text; IPv6 without the short forms, so that each has one text only. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => {
    const value = ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
    return value.toString(16);
  });
  return `[${groups.join(":")}]`;
}
