import { type Disclosure, disclosureOf } from "../../attacker/disclosure.ts";
import { attackerAddress, attackerHost, type OwnMove, packetKey } from "../../attacker/move.ts";
import type { Address, Principal } from "../../protocol/endpoint.ts";
import { fromHex } from "../../protocol/kit/bytes.ts";
import { unreachable } from "../../protocol/kit/errors.ts";
import type { Packet } from "../trace/trace.ts";
import type { Adversary } from "./adversary/adversary.ts";
import type { AdversarySessions } from "./adversary/adversary-sessions.ts";
import type { IndexedMove } from "./attack-plan.ts";
import type { HandshakeIntegrity } from "./handshake-integrity.ts";
import type { Connections } from "./network/connections.ts";
import type { Egress } from "./network/egress.ts";
import type { PacketMoves } from "./packet-moves.ts";
import type { RunState } from "./run-state.ts";

/** Moves that the attacker makes by itself; packet-moves.ts has those on packets on their way. */
export class OwnMoves {
  readonly #run: RunState;
  readonly #adversary: Adversary;
  readonly #integrity: HandshakeIntegrity;
  readonly #packetMoves: PacketMoves;
  readonly #egress: Egress;
  readonly #connections: Connections;
  readonly #adversarySessions: AdversarySessions;

  constructor(
    run: RunState,
    adversary: Adversary,
    integrity: HandshakeIntegrity,
    packetMoves: PacketMoves,
    egress: Egress,
    connections: Connections,
    adversarySessions: AdversarySessions,
  ) {
    this.#run = run;
    this.#adversary = adversary;
    this.#integrity = integrity;
    this.#packetMoves = packetMoves;
    this.#egress = egress;
    this.#connections = connections;
    this.#adversarySessions = adversarySessions;
  }

  act({ move, index }: IndexedMove<OwnMove>): void {
    switch (move.move) {
      case "inject":
        this.#inject(move, index, fromHex(move.hex) ?? new Uint8Array(0), undefined);
        return;
      case "replay": {
        const original = this.#run.named.get(packetKey(move.packet));
        if (original === undefined) return;
        const bytes = this.#packetMoves.edited(original.bytes, move.edits ?? []);
        this.#inject(move, index, bytes, original);
        return;
      }
      case "reflect": {
        const original = this.#run.named.get(packetKey(move.packet));
        if (original === undefined) return;
        this.#emit(index, original.bytes, original.destination, original.source, original);
        return;
      }
      case "participate":
        this.#adversary.enlist(this.#run.deployment.longTermSecrets(move.as));
        this.#integrity.moved(index, move.as, undefined);
        return;
      case "disclose":
        this.#disclose(move, index);
        return;
      case "puppet":
        this.#adversarySessions.take(move, index);
        return;
      case "hijack":
        this.#adversarySessions.hijack(move, index);
        return;
      default:
        unreachable(move);
    }
  }

  #inject(
    move: Extract<OwnMove, { move: "inject" | "replay" }>,
    index: number,
    bytes: Uint8Array,
    original: Packet | undefined,
  ): void {
    const { book } = this.#run;
    const target = book.of(move.to);
    if (target === undefined) return;
    const asked = move.from;
    const source = asked === undefined ? attackerAddress : (book.of(asked) ?? asked);
    const times = move.times ?? 1;
    for (let k = 0; k < times; k++) {
      // Many at once are many strangers: each has an address of its own.
      const own = k === 0 || source !== attackerAddress ? source : `${attackerHost}-${k}:6666`;
      this.#emit(index, bytes, own, target, original);
    }
  }

  #emit(
    index: number,
    bytes: Uint8Array,
    source: Address,
    to: Address,
    original: Packet | undefined,
  ): void {
    const packet = this.#egress.forge({
      from: attackerHost,
      source,
      destination: to,
      bytes,
      byAttacker: original === undefined ? "injected" : "replayed",
      copyOf: original?.index,
    });
    this.#integrity.moved(index, packet.to, packet.index);
    if (!this.#connections.allow(source, to)) {
      const spec = this.#run.listening.get(to)?.spec;
      // Whoever only opens connections takes none.
      if (spec === undefined || (spec.peer !== undefined && spec.port === undefined)) return;
      this.#connections.intrude(source, to);
    }
    this.#run.enqueueAt(this.#connections.spaced(source, to), {
      kind: "arrive",
      packet,
      bytes: packet.bytes,
      to,
      lost: undefined,
      first: true,
      key: packetKey(packet),
    });
  }

  #disclose(move: Extract<OwnMove, { move: "disclose" }>, index: number): void {
    const { principal, what } = move;
    const { disclosed, events, now } = this.#run;
    const secrets = this.#secrets(principal, disclosureOf(what));
    for (const secret of secrets) {
      disclosed.push(secret);
      this.#adversary.told(secret);
    }
    if (secrets.length === 0) return;
    this.#integrity.moved(index, principal, undefined);
    events.push({ kind: "disclosed", t: now, at: principal, principal, what });
  }

  #secrets(principal: Principal, disclosure: Disclosure): readonly Uint8Array[] {
    const { deployment, stores } = this.#run;
    switch (disclosure.kind) {
      case "long-term":
        return deployment.longTermSecrets(principal);
      case "store": {
        const content = stores.read(principal, disclosure.name);
        return content === undefined ? [] : [content];
      }
    }
  }
}
