/**
 * A user's own protocol behind a guard. Whatever its code returns is read once, inside the guard,
 * and copied: nothing that it keeps or changes later is ever part of a run.
 */
import type {
  Credential,
  Deployment,
  Endpoint,
  Protocol,
  Workload,
} from "../../protocol/endpoint.ts";
import type { Call, ContractMonitor } from "./contract-monitor.ts";
import { copyOfBytes, copyOfData, Misfit } from "./foreign-value.ts";
import { readOutputs } from "./output-shape.ts";
import { protocolFields, workloadComplaint } from "./protocol-shape.ts";

/**
 * What a value that was exported says of itself: its own data, and functions that call it.
 * To be called while the watchdog knows that foreign code runs.
 * @throws Misfit if there is too much of it; anything at all that its getters throw.
 */
export function readProtocol(exported: object): Protocol {
  const value = exported as Readonly<Record<string, unknown>>;
  const read: Record<string, unknown> = {};
  for (const key of Object.keys(value)) read[key] = true;
  for (const key of protocolFields) {
    const field = value[key];
    if (field === undefined) delete read[key];
    else read[key] = typeof field === "function" ? field.bind(exported) : copyOfData(field);
  }
  return read as unknown as Protocol;
}

/** The same protocol, watched. Nothing that it does changes. */
export function guarded(protocol: Protocol, guard: ContractMonitor): Protocol {
  const { workload } = protocol;
  const within = new Guarded(protocol, guard);
  const fields = protocolFields.filter((key) => protocol[key] !== undefined);
  return {
    ...(Object.fromEntries(fields.map((key) => [key, protocol[key]])) as unknown as Protocol),
    deploy: (env) =>
      within.reads({ kind: "deploy", where: "deploy()", role: -1, written: protocol.deploy }, () =>
        within.deployment(protocol.deploy(env)),
      ),
    ...(workload === undefined
      ? {}
      : {
          workload: (options) =>
            within.reads(
              { kind: "workload", where: "workload()", role: -1, written: workload },
              () => within.workload(workload.call(protocol, options)),
            ),
        }),
  };
}

interface PlayedRole {
  readonly role: string;
  readonly index: number;
}

class Guarded {
  readonly #protocol: Protocol;
  readonly #guard: ContractMonitor;

  constructor(protocol: Protocol, guard: ContractMonitor) {
    this.#protocol = protocol;
    this.#guard = guard;
  }

  /**
   * Runs foreign code that returns something, and reads it.
   * @throws ProtocolError if it does not fit.
   */
  reads<T>(call: Call, code: () => T): T {
    let misfit: Misfit | undefined;
    const value = this.#guard.call(call, () => {
      try {
        return code();
      } catch (error) {
        if (!(error instanceof Misfit)) throw error;
        misfit = error;
        return undefined;
      }
    });
    if (misfit === undefined) return value as T;
    return this.#guard.refuse(`${call.where} ${misfit.message}`, call.written);
  }

  workload(made: unknown): Workload {
    const copy = copyOfData(made);
    const complaint = workloadComplaint(copy, this.#protocol);
    if (complaint !== undefined) throw new Misfit(`returns a workload that is wrong: ${complaint}`);
    return copy as Workload;
  }

  deployment(made: unknown): Deployment {
    if (typeof made === "object" && made !== null && "then" in made) {
      throw new Misfit("is async and must not be: nothing in a run waits");
    }
    const given = (made ?? {}) as Partial<Deployment>;
    const { open, longTermSecrets, publicValues, credentials, identities } = given;
    if (typeof open !== "function" || typeof longTermSecrets !== "function") {
      throw new Misfit("must return an object with open and longTermSecrets, which are functions");
    }
    return {
      ...(publicValues === undefined
        ? {}
        : { publicValues: listOfBytes(publicValues, "publicValues") }),
      ...(credentials === undefined ? {} : { credentials: readCredentials(credentials) }),
      ...(identities === undefined ? {} : { identities: listOfBytes(identities, "identities") }),
      longTermSecrets: (principal) =>
        this.reads(
          {
            kind: "longTermSecrets",
            where: "longTermSecrets()",
            role: -1,
            written: longTermSecrets,
          },
          () => listOfBytes(longTermSecrets.call(given, principal), ""),
        ),
      open: (role, env) => {
        const index = this.#protocol.roles.findIndex((r) => r.name === role);
        return this.reads(
          { kind: "open", where: `open("${role}")`, role: index, written: open },
          () => this.#endpoint(open.call(given, role, env), { role, index }),
        );
      },
    };
  }

  #endpoint(made: unknown, { role, index }: PlayedRole): Endpoint {
    const endpoint = made as Partial<Endpoint> | null | undefined;
    if (typeof endpoint === "object" && endpoint !== null && "then" in endpoint) {
      throw new Misfit("is async and must not be: nothing in a run waits");
    }
    if (typeof endpoint?.handle !== "function") {
      throw new Misfit("must return an endpoint with a handle function");
    }
    const guard = this.#guard;
    guard.opened(role, endpoint.handle);
    const call: Call = {
      kind: "handle",
      where: `handle() of ${role}`,
      role: index,
      written: endpoint.handle,
    };
    const played = { role, index };
    const own: { -readonly [K in keyof Endpoint]: Endpoint[K] } = {
      // Looked up each time: some programs put another function in its place.
      handle(input, now) {
        let misfit: string | undefined;
        const outputs = guard.call(call, () => {
          try {
            return readOutputs(endpoint.handle?.(input, now));
          } catch (error) {
            if (!(error instanceof Misfit)) throw error;
            misfit = error.message;
            return none;
          }
        });
        if (misfit !== undefined) {
          const says = `${role}.handle({ kind: "${input.kind}" }) ${misfit}`;
          guard.note(says, undefined, endpoint.handle);
        }
        return outputs;
      },
    };
    if (typeof endpoint.deadline === "function") {
      const ask = (): unknown => endpoint.deadline?.();
      const call = numberCall("deadline", played, endpoint.deadline);
      own.deadline = () => this.#number(call, ask, Number.NEGATIVE_INFINITY);
    }
    if (typeof endpoint.stateSize === "function") {
      const ask = (): unknown => endpoint.stateSize?.();
      const call = numberCall("stateSize", played, endpoint.stateSize);
      own.stateSize = () => this.#number(call, ask, 0) ?? 0;
    }
    return own;
  }

  #number(call: Call, code: () => unknown, least: number): number | undefined {
    const value = this.#guard.call(call, code);
    if (value === undefined || (typeof value === "number" && value >= least)) return value;
    const from = least === 0 ? " from 0 up" : "";
    const what = typeof value === "number" ? String(value) : typeof value;
    const says = `${call.where} must return a number${from}, not ${what}`;
    return this.#guard.refuse(says, call.written);
  }
}

const none: readonly never[] = [];

const numberCall = (
  kind: "deadline" | "stateSize",
  { role, index }: PlayedRole,
  written: unknown,
): Call => ({ kind, where: `${kind}() of ${role}`, role: index, written });

function listOfBytes(value: unknown, name: string): readonly Uint8Array[] {
  const list = copyOfData(value);
  const misfit = (): Misfit =>
    name === ""
      ? new Misfit("must return a list of Uint8Arrays")
      : new Misfit(`must return ${name} that are a list of Uint8Arrays`);
  if (!Array.isArray(list)) throw misfit();
  // Copies are plain: what is no Uint8Array by now was none.
  if (list.some((one) => copyOfBytes(one) === undefined)) throw misfit();
  return list as readonly Uint8Array[];
}

function readCredentials(value: unknown): readonly Credential[] {
  const list = copyOfData(value);
  const fits =
    Array.isArray(list) &&
    list.every(
      (one) =>
        typeof one?.principal === "string" &&
        one.user instanceof Uint8Array &&
        one.password instanceof Uint8Array,
    );
  if (fits) return list as readonly Credential[];
  throw new Misfit("must return credentials that are a list of principal, user and password");
}
