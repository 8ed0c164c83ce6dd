/** The client's side of a login; login.ts has the steps. */
import { InvariantError, type Millis, type RejectReason } from "../endpoint.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { checkUser, saltBytes } from "./accounts.ts";
import type { LoginFrame } from "./frames.ts";
import {
  type LoginOptions,
  loginSession,
  splitStep,
  stepByte,
  verdictStep,
  verdicts,
} from "./login.ts";
import { maxTries, waitMs } from "./outbox.ts";
import {
  ephemeral,
  type Outcome,
  outcome,
  type PasswordScalars,
  type PasswordWork,
  passwordScalars,
  proverPoints,
  proverShare,
  type Session,
} from "./spake2plus.ts";

const empty = new Uint8Array(0);

export interface ClientLoginOptions extends LoginOptions {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
  readonly work: PasswordWork;
  /** 0 to 15: one more than the last attempt in this channel. */
  readonly attempt: number;
  /** Any whole number, to spread the repetitions. */
  readonly jitter: number;
}

/** `key` for the channel's next keys, and `agreed` to claim: 32 bytes each. */
export type LoginResult =
  | { readonly ok: true; readonly key: Uint8Array; readonly agreed: Uint8Array }
  | { readonly ok: false; readonly because: "refused" | "later" | "wrong-password" | "no-answer" };

/** One attempt of one user. */
export class ClientLogin {
  readonly #about: ClientLoginOptions;
  readonly #session: Session;
  readonly #own: KeyPair;
  #scalars: PasswordScalars | undefined;
  #share: Uint8Array = empty;
  #outcome: Outcome | undefined;
  #result: LoginResult | undefined;
  /** The step that is not answered, and how often it was sent. */
  #frame: LoginFrame;
  #tries = 0;
  #againMs: Millis = 0;

  /** @throws MisuseError if the name has no bytes, or more than 32. */
  constructor(about: ClientLoginOptions) {
    checkUser(about.user);
    this.#about = about;
    this.#session = loginSession(about, about.user);
    this.#own = ephemeral(about.crypto);
    this.#frame = this.#step(0, about.user);
  }

  /** `undefined` until it is over. */
  get result(): LoginResult | undefined {
    return this.#result;
  }

  /** What comes out if the server agrees: the server has shown that it knows the verifier. */
  get pending(): Outcome | undefined {
    return splitStep(this.#frame.step)[1] === 3 ? this.#outcome : undefined;
  }

  deadline(): Millis | undefined {
    return this.#result === undefined ? this.#againMs : undefined;
  }

  /** @returns the frame to send now, for the first time or again; it counts as sent. */
  due(now: Millis): LoginFrame | undefined {
    if (this.#result !== undefined || this.#againMs > now) return undefined;
    if (this.#tries >= maxTries) {
      this.#result = { ok: false, because: "no-answer" };
      return undefined;
    }
    this.#tries++;
    this.#againMs = now + waitMs(this.#tries, this.#about.jitter);
    return this.#frame;
  }

  /** @returns why the frame is discarded, if it is; then nothing has changed. */
  receive({ step, body }: LoginFrame): RejectReason | undefined {
    const [attempt, number] = splitStep(step);
    if (this.#result !== undefined || attempt !== this.#about.attempt) return "stale";
    if (number === verdictStep) return this.#verdict(body);
    const [, expected] = splitStep(this.#frame.step);
    if (number !== expected) return number < expected ? "stale" : "unexpected";
    if (number === 0) return this.#salted(body);
    return number === 1 ? this.#shared(body) : this.#confirmed(body);
  }

  #step(step: number, body: Uint8Array): LoginFrame {
    [this.#tries, this.#againMs] = [0, 0];
    return { kind: "login", step: stepByte(this.#about.attempt, step), body };
  }

  #salted(salt: Uint8Array): RejectReason | undefined {
    if (salt.length !== saltBytes) return "malformed";
    const { crypto, work, password } = this.#about;
    this.#scalars = passwordScalars(crypto, work, password, salt, this.#session);
    const mask = this.#about.defences.masks ? this.#scalars.w0 : undefined;
    const share = proverShare(crypto, mask, this.#own);
    // It would take a scalar that cancels a fresh key: the probability is negligible.
    if (share === undefined) throw new InvariantError("the share is the point at infinity");
    this.#share = share;
    this.#frame = this.#step(1, share);
    return undefined;
  }

  #shared(share: Uint8Array): RejectReason | undefined {
    const { crypto } = this.#about;
    const scalars = this.#scalars;
    const { masks } = this.#about.defences;
    const points = scalars && proverPoints(crypto, scalars, this.#own, share, masks);
    if (points === undefined) return "bad-key";
    const shares = { prover: this.#share, verifier: share };
    this.#outcome = outcome(crypto, this.#session, shares, points, scalars?.w0 ?? empty);
    this.#frame = this.#step(2, empty);
    return undefined;
  }

  #confirmed(confirmation: Uint8Array): RejectReason | undefined {
    const out = this.#outcome;
    if (out === undefined || splitStep(this.#frame.step)[1] !== 2) return "unexpected";
    if (this.#about.crypto.equal(out.confirmVerifier, confirmation)) {
      this.#frame = this.#step(3, out.confirmProver);
    } else {
      this.#result = { ok: false, because: "wrong-password" };
    }
    return undefined;
  }

  #verdict(body: Uint8Array): RejectReason | undefined {
    const verdict = body.length === 1 ? verdicts[body[0] ?? verdicts.length] : undefined;
    if (verdict === undefined) return "malformed";
    if (verdict !== "accepted") {
      this.#result = { ok: false, because: verdict };
      return undefined;
    }
    const out = this.#outcome;
    if (out === undefined || splitStep(this.#frame.step)[1] !== 3) return "unexpected";
    this.#result = { ok: true, key: out.key, agreed: out.main };
    return undefined;
  }
}
