import type { Trace } from "../trace/trace.ts";
import { explainGrade, type Graded, gradeCommits } from "./agreement.ts";
import { type Baseline, type Guarantee, type Judgement, withoutDisclosure } from "./guarantee.ts";
import { asks, calledBy } from "./roles.ts";

const source = "G. Lowe: A hierarchy of authentication specifications, 1997";

/** Is it what an initiator believes of a responder? By their roles: the names may be exchanged. */
const isAboutServer = (trace: Trace, { commit: { process, peer } }: Graded): boolean =>
  asks(trace.plan.protocol, process.role, peer, calledBy(trace, process));

/** @param server true to judge what initiators believe about responders. */
function judgeAuthentication(trace: Trace, server: boolean): Judgement {
  const graded = gradeCommits(trace).filter((g) => isAboutServer(trace, g) === server);
  const weak = graded.find((g) => g.grade !== "injective agreement");
  if (weak === undefined) return { atStake: graded.length };
  return { atStake: graded.length, violation: { because: explainGrade(weak) } };
}

const nobodyCommits =
  (server: boolean) =>
  ({ honest }: Baseline): string | undefined =>
    gradeCommits(honest).some((g) => isAboutServer(honest, g) === server)
      ? undefined
      : `nobody ever claims to have finished with a ${server ? "server" : "client"}`;

export const serverAuthentication: Guarantee = {
  id: "server-authentication",
  statement: "Whoever finishes with a server has that server running with it, once, and agrees.",
  source,
  twin: "reflection",
  layered: false,
  secrecy: false,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: nobodyCommits(true),
  judge: (trace) => judgeAuthentication(trace, true),
};

export const clientAuthentication: Guarantee = {
  id: "client-authentication",
  statement: "Whoever finishes with a client has that client running with it, once, and agrees.",
  source,
  twin: "plain-diffie-hellman",
  layered: false,
  secrecy: false,
  safety: true,
  counts: withoutDisclosure,
  notApplicable: nobodyCommits(false),
  judge: (trace) => judgeAuthentication(trace, false),
};
