/**
 * Runs honest role code under the adversary's control. A puppet plays a role as some principal,
 * and is held to what the adversary knows: the running code is the model.
 *
 * - What it draws at random is the adversary's.
 * - Forward operations (hashing, encrypting, signing) are computed as the honest party would, for
 *   the lab knows all bytes; but bytes leave the puppet only if the adversary can derive them.
 * - A plaintext is handed over only if the adversary can derive it. Otherwise the puppet stalls,
 *   and tries again from a clean state when more is known.
 * - A comparison with something the adversary cannot derive passes: a real one would skip the
 *   check.
 *
 * The gate remembers a stall, so that a protocol's own `catch` cannot swallow it.
 */
import type { Endpoint, Input, Millis, Output } from "../protocol/endpoint.ts";
import { equalBytes, fromLatin1, type Latin1, latin1 } from "../protocol/kit/bytes.ts";
import { ownInput } from "../protocol/kit/copy-input.ts";
import type { Gate } from "../protocol/kit/gate.ts";
import { contentOf, isOpening, type OpRecord, operations } from "../protocol/kit/operations.ts";
import { guessed, type Luck, rarer, shortGuess } from "./guessed-part.ts";
import type { KnowledgeQueries } from "./knowledge/incremental-knowledge.ts";
import { type Otherwise, shownOtherwise } from "./matching.ts";
import { canWrite, masks, shadowOf } from "./non-interference.ts";
import {
  type Carrying,
  type Fed,
  firstLine,
  handledAgain,
  type OpenPuppet,
  type PuppetOptions,
  reworded,
} from "./puppet-options.ts";

/** Limit on guesses per puppet: each costs a rerun of its whole history. */
const mostGuesses = 8;

/** Thrown out of a stalling puppet's code. One shared object: stack traces are slow. */
const needsMore = new Error("a puppet stalls");

export class Puppet {
  readonly id: string;
  readonly #open: OpenPuppet;
  readonly #knowledge: KnowledgeQueries;
  /** Called for every operation, so that the run's record is complete. */
  readonly #onOperation: (op: OpRecord) => void;
  readonly #carrying: Carrying | undefined;
  readonly #blind: boolean;
  #guessesLeft: number;
  readonly #guesses: PuppetOptions["guesses"];
  /** The least likely thing that it has sent by luck. */
  luck: Luck | undefined;
  readonly #renamed: PuppetOptions["renamed"];
  readonly #leavesOut: boolean;
  readonly #seals: PuppetOptions["seals"];
  /** Is it being asked to say something? */
  #saying = false;
  #ready = false;
  /** All plaintexts that it was to seal, in order, and what was sealed instead. */
  readonly #sealed = new Map<Latin1, Latin1>();
  /** The index of the plaintext that it waits for. */
  #awaited: number | undefined;
  /** Plaintexts that it could not open; never opened later, so that rebuilding is deterministic. */
  readonly #unread = new Set<Latin1>();
  /** All plaintexts that it opened, in order. */
  readonly #opened = new Set<Latin1>();
  readonly #history: Fed[] = [];
  /** How many of them a hijacked process saw before it was forked. */
  readonly #pastLength: number;
  #replayed = 0;
  /** Results of comparisons, so that a rebuilt endpoint takes the same path. */
  readonly #decided: boolean[] = [];
  #decisions: boolean[] = [];
  #consumed = 0;
  readonly #waiting: Input[] = [];
  readonly #outbox: Extract<Output, { kind: "transmit" }>[] = [];
  /** How many packets have left the puppet. */
  #released = 0;
  /** What it has computed; the adversary may be unable to compute some of it. */
  readonly #computed = new Set<Latin1>();
  /** Size of the knowledge when the next packet was last found to depend on unknown values. */
  #heldAt = -1;
  /** Which packet it last tried to guess. */
  #guessedAt = -1;
  #endpoint: Endpoint;
  #stalled = false;
  #threw = false;
  #replaying = false;
  /** Size of the knowledge when the stalled input was last tried. */
  #triedAt = -1;
  dead = false;
  /** The first error of its code: what it was meant to do there, it has not done. */
  failure: string | undefined;
  /** Its code has come to its end, or throws at timers: none is set any more. */
  #timeless = false;

  constructor(
    id: string,
    open: OpenPuppet,
    knowledge: KnowledgeQueries,
    onOperation: (op: OpRecord) => void,
    options: PuppetOptions = {},
  ) {
    const { past = [], carrying, blind = false, guesses = false, renamed } = options;
    this.id = id;
    this.#open = open;
    this.#knowledge = knowledge;
    this.#onOperation = onOperation;
    this.#carrying = carrying;
    this.#blind = blind;
    this.#guesses = guesses;
    this.#guessesLeft = guesses === false ? 0 : mostGuesses;
    this.#renamed = renamed;
    this.#leavesOut = options.leavesOut === true;
    this.#seals = options.seals;
    this.#history.push(...past);
    this.#pastLength = past.length;
    this.#endpoint = past.length === 0 ? this.#begin() : this.#rebuild();
  }

  get deadline(): Millis | undefined {
    if (this.dead || this.#timeless || this.#waiting.length > 0) return undefined;
    return this.#endpoint.deadline?.();
  }

  /** How many packets its code has asked to send so far, whether they have left or not. */
  get wanted(): number {
    return this.#released + this.#outbox.length;
  }

  /** Queues an input; it may have to wait until more is known. */
  feed(input: Input, now: Millis): readonly Output[] {
    if (this.dead) return [];
    this.#waiting.push(input);
    return this.#waiting.length === 1 ? this.advance(now) : [];
  }

  /** Tries the queued inputs. @returns outputs that may leave, packets among them. */
  advance(now: Millis): readonly Output[] {
    const out: Output[] = [];
    while (!this.dead && this.#waiting.length > 0) {
      if (this.#triedAt === this.#knowledge.size && !this.#isHeard()) break;
      const input = this.#waiting[0] as Input;
      const outputs = this.#attempt(input, now);
      if (outputs === undefined) {
        this.#triedAt = this.#knowledge.size;
        break;
      }
      this.#triedAt = -1;
      this.#waiting.shift();
      this.#history.push({ input, now, threw: this.#threw, outputs });
      this.#decided.push(...this.#decisions);
      for (const output of outputs) {
        if (output.kind === "ready") this.#ready = true;
        if (output.kind === "exit") this.#timeless = true;
        if (output.kind === "transmit") this.#outbox.push(output);
        else out.push(output);
      }
    }
    return [...out, ...this.#release()];
  }

  /** Packets go out in order, and only if the adversary can derive them. */
  #release(): readonly Output[] {
    const free: Output[] = [];
    for (;;) {
      const next = this.#outbox[0];
      if (next === undefined) return free;
      const bytes = this.#sendable(next.bytes);
      if (bytes === undefined && !(this.#leavesOut && this.#outbox.length > 1)) return free;
      this.#outbox.shift();
      this.#released++;
      if (bytes === undefined) this.#heldAt = -1;
      else free.push(bytes === next.bytes ? next : { ...next, bytes });
    }
  }

  /** @returns what the adversary can send for this packet by now, if anything. */
  #sendable(packet: Uint8Array): Uint8Array | undefined {
    if (this.#knowledge.derivable(packet) && !this.#dependsOnUnknown(packet)) return packet;
    if (this.#guessesLeft === 0 || this.#guessedAt === this.#released) return undefined;
    this.#guessesLeft--;
    this.#guessedAt = this.#released;
    const others = masks.flatMap((mask) => this.#packetsOtherwise(mask)[this.#released] ?? []);
    const made = guessed(this.#knowledge, packet, others, this.#guesses);
    this.luck = rarer(this.luck, made?.luck);
    return made?.packet;
  }

  /** Does the packet depend, through unrecorded code, on a value that the adversary lacks? */
  #dependsOnUnknown(packet: Uint8Array): boolean {
    const knowledge = this.#knowledge;
    if (this.#heldAt === knowledge.size) return true;
    if ([...this.#computed].every((value) => knowledge.has(value))) return false;
    const at = this.#released;
    const [first, ...more] = masks;
    const other = this.#packetsOtherwise(first)[at];
    if (other === undefined || equalBytes(other, packet)) return false;
    const others = [other, ...more.flatMap((mask) => this.#packetsOtherwise(mask)[at] ?? [])];
    const held = !canWrite(knowledge, packet, others);
    if (held) this.#heldAt = knowledge.size;
    else this.luck = rarer(this.luck, shortGuess(knowledge, packet, others));
    return held;
  }

  /** All packets it would have sent so far for other values of everything unknown. */
  #packetsOtherwise(mask: number): readonly Uint8Array[] {
    let fed = 0;
    let consumed = 0;
    const isPast = (): boolean => fed < this.#pastLength;
    const renamed = this.#renamed;
    const gate: Gate = {
      done: () => undefined,
      failed: () => undefined,
      compare: (a, b) => (isPast() ? a === b : (this.#decided[consumed++] ?? true)),
      rewriteOpened: (own) => (this.#unread.has(latin1(own)) ? new Uint8Array(own.length) : own),
      rewritePlaintext: (own) => fromLatin1(this.#sealed.get(latin1(own)) ?? latin1(own)),
      ...(this.#seals === undefined
        ? {}
        : { rewriteWrapped: (own) => fromLatin1(this.#sealed.get(latin1(own)) ?? latin1(own)) }),
      ...(renamed === undefined ? {} : { rewriteSigned: (own) => reworded(own, renamed) }),
    };
    const packets: Uint8Array[] = [];
    try {
      const endpoint = this.#open(gate, isPast, (kit) =>
        shadowOf(kit, (value) => this.#knowledge.has(value), mask),
      );
      for (const past of this.#history) {
        const outputs = handledAgain(endpoint, past);
        if (!isPast() && Array.isArray(outputs)) {
          for (const o of outputs) if (o.kind === "transmit") packets.push(o.bytes);
        }
        fed++;
      }
    } catch {
      // Its own checks failed, which the adversary would skip: nothing to compare with.
    }
    return packets;
  }

  /** @returns `undefined` if it stalls. */
  #attempt(input: Input, now: Millis): readonly Output[] | undefined {
    this.#stalled = false;
    this.#threw = false;
    this.#saying = input.kind === "send";
    this.#decisions = [];
    let outputs: unknown;
    try {
      outputs = this.#endpoint.handle(ownInput(input), now);
    } catch (error) {
      if (error !== needsMore && !this.#stalled) {
        // The adversary's own program failed: no crash of an honest principal, nor an end.
        this.#threw = true;
        this.failure ??= firstLine(error);
        if (input.kind === "timeout") this.#timeless = true;
      }
    }
    if (!this.#stalled) return Array.isArray(outputs) ? (outputs as Output[]) : [];
    this.#endpoint = this.#rebuild();
    return undefined;
  }

  /** What it computes and draws before its first input counts like everything later. */
  #begin(): Endpoint {
    try {
      return this.#started(() => false);
    } catch {
      // It stalls before its first input.
      this.failure = "it would have to know more to begin with";
      this.dead = true;
      return { handle: () => [] };
    } finally {
      this.#decided.push(...this.#decisions);
      this.#stalled = false;
    }
  }

  /** The endpoint as it was before the input at which it stalled. */
  #rebuild(): Endpoint {
    this.#replaying = true;
    this.#replayed = 0;
    this.#consumed = 0;
    const isPast = (): boolean => this.#replaying && this.#replayed < this.#pastLength;
    const endpoint = this.#started(isPast);
    for (const { input, now } of this.#history) {
      try {
        endpoint.handle(ownInput(input), now);
      } catch {
        // Inputs of the history count as handled, even if they throw now.
      }
      this.#replayed++;
    }
    this.#replaying = false;
    this.#stalled = false;
    return endpoint;
  }

  /** Code that throws before its first input, for lack of dealt keys, yields a dead puppet. */
  #started(isPast: () => boolean): Endpoint {
    try {
      return this.#open(this.#gate(isPast), isPast);
    } catch (error) {
      if (error === needsMore || this.#stalled) throw error;
      this.failure ??= firstLine(error);
      this.dead = true;
      return { handle: () => [] };
    }
  }

  #gate(isPast: () => boolean): Gate {
    const carrying = this.#carrying;
    const renamed = this.#renamed;
    const stall = (): never => {
      this.#stalled = true;
      throw needsMore;
    };
    return {
      done: (op) => {
        if (this.#replaying) return;
        this.#onOperation(op);
        if (!op.backwards && operations[op.op].hasOutput) this.#computed.add(op.output);
        if (!isOpening(op)) return;
        const content = contentOf(op);
        const isKnown = this.#knowledge.has(content);
        if (!isKnown && !this.#blind) stall();
        if (isKnown) this.#opened.add(content);
      },
      failed: (key) => {
        if (!this.#replaying && !this.#knowledge.has(key)) stall();
      },
      compare: (a: Latin1, b: Latin1) => {
        if (isPast()) return a === b;
        if (this.#replaying) return this.#decided[this.#consumed++] ?? true;
        const passes = a === b || !(this.#knowledge.has(a) && this.#knowledge.has(b));
        this.#decisions.push(passes);
        return passes;
      },
      ...(renamed === undefined ? {} : { rewriteSigned: (content) => reworded(content, renamed) }),
      ...(this.#blind ? { rewriteOpened: (content) => this.#guessed(content) } : {}),
      ...(this.#seals === undefined
        ? {}
        : {
            rewritePlaintext: (own) => this.#instead(own),
            rewriteWrapped: (own) => this.#instead(own),
          }),
      ...(carrying === undefined
        ? {}
        : { rewritePlaintext: (own) => this.#content(own, carrying, stall) }),
    };
  }

  /**
   * What is sealed instead of its own plaintext, until it has a session: the plaintext that an
   * honest party in the same role sealed at the same position of another session. A login that is
   * not bound to its channel is carried into another channel so (Asokan, Niemi, Nyberg 2003).
   */
  #content(own: Uint8Array, { after, nth }: Carrying, stall: () => never): Uint8Array {
    const wanted = latin1(own);
    const before = this.#sealed.get(wanted);
    if (before !== undefined) return fromLatin1(before);
    const place = this.#sealed.size;
    const content = this.#replaying || this.#ready || place < after ? wanted : nth(place);
    this.#awaited = content === undefined ? place : undefined;
    if (content?.length !== own.length) return stall();
    this.#sealed.set(wanted, content);
    return fromLatin1(content);
  }

  /** What it seals of what it is asked to say; the same when it is rebuilt. */
  #instead(own: Uint8Array): Uint8Array {
    const wanted = latin1(own);
    if (this.#saying && !this.#replaying) {
      const said = this.#history.filter((h) => h.input.kind === "send").length;
      const instead = this.#seals?.[said];
      if (instead !== undefined) this.#sealed.set(wanted, latin1(instead));
    }
    return fromLatin1(this.#sealed.get(wanted) ?? wanted);
  }

  /** The plaintext it waits for has been opened, perhaps without adding knowledge. */
  #isHeard(): boolean {
    return this.#awaited !== undefined && this.#carrying?.nth(this.#awaited) !== undefined;
  }

  /** What it goes on with for a plaintext that it cannot know: what it does may depend on this. */
  #guessed(content: Uint8Array): Uint8Array {
    const wanted = latin1(content);
    if (this.#unread.has(wanted)) return new Uint8Array(content.length);
    if (this.#replaying || this.#knowledge.has(wanted)) return content;
    this.#unread.add(wanted);
    return new Uint8Array(content.length);
  }

  opened(nth: number): Latin1 | undefined {
    return [...this.#opened][nth];
  }

  /** What it would have shown if something were otherwise. */
  readonly shownOtherwise = (how: Otherwise): Uint8Array | undefined =>
    shownOtherwise(this.#open, this.#history, this.#decided, how);
}
