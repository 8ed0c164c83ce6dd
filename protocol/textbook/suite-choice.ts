/**
 * Two who share a key agree on a cipher: the client lists what it has, the server chooses. Over a
 * stream, in lines of JSON.
 *
 * Aims: mutual authentication, a fresh key, and the best suite that both have.
 *
 * Known weakness: by default the MACs that end the handshake cover the nonces and not the list, so
 * that whoever sits in between can cross out the better suite, as in SSL 2.0 (Wagner and Schneier,
 * “Analysis of the SSL 3.0 protocol”, 1996, §3.1; Bhargavan et al., “Downgrade resilience in
 * key-exchange protocols”, 2016). With `bound=yes` they cover every byte of the handshake. Neither
 * has forward secrecy: the session's key is made from the shared one.
 */
import type { Address, Env, Millis, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { concat, text, utf8 } from "../kit/bytes.ts";
import { End, initiatorAndResponder, type Part, say } from "./end.ts";
import { pack } from "./fields.ts";
import {
  Client,
  claimsOf,
  keyOf,
  present,
  type Result,
  running,
  Service,
  transmit,
} from "./party.ts";

const nonceBytes = 16;
const aeadOf = {
  "aes-256-gcm": { aead: "aes-gcm", keyBytes: 32 },
  "aes-128-gcm": { aead: "aes-gcm", keyBytes: 16 },
} as const;
type Suite = keyof typeof aeadOf;
/** Best first; both ends have all of them. */
const suites = Object.keys(aeadOf) as readonly Suite[];
const isSuite = (name: unknown): name is Suite => suites.some((s) => s === name);

interface Setting {
  readonly keys: ReadonlyMap<Principal, Uint8Array>;
  readonly bound: boolean;
}

type Line = Readonly<Record<string, unknown>>;

function readLine(bytes: Uint8Array): Line | undefined {
  try {
    const value: unknown = JSON.parse(text(bytes) ?? "");
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

abstract class Chooser extends End {
  protected readonly setting: Setting;
  /** Own nonce, in hex, as it is sent. */
  protected nonce: Uint8Array = new Uint8Array(0);

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
    return super.send(content).map((output) => {
      if (output.kind !== "transmit") return output;
      return transmit(concat(this.env.crypto.encode("base64", output.bytes), utf8("\n")));
    });
  }

  protected freshNonce(): string {
    const { crypto } = this.env;
    this.nonce = crypto.encode("hex", crypto.random(nonceBytes));
    return text(this.nonce) ?? "";
  }

  /** The MAC that `part` ends the handshake with, in hex. */
  protected mac(part: Part, client: Principal, hello: Line, suite: Suite, serverNonce: string) {
    const { crypto } = this.env;
    const { bound, keys } = this.setting;
    const list = bound ? [utf8(JSON.stringify(hello.suites)), utf8(suite)] : [];
    const nonces = [utf8(String(hello.nonce)), utf8(serverNonce)];
    const covered = pack(utf8(part), utf8(client), ...list, ...nonces);
    return crypto.encode("hex", crypto.hmac("sha256", keyOf(keys, client), covered));
  }

  protected open(client: Principal, peer: Principal, suite: Suite, nonces: Uint8Array) {
    const { crypto } = this.env;
    const { aead, keyBytes } = aeadOf[suite];
    const key = crypto.hkdfExtract("sha256", keyOf(this.setting.keys, client), nonces);
    const derive = (use: string) =>
      crypto.hkdfExpand("sha256", key, utf8(`${suite} ${use}`), keyBytes);
    const keys = { toResponder: derive("to server"), toInitiator: derive("to client") };
    const [best = suite] = suites;
    const negotiated: OutputBody = { kind: "negotiated", suite, best };
    return [negotiated, ...this.finish(peer, key, { aead }, keys)];
  }
}

const line = (value: Line): OutputBody => transmit(utf8(`${JSON.stringify(value)}\n`));

class Initiator extends Chooser {
  #hello: Line = {};

  start() {
    this.#hello = { client: this.env.self, nonce: this.freshNonce(), suites };
    return [running(this.env.peer ?? "", this.nonce), line(this.#hello)];
  }

  protected handshake(bytes: Uint8Array): Result {
    const { crypto, self, peer = "" } = this.env;
    const { suite, nonce, mac } = readLine(bytes) ?? {};
    if (!isSuite(suite) || typeof nonce !== "string" || typeof mac !== "string") return "malformed";
    const expected = this.mac("responder", self, this.#hello, suite, nonce);
    if (!crypto.equal(expected, utf8(mac))) return "bad-tag";
    const own = text(this.mac("initiator", self, this.#hello, suite, nonce));
    const nonces = concat(this.nonce, utf8(nonce));
    return [line({ mac: own }), ...this.open(self, peer, suite, nonces)];
  }
}

interface Chosen {
  readonly hello: Line;
  readonly client: Principal;
  readonly suite: Suite;
  readonly nonce: string;
}

class Responder extends Chooser {
  #chosen: Chosen | undefined;

  protected handshake(bytes: Uint8Array): Result {
    const value = readLine(bytes);
    if (value === undefined) return "malformed";
    return this.#chosen === undefined ? this.#choose(value) : this.#ended(value, this.#chosen);
  }

  #choose(hello: Line): Result {
    const { client, suites: offered } = hello;
    const list: readonly unknown[] = Array.isArray(offered) ? offered : [];
    const suite = suites.find((s) => list.includes(s));
    if (typeof client !== "string" || typeof hello.nonce !== "string") return "malformed";
    if (!this.setting.keys.has(client)) return "unknown-peer";
    if (suite === undefined) return "unauthorized";
    const nonce = this.freshNonce();
    this.#chosen = { hello, client, suite, nonce };
    const mac = text(this.mac("responder", client, hello, suite, nonce));
    const key = this.env.crypto.hkdfExtract(
      "sha256",
      keyOf(this.setting.keys, client),
      concat(utf8(hello.nonce), this.nonce),
    );
    return [running(client, key), line({ suite, nonce, mac })];
  }

  #ended({ mac }: Line, { hello, client, suite, nonce }: Chosen): Result {
    if (typeof mac !== "string") return "malformed";
    const expected = this.mac("initiator", client, hello, suite, nonce);
    if (!this.env.crypto.equal(expected, utf8(mac))) return "bad-tag";
    return this.open(client, client, suite, concat(utf8(String(hello.nonce)), this.nonce));
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
    downgrade: "The server takes the best suite that both have.",
    "server-authentication": "Only the server can answer the client's nonce.",
    "client-authentication": "Only the client can answer the server's nonce.",
    "key-agreement": "The key depends on both nonces.",
    "key-secrecy": "The key is made from one that only the two have.",
    confidentiality: "Texts are sealed with the suite that was chosen.",
    integrity: "What does not verify is discarded.",
    origin: "Each direction has a key of its own.",
    replay: "Every record has a new counter, and none is taken twice.",
    ordering: "Counters only grow.",
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
          ...say("initiator", "alice sends the plan of the first floor"),
          ...say("initiator", "alice sends the plan of the cellar"),
          ...say("responder", "bob has both plans in his hands"),
        ],
      },
      { start: "after-previous", messages: [...say("initiator", "alice asks for the plans back")] },
    ],
  }),
};
