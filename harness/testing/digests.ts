/** Runs a list of plans and prints a digest over their digests; also started as a program. */
import { sha256 } from "@noble/hashes/sha2.js";
import type { Attack } from "../../attacker/move.ts";
import { protocols } from "../../protocol/catalog.ts";
import { hex, utf8 } from "../../protocol/kit/bytes.ts";
import { lossyNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { planOf } from "../subject.ts";
import { subjectFor } from "./tiny.ts";

/** One move of a kind that meets every datagram protocol's first packets. */
const attacks: readonly Attack[] = [
  [],
  [{ move: "drop", packet: { from: "client#0", to: "server#0", nth: 2 } }],
  [{ move: "inject", hex: "00ff", to: "server#0", when: "start" }],
];

/** Digests of as many runs; the network is lossy in every other one. */
export function digests(name: string, runs: number): readonly string[] {
  const protocol = protocols.find((p) => p.name === name);
  if (protocol === undefined) throw new Error(`there is no protocol ${name}`);
  const subject = subjectFor(protocol);
  return Array.from({ length: runs }, (_, i) => {
    const network = i % 2 === 0 ? {} : { network: lossyNetwork };
    const attack = attacks[i % attacks.length] ?? [];
    return simulate(planOf(subject, { seed: `seed ${i}`, attack, ...network })).digest;
  });
}

export const digestOfDigests = (name: string, runs: number): string =>
  hex(sha256(utf8(digests(name, runs).join("\n"))));
