/** Numbers of a file in either byte order. */
export interface Bytes {
  u16(at: number): number;
  u32(at: number): number;
  i64(at: number): bigint;
}

export const bytesOf = (file: Buffer, isBigEndian: boolean): Bytes =>
  isBigEndian
    ? {
        u16: (at) => file.readUInt16BE(at),
        u32: (at) => file.readUInt32BE(at),
        i64: (at) => file.readBigInt64BE(at),
      }
    : {
        u16: (at) => file.readUInt16LE(at),
        u32: (at) => file.readUInt32LE(at),
        i64: (at) => file.readBigInt64LE(at),
      };
