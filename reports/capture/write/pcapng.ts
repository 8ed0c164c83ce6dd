/** Capture files with comments and names: pcapng (draft-ietf-opsawg-pcapng), little-endian. */
import { concat, utf8 } from "../../../protocol/kit/bytes.ts";
import type { Frame } from "./frame.ts";
import type { View } from "./hosts.ts";
import { linkEthernet, snapLength } from "./pcap.ts";

const blockTypes = { section: 0x0a0d0d0a, interface: 1, names: 4, packet: 6 } as const;
const options = { comment: 1, name: 2, description: 3, application: 4, resolution: 9 } as const;

export interface Section {
  readonly application: string;
  /** ASCII, each at most 65,535 bytes long. */
  readonly comments: readonly string[];
  readonly interfaces: Readonly<Record<View, { readonly name: string; readonly says: string }>>;
  readonly hosts: readonly { readonly ip: Uint8Array; readonly name: string }[];
}

const order: readonly View[] = ["sent", "arrived"];

export function pcapngFile(section: Section, frames: readonly Frame[]): Uint8Array {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x1a2b3c4d, true);
  view.setUint16(4, 1, true);
  // How long the section is, is not said.
  view.setBigInt64(8, -1n, true);
  const about = [
    option(options.application, utf8(section.application)),
    ...section.comments.map((text) => option(options.comment, utf8(text))),
  ];
  return concat(
    block(blockTypes.section, head, about),
    ...order.map((one) => interfaceBlock(section.interfaces[one])),
    nameBlock(section.hosts),
    ...frames.map(packetBlock),
  );
}

function interfaceBlock({ name, says }: { readonly name: string; readonly says: string }) {
  const body = new Uint8Array(8);
  const view = new DataView(body.buffer);
  view.setUint16(0, linkEthernet, true);
  view.setUint32(4, snapLength, true);
  const nanoseconds = Uint8Array.of(9);
  return block(blockTypes.interface, body, [
    option(options.name, utf8(name)),
    option(options.description, utf8(says)),
    option(options.resolution, nanoseconds),
  ]);
}

function nameBlock(hosts: Section["hosts"]): Uint8Array {
  const ipv4 = 1;
  const end = new Uint8Array(4);
  const records = hosts.map(({ ip, name }) =>
    option(ipv4, concat(ip, utf8(name), end.slice(0, 1))),
  );
  return block(blockTypes.names, concat(...records, end), []);
}

/** So long a comment is read by people; a label in it may be the attacker's own. */
const mostComment = 4_000;

function packetBlock({ ns, view: side, bytes, comment }: Frame): Uint8Array {
  const head = new Uint8Array(20);
  const view = new DataView(head.buffer);
  view.setUint32(0, order.indexOf(side), true);
  view.setUint32(4, Number(ns >> 32n), true);
  view.setUint32(8, Number(ns & 0xffffffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, bytes.length, true);
  const said = comment === undefined ? [] : [option(options.comment, clippedText(comment))];
  return block(blockTypes.packet, concat(head, padded(bytes)), said);
}

const clippedText = (text: string): Uint8Array =>
  utf8(
    text.length <= mostComment
      ? text
      : `${Array.from(text)
          .slice(0, mostComment - 1)
          .join("")}…`,
  );

function option(code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  return concat(head, padded(value));
}

function padded(bytes: Uint8Array): Uint8Array {
  const over = bytes.length % 4;
  return over === 0 ? bytes : concat(bytes, new Uint8Array(4 - over));
}

function block(type: number, body: Uint8Array, list: readonly Uint8Array[]): Uint8Array {
  const content = list.length === 0 ? body : concat(body, ...list, new Uint8Array(4));
  const length = 12 + content.length;
  const whole = new Uint8Array(length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  whole.set(content, 8);
  view.setUint32(length - 4, length, true);
  return whole;
}
