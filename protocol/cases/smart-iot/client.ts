/**
 * The client: one process, one user. It is either at a prompt, where datagrams wait in the
 * socket's buffer, or takes one datagram after another:
 *
 * | from                      | datagram       | what it does                                    |
 * |---------------------------|----------------|-------------------------------------------------|
 * | a blocked address         | any            | nothing                                         |
 * | the device it is logged on| any            | decrypts, prints, and prompts for the next text |
 * | anywhere                  | `CONNECT:…`    | asks the user, then sends name and hash         |
 * | anywhere                  | `ACK:ENCRYPT,…`| checks the hash, logs on, prompts               |
 * | anywhere                  | `ERROR:…`      | tells the user, and may log on anew             |
 * | anywhere                  | other command  | leaves the loop: the program ends               |
 * | anywhere                  | no colon       | crashes                                         |
 *
 * The user says yes to the device he expects, once, and no to all others; he types `exit` when
 * nothing came to his mind for {@link patienceMs}, and closes the program after it.
 */
import {
  type Address,
  type Credential,
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
} from "../../endpoint.ts";
import { fromLatin1, type Latin1, latin1 } from "../../kit/bytes.ts";
import {
  agreedOn,
  covering,
  type DhHalf,
  firstNumber,
  newHalf,
  newSalt,
  passwordRow,
  Sequence,
  saltedHash,
} from "./login.ts";
import { clientRefreshMs, deviceName, devicePort, type Installation } from "./settings.ts";
import { Slots } from "./slots.ts";
import {
  decryptRsa,
  encryptRsa,
  importKey,
  log,
  parseMessage,
  printable,
  pythonInt,
  rejected,
  splitLast,
  Uncaught,
} from "./wire.ts";

const patienceMs: Millis = 1_000;
const hostname = /^[A-Za-z0-9.-]{1,64}$/;

/** What was sent with a login, kept until the answer. */
interface Asked {
  readonly address: Address;
  readonly salt: Latin1;
  readonly hash: Latin1;
  readonly half: DhHalf;
  readonly about: readonly Latin1[];
}

export class Client implements Endpoint {
  readonly #env: Env;
  readonly #installation: Installation;
  readonly #account: Credential;
  readonly #slots = new Slots();
  readonly #blocked = new Set<Address>();
  #refreshMs: Millis = 0;
  /** The socket's buffer: what arrived while the program waited for its user. */
  readonly #inbox: { readonly bytes: Uint8Array; readonly from: Address }[] = [];
  /** The device whose prompt is open. */
  #prompt: Address | undefined;
  #promptedMs: Millis = 0;
  #loggingOn = false;
  #loggedOn = false;
  #asked: Asked | undefined;
  #sequence: Sequence | undefined;
  /** What the user typed last and waits to see come back. */
  #outstanding: Uint8Array | undefined;
  #ended = false;
  #hangs = false;

  constructor(env: Env, installation: Installation, account: Credential) {
    this.#env = env;
    this.#installation = installation;
    this.#account = account;
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#hangs || this.#ended) return [];
    switch (input.kind) {
      case "start":
        return [log("waiting for devices to announce themselves")];
      case "datagram":
        this.#inbox.push({ bytes: input.bytes, from: socketOf(input.from, input.bytes) });
        return this.#read(now);
      case "timeout":
        return this.#prompt === undefined ? [] : this.#finish(this.#prompt);
      case "send":
        return [...this.#send(input.message), ...this.#read(now)];
      default:
        throw new MisuseError(`a client takes no ${input.kind}`);
    }
  }

  deadline(): Millis | undefined {
    return this.#prompt === undefined ? undefined : this.#promptedMs + patienceMs;
  }

  #read(now: Millis): readonly Output[] {
    const outputs: Output[] = [];
    while (this.#prompt === undefined && !this.#ended && !this.#hangs) {
      const next = this.#inbox.shift();
      if (next === undefined) break;
      outputs.push(...this.#checked(next.bytes, next.from, now));
    }
    return outputs;
  }

  /** With `fields=checked` what would end the program is dropped instead. */
  #checked(bytes: Uint8Array, from: Address, now: Millis): readonly Output[] {
    if (!this.#installation.settings.checked) return this.#take(bytes, from, now);
    try {
      return this.#take(bytes, from, now);
    } catch (error) {
      if (error instanceof Uncaught) return [rejected("malformed")];
      throw error;
    }
  }

  #take(bytes: Uint8Array, from: Address, now: Millis): readonly Output[] {
    if (now >= this.#refreshMs) {
      this.#blocked.clear();
      this.#refreshMs = now + clientRefreshMs;
    }
    const heard = log(`datagram from ${from}`);
    if (this.#blocked.has(from)) return [heard, rejected("unauthorized")];
    if (this.#slots.find(from) !== undefined) {
      const printed = this.#onEcho(bytes);
      return [heard, ...printed, ...this.#ask(from, now)];
    }
    const command = parseMessage(latin1(bytes));
    if (command === undefined) throw new Uncaught("TypeError: NoneType is not subscriptable");
    switch (command[0]) {
      case "CONNECT":
        return [heard, ...this.#onConnect(command, from)];
      case "ACK":
        return [heard, ...(command[1] === "ENCRYPT" ? this.#onEncrypt(command, now) : [])];
      case "ERROR":
        this.#loggingOn = false;
        return [heard, log(`the device reports an error: ${this.#shown(command[1] ?? "")}`)];
      default:
        if (this.#installation.settings.checked) return [heard, rejected("malformed")];
        this.#ended = true;
        return [heard, { kind: "exit", ok: false, because: "unknown command" }];
    }
  }

  // --- logging on ------------------------------------------------------------------------------

  #onConnect(command: readonly Latin1[], from: Address): readonly Output[] {
    if (this.#loggingOn) return [rejected("busy")];
    const [, salt = "", num, name] = command;
    if (num === undefined || name === undefined) throw new Uncaught("IndexError: list index");
    if (this.#installation.settings.checked && !hostname.test(name)) return [rejected("malformed")];
    const question = log(`connect to ${name}, yes or no?`);
    if (this.#loggedOn || name !== deviceName) {
      this.#blocked.add(from);
      return [question, log("no")];
    }
    return [question, log("yes"), ...this.#logOn(num, salt, from)];
  }

  #logOn(num: Latin1, salt: Latin1, from: Address): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, client } = this.#installation;
    const { user, password } = this.#account;
    const name = latin1(user);
    const half = newHalf(crypto, settings);
    const own = newSalt(crypto);
    const about = [name, half.shown, client.publicText];
    const covered = covering(settings.bound, "client", num, own, ...about);
    const hash = saltedHash(crypto, passwordRow(crypto, password), salt + covered);
    const address = `${hostOf(from)}:${devicePort}`;
    this.#asked = { address, salt: own, hash, half, about };
    this.#loggingOn = true;
    const login = ["ACK:PASS", num, name, hash, own, half.shown, client.publicText].join(",");
    const peer = this.#installation.deviceOwner;
    return [
      { kind: "submit", message: user, purpose: "login" },
      { kind: "claim", claim: { kind: "running", peer, agreed: agreedOn(...about) } },
      { kind: "transmit", bytes: fromLatin1(login), to: address },
    ];
  }

  /** Its source address is not checked. */
  #onEncrypt(command: readonly Latin1[], now: Millis): readonly Output[] {
    const { settings, device, publicOf, deviceOwner: peer } = this.#installation;
    this.#loggingOn = false;
    const asked = this.#asked;
    if (asked === undefined) throw new Uncaught("NameError: ackaddr is not defined");
    const [, , pem = "", hash = "", shown = ""] = command;
    if (command.length !== 5 || !this.#isLegit(asked, pem, hash, shown)) {
      return [log("no usable key from the device"), rejected("bad-tag")];
    }
    if (settings.pinned && pem !== device.publicText) return [rejected("bad-key")];
    const key = importKey(this.#env.crypto, pem, publicOf);
    const first = firstNumber(this.#env.crypto, settings, asked.half, shown);
    if (first === "hangs") {
      this.#hangs = true;
      return [log("computing the first number")];
    }
    if (first === undefined) return [log("not a number"), rejected("malformed")];
    this.#sequence = new Sequence(this.#env.crypto, first);
    if (!this.#slots.add({ address: asked.address, key })) return [rejected("busy")];
    this.#loggedOn = true;
    if (settings.oneTimeSalts) this.#asked = undefined;
    const agreed = agreedOn(...asked.about, pem, shown);
    return [
      { kind: "claim", claim: { kind: "secret", peer, value: first } },
      { kind: "claim", claim: { kind: "commit", peer, agreed } },
      log("logged on"),
      ...this.#ask(asked.address, now),
    ];
  }

  /** The device knows the row of the user, so it can hash it with the client's salt. */
  #isLegit(asked: Asked, pem: Latin1, hash: Latin1, shown: Latin1): boolean {
    const { crypto } = this.#env;
    const { bound } = this.#installation.settings;
    const covered = covering(bound, "device", asked.hash, pem, shown);
    const row = passwordRow(crypto, this.#account.password);
    const expected = saltedHash(crypto, row, asked.salt + covered);
    return crypto.equal(fromLatin1(hash), fromLatin1(expected));
  }

  // --- logged on -------------------------------------------------------------------------------

  #onEcho(bytes: Uint8Array): readonly Output[] {
    const { settings, client, deviceOwner } = this.#installation;
    const { text } = decryptRsa(this.#env.crypto, client, bytes);
    const parts = splitLast(text);
    const sequence = this.#sequence;
    if (parts === undefined) throw new Uncaught("IndexError: list index out of range");
    if (sequence === undefined) return [];
    const [shown, digits] = parts;
    const number = pythonInt(digits);
    const printed: Output[] = [];
    if (number === undefined) {
      printed.push(log("the sequence number is none"));
      // As printed, the handler falls through to where the text is shown.
      if (settings.strictEcho) return [...printed, rejected("malformed")];
    } else if (number !== sequence.value + 1n) {
      return [log("wrong sequence number"), rejected("replayed")];
    } else sequence.value += 2n;
    printed.push(
      { kind: "deliver", message: fromLatin1(shown), from: deviceOwner, purpose: "login" },
      log(`decrypted: ${this.#shown(shown)}`),
    );
    // Whatever is shown after a text was sent passes for the answer to it.
    if (this.#outstanding !== undefined) {
      printed.push({ kind: "confirm", message: this.#outstanding });
      this.#outstanding = undefined;
    }
    return printed;
  }

  #ask(device: Address, now: Millis): readonly Output[] {
    this.#prompt = device;
    this.#promptedMs = now;
    return [log("what to send?"), { kind: "ready", messages: 1 }];
  }

  #send(message: Uint8Array): readonly Output[] {
    const device = this.#prompt;
    if (device === undefined || this.#sequence === undefined) throw new MisuseError("no prompt");
    const text = latin1(message);
    if (text === "exit") return this.#finish(device);
    this.#prompt = undefined;
    this.#outstanding = message.slice();
    return this.#sendSecure(device, `DATA:${text},${this.#sequence.text()}`);
  }

  #finish(device: Address): readonly Output[] {
    const sent = this.#sendSecure(device, `FIN:${this.#sequence?.text()}`);
    this.#slots.remove(device);
    this.#prompt = undefined;
    this.#ended = true;
    return [...sent, { kind: "exit", ok: true }];
  }

  #sendSecure(device: Address, text: Latin1): readonly Output[] {
    const connection = this.#slots.find(device);
    if (connection === undefined) throw new MisuseError("not connected");
    const bytes = encryptRsa(this.#env.crypto, connection.key, text);
    return [
      log(`sending: ${this.#shown(text)}`),
      { kind: "transmit", bytes, to: connection.address },
    ];
  }

  #shown(text: Latin1): string {
    return this.#installation.settings.checked ? printable(text) : text;
  }
}

const hostOf = (address: Address): string => address.slice(0, address.lastIndexOf(":"));

/**
 * The device announces itself from a second socket, with a port of its own. In the lab a process
 * has one address, so that what it sends from there is told by its first word.
 */
const socketOf = (from: Address, bytes: Uint8Array): Address =>
  from.endsWith(`:${devicePort}`) && latin1(bytes).startsWith("CONNECT:")
    ? `${hostOf(from)}:announcing`
    : from;
