/**
 * The server: it lets any client open a channel as a guest, and talks to those who log in.
 *
 * Guests are not authenticated. At most 64 are kept, 8 from one host, for a minute each; what they
 * send is not delivered. A guest who logs in becomes a user; the application hears of it, and may
 * send once a record under the new keys shows that the client has them.
 *
 * A device that has a certificate from here is no guest: it is its user's from message_3 on.
 */
import type {
  Address,
  Endpoint,
  Env,
  Input,
  Millis,
  Output,
  OutputBody,
  Principal,
  RejectReason,
} from "../../endpoint.ts";
import { equalBytes, utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import type { Certificate } from "../certificate.ts";
import type { Settled } from "../edhoc/session.ts";
import type { Frame } from "../frames.ts";
import { finished, type Identity, ready, running } from "../identity.ts";
import type { Message } from "../inbox.ts";
import { Journal } from "../journal.ts";
import { type LoggedIn, ServerLogin } from "../login-server.ts";
import { labelled, Server, type Session } from "../server.ts";
import { evidenceFrom, macFrom } from "../signing.ts";
import { publicKeyBytes } from "../suites.ts";
import { Throttle } from "../throttle.ts";
import type { CardFile } from "./cards.ts";
import { answerFrames, certifyStep } from "./certification.ts";
import { DeviceRegister } from "./device-register.ts";
import { refusalOf } from "./refusal.ts";
import { asItIs, bindingOf, type Followed, follow, type LoginSettings } from "./what-follows.ts";

export const maxGuests = 64;
export const maxGuestsPerHost = 8;
export const guestMs = 60_000;

export interface LoginHostOptions {
  readonly identity: Identity;
  readonly settings: LoginSettings;
  /** Of the server's own certificate: signs those of devices. */
  readonly issuing: KeyPair;
  /** For users who do not exist, and for counting guesses: 32 bytes each, always the same. */
  readonly fakeKey: Uint8Array;
  readonly countKey: Uint8Array;
  readonly cards: CardFile;
  /** Whose account it is. */
  readonly ownerOf: (user: Uint8Array) => Principal | undefined;
}

interface Guest {
  /** None of a device that has a certificate. */
  readonly login?: ServerLogin;
  readonly settled: Settled;
  readonly sinceMs: Millis;
  /** One for each login. */
  certificate?: Certificate | undefined;
  /** Who it turned out to be. */
  user?: Uint8Array;
  followed?: Followed;
}

const hostOf = (address: Address): string => address.replace(/:\d*$/, "");

export class LoginHost implements Endpoint {
  readonly #env: Env;
  readonly #about: LoginHostOptions;
  readonly #server: Server;
  readonly #throttle: Throttle;
  readonly #devices: DeviceRegister | undefined;
  /** Made when there is something to write. */
  #journal: Journal | undefined;
  readonly #guests = new WeakMap<Session, Guest>();
  /** The application has not heard of them. The oldest comes first. */
  readonly #pending = new Set<Session>();
  /** Of devices; nothing has been said of them yet. */
  readonly #recognised: Session[] = [];
  readonly #arrived: { readonly frame: Frame; readonly session: Session }[] = [];
  #now: Millis = 0;

  constructor(env: Env, about: LoginHostOptions) {
    this.#env = env;
    this.#about = about;
    const { crypto } = env;
    this.#throttle = new Throttle(crypto, about.countKey);
    const { identity, settings, issuing } = about;
    const issuer = { name: env.self, signing: issuing };
    const devices = settings.devices
      ? new DeviceRegister(crypto, issuer, identity.directory)
      : undefined;
    this.#devices = devices;
    const directory = devices ?? identity.directory;
    this.#server = new Server(env, { ...identity, directory }, undefined, {
      ...(devices && { refusal: (answered) => refusalOf(crypto, answered) }),
      opened: (session, settled, now) => this.#opened(session, settled, now),
      above: (frame, session) => void this.#arrived.push({ frame, session }),
      check: (message, session) => this.#check(message, session),
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    this.#now = now;
    for (const session of this.#pending) {
      const { sinceMs = 0 } = this.#guests.get(session) ?? {};
      if (session.channel.over || now - sinceMs >= guestMs) this.#forget(session);
    }
    const out = [...this.#server.handle(input, now)];
    for (const session of this.#recognised.splice(0)) out.push(...this.#recognise(session));
    for (const { frame, session } of this.#arrived.splice(0)) {
      out.push(...this.#accept(frame, session, now));
    }
    for (const session of this.#pending) {
      const { user } = this.#guests.get(session) ?? {};
      if (user === undefined || session.channel.epoch === 0) continue;
      this.#pending.delete(session);
      out.push(...labelled(session, [ready]));
    }
    return out;
  }

  deadline(): Millis | undefined {
    return this.#server.deadline();
  }

  stateSize(): number {
    return this.#server.stateSize() + this.#pending.size;
  }

  #forget(session: Session): void {
    this.#pending.delete(session);
    if (!session.channel.over) this.#server.drop(session);
  }

  #opened(session: Session, settled: Settled, now: Millis): void {
    const user = this.#devices?.userOf(settled.peer.id);
    if (user === undefined) {
      this.#receiveGuest(session, settled, now);
      return;
    }
    const followed = asItIs(this.#env.crypto, settled);
    this.#guests.set(session, { settled, sinceMs: now, user, followed });
    this.#recognised.push(session);
    session.channel.release();
  }

  /** The oldest goes, first of the same host: no host's guests crowd out those of others. */
  #receiveGuest(session: Session, settled: Settled, now: Millis): void {
    const own = [...this.#pending].filter((s) => hostOf(s.address) === hostOf(session.address));
    const [oldestOwn] = own;
    if (oldestOwn !== undefined && own.length >= maxGuestsPerHost) this.#forget(oldestOwn);
    const [oldest] = this.#pending;
    if (oldest !== undefined && this.#pending.size >= maxGuests) this.#forget(oldest);
    const { crypto, self } = this.#env;
    const { settings, fakeKey } = this.#about;
    const login = new ServerLogin({
      crypto,
      server: utf8(self),
      exported: bindingOf(crypto, settled),
      defences: settings.defences,
      accounts: () => this.#env.store("accounts").read(),
      fakeKey,
      throttle: this.#throttle,
      from: session.address,
    });
    this.#guests.set(session, { login, settled, sinceMs: now });
    this.#pending.add(session);
  }

  #accept(frame: Frame, session: Session, now: Millis): readonly Output[] {
    const guest = this.#guests.get(session);
    const rejected = (reason: OutputBody & { kind: "reject" }) => labelled(session, [reason]);
    if (frame.kind !== "login" || guest?.login === undefined) {
      return rejected({ kind: "reject", reason: "unexpected" });
    }
    if (this.#devices !== undefined && frame.step === certifyStep) {
      const answer = this.#certify(this.#devices, frame.body, guest, session, now);
      if (typeof answer === "string") return rejected({ kind: "reject", reason: answer });
      return answer.flatMap((f) => labelled(session, session.channel.carry(f, now)));
    }
    const answer = guest.login.receive(frame, now);
    if (typeof answer === "string") return rejected({ kind: "reject", reason: answer });
    const { result } = guest.login;
    const isNew = result !== undefined && guest.user === undefined;
    const entered = isNew ? this.#enter(session, guest, result, now) : [];
    return [...entered, ...labelled(session, session.channel.carry(answer, now))];
  }

  /** A certificate takes a login, and a record under its keys. It cannot be had with another. */
  #certify(
    devices: DeviceRegister,
    key: Uint8Array,
    guest: Guest,
    { channel, client }: Session,
    now: Millis,
  ): readonly Frame[] | RejectReason {
    const { user } = guest;
    if (user === undefined || channel.epoch === 0) return "unexpected";
    if (key.length !== publicKeyBytes) return "malformed";
    guest.certificate ??= devices.certify(user, client, key, now);
    const { certificate } = guest;
    if (certificate === undefined || !equalBytes(certificate.staticKey, key)) return "unauthorized";
    return answerFrames(certificate.bytes);
  }

  /** The certificate has said whose session it is. */
  #recognise(session: Session): readonly Output[] {
    const { followed } = this.#guests.get(session) ?? {};
    if (followed === undefined) return [];
    const { client } = session;
    this.#note(session, { kind: "opened" });
    return [
      ...this.#server.identify(session, client),
      ...labelled(session, [...this.#said(client, followed), ready]),
    ];
  }

  #said(client: Principal, { agreed, settled }: Followed): readonly OutputBody[] {
    const { suites } = this.#about.identity;
    return [running(client, agreed), ...finished(client, agreed, settled, suites)];
  }

  #enter(session: Session, guest: Guest, { user, key }: LoggedIn, now: Millis): readonly Output[] {
    const { crypto } = this.#env;
    const { settings, ownerOf } = this.#about;
    const client = ownerOf(user);
    if (client === undefined) return [];
    const followed = follow(crypto, session.channel, guest.settled, settings, key, now);
    guest.user = user;
    guest.followed = followed;
    this.#note(session, { kind: "opened" });
    const makeRoom = this.#server.identify(session, client);
    return [
      ...makeRoom,
      ...labelled(session, [
        // By its number: the log is not sealed, and the user's name is.
        { kind: "log", line: `session ${session.id} is logged in` },
        ...this.#said(client, followed),
        { kind: "deliver", message: user, from: client, purpose: "login" },
      ]),
    ];
  }

  /** @returns evidence for a user's message; nothing for a guest's, which is not delivered. */
  #check({ id, message, signature }: Message, session: Session): Uint8Array | undefined {
    const { user, followed } = this.#guests.get(session) ?? {};
    if (user === undefined || followed === undefined || signature === undefined) return undefined;
    const { crypto, self } = this.#env;
    const stated = { sender: user, recipient: utf8(self), id };
    const key = this.#about.settings.signed ? this.#about.cards.keyOf(user) : followed.macKey;
    if (key === undefined) return undefined;
    const made = this.#about.settings.signed ? evidenceFrom : macFrom;
    const evidence = made(crypto, key, stated, message, signature);
    if (evidence === undefined) return undefined;
    this.#note(session, { kind: "received", message });
    // By its hash: evidence has names in it, and the journal has none.
    this.#note(session, { kind: "evidence", evidence: crypto.hash("sha256", evidence) });
    return evidence;
  }

  #note(
    { id }: Session,
    note:
      | { readonly kind: "opened" }
      | { readonly kind: "received"; readonly message: Uint8Array }
      | { readonly kind: "evidence"; readonly evidence: Uint8Array },
  ): void {
    this.#journal ??= new Journal(this.#env.crypto, this.#env.store("journal"));
    this.#journal.note({ ...note, peer: `session ${id}` }, this.#now);
  }
}
