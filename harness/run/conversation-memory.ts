/** The conversations of one run: which principals answer from what was kept, and how they wake. */
import type { Credential, Deployment, Principal } from "../../protocol/endpoint.ts";
import { InvariantError } from "../../protocol/kit/errors.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Random } from "../../protocol/kit/random.ts";
import { Conversation } from "./conversation.ts";
import type { Beginnings, Conversations } from "./conversations.ts";
import { copyOfShown, type Dealt, isSameShown, type Shown } from "./dealt.ts";
import { HeldLog, HeldStores } from "./held.ts";
import type { Stores } from "./stores.ts";
import type { Typing } from "./typing.ts";

interface MemoryWorld {
  readonly log: OpRecord[];
  readonly attempts: OpRecord[];
  readonly random: Random;
  readonly stores: Stores;
  readonly typing: Typing;
}

interface Held {
  readonly stores: HeldStores;
  readonly log: HeldLog;
}

/** How keys are dealt. */
interface Dealing {
  /** For the first time in a run. */
  first(held: Held): Deployment;
  /** Once more, for the processes of one principal. */
  again(principal: Principal, held: Held, isFirst: boolean): Deployment;
}

export class ConversationMemory {
  readonly #world: MemoryWorld;
  readonly #conversations: Conversations;
  readonly #beginnings: Beginnings;
  readonly #dealing: Dealing;
  /** By principal; `undefined` for those whose past was forgotten in mid-run. */
  readonly #byPrincipal = new Map<Principal, Conversation | undefined>();
  /** Of the principal whose deployment judges and disclosures ask. */
  #first: Conversation | undefined;
  /** What was dealt in this run, if it was not known what that comes to. */
  #fresh: { readonly deployment: Deployment; readonly held: Held } | undefined;
  readonly #dealt: Dealt;

  constructor(
    world: MemoryWorld,
    conversations: Conversations,
    beginnings: Beginnings,
    dealing: Dealing,
  ) {
    this.#world = world;
    this.#conversations = conversations;
    this.#beginnings = beginnings;
    this.#dealing = dealing;
    this.#dealt = this.#deal();
  }

  /** Deals all keys; or does what that comes to. */
  #deal(): Dealt {
    const { log, stores } = this.#world;
    const { dealt } = this.#beginnings;
    if (dealt !== undefined) {
      for (const op of dealt.ops) log.push(op);
      stores.take(dealt.stores);
      return dealt;
    }
    const held = this.#held();
    const deployment = this.#dealing.first(held);
    this.#fresh = { deployment, held };
    const shown = copyOfShown(deployment);
    const fresh = { ops: log.slice(), stores: stores.copy(), shown, secrets: new Map() };
    this.#beginnings.dealt = fresh;
    return fresh;
  }

  #held(): Held {
    const { stores, log } = this.#world;
    const asDealt = (): Stores => this.#dealt.stores;
    return { stores: new HeldStores(stores, asDealt), log: new HeldLog(log) };
  }

  /** As judges and disclosures see it: with what the first principal's processes made of it. */
  get deployment(): Deployment {
    return new ShownDeployment(this);
  }

  longTermSecrets(of: Principal): readonly Uint8Array[] {
    return this.#first?.longTermSecrets(of) ?? this.#secretsAsDealt(of);
  }

  /** Whatever changes it while processes run cannot be answered from what was kept. */
  shown<K extends keyof Shown>(what: K): Shown[K] {
    const kept = this.#dealt.shown[what];
    const deployment = this.#fresh?.deployment ?? this.#first?.deployment;
    if (deployment === undefined) return kept;
    const now = deployment[what];
    if (!isSameShown(now, kept)) this.#conversations.isOff = true;
    return now;
  }

  /** Nobody has been told anything. */
  #secretsAsDealt(of: Principal): readonly Uint8Array[] {
    const { secrets } = this.#dealt;
    let known = secrets.get(of);
    if (known === undefined) {
      const dealt = this.#fresh?.deployment ?? this.#dealing.again(of, this.#held(), true);
      known = dealt.longTermSecrets(of).map((secret) => secret.slice());
      secrets.set(of, known);
    }
    return known.map((secret) => secret.slice());
  }

  of(principal: Principal): Conversation | undefined {
    if (this.#byPrincipal.has(principal)) return this.#byPrincipal.get(principal);
    const isFirst = this.#byPrincipal.size === 0;
    const fresh = isFirst ? this.#fresh : undefined;
    const held = fresh?.held ?? this.#held();
    // From now on the stores are its own.
    held.stores.owner = principal;
    const { log, attempts, random, typing } = this.#world;
    const conversation = new Conversation(
      {
        conversations: this.#conversations,
        log,
        ownLog: held.log,
        attempts,
        ownAttempts: new HeldLog(attempts),
        stores: held.stores,
        random,
        typing,
        deploy: () => fresh?.deployment ?? this.#dealing.again(principal, held, isFirst),
      },
      this.#beginnings.of(principal),
    );
    if (isFirst) this.#first = conversation;
    this.#byPrincipal.set(principal, conversation);
    return conversation;
  }

  /** From now on its code runs. */
  forget(principal: Principal): void {
    this.#byPrincipal.set(principal, undefined);
  }
}

/** A class: see the one in conversation.ts. */
class ShownDeployment implements Deployment {
  readonly #memory: ConversationMemory;

  constructor(memory: ConversationMemory) {
    this.#memory = memory;
  }

  open(): never {
    throw new InvariantError("processes are opened by the conversations of their principals");
  }

  longTermSecrets(of: Principal): readonly Uint8Array[] {
    return this.#memory.longTermSecrets(of);
  }

  get publicValues(): readonly Uint8Array[] {
    return this.#memory.shown("publicValues") as readonly Uint8Array[];
  }

  get identities(): readonly Uint8Array[] {
    return this.#memory.shown("identities") as readonly Uint8Array[];
  }

  get credentials(): readonly Credential[] {
    return this.#memory.shown("credentials") as readonly Credential[];
  }
}
