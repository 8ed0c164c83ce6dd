/**
 * What a worker thread does: loads one protocol and assesses it, does a part of a longer search,
 * replays an attack on it, or runs a scenario. Everything that goes in and out is plain data.
 */
import { resolve } from "node:path";
import { type MessagePort, threadId } from "node:worker_threads";
import { forgetComputed } from "../../protocol/kit/memo.ts";
import { type Fed, type FeedAsk, feed } from "../capture/feeding.ts";
import { type Recording, type RunToRecord, record } from "../capture/recording.ts";
import type { AttackPlaces } from "../code-places.ts";
import type { Expectation } from "../expectation.ts";
import { gradeMessages } from "../grades/grade-messages.ts";
import type { GradeSettings } from "../grades/laboratory.ts";
import type { GradesReport } from "../grades/message-grade.ts";
import { UserError } from "../input/user-error.ts";
import { type ReplayFile, type ReplayResult, runAgain } from "../replay.ts";
import { ProtocolError } from "../run/protocol-error.ts";
import { runScenario, type ScenarioResult, type ScenarioRun } from "../scenario-run.ts";
import { type AssessSettings, assess } from "../search/assess.ts";
import type { Watch } from "../search/campaign-settings.ts";
import { type ExploreSettings, explore } from "../search/explore.ts";
import { type Checkpoint, type FuzzResult, type FuzzSettings, fuzz } from "../search/fuzz.ts";
import { IrreproducibleError, SharedMemoryError } from "../search/reproducibility.ts";
import type { MatrixProgress, ProtocolReport, SavedAttack } from "../verdict.ts";
import { attackPlaces, type ProtocolCode } from "./attack-places.ts";
import {
  type CheckedProtocol,
  checkedProtocol,
  type LabelledProtocol,
} from "./checked-protocol.ts";
import { redirectConsole } from "./console.ts";
import type { Thrown } from "./contract-monitor.ts";
import { clearForeignTimers, nextTurn } from "./foreign-process.ts";
import {
  definitionPlace,
  type NamedFile,
  placeOf,
  stackPlace,
  thrownWords,
} from "./load-complaints.ts";
import { type Loaded, loadSubject } from "./load-protocol.ts";
import { within } from "./surroundings.ts";
import { ownThreadId } from "./thread-time.ts";
import { Watchdog } from "./watchdog.ts";

interface Kinds {
  /** Does it load, and what is it? */
  check: { readonly ask: object; readonly answer: CheckedProtocol };
  assess: { readonly ask: { readonly settings: AssessSettings }; readonly answer: ProtocolReport };
  explore: {
    readonly ask: { readonly settings: ExploreSettings };
    readonly answer: ProtocolReport;
  };
  fuzz: { readonly ask: { readonly settings: FuzzSettings }; readonly answer: FuzzResult };
  grade: { readonly ask: { readonly settings: GradeSettings }; readonly answer: GradesReport };
  /** Where in the code do these attacks come through? In their order. */
  locate: {
    readonly ask: { readonly attacks: readonly SavedAttack[] };
    readonly answer: readonly (AttackPlaces | undefined)[];
  };
  replay: {
    readonly ask: { readonly file: string; readonly replay: ReplayFile };
    readonly answer: ReplayResult;
  };
  /** A run for a capture. */
  record: { readonly ask: { readonly about: RunToRecord }; readonly answer: Recording };
  /** The packets of a capture, handed to endpoints. */
  feed: { readonly ask: { readonly about: FeedAsk }; readonly answer: Fed };
  scenario: {
    readonly ask: {
      readonly run: ScenarioRun;
      readonly seed: string;
      readonly expect: ReadonlyMap<string, Expectation>;
    };
    readonly answer: ScenarioResult;
  };
}
export type TaskKind = keyof Kinds;
export type Ask<K extends TaskKind> = Kinds[K]["ask"];
export type Answer<K extends TaskKind> = Kinds[K]["answer"];

export type Task = {
  [K in TaskKind]: Ask<K> &
    LabelledProtocol & {
      readonly kind: K;
      readonly cwd: string;
      readonly watchdog: SharedArrayBuffer;
      readonly port: MessagePort;
    };
}[TaskKind];

export type Message =
  | { readonly kind: "roles"; readonly roles: readonly string[] }
  | { readonly kind: "progress"; readonly event: MatrixProgress }
  | { readonly kind: "checkpoint"; readonly reached: Reached }
  | { readonly kind: "console"; readonly line: string };

/** A checkpoint with those of its attacks that the one before did not have. */
export type Reached = Omit<Checkpoint, "kept"> & { readonly added: Checkpoint["kept"] };

/** How a task ended. */
export type Outcome = { readonly end: "done"; readonly answer: Answer<TaskKind> } | Failed;

/** `user`: the input is wrong; `protocol`: nothing can be said about it; `lab`: we are wrong. */
interface Failed {
  readonly end: "user" | "protocol" | "lab";
  /** One line. */
  readonly message: string;
  readonly stack?: string;
}

/** Steps are shown to people, who cannot read faster. */
const betweenStepsMs = 50;

/** The protocol of the task before: what was computed for it is of no use to another one. */
let lastSource: string | undefined;

/** The one function that worker threads run. It never rejects. */
export async function performTask(task: Task | undefined): Promise<Outcome | undefined> {
  // It was asked only so that there is a thread.
  if (task === undefined) return undefined;
  const watchdog = new Watchdog(task.watchdog);
  const send = (message: Message): void => task.port.postMessage(message);
  redirectConsole((line) => send({ kind: "console", line }));
  let loaded: Loaded | undefined;
  try {
    watchdog.begin(ownThreadId(), threadId);
    watchdog.beat("loading");
    if (lastSource !== task.name.source) forgetComputed();
    lastSource = task.name.source;
    loaded = await loadSubject(task.name, task.cwd, watchdog);
    send({ kind: "roles", roles: loaded.subject.protocol.roles.map((r) => r.name) });
    const answer = perform(task, loaded, watchdog, send);
    // A violation in the very last run has not been told yet.
    loaded.guard?.throwContractViolation();
    return { end: "done", answer };
  } catch (error) {
    return failure(task, loaded, error);
  } finally {
    if (task.name.file !== undefined) {
      // What the file left behind has its turn now, while somebody watches.
      watchdog.enter("callback");
      await nextTurn();
      clearForeignTimers();
    }
    redirectConsole(undefined);
    task.port.close();
  }
}

function perform(
  task: Task,
  loaded: Loaded,
  watchdog: Watchdog,
  send: (message: Message) => void,
): Answer<TaskKind> {
  const { subject } = loaded;
  // The harness knows only how a protocol was named, which for a file is a path.
  const named = (report: ProtocolReport): ProtocolReport => ({
    ...report,
    name: subject.protocol.name,
  });
  const watch = (): Watch => watchOf(task, loaded, watchdog, send);
  switch (task.kind) {
    case "check":
      return checkedProtocol(task.name, subject);
    case "replay":
      watchdog.beat("the run of the file");
      return runAgain(task.file, task.replay, subject, watch());
    case "record":
      watchdog.beat("the run for the capture");
      return record(subject, task.about, watch());
    case "feed":
      watchdog.beat("the run with the packets of the capture");
      return feed(subject, task.about, watch());
    case "scenario":
      watchdog.beat("the run of the scenario");
      return runScenario(subject, task, watch());
    case "assess":
      return named(assess(subject, task.settings, watch()));
    case "explore":
      return named(explore(subject, task.settings, watch()));
    case "grade":
      return gradeMessages(subject, task.settings, watch());
    case "locate":
      return task.attacks.map((attack) => {
        watchdog.beat("the run of an attack");
        return attackPlaces(codeOf(task, loaded), attack);
      });
    case "fuzz": {
      let sent = task.settings.resume?.kept.length ?? 0;
      const result = fuzz(subject, task.settings, {
        ...watch(),
        checkpoint: ({ kept, ...rest }) => {
          send({ kind: "checkpoint", reached: { ...rest, added: kept.slice(sent) } });
          sent = kept.length;
        },
      });
      return { ...result, report: named(result.report) };
    }
  }
}

/** Tells the supervisor what a search does, and the search what the supervisor wants. */
function watchOf(
  task: Task,
  { guard, otherwise }: Loaded,
  watchdog: Watchdog,
  send: (message: Message) => void,
): Watch {
  let lastStep = 0;
  const { label } = task;
  const placed = (error: unknown): string => placeOf(fileOf(task), error);
  return {
    ...(guard === undefined
      ? {}
      : {
          within,
          used: (kind) => {
            const use = guard.foreignUse(kind);
            return use && { kind: use.kind, what: use.what, place: placed(use.error) };
          },
        }),
    ...(otherwise === undefined ? {} : { loadedOtherwise: otherwise }),
    exceptionPlace: () => guard?.firstThrown && thrownPlace(fileOf(task), guard.firstThrown),
    rolePlace: (role) => definitionPlace(fileOf(task), guard?.handleOf(role)),
    beat: (what) => {
      guard?.throwContractViolation();
      watchdog.beat(what);
    },
    stop: () => watchdog.stopAsked,
    progress: (event) => {
      const now = performance.now();
      if (event.kind === "step" && now - lastStep < betweenStepsMs) return;
      if (event.kind === "step") lastStep = now;
      // The answer holds the report, and messages are copied.
      if (event.kind === "finished") return;
      // Two sets of options of one protocol differ in their labels alone.
      send({ kind: "progress", event: { ...event, name: label } });
    },
  };
}

const codeOf = (task: Task, { subject, guard }: Loaded): ProtocolCode => ({
  subject,
  file: task.name.file === undefined ? undefined : fileOf(task).path,
  cwd: task.cwd,
  handleOf: (role) => guard?.handleOf(role),
});

/** The protocol's file, as messages name it. */
const fileOf = ({ name, cwd }: Task): NamedFile => {
  const shown = name.file ?? name.source;
  return { shown, path: resolve(cwd, shown), cwd };
};

/** Whose fault it was, and one line that says so. */
function failure(task: Task, loaded: Loaded | undefined, error: unknown): Outcome {
  if (error instanceof UserError) return { end: "user", message: error.message };
  const { file, source } = task.name;
  if (error instanceof SharedMemoryError && file !== undefined) {
    return { end: "protocol", message: `${source}: ${error.message}` };
  }
  if (error instanceof IrreproducibleError && file !== undefined) {
    return { end: "protocol", message: `${error.place ?? source}: ${error.message}` };
  }
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  const guard = loaded?.guard;
  if (file === undefined || guard === undefined) {
    return { end: "lab", message: `${source}: ${thrownWords(error)}`, ...stack };
  }
  try {
    guard.throwContractViolation();
  } catch (violation) {
    const { error: misuse, returnedBy } = guard.violation ?? {};
    const at =
      misuse === undefined
        ? (definitionPlace(fileOf(task), returnedBy) ?? source)
        : placeOf(fileOf(task), misuse);
    return { end: "user", message: `${at}: ${thrownMessage(violation)}`, ...stack };
  }
  if (error instanceof ProtocolError) {
    const handle = error.role === undefined ? undefined : guard.handleOf(error.role);
    const at = definitionPlace(fileOf(task), handle) ?? source;
    return { end: "user", message: `${at}: ${error.message}`, ...stack };
  }
  const origin = guard.origin(error);
  if (origin === undefined)
    return { end: "lab", message: `${source}: ${thrownWords(error)}`, ...stack };
  const place = thrownPlace(fileOf(task), origin);
  const message = `${place}: ${origin.where} throws: ${thrownWords(error)}`;
  return { end: "user", message, ...stack };
}

const thrownPlace = (file: NamedFile, { error, written }: Thrown): string =>
  stackPlace(file, error) ?? definitionPlace(file, written) ?? file.shown;

const thrownMessage = (error: unknown): string =>
  error instanceof Error ? error.message : thrownWords(error);
