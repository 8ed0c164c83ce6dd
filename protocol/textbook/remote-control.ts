/**
 * A remote control and a device that share a key: commands carry a counter and a MAC, and so do the
 * answers to them. What keeps a recorded command from being obeyed again is the device's memory of
 * the last counter, and what that memory outlives.
 *
 * ```
 * 1  R → D   1 ‖ counter 4 ‖ command ‖ HMAC(K; 1, counter, command) 16
 * 2  D → R   2 ‖ counter 4 ‖ HMAC(K; 2, counter) 16
 * ```
 *
 * Aims: the device obeys only what the remote control has sent, each command once and in order,
 * also after a power failure; whoever is told that a command was obeyed can rely on it.
 *
 * Known weaknesses: commands are not secret, and nothing is sent again. With `counter=memory` the
 * device forgets the counter when it restarts, and obeys everything that was ever recorded again
 * (that is how many a garage door was opened; compare RFC 8613 §7.5 and appendix B.1).
 */
import type { Address, Endpoint, Env, Input, Output, Protocol } from "../endpoint.ts";
import { concat, readUint, uintBytes } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { claimsOf } from "./party.ts";

const counterBytes = 4;
const tagBytes = 16;
const headerBytes = 1 + counterBytes;
const kinds = { command: 1, obeyed: 2 } as const;
type Kind = keyof typeof kinds;

function packetOf({ crypto }: Env, key: Uint8Array, kind: Kind, counter: number, text: Uint8Array) {
  const covered = concat(uintBytes(kinds[kind], 1), uintBytes(counter, counterBytes), text);
  return concat(covered, crypto.hmac("sha256", key, covered).slice(0, tagBytes));
}

function read(env: Env, key: Uint8Array, kind: Kind, bytes: Uint8Array) {
  if (bytes.length < headerBytes + tagBytes || bytes[0] !== kinds[kind]) return "malformed";
  const counter = readUint(bytes, 1, counterBytes);
  const text = bytes.slice(headerBytes, -tagBytes);
  const expected = packetOf(env, key, kind, counter, text);
  return env.crypto.equal(bytes, expected) ? { counter, text } : "bad-tag";
}

/** A counter that a principal keeps: in a store, or for as long as the process lives. */
class Counter {
  readonly #env: Env;
  readonly #isStored: boolean;
  #value = 0;

  constructor(env: Env, isStored: boolean) {
    this.#env = env;
    this.#isStored = isStored;
    if (isStored) this.#value = readUint(env.store("counter").read(), 0, counterBytes) || 0;
  }

  get value(): number {
    return this.#value;
  }

  set value(value: number) {
    this.#value = value;
    if (this.#isStored) this.#env.store("counter").write(uintBytes(value, counterBytes));
  }
}

function remote(env: Env, key: Uint8Array): Endpoint {
  const counter = new Counter(env, true);
  const waiting = new Map<number, Uint8Array>();
  let lastMs = 0;
  const answer = (bytes: Uint8Array): readonly Output[] => {
    const packet = read(env, key, "obeyed", bytes);
    if (typeof packet === "string") return [{ kind: "reject", reason: packet }];
    const command = waiting.get(packet.counter);
    if (command === undefined) return [{ kind: "reject", reason: "unexpected" }];
    waiting.delete(packet.counter);
    return [{ kind: "confirm", message: command }];
  };
  const react = (input: Input): readonly Output[] => {
    if (input.kind === "timeout") return [{ kind: "exit", ok: waiting.size === 0 }];
    if (input.kind === "start") return [{ kind: "ready" }];
    if (input.kind === "datagram") return answer(input.bytes);
    if (input.kind !== "send") return [];
    counter.value += 1;
    waiting.set(counter.value, input.message);
    const bytes = packetOf(env, key, "command", counter.value, input.message);
    return [{ kind: "transmit", bytes }];
  };
  return {
    handle(input: Input, now): readonly Output[] {
      const outputs = react(input);
      if (outputs.some((o) => o.kind !== "reject")) lastMs = now;
      return outputs;
    },
    deadline: () => lastMs + 10_000,
  };
}

function device(env: Env, key: Uint8Array, isStored: boolean): Endpoint {
  const counter = new Counter(env, isStored);
  const obey = (bytes: Uint8Array, to: Address): readonly Output[] => {
    const packet = read(env, key, "command", bytes);
    if (typeof packet === "string") return [{ kind: "reject", reason: packet }];
    if (packet.counter <= counter.value) return [{ kind: "reject", reason: "replayed" }];
    counter.value = packet.counter;
    const done = packetOf(env, key, "obeyed", packet.counter, new Uint8Array(0));
    return [
      { kind: "deliver", message: packet.text, from: "alice" },
      { kind: "transmit", bytes: done, to },
    ];
  };
  return {
    handle: (input) => (input.kind === "datagram" ? obey(input.bytes, input.from) : []),
    stateSize: () => 0,
  };
}

export const remoteControl: Protocol = {
  name: "remote-control",
  title: "Commands with a counter, to a device that restarts",
  flow: `
R → D: counter, command, HMAC(K; command, counter, text)
D → R: counter, HMAC(K; obeyed, counter)
`.trim(),
  transport: "datagram",
  roles: [
    { name: "remote", principals: ["alice"], process: "session", peer: "device" },
    { name: "device", principals: ["bob"], process: "service", port: 4330 },
  ],
  options: {
    counter: {
      default: "stored",
      values: ["stored", "memory"],
      about: "memory: the device forgets the last counter when it restarts",
      weakens: { memory: ["replay-across-sessions"] },
    },
  },
  claims: claimsOf({
    integrity: "Commands carry a MAC.",
    origin: "Only the remote control has the key.",
    replay: "Every command has a higher counter than the one before.",
    "replay-across-sessions": "The counter outlives sessions, and restarts of the device.",
    ordering: "Counters only grow.",
    "honest-acknowledgement": "Answers carry a MAC and the counter of the command.",
  }),
  notApplicable: {
    downgrade: "nothing is negotiated",
    "non-repudiation": "nothing is signed",
  },
  deploy({ crypto, options }) {
    const key = crypto.random(32);
    return {
      open(role, env) {
        return role === "remote"
          ? remote(env, key)
          : device(env, key, options.counter !== "memory");
      },
      longTermSecrets: (principal) => (["alice", "bob"].includes(principal) ? [key] : []),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: say("remote", "open the garage door", "close the garage door"),
      },
      {
        // The power fails once more while the user hesitates.
        start: "after-previous",
        restarts: [
          { role: "device", afterMs: 0 },
          { role: "device", afterMs: 1_500 },
        ],
        messages: [
          ...say("remote", "switch on the light"),
          ...say("remote", "switch off the light").map((m) => ({ ...m, pauseMs: 3_000 })),
        ],
      },
      { start: "after-previous", messages: [] },
    ],
  }),
};
