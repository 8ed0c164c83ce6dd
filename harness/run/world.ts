import type { Adversary } from "./adversary/adversary.ts";
import type { HandshakeIntegrity } from "./handshake-integrity.ts";
import type { RunState } from "./run-state.ts";

/** The parts of a run that keep something. What keeps nothing is a function over them. */
export interface World {
  readonly run: RunState;
  readonly adversary: Adversary;
  readonly integrity: HandshakeIntegrity;
}
