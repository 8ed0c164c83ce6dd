/** What is put under test: a protocol with its options, and where it came from. */

import type { Attack } from "../attacker/move.ts";
import type { OptionValues, Protocol } from "../protocol/endpoint.ts";
import { calmNetwork } from "./run/network/conditions.ts";
import { ProtocolError } from "./run/protocol-error.ts";
import type { NetworkConditions, RunPlan } from "./trace/trace.ts";
import { withSessions, workloadNamed } from "./workload.ts";

export interface Subject {
  readonly protocol: Protocol;
  /** Every option of the protocol, defaults filled in. */
  readonly options: OptionValues;
  /** How the user named it, without options: a bundled name, or a path. */
  readonly source: string;
  /** Only so many sessions of every workload, for searches that go deep. */
  readonly sessions?: number;
  /** Further instances of the protocol's module, as far as there are any. */
  readonly copies?: readonly Protocol[];
}

export const defaultSeed = "mallory";

/** @throws ProtocolError if there is no workload of that name. */
export function planOf(
  subject: Subject,
  about: {
    readonly attack?: Attack;
    readonly seed?: string;
    readonly workload?: string;
    readonly network?: NetworkConditions;
  } = {},
): RunPlan {
  const name = withSessions(about.workload ?? "default", subject.sessions);
  const workload = workloadNamed(subject.protocol, subject.options, name);
  if (workload === undefined) throw new ProtocolError(`there is no workload "${name}"`);
  const { copies } = subject;
  return {
    protocol: subject.protocol,
    ...(copies === undefined ? {} : { copies }),
    options: subject.options,
    source: subject.source,
    workload,
    workloadName: name,
    network: about.network ?? calmNetwork,
    attack: about.attack ?? [],
    seed: about.seed ?? defaultSeed,
  };
}
