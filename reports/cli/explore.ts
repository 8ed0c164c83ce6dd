/** `mallory explore`: every attack of up to so many moves. */

import { UserError } from "../../harness/input/user-error.ts";
import { exploreProtocol } from "../../harness/runner/explore-protocol.ts";
import { exploreText } from "../search-text.ts";
import { AttackFiles } from "./attack-files.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import { saveAttacks } from "./matrix.ts";
import { saving } from "./saving.ts";
import { supervised } from "./supervise.ts";
import { tellSearch } from "./tell-search.ts";

/** Each further move multiplies the work by some hundreds. */
const deepest = 9;

/** @throws UserError */
export function parseDepth(text: string): number {
  const depth = /^\d$/.test(text) ? Number(text) : 0;
  if (depth >= 1 && depth <= deepest) return depth;
  throw new UserError(`--depth "${text}": write a number of moves from 1 to ${deepest}`);
}

export async function exploreCommand(
  name: string,
  depth: number,
  flags: Flags,
  io: Io,
): Promise<number> {
  const files = new AttackFiles(io.cwd, flags.out);
  const run = await supervised(flags, io, (settings, observer) =>
    exploreProtocol(name, { ...settings, depth }, saving(files, observer)),
  );
  saveAttacks(run, files);
  const { runs, incomplete, protocols } = run.report;
  const composed = protocols[0]?.composed;
  const complete = incomplete === undefined;
  const scope = flags.sessions === undefined ? {} : { sessions: flags.sessions };
  const options = { color: flags.color && io.outIsTerminal, width: io.columns() };
  const words = {
    schema: "mallory/explore@1",
    fields: { depth, ...scope, complete },
    text: exploreText(
      { depth, ...scope, runs, complete, ...(composed === undefined ? {} : { composed }) },
      options,
    ),
  };
  return tellSearch(run, words, files, flags, io);
}
