/**
 * The client: one process from login to leaving.
 *
 * | state      | input                  | what it does; next state                              |
 * |------------|------------------------|-------------------------------------------------------|
 * | `offline`  | connected              | credential; `login`                                   |
 * | `login`    | `200…`                 | own g^i; `exchange`. Anything else: exit              |
 * | `exchange` | a number               | key with the server; `welcome`. No number: crash      |
 * | `welcome`  | anything               | shows it as the server's word; `chat`                 |
 * | `chat`     | send                   | receiver's name; waits for the answer                 |
 * |            | `200: number`          | key with the receiver, three segments, “sent”         |
 * |            | `Name: number`         | waits for three segments, opens them, shows the text  |
 *
 * The original sends in one thread and receives in another, both on one socket, and leaves open
 * which of them gets what. Here an answer is told from a message by its three digits.
 *
 * An uncaught exception ends a thread of the original, and leaves a client that cannot receive or
 * cannot send; here it ends the client. Its user leaves after half a minute in which nothing
 * happened.
 */
import {
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type Principal,
  type RejectReason,
} from "../../endpoint.ts";
import { concat, fromLatin1, latin1, lossyText, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import { loginText, nameOf, principalNamed, tokenOf } from "./accounts.ts";
import type { Arriving, ClientSetup, Letter } from "./client-state.ts";
import { drawPair, readValue, sharedKey } from "./numbers.ts";
import { padded, unpadded } from "./padding.ts";
import { openSegments, received, sealSegments, segmentCount, Writer } from "./segments.ts";
import { isSignedBy, joined, signatureOf, words } from "./signing.ts";

type State = "offline" | "login" | "exchange" | "welcome" | "chat";

/** Claims about the server carry this label; what is said to other users carries the usual one. */
const link = "link";
const leaveAfterMs: Millis = 30_000;
const receiptAfterMs: Millis = 5_000;

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #setup: ClientSetup;
  readonly #writer = new Writer();
  readonly #outbox: Letter[] = [];
  /** Claims made, so that none is made twice. */
  readonly #claimed = new Set<string>();
  /** Messages so far, by kind, sender and receiver. */
  readonly #counts = new Map<string, number>();
  #state: State = "offline";
  #pair: KeyPair = { privateKey: new Uint8Array(0), publicKey: new Uint8Array(0) };
  #valueText: Uint8Array = new Uint8Array(0);
  #serverKey: Uint8Array = new Uint8Array(0);
  #asked: Letter | undefined;
  #arriving: Arriving | undefined;
  #unconfirmed: { readonly text: Uint8Array; readonly dueMs: Millis } | undefined;
  #lastMs: Millis = 0;
  /** When to look whether the user leaves; not moved by every input, to keep the clock quiet. */
  #lookMs: Millis = 0;

  constructor(env: Env, setup: ClientSetup) {
    this.#env = env;
    this.#setup = setup;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (input.kind === "timeout") return this.#onTimeout(now);
    this.#lastMs = now;
    switch (input.kind) {
      case "start":
        this.#lookMs = now + leaveAfterMs;
        return [];
      case "connected":
        if (input.peer !== this.#env.peerAddress) return [{ kind: "close", to: input.peer }];
        return this.#logIn(now);
      case "chunk":
        if (input.from !== this.#env.peerAddress) return [discarded("unknown-peer")];
        return this.#read(input.bytes, now);
      case "closed":
        if (input.peer !== this.#env.peerAddress) return [];
        return [{ kind: "exit", ok: false, because: "the server is gone" }];
      case "send":
        if (this.#state !== "chat") throw new MisuseError("not logged in");
        return this.#post(
          { kind: "message", to: input.to ?? this.#setup.friend, text: input.message },
          now,
        );
      default:
        throw new MisuseError(`a client takes no ${input.kind}`);
    }
  }

  deadline(): Millis {
    const receipt = this.#unconfirmed?.dueMs ?? Number.POSITIVE_INFINITY;
    const write = this.#writer.deadline() ?? Number.POSITIVE_INFINITY;
    return Math.min(this.#lookMs, receipt, write);
  }

  #onTimeout(now: Millis): readonly Output[] {
    const outputs: Output[] = [...this.#writer.due(now)];
    if (this.#unconfirmed !== undefined && now >= this.#unconfirmed.dueMs) {
      const { text } = this.#unconfirmed;
      this.#unconfirmed = undefined;
      outputs.push({ kind: "give-up", message: text }, { kind: "ready", messages: 1 });
    }
    if (now >= this.#lookMs) {
      this.#lookMs = this.#lastMs + leaveAfterMs;
      if (now >= this.#lookMs) outputs.push({ kind: "exit", ok: true });
    }
    return outputs;
  }

  #write(segments: readonly Uint8Array[], now: Millis): readonly Output[] {
    return this.#writer.write(this.#env.peerAddress ?? "", segments, now);
  }

  #read(bytes: Uint8Array, now: Millis): readonly Output[] {
    const outputs: Output[] = [];
    for (const segment of received(bytes)) {
      const more = this.#take(segment, now);
      outputs.push(...more);
      if (more.some((output) => output.kind === "exit")) break;
    }
    return outputs;
  }

  #take(segment: Uint8Array, now: Millis): readonly Output[] {
    switch (this.#state) {
      case "login":
        return this.#onLoginAnswer(segment, now);
      case "exchange":
        return this.#onServerValue(segment);
      case "welcome":
        this.#state = "chat";
        return [log(`server: ${this.#shown(segment)}`), next];
      case "chat":
        if (this.#arriving !== undefined) return this.#onSegment(this.#arriving, segment, now);
        if (this.#asked !== undefined && /^[0-9]{3}:/.test(latin1(segment))) {
          return this.#onReceiver(this.#asked, segment, now);
        }
        return this.#onHeader(segment);
      default:
        return [discarded("unexpected")];
    }
  }

  // --- the server ------------------------------------------------------------------------------

  #logIn(now: Millis): readonly Output[] {
    const { account, settings } = this.#setup;
    const login = loginText(account);
    const credential = settings.auth === "token" ? tokenOf(this.#env.crypto, login) : login;
    this.#state = "login";
    return [
      log("connected to the server"),
      { kind: "submit", message: credential, purpose: "login", session: link },
      ...this.#write([credential], now),
    ];
  }

  #onLoginAnswer(segment: Uint8Array, now: Millis): readonly Output[] {
    const { settings, server, signing } = this.#setup;
    const { crypto, self } = this.#env;
    if (!latin1(segment).startsWith("200")) {
      if (settings.discards) return [discarded("unauthorized")];
      return [log("login refused"), { kind: "exit", ok: false, because: "login refused" }];
    }
    this.#pair = drawPair(crypto, settings);
    const value = crypto.encode("decimal", this.#pair.publicKey);
    const nonce = words(segment)[1] ?? new Uint8Array(0);
    const login = signatureOf(crypto, signing, self, "login", nonce, value);
    const peer = signatureOf(crypto, signing, self, "peer", value);
    this.#valueText = value;
    this.#state = "exchange";
    return [
      log("login accepted"),
      { kind: "claim", claim: { kind: "running", peer: server }, session: link },
      ...this.#write([settings.signed ? joined(value, login, peer) : value], now),
    ];
  }

  #onServerValue(segment: Uint8Array): readonly Output[] {
    const { settings, server, signing } = this.#setup;
    const { crypto } = this.#env;
    const [text = segment, signature = new Uint8Array(0)] = settings.signed
      ? words(segment)
      : [segment];
    const mine = this.#valueText;
    if (settings.signed && !isSignedBy(crypto, signing, server, signature, "server", mine, text)) {
      return this.#failed("bad-signature", "the server's value is not signed by the server");
    }
    const key = this.#keyWith(text);
    if (key === undefined) return this.#failed("malformed", "ValueError: not a whole number");
    this.#serverKey = key;
    this.#state = "welcome";
    return [
      { kind: "claim", claim: { kind: "secret", peer: server, value: key }, session: link },
      { kind: "claim", claim: { kind: "commit", peer: server, agreed: key }, session: link },
      log("keys exchanged with the server"),
    ];
  }

  #keyWith(text: Uint8Array): Uint8Array | undefined {
    const { crypto } = this.#env;
    const { settings } = this.#setup;
    const value = readValue(crypto, settings, text);
    return value && sharedKey(crypto, settings, this.#pair.privateKey, value);
  }

  // --- sending ---------------------------------------------------------------------------------

  #post(letter: Letter, now: Millis): readonly Output[] {
    this.#outbox.push(letter);
    return this.#askNext(now);
  }

  /** One at a time: the receiver's name goes out, and the rest waits for the answer. */
  #askNext(now: Millis): readonly Output[] {
    if (this.#asked !== undefined) return [];
    this.#asked = this.#outbox.shift();
    return this.#asked === undefined ? [] : this.#write([utf8(nameOf(this.#asked.to))], now);
  }

  #onReceiver(letter: Letter, segment: Uint8Array, now: Millis): readonly Output[] {
    this.#asked = undefined;
    const text = fromLatin1(latin1(segment).replace(/^200: /, ""));
    const shown = log(`server answers: ${this.#shown(segment)}`);
    const unknown = latin1(segment).startsWith("404");
    const key = unknown ? undefined : this.#peerKey(letter.to, text);
    if (key === undefined) {
      const why = unknown ? [] : this.#failed("malformed", "ValueError: not a whole number");
      const lost: readonly Output[] =
        letter.kind === "message" ? [{ kind: "give-up", message: letter.text }, next] : [];
      return [shown, ...why, ...lost, ...this.#askNext(now)];
    }
    const inner = this.#seal(letter, key);
    const { crypto } = this.#env;
    const segments = this.#setup.settings.outer
      ? sealSegments(crypto, this.#serverKey, concat(...inner))
      : inner;
    return [
      shown,
      ...this.#claims("running", letter.to, key),
      log("keys exchanged with the other user"),
      ...this.#write(segments, now),
      ...this.#sent(letter, now),
      ...this.#askNext(now),
    ];
  }

  /** The original reports success as soon as it has written, whatever becomes of the message. */
  #sent(letter: Letter, now: Millis): readonly Output[] {
    if (letter.kind === "receipt") return [];
    if (this.#setup.settings.receipts) {
      this.#unconfirmed = { text: letter.text, dueMs: now + receiptAfterMs };
      return [];
    }
    const said = log(`sent to ${nameOf(letter.to)}`);
    return [said, { kind: "confirm", message: letter.text }, next];
  }

  #seal({ kind, to, text }: Letter, key: Uint8Array): readonly Uint8Array[] {
    const data = this.#associatedData(kind, this.#env.self, to);
    const plaintext = this.#setup.settings.padded ? padded(text) : text;
    this.#count(kind, this.#env.self, to);
    return sealSegments(this.#env.crypto, key, plaintext, data);
  }

  // --- receiving -------------------------------------------------------------------------------

  /** `Name: value`, written by the server in front of each message. */
  #onHeader(segment: Uint8Array): readonly Output[] {
    const header = latin1(segment);
    const colon = header.indexOf(": ");
    const from = principalNamed(header.slice(0, Math.max(0, colon)));
    const key = colon < 0 ? undefined : this.#peerKey(from, fromLatin1(header.slice(colon + 2)));
    this.#arriving = { from, key, segments: [] };
    if (key !== undefined) return [];
    // The repaired program skips the three segments that belong to it.
    const outputs = this.#failed("malformed", "ValueError: not a whole number");
    if (colon < 0) this.#arriving = undefined;
    return outputs;
  }

  #onSegment(arriving: Arriving, segment: Uint8Array, now: Millis): readonly Output[] {
    const { from, key, segments } = arriving;
    segments.push(segment);
    if (segments.length < segmentCount) return [];
    this.#arriving = undefined;
    if (key === undefined) return [];
    const opened = this.#open(from, key, segments);
    if (opened === undefined) return this.#failed("bad-tag", "ValueError: MAC check failed");
    const { kind, text } = opened;
    this.#count(kind, from, this.#env.self);
    if (kind === "receipt") return [...this.#claims("commit", from, key), ...this.#onReceipt(text)];
    const receipt: readonly Output[] = this.#setup.settings.receipts
      ? this.#post({ kind: "receipt", to: from, text: this.#env.crypto.hash("sha256", text) }, now)
      : [];
    return [
      ...this.#claims("commit", from, key),
      { kind: "deliver", message: text, from },
      log(`received: ${this.#shown(text)}`),
      ...receipt,
    ];
  }

  #open(from: Principal, key: Uint8Array, segments: readonly Uint8Array[]) {
    const { settings } = this.#setup;
    const kinds = settings.receipts ? (["message", "receipt"] as const) : (["message"] as const);
    for (const kind of kinds) {
      const data = this.#associatedData(kind, from, this.#env.self);
      const plaintext = openSegments(this.#env.crypto, key, segments, data);
      const text = plaintext && (settings.padded ? unpadded(plaintext) : plaintext);
      if (text !== undefined) return { kind, text };
    }
    return undefined;
  }

  #onReceipt(digest: Uint8Array): readonly Output[] {
    const text = this.#unconfirmed?.text;
    const { crypto } = this.#env;
    if (text === undefined || !crypto.equal(digest, crypto.hash("sha256", text))) {
      return [discarded("unexpected")];
    }
    this.#unconfirmed = undefined;
    return [{ kind: "confirm", message: text }, next];
  }

  /** Received text goes to the console as it is, line breaks included. */
  #shown(text: Uint8Array): string {
    const shown = lossyText(text);
    return this.#setup.settings.escaped ? JSON.stringify(shown) : shown;
  }

  // --- both ------------------------------------------------------------------------------------

  /** The key with another user, from the value that the server says is theirs. */
  #peerKey(peer: Principal, segment: Uint8Array): Uint8Array | undefined {
    const { settings, signing } = this.#setup;
    if (!settings.signed) return this.#keyWith(segment);
    const [value = segment, signature = new Uint8Array(0)] = words(segment);
    return isSignedBy(this.#env.crypto, signing, peer, signature, "peer", value)
      ? this.#keyWith(value)
      : undefined;
  }

  /** Empty, as in the original; with the repairs, what kind it is, who to whom, and which one. */
  #associatedData(kind: Letter["kind"], from: Principal, to: Principal): Uint8Array {
    const { numbered, receipts } = this.#setup.settings;
    const number = this.#counts.get(`${kind} ${from} ${to}`) ?? 0;
    if (numbered) return utf8(`${kind} ${from} ${to} ${number}`);
    return utf8(receipts ? kind : "");
  }

  #count(kind: Letter["kind"], from: Principal, to: Principal): void {
    const key = `${kind} ${from} ${to}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  #claims(kind: "running" | "commit", peer: Principal, key: Uint8Array): readonly Output[] {
    const outputs: Output[] = [];
    if (this.#isNew(`secret ${peer}`, key)) {
      outputs.push({ kind: "claim", claim: { kind: "secret", peer, value: key } });
    }
    if (this.#isNew(`${kind} ${peer}`, key)) {
      outputs.push({ kind: "claim", claim: { kind, peer, agreed: key } });
    }
    return outputs;
  }

  #isNew(what: string, key: Uint8Array): boolean {
    const id = `${what} ${latin1(key)}`;
    const isNew = !this.#claimed.has(id);
    this.#claimed.add(id);
    return isNew;
  }

  /** An uncaught exception ends the program, unless `errors=discard`. */
  #failed(reason: "malformed" | "bad-tag" | "bad-signature", exception: string): readonly Output[] {
    if (!this.#setup.settings.discards) throw new Error(exception);
    return [discarded(reason)];
  }
}

const next: Output = { kind: "ready", messages: 1 };
const log = (line: string): Output => ({ kind: "log", line });
const discarded = (reason: RejectReason): Output => ({ kind: "reject", reason });
