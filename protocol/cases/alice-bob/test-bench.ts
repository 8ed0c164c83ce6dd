/** For the tests: both ends on a wire that can be tampered with by position, in virtual time. */
import type { Endpoint, Env, Input, Millis, Output, Store } from "../../endpoint.ts";
import { concat, lossyText } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { aliceBob } from "./alice-bob.ts";

export const addresses = { client: "bob:40000", server: "alice:1024" } as const;
export type Party = keyof typeof addresses;
const other = (party: Party): Party => (party === "client" ? "server" : "client");

export type Options = Readonly<Record<string, string>>;

/** Files by name; what one process writes, the next can read. */
export class Files {
  readonly content = new Map<string, Uint8Array>();

  readonly store = (name: string): Store => {
    const read = () => this.content.get(name) ?? new Uint8Array(0);
    return {
      read,
      write: (bytes) => void this.content.set(name, bytes),
      append: (bytes) => void this.content.set(name, concat(read(), bytes)),
    };
  };
}

/** One installation: both ends have the same long-term keys. */
export function install(options: Options, files = new Files()) {
  const random = new Random("alice-bob bench");
  const deployment = aliceBob.deploy({
    crypto: new CryptoRecorder([], random.fork("deployment"), "deployment"),
    options,
    principals: ["bob", "alice"],
    store: (_principal, name) => files.store(name),
  });
  return (role: Party, crypto?: CryptoKit): Endpoint => {
    const env: Env = {
      self: role === "client" ? "bob" : "alice",
      role,
      address: addresses[role],
      crypto: crypto ?? new CryptoRecorder([], random.fork(role), role),
      store: files.store,
      ...(role === "client" ? { peer: "alice", peerAddress: addresses.server } : {}),
    };
    return deployment.open(role, env);
  };
}

/** A step of a conversation as one line. */
export function told(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `transmit ${output.bytes.length}`;
    case "deliver":
    case "confirm":
    case "give-up":
      return `${output.kind} ${lossyText(output.message)}`;
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer}`;
    case "log":
      return `log ${output.line}`;
    case "alarm":
      return `alarm ${output.text}`;
    case "reject":
      return `reject ${output.reason}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}

/** What goes over the wire in place of the `nth` write of an end, from 1; `undefined`: nothing. */
export type Tamper = (nth: number, from: Party, bytes: Uint8Array) => readonly Passing[];
export interface Passing {
  readonly to: Party;
  readonly bytes: Uint8Array;
  readonly delayMs?: Millis;
}

interface Event {
  readonly t: Millis;
  readonly party: Party;
  readonly input: Input;
}

const latencyMs = 10;

/** Both ends in one connection, until nothing moves or the time is up. */
export class Conversation {
  readonly lines: string[] = [];
  readonly outputs: Record<Party, Output[]> = { client: [], server: [] };
  /** What either end wrote, in order. */
  readonly wire: Record<Party, Uint8Array[]> = { client: [], server: [] };
  readonly ends: Record<Party, string> = { client: "waits", server: "waits" };
  readonly files = new Files();
  readonly #endpoints: Record<Party, Endpoint>;
  readonly #queue: Event[] = [];
  readonly #texts: Uint8Array[];
  readonly #tamper: Tamper;
  now: Millis = 0;

  constructor(texts: readonly Uint8Array[], options: Options = {}, tamper?: Tamper) {
    const open = install(options, this.files);
    this.#endpoints = { client: open("client"), server: open("server") };
    this.#texts = [...texts];
    this.#tamper = tamper ?? ((_nth, from, bytes) => [{ to: other(from), bytes }]);
    this.handle("server", { kind: "start" });
    this.handle("client", { kind: "start" });
    this.at(latencyMs, "server", { kind: "connected", peer: addresses.client });
    this.at(2 * latencyMs, "client", { kind: "connected", peer: addresses.server });
  }

  at(t: Millis, party: Party, input: Input): void {
    this.#queue.push({ t, party, input });
    this.#queue.sort((a, b) => a.t - b.t);
  }

  run(untilMs: Millis = 20_000): this {
    for (;;) {
      const wake = this.ends.client === "waits" ? this.#endpoints.client.deadline?.() : undefined;
      const due = this.#queue[0]?.t ?? Number.POSITIVE_INFINITY;
      const t = Math.min(due, wake ?? Number.POSITIVE_INFINITY);
      if (t > untilMs) return this;
      this.now = t;
      const next = t === due ? this.#queue.shift() : undefined;
      if (next === undefined) this.handle("client", { kind: "timeout" });
      else this.handle(next.party, next.input);
    }
  }

  handle(party: Party, input: Input): void {
    if (this.ends[party] !== "waits") return;
    const size = input.kind === "chunk" ? ` ${input.bytes.length}` : "";
    this.lines.push(`${party} >> ${input.kind}${size}`);
    let outputs: readonly Output[];
    try {
      outputs = this.#endpoints[party].handle(input, this.now);
    } catch (error) {
      this.#ended(party, `crash ${(error as Error).message}`);
      return;
    }
    for (const output of outputs) {
      this.lines.push(`${party} << ${told(output)}`);
      this.outputs[party].push(output);
      if (output.kind === "exit") this.#ended(party, told(output));
      if (output.kind === "transmit") this.#write(party, output.bytes, output.to);
      if (output.kind === "ready") this.#type();
    }
  }

  #ended(party: Party, how: string): void {
    this.ends[party] = how;
    const peer = addresses[party];
    this.at(this.now + latencyMs + 1, other(party), { kind: "closed", peer });
  }

  #type(): void {
    const message = this.#texts.shift();
    if (message !== undefined)
      this.at(this.now + 2 * latencyMs, "client", { kind: "send", message });
  }

  #write(party: Party, bytes: Uint8Array, address: string | undefined): void {
    this.wire[party].push(bytes);
    if (address !== undefined && address !== addresses[other(party)]) return;
    for (const { to, bytes: changed, delayMs = 0 } of this.#tamper(
      this.wire[party].length,
      party,
      bytes,
    )) {
      const input: Input = { kind: "chunk", bytes: changed, from: addresses[other(to)] };
      this.at(this.now + latencyMs + delayMs, to, input);
    }
  }

  /** What one end said of one kind, without the kind. */
  said(party: Party, kind: Output["kind"]): readonly string[] {
    const lines = this.outputs[party].filter((o) => o.kind === kind).map(told);
    return lines.map((line) => line.slice(kind.length + 1));
  }
}

export const pass = (from: Party, bytes: Uint8Array): Passing => ({ to: other(from), bytes });
