/**
 * How a run of a textbook protocol becomes a process: a client for one run, or a service that
 * keeps a run for each address. On streams, messages are lines of text.
 */
import {
  type Address,
  type Endpoint,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
  type Principal,
  type ProtocolClaim,
  type RejectReason,
} from "../endpoint.ts";
import { Lines } from "./lines.ts";

/** Outputs, or why the message is discarded; then nothing has changed. */
export type Result = readonly OutputBody[] | RejectReason;

/** One end of one run. */
export interface Party {
  /** Has the handshake ended well? */
  readonly done: boolean;
  /** The first message, where this end sends it. */
  start?(now: Millis): readonly OutputBody[];
  receive(bytes: Uint8Array, now: Millis, from: Address): Result;
  /** Comes only after the party said `ready`. */
  send(message: Uint8Array): readonly OutputBody[];
  /** What the user of `from` shows this one's user. */
  shown?(value: Uint8Array, from: Principal): Result;
}

const silenceMs = 10_000;

const tooLong: readonly OutputBody[] = [{ kind: "reject", reason: "too-long" }, { kind: "close" }];

const outputsOf = (result: Result): readonly OutputBody[] =>
  typeof result === "string" ? [{ kind: "reject", reason: result }] : result;

interface Run {
  readonly party: Party;
  readonly lines: Lines;
}

/** What a run makes of an input from the network: a datagram, or the lines complete now. */
function received({ party, lines }: Run, input: Input, now: Millis): readonly OutputBody[] {
  if (input.kind === "datagram") return outputsOf(party.receive(input.bytes, now, input.from));
  if (input.kind !== "chunk") return [];
  const all = lines.take(input.bytes);
  return all?.flatMap((line) => outputsOf(party.receive(line, now, input.from))) ?? tooLong;
}

type Shown = Extract<Input, { kind: "shown" }>;
const seen = ({ party }: Run, { value, from }: Shown): readonly OutputBody[] =>
  outputsOf(party.shown?.(value, from) ?? []);

/** One run and its end: the process goes when nothing has happened for ten seconds. */
export class Client implements Endpoint {
  readonly #run: Run;
  /** Where the one connection leads; absent for datagrams. */
  readonly #connection: Address | undefined;
  #lastMs: Millis = 0;

  constructor(party: Party, connection?: Address) {
    this.#run = { party, lines: new Lines() };
    this.#connection = connection;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "timeout") {
      return [{ kind: "exit", ok: this.#run.party.done, because: "nobody says anything any more" }];
    }
    const outputs = this.#isStray(input) ? [] : this.#outputs(input, now);
    if (outputs.some((o) => o.kind !== "reject")) this.#lastMs = now;
    return outputs;
  }

  deadline(): Millis {
    return this.#lastMs + silenceMs;
  }

  /** A client takes no connections. */
  #isStray(input: Input): boolean {
    if (input.kind === "chunk") return input.from !== this.#connection;
    const opens = input.kind === "connected" || input.kind === "closed";
    return opens && input.peer !== this.#connection;
  }

  #outputs(input: Input, now: Millis): readonly OutputBody[] {
    const first = this.#connection === undefined ? "start" : "connected";
    if (input.kind === "start") this.#lastMs = now;
    if (input.kind === first) return this.#run.party.start?.(now) ?? [];
    if (input.kind === "send") return this.#run.party.send(input.message);
    if (input.kind === "shown") return seen(this.#run, input);
    if (input.kind === "closed") {
      return [{ kind: "exit", ok: this.#run.party.done, because: "the connection is closed" }];
    }
    return received(this.#run, input, now);
  }
}

/**
 * Many runs, one for each address that has sent a message which was not discarded. What a third
 * party answers goes to the first run that takes it, for it does not say whom it is about.
 */
export class Service implements Endpoint {
  readonly #open: () => Party;
  /** Where the third party is that runs ask; absent where they ask nobody. */
  readonly #asked: Address | undefined;
  readonly #runs = new Map<Address, Run>();

  constructor(open: () => Party, asked?: Address) {
    this.#open = open;
    this.#asked = asked;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "datagram":
        if (input.from === this.#asked) return this.#answered(input, now);
        return labelled(this.#receive(input, input.from, now), input.from);
      case "chunk":
        return labelled(this.#receive(input, input.from, now), input.from);
      case "closed":
        this.#runs.delete(input.peer);
        return [];
      case "shown":
        return [...this.#runs].flatMap(([address, run]) => labelled(seen(run, input), address));
      case "send": {
        const label = input.session ?? "";
        const run = this.#runs.get(label);
        const gone: OutputBody = { kind: "give-up", message: input.message };
        return labelled(run?.party.send(input.message) ?? [gone], label);
      }
      default:
        return [];
    }
  }

  stateSize(): number {
    return [...this.#runs.values()].filter((run) => !run.party.done).length;
  }

  #answered(input: Input, now: Millis): readonly Output[] {
    let outputs: readonly Output[] = [{ kind: "reject", reason: "unexpected" }];
    for (const [address, run] of this.#runs) {
      if (run.party.done) continue;
      outputs = labelled(received(run, input, now), address);
      if (outputs.some((o) => o.kind !== "reject")) return outputs;
    }
    return outputs;
  }

  #receive(input: Input, from: Address, now: Millis): readonly OutputBody[] {
    const run = this.#runs.get(from) ?? { party: this.#open(), lines: new Lines() };
    if (input.kind === "chunk") this.#runs.set(from, run);
    const outputs = received(run, input, now);
    if (outputs.some((o) => o.kind !== "reject")) this.#runs.set(from, run);
    return outputs;
  }
}

const labelled = (outputs: readonly OutputBody[], address: Address): readonly Output[] =>
  outputs.map((output) => labelledOne(output, address));

/** The frequent ones are written out, for spreads are slow. */
function labelledOne(output: OutputBody, session: Address): Output {
  switch (output.kind) {
    case "transmit":
      return { kind: "transmit", bytes: output.bytes, session, to: output.to ?? session };
    case "claim":
      return { kind: "claim", claim: output.claim, session };
    case "close":
      return { kind: "close", session, to: session };
    case "reject":
      return { kind: "reject", reason: output.reason, session };
    case "deliver": {
      const { message, from } = output;
      if (from === undefined) return { ...output, session };
      return output.purpose === undefined
        ? { kind: "deliver", message, from, session }
        : { kind: "deliver", message, from, purpose: output.purpose, session };
    }
    default:
      return { ...output, session };
  }
}

export const transmit = (bytes: Uint8Array): OutputBody => ({ kind: "transmit", bytes });

export const running = (peer: Principal, agreed: Uint8Array): OutputBody => ({
  kind: "claim",
  claim: { kind: "running", peer, agreed },
});

/** The handshake is over: the peer is there, the key is shared, the application may send. */
export const finished = (
  peer: Principal,
  key: Uint8Array,
  agreed: Uint8Array = key,
): readonly OutputBody[] => [
  { kind: "claim", claim: { kind: "commit", peer, agreed } },
  { kind: "claim", claim: { kind: "secret", peer, value: key } },
  { kind: "ready" },
];

export const claimsOf = (says: Readonly<Record<string, string>>): readonly ProtocolClaim[] =>
  Object.entries(says).map(([guarantee, text]) => ({ guarantee, says: text }));

/** The keys that are there: a principal that was dealt none has none to disclose. */
export const present = (...values: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] =>
  values.filter((value) => value !== undefined);

/** @throws MisuseError for a principal that was dealt no key. */
export function keyOf<K>(keys: ReadonlyMap<Principal, K>, name: Principal | undefined): K {
  const key = keys.get(name ?? "");
  if (key === undefined) throw new MisuseError(`no key was dealt to ${name ?? "nobody"}`);
  return key;
}
