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
  /** How many messages each session has heard. */
  readonly #heard = new Map<string, number>();
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
    if (!process.readyAs.includes(session)) process.readyAs.push(session);
    let application = this.#applications.get(key);
    if (application === undefined) {
      // A service's planned messages to honest users are not sent to a client that is `mallory`.
      const peer = this.#peers.get(key);
      if (process.spec.process === "service" && peer === attackerHost) return;
      const place = this.#placeFor(process, from, peer);
      if (place === undefined) return;
      application = this.#applicationFor(process, session, place, peer === anonymous);
      this.#applications.set(key, application);
      process.readySessions.push(nameOf(place));
    }
    application.credits = messages ?? Number.POSITIVE_INFINITY;
    this.#plan(application, this.#run.plan.workload.typing?.firstMs ?? thinkMs);
  }

  /** A message was delivered: there may be one that waited for it. */
  heard(process: Process, session: string): void {
    const key = `${process.id}/${session}`;
    this.#heard.set(key, (this.#heard.get(key) ?? 0) + 1);
    for (const application of this.#applications.values()) {
      const isIts = application.process === process && (application.session ?? "main") === session;
      if (isIts) this.#plan(application, thinkMs);
    }
  }

  /** Has the speaker heard enough to say what is next? */
  #isTime({ process, session = "main", messages }: ApplicationSession): boolean {
    const { afterHearing = 0 } = messages[0] ?? {};
    return afterHearing === 0 || afterHearing <= (this.#heard.get(`${process.id}/${session}`) ?? 0);
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
    if (this.#isWithAnother(application)) return undefined;
    application.messages.shift();
    application.credits--;
    const { process, session } = application;
    const message = this.#run.typing.message(process.id, this.#run.named) ?? planned.message;
    const to = planned.to ?? application.to;
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
    this.#plan(application, this.#run.plan.workload.typing?.nextMs ?? betweenMessagesMs);
  }

  #plan(application: ApplicationSession, delay: Millis): void {
    if (application.scheduled || application.credits <= 0 || application.messages.length === 0)
      return;
    if (!this.#isTime(application)) return;
    application.scheduled = true;
    this.#run.enqueue(application.messages[0]?.pauseMs ?? delay, { kind: "send", application });
  }

  /** @param isNameless whether the user does not know to whom the service speaks. */
  #applicationFor(
    process: Process,
    session: string,
    place: Place,
    isNameless: boolean,
  ): ApplicationSession {
    const service = process.spec.process === "service";
    const { planned } = place;
    const all = this.#run.plan.workload.sessions[planned]?.messages ?? [];
    const client = place.client ?? this.#clients(process, planned)[0];
    return {
      process,
      session: service ? session : undefined,
      to: service ? (isNameless ? undefined : client?.principal) : process.peer,
      client: process.spec.peer === undefined ? client : undefined,
      messages: this.#leftToSay(process, place, all),
      credits: 0,
      scheduled: false,
    };
  }

  /** A service that was started again goes on with what the one before has not said. */
  #leftToSay(process: Process, place: Place, all: readonly PlannedMessage[]) {
    const key = `${process.address}/${nameOf(place)}`;
    let left = process.spec.process === "service" ? this.#unsaid.get(key) : undefined;
    if (left === undefined) {
      left = all.filter((m) => this.#says(process, m) && this.#isMeant(process, m, place));
      this.#unsaid.set(key, left);
    }
    return left;
  }

  /** Who takes part in a planned session, beside this process. */
  #clients(process: Process, planned: number): readonly Process[] {
    return this.#run.processes.filter(
      (p) => p.plannedSession === planned && p.spec !== process.spec,
    );
  }

  /** Of several clients in one planned session, each is told what is meant for it. */
  #isMeant(process: Process, { to }: PlannedMessage, { planned, client }: Place): boolean {
    const all = to === undefined ? [] : [to].flat();
    if (client === undefined || all.includes(client.principal)) return true;
    if (to !== undefined) {
      return !this.#clients(process, planned).some((p) => all.includes(p.principal));
    }
    return !process.readySessions.some((s) => s.startsWith(`${planned}/`));
  }

  /** Does the process say by now that another user, or the attacker, is at the other end? */
  #isWithAnother({ process, session, client }: ApplicationSession): boolean {
    const peer = this.#peers.get(`${process.id}/${session ?? "main"}`);
    if (client === undefined || peer === undefined || peer === anonymous) return false;
    if (peer === client.principal) return false;
    const { processes } = this.#run;
    return (
      peer === attackerHost || processes.some((p) => p.spec === client.spec && p.principal === peer)
    );
  }

  #says(process: Process, m: PlannedMessage): boolean {
    const speaker = this.#run.book.speaker(m.from);
    if (speaker?.spec !== process.spec) return false;
    if (process.spec.process === "service") return true;
    const n = Number(process.id.split("#")[1]);
    return n % speaker.spec.principals.length === speaker.index;
  }

  /**
   * The planned session that a process serves when it says `ready`, and with whom. Messages meant
   * for one user are not sent to another, whatever that user's address.
   */
  #placeFor(
    process: Process,
    from: Address | undefined,
    peer: Principal | typeof anonymous | undefined,
  ): Place | undefined {
    if (process.plannedSession !== undefined) {
      return { planned: process.plannedSession, client: undefined };
    }
    const there = this.#run.processes.find(
      (p) => p.address === from && p.plannedSession !== undefined,
    );
    // A peer without a name is known by nothing but its address.
    const isNamed = peer !== undefined && peer !== anonymous;
    const all =
      peer === anonymous
        ? []
        : this.#run.outcomes.flatMap((o) => this.#placesIn(process, o.session));
    const first = there === undefined ? [] : [placeOf(there)];
    return [...first, ...all].find((place) => {
      const isFree = !process.readySessions.includes(nameOf(place));
      return isFree && (!isNamed || place.client?.principal === peer);
    });
  }

  #placesIn(process: Process, planned: number): readonly Place[] {
    const clients = this.#clients(process, planned);
    return clients.length === 0 ? [{ planned, client: undefined }] : clients.map(placeOf);
  }
}

const placeOf = (client: Process): Place => ({ planned: client.plannedSession as number, client });

/** A planned session, and which of those in it a service serves. */
interface Place {
  readonly planned: number;
  readonly client: Process | undefined;
}

/** Whether it is taken already is known by its name. */
const nameOf = ({ planned, client }: Place): string => `${planned}/${client?.id ?? ""}`;
