/** What both ends make of a login: the channel's next keys, and how messages are signed. */
import type { OptionSpecs, OptionValues } from "../../endpoint.ts";
import type { CryptoKit } from "../../kit/crypto.ts";
import type { Channel } from "../channel.ts";
import { exporter } from "../edhoc/key-schedule.ts";
import type { Settled } from "../edhoc/session.ts";
import { agreedOn } from "../identity.ts";
import { allLoginDefences, type LoginDefences } from "../login.ts";

export const options: OptionSpecs = {
  // The login that Mallory carries from her channel with Alice to hers with Bob is Alice's, and
  // what Bob takes from then on for Alice's is not. For that, she has to pass for Bob to Alice.
  binding: {
    default: "on",
    values: ["on", "off"],
    about: "off: a login is good in any channel, and its key does not enter the channel's",
    weakens: { off: ["kci"] },
  },
  masks: {
    default: "on",
    values: ["on", "off"],
    about: "off: the shares of the login are plain, so that one failed login tests all guesses",
    weakens: { off: ["password-protection"] },
  },
  evidence: {
    default: "signature",
    values: ["signature", "mac"],
    about: "mac: messages carry a MAC, under a key that their receiver has as well",
    weakens: { mac: ["non-repudiation"] },
  },
  device: {
    default: "guest",
    values: ["guest", "certified"],
    about: "certified: the device gets a certificate with its login, and then needs no other login",
  },
  users: {
    default: "one",
    values: ["one", "two"],
    about: "two: another user logs in afterwards, whose name only the server knows",
  },
};

/** What is as it should be. */
export interface LoginSettings {
  readonly defences: LoginDefences;
  readonly signed: boolean;
  /** The server certifies devices: see certification.ts. */
  readonly devices: boolean;
}
export const settingsOf = ({ binding, masks, evidence, device }: OptionValues): LoginSettings => ({
  defences: { ...allLoginDefences, binding: binding !== "off", masks: masks !== "off" },
  signed: evidence !== "mac",
  devices: device === "certified",
});

/** Labels of the exporter, next to the one in ../identity.ts. RFC 9528 §10.1. */
const bindingLabel = 32_769;
const macLabel = 32_770;
const exportedBytes = 32;
const empty = new Uint8Array(0);

/** What ties a login to its channel, 32 bytes. */
export const bindingOf = (crypto: CryptoKit, { out }: Settled): Uint8Array =>
  exporter(crypto, out, bindingLabel, empty, exportedBytes);

export interface Followed {
  /** The session as it is with the next keys. */
  readonly settled: Settled;
  /** What both ends agree on. */
  readonly agreed: Uint8Array;
  /** For `evidence=mac`. */
  readonly macKey: Uint8Array;
}

/** Both ends have the key of the login: the channel's next keys are made with it. */
export function follow(
  crypto: CryptoKit,
  channel: Channel,
  before: Settled,
  { defences }: LoginSettings,
  key: Uint8Array,
  now: number,
): Followed {
  const out = channel.agree(defences.binding ? key : empty, now);
  return asItIs(crypto, { ...before, out });
}

/** The same where the certificate of a device stands for the login: no key comes in. */
export const asItIs = (crypto: CryptoKit, settled: Settled): Followed => ({
  settled,
  agreed: agreedOn(crypto, settled),
  macKey: exporter(crypto, settled.out, macLabel, empty, exportedBytes),
});
