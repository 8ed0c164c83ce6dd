/**
 * The moves that an exhaustive search combines: every kind of move, at every packet and moment
 * that a run shows. The search is exhaustive over this alphabet and says so with its depth.
 *
 * It is asked again after each move, about the run as it then is: packets that an attack induced
 * can be attacked in turn.
 */
import { disclosureText } from "../disclosure.ts";
import { fieldsOf, inField, innerOf } from "../fields.ts";
import { attackerAddress, attackerHost, type Edit, type Moment, type Move } from "../move.ts";
import { disclosed, disclosedStore } from "./disclosing.ts";
import { exposed, lastOfSessions } from "./exposing.ts";
import { callersOf, playing, talkingPairs } from "./impersonating.ts";
import { earlierOf, firstOfTheirKind } from "./session-representatives.ts";
import type { Scene, SeenPacket, SeenProcess, SeenValue } from "./strategy.ts";

/** Every single move that makes sense in this scene; `n` is how many moves came before. */
export function* alphabet(scene: Scene, n: number): Iterable<Move> {
  const leading = firstOfTheirKind(scene);
  for (const p of leading.packets) yield* onPacket(p, leading);
  yield* replays(leading);
  yield* acrossSessions(scene, leading);
  yield* substitutions(leading.values);
  yield* injections(leading);
  yield* roles(leading, n);
  yield* disclosures(scene);
}

/** What one session sent takes, or joins, the same place in a session that repeats it. */
function* acrossSessions(scene: Scene, leading: Scene): Iterable<Move> {
  const earlierLike = earlierOf(leading);
  for (const p of scene.packets) {
    const earlier = earlierLike(p);
    if (earlier === undefined) continue;
    const { ref: packet } = earlier;
    const { to, from } = p.ref;
    yield { move: "modify", packet: p.ref, edits: [{ edit: "paste", packet }] };
    yield { move: "replay", packet, to, from, when: { after: p.ref } };
  }
}

function* onPacket(p: SeenPacket, scene: Scene): Iterable<Move> {
  const packet = p.ref;
  yield { move: "drop", packet };
  yield { move: "duplicate", packet, delayMs: 1 };
  yield { move: "hold", packet, delayMs: 1 };
  yield { move: "hold", packet, delayMs: 150 };
  yield { move: "reflect", packet };
  if (scene.transport.connected) yield { move: "cut", packet };
  for (const edit of smallEdits(p)) yield { move: "modify", packet, edits: [edit] };
  for (const source of scene.packets) {
    if (source === p) break;
    yield { move: "modify", packet, edits: [{ edit: "paste", packet: source.ref }] };
  }
}

/** One flip at either end of the innermost field, one cut: the rest behaves alike. */
function smallEdits(p: SeenPacket): readonly Edit[] {
  const path = [...fieldsOf(p.bytes)].sort((a, b) => b.length - a.length)[0] ?? [];
  const inside = inField(path);
  const { length } = innerOf(p.bytes, path);
  return [
    { edit: "flip", at: 0, mask: 1, ...inside },
    { edit: "flip", at: -1, mask: 1, ...inside },
    { edit: "truncate", length: length >> 1, ...inside },
  ];
}

function* replays(scene: Scene): Iterable<Move> {
  for (const [i, p] of scene.packets.entries()) {
    for (const after of scene.packets.slice(i)) {
      const when: Moment = { after: after.ref };
      const packet = p.ref;
      if (after.session !== p.session && after !== p) continue;
      yield { move: "replay", packet, to: packet.to, from: packet.from, when };
    }
    // To anybody else, in the name of whoever they are talking to.
    for (const other of scene.processes) {
      if (other.id === p.ref.to || other.id === p.ref.from) continue;
      for (const from of talkersWith(scene, other)) {
        yield { move: "replay", packet: p.ref, to: other.id, from, when: { after: p.ref } };
      }
    }
  }
}

/** Addresses that a process sends to: what comes from there it takes for its peer's. */
function talkersWith(scene: Scene, process: SeenProcess): readonly string[] {
  const sent = scene.packets.filter((p) => p.ref.from === process.id).map((p) => p.destination);
  return [...new Set(sent)];
}

function* substitutions(values: readonly SeenValue[]): Iterable<Move> {
  for (const [i, v] of values.entries()) {
    const inside = [...v.path, `bytes:${v.start}-${v.start + v.length}`];
    const { packet } = v;
    if (v.kind === "public-key") {
      yield { move: "modify", packet, edits: [{ edit: "own-key", inside }] };
      continue;
    }
    for (const s of values.slice(0, i)) {
      if (s.kind !== "random" || s.length !== v.length) continue;
      const source = [...s.path, `bytes:${s.start}-${s.start + s.length}`];
      const edit: Edit = { edit: "paste", packet: s.packet, source, inside };
      yield { move: "modify", packet, edits: [edit] };
    }
  }
}

const literals = ["", "41".repeat(16)];

function* injections(scene: Scene): Iterable<Move> {
  const first = scene.packets[0]?.session;
  const moments: Moment[] = ["start"];
  for (const p of scene.packets) if (p.session === first) moments.push({ after: p.ref });
  for (const when of moments) {
    for (const { id: to, service, session } of scene.processes) {
      if (!service && session !== first) continue;
      for (const hex of literals) yield { move: "inject", hex, to, from: attackerAddress, when };
    }
  }
}

const names = ["puppet-a", "puppet-b", "puppet-c", "puppet-d"];

/** Each role toward whoever it talks to: on the wire, from outside, with a value already seen. */
function* roles(scene: Scene, n: number): Iterable<Move> {
  const name = names[n] ?? `puppet-${n}`;
  const before = names[n - 1];
  const calling = callersOf(scene);
  for (const [asker, answerer] of talkingPairs(scene)) {
    const first = scene.packets.find((p) => p.ref.from === asker.id)?.ref;
    const handsTo = before === undefined ? {} : { handsTo: before };
    yield playing(name, answerer, asker, { insteadOf: answerer.id, ...handsTo });
    yield playing(name, asker, answerer, { insteadOf: asker.id, ...handsTo });
    yield playing(name, asker, answerer);
    yield playing(name, asker, answerer, { watching: true });
    if (first !== undefined) {
      const when: Moment = { after: first };
      yield playing(name, asker, answerer, { when });
      yield playing(name, asker, answerer, { reuses: 1, watching: true, when });
      yield playing(name, asker, answerer, { reuses: 2, watching: true, when });
    }
    // What one session of the attacker brought can serve in another.
    const answer = scene.packets.find((p) => p.ref.to === attackerHost)?.ref;
    if (answer !== undefined) {
      yield playing(name, asker, answerer, { reuses: 1, when: { after: answer } });
    }
    if (calling.length > 0) {
      yield playing(name, asker, answerer, { as: attackerHost });
      // Whoever calls the attacker by its name is answered in its name.
      for (const { role, id: facing } of calling) {
        if (role !== asker.role) continue;
        yield { move: "puppet", name, role: answerer.role, as: attackerHost, facing };
      }
    }
  }
  for (const { ref: after } of scene.packets) {
    for (const process of new Set([after.from, after.to])) {
      if (scene.processes.some((p) => p.id === process)) {
        yield { move: "hijack", name, process, after };
      }
    }
  }
}

/** A directory of keys has entries of one kind, and the first ones stand for all. */
const mostKeys = 6;

/** Each of several long-term secrets by itself. */
function* singleKeys(principal: string, keys: number): Iterable<Move> {
  for (let nth = 1; keys > 1 && nth <= Math.min(keys, mostKeys); nth++) {
    const what = disclosureText({ kind: "long-term-key", name: `${nth}` });
    for (const when of ["start", "end"] as const) {
      yield { move: "disclose", principal, what, when };
    }
  }
}

/** What was kept or drawn, before anything has happened or after all is over; and sessions' ends. */
function* disclosures(scene: Scene): Iterable<Move> {
  for (const principal of scene.principals) {
    yield disclosed(principal, "start");
    yield disclosed(principal, "end");
    yield* singleKeys(principal, scene.longTermSecrets.get(principal) ?? 0);
    yield exposed(principal, "randomness", "start");
    for (const { ref: after } of lastOfSessions(scene)) {
      yield exposed(principal, "session-keys", { after });
      yield exposed(principal, "state", { after });
    }
  }
  for (const store of scene.stores) yield disclosedStore(store);
}
