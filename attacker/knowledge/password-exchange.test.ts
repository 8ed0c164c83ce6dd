/**
 * SPAKE2+ against an attacker who guesses passwords: its guarantees are deduced from its bytes, and
 * the same exchange with one element left out loses them.
 */
import { describe, expect, test } from "vitest";
import { concat, utf8 } from "../../protocol/kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../protocol/kit/crypto.ts";
import {
  ephemeral,
  type Outcome,
  outcome,
  passwordScalars,
  proverPoints,
  proverShare,
  type Session,
  type SharedPoints,
  type Shares,
  verifierOf,
  verifierPoints,
  verifierShare,
} from "../../protocol/secure-channel/spake2plus.ts";
import { Lab } from "../testing/lab.ts";
import { offlineTest } from "./guess.ts";
import type { Knowledge } from "./knowledge.ts";

const password = utf8("correct horse");
const salt = utf8("sixteen bytes of");
const session: Session = {
  context: utf8("a channel"),
  prover: utf8("alice"),
  verifier: utf8("server"),
};
const none = new Uint8Array(0);
const agreed = (value: Outcome | undefined): Outcome => {
  if (value === undefined) throw new Error("there is no outcome");
  return value;
};
const guessOf = (c: CryptoKit, guess: Uint8Array) =>
  passwordScalars(c, "toy", guess, salt, session);

interface Run {
  readonly lab: Lab;
  readonly wire: readonly Uint8Array[];
  readonly outcome: Outcome;
}
const knows = (run: Run, more: readonly Uint8Array[] = []): Knowledge =>
  run.lab.seeing([salt, ...run.wire, ...more], [password]);

/** Both ends are honest and have the same password; `change` is what one leaves out. */
function honest(change: { masked?: boolean } = {}) {
  const lab = new Lab();
  const c = lab.crypto;
  const scalars = guessOf(c, password);
  const verifier = verifierOf(c, scalars);
  const [x, y] = [ephemeral(c), ephemeral(c)];
  const masked = change.masked ?? true;
  const shares: Shares = {
    prover: masked ? (proverShare(c, scalars.w0, x) ?? none) : x.publicKey,
    verifier: masked ? (verifierShare(c, scalars.w0, y) ?? none) : y.publicKey,
  };
  const points = masked
    ? proverPoints(c, scalars, x, shares.verifier)
    : unmaskedPoints(c, y, x.publicKey, verifier.pointL);
  if (masked) verifierPoints(c, verifier, y, shares.prover);
  const out = agreed(points && outcome(c, session, shares, points, scalars.w0));
  const wire = [shares.prover, shares.verifier, out.confirmVerifier, out.confirmProver];
  return { lab, wire, outcome: out, x, y, verifier, scalars };
}

function unmaskedPoints(
  c: CryptoKit,
  own: KeyPair,
  peer: Uint8Array,
  pointL: Uint8Array,
): SharedPoints {
  const point = (p: Uint8Array): Uint8Array => c.sharedPoint("p256", own.privateKey, p) ?? none;
  return { pointZ: point(peer), pointV: point(pointL) };
}

/** The attacker logs in with a guess of its own, and gets the server's confirmation. */
function activeClient(guess: Uint8Array, masked = true): Run & { readonly x: KeyPair } {
  const lab = new Lab();
  const c = lab.crypto;
  const verifier = verifierOf(c, guessOf(c, password));
  const mine = guessOf(c, guess);
  const [x, y] = [ephemeral(c), ephemeral(c)];
  const shares = {
    prover: masked ? (proverShare(c, mine.w0, x) ?? none) : x.publicKey,
    verifier: masked ? (verifierShare(c, verifier.w0, y) ?? none) : y.publicKey,
  };
  const points = masked
    ? verifierPoints(c, verifier, y, shares.prover)
    : unmaskedPoints(c, y, x.publicKey, verifier.pointL);
  const out = agreed(points && outcome(c, session, shares, points, verifier.w0));
  return { lab, wire: [shares.prover, shares.verifier, out.confirmVerifier], outcome: out, x };
}

describe("a passive attacker", () => {
  test("has neither the key nor anything to test a guess against", () => {
    const run = honest();
    const knowledge = knows(run);
    expect(offlineTest(knowledge, password)).toBeUndefined();
    for (const secret of [run.outcome.key, run.outcome.main, run.scalars.w0]) {
      expect(knowledge.derivable(secret)).toBe(false);
    }
  });

  test("does not get the key by learning the password afterwards", () => {
    const run = honest();
    expect(knows(run, [password]).derivable(run.scalars.w1)).toBe(true);
    expect(knows(run, [password]).derivable(run.outcome.key)).toBe(false);
  });

  test("can test guesses once an ephemeral key leaks", () => {
    const run = honest();
    expect(offlineTest(knows(run, [run.x.privateKey]), password)).toBeDefined();
    expect(offlineTest(knows(run, [run.y.privateKey]), password)).toBeDefined();
  });
});

describe("an active attacker as client", () => {
  test("with a wrong guess can test no other one", () => {
    const run = activeClient(utf8("battery staple"));
    const knowledge = knows(run, [utf8("battery staple"), run.x.privateKey]);
    expect(offlineTest(knowledge, password)).toBeUndefined();
    expect(knowledge.derivable(run.outcome.key)).toBe(false);
  });

  test("with the right guess has the key", () => {
    const run = activeClient(password);
    const knowledge = knows(run, [password, run.x.privateKey]);
    expect(knowledge.derivable(run.outcome.key)).toBe(true);
    expect(knowledge.derivable(run.outcome.confirmProver)).toBe(true);
  });

  test("can test every guess against one run where nothing is masked", () => {
    const run = activeClient(utf8("battery staple"), false);
    const knowledge = knows(run, [run.x.privateKey]);
    expect(offlineTest(knowledge, password)?.check.op).toBe("hmac");
    // Listening is not enough even then: both shares are fresh.
    expect(offlineTest(knows(honest({ masked: false })), password)).toBeUndefined();
  });
});

describe("an attacker impersonating the server", () => {
  /** With a guess of its own; the client answers even though it should have refused. */
  const posing = (guess: Uint8Array): Run & { readonly y: KeyPair } => {
    const lab = new Lab();
    const c = lab.crypto;
    const mine = guessOf(c, guess);
    const [scalars, x, y] = [guessOf(c, password), ephemeral(c), ephemeral(c)];
    const shares = {
      prover: proverShare(c, scalars.w0, x) ?? none,
      verifier: verifierShare(c, mine.w0, y) ?? none,
    };
    // The client's MAC depends on the password, and is handed to the attacker.
    const points = proverPoints(c, scalars, x, shares.verifier);
    verifierPoints(c, verifierOf(c, scalars), y, shares.prover);
    const out = agreed(points && outcome(c, session, shares, points, scalars.w0));
    return { lab, wire: [shares.prover, shares.verifier, out.confirmProver], outcome: out, y };
  };

  test("with a wrong guess can test no other one, not even with the client's MAC", () => {
    const run = posing(utf8("battery staple"));
    const knowledge = knows(run, [utf8("battery staple"), run.y.privateKey]);
    expect(offlineTest(knowledge, password)).toBeUndefined();
  });

  test("finds its guess confirmed if it was right", () => {
    const run = posing(password);
    expect(offlineTest(knows(run, [run.y.privateKey]), password)).toBeDefined();
  });
});

describe("an attacker with the verifier's stored record", () => {
  const stolen = (run: ReturnType<typeof honest>): readonly Uint8Array[] => [
    concat(run.verifier.w0, run.verifier.pointL),
  ];
  test("can test guesses, at the price of one password hash each", () => {
    const run = honest();
    const found = offlineTest(run.lab.seeing([salt, ...stolen(run)], [password]), password);
    expect(found?.operationsPerGuess).toBeLessThanOrEqual(3);
  });

  test("cannot compute keys of earlier runs", () => {
    const run = honest();
    expect(knows(run, stolen(run)).derivable(run.outcome.key)).toBe(false);
  });

  test("cannot log in with it, but can impersonate the server", () => {
    const lab = new Lab();
    const c = lab.crypto;
    const scalars = guessOf(c, password);
    const verifier = verifierOf(c, scalars);
    const [x, y] = [ephemeral(c), ephemeral(c)];
    const shares = {
      prover: proverShare(c, verifier.w0, x) ?? none,
      verifier: verifierShare(c, verifier.w0, y) ?? none,
    };
    const points = verifierPoints(c, verifier, y, shares.prover);
    proverPoints(c, scalars, x, shares.verifier);
    const out = agreed(points && outcome(c, session, shares, points, verifier.w0));
    const seen = [salt, shares.prover, shares.verifier, verifier.w0, verifier.pointL];
    expect(lab.seeing([...seen, x.privateKey], [password]).derivable(out.key)).toBe(false);
    expect(lab.seeing([...seen, y.privateKey], [password]).derivable(out.key)).toBe(true);
  });
});
