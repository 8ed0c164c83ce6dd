/**
 * A key agreement that two people authenticate by comparing a few digits: each reads what the
 * device shows to the other one, over the telephone or across the table.
 *
 * Aims: mutual authentication and a forward secret key, without certificates, passwords or any
 * secret dealt beforehand.
 *
 * - `commitment=yes`: the initiator commits to its half before it sees the other one (S. Vaudenay,
 *   “Secure communications over insecure channels based on short authenticated strings”, CRYPTO
 *   2005; RFC 6189, ZRTP, §4.4.1.1). Whoever is in the middle has to settle its halves before it
 *   can know the digits, and has one try in 10^n for every attack. Each one that fails is seen.
 * - `commitment=no`: both halves are sent as they are. The attacker finishes with Bob, and then
 *   tries halves for Alice until her digits are his: about 10^n tries, without anybody noticing.
 * - `compare=nobody`: nobody looks at the digits, and it is Diffie and Hellman's exchange of 1976.
 *
 * Known limits: people who say “yes, the same” without looking are `compare=nobody`. A run in which
 * the digits differ is over on both sides; whoever keeps interfering can keep two from talking.
 */
import type { Env, OutputBody, Principal, Protocol } from "../endpoint.ts";
import { text, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { say } from "../kit/workload.ts";
import { End, initiatorAndResponder } from "./end.ts";
import { any, message, pack, readMessage } from "./fields.ts";
import { Client, claimsOf, type Result, running, Service, transmit } from "./party.ts";
import { recordClaims } from "./records.ts";

const pointBytes = 32;
const hashBytes = 32;

interface Setting {
  readonly principals: readonly Principal[];
  readonly commits: boolean;
  readonly compares: boolean;
  readonly digits: number;
}

/** What is kept from the exchange until the digits have been compared. */
interface Pending {
  readonly peer: Principal;
  readonly key: Uint8Array;
  readonly digits: Uint8Array;
  /** What the two agree on, for the judges. */
  readonly agreed: Uint8Array;
}

abstract class Comparing extends End {
  protected readonly setting: Setting;
  protected pair: KeyPair | undefined;
  #pending: Pending | undefined;
  /** What the other user's device shows, where this one is not so far yet. */
  #seen: Uint8Array | undefined;
  #failed = false;

  constructor(env: Env, setting: Setting) {
    super(env);
    this.setting = setting;
  }

  /** Whom this end talks to, once it knows. */
  protected abstract other(): Principal | undefined;

  /** Both halves are there. @returns "bad-key" if theirs is no point of the curve. */
  protected agree(peer: Principal, theirs: Uint8Array): Result {
    const { crypto, self } = this.env;
    const own = this.pair ?? crypto.keyPair("x25519");
    const shared = crypto.sharedSecret("x25519", own.privateKey, theirs);
    if (shared === undefined) return "bad-key";
    const halves = this.inOrder(own.publicKey, theirs);
    const key = crypto.hkdfExtract("sha256", shared, pack(...halves));
    const names = this.inOrder(utf8(self), utf8(peer));
    const number = crypto.encode("decimal", crypto.hash("sha256", pack(...names, ...halves)));
    const digits = number.slice(-this.setting.digits);
    // Where nobody compares, the initiator is done before the responder can say more than its half.
    const agreed = this.setting.compares ? key : halves[1];
    this.#pending = { peer, key, digits, agreed };
    return [running(peer, agreed), ...this.#compare(this.#pending)];
  }

  #compare(pending: Pending): readonly OutputBody[] {
    const { peer, key, digits, agreed } = pending;
    if (!this.setting.compares) return this.finish(peer, key, {}, undefined, agreed);
    const showing: OutputBody = { kind: "show", value: digits, to: peer };
    return this.#seen === undefined ? [showing] : [showing, ...this.#judge(this.#seen, pending)];
  }

  /** One comparison for every run: whoever saw other digits does not go on. */
  #judge(seen: Uint8Array, { peer, key, digits }: Pending): readonly OutputBody[] {
    if (this.env.crypto.equal(seen, digits)) return this.finish(peer, key);
    this.#failed = true;
    return [{ kind: "alarm", text: `the digits that ${peer} sees are others` }];
  }

  shown(value: Uint8Array, from: Principal): Result {
    if (this.done || this.#failed || !this.setting.compares) return [];
    if (from !== this.other()) return [];
    if (this.#pending !== undefined) return this.#judge(value, this.#pending);
    this.#seen ??= value;
    return [];
  }

  protected get isOver(): boolean {
    return this.#pending !== undefined;
  }
}

class Initiator extends Comparing {
  start(): readonly OutputBody[] {
    const { crypto, self } = this.env;
    this.pair = crypto.keyPair("x25519");
    const { publicKey } = this.pair;
    const first = this.setting.commits ? crypto.hash("sha256", publicKey) : publicKey;
    return [transmit(message(1, first, utf8(self)))];
  }

  protected other(): Principal | undefined {
    return this.env.peer;
  }

  protected handshake(bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 2, pointBytes);
    if (fields === undefined || this.pair === undefined || this.isOver) return "malformed";
    const agreed = this.agree(this.env.peer ?? "", fields[0]);
    if (typeof agreed === "string" || !this.setting.commits) return agreed;
    const [claim, ...rest] = agreed;
    const opened = transmit(message(3, this.pair.publicKey));
    return [...(claim === undefined ? [] : [claim]), opened, ...rest];
  }
}

class Responder extends Comparing {
  #caller: Principal | undefined;
  #commitment: Uint8Array | undefined;

  protected other(): Principal | undefined {
    return this.#caller;
  }

  protected handshake(bytes: Uint8Array): Result {
    if (this.#caller !== undefined) return this.#opened(this.#caller, bytes);
    const fields = readMessage(bytes, 1, hashBytes, any);
    if (fields === undefined) return "malformed";
    const caller = text(fields[1]) ?? "";
    const { crypto, self } = this.env;
    if (caller === self || !this.setting.principals.includes(caller)) return "unknown-peer";
    const pair = crypto.keyPair("x25519");
    const answer = transmit(message(2, pair.publicKey));
    this.pair = pair;
    if (this.setting.commits) {
      this.#caller = caller;
      this.#commitment = fields[0];
      return this.setting.compares ? [answer] : [running(caller, pair.publicKey), answer];
    }
    const agreed = this.agree(caller, fields[0]);
    if (typeof agreed === "string") return agreed;
    this.#caller = caller;
    const [claim, ...rest] = agreed;
    return [...(claim === undefined ? [] : [claim]), answer, ...rest];
  }

  #opened(caller: Principal, bytes: Uint8Array): Result {
    const fields = readMessage(bytes, 3, pointBytes);
    if (fields === undefined || this.#commitment === undefined || this.isOver) return "malformed";
    const { crypto } = this.env;
    if (!crypto.equal(crypto.hash("sha256", fields[0]), this.#commitment)) return "bad-key";
    return this.agree(caller, fields[0]);
  }
}

const allThatRests = [
  "confidentiality",
  "integrity",
  "origin",
  "server-authentication",
  "client-authentication",
  "key-agreement",
  "key-secrecy",
];

export const shortStrings: Protocol = {
  name: "short-strings",
  title: "Key agreement with a short authentication string",
  flow: `
A → B: A, H(X)              commitment=no: A, X
B → A: Y                    K = KDF(g^xy; X, Y), digits = H(A, B, X, Y) mod 10^n
A → B: X                    commitment=no: nothing
A ⇒ B, B ⇒ A: digits        shown out of band, and compared
A ↔ B: counter, {text}K     a key for each direction
`.trim(),
  transport: "datagram",
  roles: initiatorAndResponder(2005),
  options: {
    commitment: {
      default: "yes",
      values: ["yes", "no"],
      about: "yes: the initiator commits to its half before it sees the other one",
      weakens: { no: allThatRests },
    },
    compare: {
      default: "both",
      values: ["both", "nobody"],
      about: "who compares the digits",
      weakens: { nobody: allThatRests },
    },
    digits: { default: "4", values: ["4", "6"], about: "how many digits are compared" },
  },
  claims: claimsOf({
    ...recordClaims,
    "server-authentication": "The users compare digits that depend on both halves.",
    "client-authentication": "The users compare digits that depend on both halves.",
    "key-agreement": "The digits depend on both names.",
    "key-secrecy": "The halves are compared, and nobody else can combine them.",
    "forward-secrecy": "There is nothing to disclose.",
    origin: "Texts come from the one with whom the key is shared.",
  }),
  deploy({ options, principals }) {
    const setting = {
      principals,
      commits: options.commitment !== "no",
      compares: options.compare !== "nobody",
      digits: Number(options.digits ?? "4"),
    };
    return {
      open: (role, env) =>
        role === "initiator"
          ? new Client(new Initiator(env, setting))
          : new Service(() => new Responder(env, setting)),
      longTermSecrets: () => [],
    };
  },
  workload: () => ({
    sessions: [
      {
        start: 0,
        messages: [
          ...say("initiator", "alice shares her address book"),
          ...say("responder", "bob has taken forty entries"),
        ],
      },
      { start: "after-previous", messages: say("initiator", "alice shares her diary as well") },
    ],
  }),
};
