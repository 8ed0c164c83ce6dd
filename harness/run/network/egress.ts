import { packetKey } from "../../../attacker/move.ts";
import type { Address } from "../../../protocol/endpoint.ts";
import type { Packet } from "../../trace/trace.ts";
import type { HandshakeIntegrity } from "../handshake-integrity.ts";
import type { PacketMoves } from "../packet-moves.ts";
import type { Process } from "../processes.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { RunState } from "../run-state.ts";
import type { Lost } from "../scheduled-event.ts";
import { fateOf } from "./conditions.ts";
import type { Connections } from "./connections.ts";

/** What a sender says of a packet; the rest follows. */
interface Sent extends Pick<Packet, "from" | "source" | "destination" | "bytes"> {
  readonly byAttacker?: Packet["byAttacker"];
  readonly copyOf?: number | undefined;
}

/** The way out: from the sender through the attacker's hands and the network. */
export class Egress {
  readonly #run: RunState;
  readonly #integrity: HandshakeIntegrity;
  readonly #packetMoves: PacketMoves;
  readonly #connections: Connections;

  constructor(
    run: RunState,
    integrity: HandshakeIntegrity,
    packetMoves: PacketMoves,
    connections: Connections,
  ) {
    this.#run = run;
    this.#integrity = integrity;
    this.#packetMoves = packetMoves;
    this.#connections = connections;
  }

  /** What an honest process sends. */
  transmit(process: Process, bytes: Uint8Array, to: Address | undefined): void {
    if (to === undefined) {
      throw new ProtocolError(`${process.id} transmits without saying to whom`);
    }
    this.#run.sentBytes += bytes.length;
    const packet = this.#put({ from: process.id, source: process.address, destination: to, bytes });
    this.#integrity.markHonest(packet, process);
    const key = packetKey(packet);
    this.#run.named.set(key, packet);
    this.#launch(packet, key);
  }

  /** What the attacker sends: nobody holds it up, and it is up to the attacker when it arrives. */
  forge(sent: Sent): Packet {
    const packet = this.#put(sent);
    this.#integrity.markForged(packet);
    return packet;
  }

  #put(sent: Sent): Packet {
    const { packets, events, now } = this.#run;
    const to = this.#run.labelOf(sent.destination);
    const nth = this.#run.count(`${sent.from}>${to}`);
    const packet = packetOf(sent, to, nth, packets.length, now);
    packets.push(packet);
    events.push({ kind: "sent", t: now, at: packet.from, packet: packet.index });
    return packet;
  }

  #launch(packet: Packet, key: string): void {
    const run = this.#run;
    const { source } = packet;
    const { bytes, to, dropped, holdMs, copies, cut } = this.#packetMoves.onItsWay(packet, key);
    const fate = fateOf(
      run.plan.network,
      () => run.random.fork("network").fork(key),
      bytes.length,
      run.now,
      !run.datagram,
    );
    this.#integrity.carried(packet, fate);
    let lost: Lost | undefined = dropped ? "attacker" : undefined;
    if (fate.length === 0) lost ??= "network";
    if (!this.#connections.allow(source, to)) lost ??= "nobody-there";
    const first = holdMs + (fate[0] ?? run.plan.network.latencyMs);
    const t = this.#connections.inOrder(source, to, run.now + first);
    const later = lost === undefined ? [...fate.slice(1), ...copies.map((c) => first + c)] : [];
    for (const [k, target] of this.#targets(to, source).entries()) {
      run.enqueueAt(t, { kind: "arrive", packet, bytes, to: target, lost, first: k === 0, key });
      for (const delay of later) {
        const again = { kind: "arrive", packet, bytes, to: target, lost, first: false } as const;
        run.enqueue(delay, { ...again, key: undefined });
      }
    }
    if (cut) this.#connections.disconnect(source, packet.destination);
  }

  #targets(to: Address, source: Address): readonly Address[] {
    if (!to.startsWith("*:")) return [to];
    const port = to.slice(1);
    return [...this.#run.listening.keys()].filter((a) => a.endsWith(port) && a !== source).sort();
  }
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
