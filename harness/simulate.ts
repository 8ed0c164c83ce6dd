/**
 * Runs a plan. A run is a pure function of its plan: virtual time, one event queue, randomness
 * forked by label, nothing asynchronous. The same plan gives the same trace, byte for byte.
 */
import { applyEdits } from "../attacker/edit.ts";
import {
  attackerAddress,
  attackerHost,
  type Move,
  type PacketRef,
  packetKey,
} from "../attacker/move.ts";
import { forgedMessages } from "../attacker/puppet.ts";
import type {
  Address,
  Deployment,
  Input,
  Millis,
  Output,
  PlannedMessage,
  Principal,
  RoleSpec,
} from "../protocol/endpoint.ts";
import { fromHex } from "../protocol/kit/bytes.ts";
import { Random } from "../protocol/kit/random.ts";
import { CryptoRecorder, type OpRecord } from "../protocol/kit/recorder.ts";
import { AttackPlan, type IndexedMove } from "./attack-plan.ts";
import { Enemy, type Seat, usesPuppets } from "./enemy.ts";
import { FinishedRun } from "./finished-run.ts";
import { declaredSecrets } from "./knowledge-of.ts";
import { type Fate, fateOf } from "./network.ts";
import {
  AddressBook,
  handleInput,
  openProcess,
  type Process,
  ProtocolError,
  principalOf,
  Stores,
} from "./processes.ts";
import { Scheduler } from "./scheduler.ts";
import { append, type Pipe, Pipes, takeChunk } from "./streams.ts";
import type { Packet, PlannedOutcome, ProcessId, RunPlan, Trace, TraceEvent } from "./trace.ts";
import { visibleEntries } from "./visible-state.ts";

/** Bounds of a run: far above what any honest run needs, so that only endless loops meet them. */
export const limits = {
  steps: 100_000,
  stepsAtOnce: 5_000,
  /** Two ends that answer each other with ever longer packets fill memory before time. */
  bytes: 4_000_000,

  runMs: 600_000,
  /** A session that has not come to rest by then is left alone, and the next one starts. */
  sessionMs: 120_000,
} as const;
/** How long users take to type, and how far apart they type their messages. */
const thinkMs = 20;
const betweenMessagesMs = 100;
/** A puppet first hands on what others say; then it says its own. */
const forgeAfterMs = 2_000;

/** Who is to blame if a packet does not arrive. */
type Lost = Extract<TraceEvent, { kind: "lost" }>["by"];

type Item =
  | { readonly kind: "session"; readonly index: number }
  | {
      readonly kind: "arrive";
      readonly packet: Packet;
      readonly bytes: Uint8Array;
      readonly to: Address;
      readonly lost: Lost | undefined;
      /** Sets off the moves that wait for this packet; false for further copies. */
      readonly first: boolean;
      readonly key: string | undefined;
    }
  | { readonly kind: "flush"; readonly pipe: Pipe }
  | { readonly kind: "connected"; readonly at: Address; readonly peer: Address }
  | { readonly kind: "closed"; readonly at: Address; readonly peer: Address }
  | { readonly kind: "timer"; readonly process: Process; readonly t: Millis }
  | { readonly kind: "send"; readonly desk: Desk }
  | { readonly kind: "move"; readonly entry: IndexedMove }
  | { readonly kind: "seat-timer"; readonly seat: Seat; readonly t: Millis }
  | { readonly kind: "say"; readonly seat: Seat };

/** The application in front of one end of one session: what it still wants to send. */
interface Desk {
  readonly process: Process;
  /** The service's own label of the session; absent for per-session processes. */
  readonly session: string | undefined;
  readonly to: Principal | undefined;
  readonly messages: PlannedMessage[];
  credits: number;
  scheduled: boolean;
}

export function simulate(plan: RunPlan): Trace {
  return new Simulation(plan).run();
}

class Simulation {
  readonly #plan: RunPlan;
  readonly #random: Random;
  readonly #queue = new Scheduler<Item>();
  readonly #attack: AttackPlan;
  readonly #book: AddressBook;
  readonly #stores: Stores;
  readonly #pipes = new Pipes();
  readonly #log: OpRecord[] = [];
  readonly #deployment: Deployment;
  readonly #events: TraceEvent[] = [];
  readonly #packets: Packet[] = [];
  readonly #packetByKey = new Map<string, Packet>();
  readonly #inData: boolean[] = [];
  /** Packets to somebody who has no key yet, with that one's role; and those roles, once touched. */
  readonly #early = new Map<number, string>();
  readonly #touchedEarly = new Set<string>();
  readonly #counts = new Map<string, number>();
  readonly #processes: Process[] = [];
  readonly #listening = new Map<Address, Process>();
  readonly #desks = new Map<string, Desk>();
  /** Sessions whose honest end knows that it talks to the attacker, a user like others. */
  readonly #withAttacker = new Set<string>();
  readonly #outcomes: PlannedOutcome[] = [];
  readonly #startedSessions = new Set<number>();
  readonly #disclosed: Uint8Array[] = [];
  readonly #datagram: boolean;
  readonly #enemy: Enemy;
  readonly #keepsHistory: boolean;
  /** What is written before is part of the installation, and no event. */
  #dealt = false;
  #now: Millis = 0;
  #inFlight = 0;
  #sentBytes = 0;

  #lastSessionStart: Millis = 0;
  #handshakeUntouched = true;

  constructor(plan: RunPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#attack = new AttackPlan(plan.attack);
    this.#book = new AddressBook(plan);
    this.#datagram = plan.protocol.transport === "datagram";
    this.#stores = new Stores((at, store, bytes) => {
      if (!this.#dealt) return;
      this.#events.push({ kind: "stored", t: this.#now, at, store, bytes });
    });
    this.#deployment = plan.protocol.deploy({
      crypto: new CryptoRecorder(this.#log, this.#random.fork("deployment"), "deployment"),
      options: plan.options,
      principals: principalsOf(plan),
      store: (principal, name) => this.#stores.of(principal, name),
    });
    this.#dealt = true;
    const { credentials = [] } = this.#deployment;
    this.#keepsHistory = usesPuppets(plan.attack);
    this.#enemy = new Enemy({
      plan,
      deployment: this.#deployment,
      book: this.#book,
      log: this.#log,
      packets: this.#packets,
      random: this.#random,
      stores: this.#stores,
      declared: () => declaredSecrets({ plan, deployment: { credentials } }),
    });
  }

  run(): Trace {
    this.#startServices();
    for (const entry of this.#attack.atStart) this.#act(entry);
    for (const { t, ...entry } of this.#attack.atTime) this.#queue.at(t, { kind: "move", entry });
    this.#plan.workload.sessions.forEach((session, index) => {
      if (session.start !== "after-previous") {
        this.#queue.at(session.start, { kind: "session", index });
      }
    });
    this.#loop();
    for (const entry of this.#attack.atEnd) this.#act(entry);
    return this.#trace();
  }

  #loop(): void {
    let steps = 0;
    let atOnce = 0;
    const sessions = this.#plan.workload.sessions.length;
    const limitMs = (this.#plan.protocol.runLimitMs ?? limits.runMs) + limits.sessionMs * sessions;
    for (;;) {
      const due = this.#queue.nextTime;
      const waiting = this.#nextWaitingSession(due);
      if (waiting !== undefined) {
        this.#startSession(waiting);
        continue;
      }
      if (due === undefined || due > limitMs) return;
      const { t, item } = this.#queue.next() as { t: Millis; item: Item };
      atOnce = t === this.#now ? atOnce + 1 : 0;
      this.#now = t;
      steps++;
      const because =
        atOnce > limits.stepsAtOnce
          ? `more than ${limits.stepsAtOnce} steps without time passing`
          : steps > limits.steps
            ? `more than ${limits.steps} steps`
            : this.#sentBytes > limits.bytes
              ? `more than ${limits.bytes} bytes sent`
              : undefined;
      if (because !== undefined) {
        this.#events.push({ kind: "stopped", t, at: itemOwner(item), because });
        return;
      }
      this.#step(item);
      if (this.#enemy.seats.length > 0) this.#wakeSeats();
    }
  }

  #step(item: Item): void {
    switch (item.kind) {
      case "session":
        this.#startSession(item.index);
        return;
      case "arrive":
        this.#inFlight--;
        this.#arrive(item);
        return;
      case "flush":
        this.#inFlight--;
        this.#flush(item.pipe);
        return;
      case "connected":
      case "closed": {
        this.#inFlight--;
        const seat = this.#enemy.onWire(item.peer, item.at);
        if (seat !== undefined) {
          this.#feed(seat, { kind: item.kind, peer: item.peer });
          return;
        }
        const process = this.#listening.get(item.at);
        if (process === undefined) return;
        const pipe = this.#pipes.get(item.peer, item.at);
        if (item.kind === "closed" && pipe?.flushScheduled === true) {
          this.#enqueue(1, item);
          return;
        }
        if (item.kind === "connected" && pipe?.open !== true) return;
        if (item.kind === "closed") {
          this.#events.push({ kind: "closed", t: this.#now, at: process.id, peer: item.peer });
        }
        this.#handle(process, { kind: item.kind, peer: item.peer }, item.peer);
        return;
      }
      case "timer":
        if (item.process.end !== "alive" || item.process.timer !== item.t) return;
        item.process.timer = undefined;
        this.#handle(item.process, { kind: "timeout" }, undefined);
        return;
      case "send":
        this.#inFlight--;
        this.#send(item.desk);
        return;
      case "move":
        this.#act(item.entry);
        return;
      case "seat-timer":
        if (item.seat.timer !== item.t) return;
        item.seat.timer = undefined;
        this.#feed(item.seat, { kind: "timeout" });
        return;
      case "say": {
        const input = this.#enemy.next(item.seat);
        if (input !== undefined) this.#feed(item.seat, input);
        return;
      }
    }
  }

  // --- processes and sessions ------------------------------------------------------------------

  /** Sessions that wait for the earlier ones to come to rest start here, in order. */
  #nextWaitingSession(due: Millis | undefined): number | undefined {
    const index = this.#plan.workload.sessions.findIndex((_, i) => !this.#startedSessions.has(i));
    if (index < 0 || this.#plan.workload.sessions[index]?.start !== "after-previous") {
      return undefined;
    }
    const over = this.#lastSessionStart + limits.sessionMs;
    if (due === undefined) return index;
    if (due > over) {
      this.#now = Math.max(this.#now, over);
      return index;
    }
    if (this.#inFlight > 0) return undefined;
    const busy = this.#processes.some((p) => p.spec.process === "session" && p.end === "alive");
    return busy ? undefined : index;
  }

  #startServices(): void {
    for (const spec of this.#plan.protocol.roles) {
      if (spec.process !== "service") continue;
      this.#book.operators(spec).forEach((principal, k, operators) => {
        const address = `${principal}:${spec.port ?? 1}`;
        if (this.#listening.has(address) || principal === attackerHost) return;
        const starts = this.#processes.filter((p) => p.address === address).length;
        const id = `${spec.name}#${k + starts * operators.length}`;
        this.#open(spec, id, principal, address, undefined);
      });
    }
  }

  #startSession(index: number): void {
    const session = this.#plan.workload.sessions[index];
    if (session === undefined || this.#startedSessions.has(index)) return;
    this.#startedSessions.add(index);
    this.#lastSessionStart = this.#now;
    this.#startServices();
    const roles = this.#plan.protocol.roles;
    const wanted: { from: ProcessId; to: Principal | undefined; message: Uint8Array }[] = [];
    const outcome: PlannedOutcome = { session: index, processes: [], wanted, startedMs: this.#now };
    this.#outcomes.push(outcome);
    const ids = outcome.processes as ProcessId[];
    // Whoever only answers must be there before whoever starts talking.
    const own = roles.filter((r) => r.process === "session");
    own.sort((a, b) => Number(a.peer !== undefined) - Number(b.peer !== undefined));
    for (const m of session.messages) this.#want(m, index, wanted);
    for (const spec of own) {
      spec.principals.forEach((_, k) => {
        const n = index * spec.principals.length + k;
        const one = spec.principals.length === 1;
        const principal = one ? principalOf(spec, session) : (spec.principals[k] as Principal);
        // The attacker takes part only through its own puppets.
        if (principal === attackerHost) return;
        const address = this.#book.sessionProcess(spec, principal, n);
        ids.push(`${spec.name}#${n}`);
        this.#open(spec, `${spec.name}#${n}`, principal, address, index);
      });
    }
  }

  #want(
    m: PlannedMessage,
    session: number,
    wanted: { from: ProcessId; to: Principal | undefined; message: Uint8Array }[],
  ): void {
    const { spec, index = 0 } = this.#book.speaker(m.from) ?? {};
    if (spec === undefined)
      throw new ProtocolError(`the workload names the unknown role "${m.from}"`);
    const planned = this.#plan.workload.sessions[session];
    const service = this.#listening.get(this.#book.service(spec, planned));
    const from =
      spec.process === "service"
        ? (service?.id ?? `${spec.name}#0`)
        : `${spec.name}#${session * spec.principals.length + index}`;
    wanted.push({ from, to: m.to, message: m.message });
  }

  #open(
    spec: RoleSpec,
    id: ProcessId,
    principal: Principal,
    address: Address,
    plannedSession: number | undefined,
  ): void {
    const session =
      plannedSession === undefined ? undefined : this.#plan.workload.sessions[plannedSession];
    const peerSpec = spec.peer === undefined ? undefined : this.#book.role(spec.peer);
    const peerAddress = peerSpec && this.#addressOfPeer(peerSpec, plannedSession);
    const process = openProcess(
      this.#deployment,
      { log: this.#log, random: this.#random, stores: this.#stores },
      {
        id,
        spec,
        principal,
        address,
        peer: peerSpec && principalOf(peerSpec, session),
        peerAddress,
        plannedSession,
      },
    );
    this.#processes.push(process);
    this.#listening.set(address, process);
    this.#events.push({ kind: "started", t: this.#now, at: id, principal, role: spec.name });
    this.#handle(process, { kind: "start" }, undefined);
    if (!this.#datagram && peerAddress !== undefined) this.#connect(address, peerAddress);
  }

  #addressOfPeer(spec: RoleSpec, plannedSession: number | undefined): Address {
    const session = this.#plan.workload.sessions[plannedSession ?? 0];
    if (spec.process === "service") return this.#book.service(spec, session);
    const n = (plannedSession ?? 0) * spec.principals.length;
    return this.#book.sessionProcess(spec, principalOf(spec, session), n);
  }

  // --- endpoints -------------------------------------------------------------------------------

  #handle(process: Process, input: Input, from: Address | undefined): void {
    if (process.end !== "alive") return;
    if (this.#keepsHistory) process.history.push({ input, now: this.#now });
    const result = handleInput(process, input, this.#now);
    if (!result.ok) {
      this.#events.push({ kind: "crashed", t: this.#now, at: process.id, because: result.because });
      this.#finish(process, "crashed");
      return;
    }
    for (const output of result.outputs) {
      this.#output(process, output, from);
      if (process.end !== "alive") return;
    }
    const size = process.endpoint.stateSize?.();
    if (size !== undefined) process.maxState = Math.max(process.maxState ?? 0, size);
    this.#schedule(process);
  }

  #schedule(process: Process): void {
    const deadline = process.endpoint.deadline?.();
    if (deadline === undefined || Number.isNaN(deadline) || deadline === Number.POSITIVE_INFINITY) {
      process.timer = undefined;
      return;
    }
    const t = Math.max(deadline, this.#now);
    if (process.timer === t) return;
    process.timer = t;
    this.#queue.at(t, { kind: "timer", process, t });
  }

  #output(process: Process, output: Output, from: Address | undefined): void {
    const t = this.#now;
    const at = process.id;
    const session =
      output.session ?? (process.spec.process === "session" ? "main" : (from ?? "main"));
    switch (output.kind) {
      case "transmit":
        this.#transmit(process, output.bytes, output.to ?? process.peerAddress ?? from);
        return;
      case "ready":
        this.#ready(process, session, output.messages, from);
        return;
      case "submit": {
        const { purpose } = output;
        const message = output.message.slice();
        this.#events.push({ kind: "submit", t, at, session, message, purpose, to: process.peer });
        return;
      }
      case "deliver": {
        const { from: author, purpose = "message" } = output;
        const message = output.message.slice();
        this.#events.push({ kind: "deliver", t, at, session, message, from: author, purpose });
        return;
      }
      case "confirm":
      case "give-up":
        this.#events.push({ kind: output.kind, t, at, session, message: output.message.slice() });
        return;
      case "claim":
        this.#claim(process, output.claim, session, from);
        return;
      case "reject":
        this.#events.push({ kind: "reject", t, at, reason: output.reason });
        return;
      case "log":
        this.#events.push({ kind: "log", t, at, line: output.line });
        return;
      case "alarm":
        this.#events.push({ kind: "alarm", t, at, text: output.text });
        return;
      case "ran-code":
        this.#events.push({ kind: "ran-code", t, at, code: output.code });
        return;
      case "negotiated": {
        const { suite, best } = output;
        this.#events.push({ kind: "negotiated", t, at, session, suite, best });
        return;
      }
      case "close": {
        const peer = output.to ?? process.peerAddress ?? from;
        if (peer !== undefined) this.#disconnect(process.address, peer);
        return;
      }
      case "exit": {
        const because = output.because;
        this.#events.push({ kind: "exited", t, at, ok: output.ok, because });
        this.#finish(process, output.ok ? "exited" : "gave-up");
        return;
      }
    }
  }

  #claim(
    process: Process,
    claim: Extract<Output, { kind: "claim" }>["claim"],
    session: string,
    from: Address | undefined,
  ): void {
    const t = this.#now;
    const at = process.id;
    const { peer } = claim;
    if (claim.peer === attackerHost) this.#withAttacker.add(`${process.id}/${session}`);
    switch (claim.kind) {
      case "running":
      case "commit": {
        const agreed = claim.agreed?.slice();
        this.#events.push({ t, at, session, peer, kind: claim.kind, agreed });
        return;
      }
      case "secret":
        process.secrets++;
        if (from !== undefined) process.secretWith.add(from);
        this.#events.push({ t, at, session, peer, kind: "secret", value: claim.value.slice() });
        return;
      case "evidence":
        this.#events.push({
          t,
          at,
          session,
          peer,
          kind: "evidence",
          message: claim.message.slice(),
          bytes: claim.bytes.slice(),
        });
        return;
    }
  }

  #finish(process: Process, end: "crashed" | "exited" | "gave-up"): void {
    process.end = end;
    process.timer = undefined;
    if (this.#listening.get(process.address) === process) this.#listening.delete(process.address);
    for (const peer of this.#pipes.peersOf(process.address)) {
      this.#disconnect(process.address, peer);
    }
  }

  // --- applications ----------------------------------------------------------------------------

  #ready(
    process: Process,
    session: string,
    messages: number | undefined,
    from: Address | undefined,
  ): void {
    const key = `${process.id}/${session}`;
    let desk = this.#desks.get(key);
    if (desk === undefined) {
      // What a service is to say to honest users is not said to the attacker in its own name.
      if (process.spec.process === "service" && this.#withAttacker.has(key)) return;
      const planned = this.#plannedFor(process, from);
      if (planned === undefined) return;
      const service = process.spec.process === "service";
      const all = this.#plan.workload.sessions[planned]?.messages ?? [];
      const client = this.#processes.find((p) => p.plannedSession === planned);
      desk = {
        process,
        session: service ? session : undefined,
        to: service ? client?.principal : process.peer,
        messages: all.filter((m) => this.#says(process, m)),
        credits: 0,
        scheduled: false,
      };
      this.#desks.set(key, desk);
      process.readySessions.push(`${planned}`);
    }
    desk.credits = messages ?? Number.POSITIVE_INFINITY;
    this.#planSend(desk, thinkMs);
  }

  #says(process: Process, m: PlannedMessage): boolean {
    const speaker = this.#book.speaker(m.from);
    if (speaker?.spec !== process.spec) return false;
    const n = Number(process.id.split("#")[1]);
    return (
      process.spec.process === "service" || n % speaker.spec.principals.length === speaker.index
    );
  }

  /** Which planned session a process speaks for when it says `ready`. */
  #plannedFor(process: Process, from: Address | undefined): number | undefined {
    if (process.plannedSession !== undefined) return process.plannedSession;
    const byAddress = this.#processes.find(
      (p) => p.address === from && p.plannedSession !== undefined,
    )?.plannedSession;
    const free = (s: number | undefined): boolean =>
      s !== undefined && !process.readySessions.includes(`${s}`);
    if (free(byAddress)) return byAddress;
    return this.#outcomes.map((o) => o.session).find(free);
  }

  #planSend(desk: Desk, delay: Millis): void {
    if (desk.scheduled || desk.credits <= 0 || desk.messages.length === 0) return;
    desk.scheduled = true;
    this.#inFlight++;
    this.#queue.at(this.#now + delay, { kind: "send", desk });
  }

  #send(desk: Desk): void {
    desk.scheduled = false;
    const planned = desk.messages[0];
    if (planned === undefined || desk.process.end !== "alive" || desk.credits <= 0) return;
    desk.messages.shift();
    desk.credits--;
    const { message } = planned;
    const to = planned.to ?? desk.to;
    const { process, session } = desk;
    this.#events.push({
      kind: "submit",
      t: this.#now,
      at: process.id,
      session: session ?? "main",
      message,
      purpose: "message",
      to,
    });
    const input: Input = {
      kind: "send",
      message: message.slice(),
      ...(to === undefined ? {} : { to }),
      ...(session === undefined ? {} : { session }),
    };
    this.#handle(process, input, undefined);
    this.#planSend(desk, betweenMessagesMs);
  }

  // --- the wire --------------------------------------------------------------------------------

  #transmit(process: Process, bytes: Uint8Array, to: Address | undefined): void {
    if (to === undefined) {
      throw new ProtocolError(`${process.id} transmits without saying to whom`);
    }
    const label = this.#labelOf(to);
    const nth = this.#count(`${process.id}>${label}`);
    const inData = keyed(process, to);
    const receiver = this.#listening.get(to);
    if (receiver !== undefined && !keyed(receiver, process.address)) {
      this.#early.set(this.#packets.length, receiver.spec.name);
    }
    this.#sentBytes += bytes.length;
    const packet = this.#put(
      { from: process.id, to: label, nth, source: process.address, destination: to, bytes },
      inData,
    );
    const key = packetKey(packet);
    this.#packetByKey.set(key, packet);
    this.#launch(packet, key);
  }

  /** How often this has happened by now, this time included. */
  #count(what: string): number {
    const n = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, n);
    return n;
  }

  #put(about: Omit<Packet, "index" | "sentMs" | "bytes"> & { bytes: Uint8Array }, inData: boolean) {
    const packet = packetOf(about, this.#packets.length, this.#now);
    this.#packets.push(packet);
    this.#inData.push(inData);
    this.#events.push({ kind: "sent", t: this.#now, at: packet.from, packet: packet.index });
    return packet;
  }

  /** The process at an address; the last one that was there; or the host's name. */
  #labelOf(address: Address): ProcessId {
    const there = this.#listening.get(address);
    if (there !== undefined) return there.id;
    if (address.startsWith("*:")) return "all";
    for (let i = this.#processes.length - 1; i >= 0; i--) {
      const process = this.#processes[i] as Process;
      if (process.address === address) return process.id;
    }
    return address.slice(0, address.lastIndexOf(":"));
  }

  /** Sends an honest packet through the attacker's hands and the network. */
  #launch(packet: Packet, key: string): void {
    let bytes = packet.bytes;
    let to = packet.destination;
    let lost: Lost | undefined;
    let hold = 0;
    const copies: Millis[] = [];
    let cut = false;
    for (const { move, index } of this.#attack.on(key)) {
      switch (move.move) {
        case "drop":
          lost = "attacker";
          break;
        case "hold":
          hold += move.delayMs;
          break;
        case "duplicate":
          copies.push(move.delayMs ?? 1);
          break;
        case "modify": {
          const changed = applyEdits(bytes, move.edits, this.#context);
          if (changed === bytes) continue;
          bytes = changed;
          break;
        }
        case "redirect": {
          const target = this.#book.of(move.to);
          if (target === undefined) continue;
          to = target;
          break;
        }
        case "cut":
          cut = true;
          break;
        default:
          continue;
      }
      this.#noteMove(index, packet.to, packet.index);
    }
    const fate = this.#fate(key, bytes.length);
    if (fate.length === 0) lost ??= "network";
    if (!this.#datagram && this.#pipes.get(packet.source, to)?.open !== true)
      lost ??= "nobody-there";
    const first = hold + (fate[0] ?? this.#plan.network.latencyMs);
    const t = this.#inOrder(packet.source, to, this.#now + first);
    for (const [k, target] of this.#targets(to, packet.source).entries()) {
      this.#enqueueAt(t, { kind: "arrive", packet, bytes, to: target, lost, first: k === 0, key });
      if (lost !== undefined) continue;
      const more = [...fate.slice(1), ...copies.map((c) => first + c)];
      for (const delay of more) {
        const again = { kind: "arrive", packet, bytes, to: target, lost, first: false } as const;
        this.#enqueue(delay, { ...again, key: undefined });
      }
    }
    if (cut) this.#disconnect(packet.source, packet.destination);
  }

  #fate(key: string, bytes: number): Fate {
    const { network } = this.#plan;
    return fateOf(
      network,
      () => this.#random.fork("network").fork(key),
      bytes,
      this.#now,
      !this.#datagram,
    );
  }

  /** On a stream no write may overtake an earlier one, however long that one is held up. */
  #inOrder(from: Address, to: Address, t: Millis): Millis {
    const pipe = this.#pipes.get(from, to);
    if (pipe === undefined) return t;
    pipe.lastArrival = Math.max(pipe.lastArrival, t);
    return pipe.lastArrival;
  }

  #enqueue(delay: Millis, item: Item): void {
    this.#enqueueAt(this.#now + delay, item);
  }

  #enqueueAt(t: Millis, item: Item): void {
    this.#inFlight++;
    this.#queue.at(t, item);
  }

  #targets(to: Address, source: Address): readonly Address[] {
    if (!to.startsWith("*:")) return [to];
    const port = to.slice(1);
    return [...this.#listening.keys()].filter((a) => a.endsWith(port) && a !== source).sort();
  }

  #arrive(item: Extract<Item, { kind: "arrive" }>): void {
    const { packet, lost } = item;
    if (lost !== undefined) {
      this.#events.push({
        kind: "lost",
        t: this.#now,
        at: packet.to,
        packet: packet.index,
        by: lost,
      });
    } else if (this.#datagram) this.#arriveDatagram(item);
    else this.#arriveWrite(item);
    if (item.first && item.key !== undefined) {
      for (const entry of this.#attack.after(item.key)) this.#act(entry);
    }
  }

  #arriveDatagram(item: Extract<Item, { kind: "arrive" }>): void {
    const { packet } = item;
    const t = this.#now;
    const seat =
      packet.byAttacker === undefined ? this.#enemy.onWire(packet.source, item.to) : undefined;
    if (seat !== undefined) {
      const at = seat.puppet.id;
      const { bytes } = item;
      this.#events.push({ kind: "received", t, at, packet: packet.index, bytes, changed: false });
      this.#feed(seat, { kind: "datagram", bytes: bytes.slice(), from: packet.source });
      return;
    }
    const process = this.#listening.get(item.to);
    if (process === undefined) {
      const by = "nobody-there";
      this.#events.push({ kind: "lost", t, at: packet.to, packet: packet.index, by });
      return;
    }
    const room = process.spec.receiveBufferBytes ?? Number.POSITIVE_INFINITY;
    // What a packet carries is never changed in place: only endpoints get a copy of their own.
    const bytes = item.bytes.length > room ? item.bytes.subarray(0, room) : item.bytes;
    const changed = item.bytes !== packet.bytes;
    const at = process.id;
    this.#events.push({ kind: "received", t, at, packet: packet.index, bytes, changed });
    this.#handle(
      process,
      { kind: "datagram", bytes: bytes.slice(), from: packet.source },
      packet.source,
    );
  }

  #arriveWrite(item: Extract<Item, { kind: "arrive" }>): void {
    const { packet } = item;
    const pipe = this.#pipes.get(packet.source, item.to);
    const seat = this.#enemy.onWire(packet.source, item.to);
    const process = this.#listening.get(item.to);
    const t = this.#now;
    if (pipe === undefined || (process === undefined && seat === undefined)) {
      const by = "nobody-there";
      this.#events.push({ kind: "lost", t, at: packet.to, packet: packet.index, by });
      return;
    }
    const changed = item.bytes !== packet.bytes;
    const { bytes } = item;
    const at = seat?.puppet.id ?? process?.id ?? packet.to;
    this.#events.push({ kind: "received", t, at, packet: packet.index, bytes, changed });
    append(pipe, bytes);
    if (!pipe.flushScheduled) {
      pipe.flushScheduled = true;
      this.#enqueue(0, { kind: "flush", pipe });
    }
  }

  #flush(pipe: Pipe): void {
    pipe.flushScheduled = false;
    const seat = this.#enemy.onWire(pipe.from, pipe.to);
    const process = this.#listening.get(pipe.to);
    if ((process ?? seat) === undefined || pipe.pending.length === 0) return;
    const n = this.#count(`chunks ${pipe.from}>${pipe.to}`);
    const random = (): Random =>
      this.#random.fork("chunks").fork(`${pipe.from}>${pipe.to}`).fork(`${n}`);
    const chunk = takeChunk(pipe, this.#plan.network.chunking, random);
    const input: Input = { kind: "chunk", bytes: chunk, from: pipe.from };
    if (seat !== undefined) this.#feed(seat, input);
    else if (process !== undefined) this.#handle(process, input, pipe.from);
    if (pipe.pending.length > 0 && !pipe.flushScheduled) {
      pipe.flushScheduled = true;
      this.#enqueue(1, { kind: "flush", pipe });
    }
  }

  #connect(client: Address, server: Address): void {
    const latency = this.#plan.network.latencyMs;
    if (!this.#listening.has(server) && this.#enemy.onWire(client, server) === undefined) {
      this.#enqueue(latency, { kind: "closed", at: client, peer: server });
      return;
    }
    this.#pipes.open(client, server);
    this.#enqueue(latency, { kind: "connected", at: server, peer: client });
    this.#enqueue(2 * latency, { kind: "connected", at: client, peer: server });
  }

  #disconnect(a: Address, b: Address): void {
    for (const pipe of this.#pipes.close(a, b)) {
      // What was written before the end still arrives, and then the end.
      const t = Math.max(this.#now + this.#plan.network.latencyMs, pipe.lastArrival) + 1;
      this.#enqueue(t - this.#now, { kind: "closed", at: pipe.to, peer: pipe.from });
    }
  }

  // --- puppets ---------------------------------------------------------------------------------
  #takeSeat(move: Extract<Move, { move: "puppet" }>, index: number): void {
    const seat = this.#enemy.seat(move, index);
    if (seat === undefined) return;
    this.#handshakeUntouched = false;
    this.#noteMove(index, move.facing, undefined);
    this.#feed(seat, { kind: "start" });
    const asks = this.#book.role(move.role)?.peer !== undefined;
    if (!this.#datagram && asks) this.#connect(seat.address, seat.facing);
  }

  #hijack(move: Extract<Move, { move: "hijack" }>, index: number): void {
    const process = this.#processes.find((p) => p.id === move.process);
    if (process === undefined || process.end !== "alive") return;
    if (process.secrets === 0) this.#handshakeUntouched = false;
    const seat = this.#enemy.fork(move, index, process);
    this.#noteMove(index, process.id, undefined);
    const input = this.#enemy.next(seat);
    if (input !== undefined) this.#feed(seat, input);
  }

  #feed(seat: Seat, input: Input): void {
    this.#enemy.knowledge();
    this.#seatOutputs(seat, seat.puppet.feed(input, this.#now));
  }

  /** Knowledge may have grown: whatever stalled is tried again. */
  #wakeSeats(): void {
    this.#enemy.knowledge();
    for (const seat of this.#enemy.seats) {
      this.#seatOutputs(seat, seat.puppet.advance(this.#now));
      const due = seat.puppet.deadline;
      if (due !== undefined && Number.isFinite(due) && seat.timer !== Math.max(due, this.#now)) {
        seat.timer = Math.max(due, this.#now);
        this.#queue.at(seat.timer, { kind: "seat-timer", seat, t: seat.timer });
      }
    }
  }

  #seatOutputs(seat: Seat, outputs: readonly Output[]): void {
    for (const output of outputs) {
      if (output.kind === "transmit") this.#emitFromSeat(seat, output.bytes, output.to);
      else this.#enemy.absorb(seat, output);
    }
    for (const s of this.#enemy.seats) {
      if (!s.ready) continue;
      if (s.toSay.length > 0) this.#queue.at(this.#now + thinkMs, { kind: "say", seat: s });
      else if (s.forged < forgedMessages.length)
        this.#queue.at(this.#now + forgeAfterMs, { kind: "say", seat: s });
    }
  }

  #emitFromSeat(seat: Seat, bytes: Uint8Array, asked: Address | undefined): void {
    const to = asked ?? seat.facing;
    const { id } = seat.puppet;
    const label = this.#labelOf(to);
    const nth = this.#count(`${id}>${label}`);
    const packet = this.#put(
      {
        from: id,
        to: label,
        nth,
        source: seat.address,
        destination: to,
        bytes,
        byAttacker: "puppet",
      },
      this.#targetInData(to),
    );
    this.#packetByKey.set(packetKey(packet), packet);
    if (!this.#datagram && this.#pipes.get(seat.address, to)?.open !== true) return;
    const lost = undefined;
    const key = packetKey(packet);
    this.#enqueue(1, { kind: "arrive", packet, bytes: packet.bytes, to, lost, first: true, key });
  }

  // --- the attacker ----------------------------------------------------------------------------

  readonly #context = {
    packet: (ref: PacketRef): Uint8Array | undefined =>
      this.#packetByKey.get(packetKey(ref))?.bytes,
    ownKey: (like: Uint8Array): Uint8Array | undefined => this.#enemy.ownKey(like),
  };

  /** `touched`: a packet that the move concerns, or undefined if it only sends its own. */
  #noteMove(index: number, at: ProcessId, touched: number | undefined): void {
    this.#events.push({ kind: "attack", t: this.#now, at, move: index });
    if (touched === undefined) return;
    if (this.#inData[touched] !== true) this.#handshakeUntouched = false;
    const early = this.#early.get(touched);
    if (early !== undefined) this.#touchedEarly.add(early);
  }

  #act({ move, index }: IndexedMove): void {
    switch (move.move) {
      case "inject":
        this.#inject(move, index, fromHex(move.hex) ?? new Uint8Array(0), undefined);
        return;
      case "replay": {
        const original = this.#packetByKey.get(packetKey(move.packet));
        if (original === undefined) return;
        const bytes = applyEdits(original.bytes, move.edits ?? [], this.#context);
        this.#inject(move, index, bytes, original);
        return;
      }
      case "reflect": {
        const original = this.#packetByKey.get(packetKey(move.packet));
        if (original === undefined) return;
        this.#emit(index, original.bytes, original.destination, original.source, original);
        return;
      }
      case "participate":
        this.#enemy.enlist(this.#deployment.longTermSecrets(move.as));
        this.#noteMove(index, move.as, undefined);
        return;
      case "disclose":
        this.#disclose(move, index);
        return;
      case "puppet":
        this.#takeSeat(move, index);
        return;
      case "hijack":
        this.#hijack(move, index);
        return;
      default:
        return;
    }
  }

  #inject(
    move: Extract<Move, { move: "inject" | "replay" }>,
    index: number,
    bytes: Uint8Array,
    original: Packet | undefined,
  ): void {
    const target = this.#book.of(move.to);
    if (target === undefined) return;
    const asked = move.from;
    const source = asked === undefined ? attackerAddress : (this.#book.of(asked) ?? asked);
    const times = move.times ?? 1;
    for (let k = 0; k < times; k++) {
      // Many at once are many strangers: each has an address of its own.
      const own = k === 0 || source !== attackerAddress ? source : `${attackerHost}-${k}:6666`;
      this.#emit(index, bytes, own, target, original);
    }
  }

  #emit(
    index: number,
    bytes: Uint8Array,
    source: Address,
    to: Address,
    original: Packet | undefined,
  ): void {
    const label = this.#labelOf(to);
    const nth = this.#count(`${attackerHost}>${label}`);
    const inData =
      this.#targetInData(to) && (original === undefined || this.#inData[original.index] === true);
    const early = original && this.#early.get(original.index);
    if (early !== undefined) this.#early.set(this.#packets.length, early);
    const packet = this.#put(
      {
        from: attackerHost,
        to: label,
        nth,
        source,
        destination: to,
        bytes,
        byAttacker: original === undefined ? "injected" : "replayed",
        ...(original === undefined ? {} : { copyOf: original.index }),
      },
      inData,
    );
    this.#noteMove(index, label, packet.index);
    if (!this.#datagram && this.#pipes.get(source, to)?.open !== true) {
      const spec = this.#listening.get(to)?.spec;
      // Whoever only opens connections takes none.
      if (spec === undefined || (spec.peer !== undefined && spec.port === undefined)) return;
      this.#pipes.open(source, to);
      this.#enqueue(0, { kind: "connected", at: to, peer: source });
    }
    this.#enqueueAt(this.#spaced(source, to), {
      kind: "arrive",
      packet,
      bytes: packet.bytes,
      to,
      lost: undefined,
      first: true,
      key: packetKey(packet),
    });
  }

  /** What an attacker writes to a stream at one moment is not run together into one chunk. */
  #spaced(from: Address, to: Address): Millis {
    const pipe = this.#datagram ? undefined : this.#pipes.get(from, to);
    if (pipe === undefined) return this.#now;
    pipe.lastInjected = Math.max(this.#now, pipe.lastInjected + 1);
    return pipe.lastInjected;
  }

  /** Was a packet touched whose receiver had no key yet? Relays never have one: they do not count. */
  #touchedUnfinished(): boolean {
    return this.#processes.some((p) => p.secrets > 0 && this.#touchedEarly.has(p.spec.name));
  }

  /** Are all sessions in progress past their handshake, as far as `to` is concerned? */
  #targetInData(to: Address): boolean {
    const target = this.#listening.get(to);
    if (target === undefined) return false;
    if (target.spec.process === "session") return target.secrets > 0;
    const alive = this.#processes.filter((p) => p.spec.process === "session" && p.end === "alive");
    return alive.length > 0 && alive.every((p) => p.secrets > 0) && target.secretWith.size > 0;
  }

  #disclose(move: Extract<Move, { move: "disclose" }>, index: number): void {
    const { principal, what } = move;
    const before = this.#disclosed.length;
    if (what === "long-term") {
      this.#disclosed.push(...this.#deployment.longTermSecrets(principal));
    } else {
      const content = this.#stores.read(principal, what.slice("store:".length));
      if (content !== undefined) this.#disclosed.push(content);
    }
    for (const secret of this.#disclosed.slice(before)) this.#enemy.told(secret);
    if (this.#disclosed.length === before) return;
    this.#noteMove(index, principal, undefined);
    this.#events.push({ kind: "disclosed", t: this.#now, at: principal, principal, what });
  }

  #installed(): Trace["deployment"] {
    const deployment = this.#deployment;
    const { publicValues, identities, credentials = [] } = deployment;
    const shown: { -readonly [K in keyof Trace["deployment"]]: Trace["deployment"][K] } = {
      credentials,
      longTermSecrets: (principal) => deployment.longTermSecrets(principal),
    };
    if (publicValues !== undefined) shown.publicValues = publicValues;
    if (identities !== undefined) shown.identities = identities;
    return shown;
  }

  /** For floods, where the endpoint does not say how much it keeps: what can be seen of it. */
  #visibleState(process: Process): number | undefined {
    const flooded = this.#plan.attack.some((m) => "times" in m && (m.times ?? 1) > 1);
    return flooded ? visibleEntries(process.endpoint) : undefined;
  }

  // --- the result ------------------------------------------------------------------------------

  #trace(): Trace {
    return new FinishedRun(
      {
        plan: this.#plan,
        events: this.#events,
        packets: this.#packets,
        processes: this.#processes.map((p) => ({
          id: p.id,
          role: p.spec.name,
          principal: p.principal,
          address: p.address,
          plannedSession: p.plannedSession,
          service: p.spec.process === "service",
          end: p.end,
          stateSize: p.maxState ?? this.#visibleState(p),
        })),
        outcomes: this.#outcomes,
        crypto: this.#log,
        disclosed: this.#disclosed,
        attackerKnows: this.#enemy.knows,
        deployment: this.#installed(),
        handshakeUntouched: this.#handshakeUntouched && !this.#touchedUnfinished(),
        endMs: this.#now,
      },
      this.#enemy.workedOut,
    );
  }
}

/** Written out field by field: the order is part of the digest, and spreads are slow. */
function packetOf(about: Omit<Packet, "index" | "sentMs">, index: number, sentMs: Millis): Packet {
  const { from, to, nth, source, destination, byAttacker, copyOf } = about;
  const bytes = about.bytes.slice();
  if (byAttacker === undefined) {
    return { from, to, nth, source, destination, bytes, index, sentMs };
  }
  return copyOf === undefined
    ? { from, to, nth, source, destination, bytes, byAttacker, index, sentMs }
    : { from, to, nth, source, destination, bytes, byAttacker, copyOf, index, sentMs };
}

/** Has this process a key with the other one? */
const keyed = (p: Process, other: Address): boolean =>
  p.spec.process === "session" ? p.secrets > 0 : p.secretWith.has(other);

function principalsOf(plan: RunPlan): readonly Principal[] {
  const all = new Set(plan.protocol.roles.flatMap((r) => r.principals));
  for (const session of plan.workload.sessions) {
    for (const principal of Object.values(session.principals ?? {})) all.add(principal);
  }
  if (plan.protocol.registration === true) all.add(attackerHost);
  return [...all];
}

function itemOwner(item: Item): ProcessId {
  switch (item.kind) {
    case "timer":
      return item.process.id;
    case "send":
      return item.desk.process.id;
    case "arrive":
      return item.packet.to;
    default:
      return "network";
  }
}
