/** What a party has to prove who it is, and what both ends say once they know. */
import type { Millis, OutputBody, Principal } from "../endpoint.ts";
import type { CryptoKit, KeyPair } from "../kit/crypto.ts";
import type { Directory } from "./directory.ts";
import type { OwnCredential } from "./edhoc/credential.ts";
import { exporter } from "./edhoc/key-schedule.ts";
import type { Method } from "./edhoc/messages.ts";
import type { Settled, Setup } from "./edhoc/session.ts";
import type { Defences } from "./settings.ts";
import { bestSuite, type Suite } from "./suites.ts";

/** Both ends authenticate by static Diffie–Hellman keys. */
export const method: Method = 3;

export interface Identity {
  readonly own: OwnCredential;
  readonly directory: Pick<Directory, "find" | "named">;
  readonly defences: Defences;
  /** In order of preference. */
  readonly suites: readonly number[];
  /** Only where ephemeral keys are kept: see `ephemeral-keys`. */
  readonly kept?: KeyPair;
  /** Only with cover traffic: the time from record to record. */
  readonly coverMs?: Millis;
}

/** What mac1 is keyed with, where this is the server's public key. */
export const filterKey = ({ defences }: Identity, serverKey: Uint8Array): Uint8Array =>
  defences["scan-filter"] ? serverKey : new Uint8Array(0);

/** @param wanted the only peer that will do, if there is one. */
export function setupOf(
  crypto: CryptoKit,
  { own, directory, defences }: Identity,
  now: Millis,
  wanted?: Principal,
): Setup {
  const find = (id: Uint8Array) => {
    const known = directory.find(id, now);
    const fits = wanted === undefined || known?.certificate.subject === wanted;
    return fits ? known?.credential : undefined;
  };
  return { crypto, own, find, defences };
}

/** Labels from 32768 on are for applications. RFC 9528 §10.1. */
const agreedLabel = 32_768;
const agreedBytes = 32;

/** What the two agree on: it depends on all messages, and on both certificates with their names. */
export const agreedOn = (crypto: CryptoKit, { out }: Settled): Uint8Array =>
  exporter(crypto, out, agreedLabel, new Uint8Array(0), agreedBytes);

export const running = (peer: Principal, agreed: Uint8Array): OutputBody => ({
  kind: "claim",
  claim: { kind: "running", peer, agreed },
});

const suiteName = ({ id }: Suite): string => `suite ${id}`;

/** The handshake is over, and the application may send: {@link ready}. */
export const finished = (
  peer: Principal,
  agreed: Uint8Array,
  { suite, out }: Settled,
  suites: readonly number[],
): readonly OutputBody[] => [
  { kind: "claim", claim: { kind: "commit", peer, agreed } },
  { kind: "negotiated", suite: suiteName(suite), best: suiteName(bestSuite(suites)) },
  { kind: "claim", claim: { kind: "secret", peer, value: out } },
  { kind: "claim", claim: { kind: "secret", peer, value: agreed } },
];
export const ready: OutputBody = { kind: "ready" };
