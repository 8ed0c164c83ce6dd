/**
 * Runs saved attacks and traces again and says whether the run is the same. Pure: whoever calls
 * it reads the file and finds the protocol.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { z } from "zod";
import { describeMove } from "../attacker/describe.ts";
import { attackSchema } from "../attacker/move.ts";
import { hex, utf8 } from "../protocol/kit/bytes.ts";
import { transportOf } from "../protocol/transport.ts";
import { gradeIds, isGradeId, shownAgain } from "./grades/shows.ts";
import { guarantees } from "./guarantees/catalog.ts";
import { type IneffectiveMove, ineffectiveMoves } from "./ineffective-moves.ts";
import { type ProtocolName, parseProtocolName } from "./input/protocol-reference.ts";
import { errorAt, readJson, type SourceDocument } from "./input/source-document.ts";
import { UserError } from "./input/user-error.ts";
import { networkWords } from "./run/network/conditions.ts";
import { Baselines, judge } from "./search/judge-run.ts";
import type { Outside } from "./search/outside.ts";
import { simulateTwice } from "./search/reproducibility.ts";
import { violatedAfter } from "./search/violation-moment.ts";
import { planOf, type Subject } from "./subject.ts";
import { messageSequenceOf } from "./trace/message-sequence.ts";
import { chunkings, type Trace } from "./trace/trace.ts";
import { traceFile } from "./trace/trace-lines.ts";
import type { MessageSequence, SavedAttack } from "./verdict.ts";
import { whyNoWorkload } from "./workload.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 digest: 64 hex digits");
const probability = z.number().min(0).max(1);
const milliseconds = z.number().min(0);
const network = z.strictObject({
  latencyMs: milliseconds,
  jitterMs: milliseconds,
  loss: probability,
  duplication: probability,
  reordering: probability,
  faultsEndMs: milliseconds,
  mtuBytes: z.number().int().min(1),
  chunking: z.enum(chunkings),
});
const choice = {
  protocol: z.string().min(1),
  options: z.record(z.string(), z.string()),
  workload: z.string().min(1),
  seed: z.string(),
  network,
  moves: attackSchema,
};
const process = z.string().min(1);
const savedAttack = z.strictObject({
  schema: z.literal("mallory/attack@1"),
  ...choice,
  guarantee: z.enum([...guarantees.map((g) => g.id), ...gradeIds]),
  /** Which message it is about, if it is about one. */
  message: z
    .strictObject({
      session: z.number().int().min(0),
      from: process,
      to: process,
      nth: z.number().int().min(1),
    })
    .optional(),
  digest,
});
/** One run, by all that decides it, of which nothing is claimed. */
const plannedRun = z.strictObject({
  schema: z.literal("mallory/planned-run@1"),
  ...choice,
  digest,
});
export type PlannedRun = Omit<SavedAttack, "schema" | "guarantee" | "message"> & {
  readonly schema: "mallory/planned-run@1";
};
/** A run as it is kept in a capture. */
export type SavedRun = SavedAttack | PlannedRun;
const traceHeader = z.strictObject({ schema: z.literal("mallory/trace@1"), ...choice });
const traceEnd = z.strictObject({ digest, source: z.string().min(1) });

/** What decides the run, whichever file it came from. */
type RunAgain = Pick<SavedAttack, "workload" | "seed" | "network" | "moves" | "digest"> & {
  readonly name: ProtocolName;
};

export type ReplayFile =
  | {
      readonly kind: "attack";
      readonly run: RunAgain;
      readonly guarantee: string;
      readonly message?: SavedAttack["message"] | undefined;
    }
  | { readonly kind: "run"; readonly run: RunAgain }
  | {
      readonly kind: "trace";
      readonly run: RunAgain;
      /** All lines but the last one, which holds the digest of the others. */
      readonly lines: readonly string[];
    };

const traceSchema = "mallory/trace@1";
const attackSchemaName = "mallory/attack@1";
const plannedSchema = "mallory/planned-run@1";

/** @throws UserError with file, line and column, if it is neither an attack nor a trace. */
export function parseReplayFile(file: string, text: string): ReplayFile {
  const lines = text.split(/\r?\n/);
  if (/\.jsonl$/i.test(file) || lines[0]?.includes(`"${traceSchema}"`))
    return parseTrace(file, lines);
  const located = readJson(file, text);
  if (schemaOf(located) === plannedSchema) {
    const { schema: _, protocol, options, ...run } = located.checked(plannedRun);
    const name = nameIn(located, "protocol", protocol, options);
    return { kind: "run", run: { ...run, name } };
  }
  checkSchema(located);
  const { schema: _, protocol, guarantee, message, options, ...run } = located.checked(savedAttack);
  const name = nameIn(located, "protocol", protocol, options);
  const about = message === undefined ? {} : { message };
  return { kind: "attack", run: { ...run, name }, guarantee, ...about };
}

function nameIn(
  located: SourceDocument,
  key: string,
  source: string,
  options: SavedAttack["options"],
): ProtocolName {
  const complain = (says: string): UserError =>
    located.complain({ path: [key], says, aboutKey: false });
  let name: ProtocolName;
  try {
    name = parseProtocolName(source);
  } catch (error) {
    throw error instanceof UserError ? complain(error.message) : error;
  }
  if (Object.keys(name.given).length > 0) throw complain(`must be without options`);
  return { ...name, given: options };
}

const schemaOf = ({ data }: SourceDocument): unknown =>
  typeof data === "object" && data !== null && "schema" in data ? data.schema : undefined;

function checkSchema(located: SourceDocument): void {
  const schema = schemaOf(located);
  if (schema === attackSchemaName) return;
  const right = `"schema" must be "${attackSchemaName}" or "${traceSchema}"`;
  const says =
    schema === "mallory/matrix@1"
      ? "this is a whole matrix; name one of the attack files in it"
      : schema === undefined
        ? `this is neither an attack nor a trace of Mallory: ${right}`
        : `${right}, not ${JSON.stringify(schema)}`;
  const path = schema === undefined ? [] : ["schema"];
  throw located.complain({ path, says, aboutKey: schema !== undefined });
}

function parseTrace(file: string, all: readonly string[]): ReplayFile {
  const lines = all.at(-1) === "" ? all.slice(0, -1) : all;
  const first = readLine(file, lines, 0);
  const header = first.checked(traceHeader);
  for (let i = 1; i < lines.length - 1; i++) checkEventLine(file, lines, i);
  const last = lines.length - 1;
  const cutOff = (): UserError =>
    errorAt(
      file,
      { line: lines.length, column: 1 },
      "the trace is cut off: its last line must hold its digest; save it again",
    );
  if (last < 1) throw cutOff();
  let lastLine: SourceDocument;
  let end: z.infer<typeof traceEnd>;
  try {
    lastLine = readLine(file, lines, last);
    end = lastLine.checked(traceEnd);
  } catch (error) {
    throw error instanceof UserError ? cutOff() : error;
  }
  const { schema: _, protocol: __, options, ...run } = header;
  const name = nameIn(lastLine, "source", end.source, options);
  return {
    kind: "trace",
    run: { ...run, name, digest: end.digest },
    lines: lines.slice(0, -1),
  };
}

/** One line of a trace, so that complaints name it, and not the first line of a document. */
function readLine(file: string, lines: readonly string[], index: number): SourceDocument {
  try {
    return readJson(file, lines[index] ?? "", index + 1);
  } catch (error) {
    if (index === lines.length - 1 || !(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}; a trace has one JSON object per line`);
  }
}

function checkEventLine(file: string, lines: readonly string[], index: number): void {
  let value: unknown;
  try {
    value = JSON.parse(lines[index] ?? "");
  } catch {
    value = readLine(file, lines, index).data;
  }
  const fits =
    typeof value === "object" && value !== null && ("kind" in value || "packet" in value);
  if (fits) return;
  throw errorAt(file, { line: index + 1, column: 1 }, "neither a packet nor an event of a trace");
}

interface JudgedRun {
  readonly guarantee: string;
  /** Why the run violates it; absent if it does not. */
  readonly because?: string;
}

export interface ReplayResult {
  readonly protocol: string;
  /** The attack in English, one line per move. */
  readonly steps: readonly string[];
  /** What the network did at random, in half a sentence, if it did anything. */
  readonly network?: string;
  readonly story: MessageSequence;
  /** The guarantee of an attack; for a trace, every one that the run violates. */
  readonly judged: readonly JudgedRun[];
  readonly digest: string;
  readonly recordedDigest: string;
  readonly same: boolean;
  /** Where a trace first differs from this run. */
  readonly difference?: TraceDifference;
  /** The run as a file. */
  readonly trace: string;
  /** Moves that did nothing, by their position: they name packets that there are none of. */
  readonly ineffective: readonly IneffectiveMove[];
}

export interface TraceDifference {
  /** Counts from 1. */
  readonly line: number;
  readonly recorded: string;
  readonly found: string;
  /** The file does not even have the digest it names: it was edited. */
  readonly edited: boolean;
}

/**
 * Runs it again, with every primitive computed afresh.
 * @throws UserError, ProtocolError
 * @throws IrreproducibleError if it comes out differently each time.
 */
export function runAgain(
  file: string,
  replay: ReplayFile,
  subject: Subject,
  outside: Outside = {},
): ReplayResult {
  const { run } = replay;
  const none = whyNoWorkload(subject.protocol, subject.options, run.workload);
  if (none !== undefined) throw new UserError(`${file}: ${none}`);
  const known = { attack: run.moves, seed: run.seed, workload: run.workload, network: run.network };
  const plan = planOf(subject, known);
  const trace = simulateTwice(plan, outside);
  const profiles = new Baselines(subject, run.seed);
  const judged = judgeAll(replay, trace, profiles);
  const written = traceFile(trace);
  const difference = replay.kind === "trace" ? differenceOf(replay, written) : undefined;
  const random = networkWords(run.network, transportOf(subject.protocol));
  const broken = judged.find((j) => j.because !== undefined);
  const guarantee = guarantees.find((g) => g.id === broken?.guarantee);
  const until = guarantee && violatedAfter(guarantee, trace, profiles);
  return {
    protocol: subject.protocol.name,
    steps: run.moves.map(describeMove),
    ...(random === undefined ? {} : { network: random }),
    story: messageSequenceOf(trace, broken?.because, until),
    judged,
    digest: trace.digest,
    recordedDigest: run.digest,
    same: trace.digest === run.digest && difference === undefined,
    ...(difference === undefined ? {} : { difference }),
    trace: written,
    ineffective: ineffectiveMoves(trace),
  };
}

function judgeAll(replay: ReplayFile, trace: Trace, profiles: Baselines): readonly JudgedRun[] {
  if (replay.kind === "attack" && isGradeId(replay.guarantee)) {
    const { honest } = profiles.of(trace.plan.workloadName);
    return [{ guarantee: replay.guarantee, ...shownAgain(trace, honest, replay) }];
  }
  const wanted = replay.kind === "attack" ? replay.guarantee : undefined;
  const chosen = guarantees.filter((g) => wanted === undefined || g.id === wanted);
  const judged = chosen.map((g): JudgedRun => {
    const because = judge(g, trace, profiles).violation?.because;
    return because === undefined ? { guarantee: g.id } : { guarantee: g.id, because };
  });
  return wanted === undefined ? judged.filter((j) => j.because !== undefined) : judged;
}

function differenceOf(
  replay: ReplayFile & { readonly kind: "trace" },
  written: string,
): TraceDifference | undefined {
  const found = written.trimEnd().split("\n").slice(0, -1);
  const { lines } = replay;
  const edited = hex(sha256(utf8(`${lines.join("\n")}\n`))) !== replay.run.digest;
  const length = Math.max(lines.length, found.length);
  for (let i = 0; i < length; i++) {
    if (lines[i] === found[i]) continue;
    const nothing = "(nothing)";
    return { line: i + 1, recorded: lines[i] ?? nothing, found: found[i] ?? nothing, edited };
  }
  // The lines are right, so the digest that the file names is the one that was edited.
  if (edited) {
    const recorded = replay.run.digest;
    const right = hex(sha256(utf8(`${found.join("\n")}\n`)));
    return { line: lines.length + 1, recorded, found: right, edited };
  }
  return undefined;
}
