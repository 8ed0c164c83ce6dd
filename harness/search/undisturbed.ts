/** What is wrong with a protocol before anything attacks it. */
import type { Principal } from "../../protocol/endpoint.ts";
import { fromLatin1, latin1 } from "../../protocol/kit/bytes.ts";
import { operations } from "../../protocol/kit/operations.ts";
import { guarantees } from "../guarantees/catalog.ts";
import { undeclaredSecretsOf } from "../run/dealt-secrets.ts";
import { knowledgeFrom } from "../trace/evidence.ts";
import type { Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";
import type { Baselines } from "./judge-run.ts";
import { judge } from "./judge-run.ts";

/** Places in the author's file, such as `./file.ts:3:7`, as far as they are known. */
export interface FaultPlaces {
  /** Where the first exception came from. */
  readonly exception?: string | undefined;
  /** Where the code is written that answers for a role. */
  readonly ofRole?: ((role: string) => string | undefined) | undefined;
}

/**
 * @param honest an undisturbed run.
 * @returns a sentence for each fault, the most telling first; empty if all is well.
 */
export function faultsOf(
  honest: Trace,
  baselines: Baselines,
  places: FaultPlaces = {},
): readonly string[] {
  const roleOf = (id: string): string => honest.processes.find((p) => p.id === id)?.role ?? "";
  return [
    ...crashes(honest, places.exception),
    ...eventsOf(honest, "stopped").map(
      ({ at, because }) =>
        `${prefix(places.ofRole?.(roleOf(at)))}${at} does not come to rest in the undisturbed ` +
        `run: ${because}`,
    ),
    ...silence(honest, places),
    ...brokenClaims(honest, baselines),
  ];
}

/**
 * What a reader should know about the undisturbed run, though nothing is wrong with it.
 * @returns a sentence each.
 */
export function remarksOf(honest: Trace): readonly string[] {
  const principals = [...new Set(honest.processes.map((p) => p.principal))].sort();
  return principals.flatMap((principal) => {
    const drawn = undeclaredDraws(honest, principal).map((secret) => secret.length);
    if (drawn.length === 0) return [];
    const lengths = drawn.map((n) => `${n} bytes`).join(", ");
    return [
      `deploy() deals ${principal} secrets that longTermSecrets("${principal}") does not name ` +
        `(${lengths}); they count as long-term all the same`,
    ];
  });
}

/** Leaves out what she finds out herself: from the named secrets, her own draws and the wire. */
function undeclaredDraws(honest: Trace, principal: Principal): readonly Uint8Array[] {
  const { deployment, crypto: log, processes, packets } = honest;
  const secrets = undeclaredSecretsOf({ deployment, log, processes }, principal);
  if (secrets.length === 0) return [];
  const drawn = new Set(log.flatMap((op) => (operations[op.op].fresh === true ? [op.output] : [])));
  const own = new Set(processes.filter((p) => p.principal === principal).map((p) => p.id));
  const draws = log.filter((op) => operations[op.op].fresh === true && own.has(op.by));
  const known = knowledgeFrom({
    declared: [],
    identities: [],
    operations: log,
    observed: [
      ...(deployment.publicValues ?? []),
      ...deployment.longTermSecrets(principal),
      ...draws.map((op) => fromLatin1(op.output)),
      ...packets.map((p) => p.bytes),
    ],
  });
  return secrets.filter((secret) => drawn.has(latin1(secret)) && !known.derivable(secret));
}

function crashes(honest: Trace, place?: string): readonly string[] {
  const [first, ...more] = eventsOf(honest, "crashed");
  if (first === undefined) return [];
  const others = more.length === 0 ? "" : ` (and ${more.length} more crashes)`;
  const { at, t, because } = first;
  return [`${prefix(place)}${at} crashes in the undisturbed run, at ${t} ms: ${because}${others}`];
}

/** Messages are planned, and no process ever says that it takes any. */
function silence(honest: Trace, { ofRole }: FaultPlaces): readonly string[] {
  const { sessions } = honest.plan.workload;
  const planned = sessions.flatMap((s) => s.messages);
  const isSaid = eventsOf(honest, "submit").some((e) => e.purpose === "message");
  if (planned.length === 0 || isSaid) return [];
  const speakers = [...new Set(planned.map((m) => m.from))];
  const because = eventsOf(honest, "exited").find((e) => !e.ok)?.because;
  const why = because === undefined ? "" : ` (a process gave up: ${because})`;
  return [
    `${prefix(firstPlace(honest, speakers, ofRole))}no process of ${speakers.join(" or ")} says "ready" ` +
      `in the undisturbed run, so none of the ` +
      `${planned.length} messages is sent${why}`,
  ];
}

const prefix = (place: string | undefined): string => (place === undefined ? "" : `${place}: `);

/** @param speakers roles or principals. */
function firstPlace(
  { plan }: Trace,
  speakers: readonly string[],
  ofRole: FaultPlaces["ofRole"],
): string | undefined {
  for (const { name, principals } of plan.protocol.roles) {
    if (![name, ...principals].some((n) => speakers.includes(n))) continue;
    const place = ofRole?.(name);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What is secret is lost to an attacker that listens: that is a finding, and no fault. */
function brokenClaims(honest: Trace, baselines: Baselines): readonly string[] {
  const { protocol } = honest.plan;
  const claimed = new Set(protocol.claims.map((c) => c.guarantee));
  return guarantees
    .filter((g) => claimed.has(g.id) && !g.secrecy)
    .filter((g) => protocol.notApplicable?.[g.id] === undefined)
    .flatMap((g) => {
      const because = judge(g, honest, baselines).violation?.because;
      if (because === undefined) return [];
      const what = g.misstated?.(honest) ?? "";
      const check = g.misstated === undefined ? "" : "; check what it claims";
      const hint = what === "" ? "" : ` (${what})`;
      return [`claims ${g.id}, and breaks it with nobody attacking: ${because}${check}${hint}`];
    });
}
