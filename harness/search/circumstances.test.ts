/** What breaks with nobody attacking is `none`, and says which circumstance it takes. */
import { expect, test } from "vitest";
import type { Input, Output, PlannedSession, Protocol } from "../../protocol/endpoint.ts";
import { concat, readUint, uintBytes } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { deliver, protocolOf, subjectFor, type TinyParts } from "../testing/tiny.ts";
import { assess } from "./assess.ts";

const sessions: readonly PlannedSession[] = [
  { start: 0, messages: say("client", "the first of two", "the second of two") },
];

function delivery({ client, server }: TinyParts, protocol: Partial<Protocol> = {}) {
  const about = { transport: "stream", ...protocol } as const;
  const subject = subjectFor(protocolOf({ client, server }, { protocol: about, sessions }));
  const [verdict] = assess(subject, {
    seed: "s",
    guarantees: ["delivery"],
    capabilities: ["none"],
  }).verdicts;
  const { network, attack } = verdict?.finding ?? {};
  return { verdict: verdict?.verdict, network, workload: attack?.workload, moves: attack?.moves };
}

/** A length of two bytes, and so many bytes. */
const framed = (message: Uint8Array): Output => ({
  kind: "transmit",
  bytes: concat(uintBytes(message.length, 2), message),
});

const framing = (): ((input: Input) => Output[]) => (input) => {
  if (input.kind === "connected") return [{ kind: "ready" }];
  return input.kind === "send" ? [framed(input.message)] : [];
};

test("who takes one read for one message needs only a network that cuts streams up", () => {
  const server = () => (input: Input) =>
    input.kind === "chunk" && input.bytes.length === readUint(input.bytes, 0, 2) + 2
      ? [deliver(input.bytes.slice(2), "alice")]
      : [];
  expect(delivery({ client: framing, server })).toEqual({
    verdict: "broken",
    network: "the network cut streams up at random",
    workload: "within-limits",
    moves: [],
  });
});

test("who reads until a message is whole gets all of them", () => {
  const server = () => {
    let rest: Uint8Array = new Uint8Array(0);
    return (input: Input): Output[] => {
      if (input.kind !== "chunk") return [];
      rest = concat(rest, input.bytes);
      const outputs: Output[] = [];
      while (rest.length >= 2 && rest.length >= readUint(rest, 0, 2) + 2) {
        outputs.push(deliver(rest.slice(2, readUint(rest, 0, 2) + 2), "alice"));
        rest = rest.slice(readUint(rest, 0, 2) + 2);
      }
      return outputs;
    };
  };
  const circumstances = delivery({ client: framing, server });
  // A cut connection is another matter: see the guarantee about it.
  expect(circumstances.network).toBeUndefined();
});

test("who takes what came together for one message needs messages that are written together", () => {
  const server = () => (input: Input) =>
    input.kind === "chunk" ? [deliver(input.bytes, "alice")] : [];
  const client = () => (input: Input) => {
    if (input.kind === "connected") return [{ kind: "ready" }] as const;
    return input.kind === "send" ? [{ kind: "transmit", bytes: input.message } as const] : [];
  };
  const found = delivery({ client, server });
  expect(found).toMatchObject({ verdict: "broken", moves: [] });
});

test("a message that is said old after 50 ms is lost where packets take longer", () => {
  const client = () => (input: Input, now: number) => {
    if (input.kind === "start") return [{ kind: "ready" }] as const;
    if (input.kind !== "send") return [];
    const bytes = concat(uintBytes(now, 4), input.message);
    // Sent often enough that a single loss does not matter.
    return [1, 2, 3, 4, 5, 6].map(() => ({ kind: "transmit", bytes }) as const);
  };
  const server = () => {
    const seen = new Set<string>();
    return (input: Input, now: number): Output[] => {
      if (input.kind !== "datagram" || input.bytes.length < 4) return [];
      const sent = input.bytes.slice(0, 4).reduce((sum, b) => sum * 256 + b, 0);
      const key = String(input.bytes);
      if (now - sent > 50) return [{ kind: "reject", reason: "stale" }];
      if (seen.has(key)) return [];
      seen.add(key);
      return [deliver(input.bytes.slice(4), "alice")];
    };
  };
  const found = delivery({ client, server }, { transport: "datagram" });
  expect(found).toEqual({
    verdict: "broken",
    network: "every packet takes 80 ms",
    workload: "within-limits",
    moves: [],
  });
});

test("a server that forgets what comes while it works needs a user who types at once", () => {
  const client = () => (input: Input) => {
    if (input.kind === "start") return [{ kind: "ready" }] as const;
    if (input.kind !== "send") return [];
    const again = { kind: "transmit", bytes: input.message } as const;
    return [again, again, again, again, again, again];
  };
  const server = () => {
    let [busyUntil, last] = [0, ""];
    return (input: Input, now: number): Output[] => {
      if (input.kind !== "datagram" || now < busyUntil || String(input.bytes) === last) return [];
      [busyUntil, last] = [now + 40, String(input.bytes)];
      return [deliver(input.bytes, "alice")];
    };
  };
  const found = delivery({ client, server }, { transport: "datagram" });
  expect(found).toMatchObject({ verdict: "broken", workload: "typed-at-once", moves: [] });
});
