/** One principal in one run: its answers come from its tree, and else from live endpoints. */
import type {
  Deployment,
  Endpoint,
  Input,
  Millis,
  Output,
  Principal,
} from "../../protocol/endpoint.ts";
import { ownInput } from "../../protocol/kit/copy-input.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Random } from "../../protocol/kit/random.ts";
import type { ProcessId } from "../trace/trace.ts";
import { type Conversations, ownOutputs, type Place, type Told } from "./conversations.ts";
import type { HeldLog, HeldStores } from "./held.ts";
import { openEndpoint, type ProcessPlace } from "./processes.ts";
import type { Typing } from "./typing.ts";

type Query = "deadline" | "stateSize";

/** What it needs of its run. */
export interface ConversationWorld {
  readonly conversations: Conversations;
  /** The record of the run, and the one that its endpoints write. */
  readonly log: OpRecord[];
  readonly ownLog: HeldLog;
  /** Likewise for operations that fail. */
  readonly attempts: OpRecord[];
  readonly ownAttempts: HeldLog;
  readonly stores: HeldStores;
  readonly random: Random;
  readonly typing: Typing;
  /** Deals its keys; called once, and only if its code has to run. */
  deploy(): Deployment;
}

export class Conversation {
  readonly #world: ConversationWorld;
  /** What it has been told so far; `undefined` once that is no longer kept. */
  #place: Place | undefined;
  /** Its endpoints, once it has any. */
  #live: Map<ProcessId, Endpoint> | undefined;
  #deployment: Deployment | undefined;
  /**
   * How many more answers are kept. Most courses that leave the tree are never taken again: of
   * them only the first step is kept, and what comes after when somebody goes that way once more.
   */
  #left = Number.POSITIVE_INFINITY;

  constructor(world: ConversationWorld, beginning: Place) {
    this.#world = world;
    this.#place = beginning;
  }

  /** Opens a process of this principal. */
  open(place: ProcessPlace): Endpoint {
    const process = place.id;
    this.tell({ process, place });
    return new Facade(this, process);
  }

  /** Its own deployment, if its code has run: with what its processes have made of it. */
  get deployment(): Deployment | undefined {
    return this.#deployment;
  }

  /** What its deployment says by now, which may depend on what its processes have done. */
  longTermSecrets(of: Principal): readonly Uint8Array[] {
    const place = this.#place;
    let secrets = this.#live === undefined ? place?.secrets?.get(of) : undefined;
    if (secrets === undefined) {
      if (this.#live === undefined) this.#wake();
      secrets = this.#deployment?.longTermSecrets(of) ?? [];
      if (place === undefined) return secrets;
      place.secrets ??= new Map();
      place.secrets.set(
        of,
        secrets.map((secret) => secret.slice()),
      );
    }
    return secrets.map((secret) => secret.slice());
  }

  /** @returns what comes of it. @throws what its code throws, or the message of that. */
  tell(told: Told): readonly Output[] {
    if (this.#live === undefined) {
      const next = this.#place?.after(told);
      if (next !== undefined) {
        this.#place = next;
        return this.#again(next);
      }
      this.#wake();
    }
    return this.#answer(told);
  }

  /** The same as before. */
  #again({ answer }: Place): readonly Output[] {
    const { log, attempts, stores } = this.#world;
    for (const op of answer.ops) log.push(op);
    for (const op of answer.failed) attempts.push(op);
    for (const written of answer.written) stores.rewrite(written);
    if (answer.thrown !== undefined) throw answer.thrown;
    return answer.outputs;
  }

  /** Its code runs, and the answer is kept. */
  #answer(told: Told): readonly Output[] {
    const { log, attempts, stores, conversations } = this.#world;
    const before = this.#left > 0 ? this.#place : undefined;
    if (before === undefined) {
      this.#place = undefined;
      return this.#run(told);
    }
    // Code may change what it is given.
    const kept: Told = "place" in told ? told : { ...told, input: ownInput(told.input) };
    const from = log.length;
    const failedFrom = attempts.length;
    stores.written = [];
    let outputs: readonly Output[] = [];
    let thrown: { readonly error: unknown } | undefined;
    try {
      outputs = this.#run(told);
    } catch (error) {
      thrown = { error };
    }
    const { written } = stores;
    stores.written = [];
    if (stores.isShared) conversations.isOff = true;
    const own = ownOutputs(outputs);
    const isKept = own !== undefined && !stores.isShared && this.#left-- > 0;
    this.#place = undefined;
    if (isKept) {
      const answer = {
        outputs: own,
        thrown: thrown && messageOf(thrown.error),
        ops: log.slice(from),
        failed: attempts.slice(failedFrom),
        written,
      };
      this.#place = before.add(kept, answer);
      conversations.grow(answer, kept);
    }
    if (thrown !== undefined) throw thrown.error;
    return outputs;
  }

  #run(told: Told): readonly Output[] {
    const live = this.#live as Map<ProcessId, Endpoint>;
    if ("place" in told) {
      const { ownLog: log, ownAttempts: attempts, stores, random, typing } = this.#world;
      const world = { log, attempts, stores, random, typing };
      live.set(told.process, openEndpoint(this.#deployment as Deployment, world, told.place));
      return [];
    }
    return (live.get(told.process) as Endpoint).handle(told.input, told.now);
  }

  ask(process: ProcessId, query: Query): number | undefined {
    const place = this.#place;
    const isIts = place?.told?.process === process;
    if (this.#live === undefined) {
      const known = isIts ? place.queries.find((q) => q.query === query) : undefined;
      if (known !== undefined) return known.is;
      this.#wake();
    }
    const { log, conversations } = this.#world;
    const from = log.length;
    const endpoint = this.#live?.get(process);
    const is = query === "deadline" ? endpoint?.deadline?.() : endpoint?.stateSize?.();
    if (log.length !== from) conversations.isOff = true;
    if (isIts) place.queries.push({ query, is });
    else this.#place = undefined;
    return is;
  }

  /** Makes its endpoints, and lets them live through all that it was told so far. */
  #wake(): void {
    const { ownLog, ownAttempts, stores, conversations } = this.#world;
    this.#left = this.#place?.isLast === true ? Number.POSITIVE_INFINITY : 1;
    const past: Place[] = [];
    for (let p = this.#place; p?.told !== undefined; p = p.parent) past.push(p);
    this.#live = new Map();
    this.#deployment = this.#world.deploy();
    ownLog.isHeld = true;
    ownAttempts.isHeld = true;
    stores.isHeld = true;
    for (const place of past.reverse()) {
      ownLog.heldBack = 0;
      this.#relive(place);
      if (ownLog.heldBack !== place.answer.ops.length) conversations.isOff = true;
    }
    ownLog.isHeld = false;
    ownAttempts.isHeld = false;
    stores.isHeld = false;
    if (stores.isShared) conversations.isOff = true;
  }

  #relive({ told, answer, queries }: Place): void {
    if (told === undefined) return;
    try {
      this.#run("place" in told ? told : { ...told, input: ownInput(told.input) });
    } catch {
      if (answer.thrown === undefined) this.#world.conversations.isOff = true;
    }
    const endpoint = this.#live?.get(told.process);
    for (const { query, is } of queries) {
      const now = query === "deadline" ? endpoint?.deadline?.() : endpoint?.stateSize?.();
      if (!Object.is(now, is)) this.#world.conversations.isOff = true;
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * A process, whoever answers for it. A class: V8 keeps what is in the closures of a literal until
 * its next full collection, and the whole run with it.
 */
class Facade implements Endpoint {
  readonly #conversation: Conversation;
  readonly #process: ProcessId;

  constructor(conversation: Conversation, process: ProcessId) {
    this.#conversation = conversation;
    this.#process = process;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    return this.#conversation.tell({ process: this.#process, input, now });
  }

  deadline(): Millis | undefined {
    return this.#conversation.ask(this.#process, "deadline");
  }

  stateSize(): number {
    // Whoever asks takes it that there may be none.
    return this.#conversation.ask(this.#process, "stateSize") as number;
  }
}
