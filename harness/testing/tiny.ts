/** Small protocols for the lab's own tests: what an endpoint does is written in the test. */

import type { Attack } from "../../attacker/move.ts";
import type {
  Deployment,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  PlannedSession,
  Protocol,
  RoleSpec,
} from "../../protocol/endpoint.ts";
import { text, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import type { Guarantee, Judgement } from "../guarantees/guarantee.ts";
import { calmNetwork } from "../run/network/conditions.ts";
import { simulate } from "../run/simulate.ts";
import { Baselines, judge } from "../search/judge-run.ts";
import type { Subject } from "../subject.ts";
import type { NetworkConditions, RunPlan, Trace } from "../trace/trace.ts";
import { eventsOf } from "../trace/trace-index.ts";

export type Handler = (input: Input, now: Millis) => readonly Output[];
/** What one role does; a bare handler for those that need no timer. */
export type Part = (env: Env) => Handler | Endpoint;

export interface TinyParts {
  readonly client: Part;
  readonly server: Part;
  readonly protocol?: Partial<Protocol>;
  readonly deployment?: Partial<Deployment>;
  readonly sessions?: readonly PlannedSession[];
}

export const clientServer: readonly RoleSpec[] = [
  { name: "client", principals: ["alice"], process: "session", peer: "server" },
  { name: "server", principals: ["bob"], process: "service", port: 7 },
];

export function tiny({ client, server, protocol, deployment, sessions }: TinyParts): Protocol {
  return protocolOf({ client, server }, { protocol, deployment, sessions });
}

/** Like {@link tiny}, for any roles. */
export function protocolOf(
  parts: Readonly<Record<string, Part>>,
  about: {
    readonly protocol?: Partial<Protocol> | undefined;
    readonly deployment?: Partial<Deployment> | undefined;
    readonly sessions?: readonly PlannedSession[] | undefined;
  } = {},
): Protocol {
  const sessions = about.sessions ?? [{ start: 0, messages: [] }];
  return {
    name: "tiny",
    title: "A protocol for one test",
    flow: "",
    transport: "datagram",
    roles: clientServer,
    claims: [],
    deploy: () => ({
      open(role, env) {
        const made = parts[role]?.(env) ?? (() => []);
        return typeof made === "function" ? { handle: made } : made;
      },
      longTermSecrets: () => [],
      ...about.deployment,
    }),
    workload: () => ({ sessions }),
    ...about.protocol,
  };
}

export interface RunAbout {
  readonly attack?: Attack;
  readonly network?: Partial<NetworkConditions>;
  readonly seed?: string;
}

export const subjectFor = (protocol: Protocol, options: Subject["options"] = {}): Subject => ({
  protocol,
  options: {
    ...Object.fromEntries(Object.entries(protocol.options ?? {}).map(([k, o]) => [k, o.default])),
    ...options,
  },
  source: protocol.name,
});

export function planFor(protocol: Protocol, about: RunAbout = {}): RunPlan {
  const { options, source } = subjectFor(protocol);
  return {
    protocol,
    options,
    source,
    workload: protocol.workload?.(options) ?? { sessions: [] },
    workloadName: "default",
    network: { ...calmNetwork, ...about.network },
    attack: about.attack ?? [],
    seed: about.seed ?? "test",
  };
}

export const run = (protocol: Protocol, about: RunAbout = {}): Trace =>
  simulate(planFor(protocol, about));

/** Judges a guarantee on one run of a protocol, as the search does. */
export const judgeRun = (
  guarantee: Guarantee,
  protocol: Protocol,
  attack: Attack = [],
): Judgement =>
  judge(guarantee, run(protocol, { attack }), new Baselines(subjectFor(protocol), "test"));

export const words = (bytes: Uint8Array): string => text(bytes) ?? "(not text)";
export const transmit = (content: string, to?: string): Output => ({
  kind: "transmit",
  bytes: utf8(content),
  ...(to === undefined ? {} : { to }),
});
export const deliver = (message: Uint8Array, from: string): Output => ({
  kind: "deliver",
  message,
  from,
});

/** What was delivered, as text. */
export const delivered = (trace: Trace): readonly string[] =>
  eventsOf(trace, "deliver").map((e) => words(e.message));

/** Sends each message unprotected, and delivers anything received: no defence at all. */
export const bareClient: Part = () => (input) => {
  if (input.kind === "start") return [{ kind: "ready" }];
  return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
};
export const bareServer: Part = () => (input) =>
  input.kind === "datagram" ? [deliver(input.bytes, "alice")] : [];

export const bare = (...texts: readonly string[]): Protocol =>
  tiny({
    client: bareClient,
    server: bareServer,
    sessions: [{ start: 0, messages: say("client", ...texts) }],
  });

/** Client and server that share a key of 32 bytes; the client's user sends two messages. */
export const sharingKey = (
  client: (env: Env, key: Uint8Array) => Handler,
  server: (env: Env, key: Uint8Array) => Handler,
): Protocol =>
  protocolOf(
    {},
    {
      sessions: [{ start: 0, messages: say("client", "open the front door", "shut it") }],
      protocol: {
        deploy({ crypto }) {
          const key = crypto.random(32);
          return {
            open: (role, env) => ({ handle: (role === "client" ? client : server)(env, key) }),
            longTermSecrets: () => [key],
          };
        },
      },
    },
  );
