/** The way out: from the sender through the attacker's hands and the network. */
import { packetKey } from "../../../attacker/move.ts";
import type { Address } from "../../../protocol/endpoint.ts";
import type { Packet } from "../../trace/trace.ts";
import { onItsWay } from "../packet-moves.ts";
import type { Process } from "../processes.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { RunState } from "../run-state.ts";
import type { Lost } from "../scheduled-event.ts";
import type { World } from "../world.ts";
import { fateOf } from "./conditions.ts";
import { canSend, disconnect, inOrder } from "./connections.ts";

/** What a sender says of a packet; the rest follows. */
interface Sent extends Pick<Packet, "from" | "source" | "destination" | "bytes"> {
  readonly byAttacker?: Packet["byAttacker"];
  readonly copyOf?: number | undefined;
}

/** What an honest process sends. */
export function transmit(
  world: World,
  process: Process,
  bytes: Uint8Array,
  to: Address | undefined,
): void {
  const { run, integrity } = world;
  if (to === undefined) {
    throw new ProtocolError(`${process.id} transmits without saying to whom`, process.spec.name);
  }
  run.sentBytes += bytes.length;
  const packet = put(run, { from: process.id, source: process.address, destination: to, bytes });
  integrity.markHonest(packet, process);
  const key = packetKey(packet);
  run.named.set(key, packet);
  launch(world, packet, key);
}

/** What the attacker sends: nobody holds it up, and it is up to the attacker when it arrives. */
export function forge({ run, integrity }: World, sent: Sent): Packet {
  const packet = put(run, sent);
  integrity.markForged(packet);
  return packet;
}

function put(run: RunState, sent: Sent): Packet {
  const { packets, events, now } = run;
  const to = run.labelOf(sent.destination);
  const nth = run.count(sent.from, to);
  const packet = packetOf(sent, to, nth, packets.length, now);
  packets.push(packet);
  events.push({ kind: "sent", t: now, at: packet.from, packet: packet.index });
  return packet;
}

function launch(world: World, packet: Packet, key: string): void {
  const { run } = world;
  const { source } = packet;
  const { bytes, to, dropped, holdMs, copies, cut } = onItsWay(world, packet, key);
  const { network } = run.plan;
  // Without a name: tsx defines the name of a named function each time that one is made.
  const fate = fateOf(
    network,
    () => run.random.fork("network").fork(key),
    bytes.length,
    run.now,
    run.transport.reliable,
  );
  world.integrity.carried(packet, fate);
  let lost: Lost | undefined = dropped ? "attacker" : undefined;
  if (fate.length === 0) lost ??= "network";
  if (!canSend(run, source, to)) lost ??= "nobody-there";
  const first = holdMs + (fate[0] ?? network.latencyMs);
  const t = inOrder(run, source, to, run.now + first);
  const later = lost === undefined ? [...fate.slice(1), ...copies.map((c) => first + c)] : [];
  for (const [k, target] of targets(run, to, source).entries()) {
    run.enqueueAt(t, { kind: "arrive", packet, bytes, to: target, lost, first: k === 0, key });
    for (const delay of later) {
      const again = { kind: "arrive", packet, bytes, to: target, lost, first: false } as const;
      run.enqueue(delay, { ...again, key: undefined });
    }
  }
  if (cut) disconnect(run, source, packet.destination);
}

function targets({ listening }: RunState, to: Address, source: Address): readonly Address[] {
  if (!to.startsWith("*:")) return [to];
  const port = to.slice(1);
  return [...listening.keys()].filter((a) => a.endsWith(port) && a !== source).sort();
}

/** Written out field by field: the order is part of the digest, and spreads are slow. */
function packetOf(sent: Sent, to: string, nth: number, index: number, sentMs: number): Packet {
  const { from, source, destination, byAttacker, copyOf } = sent;
  const bytes = sent.bytes.slice();
  if (byAttacker === undefined) {
    return { from, to, nth, source, destination, bytes, index, sentMs };
  }
  return copyOf === undefined
    ? { from, to, nth, source, destination, bytes, byAttacker, index, sentMs }
    : { from, to, nth, source, destination, bytes, byAttacker, copyOf, index, sentMs };
}
