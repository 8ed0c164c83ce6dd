import type { Subject } from "../../harness/subject.ts";
import { defaultWorkload } from "../../harness/workload.ts";
import type { PlannedSession, Protocol } from "../../protocol/endpoint.ts";

/** The subject with one session of its own, as a user would have it. */
export function oneSession(subject: Subject): Subject {
  const [first] = defaultWorkload(subject.protocol, subject.options).sessions;
  const sessions: readonly PlannedSession[] = first === undefined ? [] : [{ ...first, start: 0 }];
  const protocol: Protocol = { ...subject.protocol, workload: () => ({ sessions }) };
  return { ...subject, protocol };
}
