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

/** Stores of all principals, in memory. */
export class Stores {
  readonly #content = new Map<string, Uint8Array>();
  onWrite: ((principal: Principal, name: string, bytes: Uint8Array) => void) | undefined;

  of(principal: Principal, name: string): Store {
    const key = `${principal}/${name}`;
    const content = this.#content;
    const read = (): Uint8Array => content.get(key)?.slice() ?? new Uint8Array(0);
    return {
      read,
      write: (bytes) => {
        content.set(key, bytes.slice());
        this.onWrite?.(principal, name, bytes.slice());
      },
      append: (bytes) => {
        content.set(key, concat(read(), bytes));
        this.onWrite?.(principal, name, bytes.slice());
      },
    };
  }

  read(principal: Principal, name: string): Uint8Array | undefined {
    return this.#content.get(`${principal}/${name}`);
  }
}

export function openProcess(
  deployment: Deployment,
  world: { log: OpRecord[]; random: Random; stores: Stores },
  about: {
    id: ProcessId;
    spec: RoleSpec;
    principal: Principal;
    address: Address;
    peerAddress: Address | undefined;
    peer: Principal | undefined;
    plannedSession: number | undefined;
  },
): Process {
  const { id, spec, principal } = about;
  const env: Env = {
    self: principal,
    role: spec.name,
    address: about.address,
    ...(about.peer === undefined ? {} : { peer: about.peer }),
    ...(about.peerAddress === undefined ? {} : { peerAddress: about.peerAddress }),
    crypto: new CryptoRecorder(world.log, world.random.fork(principal).fork(id), id),
    store: (name) => world.stores.of(principal, name),
  };
  const endpoint = deployment.open(spec.name, env);
  if (typeof endpoint?.handle !== "function") {
    throw new ProtocolError(`open("${spec.name}") must return an endpoint with a handle function`);
  }
  return {
    ...about,
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
