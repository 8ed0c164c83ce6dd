/**
 * Somebody else's protocol behind a guard: the guard notes which function is running, so that an
 * endless loop can be named, whose exception it is, and what does not fit the interface.
 */

import {
  type Deployment,
  type Endpoint,
  type Output,
  type Protocol,
  rejectReasons,
} from "../../protocol/endpoint.ts";
import { ProtocolError } from "../run/protocol-error.ts";
import { workloadComplaint } from "./protocol-shape.ts";
import type { Place, Watchdog } from "./watchdog.ts";

export class ContractMonitor {
  readonly #heart: Watchdog;
  /** What did not fit the interface, in words. */
  #rubbish: string | undefined;
  /** The last exception that came out of the protocol's code, and from where. */
  #thrown: { readonly error: unknown; readonly where: string } | undefined;

  constructor(heart: Watchdog) {
    this.#heart = heart;
  }

  /** Runs foreign code. */
  call<T>(place: Place, where: string, role: number, code: () => T): T {
    this.#heart.enter(place, role);
    try {
      return code();
    } catch (error) {
      this.#thrown = { error, where };
      throw error;
    } finally {
      this.#heart.leave();
    }
  }

  /** Where in the protocol's code an exception came from; `undefined` if it is not from there. */
  origin(error: unknown): string | undefined {
    return this.#thrown !== undefined && this.#thrown.error === error
      ? this.#thrown.where
      : undefined;
  }

  /**
   * Notes what does not fit. Thrown at once it would look like a crash of the protocol, which is
   * a finding; so it waits for the next {@link throwContractViolation}.
   */
  note(complaint: string | undefined): void {
    this.#rubbish ??= complaint;
  }

  /** @throws ProtocolError if the protocol has returned something that does not fit. */
  throwContractViolation(): void {
    if (this.#rubbish !== undefined) throw new ProtocolError(this.#rubbish);
  }

  refuse(complaint: string): never {
    this.note(complaint);
    throw new ProtocolError(complaint);
  }
}

/** The same protocol, watched. Nothing that it does changes. */
export function guarded(protocol: Protocol, guard: ContractMonitor): Protocol {
  const { workload } = protocol;
  return {
    ...ownAndInherited(protocol),
    deploy(env) {
      const deployment = guard.call("deploy", "deploy()", -1, () => protocol.deploy(env));
      const { open, longTermSecrets } = (deployment ?? {}) as Partial<Deployment>;
      if (typeof open !== "function" || typeof longTermSecrets !== "function") {
        guard.refuse("deploy() must return an object with open and longTermSecrets");
      }
      return guardedDeployment(deployment, protocol, guard);
    },
    ...(workload === undefined
      ? {}
      : {
          workload(options) {
            const made = guard.call("workload", "workload()", -1, () =>
              workload.call(protocol, options),
            );
            const complaint = workloadComplaint(made, protocol);
            if (complaint !== undefined) guard.refuse(`what workload() returns: ${complaint}`);
            return made;
          },
        }),
  };
}

/** The fields of a protocol, which may be an instance of a class. */
function ownAndInherited(protocol: Protocol): Protocol {
  const { name, title, flow, transport, roles, claims, deploy } = protocol;
  const { options, notApplicable, limits, registration, runLimitMs } = protocol;
  const optional = { options, notApplicable, limits, registration, runLimitMs };
  const given = Object.fromEntries(Object.entries(optional).filter(([, v]) => v !== undefined));
  return { name, title, flow, transport, roles, claims, deploy, ...given };
}

function guardedDeployment(
  deployment: Deployment,
  protocol: Protocol,
  guard: ContractMonitor,
): Deployment {
  const { publicValues, credentials, identities } = deployment;
  return {
    ...(publicValues === undefined ? {} : { publicValues }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(identities === undefined ? {} : { identities }),
    longTermSecrets: (principal) => {
      const secrets = guard.call("longTermSecrets", "longTermSecrets()", -1, () =>
        deployment.longTermSecrets(principal),
      );
      if (!Array.isArray(secrets) || secrets.some((s) => !(s instanceof Uint8Array))) {
        guard.refuse("longTermSecrets() must return a list of Uint8Arrays");
      }
      return secrets;
    },
    open: (role, env) => {
      const index = protocol.roles.findIndex((r) => r.name === role);
      const endpoint = guard.call("open", `open("${role}")`, index, () =>
        deployment.open(role, env),
      );
      // An endpoint without handle is refused by the simulator, in words of its own.
      return typeof endpoint?.handle === "function"
        ? guardedEndpoint(endpoint, { role, index }, guard)
        : endpoint;
    },
  };
}

function guardedEndpoint(
  endpoint: Endpoint,
  { role, index }: { readonly role: string; readonly index: number },
  guard: ContractMonitor,
): Endpoint {
  const { deadline, stateSize } = endpoint;
  const numeric = <T>(place: "deadline" | "stateSize", code: () => T): T => {
    const where = `${place}() of ${role}`;
    const value = guard.call(place, where, index, code);
    if (value !== undefined && typeof value !== "number") {
      guard.refuse(`${where} must return a number, not ${typeof value}`);
    }
    return value;
  };
  return {
    handle(input, now) {
      const where = `handle() of ${role}`;
      const outputs = guard.call("handle", where, index, () => endpoint.handle(input, now));
      if (Array.isArray(outputs)) {
        for (const output of outputs) {
          const complaint = outputComplaint(output);
          if (complaint === undefined) continue;
          guard.note(`${role}.handle({ kind: "${input.kind}" }) returned ${complaint}`);
        }
      }
      return outputs;
    },
    ...(typeof deadline === "function"
      ? { deadline: () => numeric("deadline", () => deadline.call(endpoint)) }
      : {}),
    ...(typeof stateSize === "function"
      ? { stateSize: () => numeric("stateSize", () => stateSize.call(endpoint)) }
      : {}),
  };
}

type Test = readonly [is: (value: unknown) => boolean, words: string];
const string: Test = [(v) => typeof v === "string", "a string"];
const boolean: Test = [(v) => typeof v === "boolean", "true or false"];
const bytes: Test = [(v) => v instanceof Uint8Array, "a Uint8Array"];
const object: Test = [(v) => typeof v === "object" && v !== null, "an object"];
const optional = ([is, words]: Test): Test => [(v) => v === undefined || is(v), words];
const wholeNumber: Test = [(v) => Number.isInteger(v), "a whole number"];
const reason: Test = [
  (v) => (rejectReasons as readonly unknown[]).includes(v),
  `one of ${rejectReasons.join(", ")}`,
];
const purpose: Test = [(v) => v === "message" || v === "login", '"message" or "login"'];

/** Fields by kind of output, those left out that the simulator checks itself. */
const outputFields: Readonly<Record<Output["kind"], Readonly<Record<string, Test>>>> = {
  transmit: { to: optional(string) },
  ready: { messages: optional(wholeNumber) },
  submit: { purpose },
  deliver: { from: string, purpose: optional(purpose) },
  confirm: {},
  "give-up": {},
  claim: { claim: object },
  reject: { reason },
  log: { line: string },
  alarm: { text: string },
  "ran-code": { code: string },
  negotiated: { suite: string, best: string },
  close: { to: optional(string) },
  exit: { ok: boolean, because: optional(string) },
};
const claimFields: Readonly<Record<string, Readonly<Record<string, Test>>>> = {
  running: { peer: optional(string), agreed: optional(bytes) },
  commit: { peer: string, agreed: optional(bytes) },
  secret: { peer: string, value: bytes },
  evidence: { peer: string, message: bytes, bytes },
};

type Fields = Readonly<Record<string, unknown>>;

function outputComplaint(output: unknown): string | undefined {
  if (typeof output !== "object" || output === null) return undefined;
  const fields = output as Fields;
  const kind = String(fields.kind);
  const tests = Object.hasOwn(outputFields, kind)
    ? outputFields[kind as Output["kind"]]
    : undefined;
  // An unknown kind is refused by the simulator.
  if (tests === undefined) return undefined;
  const session = fields.session;
  if (session !== undefined && typeof session !== "string") {
    return `"${kind}" whose session is not a string`;
  }
  const wrong = fieldComplaint(`"${kind}"`, fields, tests);
  return wrong ?? (kind === "claim" ? claimComplaint(fields.claim as Fields) : undefined);
}

function claimComplaint(claim: Fields): string | undefined {
  const kind = String(claim.kind);
  const tests = Object.hasOwn(claimFields, kind) ? claimFields[kind] : undefined;
  if (tests !== undefined) return fieldComplaint(`a claim "${kind}"`, claim, tests);
  return `a claim of the unknown kind "${kind}"; there are ${Object.keys(claimFields).join(", ")}`;
}

function fieldComplaint(
  what: string,
  fields: Fields,
  tests: Readonly<Record<string, Test>>,
): string | undefined {
  for (const [name, [is, words]] of Object.entries(tests)) {
    if (!is(fields[name])) return `${what} whose ${name} is not ${words}`;
  }
  return undefined;
}
