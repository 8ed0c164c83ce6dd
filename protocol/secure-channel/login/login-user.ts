/**
 * The client: a channel with a guest's key, in which a user logs in.
 *
 * opening → logging in → logged in. The channel below says nothing to the application; what it
 * says is said here, once the server has agreed to the login. From then on the channel has keys
 * that only somebody has who knew the password, and each message goes with a signature.
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
} from "../../endpoint.ts";
import { utf8 } from "../../kit/bytes.ts";
import type { KeyPair } from "../../kit/crypto.ts";
import type { Channel } from "../channel.ts";
import { Client } from "../client.ts";
import type { Settled } from "../edhoc/session.ts";
import type { Frame } from "../frames.ts";
import { finished, type Identity, ready, running } from "../identity.ts";
import { ClientLogin } from "../login-client.ts";
import { macMessage, signMessage } from "../signing.ts";
import type { PasswordWork } from "../spake2plus.ts";
import { bindingOf, type Followed, follow, type LoginSettings } from "./what-follows.ts";

/** What a user knows and has. */
export interface Account {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
  readonly signing: KeyPair;
}

export interface LoginUserAbout {
  /** That of a guest. */
  readonly identity: Identity;
  readonly account: Account;
  readonly work: PasswordWork;
  readonly settings: LoginSettings;
}

/** The channel, once it is there, and the login in it. */
interface Entered {
  readonly channel: Channel;
  readonly settled: Settled;
  readonly login: ClientLogin;
  followed?: Followed;
  done: boolean;
}

export class LoginUser implements Endpoint {
  readonly #env: Env;
  readonly #about: LoginUserAbout;
  readonly #client: Client;
  readonly #server: Principal;
  readonly #arrived: Frame[] = [];
  #opened: { readonly channel: Channel; readonly settled: Settled } | undefined;
  #entered: Entered | undefined;
  #over = false;

  constructor(env: Env, about: LoginUserAbout) {
    this.#env = env;
    this.#about = about;
    this.#server = env.peer ?? "";
    this.#client = new Client(env, about.identity, {
      above: (frame) => void this.#arrived.push(frame),
      login: {
        opened: (channel, settled) => {
          this.#opened = { channel, settled };
        },
        sign: (id, message, now) => this.#sign(id, message, now),
      },
    });
  }

  handle(input: Input, now: Millis): readonly Output[] {
    if (this.#over) return [];
    if (input.kind === "send" && !this.#entered?.done) {
      throw new MisuseError("nobody has logged in yet");
    }
    const out: OutputBody[] = [...this.#client.handle(input, now)];
    if (this.#opened !== undefined) {
      out.push(...this.#begin(this.#opened));
      this.#opened = undefined;
    }
    for (const frame of this.#arrived.splice(0)) {
      const login = frame.kind === "login" ? this.#entered?.login : undefined;
      const reason = frame.kind === "login" ? login?.receive(frame) : "unexpected";
      if (reason !== undefined) out.push({ kind: "reject", reason });
    }
    if (this.#entered?.done === false) out.push(...this.#proceed(this.#entered, now));
    this.#over ||= out.some((o) => o.kind === "exit");
    return out;
  }

  deadline(): Millis | undefined {
    if (this.#over) return undefined;
    const times = [this.#client.deadline(), this.#entered?.login.deadline()];
    const known = times.filter((t) => t !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
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
