/** Addresses of a capture for the addresses of a run: the same name has the same one everywhere. */
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "../../../protocol/kit/bytes.ts";

/** On whose side of the attacker a packet is seen; see timeline.ts. */
export type View = "sent" | "arrived";

/** What stands behind a host's name where packets are shown as they arrived. */
export const arrivedEnding = ".arrived";

const networkOf: Readonly<Record<View, number>> = { sent: 77, arrived: 78 };
const broadcastHost = "*";
const broadcastIp = Uint8Array.of(255, 255, 255, 255);
const broadcastMac = new Uint8Array(6).fill(0xff);

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** @param address such as `bob:1978`; what is no port counts as 0. @returns ports of the run. */
export function placeOf(address: string): Place {
  const colon = address.lastIndexOf(":");
  if (colon < 0) return { host: address, port: 0 };
  const port = Number(address.slice(colon + 1));
  const isPort = Number.isInteger(port) && port >= 0;
  return { host: address.slice(0, colon), port: isPort ? port : 0 };
}

/** Numbers of hosts from 1 up to 65,534, which follow from the names alone. */
export class Hosts {
  readonly #numbers = new Map<string, number>();
  readonly #taken = new Set<number>();
  readonly #used = new Map<string, { readonly ip: Uint8Array; readonly name: string }>();

  /** @param names of all hosts of the run, in any order: what collides is settled by name. */
  constructor(names: Iterable<string>) {
    for (const name of [...new Set(names)].sort()) this.#number(name);
  }

  ip(host: string, view: View): Uint8Array {
    if (host === broadcastHost) return broadcastIp;
    const n = this.#number(host);
    const ip = Uint8Array.of(10, networkOf[view], n >> 8, n & 0xff);
    const name = view === "arrived" ? `${host}${arrivedEnding}` : host;
    this.#used.set(name, { ip, name });
    return ip;
  }

  /** A locally administered address: the cable a packet really came from. */
  mac(host: string): Uint8Array {
    if (host === broadcastHost) return broadcastMac;
    const n = this.#number(host);
    return Uint8Array.of(2, 0x4d, 0x41, 0x4c, n >> 8, n & 0xff);
  }

  /** Every address that was asked for, with its name; by name. */
  get resolved(): readonly { readonly ip: Uint8Array; readonly name: string }[] {
    return [...this.#used.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #number(host: string): number {
    const known = this.#numbers.get(host);
    if (known !== undefined) return known;
    const [high = 0, low = 0] = sha256(utf8(host));
    let n = (high << 8) | low;
    while (n === 0 || n === 0xffff || this.#taken.has(n)) n = (n + 1) & 0xffff;
    this.#taken.add(n);
    this.#numbers.set(host, n);
    return n;
  }
}
