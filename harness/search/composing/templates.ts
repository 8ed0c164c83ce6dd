/** The messages of an honest run, as forms that the adversary fills. */
import { Sums } from "../../../attacker/learnt-checksums.ts";
import { attackerHost } from "../../../attacker/move.ts";
import { type Encoded, usualEncodings } from "../../../attacker/recipe/encodings.ts";
import { constantsIn, shapeOf } from "../../../attacker/recipe/term-shape.ts";
import { type Term, Terms } from "../../../attacker/recipe/terms.ts";
import type { Address, Principal, RoleSpec } from "../../../protocol/endpoint.ts";
import { latin1 } from "../../../protocol/kit/bytes.ts";
import { contentOf, operations } from "../../../protocol/kit/operations.ts";
import { AddressBook } from "../../run/address-book.ts";
import type { Packet, ProcessInfo, Trace } from "../../trace/trace.ts";

export interface Template {
  readonly term: Term;
  readonly shape: string;
  /** The shape with its constants. */
  readonly form: string;
  readonly packet: Packet;
  readonly from: ProcessInfo;
  readonly to: ProcessInfo;
}

const mostAlike = 3;

export class Templates {
  readonly honest: Trace;
  readonly terms: Terms;
  readonly sums: Sums;
  readonly encodings: readonly Encoded[];
  /** All principals, mallory among them where she is registered. */
  readonly names: readonly Principal[];
  /** Those whose names occur in messages. */
  readonly spoken: readonly Principal[];
  readonly all: readonly Template[];
  /** What users say. */
  readonly said: readonly Uint8Array[];

  /** @param other with other randomness: sums for errors are right there, too. */
  constructor(honest: Trace, other: Trace, insider: boolean) {
    this.honest = honest;
    this.sums = new Sums([...honest.packets, ...other.packets]);
    const { processes } = honest;
    const playing = processes.map((p) => p.principal);
    const called = honest.plan.workload.sessions.flatMap((s) => Object.values(s.principals ?? {}));
    const mallory = insider ? [attackerHost] : [];
    this.names = [...new Set([...playing, ...called, ...mallory])];
    this.said = honest.plan.workload.sessions.flatMap((s) => s.messages.map((m) => m.message));
    this.encodings = usualEncodings(
      [...honest.packets, ...other.packets].map((p) => latin1(p.bytes)),
    );
    this.terms = new Terms(honest.crypto, this.names, this.said, this.encodings);
    this.all = this.#all();
    const named = new Set<string>(mallory);
    for (const { term } of this.all) this.#namesIn(term, named, 0);
    this.spoken = this.names.filter((n) => named.has(n));
  }

  #all(): readonly Template[] {
    const byId = new Map(this.honest.processes.map((p) => [p.id, p]));
    const seen = new Map<string, Set<string>>();
    const all: Template[] = [];
    for (const packet of this.honest.packets) {
      const [from, to] = [byId.get(packet.from), byId.get(packet.to)];
      if (from === undefined || to === undefined) continue;
      const term = this.#read(packet);
      const shape = shapeOf(term, this.terms);
      const speaker = from.service || to.service ? from.id : from.role;
      const key = `${to.id}|${speaker}|${shape}`;
      const constants = constantsIn(term);
      const before = seen.get(key) ?? new Set();
      // Verbs tell messages apart; times and counters would make every message another one.
      if (before.has(constants) || before.size >= mostAlike) continue;
      seen.set(key, before.add(constants));
      all.push({ term, shape, form: `${shape}|${constants}`, packet, from, to });
    }
    return all;
  }

  /** Of a sum for errors nothing is read: it is made right when all else is there. */
  #read(packet: Packet): Term {
    const inner = this.terms.read(latin1(this.sums.without(packet)));
    const place = this.sums.placeIn(packet);
    return place === undefined ? inner : { is: "summed", inner, place };
  }

  #namesIn(term: Term, found: Set<string>, depth: number): void {
    if (depth > 12) return;
    if (term.is === "name") found.add(term.name);
    if (term.is === "join") for (const p of term.parts) this.#namesIn(p, found, depth + 1);
    if ("inner" in term) this.#namesIn(term.inner, found, depth + 1);
    if (term.is !== "value") return;
    const { record } = term.of;
    const isMade = !record.backwards && operations[record.op].fresh !== true;
    if (!isMade || operations[record.op].keyPair === true) return;
    const content = operations[record.op].content;
    const inputs = content === undefined ? record.inputs : [contentOf(record)];
    for (const input of inputs) this.#namesIn(this.terms.read(input), found, depth + 1);
  }
}

/** The service that a client calls, by its address. */
export const calledBy = (spec: RoleSpec, process: ProcessInfo, { plan }: Trace): Address =>
  new AddressBook(plan).service(spec, plan.workload.sessions[process.plannedSession ?? 0]);
