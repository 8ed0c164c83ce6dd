/** What a run leaves behind once it is over. */
import { RecordedTrace } from "../trace/recorded-trace.ts";
import type { ProcessInfo, PuppetInfo, RunPlan, Trace } from "../trace/trace.ts";
import type { Adversary } from "./adversary/adversary.ts";
import type { AdversarySession } from "./adversary/adversary-session.ts";
import type { HandshakeIntegrity } from "./handshake-integrity.ts";
import type { Process } from "./processes.ts";
import type { RunState } from "./run-state.ts";
import { visibleEntries } from "./visible-state.ts";

export function traceOf(run: RunState, adversary: Adversary, integrity: HandshakeIntegrity): Trace {
  const { plan, events, packets, outcomes, log, disclosed } = run;
  const flooded = isFlooded(plan);
  run.leaks.next();
  return new RecordedTrace(
    {
      plan,
      events,
      packets,
      processes: run.processes.map((p) => processInfo(p, flooded)),
      outcomes,
      crypto: log,
      disclosed,
      attackerKnows: adversary.knows,
      puppets: adversary.sessions.map(puppetInfo),
      deployment: installed(run.deployment),
      handshakeUntouched: integrity.handshakeUntouched,
      endMs: run.now,
      cameToRest: run.atRest,
    },
    adversary.workedOut,
  );
}

const puppetInfo = ({ move, puppet, sent }: AdversarySession): PuppetInfo => ({
  move,
  failedBecause: sent === 0 ? puppet.failure : undefined,
  luck: puppet.luck,
});

const isFlooded = (plan: RunPlan): boolean =>
  plan.attack.some((m) => "times" in m && (m.times ?? 1) > 1);

function processInfo(process: Process, flooded: boolean): ProcessInfo {
  const { id, spec, principal, address, plannedSession, end, maxState, endpoint } = process;
  const info: { -readonly [K in keyof ProcessInfo]: ProcessInfo[K] } = {
    id,
    role: spec.name,
    principal,
    address,
    plannedSession,
    service: spec.process === "service",
    end,
    // In floods, if the endpoint reports no state size: what is visible from outside.
    stateSize: maxState ?? (flooded ? visibleEntries(endpoint) : undefined),
  };
  if (process.cameFrom.size > 0) info.places = process.cameFrom;
  return info;
}

/** What a judge may know of the deployment. */
function installed(deployment: RunState["deployment"]): Trace["deployment"] {
  const { publicValues, identities, credentials = [] } = deployment;
  const shown: { -readonly [K in keyof Trace["deployment"]]: Trace["deployment"][K] } = {
    credentials,
    longTermSecrets(principal) {
      return deployment.longTermSecrets(principal);
    },
  };
  if (publicValues !== undefined) shown.publicValues = publicValues;
  if (identities !== undefined) shown.identities = identities;
  return shown;
}
