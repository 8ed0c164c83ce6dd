/** What the messages of Noise patterns are graded with by executions, beside the specification's. */
import { deferred, fundamental } from "../../protocol/testing/noise-grades.ts";
import type { Grade, MessageGrade } from "../grades/message-grade.ts";

/** Beyond the specification's table of the fundamental ones. */
export const others: Readonly<Record<string, string>> = {
  ...deferred,
  /**
   * No table has patterns with a pre-shared key. It is a long-term secret of both ends, so whoever
   * has those of the receiver can pose as the sender where no static key is proven (source 1). The
   * first payload depends on nothing else that is secret (2). Later ones also depend on ephemeral
   * keys; only an attacker that had the pre-shared key from the sender could put its own in the
   * place of the receiver's (4), except where the receiver has proven its static key before (5).
   */
  KNpsk0: "12 14 24 15",
  /** Its last handshake message proves all that it does; the key that both share adds nothing. */
  XXpsk3: "00 21 25 25",
};

/** What is expected of so many messages, said in turn; one-way patterns have one speaker. */
export function expectedGrades(name: string, count: number): readonly string[] {
  const listed = ({ ...fundamental, ...others }[name] ?? "").split(" ");
  const speakers = listed.length === 1 ? 1 : 2;
  const all = [...listed];
  while (all.length < count) all.push(all.at(-speakers) ?? "");
  return all.slice(0, count);
}

const sign = ({ grade }: Grade): string => (grade === "unknown" ? "?" : `${grade}`);

/** In the notation of the tables. */
export const foundGrades = (messages: readonly MessageGrade[]): readonly string[] =>
  messages.map((m) => `${sign(m.source)}${sign(m.destination)}`);
