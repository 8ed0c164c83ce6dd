/** For the tests: two clients and the server, on wires that can be tampered with. */
import type { Address, Endpoint, Env, Input, Millis, Output } from "../../endpoint.ts";
import { lossyText } from "../../kit/bytes.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import { Random } from "../../kit/random.ts";
import { CryptoRecorder } from "../../kit/recorder.ts";
import { securecom } from "./securecom.ts";

export const addresses = { alice: "alice:40000", bob: "bob:40002", server: "server:4310" } as const;
export type Party = keyof typeof addresses;
const parties = ["server", "alice", "bob"] as const;
const partyAt = (address: Address): Party | undefined =>
  parties.find((party) => addresses[party] === address);

export type Options = Readonly<Record<string, string>>;

export const allOptions = (options: Options = {}): Options => ({
  ...Object.fromEntries(
    Object.entries(securecom.options ?? {}).map(([name, spec]) => [name, spec.default]),
  ),
  ...options,
});

/** One installation; `crypto` replaces the randomness and primitives that a party would get. */
export function install(options: Options = {}, crypto?: (who: Party) => CryptoKit | undefined) {
  const files = new Map<string, Uint8Array>();
  const store = (principal: string, name: string) => ({
    read: () => files.get(`${principal}/${name}`) ?? new Uint8Array(0),
    write: (bytes: Uint8Array) => void files.set(`${principal}/${name}`, bytes),
    append: () => {
      throw new Error("nothing here is appended to");
    },
  });
  const random = new Random("securecom bench");
  const deployment = securecom.deploy({
    crypto: new CryptoRecorder([], random.fork("deployment"), "deployment"),
    options: allOptions(options),
    principals: parties,
    store,
  });
  const open = (who: Party): Endpoint => {
    const env: Env = {
      self: who,
      role: who === "server" ? "relay" : "client",
      address: addresses[who],
      crypto: crypto?.(who) ?? new CryptoRecorder([], random.fork(who), who),
      store: (name) => store(who, name),
      ...(who === "server" ? {} : { peer: "server", peerAddress: addresses.server }),
    };
    return deployment.open(env.role, env);
  };
  return { deployment, open, files };
}

/** A step of a conversation as one line: who, what, and how many bytes of what cannot be read. */
export function told(output: Output): string {
  switch (output.kind) {
    case "transmit": {
      const shown = lossyText(output.bytes);
      const what = /^[ -~]{1,40}$/.test(shown) ? `“${shown}”` : `${output.bytes.length} bytes`;
      return `transmit ${what}${output.to === undefined ? "" : ` to ${output.to}`}`;
    }
    case "submit":
      return `submit ${output.purpose} of ${output.message.length} bytes`;
    case "deliver":
      return output.purpose === "login"
        ? `deliver login (${output.from})`
        : `deliver ${JSON.stringify(lossyText(output.message))} (${output.from})`;
    case "claim":
      return `claim ${output.claim.kind} ${output.claim.peer}`;
    case "log":
      if (output.line.length <= 60) return `log ${output.line}`;
      return `log ${output.line.slice(0, 30).trimEnd()}…`;
    case "reject":
      return `reject ${output.reason}`;
    case "exit":
      return `exit ${output.ok ? "content" : output.because}`;
    default:
      return output.kind;
  }
}

/** One write on its way. `nth` counts, from 1, what `from` writes to `to`. */
export interface Passing {
  readonly from: Party;
  readonly to: Party;
  readonly nth: number;
  readonly bytes: Uint8Array;
}
/** What arrives instead, each piece as one chunk. */
export type Tamper = (passing: Passing) => readonly Uint8Array[];

const latencyMs: Millis = 10;
const typingMs: Millis = 20;
const maxSteps = 2_000;

interface Event {
  readonly t: Millis;
  readonly who: Party;
  readonly input: Input;
}

/** Everything that happens, in order of time; nothing is random. */
export class Bench {
  readonly lines: string[] = [];
  readonly wire: Passing[] = [];
  readonly outputs: Record<Party, Output[]> = { server: [], alice: [], bob: [] };
  readonly ends: Record<Party, string> = { server: "waits", alice: "waits", bob: "waits" };
  readonly endpoints = new Map<Party, Endpoint>();
  readonly #queue: Event[] = [];
  readonly #tamper: Tamper;
  readonly #messages: Record<Party, Uint8Array[]> = { server: [], alice: [], bob: [] };
  readonly #counts = new Map<string, number>();
  now: Millis = 0;

  constructor(
    messages: Partial<Record<Party, readonly Uint8Array[]>>,
    options: Options = {},
    tamper: Tamper = ({ bytes }) => [bytes],
  ) {
    this.#tamper = tamper;
    const { open } = install(options);
    for (const who of parties) {
      this.#messages[who] = [...(messages[who] ?? [])];
      this.endpoints.set(who, open(who));
      this.handle(who, { kind: "start" });
    }
    for (const who of ["alice", "bob"] as const) {
      this.at(0, "server", { kind: "connected", peer: addresses[who] });
      this.at(0, who, { kind: "connected", peer: addresses.server });
    }
  }

  at(t: Millis, who: Party, input: Input): void {
    this.#queue.push({ t, who, input });
  }

  /** Goes on until nothing moves, or until then; users do not leave. */
  run(untilMs: Millis = 20_000): this {
    for (let step = 0; step < maxSteps; step++) {
      const event = this.#next(untilMs);
      if (event === undefined) return this;
      this.now = event.t;
      this.handle(event.who, event.input);
    }
    throw new Error("the conversation does not end");
  }

  #next(untilMs: Millis): Event | undefined {
    const timers = parties.flatMap((who): Event[] => {
      const t = this.ends[who] === "waits" ? this.endpoints.get(who)?.deadline?.() : undefined;
      return t === undefined ? [] : [{ t: Math.max(t, this.now), who, input: { kind: "timeout" } }];
    });
    const [first] = [...this.#queue, ...timers].sort((a, b) => a.t - b.t);
    if (first === undefined || first.t > untilMs) return undefined;
    const at = this.#queue.indexOf(first);
    if (at >= 0) this.#queue.splice(at, 1);
    return first;
  }

  handle(who: Party, input: Input): void {
    if (this.ends[who] !== "waits") return;
    let outputs: readonly Output[];
    try {
      outputs = this.endpoints.get(who)?.handle(input, this.now) ?? [];
    } catch (error) {
      this.ends[who] = `crash ${(error as Error).message}`;
      this.lines.push(`${who} ${this.ends[who]}`);
      return;
    }
    for (const output of outputs) {
      this.lines.push(`${who} ${told(output)}`);
      this.outputs[who].push(output);
      if (output.kind === "exit") this.ends[who] = told(output);
      if (output.kind === "transmit") this.#transmit(who, output.bytes, output.to);
      if (output.kind === "ready") this.#type(who);
    }
  }

  #transmit(from: Party, bytes: Uint8Array, address: Address | undefined): void {
    const to = partyAt(address ?? addresses.server);
    if (to === undefined) return;
    const nth = (this.#counts.get(`${from}>${to}`) ?? 0) + 1;
    this.#counts.set(`${from}>${to}`, nth);
    const passing = { from, to, nth, bytes };
    this.wire.push(passing);
    this.#tamper(passing).forEach((chunk, i) => {
      if (chunk.length > 0) this.chunk(from, to, chunk, this.now + latencyMs + i / 10);
    });
  }

  /** Bytes arrive, whoever wrote them. */
  chunk(from: Party, to: Party, bytes: Uint8Array, t: Millis = this.now): void {
    this.at(t, to, { kind: "chunk", bytes, from: addresses[from] });
  }

  #type(who: Party): void {
    const message = this.#messages[who].shift();
    if (message === undefined) return;
    const to = who === "alice" ? "bob" : "alice";
    this.at(this.now + typingMs, who, { kind: "send", message, to });
  }

  /** The texts that somebody was shown, as `text (from)`. */
  delivered(who: Party): readonly string[] {
    return this.outputs[who].flatMap((output) =>
      output.kind === "deliver" ? [`${lossyText(output.message)} (${output.from})`] : [],
    );
  }

  confirmed(who: Party): readonly string[] {
    return this.outputs[who].flatMap((output) =>
      output.kind === "confirm" ? [lossyText(output.message)] : [],
    );
  }

  /** What `from` wrote to `to`, in order. */
  written(from: Party, to: Party): readonly Uint8Array[] {
    return this.wire.filter((w) => w.from === from && w.to === to).map((w) => w.bytes);
  }
}
