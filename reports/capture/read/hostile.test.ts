/** Files that somebody wrote to do harm, or that were damaged: one clear line, or a bounded result. */
import { describe, expect, test } from "vitest";
import { conversationsIn } from "./conversations.ts";
import { readCapture } from "./read-capture.ts";

const u32 = (...values: readonly number[]): Buffer => {
  const out = Buffer.alloc(4 * values.length);
  for (const [i, v] of values.entries()) out.writeUInt32LE(v >>> 0, 4 * i);
  return out;
};

interface PcapParts {
  readonly magic?: number;
  readonly version?: number;
  readonly snap?: number;
}
const pcap = ({
  magic = 0xa1b2c3d4,
  version = 0x00040002,
  snap = 65_535,
}: PcapParts = {}): Buffer => u32(magic, version, 0, 0, snap, 1);
const packet = (bytes: Buffer, length = bytes.length, fraction = 0): Buffer =>
  Buffer.concat([u32(1, fraction, length, length), bytes]);
const some = Buffer.from("some bytes of a frame");

const block = (type: number, body: Buffer): Buffer => {
  const length = 12 + body.length;
  return Buffer.concat([u32(type, length), body, u32(length)]);
};
const section = block(0x0a0d0d0a, u32(0x1a2b3c4d, 1, -1, -1));
const ethernet = (...options: readonly Buffer[]): Buffer =>
  block(1, Buffer.concat([u32(1, 0), ...options]));
const option = (code: number, value: Buffer, length = value.length): Buffer =>
  Buffer.concat([u32(code | (length << 16)), value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
const ngPacket = (length: number, room: Buffer, at = 0n): Buffer =>
  block(
    6,
    Buffer.concat([u32(0, Number(at >> 32n), Number(at & 0xffffffffn), length, length), room]),
  );

const refusal = async (file: Buffer): Promise<string> => {
  const thrown = await readCapture("x.pcap", file).then(
    () => undefined,
    (error: unknown) => error,
  );
  const message = (thrown as Error | undefined)?.message ?? "nothing is wrong with it";
  expect((thrown as Error | undefined)?.name).toBe("UserError");
  expect(message).toMatch(/^x\.pcap: [^\n]+$/);
  return message;
};

describe("is refused in one line", () => {
  test.each<readonly [string, Buffer, string]>([
    ["an empty file", Buffer.alloc(0), "is empty"],
    ["two bytes", Buffer.from([0xa1, 0xb2]), "is cut short"],
    [
      "another format",
      Buffer.from("\x7fELF and more"),
      "neither pcap nor pcapng: it begins with 7f454c46",
    ],
    ["a header that is cut short", pcap().subarray(0, 20), "ends within its header"],
    ["version 9.9", pcap({ version: 0x00090009 }), "version 9.9; only up to 2.4"],
    ["version 2.9", pcap({ version: 0x00090002 }), "version 2.9"],
    [
      "a packet of four gigabytes",
      Buffer.concat([pcap(), packet(some), packet(some, 0xffffffff)]),
      "packet 2 says that it has 4294967295 bytes; at most 65535 can be",
    ],
    [
      "four gigabytes where the file allows them",
      Buffer.concat([pcap({ snap: 0xffffffff }), packet(some, 0xfffffff0)]),
      "at most 262144 can be",
    ],
    [
      "a packet longer than the snap length",
      Buffer.concat([pcap({ snap: 8 }), packet(some)]),
      "packet 1 says that it has 21 bytes; at most 8",
    ],
    [
      "a time of five million microseconds",
      Buffer.concat([pcap(), packet(some, some.length, 5_000_000)]),
      "packet 1 has no time",
    ],
    ["a section without byte order", block(0x0a0d0d0a, u32(7, 1, 0, 0)), "has no byte order"],
    ["pcapng of version 2", block(0x0a0d0d0a, u32(0x1a2b3c4d, 2, 0, 0)), "version 2"],
    ["a first block that is cut short", section.subarray(0, 20), "cut short"],
    [
      "a block of no length",
      Buffer.concat([section, u32(1, 0, 0)]),
      "says that it is 0 bytes long",
    ],
    ["an odd length", Buffer.concat([section, u32(1, 13, 0, 0)]), "says that it is 13 bytes long"],
    [
      "another length at the end",
      Buffer.concat([section, u32(1, 16, 0, 20)]),
      "block 2, at byte 28, does not end with its own length",
    ],
    [
      "a packet before its interface",
      Buffer.concat([section, ngPacket(4, some.subarray(0, 4))]),
      "interface 0",
    ],
    [
      "a packet longer than its block",
      Buffer.concat([section, ethernet(), ngPacket(0xffffffff, Buffer.alloc(8))]),
      "says that it has 4294967295 bytes",
    ],
    [
      "ticks that nothing can count",
      Buffer.concat([section, ethernet(option(9, Buffer.from([0x7f])))]),
      "times of a unit without sense",
    ],
    [
      "a thousand and one interfaces",
      Buffer.concat([section, ...Array.from({ length: 1_001 }, () => ethernet())]),
      "more than 1000 interfaces",
    ],
  ])("%s", async (_, file, words) => {
    expect(await refusal(file)).toContain(words);
  });
});

describe("what is whole is read, and what is not is told", () => {
  test.each([
    ["within a packet", -5, "of packet 2, 16 bytes are there"],
    ["within a header", -some.length - 9, "packet 2 ends within its header"],
  ])("a file that ends %s", async (_, end, words) => {
    const file = Buffer.concat([pcap(), packet(some), packet(some)]).subarray(0, end);
    const { packets, notes } = await readCapture("x", file);
    expect(packets.map((p) => Buffer.from(p.data).toString())).toEqual([some.toString()]);
    expect(notes).toEqual([`the file is cut short: ${words}`]);
  });

  test("pcapng that ends within a block", async () => {
    const whole = Buffer.concat([section, ethernet(), ngPacket(4, some.subarray(0, 4))]);
    const file = Buffer.concat([whole, ngPacket(4, some.subarray(0, 4)).subarray(0, 20)]);
    const { packets, notes } = await readCapture("x", file);
    expect(packets.length).toBe(1);
    expect(notes).toEqual(["the file is cut short: of the 36 bytes of block 4, 20 are there"]);
  });

  test("no snap length means any length", async () => {
    const file = Buffer.concat([pcap({ snap: 0 }), packet(some), packet(Buffer.alloc(0))]);
    expect((await readCapture("x", file)).packets.map((p) => p.data.length)).toEqual([21, 0]);
  });

  test.each([
    ["microseconds", 0xa1b2c3d4, 123_456, 1_123_456_000n],
    ["nanoseconds", 0xa1b23c4d, 123_456_789, 1_123_456_789n],
  ])("either byte order, %s", async (_, magic, fraction, ns) => {
    const little = Buffer.concat([pcap({ magic }), packet(some.subarray(0, 20), 20, fraction)]);
    const big = Buffer.from(little);
    for (const at of [0, 8, 12, 16, 20, 24, 28, 32, 36]) big.subarray(at, at + 4).reverse();
    for (const at of [4, 6]) big.subarray(at, at + 2).reverse();
    for (const file of [little, big]) {
      const { packets } = await readCapture("x", file);
      expect(packets.map((p) => [p.ns, p.data.length])).toEqual([[ns, 20]]);
    }
  });

  test("a million tiny packets: the first ones", async () => {
    const body = Buffer.concat([u32(1, 0, 1, 1), Buffer.from("x")]);
    const million = Buffer.concat([pcap(), ...Array.from({ length: 1_000_000 }, () => body)]);
    const { packets, notes } = await readCapture("x", million);
    expect(packets.length).toBe(200_000);
    expect(notes).toEqual(["only the first 200,000 packets were read"]);
    const one = ngPacket(0, Buffer.alloc(0));
    const blocks = Array.from({ length: 1_000_000 }, () => one);
    const next = await readCapture("x", Buffer.concat([section, ethernet(), ...blocks]));
    expect(next.packets.length).toBe(200_000);
  });

  test("times before 1970, and times that go back", async () => {
    const offset = Buffer.alloc(8);
    offset.writeBigInt64LE(-1_000n);
    const at = (ticks: bigint): Buffer => ngPacket(0, Buffer.alloc(0), ticks);
    const clock = ethernet(option(14, offset));
    const file = Buffer.concat([
      section,
      clock,
      at(5_000_000n),
      at(3_000_000n),
      at(2n ** 64n - 1n),
    ]);
    const { packets } = await readCapture("x", file);
    expect(packets.slice(0, 2).map((p) => p.ns)).toEqual([-995_000_000_000n, -997_000_000_000n]);
    expect(packets[2]?.ns).toBe((2n ** 64n - 1n) * 1_000n - 1_000_000_000_000n);
  });

  test("options that would go round and round, or beyond their block, end", async () => {
    const none = option(0x0101, Buffer.alloc(0));
    const beyond = option(1, Buffer.from("abcd"), 60_000);
    const body = Buffer.concat([...Array.from({ length: 5_000 }, () => none), beyond]);
    const file = Buffer.concat([section, ethernet(body), ngPacket(4, some.subarray(0, 4))]);
    const { packets, comments } = await readCapture("x", file);
    expect([packets.length, comments.length]).toEqual([1, 0]);
  });
});

describe("frames that lie about what is in them carry nothing", () => {
  const frame = (ip: Buffer, type = 0x0800): Buffer =>
    Buffer.concat([Buffer.alloc(12), Buffer.from([type >> 8, type & 0xff]), ip]);
  const ipv4 = (first: number, total: number, fragment: number, protocol: number): Buffer => {
    const ip = Buffer.alloc(40);
    ip[0] = first;
    ip.writeUInt16BE(total, 2);
    ip.writeUInt16BE(fragment, 6);
    ip[9] = protocol;
    return ip;
  };
  const udpOf = (length: number): Buffer => {
    const ip = ipv4(0x45, 40, 0, 17);
    ip.writeUInt16BE(length, 24);
    return ip;
  };
  const extended = Buffer.alloc(200);
  extended[0] = 0x60;
  test.each<readonly [string, Buffer, string]>([
    ["nothing at all", Buffer.alloc(0), "no IP"],
    ["tags within tags", frame(Buffer.alloc(80, Buffer.from([0x81, 0x00])), 0x8100), "no IP"],
    ["a header longer than the packet", frame(ipv4(0x4f, 40, 0, 17)), "damaged"],
    ["a length shorter than the header", frame(ipv4(0x45, 8, 0, 17)), "damaged"],
    ["a fragment", frame(ipv4(0x45, 40, 0x2000, 17)), "a fragment"],
    ["UDP shorter than its header", frame(udpOf(3)), "damaged"],
    ["TCP whose header is longer than it", frame(ipv4(0x45, 40, 0, 6)), "damaged"],
    ["headers of IPv6 without end", frame(extended, 0x86dd), "damaged"],
  ])("%s", async (_, bytes, why) => {
    const { packets } = await readCapture("x", Buffer.concat([pcap(), packet(bytes)]));
    const capture = { format: "pcap", packets, names: new Map(), comments: [], notes: [] } as const;
    const { list, unread } = conversationsIn(capture);
    expect([list, [...unread]]).toEqual([[], [[why, 1]]]);
  });
});
