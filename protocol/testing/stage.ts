/** The ends of an installation on a wire, in virtual time: what follows from each input. */
import {
  type Address,
  type Endpoint,
  type Input,
  InvariantError,
  type Millis,
  MisuseError,
  type Output,
} from "../endpoint.ts";
import { Installation, type InstallationSettings, type OpenSettings } from "./installation.ts";
import { byLength, type Names, tellOutput } from "./tell.ts";
import { Transcript } from "./transcript.ts";
import { type Network, Wire } from "./wire.ts";

export interface Settings extends InstallationSettings {
  /** Addresses by the names they have in tests and transcripts; others stand there themselves. */
  readonly ends?: Readonly<Record<string, Address>> | undefined;
  readonly packetName?: Names["packet"];
  readonly network?: Network | undefined;
  readonly latencyMs?: Millis;
  /** How long after it may a user takes to hand over each message. */
  readonly typingMs?: Millis;
  /**
   * The programs end: an exception is a crash, and an end that has ended is given nothing more.
   * Without it an exception fails the test, and an end that has said `exit` still gets packets.
   */
  readonly programsEnd?: boolean;
  /** When `run` stops unless told otherwise. */
  readonly untilMs?: Millis;
}

export class Stage {
  now: Millis = 0;
  readonly installation: Installation;
  readonly transcript: Transcript;
  readonly wire: Wire;
  readonly endpoints = new Map<Address, Endpoint>();
  /** How those came to an end that did. */
  readonly ended = new Map<Address, string>();
  protected readonly settings: Settings;
  readonly #links = new Map<Address, Set<Address>>();

  constructor(settings: Settings) {
    const { ends = {}, packetName = byLength, latencyMs = 10, network } = settings;
    this.settings = settings;
    this.installation = new Installation(settings);
    const names = new Map(Object.entries(ends).map(([name, address]) => [address, name]));
    const end = (address: Address): string => names.get(address) ?? address;
    this.transcript = new Transcript({ end, packet: packetName });
    this.wire = new Wire(latencyMs, network ?? ((packet) => [packet]));
  }

  addressOf(end: string): Address {
    return this.settings.ends?.[end] ?? end;
  }

  /** The process that is there. */
  endpoint(end: string): Endpoint {
    const found = this.endpoints.get(this.addressOf(end));
    if (found === undefined) throw new Error(`no process is at ${end}`);
    return found;
  }

  /** Starts a process. */
  open(end: string, about?: OpenSettings): this {
    const at = this.addressOf(end);
    this.ended.delete(at);
    this.endpoints.set(at, this.installation.open(at, about));
    this.handle(at, { kind: "start" });
    return this;
  }

  /** Opens the connection of a stream, for the service first. */
  connect(end: string, peer?: string, laterMs: Millis = 0): this {
    const at = this.addressOf(end);
    const to = this.addressOf(peer ?? this.installation.peerOf(at) ?? "");
    const { latencyMs = 10 } = this.settings;
    const first = this.now + latencyMs + laterMs;
    this.wire.plan({ at: first, end: to, what: { kind: "connected", peer: at } });
    const back: Input = { kind: "connected", peer: to };
    this.wire.plan({ at: first + latencyMs, end: at, what: back });
    for (const [a, b] of [
      [at, to],
      [to, at],
    ] as const) {
      this.#links.set(a, (this.#links.get(a) ?? new Set()).add(b));
    }
    return this;
  }

  /**
   * Hands over an input, carries out what follows, and returns it.
   * @param isGiven the test hands it over, and not what went on before.
   */
  handle(end: string, input: Input, now = this.now, isGiven = true): readonly Output[] {
    const at = this.addressOf(end);
    const endpoint = this.endpoints.get(at);
    this.now = now;
    if (endpoint === undefined || this.isDeaf(at)) return [];
    this.transcript.steps.push({ now, at, kind: "input", input, isGiven });
    const outputs = this.#react(at, endpoint, input);
    for (const output of outputs) this.transcript.steps.push({ now, at, kind: "output", output });
    for (const output of outputs) this.#carryOut(at, output, input);
    return outputs;
  }

  protected isDeaf(at: Address): boolean {
    return this.settings.programsEnd === true && this.ended.has(at);
  }

  #react(at: Address, endpoint: Endpoint, input: Input): readonly Output[] {
    try {
      return endpoint.handle(input, this.now);
    } catch (error) {
      const isOurs = error instanceof MisuseError || error instanceof InvariantError;
      if (this.settings.programsEnd !== true || isOurs) throw error;
      const because = (error as Error).message;
      this.transcript.steps.push({ now: this.now, at, kind: "crash", because });
      this.#end(at, `crash ${because}`);
      return [];
    }
  }

  #carryOut(at: Address, output: Output, input: Input): void {
    const { now } = this;
    if (output.kind === "exit") this.#end(at, tellOutput(output, this.transcript.names));
    if (output.kind === "connect") this.#connectAgain(at, output.to);
    if (output.kind !== "transmit" && output.kind !== "close") return;
    const source = "from" in input ? input.from : "peer" in input ? input.peer : undefined;
    const to = output.to ?? this.installation.peerOf(at) ?? source;
    if (to === undefined) throw new Error(`${at} does not say where its ${output.kind} goes`);
    if (output.kind === "transmit") this.wire.transmit(at, to, output.bytes, now);
    else this.#close(at, to);
  }

  #end(at: Address, how: string): void {
    this.ended.set(at, how);
    for (const peer of this.#links.get(at) ?? []) this.#close(at, peer);
  }

  /** After the end of the connection before, which its peer hears of first. */
  #connectAgain(at: Address, to: Address | undefined): void {
    const peer = to ?? this.installation.peerOf(at);
    if (peer !== undefined && this.#links.get(at)?.has(peer) === true) this.#close(at, peer);
    this.connect(at, to, 2);
  }

  /** The peer hears of it after everything that it was sent. */
  #close(at: Address, peer: Address): void {
    this.#links.get(at)?.delete(peer);
    this.#links.get(peer)?.delete(at);
    const { latencyMs = 10 } = this.settings;
    const what: Input = { kind: "closed", peer: at };
    this.wire.plan({ at: this.now + latencyMs + 1, end: peer, what });
  }
}
