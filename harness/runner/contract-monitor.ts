/**
 * A user's own protocol behind a guard: the guard notes which function is running, so that an
 * endless loop can be named, whose exception it is, and what does not fit the interface.
 */

import type { Deployment, Endpoint, Protocol } from "../../protocol/endpoint.ts";
import { ProtocolError } from "../run/protocol-error.ts";
import { outputComplaint } from "./output-shape.ts";
import { workloadComplaint } from "./protocol-shape.ts";
import { type ForeignUse, whileWatched } from "./surroundings.ts";
import type { ForeignCall, Watchdog } from "./watchdog.ts";

export class ContractMonitor {
  readonly #watchdog: Watchdog;
  /** What did not fit the interface, in words. */
  #violation: string | undefined;
  /** The last exception that came out of the protocol's code, and from where. */
  #thrown: { readonly error: unknown; readonly where: string } | undefined;
  #firstThrown: unknown;
  /** What was used first of each kind that no plan decides. */
  readonly #uses = new Map<ForeignUse["kind"], ForeignUse>();
  readonly #onUse = (use: ForeignUse): void => {
    if (!this.#uses.has(use.kind)) this.#uses.set(use.kind, use);
  };

  /** @param uses what the protocol's file has used while it was loaded. */
  constructor(watchdog: Watchdog, uses: readonly ForeignUse[] = []) {
    this.#watchdog = watchdog;
    for (const use of uses) this.#onUse(use);
  }

  /** The first exception that came out of the protocol's code. */
  get firstThrown(): unknown {
    return this.#firstThrown;
  }

  /** What was used first of a kind that no plan decides. */
  foreignUse(kind: ForeignUse["kind"]): ForeignUse | undefined {
    return this.#uses.get(kind);
  }

  /** Runs foreign code. */
  call<T>(kind: ForeignCall, where: string, role: number, code: () => T): T {
    this.#watchdog.enter(kind, role);
    try {
      return whileWatched(this.#onUse, code);
    } catch (error) {
      this.#thrown = { error, where };
      this.#firstThrown ??= error;
      throw error;
    } finally {
      this.#watchdog.leave();
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
    this.#violation ??= complaint;
  }

  /** @throws ProtocolError if the protocol has returned something that does not fit. */
  throwContractViolation(): void {
    if (this.#violation !== undefined) throw new ProtocolError(this.#violation);
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
  const numeric = <T>(kind: "deadline" | "stateSize", code: () => T): T => {
    const where = `${kind}() of ${role}`;
    const value = guard.call(kind, where, index, code);
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
