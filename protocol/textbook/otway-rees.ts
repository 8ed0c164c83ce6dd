/**
 * Otway and Rees, “Efficient and timely mutual authentication”, ACM Operating Systems Review 21,
 * 1987: Bob shows Trent his request and Alice's together, and Trent deals them a key.
 *
 * Aims: each knows that the other takes part in the run M, and the key is known to nobody else.
 *
 * Known weakness: nothing says what a field is. M, A and B together are as long as a key, so that
 * Alice's own request, sent back to her, passes for the answer: she takes what stands there in the
 * clear for the key (Clark and Jacob, “A survey of authentication protocol literature”, 1997,
 * §6.3.1; Boyd, “Hidden assumptions in cryptographic protocols”, 1990). With `types=tagged` what
 * is sealed begins with its type. No forward secrecy either way.
 */
import type { Address, Endpoint, Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, equalBytes, text, utf8 } from "../kit/bytes.ts";
import type { CryptoKit } from "../kit/crypto.ts";
import { End, say } from "./end.ts";
import { any, pack, unpack } from "./fields.ts";
import { Client, claimsOf, keyOf, present, type Result, running, transmit } from "./party.ts";

const nonceBytes = 16;
const runBytes = 16;
const nameBytes = 8;
const keyBytes = runBytes + 2 * nameBytes;
const ivBytes = 12;
const trent: Address = "trent:1987";

interface Setting {
  /** What each principal shares with Trent, 32 bytes. */
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly tagged: boolean;
}
type Type = "request" | "answer";

/** @returns 8 bytes, with zeros after the name. */
function nameField(name: Principal): Uint8Array {
  const out = new Uint8Array(nameBytes);
  out.set(utf8(name).slice(0, nameBytes));
  return out;
}

const tag = ({ tagged }: Setting, type: Type) => utf8(tagged ? type : "");

function seal(crypto: CryptoKit, s: Setting, name: Principal, type: Type, content: Uint8Array) {
  const iv = crypto.random(ivBytes);
  const inside = concat(tag(s, type), content);
  return concat(iv, crypto.seal("aes-gcm", keyOf(s.keys, name), iv, inside));
}

/** @returns the nonce and what follows it: a key, or who wants one in which run. */
function open(crypto: CryptoKit, s: Setting, name: Principal, type: Type, sealed: Uint8Array) {
  const [iv, rest] = [sealed.slice(0, ivBytes), sealed.slice(ivBytes)];
  const inside = crypto.open("aes-gcm", keyOf(s.keys, name), iv, rest);
  const start = tag(s, type);
  if (inside === undefined || inside.length !== start.length + nonceBytes + keyBytes) {
    return undefined;
  }
  if (!equalBytes(inside.slice(0, start.length), start)) return undefined;
  const content = inside.slice(start.length);
  return { nonce: content.slice(0, nonceBytes), rest: content.slice(nonceBytes) };
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

  /** The key in an answer, if the answer is to the request made here. */
  protected keyIn(sealed: Uint8Array): Uint8Array | "bad-tag" | "stale" {
    const opened = open(this.env.crypto, this.setting, this.env.self, "answer", sealed);
    if (opened === undefined) return "bad-tag";
    return equalBytes(opened.nonce, this.#nonce) ? opened.rest : "stale";
  }

  /** What is agreed on is the run: nobody learns whether the other has the key. */
  protected finished(peer: Principal, key: Uint8Array): readonly OutputBody[] {
    const agreed = this.run;
    return this.finish(peer, key).map((output) =>
      output.kind === "claim" && output.claim.kind === "commit"
        ? { kind: "claim", claim: { kind: "commit", peer, agreed } }
        : output,
    );
  }
}

class Initiator extends User {
  start(): readonly OutputBody[] {
    const { crypto, self, peer = "" } = this.env;
    this.run = crypto.random(runBytes);
    const request = this.request(self, peer);
    const bytes = pack(this.run, request, utf8(self), utf8(peer));
    return [running(peer, this.run), transmit(bytes)];
  }

  protected handshake(bytes: Uint8Array): Result {
    // Whatever follows the answer is not read.
    const fields = unpack(bytes, runBytes, any, any);
    if (fields === undefined) return "malformed";
    if (!equalBytes(fields[0], this.run)) return "stale";
    const key = this.keyIn(fields[1]);
    return typeof key === "string" ? key : this.finished(this.env.peer ?? "", key);
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
    const { self } = this.env;
    const name = text(from) ?? "";
    if (!this.setting.keys.has(name) || name === self) return "unknown-peer";
    if (text(to ?? from) !== self) return "unknown-peer";
    this.run = run;
    this.#caller = { name, address };
    const own = this.request(name, self);
    const both = pack(run, theirs, own, from, utf8(self));
    return [running(name, run), { kind: "transmit", bytes: both, to: trent }];
  }

  #answered(bytes: Uint8Array): Result {
    const [run, theirs, own] = unpack(bytes, runBytes, any, any) ?? [];
    if (run === undefined || theirs === undefined || own === undefined) return "malformed";
    if (!equalBytes(run, this.run)) return "stale";
    const key = this.keyIn(own);
    if (typeof key === "string") return key;
    const answer = transmit(pack(run, theirs, new Uint8Array(0)));
    return [this.#toCaller(answer), ...this.finished(this.#caller?.name ?? "", key)];
  }
}

/** Trent keeps nothing: two requests that say the same make a key. */
const server = ({ crypto }: Env, setting: Setting): Endpoint => ({
  handle(input) {
    if (input.kind !== "datagram") return [];
    const fields = unpack(input.bytes, runBytes, any, any, any, any);
    if (fields === undefined) return [{ kind: "reject", reason: "malformed" }];
    const [run, first, second] = fields;
    const [from, to] = [text(fields[3]) ?? "", text(fields[4]) ?? ""];
    if (!(setting.keys.has(from) && setting.keys.has(to))) {
      return [{ kind: "reject", reason: "unknown-peer" }];
    }
    const a = open(crypto, setting, from, "request", first);
    const b = open(crypto, setting, to, "request", second);
    const wanted = concat(run, nameField(from), nameField(to));
    const same = a !== undefined && b !== undefined && equalBytes(a.rest, wanted);
    if (!same || !equalBytes(b.rest, wanted)) return [{ kind: "reject", reason: "bad-tag" }];
    const key = crypto.random(keyBytes);
    const answer = (name: Principal, nonce: Uint8Array) =>
      seal(crypto, setting, name, "answer", concat(nonce, key));
    return [transmit(pack(run, answer(from, a.nonce), answer(to, b.nonce)))];
  },
});

export const otwayRees: Protocol = {
  name: "otway-rees",
  title: "Otway–Rees",
  flow: `
A → B: M, {Na, M, A, B}Kas, A, B
B → S: M, {Na, M, A, B}Kas, {Nb, M, A, B}Kbs, A, B
S → B: M, {Na, K}Kas, {Nb, K}Kbs
B → A: M, {Na, K}Kas                   tagged: what is sealed begins with its type
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
      about: "tagged: what is sealed begins with its type",
      weakens: { untagged: ["server-authentication", "key-secrecy", "confidentiality"] },
    },
  },
  claims: claimsOf({
    "server-authentication": "The server answers only when both have asked.",
    "client-authentication": "The server answers only when both have asked.",
    "key-secrecy": "The key travels only under keys shared with the server.",
    confidentiality: "Texts are sealed under the key.",
    integrity: "What does not verify is discarded.",
  }),
  deploy({ crypto, options, principals }) {
    const users = principals.filter((p) => p !== "trent");
    const keys = new Map(users.map((p) => [p, crypto.random(32)]));
    const setting = { keys, tagged: options.types === "tagged" };
    return {
      open(role, env) {
        if (role === "server") return server(env, setting);
        const party = role === "initiator" ? Initiator : Responder;
        return new Client(new party(env, setting));
      },
      longTermSecrets: (p) => (p === "trent" ? [...keys.values()] : present(keys.get(p))),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice moves the meeting to friday"),
          ...say("responder", "bob has a train to catch on friday"),
        ],
      },
      { start: "after-previous", messages: [...say("initiator", "alice moves it to monday")] },
    ],
  }),
};
