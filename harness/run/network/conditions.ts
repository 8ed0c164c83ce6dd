/** The network without an attacker: latency, and the faults that ordinary networks have. */

import type { NetworkName } from "../../../attacker/strategies/strategy.ts";
import type { Millis } from "../../../protocol/endpoint.ts";
import type { Random } from "../../../protocol/kit/random.ts";
import type { Transport } from "../../../protocol/transport.ts";
import type { NetworkConditions } from "../../trace/trace.ts";

export const calmNetwork: NetworkConditions = {
  latencyMs: 10,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  reordering: 0,
  faultsEndMs: 0,
  mtuBytes: 65_507,
  chunking: "as-written",
};

/** Faults of every kind for a while, then calm, so that delivery can be asked for. */
export const lossyNetwork: NetworkConditions = {
  ...calmNetwork,
  jitterMs: 5,
  loss: 0.2,
  duplication: 0.1,
  reordering: 0.1,
  faultsEndMs: 20_000,
  chunking: "random",
};

/** Networks that lose nothing, and change no order: no two of them should make a difference. */
const sound = (about: Partial<NetworkConditions>): NetworkConditions => ({
  ...calmNetwork,
  ...about,
});

export const networks: Readonly<Record<NetworkName, NetworkConditions>> = {
  calm: calmNetwork,
  lossy: lossyNetwork,
  "latency-0": sound({ latencyMs: 0 }),
  "latency-80": sound({ latencyMs: 80 }),
  "latency-400": sound({ latencyMs: 400 }),
  "chunks-at-random": sound({ chunking: "random" }),
  "chunks-of-a-byte": sound({ chunking: "bytes" }),
  "chunks-together": sound({ chunking: "together" }),
};

const names = new Map(Object.entries(networks).map(([name, network]) => [network, name]));

/** @returns the name of one of these objects. */
export const networkName = (network: NetworkConditions): string | undefined => names.get(network);

/** Does every packet take equally long? Then none overtakes another. */
export const keepsOrder = ({ jitterMs, faultsEndMs }: NetworkConditions): boolean =>
  jitterMs === 0 && faultsEndMs === 0;

/** What the network does at random, in half a sentence; `undefined` if it does nothing. */
export function networkWords(
  network: NetworkConditions,
  { reliable, keepsMessages }: Transport,
): string | undefined {
  const { loss, duplication, reordering, jitterMs, faultsEndMs, chunking } = network;
  const faulty = faultsEndMs > 0 && !reliable;
  const done: string[] = [];
  if (faulty && loss > 0) done.push("lost");
  if (faulty && duplication > 0) done.push("doubled");
  if (jitterMs > 0 || (faulty && reordering > 0)) done.push("delayed");
  const packets = done.join(", ").replace(/, (?=\w+$)/, " and ");
  const all = packets === "" ? [] : [`${packets} packets`];
  if (!keepsMessages && chunking === "random") all.push("cut streams up");
  const atRandom = all.length === 0 ? [] : [`the network ${all.join(" and ")} at random`];
  const said = [...atRandom, ...steadyWords(network, keepsMessages)];
  return said.length === 0 ? undefined : said.join("; ");
}

/** What the network does without any chance, where it is not what it usually does. */
function steadyWords({ latencyMs, chunking }: NetworkConditions, keepsMessages: boolean): string[] {
  const said: string[] = [];
  if (latencyMs !== calmNetwork.latencyMs) said.push(`every packet takes ${latencyMs} ms`);
  if (!keepsMessages && chunking === "bytes") said.push("streams arrive byte by byte");
  if (!keepsMessages && chunking === "together")
    said.push("what is written soon after each other arrives together");
  return said;
}

/** What the network does to one packet: the delay of each copy that arrives, none if lost. */
export type Fate = readonly Millis[];

/**
 * @param random forked for this packet alone: its fate must not depend on other packets.
 * @param reliable a trait of the transport.
 */
export function fateOf(
  network: NetworkConditions,
  random: () => Random,
  bytes: number,
  now: Millis,
  reliable: boolean,
): Fate {
  if (!reliable && bytes > network.mtuBytes) return [];
  const faulty = now < network.faultsEndMs && !reliable;
  if (network.jitterMs === 0 && !faulty) return [network.latencyMs];
  const r = random();
  const delay = (): Millis =>
    network.latencyMs + (network.jitterMs === 0 ? 0 : r.fraction() * network.jitterMs);
  if (!faulty) return [delay()];
  if (r.fraction() < network.loss) return [];
  const first = delay();
  // Three latencies are enough to fall behind whatever is sent next.
  const late = r.fraction() < network.reordering ? 3 * network.latencyMs : 0;
  const copies = [first + late];
  if (r.fraction() < network.duplication) copies.push(first + late + delay());
  return copies;
}
