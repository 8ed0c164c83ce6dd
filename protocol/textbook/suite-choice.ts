/**
 * Two who share a key agree on a cipher: the client lists what it has, the server chooses. Over a
 * stream, in lines of JSON.
 *
 * Aims: mutual authentication, a fresh key, and the best suite that both have.
 *
 * Known weakness: by default the MACs that end the handshake cover the nonces and not the list, so
 * that an attacker in the middle can remove the better suite from it, as in SSL 2.0 (Wagner and
 * Schneier, “Analysis of the SSL 3.0 protocol”, 1996; Bhargavan et al., “Downgrade resilience in
 * key-exchange protocols”, 2016). With `bound=yes` they cover every byte of the handshake. Neither
 * has forward secrecy: the session's key is made from the shared one.
 */
import type { Address, Env, Millis, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, lossyText, utf8 } from "../kit/bytes.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder, type Part } from "./end.ts";
import { pack } from "./fields.ts";
import { type Line, readLine, writeLine } from "./lines.ts";
import type { Result } from "./party.ts";
import { Client, claimsOf, keyOf, present, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";

const nonceBytes = 16;
const aeadOf = {
  "aes-256-gcm": { aead: "aes-gcm", keyBytes: 32 },
  "aes-128-gcm": { aead: "aes-gcm", keyBytes: 16 },
} as const;
type Suite = keyof typeof aeadOf;
/** Best first. */
const suites = Object.keys(aeadOf) as readonly Suite[];
const isSuite = (name: unknown): name is Suite => suites.some((s) => s === name);

interface Setting {
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly bound: boolean;
}

/** What the handshake settles. Nonces are in hex, as they are sent. */
interface Terms {
  readonly client: Principal;
  /** The client's list, in JSON. */
  readonly list: string;
  readonly suite: Suite;
  readonly nonces: readonly [client: string, server: string];
}

abstract class Chooser extends End {
  protected readonly setting: Setting;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
  }

  override receive(bytes: Uint8Array, now: Millis, from: Address): Result {
    if (!this.done) return this.handshake(bytes, from);
    const record = this.env.crypto.decode("base64", bytes);
    return record === undefined ? "malformed" : super.receive(record, now, from);
  }

  override send(content: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.env;
    const lined = (bytes: Uint8Array) => concat(crypto.encode("base64", bytes), utf8("\n"));
    return super.send(content).map((o) => (o.kind === "transmit" ? transmit(lined(o.bytes)) : o));
  }

  protected nonce(): string {
    const { crypto } = this.env;
    return lossyText(crypto.encode("hex", crypto.random(nonceBytes)));
  }

  protected key({ client, nonces }: Terms): Uint8Array {
    const fresh = concat(...nonces.map(utf8));
    return this.env.crypto.hkdfExtract("sha256", keyOf(this.setting.keys, client), fresh);
  }

  /** What `part` ends the handshake with, in hex. */
  protected mac(part: Part, { client, list, suite, nonces }: Terms): Uint8Array {
    const { crypto } = this.env;
    const { bound, keys } = this.setting;
    const chosen = bound ? [list, suite] : [];
    const covered = pack(...[part, client, ...chosen, ...nonces].map(utf8));
    return crypto.encode("hex", crypto.hmac("sha256", keyOf(keys, client), covered));
  }

  protected open(peer: Principal, terms: Terms): readonly OutputBody[] {
    const { crypto } = this.env;
    const { suite } = terms;
    const { aead, keyBytes: size } = aeadOf[suite];
    const key = this.key(terms);
    const derive = (use: string) => crypto.hkdfExpand("sha256", key, utf8(`${suite} ${use}`), size);
    const keys = { toResponder: derive("to server"), toInitiator: derive("to client") };
    const negotiated: OutputBody = { kind: "negotiated", suite, best: suites[0] ?? suite };
    return [negotiated, ...this.finish(peer, key, { aead }, keys)];
  }
}

const line = (value: Line): OutputBody => transmit(writeLine(value));

class Initiator extends Chooser {
  #nonce = "";

  start(): readonly OutputBody[] {
    this.#nonce = this.nonce();
    const hello = { client: this.env.self, nonce: this.#nonce, suites };
    return [running(this.env.peer ?? "", utf8(this.#nonce)), line(hello)];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { crypto, self, peer = "" } = this.env;
    const { suite, nonce, mac } = readLine(bytes) ?? {};
    if (!isSuite(suite) || typeof nonce !== "string" || typeof mac !== "string") return "malformed";
    const list = JSON.stringify(suites);
    const terms = { client: self, list, suite, nonces: [this.#nonce, nonce] } as const;
    if (!crypto.equal(this.mac("responder", terms), utf8(mac))) return "bad-tag";
    const own = line({ mac: lossyText(this.mac("initiator", terms)) });
    return [own, ...this.open(peer, terms)];
  }
}

class Responder extends Chooser {
  #terms: Terms | undefined;

  protected handshake(bytes: Uint8Array): Result {
    const value = readLine(bytes);
    if (value === undefined) return "malformed";
    return this.#terms === undefined ? this.#choose(value) : this.#ended(value, this.#terms);
  }

  #choose({ client, nonce, suites: list }: Line): Result {
    if (typeof client !== "string" || typeof nonce !== "string") return "malformed";
    if (!this.setting.keys.has(client)) return "unknown-peer";
    const offered: readonly unknown[] = Array.isArray(list) ? list : [];
    const suite = suites.find((s) => offered.includes(s));
    if (suite === undefined) return "unauthorized";
    const nonces = [nonce, this.nonce()] as const;
    const terms = { client, list: JSON.stringify(list), suite, nonces };
    this.#terms = terms;
    const mac = lossyText(this.mac("responder", terms));
    return [running(client, this.key(terms)), line({ suite, nonce: nonces[1], mac })];
  }

  #ended({ mac }: Line, terms: Terms): Result {
    if (typeof mac !== "string") return "malformed";
    const genuine = this.env.crypto.equal(this.mac("initiator", terms), utf8(mac));
    return genuine ? this.open(terms.client, terms) : "bad-tag";
  }
}

export const suiteChoice: Protocol = {
  name: "suite-choice",
  title: "A cipher suite, chosen from a list in the clear",
  flow: `
C → S: C, Nc, list
S → C: suite, Ns, MAC(K; server, C, Nc, Ns)      bound: and the list and the suite
C → S: MAC(K; client, C, Nc, Ns)                 bound: likewise
C ↔ S: {text}                                    with the suite, under Expand(Extract(K; Nc, Ns))
`.trim(),
  transport: "stream",
  roles: initiatorAndResponder(1995),
  options: {
    bound: {
      default: "no",
      values: ["no", "yes"],
      about: "yes: what ends the handshake covers the list and the choice",
      weakens: { no: ["downgrade"] },
    },
  },
  claims: claimsOf({
    ...recordClaims,
    downgrade: "The server takes the best suite that both have.",
    "server-authentication": "Only the server can answer the client's nonce.",
    "client-authentication": "Only the client can answer the server's nonce.",
    "key-agreement": "The key depends on both nonces.",
    "key-secrecy": "The key is made from one that only the two have.",
  }),
  deploy({ crypto, options, principals }) {
    const keys = new Map(principals.map((p) => [p, crypto.random(32)]));
    const setting = { keys, bound: options.bound === "yes" };
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new Initiator(env, setting), env.peerAddress)
          : new Service(() => new Responder(env, setting)),
      // Clients have their own keys, and the server has all of them.
      longTermSecrets: (p) => (p === "bob" ? [...keys.values()] : present(keys.get(p))),
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice sends the first floor", "alice sends the cellar as well"),
          ...say("responder", "bob has both plans in his hands"),
        ],
      },
      { start: "after-previous", messages: say("initiator", "alice asks for the plans back") },
    ],
  }),
};
