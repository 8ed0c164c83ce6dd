import { attackerHost } from "../../attacker/move.ts";
import type { Address, Input, Millis, PlannedMessage, Principal } from "../../protocol/endpoint.ts";
import {
  type ApplicationSession,
  addressed,
  betweenMessagesMs,
  thinkMs,
} from "./application-session.ts";
import type { Process } from "./processes.ts";
import type { RunState } from "./run-state.ts";

/** The peer of a session in which the other end has no name. */
const anonymous = Symbol("anonymous");

/** The users of the sessions: which messages they submit, and when. */
export class Applications {
  readonly #run: RunState;
  readonly #applications = new Map<string, ApplicationSession>();
  /** The peer of each session, as far as its end has claimed one. */
  readonly #peers = new Map<string, Principal | typeof anonymous>();

  /** What services still have to say, by address and planned session. */
  readonly #unsaid = new Map<string, PlannedMessage[]>();

  constructor(run: RunState) {
    this.#run = run;
  }

  /** The process says that one of its sessions takes messages, and how many. */
  ready(
    process: Process,
    session: string,
    messages: number | undefined,
    from: Address | undefined,
  ): void {
    const key = `${process.id}/${session}`;
    let application = this.#applications.get(key);
    if (application === undefined) {
      // A service's planned messages to honest users are not sent to a client that is `mallory`.
      const peer = this.#peers.get(key);
      if (process.spec.process === "service" && peer === attackerHost) return;
      const planned = this.#plannedFor(process, from, peer);
      if (planned === undefined) return;
      application = this.#applicationFor(process, session, planned, peer === anonymous);
      this.#applications.set(key, application);
      process.readySessions.push(`${planned}`);
    }
    application.credits = messages ?? Number.POSITIVE_INFINITY;
    this.#plan(application, thinkMs);
  }

  /** The process claims to talk to this peer in this session. */
  face(process: Process, session: string, peer: Principal): void {
    this.#peers.set(`${process.id}/${session}`, peer);
  }

  /** The process claims to have a key in this session with a peer that has no name. */
  faceAnonymous(process: Process, session: string): void {
    const key = `${process.id}/${session}`;
    if (!this.#peers.has(key)) this.#peers.set(key, anonymous);
  }

  /** @returns the next message; `undefined` without message, credit or live process. */
  next(application: ApplicationSession): Input | undefined {
    application.scheduled = false;
    const planned = application.messages[0];
    if (planned === undefined || application.process.end !== "alive" || application.credits <= 0) {
      return undefined;
    }
    application.messages.shift();
    application.credits--;
    const { message } = planned;
    const to = planned.to ?? application.to;
    const { process, session } = application;
    this.#run.events.push({
      kind: "submit",
      t: this.#run.now,
      at: process.id,
      session: session ?? "main",
      message,
      purpose: "message",
      to,
    });
    return {
      kind: "send",
      message: message.slice(),
      ...addressed(to),
      ...(session === undefined ? {} : { session }),
    };
  }

  /** After a message, the next one. */
  proceed(application: ApplicationSession): void {
    this.#plan(application, betweenMessagesMs);
  }

  #plan(application: ApplicationSession, delay: Millis): void {
    if (application.scheduled || application.credits <= 0 || application.messages.length === 0)
      return;
    application.scheduled = true;
    this.#run.enqueue(application.messages[0]?.pauseMs ?? delay, { kind: "send", application });
  }

  /** @param isNameless whether the user does not know to whom the service speaks. */
  #applicationFor(
    process: Process,
    session: string,
    planned: number,
    isNameless: boolean,
  ): ApplicationSession {
    const service = process.spec.process === "service";
    const all = this.#run.plan.workload.sessions[planned]?.messages ?? [];
    const client = this.#run.processes.find((p) => p.plannedSession === planned);
    return {
      process,
      session: service ? session : undefined,
      to: service ? (isNameless ? undefined : client?.principal) : process.peer,
      messages: this.#leftToSay(process, planned, all),
      credits: 0,
      scheduled: false,
    };
  }

  /** A service that was started again goes on with what the one before has not said. */
  #leftToSay(process: Process, planned: number, all: readonly PlannedMessage[]) {
    const key = `${process.address}/${planned}`;
    let left = process.spec.process === "service" ? this.#unsaid.get(key) : undefined;
    if (left === undefined) {
      left = all.filter((m) => this.#says(process, m));
      this.#unsaid.set(key, left);
    }
    return left;
  }

  #says(process: Process, m: PlannedMessage): boolean {
    const speaker = this.#run.book.speaker(m.from);
    if (speaker?.spec !== process.spec) return false;
    if (process.spec.process === "service") return true;
    const n = Number(process.id.split("#")[1]);
    return n % speaker.spec.principals.length === speaker.index;
  }

  /**
   * The planned session that a process serves when it says `ready`. Messages meant for one user are
   * not sent to another, whatever that user's address.
   */
  #plannedFor(
    process: Process,
    from: Address | undefined,
    peer: Principal | typeof anonymous | undefined,
  ): number | undefined {
    if (process.plannedSession !== undefined) return process.plannedSession;
    const byAddress = this.#run.processes.find(
      (p) => p.address === from && p.plannedSession !== undefined,
    )?.plannedSession;
    // A peer without a name is known by nothing else.
    if (peer === anonymous) return isFree(process, byAddress) ? byAddress : undefined;
    if (this.#fits(process, byAddress, peer)) return byAddress;
    return this.#run.outcomes.find((o) => this.#fits(process, o.session, peer))?.session;
  }

  #fits(process: Process, planned: number | undefined, peer: Principal | undefined): boolean {
    return isFree(process, planned) && this.#isWith(peer, planned);
  }

  /** Does this principal take part in a planned session, or is the peer unknown? */
  #isWith(peer: Principal | undefined, planned: number | undefined): boolean {
    if (peer === undefined) return true;
    return this.#run.processes.some((p) => p.plannedSession === planned && p.principal === peer);
  }
}

/** Is this a planned session that the process has not taken yet? */
function isFree(process: Process, planned: number | undefined): boolean {
  return planned !== undefined && !process.readySessions.includes(`${planned}`);
}
