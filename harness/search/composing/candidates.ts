/** What is worth handing to each process in a state. */
import {
  attackerAddress,
  attackerHost,
  isAdversaryAddress,
  type PacketRef,
  packetKey,
} from "../../../attacker/move.ts";
import { recipeKey } from "../../../attacker/recipe/recipe.ts";
import { shapeOf } from "../../../attacker/recipe/term-shape.ts";
import type { Term, Terms } from "../../../attacker/recipe/terms.ts";
import type { Address, Protocol } from "../../../protocol/endpoint.ts";
import { type Latin1, latin1 } from "../../../protocol/kit/bytes.ts";
import { contentOf, operations } from "../../../protocol/kit/operations.ts";
import { transports } from "../../../protocol/transport.ts";
import { principalOf } from "../../run/address-book.ts";
import { isSpared } from "../../run/packet-moves.ts";
import type { Packet, ProcessInfo } from "../../trace/trace.ts";
import { type Alternative, nothing } from "./alternative.ts";
import { type Delivery, madeCost } from "./delivery.ts";
import { Maker } from "./maker.ts";
import { type Mapping, publicKeysUnder, valuesUnder } from "./mapping.ts";
import { boxesIn, outsideOf } from "./outside.ts";
import type { Scene } from "./scene.ts";
import { addressesKnownTo, type Situation } from "./situation.ts";
import { calledBy, type Template, type Templates } from "./templates.ts";
import type { Workshop } from "./workshop.ts";

const cost = { elsewhere: 0.3, asMallory: 0.2, keysOfOthers: 0.5 } as const;
const most = { messages: 48 } as const;
/** Addresses of the adversary's own. */
const ownAddresses = [attackerAddress, `${attackerHost}:6667`] as const;
/** Own values are numbered apart, so that two states that share a past share those as well. */
const perDelivery = 40;
const perProcess = 1_000;

export interface Candidates {
  readonly first: readonly Delivery[];
  /** Tried only where those of the same group have moved anything. */
  readonly later: readonly Later[];
}

/** What is seen of a packet. */
interface Look {
  readonly shape: string;
  readonly boxes: string;
  /** The boxes with their keys. */
  readonly outside: string;
}

interface Later {
  readonly groups: readonly string[];
  propose(limit: number): readonly Delivery[];
}

export class Proposing {
  readonly #protocol: Protocol;
  readonly #templates: Templates;
  readonly #shop: Workshop;
  readonly #insider: boolean;
  /** How many of each group are tried at once. */
  readonly #firsts: number;
  /** Groups that touch nothing, with what of them was tried: later there may be more to try. */
  readonly #barren = new Map<string, Set<string>>();
  readonly #fertile = new Set<string>();
  readonly #looks = new Map<string, Look>();

  constructor(
    protocol: Protocol,
    templates: Templates,
    shop: Workshop,
    about: { readonly insider: boolean; readonly firsts: number },
  ) {
    this.#protocol = protocol;
    this.#templates = templates;
    this.#shop = shop;
    this.#insider = about.insider;
    this.#firsts = about.firsts;
  }

  /** It was tried in vain, and so are others of its group that are made alike. */
  giveUp(group: string, { recipe }: Delivery): void {
    if (this.#fertile.has(group)) return;
    const tried = this.#barren.get(group);
    if (tried === undefined) this.#barren.set(group, new Set([recipeKey(recipe)]));
    else tried.add(recipeKey(recipe));
  }

  noteFertile(group: string): void {
    this.#fertile.add(group);
    this.#barren.delete(group);
  }

  isFertile(group: string): boolean {
    return this.#fertile.has(group);
  }

  /** Makes values for the process that a delivery is for, in its place among the deliveries. */
  makerFor(process: string, { scene, deliveries }: Situation, offset = 0): Maker {
    return new Maker(this.#shop, scene, plain, this.#firstFresh(process, deliveries) + offset);
  }

  #firstFresh(process: string, deliveries: readonly Delivery[]): number {
    const at = this.#templates.honest.processes.findIndex((p) => p.id === process) + 1;
    const before = deliveries.filter((d) => d.to === process).length;
    return 1 + at * perProcess + before * perDelivery;
  }

  in(situation: Situation): Candidates {
    const first: Delivery[] = [];
    const later: Later[] = [];
    const alive = situation.scene.processes.filter((p) => p.end === "alive");
    const { trace } = situation.scene.run;
    const spared = trace.plan.attack.flatMap((m) => (m.move === "seize" ? (m.sparing ?? []) : []));
    const sent = trace.packets.filter((p) => p.byAttacker === undefined);
    const passed = new Set(
      situation.deliveries.flatMap(({ recipe, to }) =>
        "packet" in recipe ? [`${packetKey(recipe.packet)}>${to}`] : [],
      ),
    );
    const fresh = (p: Packet, to: ProcessInfo): boolean => !passed.has(`${packetKey(p)}>${to.id}`);
    for (const p of sent) {
      const to = alive.find((x) => x.address === p.destination);
      if (to === undefined || !fresh(p, to) || isSpared(p, spared)) continue;
      first.push({ to: to.id, from: p.source, recipe: { packet: refOf(p) }, cost: 0 });
    }
    for (const process of alive) {
      first.push(...this.#silentCalls(process, situation));
      // What was for a service may open another session there.
      const others = sent.filter(
        (p) =>
          p.from !== process.id &&
          (p.destination === process.address
            ? process.service && !fresh(p, process)
            : fresh(p, process)),
      );
      first.push(...this.#elsewhere(process, others, situation));
      this.#made(process, situation, first, later);
    }
    return { first, later };
  }

  /** A connection of the adversary's own, on which it says nothing yet: who speaks first? */
  #silentCalls({ id, service }: ProcessInfo, situation: Situation): readonly Delivery[] {
    if (!service || !transports[this.#protocol.transport].connected) return [];
    const used = addressesKnownTo(id, situation);
    const from = ownAddresses.find((a) => !used.has(a));
    if (from === undefined) return [];
    return [{ to: id, from, recipe: { hex: "" }, cost: cost.elsewhere }];
  }

  /** Packets that were meant for others, of fitting shape as far as the receiver sees. */
  #elsewhere(process: ProcessInfo, packets: readonly Packet[], situation: Situation): Delivery[] {
    const forRole = this.#templates.all.filter((t) => t.to.role === process.role);
    return packets.flatMap((p) => {
      const look = this.#lookOf(p, situation.scene);
      const alike = forRole.filter((t) => t.shape === look.shape);
      const fitting =
        alike.length > 0
          ? alike
          : forRole.filter((t) => this.#looksLike(t, look, process, situation));
      const sources = new Set(fitting.flatMap((t) => this.#sources(process, t, situation)));
      return [...sources].map((from) => ({
        to: process.id,
        from,
        recipe: { packet: refOf(p) },
        cost: cost.elsewhere,
      }));
    });
  }

  /** The same boxes, under keys that the receiver opens them with, though with other contents? */
  #looksLike(template: Template, look: Look, process: ProcessInfo, { scene }: Situation): boolean {
    if (look.boxes !== boxesIn(template.term)) return false;
    const maker = this.#maker(this.#mappingFor(process, template, scene), scene, 1);
    return outsideOf(template.term, (key) => maker.mapped(key)) === look.outside;
  }

  #lookOf({ bytes }: Packet, { terms }: Scene): Look {
    const key = latin1(bytes);
    let look = this.#looks.get(key);
    if (look === undefined) {
      const term = terms.read(key);
      const [shape, boxes] = [shapeOf(term, terms), boxesIn(term)];
      look = { shape, boxes, outside: outsideOf(term, (k) => k) };
      this.#looks.set(key, look);
    }
    return look;
  }

  #made(process: ProcessInfo, situation: Situation, first: Delivery[], later: Later[]): void {
    const past = situation.locals.get(process.id) ?? "";
    const hasOwn = this.#templates.all.some((t) => t.to.id === process.id);
    const forms = new Set<string>();
    for (const [n, template] of this.#templates.all.entries()) {
      if (template.to.role !== process.role || (hasOwn && template.to.id !== process.id)) continue;
      const form = `${template.form}|${process.service ? template.from.id : ""}`;
      if (forms.has(form)) continue;
      forms.add(form);
      const groups = this.#sources(process, template, situation).map((from) => {
        return { from, group: `${process.id}|${past}|${from}|${n}` };
      });
      if (groups.length === 0) continue;
      // What moved something before will do so again.
      const isFertile = groups.some(({ group }) => this.#fertile.has(group));
      const few = isFertile ? most.messages : this.#firsts;
      const propose = (limit: number): readonly Delivery[] => {
        const messages = this.#messages(process, template, situation, limit);
        return groups.flatMap(({ from, group }) => {
          const tried = this.#barren.get(group);
          return messages
            .filter(({ recipe }) => tried?.has(recipeKey(recipe)) !== true)
            .map(({ recipe, cost: more }) => {
              return { to: process.id, from, recipe, cost: madeCost + more, group };
            });
        });
      };
      first.push(...propose(few));
      if (few < most.messages) later.push({ groups: groups.map((g) => g.group), propose });
    }
  }

  /** As from whom: a service by its address; a caller by that of any caller, or by an own one. */
  #sources(process: ProcessInfo, { from }: Template, situation: Situation): readonly Address[] {
    const { trace } = situation.scene.run;
    const spec = this.#protocol.roles.find((r) => r.name === from.role);
    if (spec?.process === "service") {
      const asked = this.#protocol.roles.find((r) => r.name === process.role)?.peer;
      if (!process.service && spec.name === asked) return [calledBy(spec, process, trace)];
      return trace.processes
        .filter((p) => p.role === from.role && p.principal !== process.principal)
        .map((p) => p.address);
    }
    const used = addressesKnownTo(process.id, situation);
    const callers = trace.packets.flatMap((p) => {
      const caller = trace.processes.find((x) => x.id === p.from);
      const calls = p.byAttacker === undefined && p.destination === process.address;
      return calls && caller?.role === from.role ? [p.source] : [];
    });
    // Addresses that nobody has used yet are all alike: one will do.
    const unused = [...ownAddresses, ...callers].find((a) => !used.has(a));
    const hers = [...used].filter((a) => isAdversaryAddress(a));
    const old = [...callers.filter((a) => used.has(a)), ...hers];
    return [...new Set([...old, ...(unused === undefined ? [] : [unused])])];
  }

  #messages(
    process: ProcessInfo,
    template: Template,
    situation: Situation,
    limit: number,
  ): readonly Alternative[] {
    const { scene, deliveries } = situation;
    const { names, processes } = this.#mappingFor(process, template, scene);
    const firstFresh = this.#firstFresh(process.id, deliveries);
    const usual = this.#maker({ names, processes }, scene, firstFresh);
    const out = [...usual.alternatives(template.term, nothing, limit)];
    if (this.#insider && !template.from.service) {
      // The same as mallory would say it.
      const asMallory = new Map([...names, [template.from.principal, attackerHost]]);
      const others = new Map([...processes, [template.from.id, "nobody"]]);
      const mapping = { names: asMallory, processes: others };
      const maker = this.#maker(mapping, scene, firstFresh + perDelivery / 2);
      const made = maker.alternatives(template.term, nothing, limit);
      out.push(...made.map((a) => ({ ...a, cost: a.cost + cost.asMallory })));
      if (!this.#shop.skeleton) out.push(...this.#withKeysOfOthers(template, mapping, situation));
    }
    const skeleton = this.#shop.skeleton ? out.filter((a) => a.cost <= 0.21) : out;
    return skeleton.toSorted((a, b) => a.cost - b.cost).slice(0, limit);
  }

  /**
   * Mallory says that the public keys of another one are hers (S. Blake-Wilson, A. Menezes,
   * "Unknown key-share attacks on the station-to-station protocol", 1999).
   */
  #withKeysOfOthers(
    { term, from, to }: Template,
    mapping: Omit<Mapping, "values">,
    { scene, deliveries }: Situation,
  ): readonly Alternative[] {
    const own = publicKeysUnder([from.principal, from.principal], this.#shop.secrets, scene.knows);
    if (!shows(term, own, this.#templates.terms)) return [];
    const { names } = mapping;
    const hers = valuesUnder(names, this.#shop.secrets, scene.knows);
    const firstFresh = this.#firstFresh(to.id, deliveries) + perDelivery / 2;
    return this.#templates.names.flatMap((other) => {
      const keys = publicKeysUnder([from.principal, other], this.#shop.secrets, scene.knows);
      if (other === attackerHost || keys.size === 0) return [];
      const values = new Map([...hers, ...keys]);
      const maker = new Maker(this.#shop, scene, { ...mapping, values }, firstFresh);
      const [usual] = maker.alternatives(term, nothing, 1);
      return usual === undefined ? [] : [{ ...usual, cost: usual.cost + cost.keysOfOthers }];
    });
  }

  #maker({ names, processes }: Omit<Mapping, "values">, scene: Scene, firstFresh: number): Maker {
    const values = valuesUnder(names, this.#shop.secrets, scene.knows);
    return new Maker(this.#shop, scene, { names, processes, values }, firstFresh);
  }

  /** A sibling's session stands for this one: its processes and its people. */
  #mappingFor(process: ProcessInfo, template: Template, scene: Scene): Omit<Mapping, "values"> {
    const names = new Map<string, string>();
    const processes = new Map<string, string>();
    const { to, from } = template;
    const { honest } = this.#templates;
    if (to.id === process.id) return { names, processes };
    if (process.service) {
      if (to.principal !== process.principal) {
        names.set(to.principal, process.principal);
        if (from.principal === process.principal) names.set(process.principal, to.principal);
        processes.set(to.id, process.id);
      }
      return { names, processes };
    }
    const { sessions } = honest.plan.workload;
    const [theirs, ours] = [
      sessions[to.plannedSession ?? 0],
      sessions[process.plannedSession ?? 0],
    ];
    for (const role of this.#protocol.roles) {
      const [x, y] = [principalOf(role, theirs), principalOf(role, ours)];
      if (x !== y) names.set(x, y);
      const at = (all: readonly ProcessInfo[], who: string, session: number | undefined) =>
        all.find(
          (p) =>
            p.role === role.name &&
            p.principal === who &&
            (p.service || p.plannedSession === session),
        );
      const old = at(honest.processes, x, to.plannedSession);
      const now = at(scene.processes, y, process.plannedSession);
      if (old !== undefined) processes.set(old.id, now?.id ?? "nobody");
    }
    return { names, processes };
  }
}

/** Does one of these values stand in a message, or in a box that is in it? */
function shows(term: Term, values: ReadonlyMap<Latin1, Latin1>, terms: Terms, depth = 0): boolean {
  if (values.size === 0 || depth > 4) return false;
  if (term.is === "join") return term.parts.some((p) => shows(p, values, terms, depth));
  if ("inner" in term) return shows(term.inner, values, terms, depth);
  const of = term.is === "value" ? term.of : term.is === "piece" ? term.of.of : undefined;
  if (of === undefined) return false;
  if (values.has(of.value)) return true;
  const isBox = operations[of.record.op].content !== undefined;
  return isBox && shows(terms.read(contentOf(of.record)), values, terms, depth + 1);
}

const plain: Mapping = { names: new Map(), processes: new Map(), values: new Map() };

const refOf = ({ from, to, nth }: Packet): PacketRef => ({ from, to, nth });
