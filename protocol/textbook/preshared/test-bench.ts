/** The bench of the pre-shared key. */
import type { Output, Store } from "../../endpoint.ts";
import {
  DatagramBench,
  lineWith,
  type Network,
  type Packet,
  type TypeOf,
} from "../../testing/datagram-bench.ts";
import { preshared } from "./preshared.ts";

export type { Network, Packet };

export const serverAddress = "bob:7000";
const types = ["?", "hello", "challenge", "proof", "welcome", "data", "ack", "close"];
export const typeOf: TypeOf = ({ bytes }) => types[bytes[0] ?? 0] ?? "?";

/** One output as a line; bytes that depend on keys are left out. */
export const lineOf = (output: Output): string => lineWith(typeOf, output);

export class Bench extends DatagramBench {
  constructor(options?: Record<string, string>, network?: Network, seed?: string) {
    super({ protocol: preshared, serverAddress, typeOf, options, network, seed });
  }

  override store(): Store {
    throw new Error("no stores");
  }
}
