/**
 * Worker threads under supervision. The main thread stays free for other work, and anything that a
 * protocol's code does to its thread, such as an endless loop, ends as one line for the user.
 */
import { resolve } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Piscina } from "piscina";
import type { ProtocolName } from "../input/protocol-reference.ts";
import type { MatrixProgress } from "../verdict.ts";
import type { LabelledProtocol } from "./checked-protocol.ts";
import { thrownWords } from "./load-complaints.ts";
import { type Look, Patience, type Stuck } from "./patience.ts";
import { runningPlace } from "./running-place.ts";
import { threadTime } from "./thread-time.ts";
import { expectEnd } from "./unended-threads.ts";
import { Watchdog } from "./watchdog.ts";
import type { Answer, Ask, Message, Reached, Task, TaskKind } from "./worker-task.ts";

/** Threads that can be shared by several pools of work, one after another or at the same time. */
export type ThreadPool = Piscina;

export interface WorkerPoolOptions {
  /** How many tasks can be under way at the same time. */
  readonly workers: number;
  /** Where the paths of protocols start. */
  readonly cwd: string;
  /** A thread that computes for so long without any sign of life is ended. */
  readonly stuckMs: number;
  /** Threads that the caller made and ends. */
  readonly pool?: ThreadPool;
}

export interface Listener {
  progress?: ((event: MatrixProgress) => void) | undefined;
  /** A random search can go on from here. */
  checkpoint?(reached: Reached): void;
  /** The protocol's code has printed a line. */
  print?(line: string): void;
}

/** `user`: the input is wrong; `protocol`: nothing can be said about it; `lab`: we are wrong. */
export interface Failure {
  readonly end: "user" | "protocol" | "lab";
  /** One line. */
  readonly message: string;
  readonly stack?: string;
}

export type Result<K extends TaskKind> =
  | { readonly end: "done"; readonly answer: Answer<K> }
  | Failure
  /** It was stopped before it began. */
  | { readonly end: "stopped" };

export interface Job<K extends TaskKind> {
  /** Never rejects. */
  readonly result: Promise<Result<K>>;
  /** Asks the thread to finish with what it has; a task that has not begun never does. */
  stop(): void;
}

/** Heavy work of the lab itself may take longer than a protocol's code. */
const ownPatience = 6;
/**
 * Memory that a thread may use before it is ended. From 2,048 on V8 lets garbage grow to four times
 * what is in use before it collects any; below, to less than twice.
 */
const heapMegabytes = 1_536;
/** Runs are short-lived: with so much room for young objects hardly any is ever copied. */
const youngMegabytes = 96;

/** Threads start when there is work for them; the caller ends them with `destroy()`. */
export function makePool(workers: number): ThreadPool {
  const pool = new Piscina({
    filename: new URL("./worker.mjs", import.meta.url).href,
    minThreads: 0,
    maxThreads: Math.max(1, workers),
    idleTimeout: 60_000,
    atomics: "disabled",
    resourceLimits: {
      maxOldGenerationSizeMb: heapMegabytes,
      maxYoungGenerationSizeMb: youngMegabytes,
    },
  });
  // A thread without a task may still die of what an earlier one left behind.
  pool.on("error", () => {});
  // Every task that waits for its thread listens.
  pool.setMaxListeners(0);
  return pool;
}

export class WorkerPool {
  readonly #pool: ThreadPool;
  readonly #options: WorkerPoolOptions;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#pool = options.pool ?? makePool(options.workers);
  }

  /** How many tasks can be under way at once. */
  get workers(): number {
    return this.#options.workers;
  }

  /** Threads take a second to load what they need, and may begin before there is work for them. */
  warm(tasks: number): void {
    const wanted = Math.min(tasks, this.workers);
    for (let n = this.#pool.threads.length; n < wanted; n++) {
      this.#pool.run(undefined).catch(() => {});
    }
  }

  /** Queues a task. How it ends, and whose fault that is, is in the job's result. */
  run<K extends TaskKind>(
    kind: K,
    { name, label }: LabelledProtocol,
    ask: Ask<K>,
    listener: Listener = {},
  ): Job<K> {
    const watchdog = new Watchdog();
    const { port1, port2 } = new MessageChannel();
    let roles: readonly string[] = [];
    const take = (message: Message): void => {
      if (message.kind === "roles") roles = message.roles;
      else if (message.kind === "progress") listener.progress?.(message.event);
      else if (message.kind === "checkpoint") listener.checkpoint?.(message.reached);
      else listener.print?.(message.line);
    };
    port1.on("message", take);
    const abort = new AbortController();
    const { cwd } = this.#options;
    const shared = { watchdog: watchdog.buffer, port: port2 };
    const task = { ...ask, ...shared, kind, name, label, cwd } as unknown as Task;
    const { ended, stuck, over } = this.#watch(watchdog, name, () => roles);
    const running: Promise<Result<K>> = this.#pool.run(task, {
      signal: abort.signal,
      transferList: [port2],
    });
    const finished = running.catch(
      (error: unknown): Result<K> =>
        ended() ?? (abort.signal.aborted ? { end: "stopped" } : deathOf(name, watchdog, error)),
    );
    const result: Promise<Result<K>> = Promise.race([finished, stuck]).finally(() => {
      over();
      if (ended() !== undefined) this.#endThread(abort);
      this.#replaceThread();
      // The result came by another way, and may have overtaken the last messages.
      for (const message of pendingOn(port1)) take(message);
      port1.close();
    });
    return {
      result,
      stop: () => {
        watchdog.askToStop();
        if (watchdog.count === 0) abort.abort();
      },
    };
  }

  /** Ends the thread that has the task. */
  #endThread(abort: AbortController): void {
    const before = this.#pool.threads;
    abort.abort();
    const left = new Set(this.#pool.threads);
    expectEnd(before.filter((thread) => !left.has(thread)));
  }

  /**
   * Where a thread has ended, the pool starts another one only when a further task comes, and those
   * that wait already would wait for ever: so one comes that does nothing.
   */
  #replaceThread(): void {
    const { threads, queueSize, options } = this.#pool;
    if (queueSize === 0 || threads.length >= options.maxThreads) return;
    this.#pool.run(undefined).catch(() => {});
  }

  #watch(watchdog: Watchdog, name: ProtocolName, roles: () => readonly string[]) {
    const { stuckMs } = this.#options;
    const everyMs = Math.min(250, Math.max(10, stuckMs / 20));
    const patience = new Patience(everyMs);
    let end: Failure | undefined;
    let settle: (failure: Failure) => void = () => {};
    const stuck = new Promise<Failure>((resolve) => {
      settle = resolve;
    });
    const over = (): void => {
      clearInterval(timer);
      this.#pool.off("error", failed);
    };
    const finish = (failure: Failure): void => {
      over();
      end = failure;
      settle(failure);
    };
    // A thread that ends before it takes a task leaves the task where it is.
    const failed = (error: unknown): void => {
      if (watchdog.count > 0 || this.#pool.threads.length > 0) return;
      finish({ end: "lab", message: `no thread can be started: ${thrownWords(error)}` });
    };
    this.#pool.on("error", failed);
    const timer = setInterval(() => {
      const { count, foreignCall } = watchdog;
      // Before the first beat the task waits for its turn, or for its thread to start.
      if (count === 0 && this.#pool.queueSize > 0) return;
      const own = count === 0 || foreignCall === undefined ? ownPatience : 1;
      const found = patience.look(this.#look(watchdog), stuckMs * own);
      if (found === undefined) return;
      clearInterval(timer);
      void this.#placeIn(watchdog, name).then((place) =>
        finish(stuckOutcome(watchdog, name, { roles: roles(), place }, found)),
      );
    }, everyMs);
    return { stuck, ended: () => end, over };
  }

  #look({ count, thread }: Watchdog): Look {
    const { user, system } = process.cpuUsage();
    const shareMs = (user + system) / 1_000 / Math.max(1, this.#pool.threads.length);
    return { count, thread: threadTime(thread), shareMs };
  }

  /** Where in the user's file foreign code is, that does not return. */
  async #placeIn(
    { worker, foreignCall }: Watchdog,
    { file }: ProtocolName,
  ): Promise<string | undefined> {
    const { cwd } = this.#options;
    if (file === undefined || foreignCall === undefined || worker === 0) return undefined;
    return runningPlace(worker, { shown: file, path: resolve(cwd, file), cwd });
  }

  /** Ends the threads, unless the caller made them. */
  async close(): Promise<void> {
    if (this.#options.pool === undefined) await this.#pool.destroy();
  }
}

function* pendingOn(port: MessagePort): Generator<Message> {
  for (;;) {
    const pending: { readonly message: Message } | undefined = receiveMessageOnPort(port);
    if (pending === undefined) return;
    yield pending.message;
  }
}

function stuckOutcome(
  watchdog: Watchdog,
  name: ProtocolName,
  { roles, place }: { readonly roles: readonly string[]; readonly place: string | undefined },
  { how, ms }: Stuck,
): Failure {
  const { count, foreignCall, role, what } = watchdog;
  const seconds = `${Math.round(ms / 100) / 10} s${how === "computing" ? " of computing" : ""}`;
  const { file, source } = name;
  if (count === 0) {
    return { end: "lab", message: `${source}: no thread has taken it for ${seconds}` };
  }
  if (foreignCall === undefined || file === undefined) {
    const message = `${source}: the lab itself is stuck for ${seconds} (being tried: ${what})`;
    return { end: "lab", message };
  }
  if (foreignCall === "load") {
    return {
      end: "user",
      message: `${place ?? file}: does not finish loading (stuck for ${seconds})`,
    };
  }
  if (foreignCall === "callback") {
    const message = `${place ?? source}: a promise or timer of its own does not end: stuck for ${seconds}`;
    return { end: "user", message };
  }
  const of = role < 0 ? "" : ` of ${roles[role] ?? "a role"}`;
  const message = `${place ?? source}: ${foreignCall}()${of} does not return: stuck for ${seconds}`;
  return { end: "user", message: `${message} (being tried: ${what})` };
}

/** The thread died, of too much memory or by other means. */
function deathOf(name: ProtocolName, watchdog: Watchdog, error: unknown): Failure {
  const { source, file } = name;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const { foreignCall } = watchdog;
  const where = foreignCall === undefined ? "" : ` in ${foreignCall}()`;
  const end = file === undefined ? "lab" : "user";
  if (code === "ERR_WORKER_OUT_OF_MEMORY") {
    const message = `${source}: uses more than ${heapMegabytes} MB of memory${where}`;
    return { end, message };
  }
  const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  return { end, message: `${source}: its thread ended${where}: ${why}`, ...stack };
}
