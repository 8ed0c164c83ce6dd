/** Lowe's agreement includes the roles: who asks has somebody who answers at the other end. */
import { describe, expect, test } from "vitest";
import type { Attack, Move, PacketRef } from "../../attacker/move.ts";
import type { Env, Output, Principal, Protocol } from "../../protocol/endpoint.ts";
import { concat, text, utf8 } from "../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../protocol/kit/crypto.ts";
import { claim } from "../testing/scripted.ts";
import { type Handler, judgeRun, type Part, protocolOf, tiny, transmit } from "../testing/tiny.ts";
import { clientAuthentication, serverAuthentication } from "./authentication.ts";
import { asks } from "./roles.ts";

const because = (protocol: Protocol, attack: Attack = []) =>
  [serverAuthentication, clientAuthentication].map(
    (guarantee) => judgeRun(guarantee, protocol, attack).violation?.because,
  );

const length = 16;
const signatureBytes = 64;
type Keys = ReadonlyMap<Principal, KeyPair>;

const said = (kind: "running" | "commit", peer: Principal, agreed: Uint8Array): Output => ({
  kind: "claim",
  claim: { kind, peer, agreed },
});
const nameOf = (self: Principal): Uint8Array => utf8(self.padEnd(length));
const readName = (bytes: Uint8Array): Principal => text(bytes.slice(0, length))?.trim() ?? "";
const second = (bytes: Uint8Array): Uint8Array => bytes.slice(length, 2 * length);

function token({ crypto, self }: Env, keys: Keys, own: Uint8Array, theirs: Uint8Array): Output {
  const signed = concat(own, theirs);
  const signature = crypto.sign((keys.get(self) as KeyPair).privateKey, signed);
  return { kind: "transmit", bytes: concat(nameOf(self), signed, signature) };
}

/** @returns the nonces that the other one has signed: its own, and this end's. */
function read({ crypto }: Env, keys: Keys, bytes: Uint8Array) {
  const peer = readName(bytes);
  const signed = bytes.slice(length, 3 * length);
  const key = keys.get(peer)?.publicKey;
  const signature = bytes.slice(3 * length, 3 * length + signatureBytes);
  if (key === undefined || !crypto.verify(key, signed, signature)) return undefined;
  return { peer, theirs: signed.slice(0, length), own: signed.slice(length) };
}

function asker(env: Env, keys: Keys): Handler {
  const nonce = env.crypto.random(length);
  return (input) => {
    if (input.kind === "start") {
      return [{ kind: "transmit", bytes: concat(nameOf(env.self), nonce) }];
    }
    const answer = input.kind === "datagram" ? read(env, keys, input.bytes) : undefined;
    if (answer?.peer !== env.peer || !env.crypto.equal(answer?.own ?? nameOf(""), nonce)) return [];
    const { peer, theirs } = answer as NonNullable<typeof answer>;
    const last = token(env, keys, env.crypto.random(length), theirs);
    return [said("running", peer, theirs), last, said("commit", peer, nonce)];
  };
}

function answerer(env: Env, keys: Keys): Handler {
  const open = new Map<string, Uint8Array>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const nonce = open.get(input.from);
    if (nonce === undefined) {
      const mine = env.crypto.random(length);
      open.set(input.from, mine);
      const theirs = second(input.bytes);
      return [said("running", readName(input.bytes), theirs), token(env, keys, mine, theirs)];
    }
    const last = read(env, keys, input.bytes);
    if (last === undefined || !env.crypto.equal(last.own, nonce)) return [];
    return [said("commit", last.peer, nonce)];
  };
}

/**
 * Three passes with signatures, where the last one says nothing of the first: what an answerer
 * signs looks like what an asker signs at the end (ISO/IEC JTC1/SC27 N739, 1993).
 */
const threePasses = protocolOf(
  {},
  {
    protocol: {
      roles: [
        { name: "asker", principals: ["alice"], process: "session", peer: "answerer" },
        { name: "answerer", principals: ["bob"], process: "service", port: 7 },
      ],
      deploy({ crypto, principals }) {
        const keys = new Map(principals.map((p) => [p, crypto.signingKeyPair()]));
        return {
          open: (role, env) => ({ handle: (role === "asker" ? asker : answerer)(env, keys) }),
          longTermSecrets: (p) => [(keys.get(p) as KeyPair).privateKey],
        };
      },
    },
    sessions: [
      { start: 0, messages: [] },
      { start: 100, principals: { asker: "bob", answerer: "alice" }, messages: [] },
    ],
  },
);

const sent = (from: string, to: string): PacketRef => ({ from, to, nth: 1 });
/** In an address of the attacker's own, what somebody has sent is sent to an answerer. */
const again = (packet: PacketRef, to: string, from: string, after = packet): Move => ({
  move: "replay",
  packet,
  to,
  from,
  when: { after },
});
const nonceOf = [`bytes:${length}-${2 * length}`];
const aliceAnswered = sent("answerer#1", "mallory");
const canadian: Attack = [
  again(sent("asker#1", "answerer#1"), "answerer#1", "mallory:1"),
  {
    ...again(sent("asker#0", "answerer#0"), "answerer#0", "mallory:2", aliceAnswered),
    edits: [{ edit: "paste", packet: aliceAnswered, source: nonceOf, inside: nonceOf }],
  } as Move,
  again(sent("answerer#0", "mallory"), "answerer#1", "mallory:1"),
];

test("what somebody signed as an answerer does not make it an asker", () => {
  // In the second session Bob asks Alice: what he believes is about who answers, too.
  expect(judgeRun(serverAuthentication, threePasses)).toEqual({ atStake: 2 });
  expect(judgeRun(clientAuthentication, threePasses)).toEqual({ atStake: 2 });
  const [server, client] = because(threePasses, canadian);
  expect(server).toBeUndefined();
  expect(client).toMatch(/answerer#1 .* running with alice, but as answerer, as answerer#1 was/);
});

/** Alice and Bob each say that they run, and then that they have finished, with the other. */
const mutual: Part =
  ({ self }) =>
  (input) => {
    const peer = self === "alice" ? "bob" : "alice";
    if (input.kind === "start") return [claim("running", peer, "k"), transmit("x", "rita:7")];
    return input.kind === "datagram" ? [claim("commit", peer, "k")] : [];
  };
/** Tells everybody who has come by once two have. */
const telling: Part = () => {
  const known: string[] = [];
  return (input) => {
    if (input.kind !== "datagram") return [];
    known.push(input.from);
    return known.length === 2 ? known.map((address) => transmit("go", address)) : [];
  };
};
const relay = { name: "relay", principals: ["rita"], process: "service", port: 7 } as const;
const member = { name: "member", process: "session", peer: "relay" } as const;
const nobodySpeaks = { start: 0, messages: [] };

describe("two of one role meet", () => {
  test("where both of them call a relay, in one session", () => {
    const roles = [relay, { ...member, principals: ["alice", "bob"] }];
    const both = protocolOf({ relay: telling, member: mutual }, { protocol: { roles } });
    expect(judgeRun(clientAuthentication, both)).toEqual({ atStake: 2 });
  });

  test("where both of them call a relay, in a session each", () => {
    const roles = [relay, { ...member, principals: ["alice"] }];
    const sessions = [nobodySpeaks, { ...nobodySpeaks, principals: { member: "bob" } }];
    const both = protocolOf({ relay: telling, member: mutual }, { protocol: { roles }, sessions });
    expect(because(both)).toEqual([undefined, undefined]);
  });

  test("where all play that role", () => {
    const peer: Part = (env) => {
      const part = mutual(env) as Handler;
      return (input, now) =>
        part(input, now).map((o) =>
          o.kind === "transmit" ? { ...o, to: env.self === "alice" ? "bob:7" : "alice:7" } : o,
        );
    };
    const roles = [
      { name: "peer", principals: ["alice", "bob"], process: "session", port: 7 } as const,
    ];
    expect(because(protocolOf({ peer }, { protocol: { roles } }))).toEqual([undefined, undefined]);
  });

  test("but not where each of them called the other one", () => {
    const roles = [
      { ...relay, name: "server", principals: ["bob"] },
      { ...member, principals: ["alice"], peer: "server" },
    ];
    const sessions = [
      nobodySpeaks,
      { ...nobodySpeaks, principals: { member: "bob", server: "alice" } },
    ];
    const protocol = protocolOf(
      {
        member: ({ peer = "" }) => {
          return (input) => {
            if (input.kind === "start") return [claim("running", peer, "k"), transmit("x")];
            return input.kind === "datagram" ? [claim("commit", peer, "k")] : [];
          };
        },
        server: () => {
          const seen: string[] = [];
          return (input) => (input.kind === "datagram" ? [transmit(`${seen.push("x")}`)] : []);
        },
      },
      { protocol: { roles }, sessions },
    );
    expect(because(protocol)[0]).toMatch(/as member, as member#\d was itself/);
  });
});

describe("whether a commitment is about a responder", () => {
  const roles = (server: readonly string[], member: readonly string[], other: readonly string[]) =>
    tiny({
      client: () => () => [],
      server: () => () => [],
      protocol: {
        roles: [
          { name: "server", principals: server, process: "service" },
          { name: "member", principals: member, process: "session", peer: "server" },
          { name: "other", principals: other, process: "session", peer: "nothing there" },
        ],
      },
    });
  test.each([
    ["the usual server", "member", "bob", true],
    ["a server of one session", "member", "dave", true],
    ["another member, behind a relay", "member", "carol", false],
    ["a member that runs the server as well", "member", "alice", true],
    ["a principal of a third role", "member", "erin", false],
    ["a server that also has a third role", "member", "frank", false],
    ["what a server believes of a member", "server", "alice", false],
    ["what is said of a role that is missing", "other", "bob", false],
    ["what a role says that is missing", "unheard", "bob", false],
  ])("%s", (_, role, peer, answers) => {
    const protocol = roles(["bob", "alice", "frank"], ["alice", "carol"], ["erin", "frank"]);
    expect(asks(protocol, role, peer)).toBe(answers);
  });

  test("whom a process was started to call answers, whatever else the name plays", () => {
    const protocol = roles(["bob"], ["alice"], []);
    expect(asks(protocol, "member", "alice", "alice")).toBe(true);
    expect(asks(protocol, "member", "bob", "alice")).toBe(true);
    expect(asks(protocol, "server", "alice", "alice")).toBe(false);
  });
});
