/** Peers without a name: the adversary may be one, and honest ones are still protected. */
import { describe, expect, test } from "vitest";
import type { Attack } from "../../attacker/move.ts";
import type { Address, Endpoint, Env, Output, Protocol } from "../../protocol/endpoint.ts";
import { concat, hex, utf8 } from "../../protocol/kit/bytes.ts";
import { say } from "../../protocol/kit/workload.ts";
import { inPlaceOfAlice, inPlaceOfBob } from "../testing/puppets.ts";
import { judgeRun, run, tiny, words } from "../testing/tiny.ts";
import { eventsOf } from "../trace/trace-index.ts";
import { confidentiality } from "./confidentiality.ts";
import { integrity } from "./integrity.ts";
import { keySecrecy } from "./key-secrecy.ts";
import { origin } from "./origin.ts";

const up = { from: "client#0", to: "server#0", nth: 1 };
const x = (text: string): string => hex(utf8(text));
const isBroken = (guarantee: typeof integrity, protocol: Protocol, attack: Attack = []): boolean =>
  judgeRun(guarantee, protocol, attack).violation !== undefined;
const delivered = (protocol: Protocol, attack: Attack) =>
  eventsOf(run(protocol, { attack }), "deliver").map((e) => `${words(e.message)} from ${e.from}`);

describe("requests without any protection", () => {
  const sessions = [{ start: 0, messages: say("client", "the weather please") }];
  const bare = tiny({
    sessions,
    client: () => (input) => {
      if (input.kind === "start") return [{ kind: "ready" }];
      return input.kind === "send" ? [{ kind: "transmit", bytes: input.message }] : [];
    },
    server: () => (input) =>
      input.kind === "datagram" ? [{ kind: "deliver", message: input.bytes }] : [],
  });
  const inject = (as: Partial<{ from: string }>): Attack => [
    { move: "inject", to: "server#0", hex: x("the news please"), when: { atMs: 5 }, ...as },
  ];

  test("what the client has not sent is not its own, changed or in its name", () => {
    const changed: Attack = [
      {
        move: "modify",
        packet: up,
        edits: [{ edit: "substitute", find: x("weather"), hex: x("news") }],
      },
    ];
    expect(delivered(bare, changed)).toEqual(["the news please from undefined"]);
    expect(isBroken(integrity, bare, changed)).toBe(true);
    expect(isBroken(integrity, bare, inject({ from: "client#0" }))).toBe(true);
    expect(isBroken(integrity, bare)).toBe(false);
  });

  test("what a stranger asks is its own; nothing is at stake in it", () => {
    const stranger = inject({});
    expect(delivered(bare, stranger)).toContain("the news please from undefined");
    expect(judgeRun(integrity, bare, stranger)).toEqual({ atStake: 1 });
    expect(judgeRun(origin, bare, stranger)).toEqual({ atStake: 0 });
  });
});

/** Diffie–Hellman in which neither end has a name, and what is said under the key. */
function nameless(about: { readonly shows?: true; readonly malleable?: true } = {}): Protocol {
  const seal = ({ crypto }: Env, key: Uint8Array, text: Uint8Array): Uint8Array =>
    about.malleable === true
      ? crypto.encrypt("aes-ctr", key, new Uint8Array(16), text)
      : crypto.seal("chacha20-poly1305", key, new Uint8Array(12), text);
  const open = ({ crypto }: Env, key: Uint8Array, bytes: Uint8Array): Uint8Array | undefined =>
    about.malleable === true
      ? crypto.decrypt("aes-ctr", key, new Uint8Array(16), bytes)
      : crypto.open("chacha20-poly1305", key, new Uint8Array(12), bytes);
  const end = (env: Env): Endpoint => {
    const pair = env.crypto.keyPair("x25519");
    let [key, other]: [Uint8Array?, Address?] = [];
    const agree = (theirs: Uint8Array, from: Address): readonly Output[] => {
      const shared = env.crypto.sharedSecret("x25519", pair.privateKey, theirs);
      if (shared === undefined) return [];
      [key, other] = [env.crypto.hkdfExpand("sha256", shared, utf8(`key`), 32), from];
      const shown = about.shows === true ? key : new Uint8Array(0);
      const hello = concat(pair.publicKey, shown);
      return [
        ...(env.role === "server" ? [{ kind: "transmit", bytes: hello, to: from } as const] : []),
        { kind: "claim", claim: { kind: "secret", value: key } },
        { kind: "ready" },
      ];
    };
    return {
      handle(input) {
        if (input.kind === "start" && env.role === "client") {
          return [{ kind: "transmit", bytes: pair.publicKey }];
        }
        if (input.kind === "send" && key !== undefined && other !== undefined) {
          return [{ kind: "transmit", bytes: seal(env, key, input.message), to: other }];
        }
        if (input.kind !== "datagram") return [];
        if (key === undefined) return agree(input.bytes.slice(0, 32), input.from);
        const message = open(env, key, input.bytes);
        return message === undefined
          ? [{ kind: "reject", reason: "bad-tag" }]
          : [{ kind: "deliver", message }];
      },
    };
  };
  const messages = [...say("client", "the weather please"), ...say("server", "rain and more rain")];
  return tiny({ client: end, server: end, sessions: [{ start: 0, messages }] });
}

describe("sessions of two ends without names", () => {
  const middle: Attack = [
    { ...inPlaceOfBob, handsTo: "puppet-b" },
    { ...inPlaceOfAlice, handsTo: "puppet-a" },
  ];
  const stranger: Attack = [
    { move: "puppet", name: "puppet-c", role: "client", as: "alice", facing: "server#0" },
  ];

  test("undisturbed, all is well and at stake", () => {
    for (const guarantee of [integrity, confidentiality, keySecrecy]) {
      expect(judgeRun(guarantee, nameless())).toEqual({ atStake: 2 });
    }
  });

  test("in the middle, the adversary is the peer of both: neither's words are kept", () => {
    expect(isBroken(confidentiality, nameless(), middle)).toBe(true);
    expect(isBroken(integrity, nameless(), middle)).toBe(true);
  });

  test("a stranger is served: its own words are no forgery, and its answers no secret", () => {
    const asked = run(nameless(), { attack: stranger });
    expect(eventsOf(asked, "deliver").map((e) => words(e.message))).toContain("mallory was here");
    for (const guarantee of [integrity, confidentiality, keySecrecy]) {
      expect(isBroken(guarantee, nameless(), stranger)).toBe(false);
    }
  });

  test("what is changed under the key of an honest end is no word of that end", () => {
    const flip: Attack = [
      { move: "modify", packet: { ...up, nth: 2 }, edits: [{ edit: "flip", at: 2, mask: 1 }] },
    ];
    expect(isBroken(integrity, nameless({ malleable: true }), flip)).toBe(true);
    expect(isBroken(integrity, nameless(), flip)).toBe(false);
  });

  test("a key that is shown is judged where an honest end shares it", () => {
    expect(isBroken(keySecrecy, nameless({ shows: true }))).toBe(true);
    expect(isBroken(confidentiality, nameless({ shows: true }))).toBe(true);
  });
});
