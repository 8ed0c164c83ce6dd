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

/**
 * @param honest an undisturbed run.
 * @param place where in the author's file the first exception came from, if that is known.
 * @returns a sentence for each fault, the most telling first; empty if all is well.
 */
export function faultsOf(honest: Trace, baselines: Baselines, place?: string): readonly string[] {
  return [
    ...crashes(honest, place),
    ...eventsOf(honest, "stopped").map(
      ({ at, because }) => `${at} does not come to rest in the undisturbed run: ${because}`,
    ),
    ...silence(honest),
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
  const where = place === undefined ? "" : `${place}: `;
  const others = more.length === 0 ? "" : ` (and ${more.length} more crashes)`;
  const { at, t, because } = first;
  return [`${where}${at} crashes in the undisturbed run, at ${t} ms: ${because}${others}`];
}

/** Messages are planned, and no process ever says that it takes any. */
function silence(honest: Trace): readonly string[] {
  const { sessions } = honest.plan.workload;
  const planned = sessions.flatMap((s) => s.messages);
  const isSaid = eventsOf(honest, "submit").some((e) => e.purpose === "message");
  if (planned.length === 0 || isSaid) return [];
  const speakers = [...new Set(planned.map((m) => m.from))].join(" or ");
  const because = eventsOf(honest, "exited").find((e) => !e.ok)?.because;
  const why = because === undefined ? "" : ` (a process gave up: ${because})`;
  return [
    `no process of ${speakers} says "ready" in the undisturbed run, so none of the ` +
      `${planned.length} messages is sent${why}`,
  ];
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
      return because === undefined
        ? []
        : [`claims ${g.id}, and breaks it with nobody attacking: ${because}`];
    });
}
