/**
 * The client: a channel with a guest's key, in which a user logs in.
 *
 * opening → logging in → logged in. The channel below says nothing to the application; what it
 * says is said here, once the server has agreed to the login. From then on the channel has keys
 * that take the password to compute, and each message goes with a signature.
 *
 * A device that the server has certified opens the channel as itself: there is nothing to log in
 * for, and the channel speaks for itself. If the server has forgotten it, it comes as a guest.
 */
import {
  type Endpoint,
  type Env,
  type Input,
  type Millis,
  MisuseError,
  type Output,
  type OutputBody,
  type Principal,
  type RejectReason,
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import type { Channel } from "../channel.ts";
import { Client } from "../client.ts";
import type { OwnCredential } from "../edhoc/credential.ts";
import type { Half, Settled } from "../edhoc/session.ts";
import type { Frame } from "../frames.ts";
import { finished, type Identity, ready, running } from "../identity.ts";
import { ClientLogin } from "../login-client.ts";
import { macMessage, signMessage } from "../signing.ts";
import type { PasswordWork } from "../spake2plus.ts";
import { certifyStep } from "./certification.ts";
import { Device } from "./device.ts";
import { refusalOf } from "./refusal.ts";
import { asItIs, bindingOf, type Followed, follow, type LoginSettings } from "./what-follows.ts";

/** What a user knows and has. */
export interface Account {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
  readonly signing: KeyPair;
}

export interface LoginUserOptions {
  /** That of a guest. */
  readonly identity: Identity;
  readonly account: Account;
  readonly work: PasswordWork;
  readonly settings: LoginSettings;
}

/** The channel, once it is there, and the login in it; there is none with a certificate. */
interface Entered {
  readonly channel: Channel;
  readonly settled: Settled;
  readonly login?: ClientLogin;
  followed?: Followed;
  done: boolean;
}

export class LoginUser implements Endpoint {
  readonly #env: Env;
  readonly #about: LoginUserOptions;
  /** As a guest, or as a device. */
  #client: Client;
  readonly #server: Principal;
  readonly #device: Device | undefined;
  /** The server does not know the device's certificate. */
  #refused = false;
  readonly #arrived: Frame[] = [];
  #opened: { readonly channel: Channel; readonly settled: Settled } | undefined;
  #entered: Entered | undefined;
  #over = false;

  constructor(env: Env, about: LoginUserOptions) {
    this.#env = env;
    this.#about = about;
    this.#server = env.peer ?? "";
    this.#client = this.#clientAs(undefined);
    const issuer = about.identity.directory.named(this.#server)?.certificate;
    const certifies = about.settings.devices && issuer !== undefined;
    this.#device = certifies ? new Device(env, issuer) : undefined;
  }

  /** @param device what it has to show; otherwise it is a guest. */
  #clientAs(device: OwnCredential | undefined): Client {
    const { identity } = this.#about;
    const refusal = (half: Half): Uint8Array => refusalOf(this.#env.crypto, half);
    const refused = (): void => {
      this.#refused = true;
    };
    return new Client(this.#env, device === undefined ? identity : { ...identity, own: device }, {
      above: (frame) => void this.#arrived.push(frame),
      login: {
        opened: (channel, settled) => {
          if (device === undefined) this.#opened = { channel, settled };
          else this.#recognised(channel, settled);
        },
        sign: (id, message, now) => this.#sign(id, message, now),
        ...(device && { certified: { refusal, refused } }),
      },
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#over) return [];
    if (input.kind === "send" && !this.#entered?.done) {
      throw new MisuseError("nobody has logged in yet");
    }
    const known = input.kind === "start" ? this.#device?.credential(now) : undefined;
    if (known !== undefined) this.#client = this.#clientAs(known);
    const out: OutputBody[] = [...this.#client.handle(input, now)];
    if (this.#refused) out.push(...this.#beginAgain(now));
    if (this.#opened !== undefined) {
      out.push(...this.#begin(this.#opened));
      this.#opened = undefined;
    }
    for (const frame of this.#arrived.splice(0)) {
      const reason = this.#receive(frame, now);
      if (reason !== undefined) out.push({ kind: "reject", reason });
    }
    if (this.#entered?.done === false) out.push(...this.#proceed(this.#entered, now));
    const question = this.#device?.due(now);
    if (question !== undefined) out.push(...this.#client.carry(question, now));
    this.#over ||= out.some((o) => o.kind === "exit");
    return out;
  }

  deadline(): Millis | undefined {
    if (this.#over) return undefined;
    const { login } = this.#entered ?? {};
    const times = [this.#client.deadline(), login?.deadline(), this.#device?.deadline()];
    const known = times.filter((t) => t !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  #receive(frame: Frame, now: Millis): RejectReason | undefined {
    if (frame.kind !== "login") return "unexpected";
    if (this.#device !== undefined && frame.step === certifyStep) {
      return this.#device.receive(frame.body, now);
    }
    const { login } = this.#entered ?? {};
    return login === undefined ? "unexpected" : login.receive(frame);
  }

  /** The certificate has said who it is. */
  #recognised(channel: Channel, settled: Settled): void {
    const followed = asItIs(this.#env.crypto, settled);
    this.#entered = { channel, settled, followed, done: true };
    channel.release();
  }

  /** As a guest. */
  #beginAgain(now: Millis): readonly OutputBody[] {
    this.#refused = false;
    this.#device?.forget();
    this.#client = this.#clientAs(undefined);
    return this.#client.handle({ kind: "start" }, now);
  }

  #begin({ channel, settled }: { channel: Channel; settled: Settled }): readonly OutputBody[] {
    const { crypto } = this.#env;
    const { account, work, settings } = this.#about;
    const { user, password } = account;
    const [a = 0, b = 0] = crypto.random(2);
    const login = new ClientLogin({
      crypto,
      server: utf8(this.#server),
      exported: bindingOf(crypto, settled),
      defences: settings.defences,
      user,
      password,
      work,
      attempt: 0,
      jitter: 256 * a + b,
    });
    this.#entered = { channel, settled, login, done: false };
    return [
      { kind: "submit", message: user, purpose: "login" },
      { kind: "submit", message: password, purpose: "login" },
    ];
  }

  #proceed(entered: Entered, now: Millis): readonly OutputBody[] {
    const { login } = entered;
    if (login === undefined) return [];
    const out: OutputBody[] = [];
    const { pending } = login;
    if (pending !== undefined && entered.followed === undefined) {
      const { channel, settled } = entered;
      const { settings } = this.#about;
      const { crypto } = this.#env;
      entered.followed = follow(crypto, channel, settled, settings, pending.key, now);
      out.push(running(this.#server, entered.followed.agreed));
    }
    const frame = login.due(now);
    if (frame !== undefined) out.push(...this.#client.carry(frame, now));
    const { result } = login;
    if (result === undefined) return out;
    return [...out, ...(result.ok ? this.#enter(entered, now) : this.#leave(result.because, now))];
  }

  /** The server has agreed. Its first record under the new keys will show that it has followed. */
  #enter(entered: Entered, now: Millis): readonly OutputBody[] {
    const { followed, channel } = entered;
    if (followed === undefined) return [];
    entered.done = true;
    this.#device?.ask(now);
    const { suites } = this.#about.identity;
    const moved = channel.move(now);
    return [...moved, ...finished(this.#server, followed.agreed, followed.settled, suites), ready];
  }

  #leave(because: string, now: Millis): readonly OutputBody[] {
    const said = this.#entered?.channel.close(now) ?? [];
    return [...said, { kind: "exit", ok: false, because: `not logged in: ${because}` }];
  }

  #sign(id: number, message: Uint8Array, timeMs: Millis): Uint8Array {
    const { crypto } = this.#env;
    const { account, settings } = this.#about;
    const recipient = utf8(this.#server);
    const statement = { sender: account.user, recipient, id, timeMs };
    if (settings.signed) {
      return signMessage(crypto, account.signing.privateKey, statement, message);
    }
    const { macKey = new Uint8Array(0) } = this.#entered?.followed ?? {};
    return macMessage(crypto, macKey, statement, message);
  }
}
