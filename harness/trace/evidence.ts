import { IncrementalKnowledge } from "../../attacker/knowledge/incremental-knowledge.ts";
import type { Knowledge } from "../../attacker/knowledge/knowledge.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";

/** Everything that knowledge is deduced from. */
export interface KnowledgeEvidence {
  readonly declared: readonly Uint8Array[];
  readonly identities: readonly Uint8Array[];
  readonly operations: readonly OpRecord[];
  /** What was seen, or disclosed, in order. */
  readonly observed: readonly Uint8Array[];
}

/** @returns what follows; it is shared, and must not be changed. */
export function knowledgeFrom({
  declared,
  identities,
  operations,
  observed,
}: KnowledgeEvidence): Knowledge {
  const learning = new IncrementalKnowledge(declared, identities);
  for (const op of operations) learning.learnOperation(op);
  for (const bytes of observed) learning.observe(bytes);
  return learning.whole();
}
