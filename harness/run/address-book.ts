/** Who runs where. Addresses follow from the plan alone: moves name processes not yet started. */
import { attackerHost } from "../../attacker/move.ts";
import type { Address, PlannedSession, Principal, RoleSpec } from "../../protocol/endpoint.ts";
import type { ProcessId, RunPlan } from "../trace/trace.ts";

const firstEphemeralPort = 40_000;

/** Which principal plays `role` in a session; the first one where there are several. */
export function principalOf(spec: RoleSpec, session: PlannedSession | undefined): Principal {
  return session?.principals?.[spec.name] ?? spec.principals[0] ?? spec.name;
}

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

  /** All principals that run the service of a role in some session, its usual operator first. */
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
    const { spec, principal, index } = this.#named(id) ?? {};
    if (spec === undefined || principal === undefined || index === undefined) return undefined;
    return spec.process === "service"
      ? `${principal}:${spec.port ?? 1}`
      : this.sessionProcess(spec, principal, index);
  }

  /** Who runs, or will run, the process of that name. */
  principal(id: ProcessId): Principal | undefined {
    return this.#named(id)?.principal;
  }

  #named(id: ProcessId) {
    const [name, number] = id.split("#") as [string, string | undefined];
    const spec = this.role(name);
    const index = Number(number);
    if (spec === undefined || !Number.isInteger(index)) return undefined;
    if (spec.process === "service") {
      const operators = this.operators(spec);
      return { spec, index, principal: operators[index % operators.length] };
    }
    const width = spec.principals.length;
    const session = this.#plan.workload.sessions[Math.floor(index / width)];
    const principal = width === 1 ? principalOf(spec, session) : spec.principals[index % width];
    return { spec, index, principal };
  }

  /** All principals: keys are dealt to these. */
  principals(): readonly Principal[] {
    const { protocol, workload } = this.#plan;
    const all = new Set<Principal>();
    for (const role of protocol.roles) for (const principal of role.principals) all.add(principal);
    for (const { principals } of workload.sessions) {
      if (principals === undefined) continue;
      for (const principal of Object.values(principals)) all.add(principal);
    }
    if (protocol.registration === true) all.add(attackerHost);
    return [...all];
  }
}
