/** What applications say, for workloads. */
import type { PlannedMessage, Principal, Role } from "../endpoint.ts";
import { utf8 } from "./bytes.ts";

/** Messages that one side sends, in order. */
export const say = (
  from: Role | Principal,
  ...texts: readonly string[]
): readonly PlannedMessage[] => texts.map((words) => ({ from, message: utf8(words) }));

/** Readable, and of exactly that length, in bytes, where `words` are shorter. */
export const fill = (words: string, length: number): string => words.padEnd(length, " and so on");
