import type { Millis, OutputBody, Principal } from "../endpoint.ts";
import type { Setup } from "./edhoc/session.ts";
import type { EpochsOptions, Opened } from "./epochs.ts";
import type { Frame } from "./frames.ts";
import type { Message } from "./inbox.ts";

/** What a channel is made with, once the handshake is over. */
export interface ChannelOptions extends EpochsOptions {
  readonly peer: Principal;
  /** PRK_out. */
  readonly out: Uint8Array;
  /** Authenticates both ends again, where keys are to be made anew. */
  readonly setup?: (now: Millis) => Setup;
  readonly initiates?: boolean;
  /** Told of the frames that are not the channel's own. */
  readonly above?: (frame: Frame) => void;
  readonly login?: LoginHooks;
  /** A record goes out so often, and at no other time: see cover.ts. */
  readonly coverMs?: Millis | undefined;
}

/** Where the client is anonymous until it has logged in: see login/. */
export interface LoginHooks {
  /** The client signs what it sends. */
  readonly sign?: (id: number, message: Uint8Array, now: Millis) => Uint8Array;
  /** The server takes what is signed, and nothing else. */
  readonly check?: (message: Message) => Uint8Array | undefined;
}

/** Told of a record once it is known to be genuine. @returns what to do about the way it came. */
export type Heard = (record: Opened) => readonly OutputBody[];
