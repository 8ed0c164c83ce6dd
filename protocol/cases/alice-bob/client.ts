/**
 * Bob: one process, one connection. He sends a message and waits until it is confirmed.
 *
 * | state        | input                | what he does; next state                             |
 * |--------------|----------------------|------------------------------------------------------|
 * | `connecting` | connected            | `key`                                                |
 * | `key`        | bytes                | takes them for the key; `writing`                    |
 * | `writing`    | send                 | token; `waiting`                                     |
 * | `waiting`    | a right confirmation | tells the user; `writing`                            |
 * | `waiting`    | a wrong one          | `ack=strict`: `waiting`; `ack=warn`: as if right     |
 * | `waiting`    | 2 s pass             | says so; the fifth time, the token again; `waiting`  |
 * | `waiting`    | connection closed    | `severed=success`: as if confirmed; exit             |
 * | `writing`    | nothing to say       | the user quits: closes the connection, exit          |
 *
 * There is no end to sending again. Bytes that come while the user writes lie in the socket until
 * the next message is out, and are then the first candidates for its confirmation. A user who
 * types the word that ends the program is modelled by one who has nothing to say for half a
 * minute.
 */
import {
  type Endpoint,
  type Env,
  type Input,
  InvariantError,
  type Millis,
  MisuseError,
  type Output,
  type RejectReason,
} from "../../endpoint.ts";
import { concat } from "../../kit/bytes.ts";
import { openToken, type Sealed, sealMessage } from "./envelope.ts";
import { framed, Inbox, longestFrameBytes } from "./inbox.ts";
import {
  agreedKey,
  checkPoints,
  derivedKey,
  newPair,
  type Points,
  readKey,
  signPoints,
} from "./session-key.ts";
import { alice, bob, type Dealt, type Settings } from "./settings.ts";

type State = "connecting" | "key" | "signature" | "writing" | "waiting" | "ended";

const pollMs: Millis = 2_000;
const pollsPerSending = 5;
const quitAfterMs: Millis = 30_000;
const empty = new Uint8Array(0);

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #dealt: Dealt;
  readonly #inbox: Inbox;
  #state: State = "connecting";
  #wakeMs: Millis | undefined;
  #severed = false;
  #key: Uint8Array = empty;
  /** With `key=agreed`: both points, and the key that they make if the signature is right. */
  #points: Points = { alice: empty, bob: empty };
  #text: Uint8Array = empty;
  #sealed: Sealed = { wire: empty, expects: empty };
  #number = 0;
  #polls = 0;
  #committed = false;

  constructor(env: Env, settings: Settings, dealt: Dealt) {
    this.#env = env;
    this.#settings = settings;
    this.#dealt = dealt;
    this.#inbox = new Inbox(settings.framed);
  }

  handle(input: Input, now: Millis): readonly Output[] {
    switch (input.kind) {
      case "start":
        return [log("looking for the server")];
      // A client accepts no connections: what comes from elsewhere never reaches the program.
      case "connected":
        if (this.#state !== "connecting" || input.peer !== this.#env.peerAddress) return [];
        this.#state = "key";
        // The server may have spoken already.
        return [log("connected; messages can be typed"), ...this.#read(now)];
      case "chunk":
        if (input.from !== this.#env.peerAddress) return [];
        this.#inbox.push(input.bytes);
        return this.#read(now);
      case "closed":
        return input.peer === this.#env.peerAddress ? this.#onClosed() : [];
      case "timeout":
        return this.#onTimeout(now);
      case "send":
        return this.#send(input.message, now);
      default:
        throw new MisuseError(`a client takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    return this.#wakeMs;
  }

  /** Calls `recv` for as long as the program would, and something is there. */
  #read(now: Millis): readonly Output[] {
    const outputs: Output[] = [];
    while (this.#state === "key" || this.#state === "signature" || this.#state === "waiting") {
      const taken = this.#inbox.take();
      if (taken === undefined) break;
      if (taken.kind === "too-long") outputs.push(reject("too-long"));
      else if (this.#state === "waiting") outputs.push(...this.#onAck(taken.bytes, now));
      else if (this.#state === "signature") outputs.push(...this.#onSignature(taken.bytes, now));
      else outputs.push(...this.#onKey(taken.bytes, now));
    }
    return outputs;
  }

  #onKey(wire: Uint8Array, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { shared } = this.#dealt;
    if (this.#settings.key === "agreed") return this.#onPoint(wire);
    this.#key = shared === undefined ? readKey(crypto, wire) : derivedKey(crypto, shared, wire);
    return [running, ...this.#ready(now)];
  }

  #onPoint(point: Uint8Array): readonly Output[] {
    const { crypto } = this.#env;
    const pair = newPair(crypto);
    const points = { alice: point, bob: pair.publicKey };
    const key = agreedKey(crypto, pair.privateKey, point, points);
    if (key === undefined) return [reject("bad-key")];
    this.#key = key;
    this.#points = points;
    this.#state = "signature";
    const signature = signPoints(crypto, this.#own().privateKey, bob, points);
    return [running, this.#transmit(concat(pair.publicKey, signature))];
  }

  #onSignature(signature: Uint8Array, now: Millis): readonly Output[] {
    const publicKey = this.#dealt.alice?.publicKey;
    if (publicKey === undefined) throw new InvariantError("keys were not dealt");
    if (signature.length !== 64) return [reject("malformed")];
    if (!checkPoints(this.#env.crypto, publicKey, alice, this.#points, signature)) {
      return [reject("bad-signature")];
    }
    return this.#ready(now);
  }

  #ready(now: Millis): readonly Output[] {
    this.#state = "writing";
    this.#wakeMs = now + quitAfterMs;
    const claim = { kind: "secret", peer: alice, value: this.#key } as const;
    return [
      { kind: "claim", claim },
      { kind: "ready", messages: 1 },
    ];
  }

  #send(text: Uint8Array, now: Millis): readonly Output[] {
    if (this.#state !== "writing") throw new MisuseError("the last message is not confirmed yet");
    this.#text = text;
    this.#number++;
    this.#sealed = this.#seal(now);
    if (this.#settings.framed && this.#sealed.wire.length > longestFrameBytes) {
      this.#number--;
      return [{ kind: "give-up", message: text }, ...this.#next(now)];
    }
    this.#state = "waiting";
    this.#polls = 0;
    this.#wakeMs = now + pollMs;
    const sent = this.#transmit(this.#sealed.wire);
    const earlier = this.#read(now);
    if (this.#severed && this.#state === "waiting") return [sent, ...earlier, ...this.#cutOff()];
    return [sent, ...earlier];
  }

  #seal(now: Millis): Sealed {
    return sealMessage(this.#env.crypto, this.#settings, {
      key: this.#key,
      now,
      text: this.#text,
      number: this.#number,
      signingKey: this.#settings.signed ? this.#own().privateKey : undefined,
    });
  }

  #onAck(wire: Uint8Array, now: Millis): readonly Output[] {
    const content = openToken(this.#env.crypto, this.#key, wire);
    if (content === undefined) {
      if (this.#settings.framed) return [reject("bad-tag")];
      throw new Error("InvalidToken: the confirmation does not open");
    }
    if (this.#env.crypto.equal(content, this.#sealed.expects)) {
      return [...this.#commit(), ...this.#confirmed(now)];
    }
    const complaint = log("a wrong confirmation");
    if (this.#settings.ack === "strict") return [complaint, reject("unexpected")];
    return [complaint, ...this.#confirmed(now)];
  }

  /** The first right confirmation is what tells Bob that Alice is there. */
  #commit(): readonly Output[] {
    if (this.#committed) return [];
    this.#committed = true;
    return [{ kind: "claim", claim: { kind: "commit", peer: alice, agreed: this.#key } }];
  }

  #confirmed(now: Millis): readonly Output[] {
    const message = this.#text;
    return [{ kind: "confirm", message }, log("it arrived"), ...this.#next(now)];
  }

  #next(now: Millis): readonly Output[] {
    this.#state = "writing";
    this.#wakeMs = now + quitAfterMs;
    return [{ kind: "ready", messages: 1 }];
  }

  #onTimeout(now: Millis): readonly Output[] {
    if (this.#state === "writing") return this.#end({ kind: "exit", ok: true });
    if (this.#state !== "waiting") return [];
    this.#wakeMs = now + pollMs;
    const waiting = log("nothing heard yet");
    if (++this.#polls % pollsPerSending !== 0) return [waiting];
    if (this.#settings.resend === "new") this.#sealed = this.#seal(now);
    return [waiting, log("silence; once more"), this.#transmit(this.#sealed.wire)];
  }

  #onClosed(): readonly Output[] {
    switch (this.#state) {
      case "key":
        throw new Error("ValueError: not a Fernet key");
      case "signature":
        return this.#end({ kind: "exit", ok: false, because: "the connection was closed" });
      case "waiting":
        return this.#cutOff();
      default:
        // The server was not listening yet, or the user is typing: the next message will tell.
        this.#severed = this.#state === "writing";
        return [];
    }
  }

  /** Waiting ends with the connection, and what comes after waiting is the good news. */
  #cutOff(): readonly Output[] {
    const message = this.#text;
    const told: readonly Output[] =
      this.#settings.severed === "success"
        ? [{ kind: "confirm", message }, log("it arrived")]
        : [{ kind: "give-up", message }];
    const exit = { kind: "exit", ok: false, because: "the connection was closed" } as const;
    return [...told, ...this.#end(exit)];
  }

  #end(exit: Output): readonly Output[] {
    this.#state = "ended";
    this.#wakeMs = undefined;
    return [exit];
  }

  #own() {
    const pair = this.#dealt.bob;
    if (pair === undefined) throw new InvariantError("keys were not dealt");
    return pair;
  }

  #transmit(message: Uint8Array): Output {
    return { kind: "transmit", bytes: framed(this.#settings.framed, message) };
  }
}

const running = { kind: "claim", claim: { kind: "running", peer: alice } } as const;
const log = (line: string): Output => ({ kind: "log", line });
const reject = (reason: RejectReason): Output => ({ kind: "reject", reason });
