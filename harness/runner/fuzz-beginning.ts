/** Where a random search begins: from nothing, with a corpus, or where an earlier one stopped. */
import type { Attack } from "../../attacker/move.ts";
import type { UserError } from "../input/user-error.ts";
import type { Checkpoint } from "../search/fuzz.ts";
import type { CheckedProtocol } from "./checked-protocol.ts";
import type { Corpus, FuzzState } from "./corpus.ts";
import { CorpusKeeper } from "./corpus-keeper.ts";
import type { CompleteSettings, Observer } from "./settings.ts";

/** Fixed, so that the result does not depend on the workers. */
export const fuzzShards = 4;
const defaultRuns = 10_000;

interface FuzzAmount {
  readonly runs?: number | undefined;
  readonly resume?: boolean | undefined;
}

/** What is known before the search begins. */
export interface FuzzBeginning {
  readonly runs: number;
  readonly start: readonly Attack[];
  readonly known: readonly Attack[];
  readonly shards: readonly (Checkpoint | undefined)[];
  readonly keeper?: CorpusKeeper;
}

/** @throws UserError if the folder cannot be used, or the search there cannot go on. */
export function beginFuzz(
  one: CheckedProtocol,
  { runs: asked, resume }: FuzzAmount,
  corpus: Corpus | undefined,
  { limits }: CompleteSettings,
  observer: Observer,
): FuzzBeginning {
  const shards = Array.from({ length: fuzzShards }, () => undefined);
  const runs = asked ?? defaultRuns;
  if (corpus === undefined) return { runs, start: [], known: [], shards };
  const about = aboutOf(one, limits);
  if (resume === true) return goingOn(about, asked, corpus);
  const start = corpus.load((line) => observer.note?.(line));
  const keeper = new CorpusKeeper(corpus, {
    schema: "mallory/fuzz-state@1",
    about,
    runs,
    start: [...start],
    found: [],
    shards: shards.map(() => null),
  });
  const attacks = start.map((file) => corpus.attackNamed(file));
  return { runs, start: attacks, known: [], shards, keeper };
}

const aboutOf = (
  { label }: CheckedProtocol,
  { seed, guarantees, capabilities, sessions }: CompleteSettings["limits"],
): FuzzState["about"] => ({
  protocol: label,
  seed,
  guarantees: guarantees === undefined ? null : [...guarantees].sort(),
  capabilities: capabilities === undefined ? null : [...capabilities].sort(),
  sessions: sessions ?? null,
});

/** @throws UserError if it was another search. */
function goingOn(
  about: FuzzState["about"],
  asked: number | undefined,
  corpus: Corpus,
): FuzzBeginning {
  const saved = corpus.loadState();
  const refuse = (what: string): UserError =>
    corpus.cannotResume(`${corpus.folder}: the search there ${what}`, " to begin another");
  for (const key of ["protocol", "seed", "guarantees", "capabilities", "sessions"] as const) {
    const [before, now] = [saved.about[key], about[key]].map((v) => String(v ?? "all"));
    if (before !== now) throw refuse(`is about ${key} ${before}, not ${now}`);
  }
  if (saved.shards.length !== fuzzShards) {
    throw refuse(`has ${saved.shards.length} shards, not ${fuzzShards}`);
  }
  const attacks = (names: readonly string[]): readonly Attack[] =>
    names.map((name) => corpus.attackNamed(name));
  const runs = asked ?? saved.runs;
  return {
    runs,
    start: attacks(saved.start),
    known: attacks(saved.found),
    shards: saved.shards.map((s) =>
      s === null
        ? undefined
        : { ...s, kept: attacks(s.kept), firstBroken: s.firstBroken as Record<string, number> },
    ),
    keeper: new CorpusKeeper(corpus, { ...saved, runs }),
  };
}
