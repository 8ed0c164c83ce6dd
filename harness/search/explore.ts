/**
 * Exhaustive search: every attack of up to k moves over the alphabet of attacker/strategies.
 *
 * Two moves that do not depend on each other make the same attack in either order, and a move that
 * changes nothing makes nothing that follows it different: neither is run twice. What is skipped
 * depends on the runs alone, so parts of the search can be done by different workers.
 */
import type { Attack, Move } from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import type { Subject } from "../subject.ts";
import type { Trace } from "../trace/trace.ts";
import type { ProtocolReport } from "../verdict.ts";
import { Campaign } from "./campaign.ts";
import type { SearchSettings, Watch } from "./campaign-settings.ts";
import { compose } from "./composing/compose.ts";

export interface ExploreSettings extends SearchSettings {
  readonly depth: number;
  /** Only this part of the work; the parts are put together by merge.ts. */
  readonly shard?: Shard;
}

/** One of `of` parts, from 0. How many parts there are decides nothing but who does what. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}
const whole: Shard = { index: 0, of: 1 };

/** Parts of an exhaustive search: fixed, so that the result does not depend on the workers. */
export const exploreShards = 8;

/** For each part: more than the matrix has for all of them. */
const composedWork = 1_500_000;

export function explore(
  subject: Subject,
  settings: ExploreSettings,
  watch: Watch = {},
): ProtocolReport {
  const campaign = new Campaign(subject, settings, watch);
  campaign.step("nothing happens", 0, 1);
  if (shardOf(settings).index === 0) campaign.try("undisturbed", { moves: [] });
  exhaust(campaign, settings.depth, shardOf(settings));
  if (settings.depth >= 2) compose(campaign, { work: composedWork, part: shardOf(settings) });
  return campaign.finish(settings.depth);
}

const shardOf = (settings: ExploreSettings): Shard => settings.shard ?? whole;

interface Node {
  readonly key: string;
  readonly move: Move;
  /** Moves that are possible after it, by their text. */
  readonly next: ReadonlySet<string>;
}

/** Runs every attack of one to `depth` moves in a campaign. */
function exhaust(campaign: Campaign, depth: number, shard: Shard = whole): void {
  if (depth < 1) return;
  const roots = firstMoves(campaign, depth, shard) ?? [];
  if (depth >= 2) follow(campaign, roots, depth, shard);
}

/**
 * Every single move; and every pair of moves, if there are not too many of them.
 * @param mostPairs how many pairs are worth it.
 * @returns the depth to which the search is exhaustive.
 */
export function exhaustWithin(campaign: Campaign, mostPairs: number): number {
  // Half of the pairs are the other half the other way round.
  const roots = firstMoves(campaign, 2, whole, 2 * mostPairs);
  if (roots === undefined) return 1;
  follow(campaign, roots, 2, whole);
  return 2;
}

function follow(campaign: Campaign, roots: readonly Node[], depth: number, shard: Shard): void {
  const byKey = new Map(roots.map((r) => [r.key, r]));
  for (const [i, root] of roots.entries()) {
    if (campaign.over) return;
    if (i % shard.of !== shard.index) continue;
    campaign.step(`attacks of up to ${depth} moves`, i, roots.length);
    // Run once more: a thousand traces with all that was made of them fill the memory.
    const trace = campaign.run({ moves: [root.move] });
    if (trace !== undefined) extend(campaign, [root.move], trace, depth, byKey);
  }
}

/** Joined by commas and in brackets, these are the key of an attack: its JSON. */
const keyOf = (move: Move): string => JSON.stringify(move);

/**
 * All single moves; of those that lead to the same run, only the first is followed further.
 * @param most how many continuations in all are worth it.
 * @returns `undefined` if there are more: then the single moves have been tried, and no more.
 */
function firstMoves(
  campaign: Campaign,
  depth: number,
  shard: Shard,
  most = Number.POSITIVE_INFINITY,
): readonly Node[] | undefined {
  const seen = new Set([sameness(campaign.honest)]);
  const nodes: Node[] = [];
  /** The same moves are possible after most others: their texts are kept once. */
  const texts = new Map<string, string>();
  let continuations = 0;
  for (const move of alphabet(campaign.scene(), 0)) {
    if (campaign.isBeyond([move])) continue;
    const goesOn = depth > 1 && continuations <= most;
    // Every part needs these runs to go on from; the first part judges them.
    const trace =
      shard.index === 0
        ? campaign.try("exhaustive", { moves: [move] }, goesOn)
        : campaign.run({ moves: [move] });
    if (campaign.over) return nodes;
    if (trace === undefined || !goesOn) continue;
    const same = sameness(trace);
    if (seen.has(same)) continue;
    seen.add(same);
    const next = new Set<string>();
    for (const m of alphabet(campaign.sceneAfter(trace), 1)) {
      const key = keyOf(m);
      if (!texts.has(key)) texts.set(key, key);
      next.add(texts.get(key) ?? key);
    }
    continuations += next.size;
    nodes.push({ key: keyOf(move), move, next });
  }
  return continuations > most ? undefined : nodes;
}

function extend(
  campaign: Campaign,
  attack: Attack,
  trace: Trace,
  depth: number,
  roots: ReadonlyMap<string, Node>,
): void {
  const keys = attack.map(keyOf);
  const lastKey = keys.at(-1) as string;
  const more = attack.length + 1 < depth;
  for (const move of alphabet(campaign.sceneAfter(trace), attack.length)) {
    if (campaign.over) return;
    const key = keyOf(move);
    if (keys.includes(key)) continue;
    const other = attack.length === 1 ? roots.get(key) : undefined;
    // The same two moves are tried starting with the other one.
    if (other !== undefined && key < lastKey && other.next.has(lastKey)) continue;
    const extended = [...attack, move];
    if (campaign.isBeyond(extended)) continue;
    const attackKey = `[${keys.join()},${key}]`;
    const result = campaign.try("exhaustive", { moves: extended }, more, attackKey);
    if (!more || result === undefined) continue;
    if (sameness(result) !== sameness(trace)) extend(campaign, extended, result, depth, roots);
  }
}

/** Equal for runs that no continuation can tell apart: the same packets and the same events. */
function sameness(trace: Trace): string {
  let out = "";
  for (const e of trace.events) {
    if (e.kind === "attack" || e.kind === "sent") continue;
    const what = e.kind === "received" ? ` ${e.packet} ${e.bytes.join()}` : "";
    out += `${e.t} ${e.kind} ${e.at}${what};`;
  }
  return out;
}
