/**
 * The device: one loop that announces itself, waits for a datagram and handles it.
 *
 * | state   | from                | datagram             | what it does                           |
 * |---------|---------------------|----------------------|----------------------------------------|
 * | any     | a blocked address   | any                  | nothing                                |
 * | idle    | anywhere            | no colon             | blocks the sender                      |
 * | idle    | anywhere            | `ACK:PASS,…`         | checks the hash, answers; `session`    |
 * | idle    | anywhere            | other `ACK:`         | crashes                                |
 * | idle    | anywhere            | other command        | nothing                                |
 * | session | the client          | OAEP of `DATA:…`     | answers, if the number is the next one |
 * | session | the client          | OAEP of `FIN:…`      | likewise; `idle`                       |
 * | session | the client          | anything else        | crashes                                |
 * | session | another address     | any                  | says that it is busy, blocks           |
 *
 * While idle it announces itself in every turn of the loop, whatever made it turn. Nothing ends
 * this in the original; here it falls silent after {@link idleTurns} turns of a minute in which
 * nothing came, since a run of the lab must come to rest, and goes on with the next datagram.
 */
import {
  type Address,
  broadcast,
  type Credential,
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
} from "../../endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../../kit/bytes.ts";
import {
  agreedOn,
  covering,
  firstNumber,
  newHalf,
  newSalt,
  Sequence,
  saltedHash,
} from "./login.ts";
import {
  broadcastEveryMs,
  clientPort,
  deviceName,
  deviceRefreshMs,
  type Installation,
  saltsCached,
  usersStore,
} from "./settings.ts";
import {
  decryptRsa,
  encryptRsa,
  importKey,
  intOrCrash,
  log,
  parseMessage,
  printable,
  rejected,
  splitLast,
  Uncaught,
} from "./wire.ts";

/** A stuck session lasts two minutes in the lab: the client after it is still heard. */
const idleTurns = 3;
/** With `beacon=timed`: the oldest one goes. */
const mostBlocked = 16;
const busyText = fromLatin1("Sorry, somebody is connected.");

interface Session {
  readonly client: Address;
  readonly key: Uint8Array;
  readonly sequence: Sequence;
  readonly label: string;
  readonly peer: string;
}

export class Device implements Endpoint {
  readonly #env: Env;
  readonly #installation: Installation;
  readonly #accounts: readonly Credential[];
  readonly #salts = new Map<number, Latin1>();
  readonly #blocked = new Set<Address>();
  #refreshMs: Millis = 0;
  #turns = 0;
  #silentTurns = 0;
  #wakeMs: Millis = 0;
  #session: Session | undefined;
  readonly #logins = new Map<Address, number>();
  #hangs = false;

  constructor(env: Env, installation: Installation, accounts: readonly Credential[]) {
    this.#env = env;
    this.#installation = installation;
    this.#accounts = accounts;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#hangs) return [];
    switch (input.kind) {
      case "start":
        return this.#turn(now);
      case "timeout":
        this.#silentTurns++;
        return [log("nothing came for a minute"), ...this.#turn(now)];
      case "datagram": {
        this.#silentTurns = 0;
        const outputs = this.#checked(input.bytes, input.from);
        return this.#hangs ? outputs : [...outputs, ...this.#turn(now)];
      }
      default:
        throw new MisuseError(`a device takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    const silent = this.#silentTurns >= idleTurns;
    return this.#hangs || silent || this.#session !== undefined ? undefined : this.#wakeMs;
  }

  /** Unauthenticated senders make only the block list grow: of salts there are at most ten. */
  stateSize(): number {
    return this.#blocked.size;
  }

  /** The beginning of the loop, up to where it waits. */
  #turn(now: Millis): readonly Output[] {
    const { timedBeacon } = this.#installation.settings;
    if (now >= this.#refreshMs) {
      this.#blocked.clear();
      this.#refreshMs = now + deviceRefreshMs;
    }
    this.#turns++;
    if (this.#session !== undefined) {
      this.#wakeMs = now;
      return [];
    }
    if (timedBeacon && now < this.#wakeMs) return [];
    this.#wakeMs = now + broadcastEveryMs;
    const salt = newSalt(this.#env.crypto);
    if (this.#salts.size === saltsCached) this.#salts.delete(Math.min(...this.#salts.keys()));
    this.#salts.set(this.#turns, salt);
    const bytes = fromLatin1(`CONNECT:${salt},${this.#turns},${deviceName}`);
    return [log("announcing"), { kind: "transmit", bytes, to: broadcast(clientPort) }];
  }

  /** With `fields=checked` what would end the program is dropped instead. */
  #checked(bytes: Uint8Array, from: Address): readonly Output[] {
    if (!this.#installation.settings.checked) return this.#take(bytes, from);
    try {
      return this.#take(bytes, from);
    } catch (error) {
      if (error instanceof Uncaught) return [rejected("malformed")];
      throw error;
    }
  }

  #take(bytes: Uint8Array, from: Address): readonly Output[] {
    if (this.#blocked.has(from)) return [rejected("unauthorized")];
    const session = this.#session;
    if (session === undefined) return this.#onIdle(bytes, from);
    if (session.client !== from) {
      this.#block(from);
      return [{ kind: "transmit", bytes: busyText, to: from }, rejected("busy")];
    }
    return this.#onSecure(session, bytes).map((o) => ({ ...o, session: session.label }));
  }

  #block(from: Address): void {
    this.#blocked.add(from);
    if (!this.#installation.settings.timedBeacon) return;
    const [oldest] = this.#blocked;
    if (this.#blocked.size > mostBlocked && oldest !== undefined) this.#blocked.delete(oldest);
  }

  // --- logging on ------------------------------------------------------------------------------

  #onIdle(bytes: Uint8Array, from: Address): readonly Output[] {
    const command = parseMessage(latin1(bytes));
    if (command === undefined) {
      this.#block(from);
      return [rejected("malformed")];
    }
    if (command[0] !== "ACK") return [rejected("unexpected")];
    // The reply to an unknown ACK names a socket that does not exist.
    if (command[1] !== "PASS") throw new Uncaught("NameError: s is not defined");
    if (command.length !== 8) return [rejected("malformed")];
    return this.#onPass(command, from);
  }

  #onPass(command: readonly Latin1[], from: Address): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, client, device, publicOf } = this.#installation;
    const [, , num = "", user = "", hash = "", csalt = "", theirs = "", pem = ""] = command;
    const salt = this.#takeSalt(Number(intOrCrash(num)));
    if (salt === undefined) return [rejected("stale")];
    const row = this.#rowOf(user);
    const about = [user, theirs, pem];
    const covered = covering(settings.bound, "client", num, csalt, ...about);
    const account = this.#accounts.find((a) => latin1(a.user) === user);
    const known = row !== undefined && account !== undefined;
    if (!known || !this.#same(saltedHash(crypto, row, salt + covered), hash)) {
      return [
        { kind: "transmit", bytes: fromLatin1("ERROR:LOGIN"), to: from },
        rejected("bad-tag"),
      ];
    }
    if (settings.pinned && pem !== client.publicText) return [rejected("bad-key")];
    const half = newHalf(crypto, settings);
    const answer = covering(settings.bound, "device", hash, device.publicText, half.shown);
    const proof = saltedHash(crypto, row, csalt + answer);
    const reply = ["ACK:ENCRYPT", device.publicText, proof, half.shown].join(",");
    const agreed = agreedOn(...about, device.publicText, half.shown);
    const peer = account.principal;
    const label = this.#labelFor(from);
    const outputs: OutputBody[] = [
      log(`entry: ${this.#shown(user)} ${row}`),
      { kind: "claim", claim: { kind: "running", peer, agreed } },
      { kind: "transmit", bytes: fromLatin1(reply), to: from },
    ];
    const inSession = (): readonly Output[] => outputs.map((o) => ({ ...o, session: label }));
    const first = firstNumber(crypto, settings, half, theirs);
    if (first === "hangs") this.#hangs = true;
    if (first === "hangs" || first === undefined) return inSession();
    const key = importKey(crypto, pem, publicOf);
    const sequence = new Sequence(crypto, first);
    this.#session = { client: from, key, sequence, label, peer };
    outputs.push(
      { kind: "deliver", message: fromLatin1(user), from: peer, purpose: "login" },
      { kind: "claim", claim: { kind: "secret", peer, value: first } },
      { kind: "claim", claim: { kind: "commit", peer, agreed: agreedOn(...about) } },
    );
    return inSession();
  }

  /** A salt stays good until nine newer ones have followed it, however often it was used. */
  #takeSalt(num: number): Latin1 | undefined {
    const salt = this.#salts.get(num);
    if (this.#installation.settings.oneTimeSalts) this.#salts.delete(num);
    return salt;
  }

  #same(expected: Latin1, given: Latin1): boolean {
    return this.#env.crypto.equal(fromLatin1(expected), fromLatin1(given));
  }

  /** The hash in the user's row of the database. */
  #rowOf(user: Latin1): Latin1 | undefined {
    const rows = latin1(this.#env.store(usersStore).read()).split("\n");
    return rows.map((row) => row.split(",")).find(([name]) => name === user)?.[1];
  }

  /** The second session from an address must not pass for a continuation of the first. */
  #labelFor(from: Address): string {
    const count = (this.#logins.get(from) ?? 0) + 1;
    this.#logins.set(from, count);
    return count === 1 ? from : `${from} (${count})`;
  }

  // --- in session ------------------------------------------------------------------------------

  #onSecure(session: Session, bytes: Uint8Array): readonly OutputBody[] {
    const opened = decryptRsa(this.#env.crypto, this.#installation.device, bytes);
    const colon = opened.text.indexOf(":");
    const word = colon < 0 ? opened.text : opened.text.slice(0, colon);
    if (word !== "FIN" && word !== "DATA") return [rejected("unexpected")];
    if (colon < 0) throw new Uncaught("IndexError: list index out of range");
    const rest = opened.text.slice(colon + 1);
    if (word === "DATA") return this.#onData(session, rest, opened.block);
    if (intOrCrash(rest) !== session.sequence.value) return [rejected("replayed")];
    this.#session = undefined;
    return [log("the session is over")];
  }

  #onData(session: Session, text: Latin1, evidence: Uint8Array): readonly OutputBody[] {
    const { crypto } = this.#env;
    const { sequence, client, peer } = session;
    const parts = splitLast(text);
    if (parts === undefined) return [rejected("malformed")];
    const [shown, digits] = parts;
    if (intOrCrash(digits) !== sequence.value) return [rejected("replayed")];
    const echo = `You sent IOT: ${shown}`;
    const message = fromLatin1(shown);
    const reply = encryptRsa(crypto, session.key, `${echo},${sequence.text(1n)}`);
    sequence.value += 2n;
    return [
      { kind: "deliver", message, from: peer },
      { kind: "claim", claim: { kind: "evidence", peer, message, bytes: evidence } },
      log(`decrypted: ${this.#shown(shown)}`),
      // Not a message of a user's: it only says what the device has read.
      { kind: "submit", message: fromLatin1(echo), purpose: "login" },
      { kind: "transmit", bytes: reply, to: client },
    ];
  }

  #shown(text: Latin1): string {
    return this.#installation.settings.checked ? printable(text) : text;
  }
}
