/** For tests: runs of bundled protocols as recordings. */
import type { Attack } from "../../../attacker/move.ts";
import { type Recording, record } from "../../../harness/capture/recording.ts";
import { fillOptions, parseProtocolName } from "../../../harness/input/protocol-reference.ts";
import { calmNetwork } from "../../../harness/run/network/conditions.ts";
import { protocols } from "../../../protocol/catalog.ts";

export function recorded(reference: string, moves: Attack = []): Recording {
  const { source, given } = parseProtocolName(reference);
  const protocol = protocols.find((p) => p.name === source);
  if (protocol === undefined) throw new Error(`there is no ${source}`);
  const options = fillOptions(source, protocol.options, given);
  const about = { workload: "default", seed: "mallory", network: calmNetwork, moves };
  return record({ protocol, options, source }, about);
}
