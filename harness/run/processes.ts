/** The processes of a run, and the environment of each. */

import { typedEndpoint, typedKit } from "../../attacker/typed-user.ts";
import type {
  Address,
  Deployment,
  Endpoint,
  Env,
  Input,
  Millis,
  Principal,
  RoleSpec,
} from "../../protocol/endpoint.ts";
import type { CryptoKit } from "../../protocol/kit/crypto.ts";
import type { Gate } from "../../protocol/kit/gate.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import type { ProcessId, ProcessInfo, RunPlan, Witness } from "../trace/trace.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { Stores } from "./stores.ts";
import type { Typing } from "./typing.ts";

export interface Process {
  readonly id: ProcessId;
  readonly spec: RoleSpec;
  readonly principal: Principal;
  readonly address: Address;
  readonly peerAddress: Address | undefined;
  readonly peer: Principal | undefined;
  readonly plannedSession: number | undefined;
  readonly endpoint: Endpoint;
  end: ProcessInfo["end"];
  maxState: number | undefined;
  timer: Millis | undefined;
  /** Session keys claimed so far; for services, by the address they were claimed with. */
  secrets: number;
  readonly secretWith: Set<Address>;
  /** Labels of a service's sessions, in the order in which they came up. */
  readonly labels: Set<string>;
  /** Where the inputs came from that belong to a session, where its label does not say so. */
  readonly cameFrom: Map<string, Set<Address>>;
  /** Sessions of a service that said `ready`, in order, for handing out planned messages. */
  readonly readySessions: string[];
  /** The labels of all sessions in which it said `ready`. */
  readonly readyAs: string[];
  /** Every input so far; kept only where the attack may hijack the process. */
  readonly history: { readonly input: Input; readonly now: Millis }[];
}

/** Has this process a key with the other one? */
export function hasKeyWith(process: Process, other: Address): boolean {
  return process.spec.process === "session" ? process.secrets > 0 : process.secretWith.has(other);
}

/** An output of this service's session answers an input from there. */
export function notePlace(process: Process, session: string, from: Address): void {
  process.labels.add(session);
  if (session === from) return;
  const places = process.cameFrom.get(session);
  if (places === undefined) process.cameFrom.set(session, new Set([from]));
  else {
    // The latest is the last one.
    places.delete(from);
    places.add(from);
  }
}

/** The label of a service's outputs that bear none, where the input has no address either. */
export function onlySession({ labels }: Process): string | undefined {
  return labels.size === 1 ? labels.values().next().value : undefined;
}

/** Where a service's session is: the latest address, or its label, which is an address then. */
export const placeOf = ({ cameFrom }: Process, session: string): Address =>
  [...(cameFrom.get(session) ?? [])].at(-1) ?? session;

/** What the environment of a process needs beside its place in the plan. */
interface ProcessWorld {
  readonly log: OpRecord[];
  readonly random: Random;
  readonly stores: Pick<Stores, "of">;
  readonly typing: Typing;
  readonly attempts: OpRecord[];
  readonly plan?: Pick<RunPlan, "witness">;
}
export type ProcessPlace = Pick<
  Process,
  "id" | "spec" | "principal" | "address" | "peerAddress" | "peer" | "plannedSession"
>;

/**
 * The environment of a process. No spreads here: V8 makes a hidden class for each object that gets
 * a function after a spread, and retains the whole run with it until the next full collection.
 */
export function envOf(about: {
  readonly self: Principal;
  readonly role: string;
  readonly address: Address;
  readonly peer: Principal | undefined;
  readonly peerAddress: Address | undefined;
  readonly crypto: CryptoKit;
  readonly stores: Pick<Stores, "of">;
}): Env {
  const { self, role, address, peer, peerAddress, crypto, stores } = about;
  const env: { -readonly [K in keyof Env]: Env[K] } = {
    self,
    role,
    address,
    crypto,
    store(name) {
      return stores.of(self, name);
    },
  };
  if (peer !== undefined) env.peer = peer;
  if (peerAddress !== undefined) env.peerAddress = peerAddress;
  return env;
}

export function openEndpoint(
  deployment: Deployment,
  world: ProcessWorld,
  place: ProcessPlace,
): Endpoint {
  const { id, spec, principal, address, peerAddress, peer } = place;
  const random = world.random.fork(principal).fork(id);
  const gate = witnessed(id, world.plan?.witness);
  const recorder = new CryptoRecorder(world.log, random, id, gate, world.attempts);
  const login = world.typing.login(id, principal, deployment);
  const crypto = login === undefined ? recorder : typedKit(recorder, login);
  const env = envOf({
    self: principal,
    role: spec.name,
    address,
    peer,
    peerAddress,
    crypto,
    stores: world.stores,
  });
  const opened = deployment.open(spec.name, env);
  if (typeof opened?.handle !== "function") {
    throw new ProtocolError(`open("${spec.name}") must return an endpoint with a handle function`);
  }
  return login === undefined ? opened : typedEndpoint(opened, login);
}

/** Refuses nothing: only tells the witness, where there is one. */
function witnessed(id: ProcessId, witness: Witness | undefined): Gate | undefined {
  if (witness === undefined) return undefined;
  const done = (): void => witness.recorded(id);
  return { done, failed: () => {}, compare: (a, b) => a === b };
}

export function processOf(endpoint: Endpoint, place: ProcessPlace): Process {
  const { id, spec, principal, address, peerAddress, peer, plannedSession } = place;
  return {
    id,
    spec,
    principal,
    address,
    peerAddress,
    peer,
    plannedSession,
    endpoint,
    end: "alive",
    maxState: undefined,
    timer: undefined,
    secrets: 0,
    secretWith: new Set(),
    labels: new Set(),
    cameFrom: new Map(),
    readySessions: [],
    readyAs: [],
    history: [],
  };
}
