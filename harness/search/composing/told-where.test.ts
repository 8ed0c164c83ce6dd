/**
 * A service that is told by others where a caller is, and writes there first: who answers from
 * that address need not have called it.
 */
import { expect, test } from "vitest";
import type { Env, Output, Principal, Protocol } from "../../../protocol/endpoint.ts";
import { hex, utf8 } from "../../../protocol/kit/bytes.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

const refused: readonly Output[] = [{ kind: "reject", reason: "unexpected" }];
const bobs = "bob:1997";

/** What shows a number: itself, or a MAC over it under the key that the two share. */
type Showing = (env: Env, caller: Principal, number: string) => string;

function caller(env: Env, show: Showing): Handler {
  const { self, peer = "" } = env;
  return (input) => {
    if (input.kind === "start") return [transmit(`introduce ${self}`, "trent:1996")];
    if (input.kind !== "datagram") return [];
    const [verb, number = ""] = words(input.bytes).split(" ");
    if (verb !== "number") return refused;
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: utf8(number) } },
      transmit(`shown ${show(env, self, number)}`, bobs),
    ];
  };
}

/** Trent says where the caller is. */
const introducer = (): Handler => (input) => {
  if (input.kind !== "datagram") return [];
  const [verb, who] = words(input.bytes).split(" ");
  return verb === "introduce" ? [transmit(`meet ${who} ${input.from}`, bobs)] : refused;
};

function called(env: Env, show: Showing): Handler {
  const calls = new Map<string, { readonly who: Principal; readonly number: string }>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const [verb, first = "", address = ""] = words(input.bytes).split(" ");
    if (verb === "meet" && first === "alice" && !calls.has(address)) {
      const number = hex(env.crypto.random(16));
      calls.set(address, { who: first, number });
      return [{ ...transmit(`number ${number}`, address), session: address }];
    }
    const session = input.from;
    const call = calls.get(session);
    if (verb !== "shown" || call === undefined) return refused;
    const { who, number } = call;
    if (!env.crypto.equal(utf8(first), utf8(show(env, who, number)))) return refused;
    calls.delete(session);
    return [{ kind: "claim", claim: { kind: "commit", peer: who, agreed: utf8(number) }, session }];
  };
}

function introduced(isRepaired: boolean): Protocol {
  return protocolOf(
    {},
    {
      protocol: {
        roles: [
          { name: "caller", principals: ["alice"], process: "session", peer: "called" },
          { name: "called", principals: ["bob"], process: "service", port: 1997 },
          { name: "introducer", principals: ["trent"], process: "service", port: 1996 },
        ],
        deploy({ crypto }) {
          const key = crypto.random(32);
          const show: Showing = (env, who, number) =>
            isRepaired ? hex(env.crypto.hmac("sha256", key, utf8(`${who} ${number}`))) : number;
          return {
            open(role, env) {
              if (role === "introducer") return { handle: introducer() };
              return { handle: (role === "caller" ? caller : called)(env, show) };
            },
            longTermSecrets: (p) => (p === "trent" ? [] : [key]),
          };
        },
      },
    },
  );
}

test.each([
  ["a number", false, ["client-authentication"]],
  ["a MAC", true, []],
] as const)("introduced, and asked for %s", (_, isRepaired, expected) => {
  const settings = { seed: "mallory", guarantees: ["client-authentication"] };
  const campaign = new Campaign(subjectFor(introduced(isRepaired)), settings);
  compose(campaign, { work: 240_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
});
