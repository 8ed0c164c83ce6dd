/**
 * Who runs where: the processes of a plan, their addresses, and the guarded call of an endpoint.
 */
import type {
  Address,
  Deployment,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  PlannedSession,
  Principal,
  RoleSpec,
  Store,
} from "../protocol/endpoint.ts";
import { concat } from "../protocol/kit/bytes.ts";
import type { Random } from "../protocol/kit/random.ts";
import { CryptoRecorder, type OpRecord } from "../protocol/kit/recorder.ts";
import type { ProcessId, ProcessInfo, RunPlan } from "./trace.ts";

/** The protocol under test misuses the interface: not an attack, but a mistake to be told. */
export class ProtocolError extends Error {}

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
  /** Sessions of a service that said `ready`, in order, for handing out planned messages. */
  readonly readySessions: string[];
  /** Every input so far; kept only where an attack may go on from it. */
  readonly history: { readonly input: Input; readonly now: Millis }[];
}

const firstEphemeralPort = 40_000;

/** Which principal plays `role` in a session; the first one where there are several. */
export function principalOf(spec: RoleSpec, session: PlannedSession | undefined): Principal {
  return session?.principals?.[spec.name] ?? spec.principals[0] ?? spec.name;
}

/** Addresses are decided by the plan alone, so that moves can name processes not yet started. */
export class AddressBook {
  readonly #plan: RunPlan;

  constructor(plan: RunPlan) {
    this.#plan = plan;
  }

  role(name: string): RoleSpec | undefined {
    return this.#plan.protocol.roles.find((r) => r.name === name);
  }

  /** A planned message names a role, which means its first principal, or one of its principals. */
  speaker(from: string): { readonly spec: RoleSpec; readonly index: number } | undefined {
    const named = this.role(from);
    if (named !== undefined) return { spec: named, index: 0 };
    const spec = this.#plan.protocol.roles.find((r) => r.principals.includes(from));
    return spec && { spec, index: spec.principals.indexOf(from) };
  }

  /** Everybody who runs the service of a role in some session, its usual operator first. */
  operators(spec: RoleSpec): readonly Principal[] {
    const sessions = [undefined, ...this.#plan.workload.sessions];
    return [...new Set(sessions.map((session) => principalOf(spec, session)))];
  }

  /** Address of the service of a role. */
  service(spec: RoleSpec, session: PlannedSession | undefined): Address {
    return `${principalOf(spec, session)}:${spec.port ?? 1}`;
  }

  /** Address of the `index`-th process of a per-session role. */
  sessionProcess(spec: RoleSpec, principal: Principal, index: number): Address {
    const roles = this.#plan.protocol.roles;
    const port = spec.port ?? firstEphemeralPort + index * roles.length + roles.indexOf(spec);
    return `${principal}:${port}`;
  }

  /** Where a process named in a move listens, whether it runs yet or not. */
  of(id: ProcessId): Address | undefined {
    const [name, number] = id.split("#") as [string, string | undefined];
    const spec = this.role(name);
    if (spec === undefined || number === undefined) return undefined;
    if (spec.process === "service") {
      const operators = this.operators(spec);
      return `${operators[Number(number) % operators.length]}:${spec.port ?? 1}`;
    }
    const index = Number(number);
    const width = spec.principals.length;
    const session = this.#plan.workload.sessions[Math.floor(index / width)];
    const principal =
      width === 1 ? principalOf(spec, session) : (spec.principals[index % width] as Principal);
    return this.sessionProcess(spec, principal, index);
  }
}

type OnWrite = (principal: Principal, name: string, bytes: Uint8Array) => void;

/** Stores of all principals, in memory. */
export class Stores {
  readonly #content = new Map<string, Uint8Array>();
  readonly #onWrite: OnWrite | undefined;

  constructor(onWrite?: OnWrite) {
    this.#onWrite = onWrite;
  }

  of(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const content = this.#content;
    const onWrite = this.#onWrite;
    return {
      read() {
        return content.get(key)?.slice() ?? new Uint8Array(0);
      },
      write(bytes) {
        content.set(key, bytes.slice());
        onWrite?.(principal, name, bytes.slice());
      },
      append(bytes) {
        content.set(key, concat(content.get(key) ?? new Uint8Array(0), bytes));
        onWrite?.(principal, name, bytes.slice());
      },
    };
  }

  read(principal: Principal, name: string): Uint8Array | undefined {
    return this.#content.get(`${principal}/${name}`);
  }
}

/** What the environment of a process needs beside its place in the plan. */
interface ProcessWorld {
  readonly log: OpRecord[];
  readonly random: Random;
  readonly stores: Stores;
}
type Place = Pick<
  Process,
  "id" | "spec" | "principal" | "address" | "peerAddress" | "peer" | "plannedSession"
>;

/**
 * What a process sees of the world. No spreads here: V8 makes a hidden class for each object that
 * gets a function after a spread, and keeps with it all of the run until the next full collection.
 */
export function envOf(about: {
  readonly self: Principal;
  readonly role: string;
  readonly address: Address;
  readonly peer: Principal | undefined;
  readonly peerAddress: Address | undefined;
  readonly crypto: CryptoRecorder;
  readonly stores: Stores;
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

export function openProcess(deployment: Deployment, world: ProcessWorld, place: Place): Process {
  const { id, spec, principal, address, peerAddress, peer, plannedSession } = place;
  const crypto = new CryptoRecorder(world.log, world.random.fork(principal).fork(id), id);
  const env = envOf({
    self: principal,
    role: spec.name,
    address,
    peer,
    peerAddress,
    crypto,
    stores: world.stores,
  });
  const endpoint = deployment.open(spec.name, env);
  if (typeof endpoint?.handle !== "function") {
    throw new ProtocolError(`open("${spec.name}") must return an endpoint with a handle function`);
  }
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
    readySessions: [],
    history: [],
  };
}

/** What came of handing an input to an endpoint. */
export type Handled =
  | { readonly ok: true; readonly outputs: readonly Output[] }
  | { readonly ok: false; readonly because: string };

const outputKinds: ReadonlySet<string> = new Set<Output["kind"]>([
  "transmit",
  "ready",
  "submit",
  "deliver",
  "confirm",
  "give-up",
  "claim",
  "reject",
  "log",
  "alarm",
  "ran-code",
  "negotiated",
  "close",
  "exit",
]);

/**
 * Calls the endpoint. What it throws is a crash of the process, as the original program would
 * have crashed; what it returns must fit the interface, or the protocol's author is told.
 */
export function handleInput(process: Process, input: Input, now: Millis): Handled {
  let outputs: unknown;
  try {
    outputs = process.endpoint.handle(input, now);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, because: message.split("\n", 1)[0] as string };
  }
  checkOutputs(process, input, outputs);
  return { ok: true, outputs: outputs as readonly Output[] };
}

function checkOutputs(process: Process, input: Input, outputs: unknown): void {
  const where = `${process.spec.name}.handle({ kind: "${input.kind}" })`;
  if (!Array.isArray(outputs)) {
    throw new ProtocolError(`${where} must return an array of outputs, not ${typeof outputs}`);
  }
  for (const output of outputs) {
    const kind: unknown = output?.kind;
    if (typeof kind !== "string" || !outputKinds.has(kind)) {
      throw new ProtocolError(
        `${where} returned an output of unknown kind ${JSON.stringify(kind)}`,
      );
    }
    const bytes = byteFieldOf(output);
    if (bytes !== undefined && !(output[bytes] instanceof Uint8Array)) {
      throw new ProtocolError(`${where} returned "${kind}" whose ${bytes} is not a Uint8Array`);
    }
  }
}

function byteFieldOf(output: Output): "bytes" | "message" | undefined {
  switch (output.kind) {
    case "transmit":
      return "bytes";
    case "submit":
    case "deliver":
    case "confirm":
    case "give-up":
      return "message";
    default:
      return undefined;
  }
}
