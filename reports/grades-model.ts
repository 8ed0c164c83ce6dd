/** What every table of message grades says, before it is put into a format. */
import {
  type Aspect,
  aspects,
  bestGrade,
  type Cap,
  type Grade,
  type GradesReport,
  gradeMeaning,
  type MessageGrade,
} from "../harness/grades/message-grade.ts";

/** An attack, and the messages whose grade it caps. */
export interface SharedCap {
  readonly aspect: Aspect;
  readonly grade: number;
  /** Their numbers in the table, from 1. */
  readonly messages: readonly number[];
  /** Of the first of them. */
  readonly cap: Cap;
}

/** Why there is no grade, and for which messages. */
export interface SharedDoubt {
  readonly aspect: Aspect;
  readonly messages: readonly number[];
  readonly because: string;
}

/** `2`, or `?` where it is not known. */
export const gradeSign = ({ grade }: Grade): string => (grade === "unknown" ? "?" : `${grade}`);

/** `alice → bob`. */
export const wayOf = ({ from, to }: MessageGrade): string => `${from} → ${to}`;

/** `source 0`. */
export const gradeName = ({ aspect, grade }: Pick<SharedCap, "aspect" | "grade">): string =>
  `${aspect} ${grade}`;

function collect<T extends { readonly messages: readonly number[] }>(
  { messages }: GradesReport,
  of: (message: MessageGrade, aspect: Aspect) => readonly [key: string, made: T] | undefined,
): readonly T[] {
  const shared = new Map<string, { readonly made: T; readonly numbers: number[] }>();
  for (const aspect of aspects) {
    for (const [i, message] of messages.entries()) {
      const found = of(message, aspect);
      if (found === undefined) continue;
      const [key, made] = found;
      const known = shared.get(key);
      if (known === undefined) shared.set(key, { made, numbers: [i + 1] });
      else known.numbers.push(i + 1);
    }
  }
  return [...shared.values()].map(({ made, numbers }) => ({ ...made, messages: numbers }));
}

/** Attacks behind grades, each once. */
export const capsOf = (report: GradesReport): readonly SharedCap[] =>
  collect(report, (message, aspect) => {
    const { grade } = message[aspect];
    const cap = "cap" in message[aspect] ? message[aspect].cap : undefined;
    if (grade === "unknown" || cap === undefined) return undefined;
    const key = JSON.stringify([aspect, grade, cap.attack.moves]);
    return [key, { aspect, grade, cap, messages: [] as readonly number[] }];
  });

/** Everything that no grade is given for, each reason once. */
export const doubtsOf = (report: GradesReport): readonly SharedDoubt[] =>
  collect(report, (message, aspect) => {
    const grade = message[aspect];
    if (grade.grade !== "unknown") return undefined;
    const { because } = grade;
    return [`${aspect} ${because}`, { aspect, because, messages: [] as readonly number[] }];
  });

/** `messages 1, 3 and 5`. */
export function messagesWords(numbers: readonly number[]): string {
  const [last] = numbers.slice(-1);
  if (numbers.length === 1) return `message ${last}`;
  return `messages ${numbers.slice(0, -1).join(", ")} and ${last}`;
}

/** The grades that occur, lowest first, with what they mean. */
export function meaningsIn({ messages }: GradesReport): readonly {
  readonly aspect: Aspect;
  readonly grade: number;
  readonly meaning: string;
}[] {
  return aspects.flatMap((aspect) => {
    const found = new Set(messages.map((m) => m[aspect].grade));
    return gradeMeaning[aspect].flatMap((meaning, grade) =>
      found.has(grade) ? [{ aspect, grade, meaning }] : [],
    );
  });
}

/** Sessions, each with the numbers of its messages in the table. */
export const sessionsIn = ({ messages }: GradesReport): readonly number[] => [
  ...new Set(messages.map((m) => m.session)),
];

/** A sentence about sessions that are not graded by themselves. */
export const alikeWords = ({ alike }: GradesReport): readonly string[] =>
  alike.map(({ session, as }) => `session ${session + 1} goes like session ${as + 1}`);

export const isBest = (aspect: Aspect, { grade }: Grade): boolean => grade === bestGrade[aspect];

/** How grades are to be read; said in every table. */
export const gradesNote =
  "Users take turns: each message is sent once those before it have arrived. " +
  "A grade is what the attacks tried here leave; the best one is not a proof.";
