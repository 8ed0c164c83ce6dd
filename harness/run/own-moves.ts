/** Moves that the attacker makes by itself; packet-moves.ts has those on packets on their way. */
import { type Disclosure, disclosureOf } from "../../attacker/disclosure.ts";
import { attackerAddress, attackerHost, type OwnMove, packetKey } from "../../attacker/move.ts";
import type { Address, Principal } from "../../protocol/endpoint.ts";
import { fromHex } from "../../protocol/kit/bytes.ts";
import { unreachable } from "../../protocol/kit/errors.ts";
import type { Packet } from "../trace/trace.ts";
import type { AdversarySessions } from "./adversary/adversary-sessions.ts";
import type { IndexedMove } from "./attack-plan.ts";
import { longTermSecretsOf } from "./dealt-secrets.ts";
import type { Deliveries, DeliverMove } from "./deliveries.ts";
import { finishedSessionKeys, stateOf } from "./held-secrets.ts";
import { canSend, intrude, spaced } from "./network/connections.ts";
import { forge } from "./network/egress.ts";
import { edited } from "./packet-moves.ts";
import type { RunState } from "./run-state.ts";
import type { World } from "./world.ts";

export interface Acting extends World {
  readonly adversarySessions: AdversarySessions;
  readonly deliveries: Deliveries;
}

export function act(world: Acting, { move, index }: IndexedMove<OwnMove>): void {
  const { run } = world;
  switch (move.move) {
    case "inject":
      inject(world, move, index, fromHex(move.hex) ?? new Uint8Array(0), undefined);
      return;
    case "replay": {
      const original = run.named.get(packetKey(move.packet));
      if (original === undefined) return;
      inject(world, move, index, edited(world, original.bytes, move.edits ?? []), original);
      return;
    }
    case "reflect": {
      const original = run.named.get(packetKey(move.packet));
      if (original === undefined) return;
      emit(world, index, original.bytes, original.destination, original.source, original);
      return;
    }
    case "participate":
      world.adversary.enlist(run.deployment.longTermSecrets(move.as));
      world.integrity.moved(index, move.as, undefined);
      return;
    case "disclose":
      disclose(world, move, index);
      return;
    case "puppet":
      world.adversarySessions.take(move, index);
      return;
    case "choose":
      run.typing.choose(move, index);
      return;
    case "log-in":
      run.typing.logIn(move, index);
      return;
    case "hijack":
      world.adversarySessions.hijack(move, index);
      return;
    case "seize":
      run.attack.seized ??= { move, index };
      return;
    case "deliver":
      deliver(world, move, index);
      return;
    default:
      unreachable(move);
  }
}

/** One move that repeats a long packet sends no more than this: all of it is held in memory. */
const mostBytes = 16_000_000;

function inject(
  world: World,
  move: Extract<OwnMove, { move: "inject" | "replay" }>,
  index: number,
  bytes: Uint8Array,
  original: Packet | undefined,
): void {
  const { book } = world.run;
  const target = book.of(move.to);
  if (target === undefined) return;
  const asked = move.from;
  const source = asked === undefined ? attackerAddress : (book.of(asked) ?? asked);
  const times = Math.min(move.times ?? 1, 1 + Math.floor(mostBytes / (1 + bytes.length)));
  for (let k = 0; k < times; k++) {
    // Many at once are many strangers: each has an address of its own.
    const own = k === 0 || source !== attackerAddress ? source : `${attackerHost}-${k}:6666`;
    emit(world, index, bytes, own, target, original);
  }
}

function deliver(world: Acting, move: DeliverMove, index: number): void {
  const { run, deliveries } = world;
  const { probing } = run.plan;
  const source = move.from === undefined ? attackerAddress : (run.book.of(move.from) ?? move.from);
  const receiver = probing && run.processes.find((p) => p.id === move.to);
  const toService = receiver?.spec.process === "service";
  const probe = { to: move.to, toService, from: source };
  // Who keeps nothing meets every message as it met the first.
  const keepsNothing = receiver?.maxState === 0;
  if (!keepsNothing && probing?.isOutOfDate(index, probe, run.events) === true) return;
  const target = run.book.of(move.to);
  const bytes = deliveries.bytesOf(move.recipe);
  if (target === undefined || bytes === undefined) return;
  const { events, log } = run;
  const attempts = probing?.attempts.length ?? 0;
  const at = { events: events.length, log: log.length };
  probing?.begin({ move: index, ...at, attempts }, probe);
  const original =
    "packet" in move.recipe ? run.named.get(packetKey(move.recipe.packet)) : undefined;
  emit(world, index, bytes, source, target, original);
}

function emit(
  world: World,
  index: number,
  bytes: Uint8Array,
  source: Address,
  to: Address,
  original: Packet | undefined,
): void {
  const { run } = world;
  const packet = forge(world, {
    from: attackerHost,
    source,
    destination: to,
    bytes,
    byAttacker: original === undefined ? "injected" : "replayed",
    copyOf: original?.index,
  });
  world.integrity.moved(index, packet.to, packet.index);
  if (!canSend(run, source, to)) {
    const spec = run.listening.get(to)?.spec;
    // A role that only opens connections takes none.
    if (spec === undefined || (spec.peer !== undefined && spec.port === undefined)) return;
    intrude(run, source, to);
  }
  run.enqueueAt(spaced(run, source, to), {
    kind: "arrive",
    packet,
    bytes: packet.bytes,
    to,
    lost: undefined,
    first: true,
    key: packetKey(packet),
  });
}

function disclose(
  { run, adversary, integrity }: World,
  { principal, what }: Extract<OwnMove, { move: "disclose" }>,
  index: number,
): void {
  const disclosure = disclosureOf(what);
  const isToCome = disclosure.kind === "randomness" && run.book.principals().includes(principal);
  if (isToCome) run.leaks.from(principal);
  const secrets = secretsOf(run, principal, disclosure);
  for (const secret of secrets) {
    run.disclosed.push(secret);
    adversary.told(secret);
  }
  if (secrets.length === 0 && !isToCome) return;
  integrity.moved(index, principal, undefined);
  run.events.push({ kind: "disclosed", t: run.now, at: principal, principal, what });
}

function secretsOf(
  run: RunState,
  principal: Principal,
  disclosure: Disclosure,
): readonly Uint8Array[] {
  switch (disclosure.kind) {
    case "long-term":
      return longTermSecretsOf(run, principal);
    case "long-term-key": {
      const secret = longTermSecretsOf(run, principal)[Number(disclosure.name) - 1];
      return secret === undefined ? [] : [secret];
    }
    case "session-keys":
      return finishedSessionKeys(run, principal);
    case "state":
      return stateOf(run, principal);
    case "randomness":
      // What was drawn already is handed over with what comes.
      return [];
    case "store": {
      const content = run.stores.read(principal, disclosure.name);
      return content === undefined ? [] : [content];
    }
  }
}
