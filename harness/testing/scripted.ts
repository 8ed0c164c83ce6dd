/** Runs in which every process follows a script: any situation a judge may have to judge. */
import type { Deployment, Endpoint, Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { utf8 } from "../../protocol/kit/bytes.ts";
import { clientServer, protocolOf } from "./tiny.ts";

/** At that time, these outputs, or what a function computes with the process's environment. */
export type Script = readonly (readonly [
  atMs: number,
  outputs: readonly Output[] | ((env: Env) => readonly Output[]),
])[];

function follow(script: Script, env: Env): Endpoint {
  let step = 0;
  return {
    handle(input, now) {
      const [at, outputs] = script[step] ?? [];
      if (input.kind === "timeout" && at !== undefined && outputs !== undefined && at <= now) {
        step++;
        return typeof outputs === "function" ? outputs(env) : outputs;
      }
      return [];
    },
    deadline: () => script[step]?.[0],
  };
}

export interface Scripts {
  readonly client?: Script;
  /** Of the second session, if there is one. */
  readonly client1?: Script;
  readonly server?: Script;
  /** Of a server of Carol's, which Alice calls in a further session; and of Alice in there. */
  readonly carol?: Script;
  readonly callingCarol?: Script;
  readonly protocol?: Partial<Protocol>;
  readonly deployment?: Partial<Deployment>;
}

/** One client and one server, both alive throughout; packets arrive and are ignored. */
export function scripted(scripts: Scripts): Protocol {
  const { client = [], client1, server = [], carol, callingCarol = [] } = scripts;
  const { protocol, deployment } = scripts;
  const session = { start: 0, messages: [] };
  const second = client1 === undefined ? [] : [session];
  const third = carol === undefined ? [] : [{ ...session, principals: { server: "carol" } }];
  const clientOf = ({ peer, address }: Env): Script => {
    if (peer === "carol") return callingCarol;
    return address === addresses.client1 ? (client1 ?? []) : client;
  };
  return protocolOf(
    {
      client: (env) => follow(clientOf(env), env),
      server: (env) => follow(env.self === "carol" ? (carol ?? []) : server, env),
    },
    {
      protocol: { roles: clientServer, ...protocol },
      deployment,
      sessions: [session, ...second, ...third],
    },
  );
}

export const addresses = { client: "alice:40000", client1: "alice:40002", server: "bob:7" };

export const submit = (text: string): Output => ({
  kind: "submit",
  message: utf8(text),
  purpose: "message",
});
/** The server delivers in the session with the first client, by default. */
export const accept = (text: string, session = addresses.client, from = "alice"): Output => ({
  kind: "deliver",
  message: utf8(text),
  from,
  session,
});
export const key = (value: string, peer: string, session?: string): Output => ({
  kind: "claim",
  claim: { kind: "secret", peer, value: utf8(value) },
  ...(session === undefined ? {} : { session }),
});
export const claim = (
  kind: "running" | "commit",
  peer: string,
  agreed?: string,
  session?: string,
): Output => ({
  kind: "claim",
  claim: { kind, peer, ...(agreed === undefined ? {} : { agreed: utf8(agreed) }) },
  ...(session === undefined ? {} : { session }),
});
