/** What is fixed before any process starts: names, ports, limits, options, key files. */

import type { Millis, OptionValues, Principal } from "../../endpoint.ts";
import type { Latin1 } from "../../kit/bytes.ts";
import type { FiniteField } from "../../kit/crypto.ts";

export const clientPort = 50_000;
export const devicePort = 50_001;
export const deviceName: Latin1 = "garden-hub";
export const usersStore = "login_info";

/** The program calls it large. A table of all its logarithms takes milliseconds. */
export const toyGroup: FiniteField = { modulus: 105_341n, generator: 3n };
export const mostSecretNumber = 500_000;

export const broadcastEveryMs: Millis = 60_000;
export const deviceRefreshMs: Millis = 3_600_000;
export const clientRefreshMs: Millis = 600_000;
export const saltsCached = 10;

export interface Settings {
  /** The generator, as printed, writes each key into the file meant for the other one. */
  readonly swapped: boolean;
  readonly pinned: boolean;
  readonly bound: boolean;
  readonly oneTimeSalts: boolean;
  readonly realGroup: boolean;
  readonly strictEcho: boolean;
  readonly timedBeacon: boolean;
  readonly checked: boolean;
}

export const settingsOf = (options: OptionValues): Settings => ({
  swapped: options.keyfiles === "swapped",
  pinned: options.keys === "pinned",
  bound: options.binding === "all-fields",
  oneTimeSalts: options.salts === "one-time",
  realGroup: options.dh === "x25519",
  strictEcho: options.echo === "strict",
  timedBeacon: options.beacon === "timed",
  checked: options.fields === "checked",
});

/** One program's two key files, as text and as what the kit works with. */
export interface KeyFiles {
  readonly publicText: Latin1;
  /** `undefined` where the private file holds a public key: decrypting is then impossible. */
  readonly privateKey: Uint8Array | undefined;
}

/** What an installation hands to its processes. */
export interface Installation {
  readonly settings: Settings;
  readonly client: KeyFiles;
  readonly device: KeyFiles;
  /** Public keys (DER) of PEM texts that hold a private one; empty unless files are swapped. */
  readonly publicOf: ReadonlyMap<Latin1, Uint8Array>;
  readonly owner: Principal;
  readonly deviceOwner: Principal;
}
