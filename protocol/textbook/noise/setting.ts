/** One installation: the options as values, who has which keys, and whose key is whose. */
import { type DeployEnv, MisuseError, type OptionValues, type Principal } from "../../endpoint.ts";
import { equalBytes } from "../../kit/bytes.ts";
import type { CryptoKit, KeyPair } from "../../kit/crypto.ts";
import type { Part } from "../end.ts";
import { keyOf } from "../party.ts";
import { type HandshakePattern, hasStatic, transmits } from "./parse-pattern.ts";
import { patternNamed } from "./patterns.ts";

type Statics = ReadonlyMap<Principal, KeyPair>;

export interface Setting {
  readonly pattern: HandshakePattern;
  /** Do messages travel in the handshake too? */
  readonly sendsEarly: boolean;
  /** Is a static key that was sent looked up in the directory? */
  readonly checksStatics: boolean;
  readonly checksNonces: boolean;
  /** A static pair for each part, where the pattern has one. */
  readonly statics: Readonly<Record<Part, Statics>>;
  /** By both names in the order of the alphabet. */
  readonly psks: ReadonlyMap<string, Uint8Array>;
}

/** @throws MisuseError for an unknown pattern. */
export function patternOf({ pattern = "" }: OptionValues): HandshakePattern {
  const found = patternNamed(pattern);
  if (found === undefined) throw new MisuseError(`there is no pattern "${pattern}"`);
  return found;
}

const pairName = (a: Principal, b: Principal): string => [a, b].toSorted().join(" ");

/** Deals a static pair to each principal for each part, and pre-shared keys of 32 bytes. */
export function settle({ crypto, options, principals }: DeployEnv): Setting {
  const pattern = patternOf(options);
  const deal = (part: Part): Statics =>
    new Map(hasStatic(pattern, part) ? principals.map((p) => [p, crypto.keyPair("x25519")]) : []);
  const psks = new Map<string, Uint8Array>();
  for (const [i, a] of principals.entries()) {
    if (!pattern.hasPsk) break;
    for (const b of principals.slice(i + 1)) psks.set(pairName(a, b), crypto.random(32));
  }
  return {
    pattern,
    sendsEarly: options.payloads !== "transport",
    checksStatics: options.statics !== "unchecked",
    checksNonces: options.nonces !== "ignored",
    statics: { initiator: deal("initiator"), responder: deal("responder") },
    psks,
  };
}

export const pskOf = ({ psks }: Setting, a: Principal, b: Principal): Uint8Array | undefined =>
  psks.get(pairName(a, b));

/** @returns the static pair of that part, if the pattern has one. @throws MisuseError if it should. */
export const ownPair = ({ statics }: Setting, part: Part, self: Principal): KeyPair | undefined =>
  statics[part].size === 0 ? undefined : keyOf(statics[part], self);

/** Whose static key is it? Public keys are no secrets: nothing is recorded. */
export const ownerOf = (statics: Statics, key: Uint8Array): Principal | undefined =>
  [...statics].find(([, { publicKey }]) => equalBytes(publicKey, key))?.[0];

/** Does this key belong to that principal? */
export function isOf(crypto: CryptoKit, statics: Statics, name: Principal, key: Uint8Array) {
  const known = statics.get(name)?.publicKey;
  return known !== undefined && crypto.equal(known, key);
}

/** What a compromise of the principal reveals. */
export function secretsOf(setting: Setting, principal: Principal): readonly Uint8Array[] {
  const { statics, psks } = setting;
  const pairs = [statics.initiator.get(principal), statics.responder.get(principal)];
  const shared = [...psks].filter(([names]) => names.split(" ").includes(principal));
  return [...pairs.flatMap((p) => p?.privateKey ?? []), ...shared.map(([, psk]) => psk)];
}

/** Static public keys of one part: of those whose name is in the list, or of all others. */
const keysOf = (statics: Statics, names: readonly Principal[], isIn: boolean) =>
  [...statics].filter(([name]) => names.includes(name) === isIn).map(([, pair]) => pair.publicKey);

/**
 * Public keys are published, so that attackers lack nothing to pose as their owners; but those of
 * the shy ones, where they are sent in the handshake, are known only to their peers.
 * @param shy who wishes to stay hidden, by part.
 */
export function publicationsOf(
  { pattern, statics }: Setting,
  shy: Readonly<Record<Part, readonly Principal[]>>,
) {
  const parts = ["initiator", "responder"] as const;
  const hiddenOf = (part: Part) => (transmits(pattern, part) ? shy[part] : []);
  return {
    publicValues: parts.flatMap((part) => keysOf(statics[part], hiddenOf(part), false)),
    identities: parts.flatMap((part) => keysOf(statics[part], hiddenOf(part), true)),
  };
}
