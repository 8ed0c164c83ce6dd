/** The bench of the secure channel, and of what is built on it. */
import type { Output, Protocol } from "../endpoint.ts";
import {
  DatagramBench,
  lineWith,
  type Network,
  type Packet,
  type TypeOf,
} from "../testing/datagram-bench.ts";
import { secureChannel } from "./secure-channel.ts";

export type { Network, Packet };

export const serverAddress = "bob:5683";
const types = ["M1", "RETRY", "M2", "M3", "M4", "ERROR"];
export const typeOf: TypeOf = ({ bytes: [first = 0] }) =>
  first < 0x80 ? "record" : (types[first - 0x80] ?? "?");

/** One output as a line; bytes that depend on keys are left out. */
export const lineOf = (output: Output): string => lineWith(typeOf, output);

interface Settings {
  /** In the place of secure-channel; its server is bob. */
  readonly protocol?: Protocol;
  readonly options?: Record<string, string>;
  /** Where the server's differ. */
  readonly serverOptions?: Record<string, string>;
  readonly network?: Network;
}

export class Bench extends DatagramBench {
  constructor({ protocol = secureChannel, ...settings }: Settings = {}) {
    super({ protocol, serverAddress, typeOf, ...settings });
  }
}
