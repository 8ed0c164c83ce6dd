/**
 * The adversary of a run: its growing knowledge, its puppets, the connections it intercepts, its
 * own keys. Runs whose attack has no puppets use none of it.
 */
import { IncrementalKnowledge } from "../../../attacker/knowledge/incremental-knowledge.ts";
import {
  type Attack,
  attackerHost,
  isAdversaryAddress,
  type Move,
  seesTraffic,
} from "../../../attacker/move.ts";
import { type KeySwap, showingOwnKeys, withOwnKeys } from "../../../attacker/own-key-kit.ts";
import { Puppet } from "../../../attacker/puppet.ts";
import type {
  Address,
  Deployment,
  OptionValues,
  Output,
  Principal,
} from "../../../protocol/endpoint.ts";
import { fromLatin1, type Latin1, latin1, utf8 } from "../../../protocol/kit/bytes.ts";
import type { CryptoKit } from "../../../protocol/kit/crypto.ts";
import { type OpRecord, operations } from "../../../protocol/kit/operations.ts";
import { HijackedRandom, type Random, redrawn } from "../../../protocol/kit/random.ts";
import { CryptoRecorder } from "../../../protocol/kit/recorder.ts";
import type { Packet, RunPlan } from "../../trace/trace.ts";
import { declaredSecrets } from "../../trace/trace-knowledge.ts";
import type { AddressBook } from "../address-book.ts";
import type { Leaks } from "../leaks.ts";
import { envOf, type Process } from "../processes.ts";
import { type Installation, Stores } from "../stores.ts";
import type { AdversarySession } from "./adversary-session.ts";
import { nearKeys, type Simulate } from "./near-keys.ts";
import { OwnKeys } from "./own-keys.ts";
import { ReusedDraws } from "./reused-draws.ts";
import { thenLearning } from "./then-learning.ts";
import { addresseeOf, bytesOf, lastCaller, namingSessions, takesWords, wordsOf } from "./words.ts";

type PuppetMove = Extract<Move, { move: "puppet" }>;
type HijackMove = Extract<Move, { move: "hijack" }>;

/** The parts of the run that it uses. */
interface AdversaryWorld {
  readonly plan: RunPlan;
  readonly deployment: Deployment;
  deploymentOf(principal: Principal | undefined): Deployment;
  readonly book: AddressBook;
  readonly log: OpRecord[];
  readonly packets: readonly Packet[];
  otherwise(settings: OptionValues): Installation | undefined;
  readonly random: Random;
  readonly stores: Stores;
  readonly leaks: Leaks;
}

/** The bytes of a name. */
const nameOf = (name: string): Latin1 => latin1(utf8(name));
/** Who is at an address, as far as addresses tell. */
const hostOf = (address: Address): Principal | undefined =>
  address.slice(0, Math.max(0, address.lastIndexOf(":"))) || undefined;
const asItIs = (kit: CryptoKit): CryptoKit => kit;
const firstPuppetPort = 7_000;

export const usesPuppets = (attack: Attack): boolean =>
  attack.some((m) => m.move === "puppet" || m.move === "hijack");

export class Adversary {
  readonly #world: AdversaryWorld;
  readonly sessions: AdversarySession[] = [];
  readonly #onWire = new Map<string, AdversarySession>();
  /** The receiving puppet of what one puppet sends to another, by their addresses. */
  readonly #between = new Map<string, AdversarySession>();
  readonly ownKeys: OwnKeys;
  readonly #reused: ReusedDraws;
  /** What the adversary knows without observing it: its own draws, its own registered keys. */
  readonly knows: Uint8Array[] = [];
  readonly #told: Uint8Array[] = [];
  #knowledge: IncrementalKnowledge | undefined;
  #seenOps = 0;
  #seenPackets = 0;
  /** An off-path adversary sees only what is sent to it. */
  readonly #sees: boolean;

  readonly #simulate: Simulate;

  /** @param simulate makes other runs, to see what can be guessed. */
  constructor(world: AdversaryWorld, simulate: Simulate) {
    this.#simulate = simulate;
    this.#world = world;
    this.#reused = new ReusedDraws(world.log, () => this.knowledge());
    this.ownKeys = new OwnKeys(world, (value) => this.learns(value));
    this.#sees = seesTraffic(world.plan.attack, world.plan.protocol.transport);
  }

  /** The adversary has these long-term secrets from now on. */
  enlist(secrets: readonly Uint8Array[]): void {
    for (const secret of secrets) this.learns(latin1(secret));
  }

  /** The adversary has this from now on. */
  learns(value: Latin1): void {
    this.knows.push(fromLatin1(value));
    this.#knowledge?.observe(value);
  }

  /** Something was disclosed while the run goes on. */
  told(secret: Uint8Array): void {
    this.#told.push(secret);
    this.#knowledge?.observe(secret);
  }

  /** Knowledge as of now. */
  knowledge(): IncrementalKnowledge {
    if (this.#knowledge === undefined) {
      const { plan, deployment } = this.#world;
      const { credentials = [], identities, publicValues = [] } = deployment;
      const declared = declaredSecrets({ plan, deployment: { credentials } });
      const guesses = nearKeys(plan, this.#simulate);
      this.#knowledge = new IncrementalKnowledge(declared, identities, guesses);
      for (const value of publicValues) this.#knowledge.observe(value);
      for (const value of [...this.knows, ...this.#told]) this.#knowledge.observe(value);
    }
    const { log, packets } = this.#world;
    for (; this.#seenOps < log.length; this.#seenOps++) {
      this.#knowledge.learnOperation(log[this.#seenOps] as OpRecord);
    }
    for (const drawn of this.#world.leaks.next()) this.told(drawn);
    for (; this.#seenPackets < packets.length; this.#seenPackets++) {
      const packet = packets[this.#seenPackets] as Packet;
      if (packet.byAttacker === "injected") continue;
      if (this.#sees || this.#isOwn(packet)) this.#knowledge.observe(packet.bytes);
    }
    return this.#knowledge;
  }

  /** Sent by the adversary, or to it: to its own addresses, or to those it has taken over. */
  #isOwn({ source, destination, byAttacker }: Packet): boolean {
    return (
      byAttacker !== undefined ||
      isAdversaryAddress(destination) ||
      this.#onWire.has(`${source}>${destination}`)
    );
  }

  /**
   * What it has deduced, if it ever had to; `undefined` if that is more or less than what follows
   * from the traffic.
   */
  get workedOut(): IncrementalKnowledge | undefined {
    const complete = this.#sees && this.#told.length === 0;
    return this.#knowledge === undefined || !complete ? undefined : this.knowledge();
  }

  /** The session that intercepts what is sent from one address to another, if any. */
  onWire(from: Address, to: Address): AdversarySession | undefined {
    if (this.sessions.length === 0) return undefined;
    const session = this.#onWire.get(`${from}>${to}`);
    if (session !== undefined || !isAdversaryAddress(to)) return session;
    // At its own address a puppet also receives answers from other addresses.
    return this.sessions.find((s) => s.address === to);
  }

  /** The same for what a puppet sends, if it is meant for another puppet. */
  between(from: Address, to: Address): AdversarySession | undefined {
    return this.#between.get(`${from}>${to}`);
  }

  /** @returns the new session, or `undefined` if the move does not fit the plan. */
  openSession(move: PuppetMove, index: number): AdversarySession | undefined {
    const { book, plan } = this.#world;
    const spec = book.role(move.role);
    const other = this.sessions.find((s) => s.puppet.id === move.facing);
    const facing = book.of(move.facing) ?? other?.address;
    const taken = move.insteadOf === undefined ? undefined : book.of(move.insteadOf);
    const shown = move.spoofs === undefined ? undefined : book.of(move.spoofs);
    if (spec === undefined || facing === undefined) return undefined;
    if ((move.insteadOf ?? move.spoofs) !== undefined && (taken ?? shown) === undefined) return;
    // A client that calls the adversary by its own name calls the port that the role listens on.
    const called = move.as === attackerHost && spec.peer === undefined ? spec.port : undefined;
    const address = taken ?? shown ?? this.#ownAddress(called);
    const faced = other === undefined ? undefined : plan.attack[other.move];
    const peer = faced?.move === "puppet" ? faced.as : book.principal(move.facing);
    const asked = spec.peer !== undefined;
    const random = this.#world.random.fork(attackerHost).fork(move.name);
    const { settings, carries, blind, guesses, renames } = move;
    const installed = settings === undefined ? this.#world : this.#world.otherwise(settings);
    if (installed === undefined) return undefined;
    const opened =
      installed === this.#world ? this.#world.deploymentOf(undefined) : installed.deployment;
    const swap = move.ownKeys === true ? this.#keySwap(move.as) : undefined;
    this.#learnNames();
    const learn = () => this.knowledge();
    const puppet = new Puppet(
      move.name,
      (gate, isPast, seenAs = asItIs, again) => {
        const draws = redrawn(this.#reused.drawing(move, random), isPast, again);
        const kit = seenAs(new CryptoRecorder([], draws, move.name, gate));
        const env = envOf({
          self: move.as,
          role: move.role,
          address,
          peer: asked ? peer : undefined,
          peerAddress: asked ? facing : undefined,
          crypto: swap === undefined ? kit : withOwnKeys(kit, swap),
          // What it writes goes to a store of its own, and is gone when it is rebuilt.
          stores: new Stores(undefined, installed.stores),
        });
        const endpoint = thenLearning(opened.open(move.role, env), learn);
        const showing = swap === undefined ? endpoint : showingOwnKeys(endpoint, swap);
        return spec.process === "service" ? namingSessions(showing) : showing;
      },
      this.knowledge(),
      (op) => this.#operation(op),
      {
        blind: blind === true,
        guesses: guesses ?? false,
        leavesOut: move.unready === true,
        seals: move.seals?.map(bytesOf),
        renamed: renames === undefined ? undefined : [nameOf(move.as), nameOf(renames)],
        ...(carries === undefined
          ? {}
          : { carrying: { after: carries, nth: (n: number) => this.#openedFor(move.name, n) } }),
      },
    );
    const service = spec.process === "service";
    const session = this.#addSession(puppet, index, {
      address,
      facing,
      facingId: move.facing,
      move,
      words: wordsOf(move),
      to: addresseeOf(plan, move.as) ?? peer,
      label: service ? facing : undefined,
    });
    // What one puppet sends to another is not delivered to the honest owner of the address.
    if (other !== undefined) {
      this.#onWire.set(`${address}>${facing}`, other);
      this.#between.set(`${address}>${facing}`, other);
      this.#between.set(`${facing}>${address}`, session);
    }
    if (taken !== undefined || shown === undefined) {
      this.#onWire.set(`${facing}>${address}`, session);
    }
    return session;
  }

  #ownAddress(port = firstPuppetPort + this.sessions.length): Address {
    return `${attackerHost}:${port}`;
  }

  /** To pose as a user, to another one, takes names; only some protocols undertake to hide them. */
  #learnNames(): void {
    const { credentials = [], identities = [] } = this.#world.deployment;
    const secret = [...identities, ...credentials.map((c) => c.password)].map(latin1);
    for (const name of credentials.map((c) => latin1(c.user))) {
      if (!secret.includes(name) && !this.knowledge().has(name)) this.learns(name);
    }
  }

  #keySwap(as: Principal): KeySwap {
    const secrets = this.#world.deployment.longTermSecrets(as);
    return this.ownKeys.swap(secrets, (value) => this.knowledge().has(value));
  }

  /** The nth plaintext opened by the puppet that hands to this one. */
  #openedFor(name: string, nth: number): Latin1 | undefined {
    return this.sessions.find((s) => s.handsTo === name)?.puppet.opened(nth);
  }

  #addSession(
    puppet: Puppet,
    index: number,
    place: Pick<AdversarySession, "address" | "facing" | "facingId" | "to" | "label" | "words"> & {
      readonly move?: PuppetMove;
    },
  ): AdversarySession {
    const { address, facing, facingId, to, label, words, move } = place;
    const told = move?.told ?? [];
    const session: AdversarySession = {
      puppet,
      move: index,
      address,
      facing,
      facingId,
      handsTo: move?.handsTo,
      toSay: [],
      to,
      told: told.map(({ after, hex }) => ({ after, bytes: bytesOf(hex) })),
      unready: move?.unready === true,
      words,
      handsOn: this.#world.plan.attack.some((m) => m.move === "puppet" && m.handsTo === puppet.id),
      ready: move === undefined,
      label,
      credits: Number.POSITIVE_INFINITY,
      forged: 0,
      sent: 0,
      left: move?.leaves ?? Number.POSITIVE_INFINITY,
      timer: undefined,
      saysAt: undefined,
      matches: move?.matches,
      held: [],
      shown: undefined,
      matched: undefined,
      takesAgain: undefined,
    };
    this.sessions.push(session);
    return session;
  }

  /** Forks a process as it is now, or as it was before the input that it is to take again. */
  fork(move: HijackMove, index: number, process: Process): AdversarySession {
    const { random, stores } = this.#world;
    const deployment = this.#world.deploymentOf(undefined);
    const past = random.fork(process.principal).fork(process.id);
    const own = random.fork(attackerHost).fork(move.name);
    const { again } = move;
    const puppet = new Puppet(
      move.name,
      (gate, isPast, seenAs = asItIs) =>
        thenLearning(
          deployment.open(
            process.spec.name,
            envOf({
              self: process.principal,
              role: process.spec.name,
              address: process.address,
              peer: process.peer,
              peerAddress: process.peerAddress,
              crypto: seenAs(
                new CryptoRecorder(
                  [],
                  new HijackedRandom(past.path, own.path, isPast),
                  move.name,
                  gate,
                ),
              ),
              stores: new Stores(undefined, stores),
            }),
          ),
          () => this.knowledge(),
        ),
      this.knowledge(),
      (op) => this.#operation(op),
      { past: process.history.slice(0, again === undefined ? undefined : again - 1) },
    );
    const facing = process.peerAddress ?? lastCaller(process) ?? "";
    const { principal, id: facingId } = process;
    const service = process.spec.process === "service";
    const session = this.#addSession(puppet, index, {
      address: again === undefined ? process.address : this.#ownAddress(),
      facing,
      facingId,
      words: wordsOf(move),
      to: addresseeOf(this.#world.plan, principal) ?? process.peer ?? hostOf(facing),
      label: service ? (process.readyAs.at(-1) ?? facing) : undefined,
    });
    session.ready = again === undefined;
    session.takesAgain = again === undefined ? undefined : process.history[again - 1]?.input;
    return session;
  }

  #operation(op: OpRecord): void {
    this.#world.log.push(op);
    // The operation is learned before the gate asks what follows from it.
    this.knowledge();
    if (operations[op.op].fresh === true && !this.#reused.isBorrowed(op.output))
      this.learns(op.output);
  }

  /** A puppet has sent a packet. After its last one it no longer intercepts. */
  sent(session: AdversarySession): void {
    session.sent++;
    session.left--;
    if (session.left > 0) return;
    session.puppet.dead = true;
    for (const [line, taker] of this.#onWire) if (taker === session) this.#onWire.delete(line);
  }

  /** Handles what a puppet's application would see. */
  absorb(session: AdversarySession, output: Output): void {
    if (output.kind === "ready") takesWords(session, output);
    if (output.kind === "deliver" && (output.purpose ?? "message") === "message") {
      const other = this.sessions.find((s) => s.puppet.id === session.handsTo);
      other?.toSay.push(output.message);
    }
    // Whoever would give up here is an honest program.
    if (output.kind === "exit" && output.ok) session.puppet.dead = true;
  }
}
