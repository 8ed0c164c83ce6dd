/** Connections between addresses, where the transport has them. */
import { isAdversaryAddress } from "../../../attacker/move.ts";
import type { Address, Millis } from "../../../protocol/endpoint.ts";
import type { RunState } from "../run-state.ts";
import type { World } from "../world.ts";

/** Opens a connection, if anyone listens there. */
export function connect({ run, adversary }: World, client: Address, server: Address): void {
  const latency = run.plan.network.latencyMs;
  const isThere = run.listening.has(server) || letsIn(run, server);
  if (!isThere && adversary.onWire(client, server) === undefined) {
    run.enqueue(latency, { kind: "closed", at: client, peer: server });
    return;
  }
  run.pipes.open(client, server);
  run.enqueue(latency, { kind: "connected", at: server, peer: client });
  run.enqueue(2 * latency, { kind: "connected", at: client, peer: server });
}

/** Who calls an adversary that makes its own messages is let in, and hears what it delivers. */
const letsIn = ({ plan }: RunState, server: Address): boolean =>
  isAdversaryAddress(server) && plan.attack.some((m) => m.move === "seize" || m.move === "deliver");

/** Closes the connection between two addresses, where there is one, and then opens the next one. */
export function reconnect(world: World, client: Address, server: Address): void {
  const { run, adversary } = world;
  disconnect(run, client, server);
  const isThere = run.listening.has(client) || adversary.sessions.some((s) => s.address === client);
  if (!isThere) return;
  const before = [run.pipes.get(client, server), run.pipes.get(server, client)];
  if (before.every((pipe) => pipe?.ended !== false)) connect(world, client, server);
  else run.enqueue(1, { kind: "reconnect", client, server });
}

/** Opens a connection for an attacker who may only write, and does not hear whether it is let in. */
export function intrude(run: RunState, source: Address, to: Address): void {
  run.pipes.open(source, to);
  run.enqueue(0, { kind: "connected", at: to, peer: source });
}

export function disconnect(run: RunState, a: Address, b: Address): void {
  const { now, plan, pipes } = run;
  for (const pipe of pipes.close(a, b)) {
    // What was written before the end still arrives, and then the end.
    const t = Math.max(now + plan.network.latencyMs, pipe.lastArrival) + 1;
    run.enqueue(t - now, { kind: "closed", at: pipe.to, peer: pipe.from });
  }
}

export function disconnectAll(run: RunState, address: Address): void {
  for (const peer of run.pipes.peersOf(address)) disconnect(run, address, peer);
}

/** Can one send to the other? */
export function canSend({ transport, pipes }: RunState, from: Address, to: Address): boolean {
  return !transport.connected || pipes.get(from, to)?.open === true;
}

/** What was sent before the end of a connection still arrives; a copy of it, later, does not. */
export function stillArrives(run: RunState, from: Address, to: Address): boolean {
  if (!run.transport.connected) return true;
  const pipe = run.pipes.get(from, to);
  return pipe?.broken === false && (pipe.open || run.now <= pipe.lastArrival);
}

/** Where order is kept nothing overtakes what was sent earlier, however long that is held up. */
export function inOrder(run: RunState, from: Address, to: Address, t: Millis): Millis {
  const pipe = run.transport.ordered ? run.pipes.get(from, to) : undefined;
  if (pipe === undefined) return t;
  pipe.lastArrival = Math.max(pipe.lastArrival, t);
  return pipe.lastArrival;
}

/** Bytes that an attacker writes at one moment are not run together into one chunk. */
export function spaced({ now, transport, pipes }: RunState, from: Address, to: Address): Millis {
  const pipe = transport.keepsMessages ? undefined : pipes.get(from, to);
  if (pipe === undefined) return now;
  pipe.lastInjected = Math.max(now, pipe.lastInjected + 1);
  return pipe.lastInjected;
}
