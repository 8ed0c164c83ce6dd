import type { Credential, Principal } from "../../endpoint.ts";
import type { Settings } from "./settings.ts";
import type { SigningKeys } from "./signing.ts";

/** Something to be sent once the receiver's public value is there. */
export interface Letter {
  readonly kind: "message" | "receipt";
  readonly to: Principal;
  readonly text: Uint8Array;
}

/** A message of which not all segments have come. */
export interface Arriving {
  readonly from: Principal;
  /** Nothing, where the value was not accepted: its segments are skipped. */
  readonly key: Uint8Array | undefined;
  readonly segments: Uint8Array[];
}

export interface ClientSetup {
  readonly settings: Settings;
  readonly account: Credential;
  readonly server: Principal;
  /** Whom a message without an address is for. */
  readonly friend: Principal;
  readonly signing: SigningKeys;
}
