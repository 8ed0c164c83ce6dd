/** Saves attacks as they become known, so that whatever ends the search loses none of them. */
import type { CheckedProtocol } from "../../harness/runner/checked-protocol.ts";
import type { Observer } from "../../harness/runner/settings.ts";
import type { GuaranteeVerdict, MatrixProgress } from "../../harness/verdict.ts";
import type { AttackFiles } from "./attack-files.ts";

/** The protocol of the attacks: two files may hold protocols of the same name. */
export function ownerOf({ label, protocolName, written }: CheckedProtocol): {
  readonly id: string;
  readonly name: string;
} {
  return { id: label, name: written === "" ? protocolName : `${protocolName}?${written}` };
}

/** The same observer, and every attack that it hears of is saved. */
export function saving(files: AttackFiles, observer: Observer): Observer {
  let owners: ReadonlyMap<string, ReturnType<typeof ownerOf>> = new Map();
  return {
    ...observer,
    begin(protocols) {
      owners = new Map(protocols.map((p) => [p.label, ownerOf(p)]));
      observer.begin?.(protocols);
    },
    progress(event) {
      const owner = owners.get(event.kind === "finished" ? event.report.name : event.name);
      if (owner !== undefined) for (const verdict of verdictsIn(event)) files.save(owner, verdict);
      observer.progress?.(event);
    },
  };
}

function verdictsIn(event: MatrixProgress): readonly GuaranteeVerdict[] {
  if (event.kind === "finished") return event.report.verdicts;
  return event.kind === "cell" ? [event.verdict] : [];
}
