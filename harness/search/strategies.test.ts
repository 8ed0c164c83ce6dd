/** Laws that every strategy obeys, on the scenes of real protocols. */
import { describe, expect, test } from "vitest";
import {
  attackSchema,
  capabilityOf,
  capabilityRank,
  type Move,
  moveSchema,
  packetKey,
} from "../../attacker/move.ts";
import { alphabet } from "../../attacker/strategies/alphabet.ts";
import { strategies } from "../../attacker/strategies/catalog.ts";
import type { Candidate, Scene, Strategy } from "../../attacker/strategies/strategy.ts";
import { latin1, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import type { TransportName } from "../../protocol/transport.ts";
import { bundledSubject } from "../input/bundled-protocols.ts";
import { parseProtocolName } from "../input/protocol-reference.ts";
import { simulate } from "../run/simulate.ts";
import { planOf, type Subject } from "../subject.ts";
import { counting } from "../testing/counting.ts";
import { relayed } from "../testing/relayed.ts";
import { threePasses } from "../testing/three-passes.ts";
import { deliver, subjectFor, tiny } from "../testing/tiny.ts";
import { baseWorkload, workloadNamed } from "../workload.ts";
import { sceneOf } from "./scene.ts";

/** Connections with something of everything: names, keys, encodings, a log and a store. */
const over = (transport: TransportName) =>
  tiny({
    client: (env) => (input) => {
      if (input.kind === "connected") {
        const { publicKey } = env.crypto.keyPair("x25519");
        const key = env.crypto.encode("base64", publicKey);
        return [
          { kind: "transmit", bytes: utf8(`{"user":"alice","key":"${latin1(key)}"}\n`) },
          { kind: "ready" },
        ];
      }
      return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
    },
    server: (env) => (input) => {
      if (input.kind !== "chunk") return [];
      env.store("seen").append(input.bytes);
      return [
        { kind: "log", line: "somebody said something" },
        deliver(input.bytes, "alice"),
        { kind: "transmit", bytes: env.crypto.random(16) },
      ];
    },
    protocol: {
      name: `over ${transport}`,
      transport,
      roles: [
        { name: "client", principals: ["alice"], process: "session", peer: "server" },
        { name: "server", principals: ["bob", "dave"], process: "service", port: 7 },
      ],
    },
    sessions: [
      { start: 0, messages: say("client", "one of two", "two of two") },
      { start: "after-previous", messages: say("client", "and another") },
      {
        start: "after-previous",
        principals: { server: "dave" },
        messages: say("client", "to somebody else"),
      },
    ],
  });

const subjects: readonly Subject[] = [
  ...["object-security", "preshared", "hashed-login", "needham-schroeder"].map((name) =>
    bundledSubject(parseProtocolName(name)),
  ),
  subjectFor(over("stream")),
  subjectFor(over("messages")),
  subjectFor(relayed),
  bundledSubject(parseProtocolName("group-chat")),
  bundledSubject(parseProtocolName("short-strings")),
  subjectFor({ ...threePasses("new"), name: "three passes, roles exchanged" }),
  subjectFor({ ...counting("stream", false), name: "numbers that are counted" }),
];

function sceneFor(subject: Subject): Scene {
  const at = (seed: string, workload: string) => simulate(planOf(subject, { seed, workload }));
  return sceneOf(
    at("mallory", baseWorkload),
    at("mallory/other", baseWorkload),
    at("mallory/other", "other-content"),
  );
}
const scenes = new Map(subjects.map((s) => [s.protocol.name, { subject: s, scene: sceneFor(s) }]));

const named = (strategy: Strategy): readonly string[] => [strategy.id, strategy.title];

test("ids and titles are unique", () => {
  for (const k of [0, 1]) {
    const all = strategies.map((s) => named(s)[k]);
    expect(new Set(all).size).toBe(all.length);
  }
  for (const { id } of strategies) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test("every scene has an attack of every strategy that fits its transport", () => {
  const silent = strategies.filter(
    (s) => ![...scenes.values()].some(({ scene }) => [...s.attacks(scene)].length > 0),
  );
  expect(silent.map((s) => s.id)).toEqual([]);
});

test("the alphabet of the exhaustive search has every kind of move, or a reason", () => {
  const reasons: { readonly [K in Move["move"]]?: string } = {
    choose:
      "what the user says is at stake in pairs of worlds only, which have attacks of their own",
    "log-in": "likewise: how a program answers a stranger is compared in two worlds",
    redirect: "a drop, and a replay to the other process",
    participate: "the campaign adds it where anyone may register",
    seize: "composed attacks stop every packet, and deliver what they pass on",
    deliver: "what the adversary composes is searched by what receivers ask for (composing/)",
  };
  const all = moveSchema.options.map((option) => option.shape.move.value);
  const used = [...scenes.values()].flatMap(({ scene }) => [...alphabet(scene, 0)]);
  const kinds = new Set(used.map((m) => m.move));
  expect(all.filter((kind) => !kinds.has(kind)).sort()).toEqual(Object.keys(reasons).sort());
});

/** Where in the undisturbed run a packet is; unknown packets are the attacker's own. */
function positions(scene: Scene): ReadonlyMap<string, number> {
  return new Map(scene.packets.map((p, i) => [packetKey(p.ref), i]));
}

/** When a move is made, and the packets whose content it uses. */
function timing(move: Move): { now: string | "start" | "end" | number; uses: readonly string[] } {
  const at = (when: Extract<Move, { move: "replay" }>["when"] | "end" | undefined) => {
    if (when === undefined || when === "start") return "start";
    if (when === "end") return "end";
    if ("step" in when) return "end";
    return "after" in when ? packetKey(when.after) : when.atMs;
  };
  const pasted = (edits: Extract<Move, { move: "modify" }>["edits"] | undefined) =>
    (edits ?? []).flatMap((e) => (e.edit === "paste" ? [packetKey(e.packet)] : []));
  switch (move.move) {
    case "replay":
      return { now: at(move.when), uses: [packetKey(move.packet), ...pasted(move.edits)] };
    case "reflect": {
      const key = packetKey(move.packet);
      return { now: move.when === undefined ? key : at(move.when), uses: [key] };
    }
    case "modify":
      return { now: packetKey(move.packet), uses: pasted(move.edits) };
    default:
      return { now: "end", uses: [] };
  }
}

const hexIn = (candidate: Candidate): readonly string[] =>
  [...JSON.stringify(candidate.moves).matchAll(/"hex":"([0-9a-fA-F]*)"/g)].map((m) => m[1] ?? "");

/** Bytes that only some installations have: what nobody can know who has not seen them. */
function fresh(scene: Scene): ReadonlySet<string> {
  const windows = (value: string): readonly string[] =>
    Array.from({ length: Math.max(0, value.length - 7) }, (_, i) => value.slice(i, i + 8));
  const constant = scene.packets.filter((p) => p.constant).map((p) => latin1(p.bytes));
  // The attacker may have an installation of its own.
  const elsewhere = scene.packets.flatMap((p) => (p.elsewhere ? [latin1(p.elsewhere)] : []));
  const known = new Set([...constant, ...elsewhere, ...scene.logLines].flatMap(windows));
  // One byte more than is known coincides by chance.
  const nearly = new Set([...known].flatMap((w) => [w.slice(0, 7), w.slice(1)]));
  // One byte over and over is padding.
  const padding = /^(.)\1*$/s;
  return new Set(
    scene.packets
      .filter((p) => !p.constant)
      .flatMap((p) => windows(latin1(p.bytes)))
      .filter((w) => !known.has(w) && !padding.test(w))
      .filter((w) => !nearly.has(w.slice(0, 7)) && !nearly.has(w.slice(1))),
  );
}

describe.each([...scenes])("on %s", (_, { subject, scene }) => {
  const order = positions(scene);
  const secrets = fresh(scene);

  test.each(strategies.map((s) => [s.id, s] as const))("%s", (_id, strategy) => {
    const once = [...strategy.attacks(scene)];
    expect(JSON.stringify([...strategy.attacks(scene)])).toBe(JSON.stringify(once));
    for (const candidate of once) {
      const { moves } = candidate;
      const parsed = attackSchema.safeParse(moves);
      if (!parsed.success) throw new Error(`${JSON.stringify(moves)}: ${parsed.error.message}`);
      const needed = capabilityOf(moves, subject.protocol.transport);
      const path = scene.transport.reliable ? capabilityRank("on-path") : 0;
      if (capabilityRank(needed) > Math.max(path, capabilityRank(strategy.capability))) {
        throw new Error(`${JSON.stringify(moves)} needs ${needed}, not ${strategy.capability}`);
      }
      if (candidate.workload !== undefined) {
        const { protocol, options } = subject;
        expect(workloadNamed(protocol, options, candidate.workload)).toBeDefined();
      }
      // What is held back comes later than in an undisturbed run.
      const held = new Set(moves.map((m) => (m.move === "hold" ? packetKey(m.packet) : "")));
      for (const move of moves) {
        const { now, uses } = timing(move);
        const isAsEver = typeof now === "string" && !held.has(now);
        const moment = isAsEver ? order.get(now) : undefined;
        for (const used of uses) {
          const at = order.get(used);
          const early =
            now === "start" || (moment !== undefined && at !== undefined && at > moment);
          if (early) throw new Error(`${JSON.stringify(move)} uses ${used} before it is sent`);
        }
      }
      for (const hex of hexIn(candidate)) {
        const bytes = Buffer.from(hex, "hex").toString("latin1");
        for (let i = 0; i + 8 <= bytes.length; i++) {
          if (secrets.has(bytes.slice(i, i + 8))) {
            throw new Error(`${JSON.stringify(moves)} contains bytes of the future`);
          }
        }
      }
    }
  });
});
