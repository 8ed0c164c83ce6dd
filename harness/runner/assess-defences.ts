/** A protocol with each of its defences switched off in turn: what breaks then? */
import { UserError } from "../input/user-error.ts";
import { type Weakened, weakened } from "../search/defences.ts";
import { assessChecked } from "./assess-all.ts";
import { checkNames, checkReference } from "./check-protocols.ts";
import { type MatrixRun, reportOn } from "./matrix-run.ts";
import {
  completeSettings,
  type Observer,
  type RunnerSettings,
  withWorkerPool,
} from "./settings.ts";

export interface AssessedDefences {
  /** The protocol with all its defences. */
  readonly label: string;
  readonly run: MatrixRun;
  /** One for each value that switches off a defence and could be assessed. */
  readonly weakened: readonly Weakened[];
}

/** More tasks at the same time than there are defences in most protocols. */
const mostTasks = 16;

/**
 * Assesses a protocol as it is and with one defence after another switched off, and holds what
 * breaks against what its options declare.
 * @throws UserError, OwnError as {@link assessAll} does; UserError if no option declares anything.
 */
export async function assessDefences(
  reference: string,
  settings: RunnerSettings = {},
  observer: Observer = {},
): Promise<AssessedDefences> {
  const complete = completeSettings(settings);
  return withWorkerPool(complete, mostTasks, async (pool) => {
    const whole = await checkReference(pool, reference, observer);
    const { label, name, weakenings } = whole;
    if (weakenings.length === 0) {
      throw new UserError(`${label}: no option says what it weakens; see "weakens" in endpoint.ts`);
    }
    const names = weakenings.map((w) => ({
      ...name,
      given: { ...name.given, [w.option]: w.value },
    }));
    const weak = await checkNames(pool, names, observer);
    const run = await assessChecked(pool, [whole, ...weak], complete, observer);
    const before = reportOn(run, whole);
    const found = weakenings.flatMap((w, i) => {
      const after = reportOn(run, weak[i]);
      return before === undefined || after === undefined ? [] : [weakened(w, before, after)];
    });
    return { label, run, weakened: found };
  });
}
