/** For the tests: two clients and a relay on a wire that can be tampered with, frame by frame. */
import type { Address, Endpoint, Env, Input, Millis, Output, Principal } from "../../endpoint.ts";
import { lossyText, utf8 } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { chatsecure } from "./chatsecure.ts";

export const relayAddress = "server:8080";
export const addressOf = (name: Principal): Address => `${name}:40000`;

/** One frame on its way. */
export interface Passing {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}
/** What arrives instead of a frame; `nth` counts, from 1, what one end sends to another. */
export type Tamper = (passing: Passing, nth: number) => readonly Passing[];

const maxSteps = 1000;

/** A step of a conversation as one line: who, what, and how many bytes of what cannot be read. */
function told(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `transmit ${output.bytes.length}${output.to === undefined ? "" : ` to ${output.to}`}`;
    case "deliver":
      return `deliver ${lossyText(output.message)} (${output.from})`;
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer}`;
    case "log":
      return `log ${output.line}`;
    case "reject":
      return `reject ${output.reason}`;
    case "negotiated":
      return `negotiated ${output.suite}`;
    case "alarm":
      return `alarm ${output.text}`;
    case "ran-code":
      return `ran-code ${output.code}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}

export class Bench {
  readonly lines: string[] = [];
  /** What honest ends sent, in order. */
  readonly wire: Passing[] = [];
  readonly outputs = new Map<Address, Output[]>();
  readonly #options: Readonly<Record<string, string>>;
  readonly #random: Random;
  readonly #deployment: ReturnType<typeof chatsecure.deploy>;
  readonly #endpoints = new Map<Address, Endpoint>();
  readonly #dead = new Set<Address>();
  readonly #queue: Passing[] = [];
  readonly #counts = new Map<string, number>();
  readonly #tamper: Tamper;
  #now: Millis = 0;

  constructor(options: Readonly<Record<string, string>> = {}, tamper: Tamper = (p) => [p]) {
    const defaults = Object.entries(chatsecure.options ?? {}).map(([k, o]) => [k, o.default]);
    this.#options = { ...Object.fromEntries(defaults), ...options };
    this.#tamper = tamper;
    this.#random = new Random("chatsecure bench");
    this.#deployment = chatsecure.deploy({
      crypto: this.cryptoOf("deployment"),
      options: this.#options,
      principals: ["adam", "eve", "server", "mallory"],
      store: () => ({ read: () => new Uint8Array(0), write: () => {}, append: () => {} }),
    });
    this.#open("relay", "server", relayAddress);
  }

  cryptoOf(label: string): CryptoKit {
    return new CryptoRecorder([], this.#random.fork(label), label);
  }

  #open(role: string, self: Principal, address: Address): void {
    const env: Env = {
      self,
      role,
      address,
      crypto: this.cryptoOf(address),
      store: () => {
        throw new Error("nothing is stored while sessions run");
      },
      ...(role === "client" ? { peer: "server", peerAddress: relayAddress } : {}),
    };
    this.#endpoints.set(address, this.#deployment.open(role, env));
    this.#dead.delete(address);
    this.handle(address, { kind: "start" });
  }

  /** Starts a client and lets it connect. */
  join(name: Principal, address = addressOf(name)): void {
    this.#open("client", name, address);
    this.handle(relayAddress, { kind: "connected", peer: address });
    this.handle(address, { kind: "connected", peer: relayAddress });
    this.settle();
  }

  leave(address: Address): void {
    this.#now += 8_000;
    this.handle(address, { kind: "timeout" });
    this.handle(relayAddress, { kind: "closed", peer: address });
  }

  /** A stranger's connection; what it is sent stays in {@link wire}. */
  stranger(address: Address): void {
    this.handle(relayAddress, { kind: "connected", peer: address });
  }

  /** Puts bytes on the wire that no honest end sent. */
  inject(from: Address, to: Address, bytes: Uint8Array): void {
    this.#queue.push({ from, to, bytes });
    this.settle();
  }

  say(name: Principal, to: Principal | undefined, words: string): void {
    const message = utf8(words);
    const input = { kind: "send", message, ...(to === undefined ? {} : { to }) } as const;
    this.handle(addressOf(name), input);
    this.settle();
  }

  /** Passes frames on until nothing moves. */
  settle(): void {
    for (let step = 0; step < maxSteps; step++) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.handle(next.to, { kind: "chunk", bytes: next.bytes, from: next.from });
    }
    throw new Error("the conversation does not end");
  }

  handle(address: Address, input: Input): void {
    const endpoint = this.#endpoints.get(address);
    if (endpoint === undefined || this.#dead.has(address)) return;
    const name = address.split(":")[0];
    let outputs: readonly Output[];
    try {
      outputs = endpoint.handle(input, this.#now);
    } catch (error) {
      this.#dead.add(address);
      this.lines.push(`${name} crash ${(error as Error).message}`);
      return;
    }
    for (const output of outputs) {
      this.lines.push(`${name} ${told(output)}`);
      this.outputs.set(address, [...(this.outputs.get(address) ?? []), output]);
      if (output.kind === "exit") this.#dead.add(address);
      if (output.kind === "transmit") this.#send(address, output.to ?? relayAddress, output.bytes);
    }
  }

  #send(from: Address, to: Address, bytes: Uint8Array): void {
    const pair = `${from}>${to}`;
    const nth = (this.#counts.get(pair) ?? 0) + 1;
    this.#counts.set(pair, nth);
    this.wire.push({ from, to, bytes });
    this.#queue.push(...this.#tamper({ from, to, bytes }, nth));
  }

  stateSize(): number | undefined {
    return this.#endpoints.get(relayAddress)?.stateSize?.();
  }

  /** The nth frame (from 1) that one end sent to another. */
  sent(from: Address, to: Address, nth: number): Passing {
    const found = this.wire.filter((p) => p.from === from && p.to === to)[nth - 1];
    if (found === undefined) throw new Error(`there is no frame ${nth} from ${from} to ${to}`);
    return found;
  }

  /** The texts that one end delivered. */
  delivered(name: Principal): readonly string[] {
    return (this.outputs.get(addressOf(name)) ?? []).flatMap((output) =>
      output.kind === "deliver" ? [`${output.from}: ${lossyText(output.message)}`] : [],
    );
  }

  /** The values of one kind of claim that one end made about a peer. */
  claimed(address: Address, peer: Principal): readonly Uint8Array[] {
    return (this.outputs.get(address) ?? []).flatMap((output) =>
      output.kind === "claim" && output.claim.kind === "secret" && output.claim.peer === peer
        ? [output.claim.value]
        : [],
    );
  }
}

/** Both clients connected. */
export function chat(options: Readonly<Record<string, string>> = {}, tamper?: Tamper): Bench {
  const bench = new Bench(options, tamper);
  bench.join("adam");
  bench.join("eve");
  return bench;
}
