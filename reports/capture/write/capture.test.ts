/** Captures are read by the own reader here; tshark.test.ts asks Wireshark. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../../attacker/move.ts";
import { equalBytes } from "../../../protocol/kit/bytes.ts";
import { importedFrom } from "../imported.ts";
import type { Capture } from "../read/capture.ts";
import { type Conversation, conversationsIn } from "../read/conversations.ts";
import { readCapture } from "../read/read-capture.ts";
import { recorded } from "../testing/recorded.ts";
import { type CaptureFormat, captureOf } from "./capture.ts";
import { internetChecksum } from "./checksum.ts";

const third = { from: "client#0", to: "server#0", nth: 3 };
const attack: Attack = [
  { move: "drop", packet: { ...third, nth: 4 } },
  { move: "modify", packet: third, edits: [{ edit: "flip", at: 9, mask: 1 }] },
  { move: "hold", packet: { ...third, nth: 1 }, delayMs: 70 },
  { move: "inject", hex: "c0ffee", to: "server#0", from: "client#0", when: { after: third } },
  { move: "replay", packet: third, to: "server#0", when: { after: third } },
];

const read = async (
  recording: ReturnType<typeof recorded>,
  format: CaptureFormat = "pcapng",
): Promise<Capture> => readCapture("x", Buffer.from(captureOf(recording, format).bytes));

/** Both checksums of a frame, as whoever receives it works them out: right if they come to 0. */
function sums(frame: Uint8Array): readonly number[] {
  const [ip, content] = [frame.subarray(14, 34), frame.subarray(34)];
  const pseudo = Uint8Array.of(0, ip[9] ?? 0, content.length >> 8, content.length & 0xff);
  const even = content.length % 2 === 0 ? content : Uint8Array.of(...content, 0);
  return [internetChecksum(ip), internetChecksum(ip.subarray(12, 20), pseudo, even)];
}

const texts = ({ payloads }: Conversation, fromOpener: boolean): string =>
  Buffer.concat(payloads.filter((p) => p.fromOpener === fromOpener).map((p) => p.bytes)).toString(
    "hex",
  );

describe.each(["preshared", "alice-bob?key=secret"])("an undisturbed run of %s", (name) => {
  const recording = recorded(name);

  test("has every packet once, as it was sent, at its time", async () => {
    const { list } = conversationsIn(await read(recording));
    const payloads = list
      .flatMap((c) => c.payloads)
      .toSorted((a, b) => a.packet.number - b.packet.number);
    const { packets } = recording;
    expect(payloads.length).toBe(packets.length);
    const epoch = BigInt(Date.UTC(2025, 0, 1)) * 1_000_000n;
    for (const [i, packet] of packets.entries()) {
      expect(equalBytes(payloads[i]?.bytes ?? packet.bytes.subarray(1), packet.bytes)).toBe(true);
      expect(payloads[i]?.packet.ns).toBe(epoch + BigInt(Math.round(packet.sentMs * 1e6)));
      expect(payloads[i]?.packet.comment).toContain(`packet from ${packet.from} to ${packet.to}`);
    }
  });

  test("has right checksums, and the same bytes each time", async () => {
    const { packets } = await read(recording);
    expect(packets.flatMap((p) => sums(p.data)).every((sum) => sum === 0)).toBe(true);
    for (const format of ["pcapng", "pcap", "pcap-ns"] as const) {
      const [one, other] = [captureOf(recording, format), captureOf(recorded(name), format)];
      expect(equalBytes(one.bytes, other.bytes)).toBe(true);
      expect(one.lua).toBe(other.lua);
    }
  });

  test("is the same in every format, as far as each can say it", async () => {
    const [whole, nano, micro] = await Promise.all([
      read(recording),
      read(recording, "pcap-ns"),
      read(recording, "pcap"),
    ]);
    expect(nano.packets.map((p) => p.ns)).toEqual(whole.packets.map((p) => p.ns));
    expect(micro.packets.map((p) => p.ns)).toEqual(
      whole.packets.map((p) => p.ns - (p.ns % 1_000n)),
    );
    for (const other of [nano, micro]) {
      expect(other.packets.map((p) => Buffer.from(p.data).toString("hex"))).toEqual(
        whole.packets.map((p) => Buffer.from(p.data).toString("hex")),
      );
    }
    expect([...whole.names.values()]).toEqual(expect.arrayContaining(["alice", "bob"]));
  });
});

describe("an attack on datagrams", () => {
  const recording = recorded("object-security", attack);

  test("stands beside what was sent: lost, changed, late, put in and repeated", async () => {
    const { list } = conversationsIn(await read(recording));
    const about = (seenOn: string): readonly string[] =>
      list
        .filter((c) => c.seenOn === seenOn && c.opener.port === 40_000)
        .flatMap((c) => c.payloads.map((p) => p.packet.comment ?? ""));
    const [sent, arrived] = [about("as-sent"), about("as-arrived")];
    const fourth = /^4th packet from client#0 to server#0/;
    expect(sent.find((c) => fourth.test(c))).toMatch(/Attacker: dropped\. It never arrives\.$/);
    expect(arrived.find((c) => fourth.test(c))).toBeUndefined();
    const flipped =
      /^3rd .*Attacker: changed at byte \d+ \([0-9a-f]+ was sent, [0-9a-f]+ arrives\)/;
    expect(arrived.find((c) => flipped.test(c))).toBeDefined();
    expect(arrived.find((c) => c.startsWith("1st packet from client#0"))).toContain(
      "held back: 80 ms on its way",
    );
    const injected = /^Attacker: injected, with alice:40000 as its sender/;
    expect(arrived.find((c) => injected.test(c))).toBeDefined();
    expect(sent.find((c) => injected.test(c))).toBeUndefined();
  });

  test("what was changed differs in the bytes, and in the dissector", async () => {
    const { packets } = await read(recording);
    const both = packets.filter((p) => p.comment?.startsWith("3rd packet from client#0"));
    expect(both.map((p) => p.seenOn)).toEqual(["as-sent", "as-arrived"]);
    const [sent, arrived] = both.map((p) => p.data.subarray(42));
    expect(arrived?.length).toBe(sent?.length);
    expect(equalBytes(sent ?? Buffer.alloc(0), arrived ?? Buffer.alloc(0))).toBe(false);
    const { lua } = captureOf(recording, "pcapng");
    expect(lua).toMatch(/"changed","changed by the attacker; sent was [0-9a-f]+"/);
    expect(lua).toContain('"IV"');
  });

  test("comes from the cable of the attacker", async () => {
    const { packets } = await read(recording);
    const cable = (words: string): string | undefined => {
      const data = packets.find((p) => p.comment?.includes(words))?.data;
      return data && Buffer.from(data.subarray(6, 12)).toString("hex");
    };
    const mallory = cable("Attacker: injected");
    expect([cable("Attacker: changed at"), cable("Attacker: replayed")]).toEqual([
      mallory,
      mallory,
    ]);
    expect(cable("1st packet from client#0")).not.toBe(mallory);
  });
});

describe("streams", () => {
  const whole = recorded("alice-bob?key=secret");
  const packet = { from: "client#0", to: "server#0", nth: 1 };
  const edits = [{ edit: "insert", at: 3, hex: "aabbccdd" }] as const;
  const disturbed = recorded("alice-bob?key=secret", [
    { move: "modify", packet, edits: [...edits] },
    { move: "drop", packet: { from: "server#0", to: "client#0", nth: 2 } },
  ]);

  test("begin with a handshake, end with FIN, and count every byte", async () => {
    const { packets } = await read(whole);
    const fields = packets.map(({ data }) => {
      const view = new DataView(data.buffer, data.byteOffset + 34);
      const size = data.length - 34 - (view.getUint8(12) >> 4) * 4;
      const bits = view.getUint8(13);
      const ends = [view.getUint16(0), view.getUint16(2)];
      return { ends, seq: view.getUint32(4), ack: view.getUint32(8), bits, size };
    });
    const first = fields.filter((f) => f.ends.includes(40_000));
    expect(first.slice(0, 3).map((f) => f.bits)).toEqual([2, 18, 16]);
    expect(first.slice(-3).map((f) => f.bits)).toEqual([17, 17, 16]);
    // Each segment begins where the one before in its direction ended, and says what it has heard.
    const next = new Map<number, number>();
    for (const { ends, seq, ack, bits, size } of first) {
      const [from = 0, to = 0] = ends;
      if (next.has(from)) expect(seq).toBe(next.get(from));
      if (bits !== 2) expect(ack).toBe(next.get(to));
      next.set(from, (seq + size + ((bits & 3) === 0 ? 0 : 1)) >>> 0);
    }
  });

  test("make sense on both sides of an attack", async () => {
    const { list } = conversationsIn(await read(disturbed));
    const own = list.filter((c) => c.opener.port === 40_000);
    expect(own.map((c) => c.seenOn)).toEqual(["as-sent", "as-arrived"]);
    const [sent, arrived] = own;
    if (sent === undefined || arrived === undefined) return;
    const written = disturbed.packets.filter((p) => p.source.endsWith(":40000"));
    const asSent = written.map((p) => Buffer.from(p.bytes).toString("hex")).join("");
    expect(texts(sent, true)).toBe(asSent);
    expect(texts(arrived, true)).toBe(`${asSent.slice(0, 6)}aabbccdd${asSent.slice(6)}`);
    expect(own.flatMap((c) => c.payloads).every((p) => p.missing === 0)).toBe(true);
  });
});

test("names in comments cannot act, and nothing of them gets into the program text", () => {
  const hostile = 'x\u001b[2J\n]]--"\\\u202e';
  const recording = recorded("object-security");
  const [first, ...rest] = recording.packets;
  if (first === undefined) throw new Error("there is no packet");
  const told = captureOf({ ...recording, packets: [{ ...first, from: hostile }, ...rest] }, "pcap");
  expect(told.lua).toMatch(/^[\n -~]+$/);
  expect(told.lua).toContain("\\034");
});

test("a message that is longer than a datagram goes into several", async () => {
  const recording = recorded("object-security");
  const [first] = recording.packets;
  if (first === undefined) throw new Error("there is no packet");
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  const capture = await read({ ...recording, packets: [{ ...first, bytes }], annotated: [] });
  const { conversations } = importedFrom(capture);
  const payloads = conversations.list.flatMap((c) => c.payloads.map((p) => p.bytes));
  expect(equalBytes(Buffer.concat(payloads), bytes)).toBe(true);
  expect(capture.packets[1]?.comment).toMatch(/^Part 2 of 2\. /);
});
