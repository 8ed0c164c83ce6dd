/**
 * How well single messages are protected, as the Noise specification grades payloads (revision 34,
 * §7.7): the source, for whoever receives the message, and the destination, for whoever sends it.
 * The grades are defined by which attacks succeed, so that they can be found by making runs.
 */
import type { Capability } from "../../attacker/move.ts";
import type { Principal } from "../../protocol/endpoint.ts";
import type { ProcessId } from "../trace/trace.ts";
import type { HonestRun, SavedAttack } from "../verdict.ts";

/** A message of the undisturbed run, by where it stands in it. */
export interface MessagePlace {
  /** Index of the planned session. */
  readonly session: number;
  readonly from: Principal;
  readonly to: Principal;
  readonly sender: ProcessId;
  readonly receiver: ProcessId;
  /** From 1: which of the messages that the receiver accepts from the sender in the session. */
  readonly nth: number;
}

/** What is graded about a message. */
export const aspects = ["source", "destination"] as const;
export type Aspect = (typeof aspects)[number];

/** What an attacker did to have a grade no better. */
export interface Cap {
  readonly capability: Capability;
  /** One sentence: what the run shows. */
  readonly because: string;
  /** The attack, one English line per move; empty if listening suffices. */
  readonly steps: readonly string[];
  readonly attack: SavedAttack;
}

/** The best grade has nothing that caps it. */
export type Grade =
  | { readonly grade: number; readonly cap?: Cap }
  | { readonly grade: "unknown"; readonly because: string };

export interface MessageGrade extends MessagePlace {
  /** The message in quotation marks, as reports show it. */
  readonly said: string;
  /** Was it sent before its sender had a session key? */
  readonly inHandshake: boolean;
  readonly source: Grade;
  readonly destination: Grade;
}

export interface GradesReport {
  readonly name: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly source: string;
  readonly messages: readonly MessageGrade[];
  /** Sessions that go like an earlier one, which is graded: its index. */
  readonly alike: readonly { readonly session: number; readonly as: number }[];
  readonly honest: HonestRun;
  /** What is wrong before anything attacks the protocol, a sentence each. */
  readonly faults?: readonly string[];
  readonly runs: number;
  /** Why it was cut short, if it was. */
  readonly incomplete?: string;
}

/** What the grades mean, by their number. */
export const gradeMeaning: Readonly<Record<Aspect, readonly string[]>> = {
  source: [
    "an attacker without any long-term secret gets its own message accepted in this place",
    "only one with the receiver's long-term secrets does (key-compromise impersonation)",
    "no attacker does, not even with the receiver's long-term secrets",
  ],
  destination: [
    "in the clear: whoever listens reads it",
    "an attacker in the receiver's place reads it",
    "recorded, it can be read once long-term secrets become known",
    "an active attacker can read it once long-term secrets become known (weak forward secrecy)",
    "only one that had the sender's long-term secrets before can, once the others become known",
    "whatever becomes known later, nobody can read it (strong forward secrecy)",
  ],
};
export const bestGrade: Readonly<Record<Aspect, number>> = { source: 2, destination: 5 };
