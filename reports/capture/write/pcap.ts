/** Classic capture files, as tcpdump writes them: no comments, no names, one interface. */
import { concat } from "../../../protocol/kit/bytes.ts";
import type { Frame } from "./frame.ts";

const magics = { micro: 0xa1b2c3d4, nano: 0xa1b23c4d } as const;
/** No packet of an own capture is longer. */
export const snapLength = 262_144;
export const linkEthernet = 1;

/** @param unit what times are counted in below the second; microseconds are rounded down. */
export function pcapFile(frames: readonly Frame[], unit: keyof typeof magics): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, magics[unit], true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snapLength, true);
  view.setUint32(20, linkEthernet, true);
  const second = 1_000_000_000n;
  const records = frames.flatMap(({ ns, bytes }) => {
    const record = new Uint8Array(16);
    const fields = new DataView(record.buffer);
    const fraction = Number(ns % second);
    fields.setUint32(0, Number(ns / second), true);
    fields.setUint32(4, unit === "nano" ? fraction : Math.floor(fraction / 1_000), true);
    fields.setUint32(8, bytes.length, true);
    fields.setUint32(12, bytes.length, true);
    return [record, bytes];
  });
  return concat(header, ...records);
}
