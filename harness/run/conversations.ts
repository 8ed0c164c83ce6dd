/**
 * What honest principals answered, by what they had been told: a tree for each of them, kept over
 * the runs of a search. Endpoints share nothing but stores and the wire, so a principal whose
 * processes are told the same answers the same, and its code need not run again.
 *
 * What a principal's processes may share (a deployment, stores) is why a tree belongs to a
 * principal, and not to a process. A run leaves a tree where it tells something new; then
 * conversation.ts makes live endpoints, and adds what they answer.
 */
import type { Input, Millis, Output, Principal, Protocol } from "../../protocol/endpoint.ts";
import { equalBytes, latin1 } from "../../protocol/kit/bytes.ts";
import { remembers } from "../../protocol/kit/memo.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { ProcessId, RunPlan } from "../trace/trace.ts";
import type { Dealt } from "./dealt.ts";
import type { ProcessPlace } from "./processes.ts";

/** What a principal's process is told: that it is opened, or an input. */
export type Told =
  | { readonly process: ProcessId; readonly place: ProcessPlace }
  | { readonly process: ProcessId; readonly input: Input; readonly now: Millis };

/** What it writes to its own stores. */
export interface Written {
  readonly name: string;
  readonly how: "write" | "append";
  readonly bytes: Uint8Array;
}

/** What came of it. */
export interface Answer {
  readonly outputs: readonly Output[];
  /** The message of what its code threw. An error itself would keep the whole run in memory. */
  readonly thrown: string | undefined;
  readonly ops: readonly OpRecord[];
  /** Operations that failed. */
  readonly failed: readonly OpRecord[];
  readonly written: readonly Written[];
}

const nothing: Answer = { outputs: [], thrown: undefined, ops: [], failed: [], written: [] };

/** A principal after it was told all that leads here. */
export class Place {
  readonly parent: Place | undefined;
  /** The last of what it was told; absent at the beginning. */
  readonly told: Told | undefined;
  readonly answer: Answer;
  /** What `deadline()` and `stateSize()` said then, in the order in which they were asked. */
  readonly queries: {
    readonly query: "deadline" | "stateSize";
    readonly is: number | undefined;
  }[] = [];
  /** What `longTermSecrets` said then, by principal. */
  secrets: Map<Principal, readonly Uint8Array[]> | undefined;
  /** The first continuation is what most runs take. */
  #usual: Place | undefined;
  #others: Map<string, Place> | undefined;

  constructor(parent?: Place, told?: Told, answer: Answer = nothing) {
    this.parent = parent;
    this.told = told;
    this.answer = answer;
  }

  /** Has nothing been kept of what comes after? */
  get isLast(): boolean {
    return this.#usual === undefined;
  }

  /** @returns the place after it was told that, if that ever happened. */
  after(told: Told): Place | undefined {
    const usual = this.#usual;
    if (usual !== undefined && isSame(usual.told as Told, told)) return usual;
    return this.#others?.get(keyOf(told));
  }

  /** @param told must not change any more. */
  add(told: Told, answer: Answer): Place {
    const place = new Place(this, told, answer);
    if (this.#usual === undefined) this.#usual = place;
    else {
      this.#others ??= new Map();
      this.#others.set(keyOf(told), place);
    }
    return place;
  }
}

function isSame(a: Told, b: Told): boolean {
  if (a.process !== b.process) return false;
  if ("place" in a) return "place" in b && placeKey(a.place) === placeKey(b.place);
  return !("place" in b) && a.now === b.now && isSameInput(a.input, b.input);
}

function isSameInput(a: Input, b: Input): boolean {
  switch (a.kind) {
    case "datagram":
    case "chunk":
      return b.kind === a.kind && a.from === b.from && equalBytes(a.bytes, b.bytes);
    case "connected":
    case "closed":
      return b.kind === a.kind && a.peer === b.peer;
    case "send":
      return b.kind === "send" && equalBytes(a.message, b.message) && sendKey(a) === sendKey(b);
    case "shown":
      return b.kind === "shown" && a.from === b.from && equalBytes(a.value, b.value);
    case "start":
    case "timeout":
      return b.kind === a.kind;
  }
}

type Send = Extract<Input, { kind: "send" }>;
const sendKey = ({ to, toAll, session }: Send): string =>
  toAll === undefined && session === undefined ? (to ?? "") : JSON.stringify([to, toAll, session]);

const placeKey = ({ id, spec, principal, address, peerAddress, peer }: ProcessPlace): string =>
  JSON.stringify([id, spec.name, principal, address, peerAddress, peer]);

function keyOf(told: Told): string {
  if ("place" in told) return placeKey(told.place);
  const { process, input, now } = told;
  const key = `${process} ${now} ${input.kind}`;
  switch (input.kind) {
    case "datagram":
    case "chunk":
      return `${key} ${input.from} ${latin1(input.bytes)}`;
    case "connected":
    case "closed":
      return `${key} ${input.peer}`;
    case "send":
      return `${key} ${sendKey(input)} ${latin1(input.message)}`;
    case "shown":
      return `${key} ${input.from} ${latin1(input.value)}`;
    case "start":
    case "timeout":
      return key;
  }
}

/** Where the principals of one installation begin. */
export class Beginnings {
  dealt: Dealt | undefined;
  readonly #places = new Map<Principal, Place>();

  of(principal: Principal): Place {
    let place = this.#places.get(principal);
    if (place === undefined) {
      place = new Place();
      this.#places.set(principal, place);
    }
    return place;
  }
}

/** What is kept at most, in bytes, roughly. */
const mostWeight = 10_000_000;
const perPlace = 1_000;
const perOutput = 300;
const perOperation = 200;

/** The trees of one protocol, for as long as a search takes. */
export class Conversations {
  readonly #protocol: Protocol;
  readonly #beginnings = new Map<string, Beginnings>();
  #weight = 0;
  /** Something did not come out as it had before: nothing is answered from here any more. */
  isOff = false;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /**
   * @param principals to whom keys are dealt.
   * @returns where they begin; `undefined` where nothing is answered from here: findings are
   *   confirmed on code that runs, and some attacks look into live endpoints, or change them.
   */
  beginnings(plan: RunPlan, principals: readonly Principal[]): Beginnings | undefined {
    if (this.isOff || !remembers() || !this.#fits(plan)) return undefined;
    if (this.#weight > mostWeight) {
      this.#beginnings.clear();
      this.#weight = 0;
    }
    const installation = JSON.stringify([plan.seed, plan.options, principals]);
    let found = this.#beginnings.get(installation);
    if (found === undefined) {
      found = new Beginnings();
      this.#beginnings.set(installation, found);
    }
    return found;
  }

  #fits({ protocol, copies, sharesDeployment, attack }: RunPlan): boolean {
    if (protocol !== this.#protocol || copies !== undefined || sharesDeployment === true)
      return false;
    return !attack.some((m) => m.move === "log-in" || ("times" in m && (m.times ?? 1) > 1));
  }

  /** So much more is kept. */
  grow({ outputs, ops, failed, written }: Answer, told: Told): void {
    let weight =
      perPlace + perOperation * (ops.length + failed.length) + perOutput * outputs.length;
    for (const output of outputs) if ("bytes" in output) weight += output.bytes.length;
    for (const { bytes } of written) weight += bytes.length;
    if ("input" in told && "bytes" in told.input) weight += told.input.bytes.length;
    this.#weight += weight;
  }
}

/** @returns the outputs with bytes of their own; `undefined` if that is no list of outputs. */
export function ownOutputs(outputs: unknown): readonly Output[] | undefined {
  if (!Array.isArray(outputs)) return undefined;
  if (outputs.length === 0) return nothing.outputs;
  const own: Output[] = [];
  for (const output of outputs as readonly Output[]) {
    if (typeof output !== "object" || output === null) return undefined;
    own.push(ownOutput(output));
  }
  return own;
}

function ownOutput(output: Output): Output {
  switch (output.kind) {
    case "transmit":
      return { ...output, bytes: copied(output.bytes) };
    case "submit":
    case "deliver":
    case "confirm":
    case "give-up":
      return { ...output, message: copied(output.message) };
    case "show":
      return { ...output, value: copied(output.value) };
    case "claim":
      return { ...output, claim: ownClaim(output.claim) };
    default:
      return { ...output };
  }
}

type Claim = Extract<Output, { kind: "claim" }>["claim"];
function ownClaim(claim: Claim): Claim {
  switch (claim?.kind) {
    case "running":
    case "commit": {
      const { agreed } = claim;
      return agreed === undefined ? { ...claim } : { ...claim, agreed: copied(agreed) };
    }
    case "secret":
      return { ...claim, value: copied(claim.value) };
    case "evidence":
      return { ...claim, message: copied(claim.message), bytes: copied(claim.bytes) };
    default:
      return claim;
  }
}

/** What is no byte string is for handle-input.ts to complain of. */
const copied = (bytes: Uint8Array): Uint8Array =>
  bytes instanceof Uint8Array ? bytes.slice() : bytes;
