import type {
  Address,
  Deployment,
  Millis,
  OptionValues,
  Principal,
  Protocol,
} from "../../protocol/endpoint.ts";
import type { OpRecord } from "../../protocol/kit/operations.ts";
import { Random } from "../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../protocol/kit/recorder.ts";
import { type Transport, transportOf } from "../../protocol/transport.ts";
import type { Packet, PlannedOutcome, ProcessId, RunPlan, TraceEvent } from "../trace/trace.ts";
import { AddressBook } from "./address-book.ts";
import { AttackPlan } from "./attack-plan.ts";
import { EventQueue } from "./event-queue.ts";
import { LateLog } from "./late-log.ts";
import { Leaks } from "./leaks.ts";
import { Pipes } from "./network/pipes.ts";
import type { Process } from "./processes.ts";
import type { ScheduledEvent } from "./scheduled-event.ts";
import { type Installation, Stores, StoresOfOne } from "./stores.ts";
import { Typing } from "./typing.ts";

/**
 * What all parts of a run share: the plan, the world it was installed in, the clock and its queue,
 * and what the trace will hold. It calls nobody. What only one part needs is kept by that part.
 */
export class RunState {
  readonly plan: RunPlan;
  readonly transport: Transport;
  readonly random: Random;
  readonly attack: AttackPlan;
  readonly book: AddressBook;
  readonly stores: Stores;
  /** What judges ask; and what the first principal's processes are opened on. */
  readonly deployment: Deployment;
  /** Endpoints share nothing but stores and the wire: each principal has a deployment of its own. */
  readonly #deployments = new Map<Principal | undefined, Deployment>();
  /** The instance of the protocol's module that each of them comes from. */
  readonly #modules = new Map<Principal | undefined, Protocol>();
  readonly queue = new EventQueue<ScheduledEvent>();
  readonly pipes = new Pipes();
  readonly typing = new Typing((move, at) => {
    this.events.push({ kind: "attack", t: this.now, at, move });
  });
  readonly listening = new Map<Address, Process>();
  /** Packets by the names that moves have for them: those of honest processes and of puppets. */
  readonly named = new Map<string, Packet>();

  readonly events: TraceEvent[] = [];
  readonly packets: Packet[] = [];
  readonly processes: Process[] = [];
  readonly outcomes: PlannedOutcome[] = [];
  readonly log: OpRecord[] = [];
  readonly disclosed: Uint8Array[] = [];
  readonly leaks = new Leaks(this);

  now: Millis = 0;
  /** Nothing is left to happen. */
  atRest = false;
  /** Items on their way that a session must wait for if it starts after the previous one. */
  inFlight = 0;
  sentBytes = 0;
  /** What is written before is part of the installation, and no event. */
  #dealt = false;
  readonly #counts = new Map<string, number>();

  constructor(plan: RunPlan) {
    this.plan = plan;
    this.transport = transportOf(plan.protocol);
    this.random = new Random(plan.seed);
    this.attack = new AttackPlan(plan.attack);
    this.book = new AddressBook(plan);
    this.stores = new Stores((at, store, bytes) => {
      if (this.#dealt) this.events.push({ kind: "stored", t: this.now, at, store, bytes });
    });
    this.deployment = this.#install(plan.protocol, plan.options, this.stores, this.log);
    this.#dealt = true;
  }

  /**
   * The deployment that the processes of a principal are opened on; without one, that of puppets.
   * All are dealt the same keys, since they draw the same randomness.
   */
  deploymentOf(principal: Principal | undefined): Deployment {
    if (this.plan.sharesDeployment === true) return this.deployment;
    let deployment = this.#deployments.get(principal);
    if (deployment === undefined) {
      const isFirst = this.#deployments.size === 0 && principal !== undefined;
      if (isFirst) this.#modules.set(principal, this.plan.protocol);
      deployment = isFirst ? this.deployment : this.#copyFor(principal);
      this.#deployments.set(principal, deployment);
    }
    return deployment;
  }

  /** What the principal's processes have left in its deployment is gone. */
  forget(principal: Principal): void {
    if (this.plan.sharesDeployment === true) return;
    this.#deployments.set(principal, this.#copyFor(principal));
  }

  #copyFor(principal: Principal | undefined): Deployment {
    const { options } = this.plan;
    const copy = this.#modules.get(principal) ?? this.#freeModule();
    this.#modules.set(principal, copy);
    const stores = new StoresOfOne(principal, this.stores);
    const log = new LateLog(this.log);
    const deployment = this.#install(copy, options, stores, log);
    stores.dealt();
    log.dealt();
    return deployment;
  }

  #freeModule(): Protocol {
    const { protocol, copies = [] } = this.plan;
    return copies[(this.#deployments.size - 1) % copies.length] ?? protocol;
  }

  #install(
    protocol: Protocol,
    options: OptionValues,
    stores: Pick<Stores, "of">,
    log: OpRecord[],
  ): Deployment {
    return protocol.deploy({
      crypto: new CryptoRecorder(log, this.random.fork("deployment"), "deployment"),
      options,
      principals: this.book.principals(),
      store(principal, name) {
        return stores.of(principal, name);
      },
    });
  }

  /**
   * The same protocol as somebody has it who sets it otherwise: with the same keys, as far as they
   * are drawn in the same way. Nobody else sees its stores.
   * @returns `undefined` if it cannot be set so.
   */
  otherwise(settings: OptionValues): Installation | undefined {
    const specs = new Map(Object.entries(this.plan.protocol.options ?? {}));
    const exist = Object.entries(settings).every(([name, v]) =>
      specs.get(name)?.values.includes(v),
    );
    if (!exist) return undefined;
    const stores = new Stores();
    try {
      const { protocol, options } = this.plan;
      const deployment = this.#install(protocol, { ...options, ...settings }, stores, this.log);
      return { deployment, stores };
    } catch {
      return undefined;
    }
  }

  /** Where operations that fail are noted, if anybody looks. */
  get attempts(): OpRecord[] | undefined {
    return this.plan.probing?.attempts;
  }

  /** Puts something on its way that sessions wait for. */
  enqueue(delay: Millis, item: ScheduledEvent): void {
    this.enqueueAt(this.now + delay, item);
  }

  enqueueAt(t: Millis, item: ScheduledEvent): void {
    this.inFlight++;
    this.queue.at(t, item);
  }

  /** How often this has happened by now, this time included. */
  count(what: string): number {
    const n = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, n);
    return n;
  }

  /** The process at an address; the last one that was there; or the host's name. */
  labelOf(address: Address): ProcessId {
    const there = this.listening.get(address);
    if (there !== undefined) return there.id;
    if (address.startsWith("*:")) return "all";
    for (let i = this.processes.length - 1; i >= 0; i--) {
      const process = this.processes[i] as Process;
      if (process.address === address) return process.id;
    }
    return address.slice(0, address.lastIndexOf(":"));
  }
}
