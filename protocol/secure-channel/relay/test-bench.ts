/** For the tests: users around a relay, which may be malicious, on a network with faults. */
import type { Address, Endpoint, Input, Millis, Output, Principal } from "../../endpoint.ts";
import { lossyText, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import type { OpRecord } from "../../kit/operations.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { Client } from "../client.ts";
import { sharePair } from "../edhoc/shares.ts";
import type { Frame, RelayFrame } from "../frames.ts";
import { Server } from "../server.ts";
import { FirstUseDirectory, unsigned } from "./first-use-directory.ts";
import { earliest, type InnerOutput } from "./inner.ts";
import { InnerChannels } from "./inner-channels.ts";
import { Cutter, Joiner, portOf, ports } from "./mail.ts";
import { curve, dealParties, type Parties } from "./parties.ts";
import { relayName, secureChannelRelay } from "./secure-channel-relay.ts";

export const principals = ["alice", "bob", "carol", relayName, "mallory"];
export const relayAddress = `${relayName}:5684`;
export const addressOf = (name: Principal): Address => `${name}:40000`;

/** What becomes of the `index`-th datagram: the delay of each copy that arrives. */
export type Network = (index: number, now: Millis) => readonly Millis[];
/** A frame on its way through the relay; `peer` is the sender that the receiver is told. */
export interface Passing {
  readonly to: Principal;
  readonly frame: RelayFrame;
}
/** What a malicious relay makes of a frame that an honest one would pass on. */
export type Tamper = (passing: Passing, from: Principal, index: number) => readonly Passing[];

interface Settings {
  readonly options?: Readonly<Record<string, string>>;
  readonly network?: Network;
  readonly tamper?: Tamper;
}

const store = () => {
  throw new Error("no stores");
};
const forgetful = (): OpRecord[] => Object.assign([], { push: () => 0 });

/** Has the relay's keys, and does with frames what it likes. */
export class Rogue implements Endpoint {
  readonly #parties: Parties;
  readonly #server: Server;
  readonly #tamper: Tamper;
  readonly #arrived: { readonly frame: Frame; readonly from: Principal }[] = [];
  /** All that it got to see. */
  readonly seen: RelayFrame[] = [];

  constructor(env: ConstructorParameters<typeof Server>[0], parties: Parties, tamper: Tamper) {
    this.#parties = parties;
    this.#tamper = tamper;
    this.#server = new Server(env, parties.identity(env), (frame, from) => {
      this.#arrived.push({ frame, from });
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    const outputs = [...this.#server.handle(input, now)];
    for (const { frame, from } of this.#arrived.splice(0)) {
      const peer = this.#parties.book.kidOf(from);
      const to = frame.kind === "relay" ? this.#parties.book.nameOf(frame.peer) : undefined;
      if (frame.kind !== "relay" || peer === undefined || to === undefined) continue;
      const index = this.seen.push(frame) - 1;
      const passed = this.#tamper({ to, frame: { ...frame, peer } }, from, index);
      for (const p of passed) outputs.push(...this.tell(p, now));
    }
    return outputs;
  }

  /** Sends a user any frame. */
  tell({ to, frame }: Passing, now: Millis): readonly Output[] {
    return this.#server.carry(frame, to, now) ?? [];
  }

  deadline(): Millis | undefined {
    return this.#server.deadline();
  }
}

/**
 * A relay that is each user to the other one: it answers for both, under a key of its own, which
 * it names as theirs where it is asked, and hands on what it likes.
 */
export class Middle implements Endpoint {
  readonly #bench: Bench;
  readonly #says: (words: string) => string;
  readonly #pair: KeyPair;
  readonly #known = new Map<Principal, FirstUseDirectory>();
  readonly #ends = new Map<Principal, InnerChannels>();
  readonly #joiner = new Joiner();
  readonly #cutter = new Cutter();

  /** @param says what it makes of a message. */
  constructor(bench: Bench, says: (words: string) => string) {
    this.#bench = bench;
    this.#says = says;
    const { book } = bench.parties;
    const crypto = bench.crypto("middle");
    this.#pair = sharePair(crypto, curve);
    for (const self of ["alice", "bob"]) {
      const directory = new FirstUseDirectory(crypto, book);
      const env = { self, role: "user", address: addressOf(self), crypto, store };
      const own = unsigned(self, book.kidOf(self) ?? 0, this.#pair);
      const inner = new InnerChannels(
        env,
        { ...bench.parties.identity(env), own, directory },
        false,
      );
      this.#known.set(self, directory);
      this.#ends.set(self, inner);
    }
    bench.endpoints.set("middle:0", this);
  }

  handle(_: Input, now: Millis): readonly Output[] {
    const due = [...this.#ends].flatMap(([self, end]) => this.#as(self, end.expire(now)));
    return due.flatMap((passing) => (this.#bench.relay as Rogue).tell(passing, now));
  }

  deadline(): Millis | undefined {
    return earliest([...this.#ends.values()].map((end) => end.deadline()));
  }

  tamper({ to, frame }: Passing, from: Principal): readonly Passing[] {
    const { port, again } = portOf(frame);
    if (port === ports.directory) {
      for (const directory of this.#known.values()) directory.hear(from, frame.inner);
      const peer = this.#bench.parties.book.kidOf(to) ?? 0;
      const inner = to === from ? frame.inner : this.#pair.publicKey;
      return [{ to: from, frame: { ...frame, peer, inner } }];
    }
    const bytes = this.#joiner.accept(frame);
    if (bytes === undefined) return [];
    const letter = { peer: from, port, again, bytes };
    return this.#as(to, this.#ends.get(to)?.receive(letter, this.#bench.now) ?? []);
  }

  #as(self: Principal, outputs: readonly InnerOutput[]): readonly Passing[] {
    return outputs.flatMap((output): readonly Passing[] => {
      if (output.kind === "post") {
        const peer = this.#bench.parties.book.kidOf(self) ?? 0;
        const frames = this.#cutter.cut(peer, output);
        return frames.map((frame) => ({ to: output.peer, frame }));
      }
      if (output.kind !== "deliver") return [];
      const words = utf8(this.#says(lossyText(output.message)));
      const said = this.#ends.get(output.from)?.send(self, words, this.#bench.now) ?? [];
      return this.#as(output.from, said);
    });
  }
}

/** Mallory, as a user who tells the relay what it likes. */
export class Talker {
  readonly #bench: Bench;
  readonly #client: Client;
  readonly #address = addressOf("mallory");

  constructor(bench: Bench) {
    this.#bench = bench;
    const env = { self: "mallory", role: "user", address: this.#address, peer: relayName };
    const own = { ...env, crypto: bench.crypto("talker"), store };
    this.#client = new Client(own, bench.parties.identity(own));
    bench.endpoints.set(this.#address, this.#client);
    bench.handle(this.#address, { kind: "start" });
    bench.run(1_000);
  }

  /** @returns what the relay makes of it; where it is sent on, it is under way. */
  tell(frame: Frame): readonly Output[] {
    return this.#arrive(this.#client.carry(frame, this.#bench.now));
  }

  send(words: string): readonly Output[] {
    const input = { kind: "send", message: utf8(words) } as const;
    return this.#arrive(this.#client.handle(input, this.#bench.now));
  }

  #arrive(outputs: readonly Output[]): readonly Output[] {
    return outputs.flatMap((output) => {
      if (output.kind !== "transmit") return [];
      const { bytes } = output;
      return this.#bench.handle(relayAddress, { kind: "datagram", bytes, from: this.#address });
    });
  }
}

const mostSteps = 200_000;

export class Bench {
  now: Millis = 0;
  network: Network;
  readonly relay: Endpoint;
  readonly parties: Parties;
  readonly endpoints = new Map<Address, Endpoint>();
  /** `alice << deliver "…" (bob)`, without what goes over the wire. */
  readonly events: string[] = [];
  readonly outputs: { readonly at: Principal; readonly output: Output }[] = [];
  /** How many datagrams were sent, and how many bytes the longest had. */
  sent = 0;
  longest = 0;
  readonly #underWay: { at: Millis; from: Address; to: Address; bytes: Uint8Array }[] = [];
  readonly #random = new Random("relay bench");
  readonly #deployment: ReturnType<typeof secureChannelRelay.deploy>;
  readonly #waiting = new Map<Principal, (readonly [to: Principal | undefined, words: string])[]>();

  constructor({ options = {}, network = () => [10], tamper }: Settings = {}) {
    this.network = network;
    const about = () => ({ crypto: this.crypto("deployment"), options, principals, store });
    this.#deployment = secureChannelRelay.deploy(about());
    // The same draws, so the same keys.
    this.parties = dealParties(about());
    const env = this.#env(relayName, "relay", relayAddress);
    this.relay =
      tamper === undefined
        ? this.#deployment.open("relay", env)
        : new Rogue(env, this.parties, tamper);
    this.endpoints.set(relayAddress, this.relay);
  }

  crypto(by: string): CryptoRecorder {
    return new CryptoRecorder(forgetful(), this.#random.fork(by), by);
  }

  #env(self: Principal, role: string, address: Address) {
    return { self, role, address, crypto: this.crypto(address), store };
  }

  /** Starts users. */
  join(...names: readonly Principal[]): this {
    for (const name of names) {
      const address = addressOf(name);
      const env = { ...this.#env(name, "user", address), peer: relayName };
      this.endpoints.set(address, this.#deployment.open("user", env));
      this.handle(address, { kind: "start" });
    }
    return this;
  }

  /** Now, or as soon as it may. */
  say(from: Principal, to: Principal | undefined, words: string): this {
    const waiting = this.#waiting.get(from);
    if (waiting === undefined) this.#send(from, to, words);
    else waiting.push([to, words]);
    return this;
  }

  #send(from: Principal, to: Principal | undefined, words: string): void {
    const message = utf8(words);
    const input = { kind: "send", message, ...(to === undefined ? {} : { to }) } as const;
    this.handle(addressOf(from), input);
  }

  handle(at: Address, input: Input): readonly Output[] {
    const name = at.split(":")[0] as Principal;
    if (input.kind === "start") this.#waiting.set(name, []);
    const outputs = this.endpoints.get(at)?.handle(input, this.now) ?? [];
    for (const output of outputs) {
      this.outputs.push({ at: name, output });
      if (output.kind === "transmit") this.#transmit(at, output.to ?? relayAddress, output.bytes);
      else this.events.push(`${name} << ${lineOf(output)}`);
      if (output.kind !== "ready") continue;
      const waiting = this.#waiting.get(name) ?? [];
      this.#waiting.delete(name);
      for (const [to, words] of waiting) this.#send(name, to, words);
    }
    return outputs;
  }

  #transmit(from: Address, to: Address, bytes: Uint8Array): void {
    this.longest = Math.max(this.longest, bytes.length);
    for (const delay of this.network(this.sent++, this.now)) {
      this.#underWay.push({ at: this.now + delay, from, to, bytes });
    }
  }

  /** Until nothing is under way and no timer is set, or until it is `limitMs`. */
  run(limitMs = Infinity): this {
    for (let step = 0; step < mostSteps; step++) {
      this.#underWay.sort((a, b) => a.at - b.at);
      const timers = [...this.endpoints].map(
        ([at, e]) => [e.deadline?.() ?? Infinity, at] as const,
      );
      const timer = timers.reduce((a, b) => (b[0] < a[0] ? b : a));
      const arrival = this.#underWay[0];
      const next = Math.min(timer[0], arrival?.at ?? Infinity);
      if (next === Infinity || next > limitMs) {
        if (limitMs !== Infinity) this.now = Math.max(this.now, limitMs);
        return this;
      }
      this.now = Math.max(this.now, next);
      if (arrival !== undefined && arrival.at <= timer[0]) {
        this.#underWay.shift();
        const { bytes, from } = arrival;
        this.handle(arrival.to, { kind: "datagram", bytes, from });
      } else this.handle(timer[1], { kind: "timeout" });
    }
    throw new Error("this does not come to rest");
  }

  /** What one user got to see: `alice: words`, in order. */
  delivered(name: Principal): readonly string[] {
    return this.outputs.flatMap(({ at, output }) =>
      at === name && output.kind === "deliver"
        ? [`${output.from}: ${lossyText(output.message)}`]
        : [],
    );
  }

  told(name: Principal, kind: "confirm" | "give-up"): readonly string[] {
    return this.outputs.flatMap(({ at, output }) =>
      at === name && output.kind === kind ? [lossyText(output.message)] : [],
    );
  }

  rejected(name: Principal): readonly string[] {
    return this.outputs.flatMap(({ at, output }) =>
      at === name && output.kind === "reject" ? [output.reason] : [],
    );
  }
}

function lineOf(output: Output): string {
  switch (output.kind) {
    case "deliver":
      return `deliver "${lossyText(output.message)}" (${output.from})`;
    case "confirm":
    case "give-up":
      return `${output.kind} "${lossyText(output.message)}"`;
    case "claim":
      return `${output.claim.kind} ${output.claim.peer}`;
    case "reject":
      return `reject ${output.reason}`;
    case "log":
      return `log ${output.line}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}
