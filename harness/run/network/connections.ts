import type { Address, Millis } from "../../../protocol/endpoint.ts";
import type { Adversary } from "../adversary/adversary.ts";
import type { RunState } from "../run-state.ts";

/** Connections between addresses, where the protocol runs over streams. */
export class Connections {
  readonly #run: RunState;
  readonly #adversary: Adversary;

  constructor(run: RunState, adversary: Adversary) {
    this.#run = run;
    this.#adversary = adversary;
  }

  /** A client knocks at a server's door. */
  connect(client: Address, server: Address): void {
    const latency = this.#run.plan.network.latencyMs;
    if (!this.#run.listening.has(server) && this.#adversary.onWire(client, server) === undefined) {
      this.#run.enqueue(latency, { kind: "closed", at: client, peer: server });
      return;
    }
    this.#run.pipes.open(client, server);
    this.#run.enqueue(latency, { kind: "connected", at: server, peer: client });
    this.#run.enqueue(2 * latency, { kind: "connected", at: client, peer: server });
  }

  /** Somebody who may only write, and will not hear whether it was let in. */
  intrude(source: Address, to: Address): void {
    this.#run.pipes.open(source, to);
    this.#run.enqueue(0, { kind: "connected", at: to, peer: source });
  }

  disconnect(a: Address, b: Address): void {
    const { now, plan, pipes } = this.#run;
    for (const pipe of pipes.close(a, b)) {
      // What was written before the end still arrives, and then the end.
      const t = Math.max(now + plan.network.latencyMs, pipe.lastArrival) + 1;
      this.#run.enqueue(t - now, { kind: "closed", at: pipe.to, peer: pipe.from });
    }
  }

  disconnectAll(address: Address): void {
    for (const peer of this.#run.pipes.peersOf(address)) this.disconnect(address, peer);
  }

  /** Can one send to the other? Datagrams need no connection. */
  allow(from: Address, to: Address): boolean {
    return this.#run.datagram || this.#run.pipes.get(from, to)?.open === true;
  }

  /** On a stream no write may overtake an earlier one, however long that one is held up. */
  inOrder(from: Address, to: Address, t: Millis): Millis {
    const { datagram, pipes } = this.#run;
    const pipe = datagram ? undefined : pipes.get(from, to);
    if (pipe === undefined) return t;
    pipe.lastArrival = Math.max(pipe.lastArrival, t);
    return pipe.lastArrival;
  }

  /** What an attacker writes to a stream at one moment is not run together into one chunk. */
  spaced(from: Address, to: Address): Millis {
    const { now, datagram, pipes } = this.#run;
    const pipe = datagram ? undefined : pipes.get(from, to);
    if (pipe === undefined) return now;
    pipe.lastInjected = Math.max(now, pipe.lastInjected + 1);
    return pipe.lastInjected;
  }
}
