/** What a strategy is for: a protocol with the flaw that it finds, and the sound twin of it. */
import { describe, expect, test } from "vitest";
import { forgedAnswers } from "../../attacker/strategies/forged-answers.ts";
import { betraying, forwarding } from "../../attacker/strategies/forwarding.ts";
import { flipping } from "../../attacker/strategies/modifying.ts";
import { firstOfTheirKind } from "../../attacker/strategies/session-representatives.ts";
import type { Strategy } from "../../attacker/strategies/strategy.ts";
import type { PlannedSession, Protocol } from "../../protocol/endpoint.ts";
import { concat, equalBytes, fromHex, hex, latin1, utf8 } from "../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../protocol/kit/crypto.ts";
import { say } from "../../protocol/kit/workload.ts";
import {
  deliver,
  type Handler,
  type Part,
  subjectFor,
  tiny,
  transmit,
  words,
} from "../testing/tiny.ts";
import { Campaign } from "./campaign.ts";

/** What the attacks of one strategy alone break. */
function broken(strategy: Strategy, protocol: Protocol, guarantees: readonly string[]) {
  const campaign = new Campaign(subjectFor(protocol), { seed: "finds", guarantees });
  const scene = campaign.scene();
  const shown = strategy.acrossSessions ? scene : firstOfTheirKind(scene);
  for (const candidate of strategy.attacks(shown)) campaign.try(strategy.id, candidate);
  const { verdicts } = campaign.finish(null);
  return verdicts.filter((v) => v.verdict === "broken").map((v) => v.guarantee);
}

const key = utf8("what the two of them share");
const tagBytes = 32;
const nothing = new Uint8Array(0);
const later = (...texts: readonly string[]): PlannedSession => ({
  start: "after-previous",
  messages: say("client", ...texts),
});

describe("a session that goes on from an earlier one is attacked by itself", () => {
  const client: Part = (env) => {
    let kind = "full";
    return (input) => {
      const ticket = env.store("ticket");
      if (input.kind === "start") {
        if (ticket.read().length > 0) kind = "again";
        return [transmit(`hello ${kind} ${words(ticket.read())}`)];
      }
      if (input.kind === "datagram") {
        ticket.write(input.bytes);
        return [{ kind: "ready" }];
      }
      if (input.kind !== "send") return [];
      const said = concat(utf8(`${kind} `), input.message);
      return [{ kind: "transmit", bytes: concat(said, env.crypto.hmac("sha256", key, said)) }];
    };
  };
  /** Of sessions with a ticket, only the sound one looks at the MAC. */
  const server =
    (sound: boolean): Part =>
    ({ crypto }) =>
    (input) => {
      if (input.kind !== "datagram") return [];
      const { bytes } = input;
      if (words(bytes).startsWith("hello ")) return [transmit("a ticket")];
      const said = bytes.slice(0, -tagBytes);
      const kind = words(said).split(" ")[0] ?? "";
      const good = equalBytes(bytes.slice(-tagBytes), crypto.hmac("sha256", key, said));
      if (!good && (sound || kind !== "again")) return [{ kind: "reject", reason: "bad-tag" }];
      return [deliver(said.slice(kind.length + 1), "alice")];
    };
  const sessions = [later("pay ten"), later("pay twenty"), later("pay a hundred")];
  const resuming = (sound: boolean) => tiny({ client, server: server(sound), sessions });

  test("what only such sessions leave out is found", () => {
    expect(broken(flipping, resuming(false), ["integrity"])).toEqual(["integrity"]);
  });
  test("its sound twin holds", () => {
    expect(broken(flipping, resuming(true), ["integrity"])).toEqual([]);
  });
});

describe("a login that does not say whom it is meant for", () => {
  const nonce = new Uint8Array(12);
  const publicKeyBytes = 32;
  const numberBytes = 16;

  /** One write: an own public key, and a number and its signature, sealed for who is called. */
  function login(sound: boolean, called: string): Protocol {
    const meantFor = (name: string) => utf8(sound ? `alice logs in at ${name}` : "alice logs in");
    return tiny({
      client: () => () => [],
      server: () => () => [],
      sessions: [
        { start: 0, messages: [] },
        { start: "after-previous", principals: { server: called }, messages: [] },
      ],
      protocol: {
        transport: "stream",
        registration: called === "mallory",
        roles: [
          { name: "client", principals: ["alice"], process: "session", peer: "server" },
          {
            name: "server",
            principals: called === "mallory" ? ["bob"] : ["bob", called],
            process: "service",
            port: 7,
          },
        ],
        deploy({ crypto, principals }) {
          const halves = new Map(principals.map((p) => [p, crypto.keyPair("x25519")]));
          const half = (p: string) => halves.get(p) as KeyPair;
          const alice = crypto.signingKeyPair();
          const client: Part = (env) => {
            const peer = env.peer ?? "";
            const own = env.crypto.keyPair("x25519");
            const k = env.crypto.sharedSecret("x25519", own.privateKey, half(peer).publicKey);
            return (input) => {
              if (input.kind !== "connected" || k === undefined) return [];
              const number = env.crypto.random(numberBytes);
              const signed = concat(number, meantFor(peer));
              const token = concat(number, env.crypto.sign(alice.privateKey, signed));
              const sealed = env.crypto.seal("aes-gcm", k, nonce, token);
              return [
                { kind: "claim", claim: { kind: "running", peer } },
                { kind: "transmit", bytes: concat(own.publicKey, sealed) },
              ];
            };
          };
          const server: Part = (env) => (input) => {
            if (input.kind !== "chunk") return [];
            const theirs = input.bytes.slice(0, publicKeyBytes);
            const sealed = input.bytes.slice(publicKeyBytes);
            const k = env.crypto.sharedSecret("x25519", half(env.self).privateKey, theirs);
            const token = k && env.crypto.open("aes-gcm", k, nonce, sealed);
            if (token === undefined) return [{ kind: "reject", reason: "bad-tag" }];
            const signed = concat(token.slice(0, numberBytes), meantFor(env.self));
            return env.crypto.verify(alice.publicKey, signed, token.slice(numberBytes))
              ? [{ kind: "claim", claim: { kind: "commit", peer: "alice" } }]
              : [{ kind: "reject", reason: "unauthorized" }];
          };
          return {
            open: (role, env) => ({
              handle: (role === "client" ? client : server)(env) as Handler,
            }),
            longTermSecrets: (p) => [
              half(p).privateKey,
              ...(p === "alice" ? [alice.privateKey] : []),
            ],
            publicValues: [...halves.values(), alice].map((pair) => pair.publicKey),
          };
        },
      },
    });
  }
  const wanted = ["client-authentication"];

  test("is taken to another service by whoever runs the one that is called", () => {
    expect(broken(betraying, login(false, "dave"), wanted)).toEqual(wanted);
  });
  test("is taken to a service by a user whom nobody else ever listens to", () => {
    expect(broken(forwarding, login(false, "mallory"), wanted)).toEqual(wanted);
  });
  test("its sound twins hold", () => {
    expect(broken(betraying, login(true, "dave"), wanted)).toEqual([]);
    expect(broken(forwarding, login(true, "mallory"), wanted)).toEqual([]);
  });
});

describe("a confirmation says which message it is for, and who says so", () => {
  const idBytes = 8;
  /** How an id and what follows it are written, and read again. */
  interface Form {
    readonly write: (id: Uint8Array, rest: Uint8Array) => Uint8Array;
    readonly read: (bytes: Uint8Array) => readonly (Uint8Array | undefined)[];
  }
  const forms: Readonly<Record<string, Form>> = {
    "in a document": {
      write: (id, rest) => utf8(JSON.stringify({ id: hex(id), rest: hex(rest) })),
      read: (bytes) => {
        const [, id = "", rest = ""] = /"id":"(\w*)","rest":"(\w*)"/.exec(latin1(bytes)) ?? [];
        return [fromHex(id), fromHex(rest)];
      },
    },
    "in bytes": {
      write: (id, rest) => concat(utf8("*"), id, rest),
      read: (bytes) => [bytes.slice(1, idBytes + 1), bytes.slice(idBytes + 1)],
    },
  };

  function confirming({ write, read }: Form, sound: boolean): Protocol {
    const client: Part = ({ crypto }) => {
      const waiting = new Map<string, Uint8Array>();
      return (input) => {
        if (input.kind === "start") return [{ kind: "ready" }];
        if (input.kind === "send") {
          const id = crypto.random(idBytes);
          waiting.set(latin1(id), input.message);
          return [{ kind: "transmit", bytes: write(id, input.message) }];
        }
        if (input.kind !== "datagram") return [];
        const [id = nothing, mac = nothing] = read(input.bytes);
        const message = waiting.get(latin1(id));
        const good = crypto.equal(mac, crypto.hmac("sha256", key, id));
        return message && (good || !sound) ? [{ kind: "confirm", message }] : [];
      };
    };
    const server: Part = (env) => (input) => {
      if (input.kind !== "datagram") return [];
      const [id = nothing, message = nothing] = read(input.bytes);
      const bytes = write(id, env.crypto.hmac("sha256", key, id));
      return [deliver(message, "alice"), { kind: "transmit", bytes }];
    };
    return tiny({ client, server, sessions: [later("open the gate", "close it again")] });
  }
  const wanted = ["honest-acknowledgement"];

  test.each(Object.entries(forms))("%s: what nobody looks at is copied", (_, form) => {
    expect(broken(forgedAnswers, confirming(form, false), wanted)).toEqual(wanted);
  });
  test.each(Object.entries(forms))("%s: the sound twin holds", (_, form) => {
    expect(broken(forgedAnswers, confirming(form, true), wanted)).toEqual([]);
  });
});
