/** SPAKE2+: the values of RFC 9383 appendix C, and what is refused. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concat, hex, latin1, utf8 } from "../kit/bytes.ts";
import type { KeyPair } from "../kit/crypto.ts";
import type { OpRecord } from "../kit/operations.ts";
import { wholePoint } from "../kit/primitives/points.ts";
import { Random } from "../kit/random.ts";
import { CryptoRecorder } from "../kit/recorder.ts";
import { readVectors, unhex } from "../kit/vectors/load.ts";
import {
  ephemeral,
  outcome,
  type PasswordScalars,
  passwordScalars,
  proverPoints,
  proverShare,
  type Session,
  verifierOf,
  verifierPoints,
  verifierShare,
} from "./spake2plus.ts";

type Vector = Readonly<Record<string, string>>;
const vectors = readVectors<readonly Vector[]>("pake/spake2plus-rfc9383.json");
const onP256 = vectors.filter((v) => v.Context?.startsWith("SPAKE2+-P256-"));
const ours = "SPAKE2+-P256-SHA256-HKDF-SHA256-HMAC-SHA256 Test Vectors";

function kit(seed = "spake2plus") {
  const log: OpRecord[] = [];
  return { log, crypto: new CryptoRecorder(log, new Random(seed), "alice#0") };
}
type Crypto = CryptoRecorder;
const whole = (point: Uint8Array | undefined): string =>
  hex(wholePoint("p256", point ?? utf8("")) ?? utf8(""));
const fixed = (crypto: Crypto, key: string | undefined): KeyPair => {
  const privateKey = unhex(key ?? "");
  return { privateKey, publicKey: crypto.publicKey("p256", privateKey) };
};

/** Both ends of a run with the keys of a vector. */
function replayed(v: Vector) {
  const { log, crypto } = kit();
  const scalars = { w0: unhex(v.w0 ?? ""), w1: unhex(v.w1 ?? "") };
  const verifier = verifierOf(crypto, scalars);
  const [x, y] = [fixed(crypto, v.x), fixed(crypto, v.y)];
  const shares = {
    prover: proverShare(crypto, scalars.w0, x) ?? utf8(""),
    verifier: verifierShare(crypto, scalars.w0, y) ?? utf8(""),
  };
  const atProver = proverPoints(crypto, scalars, x, shares.verifier);
  const atVerifier = verifierPoints(crypto, verifier, y, shares.prover);
  return { log, crypto, scalars, verifier, shares, atProver, atVerifier };
}

describe("RFC 9383 appendix C", () => {
  test.each(onP256.map((v) => [v.Context ?? "", v] as const))("points of %s", (_, v) => {
    const { verifier, shares, atProver, atVerifier } = replayed(v);
    expect({
      L: whole(verifier.pointL),
      shareP: whole(shares.prover),
      shareV: whole(shares.verifier),
      Z: whole(atProver?.pointZ),
      V: whole(atProver?.pointV),
    }).toEqual({ L: v.L, shareP: v.shareP, shareV: v.shareV, Z: v.Z, V: v.V });
    expect(atVerifier).toEqual(atProver);
  });

  test("every value of our suite", () => {
    const v = onP256.find((vector) => vector.Context === ours) ?? {};
    const { log, crypto, scalars, shares, atProver } = replayed(v);
    if (atProver === undefined) throw new Error("no points");
    const session: Session = {
      context: utf8(ours),
      prover: utf8(v.idProver ?? ""),
      verifier: utf8(v.idVerifier ?? ""),
    };
    const result = outcome(crypto, session, shares, atProver, scalars.w0);
    const macs = log.filter((op) => op.op === "hmac");
    const keys = log.filter((op) => op.op === "kdf");
    expect({
      TT: log.find((op) => op.op === "hash")?.inputs[0],
      K_main: hex(result?.main ?? utf8("")),
      K_confirm: keys[0]?.output,
      macKeys: macs.map((op) => op.inputs[0]).join(""),
      confirmP: hex(result?.confirmProver ?? utf8("")),
      confirmV: hex(result?.confirmVerifier ?? utf8("")),
      K_shared: hex(result?.key ?? utf8("")),
    }).toEqual({
      TT: latin1(unhex(v.TT ?? "")),
      K_main: v.K_main,
      K_confirm: latin1(unhex(`${v.K_confirmP}${v.K_confirmV}`)),
      macKeys: latin1(unhex(`${v.K_confirmP}${v.K_confirmV}`)),
      confirmP: v["HMAC(K_confirmP, shareV)"],
      confirmV: v["HMAC(K_confirmV, shareP)"],
      K_shared: v.K_shared,
    });
  });

  test("the key does not depend on the MAC: the CMAC suite has the same schedule", () => {
    const context = ours.replace("HMAC-SHA256 ", "CMAC-AES-128 ");
    const v = onP256.find((vector) => vector.Context === context) ?? {};
    const { crypto, scalars, shares, atVerifier } = replayed(v);
    if (atVerifier === undefined) throw new Error("no points");
    const session = { context: utf8(context), prover: utf8("client"), verifier: utf8("server") };
    const result = outcome(crypto, session, shares, atVerifier, scalars.w0);
    expect(hex(result?.main ?? utf8(""))).toBe(v.K_main);
    expect(hex(result?.key ?? utf8(""))).toBe(v.K_shared);
  });
});

const names = { prover: utf8("alice"), verifier: utf8("server") };
const salt = utf8("sixteen bytes of");

/** A run between a password and what a verifier stores for another. */
function run(typed: string, stored: string, at: Partial<Session> = {}) {
  const { crypto } = kit();
  const session: Session = { context: utf8("channel 1"), ...names };
  const there: Session = { ...session, ...at };
  const scalars = passwordScalars(crypto, "toy", utf8(typed), salt, session);
  const verifier = verifierOf(crypto, passwordScalars(crypto, "toy", utf8(stored), salt, names));
  const [x, y] = [ephemeral(crypto), ephemeral(crypto)];
  const shares = {
    prover: proverShare(crypto, scalars.w0, x) ?? utf8(""),
    verifier: verifierShare(crypto, verifier.w0, y) ?? utf8(""),
  };
  const mine = proverPoints(crypto, scalars, x, shares.verifier);
  const theirs = verifierPoints(crypto, verifier, y, shares.prover);
  if (mine === undefined || theirs === undefined) throw new Error("no points");
  return {
    prover: outcome(crypto, session, shares, mine, scalars.w0),
    verifier: outcome(crypto, there, shares, theirs, verifier.w0),
  };
}

describe("both ends agree", () => {
  test("on everything, with one password", () => {
    const { prover, verifier } = run("correct horse", "correct horse");
    expect(prover).toEqual(verifier);
    expect(prover?.confirmProver).not.toEqual(prover?.confirmVerifier);
  });

  test.each([
    ["password", run("correct horse", "battery staple")],
    ["channel", run("pw", "pw", { context: utf8("channel 2") })],
    ["user", run("pw", "pw", { prover: utf8("bob") })],
    ["server", run("pw", "pw", { verifier: utf8("other") })],
  ])("on nothing, with another %s", (_, { prover, verifier }) => {
    for (const name of ["main", "confirmProver", "confirmVerifier", "key"] as const) {
      expect(prover?.[name]).not.toEqual(verifier?.[name]);
    }
  });
});

describe("the password", () => {
  const scalarsOf = (password: string, more: { prover?: string; salt?: string } = {}) => {
    const { crypto } = kit();
    const who = { ...names, prover: utf8(more.prover ?? "alice") };
    return passwordScalars(crypto, "toy", utf8(password), utf8(more.salt ?? latin1(salt)), who);
  };
  test("gives other scalars for another user, salt or password, and two different ones", () => {
    const all: PasswordScalars[] = [
      scalarsOf("pw"),
      scalarsOf("pw2"),
      scalarsOf("pw", { prover: "bob" }),
      scalarsOf("pw", { salt: "sixteen other by" }),
    ];
    const values = all.flatMap(({ w0, w1 }) => [hex(w0), hex(w1)]);
    expect(new Set(values).size).toBe(8);
    expect(scalarsOf("pw")).toEqual(all[0]);
  });

  test("and the names do not run into each other", () => {
    expect(scalarsOf("pw", { prover: "alice" })).not.toEqual(scalarsOf("pwalice", { prover: "" }));
  });
});

describe("a share is refused", () => {
  const { crypto } = kit();
  const scalars = passwordScalars(crypto, "toy", utf8("pw"), salt, names);
  const verifier = verifierOf(crypto, scalars);
  const own = ephemeral(crypto);
  const masks = {
    prover: proverShare(crypto, scalars.w0, own) ?? utf8(""),
    verifier: verifierShare(crypto, scalars.w0, own) ?? utf8(""),
  };
  const bare = own.publicKey;
  // What is left of the mask alone is the point at infinity.
  const minusOwn = concat(Uint8Array.of((bare[0] ?? 0) ^ 1), bare.slice(1));
  const maskM = crypto.addToPoint("p256", masks.prover, unhex(`${"00".repeat(31)}01`), minusOwn);
  const maskN = crypto.addToPoint("p256", masks.verifier, unhex(`${"00".repeat(31)}01`), minusOwn);

  test.each([
    ["that hides the point at infinity", maskM, maskN],
    ["that is the point at infinity", new Uint8Array(1), new Uint8Array(1)],
    ["that is whole", wholePoint("p256", masks.prover), wholePoint("p256", masks.verifier)],
    ["that is cut", masks.prover.slice(0, 32), masks.verifier.slice(0, 32)],
    ["that is of zeros", new Uint8Array(33), new Uint8Array(33)],
    ["that is off the curve", unhex(`02${"ff".repeat(32)}`), unhex(`02${"00".repeat(31)}01`)],
  ])("%s", (_, toVerifier, toProver) => {
    expect(verifierPoints(crypto, verifier, own, toVerifier ?? bare)).toBeUndefined();
    expect(proverPoints(crypto, scalars, own, toProver ?? bare)).toBeUndefined();
  });

  test("or leads to other points, whatever it is, and nothing throws", () => {
    const right = verifierPoints(crypto, verifier, own, masks.prover);
    const shares = fc.oneof(
      fc.uint8Array({ maxLength: 70 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((x) => concat(Uint8Array.of(2), x)),
    );
    fc.assert(
      fc.property(shares, (share) => {
        proverPoints(crypto, scalars, own, share);
        expect(verifierPoints(crypto, verifier, own, share)).not.toEqual(right);
      }),
      { numRuns: 30 },
    );
  });
});
