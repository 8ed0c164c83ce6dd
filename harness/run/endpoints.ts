import type { Address, Input, Millis, Output } from "../../protocol/endpoint.ts";
import { ownInput } from "../../protocol/kit/copy-input.ts";
import { usesPuppets } from "./adversary/adversary.ts";
import type { Applications } from "./applications.ts";
import { handleInput } from "./handle-input.ts";
import { disconnect, disconnectAll, reconnect } from "./network/connections.ts";
import { transmit } from "./network/egress.ts";
import { outputEvent } from "./output-event.ts";
import { notePlace, onlySession, type Process, placeOf } from "./processes.ts";
import { ProtocolError } from "./protocol-error.ts";
import type { RunState } from "./run-state.ts";
import { show } from "./showing.ts";
import type { World } from "./world.ts";

/** The session of an output that names none. */
function labelFor(process: Process, input: Input, from: Address | undefined): string {
  if (process.spec.process === "session") return "main";
  const named = input.kind === "send" ? input.session : undefined;
  return from ?? named ?? onlySession(process) ?? "main";
}

/** What is refused, or only noted down, belongs to no session yet. */
const isOfSession = ({ kind }: Output): boolean =>
  kind !== "reject" && kind !== "log" && kind !== "alarm";

/** Where a session is, as far as an address is known for it. */
const placed = (process: Process, session: string, from: Address | undefined) =>
  from ?? (process.spec.process === "service" ? placeOf(process, session) : undefined);

/** Feeds the endpoints of honest processes, and does what they ask for. */
export class Endpoints {
  readonly #world: World;
  readonly #run: RunState;
  readonly #applications: Applications;
  readonly #keepsHistory: boolean;

  constructor(world: World, applications: Applications) {
    this.#world = world;
    this.#run = world.run;
    this.#applications = applications;
    this.#keepsHistory = usesPuppets(world.run.plan.attack);
  }

  /** @param from the address that the input came from, if it came over the network. */
  handle(process: Process, input: Input, from: Address | undefined): void {
    if (process.end !== "alive") return;
    const { now, events } = this.#run;
    // Code may change what it is given, and a puppet may be given it again.
    if (this.#keepsHistory) process.history.push({ input: ownInput(input), now });
    const { witness } = this.#run.plan;
    const result =
      witness === undefined
        ? handleInput(process, input, now)
        : witness.handling(process, now, events.length, () => handleInput(process, input, now));
    if (!result.ok) {
      events.push({ kind: "crashed", t: now, at: process.id, because: result.because });
      this.#finish(process, "crashed");
      return;
    }
    const unlabelled = labelFor(process, input, from);
    for (const output of result.outputs) {
      this.#output(process, output, from, unlabelled);
      if (process.end !== "alive") return;
    }
    const size = process.endpoint.stateSize?.();
    if (size !== undefined) process.maxState = Math.max(process.maxState ?? 0, size);
    this.#schedule(process);
  }

  /** A timer has run out; one that was set anew in the meantime has not. */
  timeout(process: Process, t: Millis): void {
    if (process.end !== "alive" || process.timer !== t) return;
    process.timer = undefined;
    this.handle(process, { kind: "timeout" }, undefined);
  }

  #schedule(process: Process): void {
    const deadline = process.endpoint.deadline?.();
    if (deadline === undefined || Number.isNaN(deadline) || deadline === Number.POSITIVE_INFINITY) {
      process.timer = undefined;
      return;
    }
    const t = Math.max(deadline, this.#run.now);
    if (process.timer === t) return;
    process.timer = t;
    this.#run.queue.at(t, { kind: "timer", process, t });
  }

  /** @param unlabelled the session of an output that names none. */
  #output(process: Process, output: Output, from: Address | undefined, unlabelled: string): void {
    const session = output.session ?? unlabelled;
    if (from !== undefined && process.spec.process === "service" && isOfSession(output)) {
      notePlace(process, session, from);
    }
    switch (output.kind) {
      case "transmit": {
        const to = output.to ?? process.peerAddress ?? from;
        transmit(this.#world, process, output.bytes, to);
        return;
      }
      case "ready":
        this.#applications.ready(process, session, output.messages, placed(process, session, from));
        return;
      case "close": {
        const peer = output.to ?? process.peerAddress ?? from;
        if (peer !== undefined) disconnect(this.#run, process.address, peer);
        return;
      }
      case "connect":
        this.#connect(process, output.to ?? process.peerAddress ?? from);
        return;
    }
    if (output.kind === "claim") this.#claim(process, output.claim, session, from);
    this.#run.events.push(outputEvent(output, this.#run.now, process, session));
    if (output.kind === "deliver" && (output.purpose ?? "message") === "message") {
      const isService = process.spec.process === "service";
      this.#applications.heard(process, isService ? session : "main");
    }
    if (output.kind === "show") show(this.#world, process, output, session);
    if (output.kind === "exit") this.#finish(process, output.ok ? "exited" : "gave-up");
  }

  #connect(process: Process, to: Address | undefined): void {
    const { transport, plan } = this.#run;
    if (!transport.connected) {
      throw new ProtocolError(
        `${process.id} connects, but the transport ${plan.protocol.transport} has no connections`,
        process.spec.name,
      );
    }
    if (to === undefined) {
      throw new ProtocolError(`${process.id} connects without saying to whom`, process.spec.name);
    }
    reconnect(this.#world, process.address, to);
  }

  #claim(
    process: Process,
    claim: Extract<Output, { kind: "claim" }>["claim"],
    session: string,
    from: Address | undefined,
  ): void {
    if (claim.peer !== undefined) this.#applications.face(process, session, claim.peer);
    if (claim.kind !== "secret") return;
    if (claim.peer === undefined) this.#applications.faceAnonymous(process, session);
    process.secrets++;
    if (process.spec.process === "session") {
      if (from !== undefined) process.secretWith.add(from);
      return;
    }
    // A key counts with the session that it is said in, whatever input it is said after.
    const isAddress = this.#run.listening.has(session);
    process.secretWith.add(isAddress ? session : (from ?? placeOf(process, session)));
  }

  /** The process is gone, as if the power had failed; what it told its stores remains. */
  stop(process: Process): void {
    const { now: t, events } = this.#run;
    events.push({ kind: "exited", t, at: process.id, ok: true, because: "is restarted" });
    this.#finish(process, "exited");
    this.#run.pipes.breakAll(process.address);
  }

  #finish(process: Process, end: "crashed" | "exited" | "gave-up"): void {
    const { listening } = this.#run;
    process.end = end;
    process.timer = undefined;
    if (listening.get(process.address) === process) listening.delete(process.address);
    disconnectAll(this.#run, process.address);
  }
}
