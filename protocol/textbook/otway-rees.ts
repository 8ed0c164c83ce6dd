/**
 * Otway and Rees, “Efficient and timely mutual authentication”, ACM Operating Systems Review 21,
 * 1987: Bob shows Trent his request and Alice's together, and Trent deals them a key.
 *
 * Aims: each knows that the other takes part in the run M, and only they and Trent know the key.
 *
 * Known weakness: nothing says what a field is. M, A and B together are as long as a key, so that
 * Alice's own request, sent back to her, passes for the answer: she takes what stands there in the
 * clear for the key (Boyd, “Hidden assumptions in cryptographic protocols”, 1990). With
 * `types=tagged` what is sealed is bound to its type. Either way Alice's request can be sent to Bob
 * again, since only she can tell whether M is new, and there is no forward secrecy. Whoever has the
 * key that Bob shares with Trent reads the session key there, and goes on as Alice.
 */
import type { Address, Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, equalBytes, text, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { End } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import { Client, claimsOf, keyOf, type Result, running, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";
import { datagrams, openTicket, sealTicket, sharedWithTrent } from "./ticket.ts";

const nonceBytes = 16;
const runBytes = 16;
const nameBytes = 8;
const keyBytes = runBytes + 2 * nameBytes;
const trent: Address = "trent:1987";

interface Setting {
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly tagged: boolean;
}
type Type = "request" | "answer";

/** @returns 8 bytes, with zeros after the name. */
const nameField = (name: Principal): Uint8Array =>
  concat(utf8(name), new Uint8Array(nameBytes)).slice(0, nameBytes);

function seal(crypto: CryptoKit, s: Setting, name: Principal, type: Type, content: Uint8Array) {
  return sealTicket(crypto, keyOf(s.keys, name), content, s.tagged ? type : "");
}

/** @returns the nonce and what follows it: a key, or who wants one in which run. */
function open(crypto: CryptoKit, s: Setting, name: Principal, type: Type, sealed: Uint8Array) {
  const inside = openTicket(crypto, keyOf(s.keys, name), sealed, s.tagged ? type : "");
  if (inside?.length !== nonceBytes + keyBytes) return undefined;
  return { nonce: inside.slice(0, nonceBytes), rest: inside.slice(nonceBytes) };
}

abstract class User extends End {
  protected readonly setting: Setting;
  protected run: Uint8Array = new Uint8Array(0);
  #nonce: Uint8Array = new Uint8Array(0);

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
  }

  protected request(from: Principal, to: Principal): Uint8Array {
    const { crypto, self } = this.env;
    this.#nonce = crypto.random(nonceBytes);
    const content = concat(this.#nonce, this.run, nameField(from), nameField(to));
    return seal(crypto, this.setting, self, "request", content);
  }

  /** The agreement is on the run: neither end learns whether the other has the key. */
  protected open(peer: Principal, sealed: Uint8Array): Result {
    const opened = open(this.env.crypto, this.setting, this.env.self, "answer", sealed);
    if (opened === undefined) return "bad-tag";
    if (!equalBytes(opened.nonce, this.#nonce)) return "stale";
    return this.finish(peer, opened.rest, {}, undefined, this.run);
  }
}

class Initiator extends User {
  start(): readonly OutputBody[] {
    const { crypto, self, peer = "" } = this.env;
    this.run = crypto.random(runBytes);
    const both = pack(this.run, this.request(self, peer), utf8(self), utf8(peer));
    return [running(peer, this.run), transmit(both)];
  }

  protected handshake(bytes: Uint8Array): Result {
    // Whatever follows the answer is not read.
    const fields = unpack(bytes, runBytes, any, any);
    if (fields === undefined) return "malformed";
    if (!equalBytes(fields[0], this.run)) return "stale";
    return this.open(this.env.peer ?? "", fields[1]);
  }
}

class Responder extends User {
  #caller: { readonly name: Principal; readonly address: Address } | undefined;

  protected handshake(bytes: Uint8Array, from: Address): Result {
    return this.#caller === undefined ? this.#called(bytes, from) : this.#answered(bytes);
  }

  override send(content: Uint8Array): readonly OutputBody[] {
    return super.send(content).map((output) => this.#toCaller(output));
  }

  #toCaller(output: OutputBody): OutputBody {
    if (output.kind !== "transmit" || this.#caller === undefined) return output;
    return { ...output, to: this.#caller.address };
  }

  #called(bytes: Uint8Array, address: Address): Result {
    const [run, theirs, from, to] = unpack(bytes, runBytes, any, any, any) ?? [];
    if (run === undefined || theirs === undefined || from === undefined) return "malformed";
    const [{ self }, name] = [this.env, text(from) ?? ""];
    const known = this.setting.keys.has(name) && name !== self && text(to ?? from) === self;
    if (!known) return "unknown-peer";
    this.run = run;
    this.#caller = { name, address };
    const both = pack(run, theirs, this.request(name, self), from, utf8(self));
    return [running(name, run), { kind: "transmit", bytes: both, to: trent }];
  }

  #answered(bytes: Uint8Array): Result {
    const [run, theirs, own] = unpack(bytes, runBytes, any, any) ?? [];
    if (run === undefined || theirs === undefined || own === undefined) return "malformed";
    if (!equalBytes(run, this.run)) return "stale";
    const opened = this.open(this.#caller?.name ?? "", own);
    if (typeof opened === "string") return opened;
    const answer = transmit(pack(run, theirs, new Uint8Array(0)));
    return [this.#toCaller(answer), ...opened];
  }
}

/** Trent keeps nothing: two requests that say the same make a key. */
function answered(crypto: CryptoKit, setting: Setting, bytes: Uint8Array): Result {
  const fields = unpack(bytes, runBytes, any, any, any, any);
  if (fields === undefined) return "malformed";
  const [run, first, second, ...names] = fields;
  const [from = "", to = ""] = names.map(text);
  if (!(setting.keys.has(from) && setting.keys.has(to))) return "unknown-peer";
  const a = open(crypto, setting, from, "request", first);
  const b = open(crypto, setting, to, "request", second);
  const wanted = concat(run, nameField(from), nameField(to));
  if (a === undefined || b === undefined) return "bad-tag";
  if (!(equalBytes(a.rest, wanted) && equalBytes(b.rest, wanted))) return "unauthorized";
  const key = crypto.random(keyBytes);
  const answer = (name: Principal, nonce: Uint8Array) =>
    seal(crypto, setting, name, "answer", concat(nonce, key));
  return [transmit(pack(run, answer(from, a.nonce), answer(to, b.nonce)))];
}

export const otwayRees: Protocol = {
  name: "otway-rees",
  title: "Otway–Rees",
  flow: `
A → B: M, {Na, M, A, B}Kas, A, B
B → S: M, {Na, M, A, B}Kas, {Nb, M, A, B}Kbs, A, B
S → B: M, {Na, K}Kas, {Nb, K}Kbs
B → A: M, {Na, K}Kas                   tagged: what is sealed is bound to its type
A ↔ B: counter, {text}K                a key for each direction
`.trim(),
  transport: "datagram",
  roles: [
    { name: "initiator", principals: ["alice"], process: "session", peer: "responder" },
    { name: "responder", principals: ["bob"], process: "session" },
    { name: "server", principals: ["trent"], process: "service", port: 1987 },
  ],
  options: {
    types: {
      default: "untagged",
      values: ["untagged", "tagged"],
      about: "tagged: what is sealed is bound to its type",
      weakens: { untagged: ["server-authentication", "key-secrecy", "confidentiality"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "The server answers only when both have asked.",
    "client-authentication": "The server answers only when both have asked.",
    "key-secrecy": "The key travels only under keys shared with the server.",
  }),
  deploy({ crypto, options, principals }) {
    const { keys, longTermSecrets } = sharedWithTrent(crypto, principals);
    const setting = { keys, tagged: options.types === "tagged" };
    return {
      open(role, env) {
        if (role === "server") return datagrams((bytes) => answered(env.crypto, setting, bytes));
        const party = role === "initiator" ? Initiator : Responder;
        return new Client(new party(env, setting));
      },
      longTermSecrets,
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [...say("initiator", "alice says friday"), ...say("responder", "bob says no")],
      },
      { start: "after-previous", messages: say("initiator", "alice moves it to monday") },
    ],
  }),
};
