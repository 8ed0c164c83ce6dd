/**
 * What receivers do with packets that are not as they were sent: asked of the code itself, without
 * a run. A process is brought to where it was when a packet reached it, is given the changed one,
 * and then what followed. That costs a hundredth of a run, so every value of a byte can be tried.
 */
import { applyEdits } from "../../attacker/edit.ts";
import { type Edit, type PacketRef, packetKey } from "../../attacker/move.ts";
import type { PlaceOfVariant, Reaction, Scene } from "../../attacker/strategies/strategy.ts";
import type { Deployment, Endpoint, Env, Input, Millis, Output } from "../../protocol/endpoint.ts";
import { equalBytes } from "../../protocol/kit/bytes.ts";
import { ownInput } from "../../protocol/kit/copy-input.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { envOf } from "../run/processes.ts";
import { RunState } from "../run/run-state.ts";
import { simulate } from "../run/simulate.ts";
import type { Packet, ProcessInfo, RunPlan, Trace } from "../trace/trace.ts";

/** One call of an endpoint in an undisturbed run. */
interface Step {
  readonly input: Input;
  readonly now: Millis;
  readonly outputs: readonly Output[];
}
interface Recording {
  readonly about: Omit<Env, "crypto" | "store">;
  readonly steps: Step[];
}

/** So many inputs after the changed one show what it has led to. */
const horizon = 4;
/** Of what follows in a long session, too much would have to be repeated. */
const longestHistory = 60;

/** The same run once more, with the calls of all endpoints noted down, in the order of opening. */
function recorded(plan: RunPlan): readonly Recording[] {
  const all: Recording[] = [];
  const noting = (deployment: Deployment): Deployment => ({
    ...deployment,
    open(role, env) {
      const opened = deployment.open(role, env);
      const { crypto: _, store: __, ...about } = env;
      const steps: Step[] = [];
      all.push({ about, steps });
      return noted(opened, steps);
    },
  });
  const { protocol, copies = [] } = plan;
  const watched = [protocol, ...copies].map((each) => ({
    ...each,
    deploy: (dealing: Parameters<typeof each.deploy>[0]) => noting(each.deploy(dealing)),
  }));
  simulate({ ...plan, protocol: watched[0] ?? protocol, copies: watched.slice(1) });
  return all;
}

function noted(endpoint: Endpoint, steps: Step[]): Endpoint {
  const { deadline, stateSize } = endpoint;
  return {
    handle(input, now) {
      const given = ownInput(input);
      const outputs = endpoint.handle(input, now);
      steps.push({ input: given, now, outputs });
      return outputs;
    },
    ...(deadline === undefined ? {} : { deadline: () => deadline.call(endpoint) }),
    ...(stateSize === undefined ? {} : { stateSize: () => stateSize.call(endpoint) }),
  };
}

/** An output as others see it, without what differs in every session. */
function summary(output: Output): string {
  switch (output.kind) {
    case "transmit":
      return `sends ${output.bytes.length} ${output.bytes[0]}`;
    case "deliver":
      return `delivers ${output.message.length}`;
    case "claim":
      return `claims ${output.claim.kind}`;
    case "reject":
      return `rejects ${output.reason}`;
    case "negotiated":
      return `negotiated ${output.suite}`;
    case "exit":
      return `exits ${output.ok}`;
    default:
      return output.kind;
  }
}
const isIdle = ({ kind }: Output): boolean => kind === "reject" || kind === "log";

/** Where a packet has reached its receiver. */
interface Place {
  readonly id: string;
  readonly principal: string;
  readonly recording: Recording;
  /** The index of the call that brought it; on a stream, others may have come with it. */
  readonly step: number;
  readonly before: Incoming | undefined;
  readonly input: Incoming;
  readonly after: Incoming | undefined;
}
type Incoming = Extract<Input, { kind: "datagram" | "chunk" }>;

/** Processes of one undisturbed run, and what they would have done with other packets. */
class Receivers {
  readonly #plan: RunPlan;
  readonly #places = new Map<string, Place>();
  /** What follows if a packet does not come. */
  readonly #dropped = new Map<Place, string>();
  readonly #asRecorded = new Map<Place, boolean>();

  constructor(trace: Trace) {
    this.#plan = trace.plan;
    const all = recorded(trace.plan);
    if (all.length !== trace.processes.length) return;
    for (const [i, process] of trace.processes.entries()) {
      this.#find(trace, process, all[i] as Recording);
    }
  }

  #find({ events, packets }: Trace, { id, principal }: ProcessInfo, recording: Recording): void {
    const got = events.flatMap((e) => (e.kind === "received" && e.at === id ? [e.packet] : []));
    const waiting = got.map((index) => packets[index] as Packet);
    for (const [step, { input }] of recording.steps.entries()) {
      if (!("bytes" in input) || step >= longestHistory) continue;
      // What is written at one moment comes together.
      let at = 0;
      while (at < input.bytes.length) {
        const next = waiting.findIndex(({ source }) => source === input.from);
        const [packet] = next < 0 ? [] : waiting.splice(next, 1);
        if (packet === undefined) return;
        const end = at + packet.bytes.length;
        if (!equalBytes(input.bytes.subarray(at, end), packet.bytes)) return;
        const part = (from: number, to?: number): Incoming => ({
          ...input,
          bytes: input.bytes.slice(from, to),
        });
        this.#places.set(packetKey(packet), {
          id,
          principal,
          recording,
          step,
          before: at === 0 ? undefined : part(0, at),
          input: part(at, end),
          after: end === input.bytes.length ? undefined : part(end),
        });
        at = end;
        if (packet.bytes.length === 0) break;
      }
    }
  }

  /** @returns one for each; nothing where the receiver cannot be asked. */
  reactions(
    ref: PacketRef,
    variants: readonly (readonly Edit[])[],
    place: PlaceOfVariant,
  ): readonly Reaction[] {
    const found = this.#places.get(packetKey(ref));
    if (found === undefined || !this.#isAsRecorded(found)) return [];
    const own = found.input.bytes;
    const inputs = variants.map((edits): readonly Input[] => {
      const bytes = applyEdits(own, edits, { packet: () => undefined });
      return [{ ...found.input, bytes }, ...(place === "before" ? [found.input] : [])];
    });
    return this.#all(found, inputs);
  }

  /** Does the process come out as in the run? Where something else acts on it, it may not. */
  #isAsRecorded(place: Place): boolean {
    let same = this.#asRecorded.get(place);
    if (same !== undefined) return same;
    const { before, input, after: rest, recording, step } = place;
    const { now, outputs } = recording.steps[step] as Step;
    const at = this.#bring(before === undefined ? place : { ...place, before: undefined });
    const parts = [before, input, rest].flatMap((each) => each ?? []);
    const again = parts.flatMap((each) => attempt(at.endpoint, each, now) ?? []);
    same = again.map(summary).join() === outputs.map(summary).join();
    this.#asRecorded.set(place, same);
    return same;
  }

  #all(place: Place, inputs: readonly (readonly Input[])[]): readonly Reaction[] {
    const without = this.#without(place);
    const found: Reaction[] = [];
    while (found.length < inputs.length) {
      found.push(...this.#together(place, inputs.slice(found.length), without));
    }
    return found;
  }

  #without(place: Place): string {
    const without = this.#dropped.get(place) ?? after(this.#bring(place), place);
    this.#dropped.set(place, without);
    return without;
  }

  /**
   * Packets that a process refuses leave it as it was: then the next one needs no new process.
   * @returns the reactions to the first few of the inputs.
   */
  #together(
    place: Place,
    inputs: readonly (readonly Input[])[],
    without: string,
  ): readonly Reaction[] {
    let at = this.#bring(place);
    const found: Reaction[] = [];
    for (const given of inputs) {
      const { outputs, atOnce, by } = told(at, given, place);
      const idle = outputs?.every(isIdle) === true;
      if (!idle && found.length > 0) {
        // It is the first of the next few; without it, the process is where these have left it.
        at = this.#bring(place);
        for (const refused of inputs.slice(0, found.length)) told(at, refused, place);
        break;
      }
      const replies = outputs?.flatMap((o) => (o.kind === "transmit" ? [o.bytes] : [])) ?? [];
      const later = idle ? without : after(at, place);
      const signature = `${atOnce} by ${by} then ${later}`;
      found.push({ signature, atOnce, later, idle, replies });
      if (!idle) return found;
    }
    const later = after(at, place);
    if (later === without) return found;
    if (found.length > 1) {
      // Not all of them were for nothing.
      const middle = found.length >> 1;
      const halves = [inputs.slice(0, middle), inputs.slice(middle, found.length)];
      return halves.flatMap((half) => this.#all(place, half));
    }
    return found.map((each) => ({
      ...each,
      signature: `${each.signature} but ${later}`,
      later,
      idle: false,
    }));
  }

  /** Opens the process again, and tells it all that it was told before. */
  #bring({ id, principal, recording, step, before }: Place): Brought {
    const run = new RunState(this.#plan);
    const log: OpRecord[] = [];
    const crypto = new CryptoRecorder(log, run.random.fork(principal).fork(id), id);
    const { self, role, address, peer, peerAddress } = recording.about;
    const { stores } = run;
    const env = envOf({ self, role, address, peer, peerAddress, crypto, stores });
    const endpoint = run.deploymentOf(principal).open(role, env);
    for (const { input, now } of recording.steps.slice(0, step)) attempt(endpoint, input, now);
    if (before !== undefined) attempt(endpoint, before, (recording.steps[step] as Step).now);
    return { endpoint, log };
  }
}

/** Gives it what comes at once. */
function told({ endpoint, log }: Brought, given: readonly Input[], { recording, step }: Place) {
  const { now } = recording.steps[step] as Step;
  const before = log.length;
  const all = given.map((input) => attempt(endpoint, input, now));
  const outputs = all.includes(undefined) ? undefined : all.flatMap((each) => each ?? []);
  const done = log.slice(before).map((op) => `${op.op} ${op.output.length}`);
  const shown = all.map((each) => each?.map(summary).join() ?? "throws").filter((s) => s !== "");
  return { outputs, atOnce: shown.join(), by: done.join() };
}

interface Brought {
  readonly endpoint: Endpoint;
  readonly log: OpRecord[];
}

/** What it does with what came next. */
function after({ endpoint }: Brought, { recording, step, after: rest }: Place): string {
  const { now } = recording.steps[step] as Step;
  const next = recording.steps.slice(step + 1, step + 1 + horizon);
  const all = [...(rest === undefined ? [] : [{ input: rest, now }]), ...next];
  return all
    .map((each) => attempt(endpoint, each.input, each.now)?.map(summary).join() ?? "throws")
    .join(";");
}

/** @returns `undefined` if the code throws. */
function attempt(endpoint: Endpoint, input: Input, now: Millis): readonly Output[] | undefined {
  try {
    return endpoint.handle(ownInput(input), now);
  } catch {
    return undefined;
  }
}

/** Asks receivers of an undisturbed run; they are set up when the first question comes. */
export function reactionsOf(trace: Trace): Scene["reactions"] {
  let receivers: Receivers | undefined;
  return (ref, variants, place = "instead") => {
    receivers ??= new Receivers(trace);
    return receivers.reactions(ref, variants, place);
  };
}
