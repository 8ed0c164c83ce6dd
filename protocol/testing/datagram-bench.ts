/** A server and its clients on a network of ten milliseconds that a test may tamper with. */
import type {
  Address,
  Deployment,
  Endpoint,
  Input,
  Millis,
  Output,
  Principal,
  Protocol,
  Store,
} from "../endpoint.ts";
import { concat, lossyText, utf8 } from "../kit/bytes.ts";
import type { OpRecord } from "../kit/operations.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";

export interface Packet {
  readonly from: Address;
  readonly to: Address;
  readonly bytes: Uint8Array;
}
/** What becomes of the `index`-th packet: the delay of each copy that arrives. */
export type Network = (packet: Packet, index: number) => readonly Millis[];

/** What kind of packet the bytes are, in a word. */
export type TypeOf = (packet: Pick<Packet, "bytes">) => string;

/** One output as a line; bytes that depend on keys are left out. */
export function lineWith(typeOf: TypeOf, output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `transmit ${typeOf(output)} (${output.bytes.length})`;
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
    case "negotiated":
      return `negotiated ${output.suite}`;
    case "exit":
      return `exit ${output.ok ? "ok" : `because ${output.because}`}`;
    default:
      return output.kind;
  }
}

export interface BenchSettings {
  /** Its clients are those of bob, who serves them at `serverAddress`. */
  readonly protocol: Protocol;
  readonly serverAddress: Address;
  readonly typeOf: TypeOf;
  readonly options?: Record<string, string> | undefined;
  /** Where the server's differ. */
  readonly serverOptions?: Record<string, string> | undefined;
  readonly network?: Network | undefined;
  readonly seed?: string | undefined;
}

/** A record of operations that keeps none: floods are long. */
const forgetful = (): OpRecord[] => Object.assign([], { push: () => 0 });

export class DatagramBench {
  now: Millis = 0;
  readonly endpoints = new Map<Address, Endpoint>();
  /** Everything put on the wire, in order. */
  readonly packets: Packet[] = [];
  /** `alice << deliver "…"`. Packets are listed elsewhere, rejections and logs nowhere. */
  readonly events: string[] = [];
  readonly outputs: { readonly at: Address; readonly output: Output }[] = [];
  network: Network;
  readonly #underWay: { readonly at: Millis; readonly packet: Packet }[] = [];
  readonly #settings: BenchSettings;
  readonly #stores = new Map<string, Uint8Array>();
  readonly #random: Random;
  readonly #deployment: Deployment;
  readonly #serverDeployment: Deployment;
  readonly #waiting = new Map<string, string[]>();

  constructor(settings: BenchSettings) {
    const { options = {}, serverOptions = options, network = () => [10] } = settings;
    this.#settings = settings;
    this.network = network;
    this.#random = new Random(settings.seed ?? "seed");
    this.#deployment = this.#deploy(options);
    // Keys are dealt alike, whatever the options are that have nothing to do with them.
    this.#serverDeployment = this.#deploy(serverOptions);
    this.startServer("server#0");
  }

  #deploy(options: Record<string, string>): Deployment {
    const principals = ["alice", "bob", "carol"];
    const crypto = this.#crypto("deployment");
    const store = (principal: Principal, name: string) => this.store(principal, name);
    return this.#settings.protocol.deploy({ crypto, options, principals, store });
  }

  store(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const read = (): Uint8Array => this.#stores.get(key) ?? new Uint8Array(0);
    return {
      read,
      write: (bytes) => void this.#stores.set(key, bytes),
      append: (bytes) => void this.#stores.set(key, concat(read(), bytes)),
    };
  }

  #crypto(by: string): CryptoRecorder {
    return new CryptoRecorder(forgetful(), this.#random.fork(by), by);
  }

  #env(role: string, self: Principal, address: Address, by: string) {
    const store = (name: string) => this.store(self, name);
    return { self, role, address, crypto: this.#crypto(by), store };
  }

  startServer(by: string, address = this.#settings.serverAddress): void {
    const env = this.#env("server", "bob", address, by);
    this.endpoints.set(address, this.#serverDeployment.open("server", env));
    this.handle(address, { kind: "start" });
  }

  /** What each application sends as soon as it may; the server's part is kept by client. */
  startClient(
    address: Address,
    says: readonly string[] = [],
    answers: readonly string[] = [],
    peer = "bob",
  ): void {
    const self = address.split(":")[0] as Principal;
    const env = { ...this.#env("client", self, address, address), peer };
    this.#waiting.set(address, [...says]);
    this.#waiting.set(`${this.#settings.serverAddress} ${address}`, [...answers]);
    this.endpoints.set(address, this.#deployment.open("client", env));
    this.handle(address, { kind: "start" });
  }

  /** What everybody knows: public keys and certificates. */
  get publicValues(): readonly Uint8Array[] {
    return this.#deployment.publicValues ?? [];
  }

  /** Hands over an input, carries out what follows, and returns it. */
  handle(at: Address, input: Input): readonly Output[] {
    const { serverAddress, typeOf } = this.#settings;
    const outputs = this.endpoints.get(at)?.handle(input, this.now) ?? [];
    for (const output of outputs) {
      this.outputs.push({ at, output });
      if (output.kind === "transmit") this.#transmit(at, output.to ?? serverAddress, output.bytes);
      else if (output.kind !== "reject" && output.kind !== "log")
        this.events.push(`${at} << ${lineWith(typeOf, output)}`);
      if (output.kind === "ready") this.#ready(at, output.session);
    }
    return outputs;
  }

  /** Shows a packet to whoever it is for, and keeps the answer to itself. */
  probe(packet: Packet): readonly Output[] {
    const input = { kind: "datagram", bytes: packet.bytes, from: packet.from } as const;
    return this.endpoints.get(packet.to)?.handle(input, this.now) ?? [];
  }

  /** What an attacker may do at any time. */
  inject(packet: Packet): readonly Output[] {
    return this.handle(packet.to, { kind: "datagram", bytes: packet.bytes, from: packet.from });
  }

  /** How many entries the server keeps for strangers. */
  stateSize(): number {
    return this.endpoints.get(this.#settings.serverAddress)?.stateSize?.() ?? 0;
  }

  #ready(at: Address, session: string | undefined): void {
    // Some labels say more than the client's address.
    const key = session === undefined ? at : `${at} ${session.split(" ", 1)[0]}`;
    const texts = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const text of texts) {
      const message = utf8(text);
      this.handle(at, { kind: "send", message, ...(session === undefined ? {} : { session }) });
    }
  }

  #transmit(from: Address, to: Address, bytes: Uint8Array): void {
    const packet = { from, to, bytes };
    const index = this.packets.push(packet) - 1;
    for (const delay of this.network(packet, index)) {
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
