/** The server's side of a login; login.ts has the steps. */
import type { Address, Millis, RejectReason } from "../endpoint.ts";
import { equalBytes } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import { type Account, fakeAccount, findAccount, maxUserBytes } from "./accounts.ts";
import type { LoginFrame } from "./frames.ts";
import {
  type LoginOptions,
  loginSession,
  splitStep,
  stepByte,
  type Verdict,
  verdictStep,
  verdicts,
} from "./login.ts";
import { ephemeral, type Outcome, outcome, verifierPoints, verifierShare } from "./spake2plus.ts";
import type { Throttle } from "./throttle.ts";

const empty = new Uint8Array(0);

export interface ServerLoginOptions extends LoginOptions {
  /** What {@link register} wrote. */
  readonly accounts: () => Uint8Array;
  /** For users who do not exist: 32 bytes, always the same. */
  readonly fakeKey: Uint8Array;
  readonly throttle: Throttle;
  /** Where the client is: its address has been shown to be good. */
  readonly from: Address;
}

/** Where an attempt stands; `step` is the next. */
type Attempt =
  | { readonly step: 1; readonly account: Account; readonly own: KeyPair }
  | { readonly step: 2 | 3; readonly outcome: Outcome }
  | { readonly step: "over" };

/** Who logged in. */
export interface LoggedIn {
  readonly user: Uint8Array;
  readonly key: Uint8Array;
  readonly agreed: Uint8Array;
}

/** All attempts in one channel. It keeps one of them. */
export class ServerLogin {
  readonly #about: ServerLoginOptions;
  #number = -1;
  #user: Uint8Array = empty;
  #attempt: Attempt = { step: "over" };
  #result: LoggedIn | undefined;
  /** The frame that was answered last, and how: it may come again. */
  #answered: LoginFrame | undefined;
  #answer: LoginFrame | undefined;

  constructor(about: ServerLoginOptions) {
    this.#about = about;
  }

  get result(): LoggedIn | undefined {
    return this.#result;
  }

  /** @returns the answer, or why the frame is discarded; then nothing has changed. */
  receive(frame: LoginFrame, now: Millis): LoginFrame | RejectReason {
    const before = this.#answered;
    if (before?.step === frame.step && equalBytes(before.body, frame.body)) {
      return this.#answer ?? "unexpected";
    }
    const [number, step] = splitStep(frame.step);
    if (this.#result !== undefined || number < this.#number) return "stale";
    const answer = step === 0 ? this.#begin(number, frame.body) : this.#go(number, frame, now);
    if (typeof answer === "string") return answer;
    this.#answered = frame;
    this.#answer = answer;
    return answer;
  }

  #reply(step: number, body: Uint8Array): LoginFrame {
    return { kind: "login", step: stepByte(this.#number, step), body };
  }

  #verdict(verdict: Verdict): LoginFrame {
    this.#attempt = { step: "over" };
    return this.#reply(verdictStep, Uint8Array.of(verdicts.indexOf(verdict)));
  }

  #begin(number: number, user: Uint8Array): LoginFrame | RejectReason {
    if (number === this.#number) return "unexpected";
    if (user.length < 1 || user.length > maxUserBytes) return "malformed";
    const { crypto, fakeKey, accounts, defences } = this.#about;
    // Made up in either case, so that the time it takes does not tell.
    const fake = fakeAccount(crypto, fakeKey, user);
    const real = findAccount(accounts(), user);
    this.#number = number;
    this.#user = user;
    if (real === undefined && !defences.disguise) return this.#verdict("refused");
    const account = real ?? fake;
    this.#attempt = { step: 1, account, own: ephemeral(crypto) };
    return this.#reply(0, account.salt);
  }

  #go(number: number, { step, body }: LoginFrame, now: Millis): LoginFrame | RejectReason {
    const attempt = this.#attempt;
    const [, asked] = splitStep(step);
    if (attempt.step === "over" || number !== this.#number) return "unexpected";
    if (asked !== attempt.step) return "unexpected";
    if (attempt.step === 1) return this.#guessed(attempt, body, now);
    const { outcome } = attempt;
    if (attempt.step === 2) {
      if (body.length > 0) return "malformed";
      this.#attempt = { step: 3, outcome };
      return this.#reply(2, outcome.confirmVerifier);
    }
    if (!this.#about.crypto.equal(outcome.confirmProver, body)) return this.#verdict("refused");
    this.#about.throttle.giveBack(this.#user, this.#about.from, now);
    this.#result = { user: this.#user, key: outcome.key, agreed: outcome.main };
    return this.#verdict("accepted");
  }

  #guessed(
    { account: { verifier }, own }: Extract<Attempt, { step: 1 }>,
    share: Uint8Array,
    now: Millis,
  ): LoginFrame | RejectReason {
    const { crypto, throttle, from, defences } = this.#about;
    const points = verifierPoints(crypto, verifier, own, share, defences.masks);
    const answer = verifierShare(crypto, defences.masks ? verifier.w0 : undefined, own);
    if (points === undefined || answer === undefined) return "bad-key";
    if (!throttle.take(this.#user, from, now) && defences.throttle) return this.#verdict("later");
    const session = loginSession(this.#about, this.#user);
    const shares = { prover: share, verifier: answer };
    const out = outcome(crypto, session, shares, points, verifier.w0);
    if (out === undefined) return "bad-key";
    this.#attempt = { step: 2, outcome: out };
    return this.#reply(1, answer);
  }
}
