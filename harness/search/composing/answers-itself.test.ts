/**
 * A responder that answers itself: what it is asked in one session, it is asked in another one, and
 * what it says there is what the first one waits for. So the repeated part of the protocol of
 * A. Kehne, J. Schönwälder and H. Langendörfer is attacked (J. Clark and J. Jacob, 1997). The
 * answer is sealed, so that only what is found on opening tells that it is one to something else.
 */
import { expect, test } from "vitest";
import type { Env, Output, Protocol } from "../../../protocol/endpoint.ts";
import { concat, fromHex, hex, utf8 } from "../../../protocol/kit/bytes.ts";
import { type Handler, protocolOf, subjectFor, transmit, words } from "../../testing/tiny.ts";
import { Campaign } from "../campaign.ts";
import { compose } from "./compose.ts";

const refused: readonly Output[] = [{ kind: "reject", reason: "bad-tag" }];

/** Seals numbers under the key that the two share: as they are, or with who says so. */
class Answers {
  readonly #key: Uint8Array;
  readonly #isNamed: boolean;

  constructor(key: Uint8Array, isNamed: boolean) {
    this.#key = key;
    this.#isNamed = isNamed;
  }

  to({ crypto, self }: Env, number: string): string {
    const nonce = crypto.random(12);
    return hex(concat(nonce, crypto.seal("aes-gcm", this.#key, nonce, this.#said(self, number))));
  }

  isFrom(by: string, { crypto }: Env, number: string, answer = ""): boolean {
    const box = fromHex(answer) ?? new Uint8Array(0);
    if (box.length < 28) return false;
    const inside = crypto.open("aes-gcm", this.#key, box.slice(0, 12), box.slice(12));
    return inside !== undefined && crypto.equal(inside, this.#said(by, number));
  }

  #said(by: string, number: string): Uint8Array {
    const bytes = fromHex(number) ?? new Uint8Array(0);
    return this.#isNamed ? concat(bytes, utf8(by)) : bytes;
  }
}

const isNumber = (text: string): boolean => fromHex(text)?.length === 16;

function initiator(env: Env, answers: Answers): Handler {
  const { peer = "", crypto } = env;
  const mine = hex(crypto.random(16));
  return (input) => {
    if (input.kind === "start") return [transmit(`hello ${mine}`)];
    if (input.kind !== "datagram") return [];
    const [verb, theirs = "", answer] = words(input.bytes).split(" ");
    if (verb !== "asked" || !isNumber(theirs)) return refused;
    if (!answers.isFrom(peer, env, mine, answer)) return refused;
    return [
      { kind: "claim", claim: { kind: "running", peer, agreed: utf8(theirs) } },
      transmit(`answer ${answers.to(env, theirs)}`),
    ];
  };
}

function responder(env: Env, answers: Answers): Handler {
  const calls = new Map<string, string>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const session = input.from;
    const [verb, first = ""] = words(input.bytes).split(" ");
    const mine = calls.get(session);
    if (verb === "hello" && mine === undefined && isNumber(first)) {
      const number = hex(env.crypto.random(16));
      calls.set(session, number);
      const asked = `asked ${number} ${answers.to(env, first)}`;
      return [{ ...transmit(asked, session), session }];
    }
    if (verb !== "answer" || mine === undefined) return refused;
    if (!answers.isFrom("alice", env, mine, first)) return refused;
    calls.delete(session);
    const claim = { kind: "commit", peer: "alice", agreed: utf8(mine) } as const;
    return [{ kind: "claim", claim, session }];
  };
}

function mutual(isNamed: boolean): Protocol {
  const protocol: Partial<Protocol> = {
    roles: [
      { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
      { name: "responder", principals: ["bob"], process: "service", port: 1992 },
    ],
    deploy({ crypto }) {
      const key = crypto.random(32);
      const answers = new Answers(key, isNamed);
      return {
        open: (role, env) => ({
          handle: (role === "initiator" ? initiator : responder)(env, answers),
        }),
        longTermSecrets: () => [key],
      };
    },
  };
  return protocolOf({}, { protocol });
}

test.each([
  ["alone", false, ["client-authentication"]],
  ["with a name", true, []],
] as const)("a number sealed %s", (_, isNamed, expected) => {
  const settings = { seed: "mallory", guarantees: ["client-authentication"] };
  const campaign = new Campaign(subjectFor(mutual(isNamed)), settings);
  // Without that, twice as much work does not find it.
  compose(campaign, { work: isNamed ? 240_000 : 30_000 });
  const broken = campaign.finish(null).verdicts.filter((v) => v.verdict === "broken");
  expect(broken.map((v) => v.guarantee)).toEqual(expected);
});
