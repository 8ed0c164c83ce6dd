/** Mutual authentication in three passes, sound and not: for tests about roles. */
import type { Env, Output, Principal, Protocol } from "../../protocol/endpoint.ts";
import { concat, text, utf8 } from "../../protocol/kit/bytes.ts";
import type { KeyPair } from "../../protocol/kit/crypto.ts";
import { type Handler, protocolOf } from "./tiny.ts";

type Nonces = "new" | "kept";
/** Of names, filled up, and of nonces. */
export const nonceBytes = 16;
const signatureBytes = 64;
type Keys = ReadonlyMap<Principal, KeyPair>;

const said = (kind: "running" | "commit", peer: Principal, agreed: Uint8Array): Output => ({
  kind: "claim",
  claim: { kind, peer, agreed },
});
const nameOf = (self: Principal): Uint8Array => utf8(self.padEnd(nonceBytes));
const readName = (bytes: Uint8Array): Principal => text(bytes.slice(0, nonceBytes))?.trim() ?? "";
const second = (bytes: Uint8Array): Uint8Array => bytes.slice(nonceBytes, 2 * nonceBytes);

function token({ crypto, self }: Env, keys: Keys, own: Uint8Array, theirs: Uint8Array): Output {
  const signed = concat(own, theirs);
  const signature = crypto.sign((keys.get(self) as KeyPair).privateKey, signed);
  return { kind: "transmit", bytes: concat(nameOf(self), signed, signature) };
}

/** @returns the nonces that the other one has signed: its own, and this end's. */
function read({ crypto }: Env, keys: Keys, bytes: Uint8Array) {
  const peer = readName(bytes);
  const signed = bytes.slice(nonceBytes, 3 * nonceBytes);
  const key = keys.get(peer)?.publicKey;
  const signature = bytes.slice(3 * nonceBytes, 3 * nonceBytes + signatureBytes);
  if (key === undefined || !crypto.verify(key, signed, signature)) return undefined;
  return { peer, theirs: signed.slice(0, nonceBytes), own: signed.slice(nonceBytes) };
}

function asker(env: Env, keys: Keys, nonces: Nonces): Handler {
  const nonce = env.crypto.random(nonceBytes);
  return (input) => {
    if (input.kind === "start") {
      return [{ kind: "transmit", bytes: concat(nameOf(env.self), nonce) }];
    }
    const answer = input.kind === "datagram" ? read(env, keys, input.bytes) : undefined;
    if (answer?.peer !== env.peer || !env.crypto.equal(answer?.own ?? nameOf(""), nonce)) return [];
    const { peer, theirs } = answer as NonNullable<typeof answer>;
    const own = nonces === "kept" ? nonce : env.crypto.random(nonceBytes);
    const last = token(env, keys, own, theirs);
    return [said("running", peer, theirs), last, said("commit", peer, nonce)];
  };
}

function answerer(env: Env, keys: Keys, nonces: Nonces): Handler {
  const open = new Map<string, { readonly mine: Uint8Array; readonly theirs: Uint8Array }>();
  return (input) => {
    if (input.kind !== "datagram") return [];
    const known = open.get(input.from);
    if (known === undefined) {
      const mine = env.crypto.random(nonceBytes);
      const theirs = second(input.bytes);
      open.set(input.from, { mine, theirs });
      return [said("running", readName(input.bytes), theirs), token(env, keys, mine, theirs)];
    }
    const last = read(env, keys, input.bytes);
    if (last === undefined || !env.crypto.equal(last.own, known.mine)) return [];
    if (nonces === "kept" && !env.crypto.equal(last.theirs, known.theirs)) return [];
    return [said("commit", last.peer, known.mine)];
  };
}

/**
 * Three passes with signatures, in which Alice asks Bob, and then Bob Alice. With `new` nonces, the
 * last pass says nothing of the first: what an answerer signs looks like what an asker signs at the
 * end (ISO/IEC JTC1/SC27 N739, 1993). With those `kept`, as in the standard, it does not.
 */
export const threePasses = (nonces: Nonces): Protocol =>
  protocolOf(
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
            open: (role, env) => ({
              handle: (role === "asker" ? asker : answerer)(env, keys, nonces),
            }),
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
