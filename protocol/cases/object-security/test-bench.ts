/** For the tests: client and server on a wire that can be tampered with by position. */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  OptionValues,
  Output,
  Role,
} from "../../endpoint.ts";
import { lossyText } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { objectSecurity } from "./object-security.ts";

export const addresses = { client: "alice:40000", server: "bob:5004" } as const;
const principals = ["alice", "bob"] as const;
const receiveBufferBytes = 64;

export type Party = keyof typeof addresses;
/** Options of the protocol; another `seed` gives other keys and IVs. */
export type Options = OptionValues;

/** Opens one endpoint; `crypto` replaces the randomness and primitives it would get. */
export function open(role: Party, options: Options = {}, crypto?: CryptoKit): Endpoint {
  const { seed = "0", ...given } = options;
  const store = () => {
    throw new Error("this case stores nothing");
  };
  const random = new Random(`object-security bench ${seed}`);
  const deployment = objectSecurity.deploy({
    crypto: new CryptoRecorder([], random.fork("deployment"), "deployment"),
    options: given,
    principals,
    store,
  });
  const env: Env = {
    self: role === "client" ? "alice" : "bob",
    role,
    address: addresses[role],
    crypto: crypto ?? new CryptoRecorder([], random.fork(role), role),
    store,
    ...(role === "client" ? { peer: "bob", peerAddress: addresses.server } : {}),
  };
  return deployment.open(role satisfies Role, env);
}

/** A step of a conversation as one line: who, what, and how many bytes of what cannot be read. */
export function told(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `transmit ${output.bytes.length}${output.to === undefined ? "" : ` to ${output.to}`}`;
    case "submit":
      return `submit ${output.purpose} ${lossyText(output.message)}`;
    case "deliver": {
      const purpose = output.purpose ?? "message";
      return `deliver ${purpose} ${lossyText(output.message)} (${output.from})`;
    }
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer}`;
    case "log":
      return `log ${output.line}`;
    case "ready":
      return `ready ${output.messages ?? "for any number"}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}

export const datagram = (bytes: Uint8Array, from: Address = "mallory:6666"): Input => ({
  kind: "datagram",
  bytes,
  from,
});

/** What came of a conversation. */
export interface Conversation {
  /** Everything both ends did, in order, as `party: line`. */
  readonly lines: readonly string[];
  /** What honest ends sent, in order: index 0 is datagram 1 of the flow. */
  readonly wire: readonly Uint8Array[];
  readonly outputs: Readonly<Record<Party, readonly Output[]>>;
  /** `exit …`, `crash …`, or `waits`. */
  readonly ends: Readonly<Record<Party, string>>;
}

/** One datagram on its way. */
export interface Passing {
  readonly to: Party;
  readonly bytes: Uint8Array;
  readonly from: Address;
}

/** Given the `nth` datagram an honest end sends (from 1), what arrives instead of it. */
export type Tamper = (nth: number, passing: Passing) => readonly Passing[];

const maxSteps = 1000;

/** Lets client and server talk until nothing moves; time passes only when the wire is empty. */
class Bench {
  readonly lines: string[] = [];
  readonly wire: Uint8Array[] = [];
  readonly outputs: Record<Party, Output[]> = { client: [], server: [] };
  readonly ends: Record<Party, string> = { client: "waits", server: "waits" };
  readonly #endpoints: Record<Party, Endpoint>;
  readonly #queue: Passing[] = [];
  readonly #messages: Uint8Array[];
  readonly #tamper: Tamper;
  #now: Millis = 0;

  constructor(messages: readonly Uint8Array[], options: Options, tamper: Tamper) {
    this.#endpoints = { client: open("client", options), server: open("server", options) };
    this.#messages = [...messages];
    this.#tamper = tamper;
  }

  run(): void {
    this.#handle("server", { kind: "start" });
    this.#handle("client", { kind: "start" });
    for (let step = 0; step < maxSteps; step++) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        const bytes = next.bytes.subarray(0, receiveBufferBytes);
        this.#handle(next.to, datagram(bytes, next.from));
        continue;
      }
      const wake = this.#endpoints.client.deadline?.();
      if (wake === undefined || this.ends.client !== "waits") return;
      this.#now = Math.max(this.#now, wake);
      this.#handle("client", { kind: "timeout" });
    }
    throw new Error("the conversation does not end");
  }

  #handle(party: Party, input: Input): void {
    if (this.ends[party] !== "waits") return;
    const size = input.kind === "datagram" ? ` ${input.bytes.length} from ${input.from}` : "";
    this.lines.push(`${party} >> ${input.kind}${size}`);
    let outputs: readonly Output[];
    try {
      outputs = this.#endpoints[party].handle(input, this.#now);
    } catch (error) {
      this.ends[party] = `crash ${(error as Error).message}`;
      this.lines.push(`${party} << ${this.ends[party]}`);
      return;
    }
    for (const output of outputs) {
      this.lines.push(`${party} << ${told(output)}`);
      this.outputs[party].push(output);
      if (output.kind === "exit") this.ends[party] = told(output);
      if (output.kind === "transmit") this.#send(party, output.bytes);
    }
    for (const output of outputs) if (output.kind === "ready") this.#write(output.messages);
  }

  #send(party: Party, bytes: Uint8Array): void {
    this.wire.push(bytes);
    const to = party === "client" ? "server" : "client";
    const passing = { to, bytes, from: addresses[party] } as const;
    this.#queue.push(...this.#tamper(this.wire.length, passing));
  }

  #write(count = this.#messages.length): void {
    for (const message of this.#messages.splice(0, count)) {
      this.#handle("client", { kind: "send", message });
    }
  }
}

export function converse(
  messages: readonly Uint8Array[],
  options: Options = {},
  tamper: Tamper = (_nth, passing) => [passing],
): Conversation {
  const bench = new Bench(messages, options, tamper);
  bench.run();
  return bench;
}

/** The texts that one end delivered, as `message …` or `login …`. */
export const delivered = (conversation: Conversation, party: Party): readonly string[] =>
  conversation.outputs[party].flatMap((output) =>
    output.kind === "deliver"
      ? [`${output.purpose ?? "message"} ${lossyText(output.message)}`]
      : [],
  );
