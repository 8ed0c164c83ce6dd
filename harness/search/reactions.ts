/**
 * What receivers do with packets that are not as they were sent: asked of the code itself, without
 * a run. A process is brought to where it was when a packet reached it, is given the changed one,
 * and then what followed. That costs a hundredth of a run, so every value of a byte can be tried.
 */
import { applyEdits } from "../../attacker/edit.ts";
import { type Edit, type PacketRef, packetKey } from "../../attacker/move.ts";
import type { Reaction, Scene } from "../../attacker/strategies/strategy.ts";
import type { Deployment, Endpoint, Env, Input, Millis, Output } from "../../protocol/endpoint.ts";
import { equalBytes } from "../../protocol/kit/bytes.ts";
import { ownInput } from "../../protocol/kit/copy-input.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { envOf } from "../run/processes.ts";
import { RunState } from "../run/run-state.ts";
import { simulate } from "../run/simulate.ts";
import type { ProcessInfo, RunPlan, Trace } from "../trace/trace.ts";

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
const horizon = 3;
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

const isFromNetwork = ({ kind }: Input): boolean => kind === "datagram" || kind === "chunk";

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
  /** The index of the call that brought it. */
  readonly step: number;
}

/** Processes of one undisturbed run, and what they would have done with other packets. */
class Receivers {
  readonly #plan: RunPlan;
  readonly #places = new Map<string, Place>();
  /** What follows if a packet does not come. */
  readonly #dropped = new Map<string, string>();

  constructor(trace: Trace) {
    this.#plan = trace.plan;
    const all = recorded(trace.plan);
    if (all.length !== trace.processes.length) return;
    for (const [i, process] of trace.processes.entries()) {
      this.#find(trace, process, all[i] as Recording);
    }
  }

  #find({ events, packets }: Trace, { id, principal }: ProcessInfo, recording: Recording): void {
    const { steps } = recording;
    const arrivals = steps.flatMap(({ input }, i) => (isFromNetwork(input) ? [i] : []));
    const got = events.filter((e) => e.kind === "received" && e.at === id);
    for (const [k, event] of got.entries()) {
      const step = arrivals[k];
      const input = step === undefined ? undefined : steps[step]?.input;
      const packet = event.kind === "received" ? packets[event.packet] : undefined;
      if (step === undefined || packet === undefined || input === undefined) return;
      // Where several have come together, none of them can be told apart.
      if (!("bytes" in input) || !equalBytes(input.bytes, packet.bytes)) return;
      if (step < longestHistory)
        this.#places.set(packetKey(packet), { id, principal, recording, step });
    }
  }

  /** @returns one for each; nothing where the receiver cannot be asked. */
  reactions(ref: PacketRef, variants: readonly (readonly Edit[])[]): readonly Reaction[] {
    const key = packetKey(ref);
    const place = this.#places.get(key);
    if (place === undefined) return [];
    const { input } = place.recording.steps[place.step] as Step;
    if (!("bytes" in input)) return [];
    const inputs = variants.map((edits): Input => {
      return { ...input, bytes: applyEdits(input.bytes, edits, { packet: () => undefined }) };
    });
    const without = this.#dropped.get(key) ?? after(this.#bring(place), place);
    this.#dropped.set(key, without);
    const found: Reaction[] = [];
    let from = 0;
    while (from < inputs.length) {
      const some = this.#together(place, inputs.slice(from), without);
      from += some.length;
      found.push(...some);
    }
    return found;
  }

  /**
   * Packets that a process refuses leave it as it was: then the next one needs no new process.
   * @returns the reactions to the first few of the inputs.
   */
  #together(place: Place, inputs: readonly Input[], without: string): readonly Reaction[] {
    let at = this.#bring(place);
    const { now } = place.recording.steps[place.step] as Step;
    const found: Reaction[] = [];
    for (const input of inputs) {
      const before = at.log.length;
      const outputs = attempt(at.endpoint, input, now);
      const done = at.log.slice(before).map((op) => `${op.op} ${op.output.length}`);
      const shown = `${outputs?.map(summary).join() ?? "throws"} by ${done.join()}`;
      const idle = outputs?.every(isIdle) === true;
      if (!idle && found.length > 0) {
        // It is the first of the next few; without it, the process is where these have left it.
        at = this.#bring(place);
        for (const refused of inputs.slice(0, found.length)) attempt(at.endpoint, refused, now);
        break;
      }
      const replies = outputs?.flatMap((o) => (o.kind === "transmit" ? [o.bytes] : [])) ?? [];
      const later = idle ? without : after(at, place);
      found.push({ signature: `${shown} then ${later}`, idle, replies });
      if (!idle) return found;
    }
    const later = after(at, place);
    if (later === without) return found;
    // One of them was not for nothing.
    if (found.length > 1)
      return inputs.slice(0, found.length).flatMap((i) => this.#together(place, [i], without));
    return found.map((each) => ({
      ...each,
      signature: `${each.signature} but ${later}`,
      idle: false,
    }));
  }

  /** Opens the process again, and tells it all that it was told before. */
  #bring({ id, principal, recording, step }: Place): Brought {
    const run = new RunState(this.#plan);
    const log: OpRecord[] = [];
    const crypto = new CryptoRecorder(log, run.random.fork(principal).fork(id), id);
    const { self, role, address, peer, peerAddress } = recording.about;
    const { stores } = run;
    const env = envOf({ self, role, address, peer, peerAddress, crypto, stores });
    const endpoint = run.deploymentOf(principal).open(role, env);
    for (const { input, now } of recording.steps.slice(0, step)) attempt(endpoint, input, now);
    return { endpoint, log };
  }
}

interface Brought {
  readonly endpoint: Endpoint;
  readonly log: OpRecord[];
}

/** What it does with what came next. */
const after = ({ endpoint }: Brought, { recording, step }: Place): string =>
  recording.steps
    .slice(step + 1, step + 1 + horizon)
    .map(({ input, now }) => attempt(endpoint, input, now)?.map(summary).join() ?? "throws")
    .join(";");

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
  return (ref, variants) => {
    receivers ??= new Receivers(trace);
    return receivers.reactions(ref, variants);
  };
}
