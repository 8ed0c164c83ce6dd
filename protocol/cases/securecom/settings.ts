/** What every process knows before it starts: the published numbers and the options. */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";
import type { FiniteField, Group } from "../../kit/crypto.ts";

export interface Settings {
  readonly group: Group;
  /** Bytes of a public value, and of a shared secret before it is made a key. */
  readonly valueBytes: number;
  readonly auth: "token" | "password";
  readonly outer: boolean;
  readonly kdf: "sha256" | "raw";
  /** The repairs, all off by default. */
  readonly signed: boolean;
  readonly numbered: boolean;
  readonly receipts: boolean;
  readonly discards: boolean;
  readonly quota: boolean;
  readonly padded: boolean;
  readonly escaped: boolean;
}

/**
 * g and n as the authors draw them: n is the product of two random primes of 128 bits, g a random
 * number of 128 bits. Its Jacobi symbol modulo n is −1, so that each g^i shows whether i is odd.
 */
const faithful: FiniteField = {
  modulus: 102150844268582279743963567642866292146597817740326061484646815060717023295547n,
  generator: 299595018713354297367975003823880561987n,
};

/** The same at a quarter of the length, two primes of 32 bits: broken on the spot. */
const small: FiniteField = {
  modulus: 13472191940534212447n,
  generator: 621316108144945437n,
};

/** 256 bits again, but p − 1 and q − 1 have no factor above 2^16: the author of n can take logs. */
const trapdoor: FiniteField = {
  modulus: 68309936514728202760149001108244704317459003971759028117513667149755787650509n,
  generator: faithful.generator,
};

const groups: Readonly<Record<string, Group>> = { faithful, small, trapdoor, x25519: "x25519" };

export const options: OptionSpecs = {
  modulus: {
    default: "faithful",
    values: ["faithful", "small", "trapdoor", "x25519"],
    about:
      "n: two 128-bit primes; two 32-bit primes; 128-bit primes with smooth p − 1; or none (repair)",
  },
  auth: {
    default: "token",
    values: ["token", "password"],
    about: "what a login sends: the stored token, or user name and password",
  },
  outer: {
    default: "yes",
    values: ["yes", "no"],
    about: "is a message encrypted once more for the server? The text says yes",
  },
  kdf: {
    default: "sha256",
    values: ["sha256", "raw"],
    about: "key of a shared number: 16 bytes of its hash, or its own 32 bytes (not the text's 16)",
  },
  keys: {
    default: "relayed",
    values: ["relayed", "signed"],
    about: "repair: public values are signed by their owners, whose signing keys all know",
  },
  order: {
    default: "none",
    values: ["none", "numbered"],
    about: "repair: names and a message number are authenticated with each message",
  },
  ack: {
    default: "local",
    values: ["local", "receipt"],
    about: "repair: a message counts as sent once its receiver has returned an encrypted receipt",
  },
  errors: {
    default: "crash",
    values: ["crash", "discard"],
    about: "repair: what cannot be read is discarded, and ends neither thread nor program",
  },
  quota: {
    default: "none",
    values: ["none", "limited"],
    about: "repair: at most sixteen connections wait for a login; the oldest makes room",
  },
  padding: {
    default: "none",
    values: ["none", "blocks"],
    about: "repair: texts are padded to whole blocks of 256 bytes",
  },
  console: {
    default: "raw",
    values: ["raw", "escaped"],
    about: "repair: received texts are shown with their line breaks escaped",
  },
};

export function settingsOf(values: OptionValues): Settings {
  const group = groups[values.modulus ?? "faithful"] ?? faithful;
  return {
    group,
    valueBytes: group === small ? 8 : 32,
    auth: values.auth === "password" ? "password" : "token",
    outer: values.outer !== "no",
    kdf: values.kdf === "raw" ? "raw" : "sha256",
    signed: values.keys === "signed",
    numbered: values.order === "numbered",
    receipts: values.ack === "receipt",
    discards: values.errors === "discard",
    quota: values.quota === "limited",
    padded: values.padding === "blocks",
    escaped: values.console === "escaped",
  };
}

/** 16 bytes, drawn anew for each session. */
export const exponentBytes = 16;
