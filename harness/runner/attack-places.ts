/**
 * Where in a protocol's code an attack comes through. The smallest attack is run again with
 * somebody watching: first for who asks for which operation, and then, if the output before the
 * violation has a process of its own, once more, step by step through the call that made it.
 */
import type { AttackPlaces, CodePlace, HandledInput } from "../code-places.ts";
import { guarantees } from "../guarantees/catalog.ts";
import type { Guarantee } from "../guarantees/guarantee.ts";
import { Baselines, judge, simulatePlainly, watches } from "../search/judge-run.ts";
import { settings } from "../search/outside.ts";
import { violatedAfter } from "../search/violation-moment.ts";
import { planOf, type Subject } from "../subject.ts";
import { crash, decisiveEvent, outputKindOf } from "../trace/decisive-event.ts";
import type { ProcessId, Trace, TraceEvent, Witness } from "../trace/trace.ts";
import type { SavedAttack } from "../verdict.ts";
import { definitionOf, type SourcePlace } from "./definition-place.ts";
import { framesOf } from "./load-complaints.ts";
import { codePlace, foreignCode } from "./own-code.ts";
import { steppedThrough, steppingFile } from "./stepping.ts";
import { within } from "./surroundings.ts";
import { isReturn, isThrow, outputsWritten } from "./written-output.ts";

export interface ProtocolCode {
  readonly subject: Subject;
  /** Whole path of the protocol's file; `undefined` if it is bundled. */
  readonly file: string | undefined;
  readonly cwd: string;
  /** The author's function that answers for a role, if it is known. */
  handleOf(role: string): unknown;
}

/** One call of a process's code. */
interface HandleCall {
  readonly at: ProcessId;
  readonly t: number;
  /** Events before it. */
  readonly events: number;
  readonly operations: SourcePlace[];
}

type Answering = Parameters<Witness["handling"]>[0];

/** A long run has more operations than anybody reads about. */
const mostStacks = 2_000;
const mostOperations = 8;

/** Notes every call, and goes through one of them step by step. */
class CodeWitness implements Witness {
  readonly calls: HandleCall[] = [];
  /** The functions that answer, by process. */
  readonly handles = new Map<ProcessId, unknown>();
  steps: readonly SourcePlace[] = [];
  readonly #code: ProtocolCode;
  readonly #stepped: number | undefined;
  readonly #foreign: RegExp;
  #stacks = 0;

  /** @param stepped the index of the call. */
  constructor(code: ProtocolCode, stepped?: number) {
    this.#code = code;
    this.#stepped = stepped;
    this.#foreign = foreignCode(code.file);
  }

  recorded(by: ProcessId): void {
    const call = this.calls.at(-1);
    // What is computed while a process is opened belongs to no input.
    if (this.#stepped !== undefined || call?.at !== by || this.#stacks >= mostStacks) return;
    this.#stacks++;
    const frame = framesOf(new Error()).find(({ path }) => !this.#foreign.test(path));
    if (frame === undefined) return;
    const [line = 1, column = 1] = frame.at.split(":").map(Number);
    const last = call.operations.at(-1);
    if (last?.line === line && last.column === column && last.path === frame.path) return;
    call.operations.push({ path: frame.path, line, column });
  }

  handling<T>(process: Answering, t: number, events: number, code: () => T): T {
    const { id: at, endpoint } = process;
    this.calls.push({ at, t, events, operations: [] });
    if (!this.handles.has(at)) this.handles.set(at, endpoint.handle);
    if (this.calls.length - 1 !== this.#stepped) return code();
    const passedOver = foreignCode(this.#code.file, [steppingFile]);
    const { value, steps } = steppedThrough(passedOver, code);
    this.steps = steps;
    return value;
  }
}

/**
 * @returns `undefined` if the run is not the recorded one, or if nothing in it leads to code.
 * @throws what the protocol's code throws while it is deployed.
 */
export function attackPlaces(code: ProtocolCode, saved: SavedAttack): AttackPlaces | undefined {
  const guarantee = guarantees.find((g) => g.id === saved.guarantee);
  if (guarantee === undefined) return undefined;
  const first = new CodeWitness(code);
  const trace = runWith(code, saved, first);
  if (trace.digest !== saved.digest) return undefined;
  const profiles = new Baselines(code.subject, saved.seed);
  const because = judge(guarantee, trace, profiles).violation?.because ?? "";
  const until = violatedAfter(guarantee, trace, profiles);
  const index = decisiveEvent(trace, because, until, showsIn(guarantee));
  const event = index === undefined ? undefined : trace.events[index];
  const definitions = new Definitions(code, trace, first.handles);
  if (index === undefined || event === undefined) return undefined;
  const call = callOf(first.calls, event.at, index);
  const output =
    (call === undefined
      ? undefined
      : writtenIn(code, saved, first.calls, call, { trace, index })) ??
    call?.operations.at(-1) ??
    definitions.of(event.at);
  if (output === undefined) return undefined;
  const named = (place: SourcePlace): CodePlace =>
    codePlace(place, code.file === undefined ? undefined : code.cwd);
  return {
    at: event.at,
    output: named(output),
    kind: outputKindOf(event) ?? "",
    operations: (call?.operations ?? []).slice(-mostOperations).map(named),
    handled: first.calls.slice(0, mostStacks).flatMap((c): readonly HandledInput[] => {
      const place = c === call ? output : (c.operations.at(-1) ?? definitions.of(c.at));
      return place === undefined ? [] : [{ t: c.t, at: c.at, place: named(place) }];
    }),
  };
}

/** Where a violation shows: in an event, in what is seen of the packets, or in what is deduced. */
function showsIn(guarantee: Guarantee): "moment" | "outside" | undefined {
  if (guarantee.distinguish !== undefined) return "outside";
  return guarantee.safety && !watches(guarantee) ? "moment" : undefined;
}

function runWith({ subject }: ProtocolCode, saved: SavedAttack, witness: Witness): Trace {
  const { moves: attack, seed, workload, network } = saved;
  const plan = planOf(subject, { attack, seed, workload, network });
  const trace = within(settings.usual, () => simulatePlainly({ ...plan, witness }));
  // Judges make runs of their own from its plan, at which nobody is to look.
  return { ...trace, plan, digest: trace.digest };
}

const callOf = (
  calls: readonly HandleCall[],
  at: ProcessId,
  event: number,
): HandleCall | undefined => calls.findLast((c) => c.at === at && c.events <= event);

/** The place where the code that made an output has written it, as far as its text shows. */
function writtenIn(
  code: ProtocolCode,
  saved: SavedAttack,
  calls: readonly HandleCall[],
  call: HandleCall,
  { trace, index }: { readonly trace: Trace; readonly index: number },
): SourcePlace | undefined {
  const second = new CodeWitness(code, calls.indexOf(call));
  if (runWith(code, saved, second).digest !== saved.digest) return undefined;
  const { steps } = second;
  const kind = outputKindOf(trace.events[index] as TraceEvent) ?? "";
  // The last line that the code came to is the one that has thrown.
  if (kind === crash) return steps.findLast(isThrow) ?? steps.at(-1);
  const next = calls[calls.indexOf(call) + 1]?.events ?? trace.events.length;
  const alike = trace.events
    .map((e, i) => ({ e, i }))
    .slice(call.events, next)
    .filter(({ e }) => e.at === call.at && outputKindOf(e) === kind)
    .map(({ i }) => i);
  const written = outputsWritten(steps, kind);
  const nth = alike.indexOf(index);
  if (written.length === alike.length) return written[nth];
  if (written.length > 0) return written.at(-1);
  // It is written elsewhere, such as with a computed kind: then where the code has returned it.
  return steps.findLast(isReturn);
}

/** Where the code is written that answers for a process. */
class Definitions {
  readonly #code: ProtocolCode;
  readonly #trace: Trace;
  readonly #handles: ReadonlyMap<ProcessId, unknown>;
  readonly #known = new Map<string, SourcePlace | undefined>();

  constructor(code: ProtocolCode, trace: Trace, handles: ReadonlyMap<ProcessId, unknown>) {
    this.#code = code;
    this.#trace = trace;
    this.#handles = handles;
  }

  of(process: ProcessId): SourcePlace | undefined {
    const role = this.#trace.processes.find((p) => p.id === process)?.role ?? "";
    if (!this.#known.has(role)) {
      const { handleOf, subject, file } = this.#code;
      // Around a protocol of one's own there are functions of the lab.
      const handle = handleOf(role) ?? this.#handles.get(process);
      const written = [handle, subject.protocol.deploy].map(definitionOf);
      const foreign = foreignCode(file);
      this.#known.set(
        role,
        written.find((place) => place !== undefined && !foreign.test(place.path)),
      );
    }
    return this.#known.get(role);
  }
}
