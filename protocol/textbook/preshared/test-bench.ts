/** A server and its clients on a network of ten milliseconds that a test may tamper with. */
import type { Address, Endpoint, Input, Millis, Output, Principal } from "../../endpoint.ts";
import { lossyText } from "../../kit/bytes.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { preshared } from "./preshared.ts";

export interface Packet {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}
/** What becomes of the `index`-th packet: the delay of each copy that arrives. */
export type Network = (packet: Packet, index: number) => readonly Millis[];

export const serverAddress = "bob:7000";
const types = ["?", "hello", "challenge", "proof", "welcome", "data", "ack", "close"];
export const typeOf = ({ bytes }: Packet): string => types[bytes[0] ?? 0] ?? "?";

/** One output as a line; bytes that depend on keys are left out. */
export function lineOf(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `transmit ${types[output.bytes[0] ?? 0]} (${output.bytes.length})`;
    case "deliver":
    case "confirm":
    case "give-up":
      return `${output.kind} "${lossyText(output.message)}"`;
    case "claim":
      return `claim ${output.claim.kind}`;
    case "reject":
      return `reject ${output.reason}`;
    case "log":
      return `log ${output.line}`;
    case "exit":
      return `exit ${output.ok ? "ok" : `because ${output.because}`}`;
    default:
      return output.kind;
  }
}

export class Bench {
  now: Millis = 0;
  readonly endpoints = new Map<Address, Endpoint>();
  /** Everything put on the wire, in order. */
  readonly packets: Packet[] = [];
  /** `alice << deliver "…"`. Packets are listed elsewhere, rejections and logs nowhere. */
  readonly events: string[] = [];
  readonly outputs: { readonly at: Address; readonly output: Output }[] = [];
  readonly #network: Network;
  readonly #underWay: { readonly at: Millis; readonly packet: Packet }[] = [];
  readonly #random: Random;
  readonly #deployment;
  readonly #waiting = new Map<string, string[]>();

  constructor(options: Record<string, string> = {}, network: Network = () => [10], seed = "seed") {
    this.#network = network;
    this.#random = new Random(seed);
    this.#deployment = preshared.deploy({
      crypto: this.#crypto("deployment"),
      options,
      principals: ["alice", "bob", "carol"],
      store: () => {
        throw new Error("no stores");
      },
    });
    this.startServer("server#0");
  }

  #crypto(by: string): CryptoRecorder {
    return new CryptoRecorder([], this.#random.fork(by), by);
  }

  #env(role: string, self: Principal, address: Address, by: string) {
    const store = () => {
      throw new Error("no stores");
    };
    return { self, role, address, crypto: this.#crypto(by), store };
  }

  startServer(by: string): void {
    const env = this.#env("server", "bob", serverAddress, by);
    this.endpoints.set(serverAddress, this.#deployment.open("server", env));
    this.handle(serverAddress, { kind: "start" });
  }

  /** What each application sends as soon as it may; the server's part is kept by client. */
  startClient(
    address: Address,
    says: readonly string[] = [],
    answers: readonly string[] = [],
  ): void {
    const self = address.split(":")[0] as Principal;
    const env = { ...this.#env("client", self, address, address), peer: "bob" };
    this.#waiting.set(address, [...says]);
    this.#waiting.set(`${serverAddress} ${address}`, [...answers]);
    this.endpoints.set(address, this.#deployment.open("client", env));
    this.handle(address, { kind: "start" });
  }

  /** Hands over an input, carries out what follows, and returns it. */
  handle(at: Address, input: Input): readonly Output[] {
    const outputs = this.endpoints.get(at)?.handle(input, this.now) ?? [];
    for (const output of outputs) {
      this.outputs.push({ at, output });
      if (output.kind === "transmit") this.#transmit(at, output.to ?? serverAddress, output.bytes);
      else if (output.kind !== "reject" && output.kind !== "log")
        this.events.push(`${at} << ${lineOf(output)}`);
      if (output.kind === "ready") this.#ready(at, output.session);
    }
    return outputs;
  }

  /** What an attacker may do at any time. */
  inject(packet: Packet): readonly Output[] {
    return this.handle(packet.to, { kind: "datagram", bytes: packet.bytes, from: packet.from });
  }

  #ready(at: Address, session: string | undefined): void {
    // Some labels say more than the client's address.
    const key = session === undefined ? at : `${at} ${session.split(" ", 1)[0]}`;
    for (const text of this.#waiting.get(key) ?? []) {
      const message = new TextEncoder().encode(text);
      this.handle(at, { kind: "send", message, ...(session === undefined ? {} : { session }) });
    }
  }

  #transmit(from: Address, to: Address, bytes: Uint8Array): void {
    const packet = { from, to, bytes };
    const index = this.packets.push(packet) - 1;
    for (const delay of this.#network(packet, index)) {
      this.#underWay.push({ at: this.now + delay, packet });
    }
  }

  /** Runs until nothing is under way and no timer is set, or until `limitMs`. */
  run(limitMs: Millis = 1_000_000, before?: (packet: Packet) => void): this {
    for (;;) {
      this.#underWay.sort((a, b) => a.at - b.at);
      const timers = [...this.endpoints].map(
        ([at, e]) => [e.deadline?.() ?? Infinity, at] as const,
      );
      const timer = timers.reduce((a, b) => (b[0] < a[0] ? b : a));
      const arrival = this.#underWay[0];
      const next = Math.min(timer[0], arrival?.at ?? Infinity);
      if (next > limitMs) return this;
      this.now = Math.max(this.now, next);
      if (arrival !== undefined && arrival.at <= timer[0]) {
        this.#underWay.shift();
        before?.(arrival.packet);
        this.inject(arrival.packet);
      } else this.handle(timer[1], { kind: "timeout" });
    }
  }
}
