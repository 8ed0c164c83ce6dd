/** Users around a relay, which may be malicious, as a playbook opens them. */
import type { Principal } from "../../endpoint.ts";
import { lossyText } from "../../kit/bytes.ts";
import { Playbook, type Settings } from "../../testing/playbook.ts";
import { dealParties, type Parties } from "./parties.ts";
import { relayName, secureChannelRelay } from "./secure-channel-relay.ts";
import { Rogue, type Tamper } from "./testing/rogue.ts";

export const principals = ["alice", "bob", "carol", relayName, "mallory"];
const addressOf = (name: Principal): string => `${name}:${name === relayName ? 5684 : 40_000}`;
export const ends = Object.fromEntries(principals.map((name) => [name, addressOf(name)]));

/** The relay, and the users that join it; with `tamper` the relay is a {@link Rogue}. */
export class RelayPlaybook extends Playbook {
  /** Keys and certificates as they were dealt. */
  readonly parties: Parties;

  constructor({ tamper, ...about }: Partial<Settings> & { readonly tamper?: Tamper } = {}) {
    const others = ["mallory"];
    super({ protocol: secureChannelRelay, ends, others, stores: "never", ...about });
    // The same draws, so the same keys.
    this.parties = dealParties({ crypto: this.installation.crypto("deployment"), principals });
    if (tamper === undefined) this.open(relayName);
    else this.endpoints.set(addressOf(relayName), new Rogue(this, this.parties, tamper));
  }

  /** Starts users. */
  join(...names: readonly Principal[]): this {
    for (const name of names) this.open(name);
    return this;
  }

  /** What one user got to see: `alice: words`, in order. */
  delivered(name: Principal): readonly string[] {
    return this.said(name, "deliver").map((o) => `${o.from}: ${lossyText(o.message)}`);
  }
}
