/** The conversations of one run: which principals answer from what was kept, and how they wake. */
import type { Deployment, Principal } from "../../protocol/endpoint.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import type { Random } from "../../protocol/kit/random.ts";
import { Conversation } from "./conversation.ts";
import { type Conversations, Place } from "./conversations.ts";
import { HeldLog, HeldStores } from "./held.ts";
import type { Stores } from "./stores.ts";
import type { Typing } from "./typing.ts";

interface MemoryWorld {
  readonly log: OpRecord[];
  readonly random: Random;
  readonly stores: Stores;
  readonly typing: Typing;
}

/** Deals the keys of a further principal. */
type Copy = (stores: HeldStores, log: HeldLog) => Deployment;

export class ConversationMemory {
  readonly #world: MemoryWorld;
  readonly #conversations: Conversations;
  readonly #beginnings: Map<Principal, Place>;
  /** By principal; `undefined` for those whose past was forgotten in mid-run. */
  readonly #byPrincipal = new Map<Principal, Conversation | undefined>();
  /** What the deployment reaches that is dealt at the start: that of the first principal. */
  readonly first: { readonly stores: HeldStores; readonly log: HeldLog };
  #firstDeployment: Deployment | undefined;
  #firstConversation: Conversation | undefined;
  #dealt: Stores | undefined;

  constructor(
    world: MemoryWorld,
    conversations: Conversations,
    beginnings: Map<Principal, Place>,
  ) {
    this.#world = world;
    this.#conversations = conversations;
    this.#beginnings = beginnings;
    this.first = this.#held();
  }

  #held() {
    const { stores, log } = this.#world;
    const asDealt = (): Stores => this.#dealt as Stores;
    return { stores: new HeldStores(stores, asDealt), log: new HeldLog(log) };
  }

  /** @returns the deployment as judges and disclosures see it: with what its processes made of it. */
  dealt(deployment: Deployment): Deployment {
    this.#firstDeployment = deployment;
    this.#dealt = this.#world.stores.copy();
    const { publicValues, identities, credentials } = deployment;
    const shown: { -readonly [K in keyof Deployment]: Deployment[K] } = {
      open: (role, env) => deployment.open(role, env),
      longTermSecrets: (of) =>
        this.#firstConversation?.longTermSecrets(deployment, of) ?? deployment.longTermSecrets(of),
    };
    if (publicValues !== undefined) shown.publicValues = publicValues;
    if (identities !== undefined) shown.identities = identities;
    if (credentials !== undefined) shown.credentials = credentials;
    return shown;
  }

  of(principal: Principal, copy: Copy): Conversation | undefined {
    if (this.#byPrincipal.has(principal)) return this.#byPrincipal.get(principal);
    const isFirst = this.#byPrincipal.size === 0;
    const { stores, log } = isFirst ? this.first : this.#held();
    // From now on the stores are its own.
    stores.owner = principal;
    const conversation = new Conversation(
      {
        conversations: this.#conversations,
        log: this.#world.log,
        ownLog: log,
        stores,
        random: this.#world.random,
        typing: this.#world.typing,
        deploy: () => (isFirst ? (this.#firstDeployment as Deployment) : copy(stores, log)),
      },
      this.#beginningOf(principal),
    );
    if (isFirst) this.#firstConversation = conversation;
    this.#byPrincipal.set(principal, conversation);
    return conversation;
  }

  #beginningOf(principal: Principal): Place {
    let beginning = this.#beginnings.get(principal);
    if (beginning === undefined) {
      beginning = new Place();
      this.#beginnings.set(principal, beginning);
    }
    return beginning;
  }

  /** From now on its code runs. */
  forget(principal: Principal): void {
    this.#byPrincipal.set(principal, undefined);
  }
}
