/** What a capture holds, as far as endpoints can be given it. */
import type { Millis } from "../../protocol/endpoint.ts";

export interface CapturedEnd {
  /** The name that the capture gives to it, if it gives one; `*` for everybody. */
  readonly host: string | undefined;
  readonly port: number;
}

/** A payload of a capture. */
export interface CapturedPayload {
  /** Which conversation it belongs to; conversations count from 0, in the order they begin. */
  readonly conversation: number;
  /** They tell which end plays which role. */
  readonly from: CapturedEnd;
  readonly to: CapturedEnd;
  /** Does it come from the end that began the conversation? */
  readonly fromOpener: boolean;
  /** Since the beginning of the run that is made. */
  readonly t: Millis;
  readonly bytes: Uint8Array;
}
