/** What both ends know before they start: the options, and the cipher suites. */
import type { OptionValues, Output, RejectReason } from "../../endpoint.ts";

export interface Settings {
  /** Whose IV: the session's; each message's, in the clear; the same, under the MAC. */
  readonly iv: "session" | "message" | "macced";
  /** The relay has one long-term RSA pair; otherwise a new one for each connection. */
  readonly longTermKey: boolean;
  /** Users compare the fingerprint of the relay's key with the one they know. */
  readonly verifies: boolean;
  /** The fingerprint of a peer's key is shown; users have nothing to compare it with. */
  readonly showsPeers: boolean;
  /** The relay compares `src` with the name that the connection registered. */
  readonly checksSource: boolean;
  /** A frame that cannot be processed ends the process. */
  readonly crashes: boolean;
  /** A client that registers a taken name gets it. */
  readonly latestWins: boolean;
  /** Keys depend on a nonce of the relay's and on the whole handshake, and are confirmed. */
  readonly bound: boolean;
  /** Direction and counter stand under each MAC. */
  readonly counted: boolean;
  /** Clients have signing keys whose public half all parties know. */
  readonly signed: boolean;
  /** Objects are pickles; otherwise JSON, and log lines are escaped. */
  readonly pickled: boolean;
}

export const settingsOf = (options: OptionValues): Settings => ({
  iv: options.iv === "message" || options.iv === "macced" ? options.iv : "session",
  longTermKey: options.serverKey !== "perConnection",
  verifies: options.user !== "accept",
  showsPeers: options.peerFingerprint === "shown",
  checksSource: options.srcCheck === "yes",
  crashes: options.exc === "crash",
  latestWins: options.names !== "first",
  bound: options.handshake === "bound",
  counted: options.counter === "macced",
  signed: options.clients === "signed",
  pickled: options.objects !== "json",
});

/** Best first. Both ends have all of them. */
export const suites = [
  { name: "RSA-AES-256-CBC-HMAC-SHA256", keyBytes: 32 },
  { name: "RSA-AES-128-CBC-HMAC-SHA256", keyBytes: 16 },
] as const;
export type Suite = (typeof suites)[number];
export const suiteNames: readonly string[] = suites.map((s) => s.name);
const bestSuite = suites[0].name;

export const negotiated = (suite: string): Output => ({
  kind: "negotiated",
  suite,
  best: bestSuite,
});

/** What Python would have raised on, as opposed to what the program itself turns down. */
const exceptions: readonly RejectReason[] = ["malformed", "bad-tag", "bad-key"];

/**
 * Discards an input.
 * @throws Error where the program would not have caught the exception (`exc=crash`).
 */
export function discard(settings: Settings, reason: RejectReason): readonly Output[] {
  if (settings.crashes && exceptions.includes(reason)) {
    throw new Error(`unhandled exception: ${reason} frame`);
  }
  return [{ kind: "reject", reason }];
}

/** A value from the network in a line of text: as it is, or, in the `json` variant, escaped. */
export const printed = (settings: Settings, value: string): string =>
  settings.pickled ? value : JSON.stringify(value);

export const log = (line: string): Output => ({ kind: "log", line });
